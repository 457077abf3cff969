"""Triggers that note which tickets' counts are out of date, whatever code or person writes.

A time stamp could not tell: a report entered later is dated back, and what commits late is older than what was counted.
Statement by statement on PostgreSQL, so that a change of a hundred thousand clocks costs a few rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CHANGED = "reports_changed"
COUNTED: dict[str, tuple[str, ...]] = {
    "tickets_ticket": (
        "created_at", "kind", "state", "stage", "is_open", "service_id", "office_id", "team_id", "priority", "channel",
        "requester_class", "is_restricted", "resolved_at", "first_response_at", "last_reply_at", "team_since",
        "reopen_count", "hold_reason",
    ),
    "sla_clock": ("ticket_id", "metric", "state", "is_stopped", "due_at", "elapsed_seconds"),
    "tickets_spell": ("ticket_id", "stage", "hold_reason", "team_id", "ended_at", "work_seconds"),
}  # fmt: skip
"""The columns that figures are counted from; a change of others leaves the counts as they are."""
VERBS = {"INSERT": ("new_rows",), "UPDATE": ("new_rows", "old_rows"), "DELETE": ("old_rows",)}
REFERENCING = {"new_rows": "NEW TABLE AS new_rows", "old_rows": "OLD TABLE AS old_rows"}


def _names(table: str, verb: str) -> str:
    return f"reports_{table.rpartition('_')[2]}_{verb.lower()}"


def _columns(table: str, alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in COUNTED[table])


# PostgreSQL


def _quarters(table: str, rows: str) -> str:
    """SELECT the quarters of an hour of creation of the tickets that these rows are about."""
    source = f"{rows} AS ticket" if table == "tickets_ticket" else (
        f"{rows} AS changed JOIN tickets_ticket AS ticket ON ticket.id = changed.ticket_id"
    )  # fmt: skip
    return f"SELECT date_bin('15 minutes', ticket.created_at, TIMESTAMPTZ 'epoch') AS quarter FROM {source}"  # noqa: S608 - names of ours


def _postgresql(table: str, verb: str) -> list[str]:
    name, rows = _names(table, verb), VERBS[verb]
    quarters = " UNION ".join(_quarters(table, each) for each in rows)
    guard = ""
    if verb == "UPDATE":
        new, old = (f"SELECT {_columns(table, rows)}, {rows}.id FROM {rows}" for rows in ("new_rows", "old_rows"))  # noqa: S608
        same = f"{new} EXCEPT {old}"
        guard = f"IF NOT EXISTS ({same}) THEN RETURN NULL; END IF; "
    body = f"INSERT INTO {CHANGED} (quarter) SELECT DISTINCT quarter FROM ({quarters}) AS found"  # noqa: S608
    referencing = " ".join(REFERENCING[each] for each in rows)
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {guard}{body}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {verb} ON {table} REFERENCING {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


# SQLite


def _quarter(column: str) -> str:
    minutes = f"substr({column}, 15, 2)"
    steps = f"WHEN {minutes} < '15' THEN '00' WHEN {minutes} < '30' THEN '15' WHEN {minutes} < '45' THEN '30'"
    return f"substr({column}, 1, 14) || CASE {steps} ELSE '45' END || ':00'"


def _note(table: str, row: str) -> str:
    source = f"SELECT {_quarter(f'{row}.created_at')} AS quarter"
    if table != "tickets_ticket":
        own = f"FROM tickets_ticket WHERE id = {row}.ticket_id"
        source = f"SELECT {_quarter('created_at')} AS quarter {own}"
    return (
        f"INSERT INTO {CHANGED} (quarter) SELECT found.quarter FROM ({source}) AS found "  # noqa: S608
        f"WHERE NOT EXISTS (SELECT 1 FROM {CHANGED} AS noted WHERE noted.quarter = found.quarter)"
    )


def _sqlite(table: str, verb: str) -> list[str]:
    notes = [_note(table, each[:3].upper()) for each in VERBS[verb]]
    when = ""
    if verb == "UPDATE":
        when = "WHEN " + " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in COUNTED[table]) + " "
    return [
        f"CREATE TRIGGER IF NOT EXISTS {_names(table, verb)} AFTER {verb} ON {table} {when}"
        f"BEGIN {'; '.join(notes)}; END"
    ]


def _creating(vendor: str) -> Iterator[str]:
    make = _sqlite if vendor == "sqlite" else _postgresql
    for table in COUNTED:
        for verb in VERBS:
            yield from make(table, verb)


def _dropping(vendor: str) -> Iterator[str]:
    for table in COUNTED:
        for verb in VERBS:
            name = _names(table, verb)
            if vendor == "sqlite":
                yield f"DROP TRIGGER IF EXISTS {name}"
            else:
                yield f"DROP TRIGGER IF EXISTS {name} ON {table}"
                yield f"DROP FUNCTION IF EXISTS {name}()"


def create(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Watch the tables that figures are counted from."""
    for statement in _creating(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def drop(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `create`."""
    for statement in _dropping(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def restore() -> None:
    """Make all of them anew."""
    with connection.cursor() as cursor:
        for statement in (*_dropping(connection.vendor), *_creating(connection.vendor)):
            cursor.execute(statement)


@contextmanager
def resting() -> Iterator[None]:
    """Inside, SQLite notes no changes; afterwards nothing that was kept is believed.

    For generated volume: within a transaction that has changed many pages, every statement that fires a trigger takes
    SQLite a millisecond. The caller's transaction brings the triggers back whatever happens.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        for statement in _dropping("sqlite"):
            cursor.execute(statement)
    yield
    restore()
    apps.get_model("reports", "Bucket").objects.all().delete()


def are_complete() -> bool:
    """Whether every watched table still has its triggers."""
    names = sorted(_names(table, verb) for table in COUNTED for verb in VERBS)
    listed = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        listed = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(listed)
        found = {row[0] for row in cursor.fetchall()}
    return found.issuperset(names)
