"""What the databases compute by themselves, in the words of each."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models.lookups import Exact
from django.utils import timezone


class HourOfWeek(Func):
    """The local hour of the week: 0 for Monday from midnight to one, 167 for the last hour of Sunday.

    Django's own functions call Python for every row on SQLite, which takes seconds where this takes milliseconds.
    SQLite knows no time zones: there the present offset of the zone is added. In a zone that changes its clocks,
    tickets of the other half of the year are an hour off on SQLite; Indonesia has no such zone.
    """

    output_field = IntegerField()

    def __init__(self, column: str) -> None:
        super().__init__(F(column))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        inner, params = compiler.compile(self.source_expressions[0])
        shifted = f"{inner}, '{offset_seconds():+d} seconds'"
        day = f"(CAST(strftime('%%w', {shifted}) AS INTEGER) + 6) %% 7"
        return f"(({day}) * 24 + CAST(strftime('%%H', {shifted}) AS INTEGER))", (*params, *params)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        inner, params = compiler.compile(self.source_expressions[0])
        name = timezone.get_current_timezone_name()
        local = f"({inner} AT TIME ZONE %s)"
        sql = f"((EXTRACT(ISODOW FROM {local})::int - 1) * 24 + EXTRACT(HOUR FROM {local})::int)"
        return sql, (*params, name, *params, name)


def offset_seconds() -> int:
    """Seconds by which local time is ahead of UTC now."""
    offset = datetime.now(UTC).astimezone(timezone.get_current_timezone()).utcoffset() or timedelta()
    return int(offset.total_seconds())


class Unindexed(Func):
    """A column by which SQLite is not to look rows up.

    It knows no share of rows but of one value in how many; so it prefers all clocks of a metric to those of a day.
    """

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


def metric_is(metric: str) -> Q:
    """The clocks of that metric, seen from their tickets."""
    return Q(Exact(Unindexed(F("clocks__metric")), Value(metric)))
