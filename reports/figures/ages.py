"""Open tickets by age, as they stand now; the period of the report does not narrow them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reports.figures.groups import check
from reports.figures.source import ALL, Question
from reports.scope import EARLIEST, LATEST, column_of, in_group, names_of, period, visible_tickets
from tickets.models import Ticket

AGES: dict[str, tuple[int, int | None, Any]] = {
    "0-1": (0, 1, _("0–1 hari")),
    "2-7": (2, 7, _("2–7 hari")),
    "8-14": (8, 14, _("8–14 hari")),
    "15-30": (15, 30, _("15–30 hari")),
    "31-90": (31, 90, _("31–90 hari")),
    "91": (91, None, _("Lebih dari 90 hari")),
}
"""Key → first and last calendar day of age, local dates: a ticket of yesterday evening is one day old."""


@dataclass(frozen=True, slots=True)
class BacklogRow:
    """Open tickets of one group; `ages` has a number for every key of AGES."""

    key: str
    label: str
    total: int
    ages: dict[str, int]


def backlog(question: Question, group_by: str = ALL) -> list[BacklogRow]:
    """Open tickets by age in calendar days, most first; counted from `created_at` of the ticket.

    Raises ValueError for a filter or group nobody knows, and for months, which say the same as ages.
    """
    check(group_by)
    if group_by == "month":
        raise ValueError(group_by)
    today = timezone.localtime(question.now).date()
    counts = {f"age{number}": Count("pk", filter=_aged(key, today)) for number, key in enumerate(AGES)}
    tickets = _open(question).order_by()
    if group_by == ALL:
        return [_row("", "", list(tickets.aggregate(**counts).values()))]
    rows: Any = tickets.values_list(column_of(group_by)).annotate(**counts)
    found = {"" if value is None else str(value): numbers for value, *numbers in rows}
    named = names_of(group_by, found)
    made = [_row(*named[value], numbers) for value, numbers in found.items()]
    return sorted(made, key=lambda row: (-row.total, row.label))


def _open(question: Question) -> QuerySet[Ticket]:
    return visible_tickets(question.user, question.filters).filter(is_open=True)


def _row(key: str, label: str, numbers: Sequence[int]) -> BacklogRow:
    return BacklogRow(key, label, sum(numbers), dict(zip(AGES, numbers, strict=True)))


def _aged(age: str, today: date) -> Q:
    """Tickets of that age. The first band holds those dated ahead, too. Raises KeyError for another age."""
    youngest, oldest, _label = AGES[age]
    since = today - timedelta(days=oldest) if oldest is not None else EARLIEST
    until = today - timedelta(days=youngest) if youngest else LATEST
    first, after = period(since, until)
    return Q(created_at__gte=first, created_at__lt=after)


def tickets_of_age(question: Question, age: str = "", group_by: str = ALL, key: str = "") -> QuerySet[Ticket]:
    """Exactly the open tickets counted in a figure; empty `age` or `key` do not narrow."""
    found = _open(question)
    if age:
        found = found.filter(_aged(age, timezone.localtime(question.now).date()))
    return found.filter(in_group(group_by, key)) if key else found
