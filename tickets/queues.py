"""Selectors of the agents' queue: tabs, capped counts, keyset pages, and what one row shows."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.templatetags.ui import ikon_kanal, sisa_waktu, waktu_relatif
from sla import calendars
from sla.models import Clock
from sla.worktime import WorkCalendar
from tickets import access
from tickets.choices import Channel, Confidentiality, Kind, Level, Stage
from tickets.clocks import ClockView
from tickets.filters import QueueFilters
from tickets.kinds import machines
from tickets.models import Ticket

PAGE_SIZE = 50
COUNT_CAP = 100
"""Counts stop here: nobody acts differently on 300 tickets than on 99, and counting a big table is slow."""

Narrow = Callable[[QuerySet[Ticket], User, datetime], QuerySet[Ticket]]


def _open(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    # As a list of one: Django writes a plain `= True` as the bare column, for which SQLite uses no index.
    return tickets.filter(is_open__in=[True])


def _finished(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return tickets.filter(is_open__in=[False])


@dataclass(frozen=True, slots=True)
class Tab:
    """One queue. Finished tickets have no deadline, so their tab is newest first."""

    code: str
    label: Any
    narrow: Narrow
    newest_first: bool = False


TABS = {
    tab.code: tab
    for tab in (
        Tab("terbuka", gettext_lazy("Semua terbuka"), lambda tickets, user, now: _open(tickets)),
        Tab("saya", gettext_lazy("Tiket saya"), lambda tickets, user, now: _open(tickets).filter(assignee=user)),
        Tab(
            "belum",
            gettext_lazy("Belum ditugaskan"),
            lambda tickets, user, now: _open(tickets).filter(assignee=None),
        ),
        Tab(
            "tim",
            gettext_lazy("Tim saya"),
            lambda tickets, user, now: _open(tickets).filter(team__in=user.team_ids),
        ),
        Tab(
            "lewat",
            gettext_lazy("Lewat tenggat"),
            lambda tickets, user, now: _open(tickets).filter(sort_due_at__lt=now),
        ),
        Tab("menunggu", gettext_lazy("Menunggu"), lambda tickets, user, now: tickets.filter(stage=Stage.WAITING)),
        Tab(
            "selesai",
            gettext_lazy("Selesai"),
            lambda tickets, user, now: _finished(tickets),
            newest_first=True,
        ),
    )
}
DEFAULT_TAB = "terbuka"


def tab_of(code: str) -> Tab:
    """The named tab, or the first one for a name nobody knows."""
    return TABS.get(code, TABS[DEFAULT_TAB])


def tickets_in(user: User, tab: Tab, filters: QueueFilters, now: datetime) -> QuerySet[Ticket]:
    """The tickets of a queue that exist for this person."""
    return tab.narrow(filters.narrow(access.visible_to(user)), user, now)


@dataclass(frozen=True, slots=True)
class TabCount:
    """A tab with its capped count, as the page shows it."""

    code: str
    label: str
    count: str
    is_current: bool


def tab_counts(user: User, current: Tab, filters: QueueFilters, now: datetime) -> list[TabCount]:
    """Every tab with the number of its tickets under the present filters; from COUNT_CAP on "99+"."""
    return [
        TabCount(tab.code, str(tab.label), capped_count(tickets_in(user, tab, filters, now)), tab is current)
        for tab in TABS.values()
    ]


def capped_count(queryset: QuerySet[Any]) -> str:
    """The number of rows as text. It reads at most COUNT_CAP keys and never counts a whole table."""
    found = len(queryset.order_by().values_list("pk")[:COUNT_CAP])
    return str(found) if found < COUNT_CAP else f"{COUNT_CAP - 1}+"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and the cursors of its neighbours ("" where there is none)."""

    rows: list[Any]
    next: str
    previous: str


def encode_cursor(ticket: Any) -> str:
    """The place of a row in the order (sort_due_at, id), as opaque text for a URL."""
    due = getattr(ticket, "sort_due_at", None)
    key = json.dumps([due.isoformat() if due else "", ticket.pk])
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[datetime | None, int] | None:
    """The place named by a cursor; None for anything that is not one, which then means the first page."""
    try:
        due, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        place = datetime.fromisoformat(due) if due else None
        if not isinstance(pk, int) or isinstance(pk, bool) or abs(pk) >= 2**63:
            return None
        if place is not None and place.tzinfo is None:
            return None
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return None
    return place, pk


def keyset_page(
    queryset: QuerySet[Any], *, after: str = "", before: str = "", newest_first: bool = False, size: int = PAGE_SIZE
) -> Page:
    """The rows after or before a cursor, in the order (sort_due_at, id), or by falling id with `newest_first`.

    A page deep in the table costs as much as the first one. A cursor that is garbage, or behind which nothing is
    left, gives the first page.
    """
    place = decode_cursor(after or before) if after or before else None
    if place is not None and place[0] is None and not newest_first:
        place = None
    backward = bool(before) and not after and place is not None
    names = ("id",) if newest_first else ("sort_due_at", "id")
    rising = newest_first == backward
    found = queryset if place is None else queryset.filter(_beyond(place, newest_first, rising))
    rows = list(found.order_by(*(name if rising else f"-{name}" for name in names))[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backward:
        rows.reverse()
    if not rows:
        return Page([], "", "") if place is None else keyset_page(queryset, newest_first=newest_first, size=size)
    has_next, has_previous = (True, more) if backward else (more, place is not None)
    return Page(
        rows,
        next=encode_cursor(rows[-1]) if has_next else "",
        previous=encode_cursor(rows[0]) if has_previous else "",
    )


def _beyond(place: tuple[datetime | None, int], newest_first: bool, rising: bool) -> Q:
    due, pk = place
    way = "gt" if rising else "lt"
    if newest_first:
        return Q(**{f"id__{way}": pk})
    # The first condition bounds the index scan, the second settles ties.
    return Q(**{f"sort_due_at__{way}e": due}) & (Q(**{f"sort_due_at__{way}": due}) | Q(**{f"id__{way}": pk}))


# What a row shows, and no more: fifty tickets with all their columns cost more to build than to read.
ROW_FIELDS = (
    "number", "kind", "state", "stage", "subject", "priority", "channel", "confidentiality", "is_restricted",
    "created_at", "sort_due_at", "requester__name", "team__name", "office__name", "assignee__username",
    "assignee__first_name", "assignee__last_name",
)  # fmt: skip
CLOCK_FIELDS = (
    "ticket_id", "metric", "state", "is_stopped", "due_at", "started_at", "target_seconds", "elapsed_seconds",
    "policy__name", "policy__calendar_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What the queue shows of one ticket, as finished text: a template that asks fifty tickets is slow."""

    ticket: Ticket
    requester: str
    about: str
    state: str
    priority: str
    channel: str
    channel_icon: str
    assignee: str
    team: str
    clock: ClockView | None
    left: dict[str, str]
    created: str
    age: str


def rows_of(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The same tickets with everything a row needs, in a constant number of queries."""
    clocks = Prefetch("clocks", Clock.objects.filter(is_stopped=False).select_related("policy").only(*CLOCK_FIELDS))
    related = tickets.select_related("requester", "team", "assignee", "office")
    return related.only(*ROW_FIELDS).prefetch_related(clocks)


def rows(tickets: Sequence[Ticket], now: datetime) -> list[Row]:
    """Rows for tickets read through `rows_of`."""
    clocks = {ticket.pk: _next_clock(ticket.clocks.all()) for ticket in tickets}
    loaded = _calendars(clock for clock in clocks.values() if clock)
    words = _words()
    return [_row(ticket, _view(clocks[ticket.pk], loaded, now), words, now) for ticket in tickets]


def _words() -> dict[str, dict[Any, str]]:
    """The labels of choices in the language of this page, looked up once and not once a row."""
    states = {kind: {name: str(each.label_of(name)) for name in each.STATES} for kind, each in machines().items()}
    return {
        "kind": {value: str(label) for value, label in Kind.choices},
        "priority": {value: str(label) for value, label in Level.choices},
        "channel": {value: str(label) for value, label in Channel.choices},
        **states,
    }


def _row(ticket: Ticket, clock: ClockView | None, words: dict[str, dict[Any, str]], now: datetime) -> Row:
    requester = requester_name(ticket)
    office = ticket.office.name if ticket.office else ""
    return Row(
        ticket=ticket,
        requester=requester,
        about="\u00a0· ".join(filter(None, (words["kind"][ticket.kind], requester, office))),
        state=words[ticket.kind].get(ticket.state, ticket.state),
        priority=words["priority"][ticket.priority],
        channel=words["channel"][ticket.channel],
        channel_icon=ikon_kanal(ticket.channel),
        assignee=ticket.assignee.display_name if ticket.assignee else "",
        team=ticket.team.name if ticket.team else "",
        clock=clock,
        left=sisa_waktu(clock) if clock else {},
        created=ticket.created_at.isoformat(timespec="seconds"),
        age=waktu_relatif(ticket.created_at, now),
    )


def requester_name(ticket: Ticket) -> str:
    """The requester as lists show them. Lists hide the anonymous from everybody, whoever may open the identity."""
    if ticket.confidentiality in (Confidentiality.ANONYMOUS, Confidentiality.WHISTLEBLOWING):
        return _("Anonim")
    return str(ticket.requester)


def _next_clock(clocks: Iterable[Clock]) -> Clock | None:
    """The unfinished clock that ends first; a paused one without a deadline comes last."""
    unfinished = [clock for clock in clocks if not clock.is_stopped]
    return min(unfinished, key=lambda clock: (clock.due_at is None, clock.due_at or clock.started_at), default=None)


def _calendars(clocks: Iterable[Clock]) -> dict[int | None, WorkCalendar]:
    """The calendars these clocks run on, each loaded once; None is the default calendar."""
    ids = {clock.policy.calendar_id if clock.policy else None for clock in clocks}
    default = calendars.default_calendar_id() if None in ids else None
    found = {calendar_id: calendar_id or default for calendar_id in ids}
    return {key: calendars.load(pk) for key, pk in found.items() if pk}


def _view(clock: Clock | None, loaded: dict[int | None, WorkCalendar], now: datetime) -> ClockView | None:
    """The clock at `now`, from its cached facts: a list cannot afford to replay every clock."""
    if clock is None:
        return None
    state, left = clock.state, clock.target_seconds - clock.elapsed_seconds
    if clock.due_at is not None and state != Clock.State.PAUSED:
        calendar = loaded.get(clock.policy.calendar_id if clock.policy else None)
        early, late = sorted((now, clock.due_at))
        spread = int((calendar.between(early, late) if calendar else late - early).total_seconds())
        is_over = clock.due_at < now
        state, left = (Clock.State.BREACHED, -spread) if is_over else (Clock.State.RUNNING, spread)
    return ClockView(
        metric=clock.metric,
        label=str(clock.get_metric_display()),
        state=str(state),
        due_at=clock.due_at,
        target_minutes=clock.target_seconds // 60,
        elapsed_minutes=(clock.target_seconds - left) // 60,
        remaining_minutes=left // 60,
        is_stopped=False,
        policy_name=clock.policy.name if clock.policy else "",
    )
