"""What raw SQL can do to history and seals: nothing."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests import factories
from tickets.audit import seals
from tickets.models import AuditSeal, TimelineEntry


@pytest.fixture
def sealed(cast):
    factories.ticket()
    assert seals.seal_due(timezone.now() + timezone.timedelta(days=1)) == 1
    return AuditSeal.objects.get()


@pytest.mark.parametrize("table", ["tickets_timelineentry", "tickets_auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET previous = 'x'", "DELETE FROM {}"])
def test_history_and_seals_refuse_update_and_delete(sealed, table, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert TimelineEntry.objects.exists() and AuditSeal.objects.get().previous == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="INSERT OR REPLACE is SQLite's")
@pytest.mark.parametrize("table", ["tickets_timelineentry", "tickets_auditseal"])
@pytest.mark.parametrize("id_column", ["id", "NULL"])
def test_replacing_a_row_is_refused_too(sealed, table, id_column):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA table_info({table})")
        columns = [row[1] for row in cursor.fetchall()]
    values = [id_column if name == "id" else name for name in columns]
    replace = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} LIMIT 1"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(replace)


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["tickets_timelineentry", "tickets_auditseal"])
def test_truncate_is_refused(sealed, table):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db(transaction=True)
def test_a_test_that_commits_can_still_be_cleaned_up():
    factories.basics()
    factories.ticket()
    seals.seal_due(timezone.now() + timezone.timedelta(days=1))
