"""National holidays and cuti bersama as the `holidays` package knows them, and what a calendar lacks of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

import holidays

from sla.definitions import Definition
from sla.models import Holiday

COUNTRY = "ID"
CATEGORIES = (Holiday.Kind.PUBLIC, Holiday.Kind.GOVERNMENT)
"""Categories of the package, national holidays first: a date keeps the first that names it."""
ESTIMATE_MARKS = ("perkiraan", "estimated")
SOURCE = "Paket holidays"


def source() -> str:
    return f"{SOURCE} {version('holidays')}"


def holidays_of(year: int) -> dict[date, tuple[str, str]]:
    """Date → (name, kind) of a year."""
    found: dict[date, tuple[str, str]] = {}
    for kind in CATEGORIES:
        days = holidays.country_holidays(COUNTRY, years=year, categories=(kind.value,), language="id")
        for day, name in days.items():
            found.setdefault(day, (name[:200], kind.value))
    return found


def is_guess(year: int, name: str, today: date) -> bool:
    """Whether a date is estimated: no decree is out yet for a year to come."""
    return year > today.year or any(mark in name.casefold() for mark in ESTIMATE_MARKS)


@dataclass(frozen=True, slots=True)
class Update:
    """One difference between the package and a calendar: a row that comes (`new`), goes (`old`), or both: it moves."""

    new: dict[str, Any] | None = None
    old: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        return f"{self.old['date'] if self.old else ''}>{self.new['date'] if self.new else ''}"


def updates(definition: Definition, years: Iterable[int], today: date) -> list[Update]:
    """What the package says otherwise for these years, in the order of dates.

    Matched by date alone, never by name. Only rows that came from the package go: what a decree or a person entered
    stays. A row that goes and one of the same name and year that comes are one move.
    """
    known = {row["date"]: row for row in definition["holidays"]}
    coming, going = [], []
    for year in years:
        packaged = holidays_of(year)
        for day, (name, kind) in packaged.items():
            if day.isoformat() not in known:
                status = Holiday.Status.ESTIMATED if is_guess(year, name, today) else Holiday.Status.CONFIRMED
                row = {"date": day.isoformat(), "name": name, "kind": kind, "status": status.value, "source": source()}
                coming.append(row)
        gone = {day.isoformat() for day in packaged}
        going += [row for day, row in known.items() if _is_packaged(row, year) and day not in gone]
    return _paired(coming, going)


def _is_packaged(row: dict[str, Any], year: int) -> bool:
    return bool(row["date"][:4] == str(year) and row["source"].startswith(SOURCE))


def _paired(coming: list[dict[str, Any]], going: list[dict[str, Any]]) -> list[Update]:
    found, left = [], list(going)
    for new in coming:
        same = [old for old in left if (old["name"], old["date"][:4]) == (new["name"], new["date"][:4])]
        if same:
            left.remove(same[0])
        found.append(Update(new, same[0] if same else None))
    found += [Update(None, old) for old in left]
    return sorted(found, key=lambda each: (each.new or each.old or {})["date"])
