"""Database triggers that keep history and seals append-only on both databases, whatever code or person connects."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TIMELINE = "tickets_timelineentry"
SEALS = "tickets_auditseal"
REFUSAL = "timeline is append-only"
SAME_ENTRY = "ticket_id = NEW.ticket_id AND position = NEW.position"


def _sqlite(table: str, name: str) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _sqlite_replace(table: str, name: str, same: str) -> str:
    """INSERT OR REPLACE removes the old row without asking the trigger against DELETE."""
    # Two look-ups by index: one condition with OR would make SQLite walk the table for every row.
    exists = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {condition})"  # noqa: S608 - names of ours
        for condition in ("id = NEW.id", same)
    )
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_replace BEFORE INSERT ON {table} WHEN {exists} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _postgresql(table: str, name: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {name}_no_change ON {table}",
        f"CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION timeline_append_only()",
    ]


def _postgresql_truncate(table: str, name: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {name}_no_truncate ON {table}",
        f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION timeline_append_only()",
    ]


FUNCTION = (
    f"CREATE OR REPLACE FUNCTION timeline_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def create(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Protect the rows of the timeline."""
    _run(schema_editor, _sqlite(TIMELINE, "timeline"), [FUNCTION, *_postgresql(TIMELINE, "timeline")])


def drop(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `create`, after `drop_seals`."""
    _run(
        schema_editor,
        ["DROP TRIGGER IF EXISTS timeline_no_update", "DROP TRIGGER IF EXISTS timeline_no_delete"],
        [
            f"DROP TRIGGER IF EXISTS timeline_no_change ON {TIMELINE}",
            "DROP FUNCTION IF EXISTS timeline_append_only()",
        ],
    )


@contextmanager
def loading() -> Iterator[None]:
    """Inside, SQLite does not look for a row to be replaced before each insert into the timeline.

    For generated volume, which inserts new rows alone and took three times as long. UPDATE and DELETE stay refused,
    and the caller's transaction brings the trigger back whatever happens.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS timeline_no_replace")
        yield
        cursor.execute(_sqlite_replace(TIMELINE, "timeline", SAME_ENTRY))


def create_seals(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Protect the seals, and both tables against what goes around the triggers of single rows."""
    replace = [
        _sqlite_replace(TIMELINE, "timeline", SAME_ENTRY),
        _sqlite_replace(SEALS, "seals", "day = NEW.day"),
    ]
    _run(
        schema_editor,
        [*_sqlite(SEALS, "seals"), *replace],
        [
            *_postgresql(SEALS, "seals"),
            *_postgresql_truncate(SEALS, "seals"),
            *_postgresql_truncate(TIMELINE, "timeline"),
        ],
    )


def drop_seals(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `create_seals`."""
    sqlite = ["seals_no_update", "seals_no_delete", "seals_no_replace", "timeline_no_replace"]
    postgresql = [
        ("seals_no_change", SEALS),
        ("seals_no_truncate", SEALS),
        ("timeline_no_truncate", TIMELINE),
    ]
    _run(
        schema_editor,
        [f"DROP TRIGGER IF EXISTS {name}" for name in sqlite],
        [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in postgresql],
    )


def _run(schema_editor: BaseDatabaseSchemaEditor, sqlite: list[str], postgresql: list[str]) -> None:
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement)
