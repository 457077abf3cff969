import gc
import os
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TransactionTestCase

from tests import factories
from tickets import triggers

SERVER_VARIABLES = {"postgres": "TEST_DATABASE_URL", "redis": "TEST_REDIS_URL"}

# Thousands of tests make millions of short-lived objects and no leaks worth finding: collecting seldom saves a
# twelfth of the run.
gc.set_threshold(100_000, 20, 50)


def pytest_collection_finish():
    gc.freeze()


def pytest_collection_modifyitems(items):
    for item in items:
        for marker, variable in SERVER_VARIABLES.items():
            if item.get_closest_marker(marker) and not os.environ.get(variable):
                item.add_marker(pytest.mark.skip(reason=f"set {variable} to run the tests that need this server"))


@pytest.fixture(autouse=True)
def clean_cache():
    """Rate limits and idempotency of one test must not reach the next."""
    cache.clear()


@pytest.fixture
def cast(db) -> SimpleNamespace:
    return factories.cast()


STATIC = {"django_migrations", "django_content_type", "auth_permission"}


@contextmanager
def triggers_off():
    """Tests that commit are cleaned up by DELETE, which the append-only triggers rightly refuse."""
    with connection.schema_editor() as editor:
        triggers.drop_seals(None, editor)
        triggers.drop(None, editor)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            triggers.create(None, editor)
            triggers.create_seals(None, editor)


def flush():
    """Empty the database in a test with `transaction=True`.

    By DELETE: TRUNCATE of this many tables and indexes takes seconds on PostgreSQL. Foreign keys wait for the commit.
    Twice, because triggers of the reports note what was deleted.
    """
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - STATIC)
    with triggers_off(), transaction.atomic(), connection.cursor() as cursor:
        for table in tables * 2:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


TransactionTestCase._fixture_teardown = lambda _self: flush()
