"""From calendar rows to `WorkCalendar` objects, built once per change of the rows."""

from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import Max

from sla.models import Calendar
from sla.worktime import WorkCalendar


def default_calendar_id() -> int | None:
    return Calendar.objects.filter(is_default=True).values_list("pk", flat=True).first()


def load(calendar_id: int) -> WorkCalendar:
    """The arithmetic of one calendar.

    The object is kept per process for as long as the rows do not change: services that edit a week, a period or a
    holiday call `touch`, which moves `updated_at`. Raises Calendar.DoesNotExist.
    """
    updated_at = Calendar.objects.values_list("updated_at", flat=True).get(pk=calendar_id)
    return _build(calendar_id, updated_at.isoformat())


def touch(calendar_id: int) -> None:
    """Say that the rows of this calendar changed."""
    Calendar.objects.get(pk=calendar_id).save(update_fields=["updated_at"])


@lru_cache(maxsize=64)
def _build(calendar_id: int, _version: str) -> WorkCalendar:
    calendar = Calendar.objects.get(pk=calendar_id)
    return WorkCalendar(
        tz=calendar.timezone,
        week=as_week(calendar.week),
        holidays=list(calendar.holidays.values_list("date", flat=True)),
        periods=[(p.first_date, p.last_date, as_week(p.week)) for p in calendar.periods.all()],
    )


def as_week(stored: dict[str, Any]) -> dict[int, list[tuple[str, str]]]:
    """JSON keeps keys as text and pairs as lists; the arithmetic takes weekday numbers and tuples."""
    return {int(day): [(start, end) for start, end in intervals] for day, intervals in stored.items()}


def last_holiday(calendar_id: int) -> date | None:
    """The last date up to which holidays are known."""
    last: date | None = Calendar.objects.filter(pk=calendar_id).aggregate(last=Max("holidays__date"))["last"]
    return last
