"""Triggers that note which tickets' counts are out of date, whatever code or person writes.

A time stamp could not tell: a report entered later is dated back, and what commits late is older than what was counted.
Statement by statement on PostgreSQL, so that a change of a hundred thousand clocks costs a few rows.
"""

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


def _hours(table: str, rows: str) -> str:
    """SELECT the hours of creation of the tickets that these rows are about."""
    source = f"{rows} AS ticket" if table == "tickets_ticket" else (
        f"{rows} AS changed JOIN tickets_ticket AS ticket ON ticket.id = changed.ticket_id"
    )  # fmt: skip
    return f"SELECT date_trunc('hour', ticket.created_at, 'UTC') AS hour FROM {source}"  # noqa: S608 - names of ours


def _postgresql(table: str, verb: str) -> list[str]:
    name, rows = _names(table, verb), VERBS[verb]
    hours = " UNION ".join(_hours(table, each) for each in rows)
    guard = ""
    if verb == "UPDATE":
        new, old = (f"SELECT {_columns(table, rows)}, {rows}.id FROM {rows}" for rows in ("new_rows", "old_rows"))  # noqa: S608
        same = f"{new} EXCEPT {old}"
        guard = f"IF NOT EXISTS ({same}) THEN RETURN NULL; END IF; "
    body = f"INSERT INTO {CHANGED} (hour) SELECT DISTINCT hour FROM ({hours}) AS found"  # noqa: S608
    referencing = " ".join(REFERENCING[each] for each in rows)
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {guard}{body}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {verb} ON {table} REFERENCING {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


# SQLite


def _note(table: str, row: str) -> str:
    hour = f"substr({row}.created_at, 1, 13) || ':00:00'"
    source = f"SELECT {hour} AS hour"
    if table != "tickets_ticket":
        hour = "substr(created_at, 1, 13) || ':00:00'"
        source = f"SELECT {hour} AS hour FROM tickets_ticket WHERE id = {row}.ticket_id"  # noqa: S608
    return (
        f"INSERT INTO {CHANGED} (hour) SELECT hour FROM ({source}) "  # noqa: S608
        f"WHERE hour NOT IN (SELECT hour FROM {CHANGED})"
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


def create(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Watch the tables that figures are counted from."""
    make = _sqlite if schema_editor.connection.vendor == "sqlite" else _postgresql
    for table in COUNTED:
        for verb in VERBS:
            for statement in make(table, verb):
                schema_editor.execute(statement)


def drop(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `create`."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for table in COUNTED:
        for verb in VERBS:
            name = _names(table, verb)
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if is_sqlite else f" ON {table}"))
            if not is_sqlite:
                schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")


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
