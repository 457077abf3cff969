"""Selectors of the agents' queue: tabs, capped counts and keyset pages."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from accounts.models import User
from tickets import access
from tickets.choices import Stage
from tickets.filters import QueueFilters
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
    visible = filters.narrow(access.visible_to(user))
    # In the order of the list, so that the index that finds the page also finds the first rows to count.
    counts = capped_counts(
        [
            tab.narrow(visible, user, now).order_by(*_order(tab.newest_first, not tab.newest_first))
            for tab in TABS.values()
        ]
    )
    return [
        TabCount(tab.code, str(tab.label), count, tab is current)
        for tab, count in zip(TABS.values(), counts, strict=True)
    ]


def _order(newest_first: bool, rising: bool) -> tuple[str, ...]:
    names = ("id",) if newest_first else ("sort_due_at", "id")
    return tuple(name if rising else f"-{name}" for name in names)


def capped_counts(querysets: Sequence[QuerySet[Any]]) -> list[str]:
    """The number of rows of each as text, in one query that reads at most COUNT_CAP keys of each.

    The ORM has no way to count several querysets at once: a union may not hold a LIMIT on SQLite.
    """
    parts: list[str] = []
    params: list[Any] = []
    for queryset in querysets:
        try:
            sql, values = queryset.values_list("pk")[:COUNT_CAP].query.sql_with_params()
        except EmptyResultSet:
            sql, values = "SELECT NULL WHERE 1 = 0", ()
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS capped)")  # noqa: S608 - written by the ORM, its values apart
        params += values
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        found = cursor.fetchone()
    return [str(count) if count < COUNT_CAP else f"{COUNT_CAP - 1}+" for count in found]


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
        if place is not None:
            place.astimezone(UTC)  # the first and the last hours of time do not exist in every zone
        if not isinstance(pk, int) or isinstance(pk, bool) or abs(pk) >= 2**63:
            return None
        if place is not None and place.tzinfo is None:
            return None
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
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
    rising = newest_first == backward
    found = queryset if place is None else queryset.filter(_beyond(place, newest_first, rising))
    rows = list(found.order_by(*_order(newest_first, rising))[: size + 1])
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
