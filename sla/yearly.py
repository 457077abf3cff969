"""From November on: what next year's calendars still lack."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from sla.models import Calendar, CalendarPeriod, Holiday

FIRST_MONTH = 11
"""The joint decree on holidays of the next year usually comes in October."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. `step` says where it is mended: "import", "holidays" or "periods"."""

    calendar: Calendar
    text: str
    advice: str
    step: str
    year: int


def gaps(today: date) -> list[Gap]:
    """What is missing for next year, calendar by calendar; nothing before November.

    Asked of the default calendar and of those that close on holidays; one that never closes needs none.
    """
    if today.month < FIRST_MONTH:
        return []
    year = today.year + 1
    first, last = date(year, 1, 1), date(year, 12, 31)
    upcoming = Holiday.objects.filter(date__range=(first, last))
    special = CalendarPeriod.objects.filter(first_date__lte=last, last_date__gte=first)
    rows = Calendar.objects.order_by("-is_default", "name").prefetch_related(
        Prefetch("holidays", upcoming, to_attr="upcoming"), Prefetch("periods", special, to_attr="special")
    )
    closing = set(Holiday.objects.order_by().values_list("calendar_id", flat=True).distinct())
    return [
        gap
        for row in rows
        if row.is_default or row.pk in closing
        for gap in _of(row, year, row.upcoming, bool(row.special))
    ]


def _of(calendar: Calendar, year: int, holidays: Sequence[Holiday], has_special: bool) -> list[Gap]:
    found = []
    guessed = [each for each in holidays if each.status == Holiday.Status.ESTIMATED]
    if not holidays:
        text = _("Belum ada hari libur %(year)d.") % {"year": year}
        found.append(Gap(calendar, text, _("Impor SKB, atau ambil perkiraan dari paket hari libur."), "import", year))
    elif guessed:
        text = _("%(count)d hari libur %(year)d masih perkiraan.") % {"count": len(guessed), "year": year}
        found.append(Gap(calendar, text, _("Cocokkan dengan SKB, lalu tetapkan atau impor CSV-nya."), "holidays", year))
    if not has_special:
        text = _("Jam kerja Ramadan %(year)d belum ada.") % {"year": year}
        found.append(Gap(calendar, text, _("Tambahkan masa khusus menurut surat edaran Bupati."), "periods", year))
    return found
