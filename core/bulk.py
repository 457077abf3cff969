"""Reading and writing very many rows of a model: one statement, no work per column.

Several times faster than a query set and `bulk_create` and `bulk_update`, which prepare every column of every row on
their own. Only plain columns and instants are handled, and JSON in inserts.
"""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection, models
from django.db.models import F, Func, Max, QuerySet

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


class Among(Func):
    """Condition `filter(Among("ticket_id", ids))`: `in` with one parameter, however many ids there are."""

    output_field = models.BooleanField()

    def __init__(self, name: str, ids: Iterable[int]) -> None:
        super().__init__(F(name))
        self.ids = sorted(ids)

    def as_sql(self, compiler: Any, connection: Any, *_options: Any, **_context: Any) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s::bigint[])", [*parameters, _array(map(str, self.ids))]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.ids)]  # noqa: S608


def read(rows: QuerySet[Any, Any], *names: str) -> list[tuple[Any, ...]]:
    """These columns of the rows, its instants in UTC."""
    if connection.vendor == "postgresql":
        return _read_postgresql(rows.values_list(*names))
    instants = [place for place, name in enumerate(names) if isinstance(_field(rows.model, name), models.DateTimeField)]
    columns = [_Text(F(name)) if place in instants else name for place, name in enumerate(names)]
    sql, parameters = rows.values_list(*columns).query.sql_with_params()
    with connection.cursor() as cursor:
        found = cursor.execute(sql, parameters).fetchall()
    return [_aware(row, instants) for row in found]


def _read_postgresql(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    from psycopg import adapters
    from psycopg.pq import Format

    sql, parameters = rows.query.sql_with_params()
    oid = adapters.types["timestamptz"].oid
    with connection.cursor() as cursor:
        # The driver's own loader instead of Django's, which is written in Python and ten times slower.
        cursor.adapters.register_loader(oid, adapters.get_loader(oid, Format.TEXT))
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


class _Text(Func):
    """A column of SQLite as it is kept: without its type, that Django would read it by."""

    template = "+%(expressions)s"
    output_field = models.TextField()


def _field(model: Any, name: str) -> Any:
    """The field of a name such as "clock__ticket_id"."""
    *path, last = name.split("__")
    for step in path:
        model = model._meta.get_field(step).related_model
    return model._meta.pk if last == "pk" else model._meta.get_field(last)


def _aware(row: tuple[Any, ...], instants: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for position in instants:
        if values[position] is not None:
            values[position] = datetime.fromisoformat(values[position]).replace(tzinfo=UTC)
    return tuple(values)


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
        return json.JSONEncoder().encode  # as text; COPY has the column read it
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return _instant
    return None


@lru_cache(maxsize=65_536)
def _instant(value: datetime) -> str:
    """As SQLite keeps it: naive, in UTC. One instant stands in many rows: a message, its entry, the mark of a clock."""
    return value.astimezone(UTC).isoformat(" ")[:-6]


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write these columns of many rows. A row: their values in that order, and its id as the last one."""
    if not rows:
        return
    meta, quote = model._meta, connection.ops.quote_name
    table = quote(meta.db_table)
    fields = {field.column: field for field in meta.concrete_fields}
    instants = [position for position, name in enumerate(names) if isinstance(fields[name], models.DateTimeField)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            all_names = [*names, "id"]
            parts = ", ".join(f"%s::{fields[name].rel_db_type(connection)}[]" for name in all_names)
            aliases = ", ".join(quote(name) for name in all_names)
            sets = ", ".join(f"{quote(name)} = v.{quote(name)}" for name in names)
            columns = [
                _column(fields[name], values) for name, values in zip(all_names, zip(*rows, strict=True), strict=True)
            ]
            cursor.execute(
                f"UPDATE {table} AS t SET {sets} FROM unnest({parts}) AS v({aliases}) WHERE t.id = v.id",  # noqa: S608
                columns,
            )
        else:
            sets = ", ".join(f"{quote(name)} = %s" for name in names)
            cursor.executemany(
                f"UPDATE {table} SET {sets} WHERE id = %s",  # noqa: S608 - names of ours
                [_naive(row, instants) for row in rows],
            )


def _naive(row: Sequence[Any], instants: Sequence[int]) -> list[Any]:
    values = list(row)
    for position in instants:
        if values[position] is not None:
            values[position] = _instant(values[position])
    return values


def _column(field: Any, values: Sequence[Any]) -> Any:
    """Values as a parameter. Numbers and instants are written out here: the driver looks at each one for long."""
    if isinstance(field, models.DateTimeField):
        return _array("NULL" if value is None else value.isoformat() for value in values)
    if isinstance(field, models.IntegerField | models.ForeignKey):
        return _array("NULL" if value is None else str(value) for value in values)
    return list(values)


def _array(words: Iterable[str]) -> str:
    """PostgreSQL's notation of an array of words without commas, quotes and spaces."""
    return "{" + ",".join(words) + "}"


@contextmanager
def collector_paused() -> Iterator[None]:
    """Rows are freed by their reference counts; looking for cycles among very many of them only costs time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
