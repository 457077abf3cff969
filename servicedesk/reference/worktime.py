"""Working calendars, holidays and Ramadan."""

from typing import Any

from django.utils import timezone

from servicedesk.reference.store import Store
from sla import calendars, packaged
from sla.models import Calendar, CalendarPeriod, Holiday

FIRST_YEAR = 2025


def load(store: Store) -> None:
    """Calendars with their periods and holidays. Raises ValueError when the result is not a usable calendar."""
    for row in store.document("kalender.toml")["calendar"]:
        calendar, _created = store.put(
            Calendar,
            {"code": row["code"]},
            {
                "name": row["name"],
                "timezone": row["timezone"],
                "week": row["week"],
                "is_default": row["is_default"] and _may_be_default(row["code"]),
            },
        )
        changed = _load_periods(store, calendar, row)
        if row["holidays"]:
            changed += _load_holidays(store, calendar)
        if changed:
            calendars.touch(calendar.pk)
        calendars.load(calendar.pk)


def _may_be_default(code: str) -> bool:
    """Whether no other calendar was made the default meanwhile."""
    return not Calendar.objects.filter(is_default=True).exclude(code=code).exists()


def _load_periods(store: Store, calendar: Calendar, row: dict[str, Any]) -> int:
    """Ramadan by name. A period an officer moved is left alone, so that two never overlap."""
    before = store.tally(CalendarPeriod).created + store.tally(CalendarPeriod).updated
    for period in row.get("ramadan", []):
        overlapping = calendar.periods.filter(
            first_date__lte=period["last_date"], last_date__gte=period["first_date"]
        ).exclude(name=period["name"])
        if overlapping.exists():
            store.tally(CalendarPeriod).kept += 1
            continue
        values = {key: period[key] for key in ("first_date", "last_date", "source")}
        store.put(
            CalendarPeriod, {"calendar": calendar, "name": period["name"]}, {**values, "week": row["ramadan_week"]}
        )
    return store.tally(CalendarPeriod).created + store.tally(CalendarPeriod).updated - before


def _load_holidays(store: Store, calendar: Calendar) -> int:
    """National holidays and cuti bersama, one row a date.

    A year that has rows is left alone: dates move by decree, and what an officer removed must not come back.
    """
    this_year = timezone.localdate().year
    present = {day.year for day in calendar.holidays.values_list("date", flat=True)}
    before = store.tally(Holiday).created + store.tally(Holiday).updated
    for year in range(FIRST_YEAR, max(2027, this_year + 1) + 1):
        found = packaged.holidays_of(year)
        if year in present and not store.update:
            store.tally(Holiday).kept += len(found)
            continue
        for day, (name, kind) in sorted(found.items()):
            guessed = packaged.is_guess(year, name, timezone.localdate())
            values = {
                "name": name,
                "kind": kind,
                "status": Holiday.Status.ESTIMATED if guessed else Holiday.Status.CONFIRMED,
                "source": packaged.source(),
            }
            store.put(Holiday, {"calendar": calendar, "date": day}, values)
    return store.tally(Holiday).created + store.tally(Holiday).updated - before
