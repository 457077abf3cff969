"""From calendar rows to `WorkCalendar` objects, built once per change of the rows."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Office
from sla.models import Calendar, CalendarUse
from sla.worktime import WorkCalendar

Week = dict[int, list[tuple[str, str]]]
Stretch = tuple[date, date, Week]


def default_calendar_id() -> int | None:
    return Calendar.objects.filter(is_default=True).values_list("pk", flat=True).first()


def load(calendar_id: int) -> WorkCalendar:
    """The arithmetic of one calendar.

    The object is kept per process for as long as the rows do not change: services that edit a week, a period or a
    holiday call `touch`, which moves `updated_at`. Raises Calendar.DoesNotExist.
    """
    updated_at = Calendar.objects.values_list("updated_at", flat=True).get(pk=calendar_id)
    return _build(calendar_id, updated_at.isoformat())


@transaction.atomic
def touch(calendar_id: int) -> None:
    """Say that the rows of this calendar changed. Each change has an instant of its own, however fast they come."""
    before = Calendar.objects.select_for_update().values_list("updated_at", flat=True).get(pk=calendar_id)
    later = max(timezone.now(), before + timedelta(microseconds=1))
    Calendar.objects.filter(pk=calendar_id).update(updated_at=later)


@lru_cache(maxsize=64)
def _build(calendar_id: int, _version: str) -> WorkCalendar:
    calendar = Calendar.objects.get(pk=calendar_id)
    return WorkCalendar(
        tz=calendar.timezone,
        week=as_week(calendar.week),
        holidays=list(calendar.holidays.values_list("date", flat=True)),
        periods=stretches(
            [(new.valid_from, as_week(new.week)) for new in calendar.weeks.all()],
            [(p.first_date, p.last_date, as_week(p.week)) for p in calendar.periods.all()],
        ),
    )


def stretches(weeks: Iterable[tuple[date, Week]], periods: Iterable[Stretch]) -> list[Stretch]:
    """Weekly hours that change on a date, as the periods of a `WorkCalendar`; special periods are cut out of them.

    Pure. `weeks`: (first date, hours), each until the next one begins, the last one without end.
    """
    special = sorted(periods, key=lambda period: period[0])
    ordered = sorted(weeks, key=lambda new: new[0])
    found: list[Stretch] = list(special)
    for position, (first, hours) in enumerate(ordered):
        last = ordered[position + 1][0] - timedelta(days=1) if position + 1 < len(ordered) else date.max
        found += [(start, end, hours) for start, end in _without(first, last, special)]
    return sorted(found, key=lambda stretch: stretch[0])


def _without(first: date, last: date, special: Sequence[Stretch]) -> list[tuple[date, date]]:
    """The dates from `first` to `last` that lie in none of the ordered special periods."""
    left: list[tuple[date, date]] = []
    for start, end, _week in special:
        if end < first or start > last:
            continue
        if start > first:
            left.append((first, start - timedelta(days=1)))
        if end >= last:
            return left
        first = end + timedelta(days=1)
    left.append((first, last))
    return left


def calendar_of(team_id: int | None, office_id: int | None) -> int | None:
    """By which calendar such a ticket is measured when its policy names none: that of the team, else that of the
    nearest office above, else the default one."""
    uses = list(CalendarUse.objects.values_list("team_id", "office_id", "calendar_id"))
    teams = {team: calendar for team, _office, calendar in uses if team}
    offices = {office: calendar for _team, office, calendar in uses if office}
    if team_id in teams:
        return teams[team_id]
    seen: set[int] = set()
    while offices and office_id is not None and office_id not in seen:
        if office_id in offices:
            return offices[office_id]
        seen.add(office_id)
        office_id = Office.objects.filter(pk=office_id).values_list("parent_id", flat=True).first()
    return default_calendar_id()


def as_week(stored: dict[str, Any]) -> dict[int, list[tuple[str, str]]]:
    """JSON keeps keys as text and pairs as lists; the arithmetic takes weekday numbers and tuples."""
    return {int(day): [(start, end) for start, end in intervals] for day, intervals in stored.items()}


def last_holiday(calendar_id: int) -> date | None:
    """The last date up to which holidays are known."""
    last: date | None = Calendar.objects.filter(pk=calendar_id).aggregate(last=Max("holidays__date"))["last"]
    return last
