"""The change calendar: visible changes and freeze windows, day by day."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access
from tickets.changes.conflicts import freezes_between
from tickets.choices import Kind
from tickets.models import FreezeWindow, Ticket

MONTH, WEEK = "bulan", "minggu"
MOST_SHOWN = 400
"""Changes on one page; a county plans a handful a day."""

PER_DAY = 4
"""Changes shown in a day of the month; the week shows all."""

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class Entry:
    """One change on one day; `begins` and `ends` tell whether its window does so on that day."""

    ticket: Ticket
    start: datetime
    end: datetime
    begins: bool
    ends: bool

    @property
    def hours(self) -> str:
        """The part of the window that lies in the day, e.g. `22.00–` for one that runs past midnight."""
        first = formats.date_format(timezone.localtime(self.start), "H.i") if self.begins else ""
        last = formats.date_format(timezone.localtime(self.end), "H.i") if self.ends else ""
        return f"{first}–{last}" if first or last else str(_("sepanjang hari"))


@dataclass(slots=True)
class Day:
    """One cell of the calendar."""

    date: date
    is_today: bool
    is_outside: bool
    entries: list[Entry] = field(default_factory=list)
    freezes: list[FreezeWindow] = field(default_factory=list)

    @property
    def shown(self) -> list[Entry]:
        return self.entries[:PER_DAY]

    @property
    def more(self) -> int:
        return max(0, len(self.entries) - PER_DAY)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month or a week: whole weeks from Monday to Sunday."""

    view: str
    anchor: date
    title: str
    weeks: list[list[Day]]
    previous: date
    next: date
    is_cut: bool

    @property
    def is_empty(self) -> bool:
        return not any(day.entries or day.freezes for week in self.weeks for day in week)


def calendar(user: User, *, view: str, anchor: date, today: date) -> Calendar:
    """The month or week around `anchor`, with what this person sees; three queries however much there is."""
    first, last = month_of(anchor) if view == MONTH else week_of(anchor)
    start, end = _midnight(first), _midnight(last + timedelta(days=1))
    tickets = list(scheduled_between(user, start, end)[: MOST_SHOWN + 1])
    freezes = freezes_between(start, end)
    days = [
        _day(first + timedelta(days=n), tickets[:MOST_SHOWN], freezes, view, anchor, today)
        for n in range((last - first).days + 1)
    ]
    back, forward = _neighbours(view, anchor)
    return Calendar(
        view=view,
        anchor=anchor,
        title=_title(view, anchor, first, last),
        weeks=[days[n : n + 7] for n in range(0, len(days), 7)],
        previous=back,
        next=forward,
        is_cut=len(tickets) > MOST_SHOWN,
    )


def scheduled_between(user: User, start: datetime, end: datetime) -> QuerySet[Ticket]:
    """Visible changes whose window overlaps [start, end), earliest first; cancelled ones take no time."""
    return (
        access.visible_to(user)
        .filter(kind=Kind.CHANGE, change_detail__window_start__lt=end, change_detail__window_end__gt=start)
        .exclude(state__in=("cancelled", "merged"))
        .select_related("change_detail", "assignee", "service")
        .order_by("change_detail__window_start", "pk")
    )


def _day(day: date, tickets: list[Ticket], freezes: list[FreezeWindow], view: str, anchor: date, today: date) -> Day:
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    cell = Day(day, is_today=day == today, is_outside=view == MONTH and day.month != anchor.month)
    for ticket in tickets:
        begins, ends = ticket.change_detail.window_start, ticket.change_detail.window_end
        if begins and ends and begins < end and ends > start:
            cell.entries.append(Entry(ticket, begins, ends, begins >= start, ends <= end))
    cell.freezes = [window for window in freezes if window.starts_at < end and window.ends_at > start]
    return cell


def week_of(anchor: date) -> tuple[date, date]:
    """Monday and Sunday."""
    monday = anchor - timedelta(days=anchor.weekday())
    return monday, monday + timedelta(days=6)


def month_of(anchor: date) -> tuple[date, date]:
    """The Monday on or before the first, and the Sunday on or after the last day of the month."""
    first = anchor.replace(day=1)
    last = _first_of_next(first) - timedelta(days=1)
    return week_of(first)[0], week_of(last)[1]


def _first_of_next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _neighbours(view: str, anchor: date) -> tuple[date, date]:
    if view == WEEK:
        return anchor - timedelta(days=7), anchor + timedelta(days=7)
    first = anchor.replace(day=1)
    return (first - timedelta(days=1)).replace(day=1), _first_of_next(first)


def _title(view: str, anchor: date, first: date, last: date) -> str:
    if view == MONTH:
        return formats.date_format(anchor, "F Y")
    return f"{formats.date_format(first, 'j M')} – {formats.date_format(last, 'j M Y')}"


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def day_of(text: str, today: date) -> date:
    """The date of an address, or today for anything that is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if FIRST_YEAR <= day.year < LAST_YEAR else today
