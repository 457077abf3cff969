"""Database triggers that keep the timeline append-only on both databases, whatever code or person connects."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "tickets_timelineentry"
REFUSAL = "timeline is append-only"

SQLITE = [
    f"CREATE TRIGGER IF NOT EXISTS timeline_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"CREATE OR REPLACE FUNCTION timeline_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"DROP TRIGGER IF EXISTS timeline_no_change ON {TABLE}",
    f"CREATE TRIGGER timeline_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
    "FOR EACH ROW EXECUTE FUNCTION timeline_append_only()",
]
SQLITE_DROP = ["DROP TRIGGER IF EXISTS timeline_no_update", "DROP TRIGGER IF EXISTS timeline_no_delete"]
POSTGRESQL_DROP = [
    f"DROP TRIGGER IF EXISTS timeline_no_change ON {TABLE}",
    "DROP FUNCTION IF EXISTS timeline_append_only()",
]


def create(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor, SQLITE, POSTGRESQL)


def drop(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor, SQLITE_DROP, POSTGRESQL_DROP)


def _run(schema_editor: BaseDatabaseSchemaEditor, sqlite: list[str], postgresql: list[str]) -> None:
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement)
