"""Opening hours of a calendar in words, for people who read a promise rather than a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from core.templatetags.ui import ZONES, tanggal
from sla.calendars import Week, as_week
from sla.models import Calendar

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
ALL_DAY = [("00:00", "24:00")]
PERIODS_AHEAD = 3
"""How many special periods are told: those to come, nearest first."""

Intervals = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one calendar: `short` in one line, `lines` day by day, `notes` on special times."""

    name: str
    short: str
    lines: list[str]
    notes: list[str]

    def stored(self) -> dict[str, Any]:
        """As a signed document keeps it."""
        return {"name": self.name, "short": self.short, "lines": self.lines, "notes": self.notes}


def hours_of(calendars: Sequence[int], on: date) -> dict[int, Hours]:
    """The hours that hold on a date, for each of these calendars. A fixed number of queries."""
    rows = Calendar.objects.filter(pk__in=calendars).prefetch_related("weeks", "periods")
    closing = set(Calendar.objects.filter(pk__in=calendars, holidays__isnull=False).values_list("pk", flat=True))
    return {row.pk: _hours(row, on, row.pk in closing) for row in rows}


def _hours(calendar: Calendar, on: date, has_holidays: bool) -> Hours:
    week, later = calendar.week, []
    for other in calendar.weeks.all():  # in the order of their dates
        if other.valid_from <= on:
            week = other.week
        else:
            later.append(other)
    zone = ZONES.get(calendar.timezone, calendar.timezone)
    notes = [
        _("Mulai %(day)s: %(hours)s.") % {"day": tanggal(each.valid_from), "hours": "; ".join(week_lines(each.week))}
        for each in later
    ]
    coming = [period for period in calendar.periods.all() if period.last_date >= on][:PERIODS_AHEAD]
    notes += [
        _("%(name)s (%(first)s–%(last)s): %(hours)s.")
        % {
            "name": period.name,
            "first": tanggal(period.first_date),
            "last": tanggal(period.last_date),
            "hours": "; ".join(week_lines(period.week)),
        }
        for period in coming
    ]
    if has_holidays:
        notes.append(_("Tutup pada hari libur nasional, cuti bersama, dan libur daerah."))
    elif _never_closes(as_week(week)):
        notes.append(_("Tetap berjalan pada hari libur."))
    return Hours(calendar.name, f"{short(week)} {zone}", [f"{line} {zone}" for line in week_lines(week)], notes)


def _never_closes(week: Week) -> bool:
    return all(week.get(day) == ALL_DAY for day in range(7))


def week_lines(stored: dict[str, Any]) -> list[str]:
    """Days with the same hours on one line, breaks said; closed days are left out. Pure."""
    week = as_week(stored)
    if _never_closes(week):
        return [_("Setiap hari 24 jam")]
    return [f"{days} {_with_breaks(intervals)}" for days, intervals in _grouped(week)]


def short(stored: dict[str, Any]) -> str:
    """The week in one line, from opening to closing, without breaks. Pure."""
    week = as_week(stored)
    if _never_closes(week):
        return _("setiap hari 24 jam")
    return ", ".join(f"{days} {_span(intervals)}" for days, intervals in _grouped(week)) or _("tutup")


def _grouped(week: Week) -> list[tuple[str, list[tuple[str, str]]]]:
    """(names of days, their hours) for each run of neighbouring days with equal hours."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    first = 0
    for day in range(1, 8):
        hours = sorted(week.get(first, []))
        if day < 7 and sorted(week.get(day, [])) == hours:
            continue
        if hours:
            last = day - 1
            names = DAYS[first] if first == last else f"{DAYS[first]}–{DAYS[last]}"
            found.append((names, hours))
        first = day
    return found


def _span(intervals: Intervals) -> str:
    if list(intervals) == ALL_DAY:
        return _("24 jam")
    return f"{_clock(intervals[0][0])}–{_clock(intervals[-1][1])}"


def _with_breaks(intervals: Intervals) -> str:
    gaps = [f"{_clock(before[1])}–{_clock(after[0])}" for before, after in pairwise(intervals) if before[1] != after[0]]
    if not gaps:
        return _span(intervals)
    return _("%(hours)s, istirahat %(breaks)s") % {
        "hours": _span(intervals),
        "breaks": together(gaps),
    }


def together(words: Sequence[str]) -> str:
    """Words as a list in a sentence: "a", "a dan b", "a, b, dan c"."""
    if len(words) < 2:
        return "".join(words)
    pattern = _("%(first)s dan %(last)s") if len(words) == 2 else _("%(first)s, dan %(last)s")
    return pattern % {"first": ", ".join(words[:-1]), "last": words[-1]}


def _clock(text: str) -> str:
    return text.replace(":", ".")
