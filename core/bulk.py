"""Writing very many rows of a model: one statement, no work per column.

Several times faster than `bulk_create` and `bulk_update`, which prepare every column of every row on their own. Only
plain columns, instants and JSON are handled.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection, models
from django.db.models import Max

Adapter = Callable[[Any], Any]


def take_ids(model: type[models.Model], count: int) -> Iterator[int]:
    """`count` ids nobody else gets: from the sequence on PostgreSQL; on SQLite the transaction is exclusive."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [model._meta.db_table, count],
            )
            return iter([row[0] for row in cursor.fetchall()])
    last = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    return iter(range(last + 1, last + 1 + count))


def number(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Give these unsaved rows of a model their ids."""
    if rows:
        for row, pk in zip(rows, take_ids(model, len(rows)), strict=True):
            row.id = pk


def insert(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Insert numbered rows inside the caller's transaction.

    A row is an instance of the model, or anything that has an attribute for each of its columns.
    """
    if not rows:
        return
    meta = model._meta
    fields = meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column or "") for field in fields)
    values = _values(rows, fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(
                f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({marks})",  # noqa: S608 - names of ours
                list(values),
            )


def _values(rows: Sequence[Any], fields: Sequence[Any]) -> Iterator[list[Any]]:
    read = attrgetter(*(field.attname for field in fields))
    adapters = [(position, adapter) for position, field in enumerate(fields) if (adapter := _adapter(field))]
    for row in rows:
        values = list(read(row))
        for position, adapt in adapters:
            if values[position] is not None:
                values[position] = adapt(values[position])
        yield values


def _adapter(field: Any) -> Adapter | None:
    if isinstance(field, models.JSONField):
        return lambda value: connection.ops.adapt_json_value(value, None)
    if isinstance(field, models.DateTimeField):
        return _instant
    return None


@lru_cache(maxsize=100_000)
def _instant(value: datetime) -> Any:
    """One instant stands in many rows: a message, its history entry, the mark of a clock."""
    return connection.ops.adapt_datetimefield_value(value)


def update(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the same columns of many rows, each found by its "id"; names are those of the columns."""
    if not rows:
        return
    meta, quote = model._meta, connection.ops.quote_name
    names = [name for name in rows[0] if name != "id"]
    fields = {field.column: field for field in meta.concrete_fields}
    columns = [_column(fields[name], [row[name] for row in rows]) for name in (*names, "id")]
    table = quote(meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            parts = ", ".join(f"%s::{fields[name].rel_db_type(connection)}[]" for name in (*names, "id"))
            aliases = ", ".join(quote(name) for name in (*names, "id"))
            sets = ", ".join(f"{quote(name)} = v.{quote(name)}" for name in names)
            cursor.execute(
                f"UPDATE {table} AS t SET {sets} FROM unnest({parts}) AS v({aliases}) WHERE t.id = v.id",  # noqa: S608
                columns,
            )
        else:
            sets = ", ".join(f"{quote(name)} = %s" for name in names)
            cursor.executemany(
                f"UPDATE {table} SET {sets} WHERE id = %s",  # noqa: S608 - names of ours
                list(zip(*columns, strict=True)),
            )


def _column(field: Any, values: list[Any]) -> list[Any]:
    adapt = _adapter(field)
    return [value if value is None else adapt(value) for value in values] if adapt else values
