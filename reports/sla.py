"""Attainment of the SLA: what share of clocks met their target, by kind, service, office, team, priority, channel, ….

A clock belongs to the period in which its ticket was created (local dates, both ends included). Each cycle of a metric
that runs more than once (a team's assignment, the next word to the requester) is a clock. Every figure starts from
`tickets.access.visible_to`. What each figure means is written in `reports.definitions`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from reports.figures.groups import check, grouped
from reports.figures.measures import percent
from reports.figures.source import Question, total
from reports.scope import (
    EARLIEST,
    FILTERS,
    GROUPS,
    LATEST,
    NO_FILTERS,
    NONE,
    Filters,
    has_clock,
    in_group,
    is_breached,
    label_of,
    period,
    result_is,
    tickets_in,
)
from sla.models import Clock, Metric
from tickets.choices import OPEN_STAGES
from tickets.models import Ticket

__all__ = [
    "EARLIEST",
    "FILTERS",
    "GROUPS",
    "LATEST",
    "NONE",
    "NO_FILTERS",
    "PROGRESS",
    "RESULTS",
    "Cell",
    "Counts",
    "Filters",
    "Row",
    "Summary",
    "attainment",
    "is_breached",
    "label_of",
    "period",
    "result_is",
    "summary",
    "tickets_behind",
    "tickets_in",
]

RESULTS = {
    "met": gettext_lazy("Tercapai"),
    "breached": gettext_lazy("Lewat tenggat"),
    "running": gettext_lazy("Berjalan"),
}
PROGRESS = {"open": gettext_lazy("Masih terbuka"), "finished": gettext_lazy("Selesai")}


@dataclass(slots=True)
class Counts:
    """Clocks of one cell. `running` have neither met nor missed their target yet."""

    met: int = 0
    breached: int = 0
    running: int = 0

    @property
    def total(self) -> int:
        return self.met + self.breached + self.running

    @property
    def attainment(self) -> float | None:
        """Percent met among those decided, one decimal; None while nothing is decided."""
        return percent(self.met, self.met + self.breached)

    def add(self, other: "Counts") -> None:
        self.met += other.met
        self.breached += other.breached
        self.running += other.running


@dataclass(slots=True)
class Row(Counts):
    """One group: all metrics together, and `metrics` by metric (only those of which the group has clocks)."""

    key: str = ""
    label: str = ""
    metrics: dict[str, Counts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures above the table. `created` = `finished` + `still_open`, in tickets; the rest counts clocks."""

    created: int
    finished: int
    still_open: int
    total: Counts
    metrics: dict[str, Counts]


def attainment(
    user: User,
    *,
    start: date,
    end: date,
    group_by: str,
    filters: Filters = NO_FILTERS,
    now: datetime | None = None,
) -> list[Row]:
    """One row per group, worst attainment first (months in order), undecided ones last.

    From kept sums or one aggregating query, whatever the number of tickets; names are looked up apart. Raises
    ValueError like `tickets_in`, and for an unknown `group_by`.
    """
    check(group_by)
    question = Question(user, start, end, filters, now or timezone.now())
    rows = [_row(key, label, sums) for key, label, sums in grouped(question, "clocks", group_by)]
    return sorted((row for row in rows if row.total), key=_order(group_by))


def _row(key: str, label: str, sums: Counter[str]) -> Row:
    row = Row(key=key, label=label)
    for metric in Metric.values:
        counts = Counts(*(sums[f"{metric}.{result}"] for result in RESULTS))
        if counts.total:
            row.metrics[metric] = counts
            row.add(counts)
    return row


def _order(group_by: str) -> Callable[[Row], Any]:
    if group_by == "month":
        return lambda row: row.key
    return lambda row: (row.attainment is None, row.attainment or 0.0, -row.total, row.label)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of the report; what is empty does not narrow. `progress` is a key of PROGRESS."""

    group_by: str = "kind"
    key: str = ""
    metric: str = ""
    result: str = ""
    progress: str = ""


def tickets_behind(
    cell: Cell, user: User, *, start: date, end: date, filters: Filters = NO_FILTERS, now: datetime | None = None
) -> QuerySet[Ticket]:
    """Exactly the tickets counted in a cell. Raises ValueError like `tickets_in`, and for a key that cannot be one."""
    found = tickets_in(user, start=start, end=end, filters=filters)
    if cell.key:
        found = found.filter(in_group(cell.group_by, cell.key))
    if cell.progress:
        is_open = Q(stage__in=OPEN_STAGES)
        found = found.filter(is_open if cell.progress == "open" else ~is_open)
    if cell.metric or cell.result:
        found = found.filter(has_clock(cell.metric, cell.result, now or timezone.now()))
    return found


def clocks_behind(cell: Cell, tickets: QuerySet[Ticket], now: datetime) -> int:
    """How many clocks a cell with a metric counts: more than `tickets` where a metric runs repeatedly."""
    clocks = Clock.objects.filter(ticket__in=tickets.order_by().values("pk"), metric=cell.metric)
    return (clocks.filter(result_is(cell.result, now)) if cell.result else clocks).count()


def summary(
    user: User, *, start: date, end: date, filters: Filters = NO_FILTERS, rows: Sequence[Row] | None = None
) -> Summary:
    """The totals of a period. `rows` of the same question, when given, save counting the clocks once more.

    Raises ValueError like `tickets_in`.
    """
    if rows is None:
        rows = attainment(user, start=start, end=end, group_by="kind", filters=filters)
    counts, metrics = Counts(), {metric: Counts() for metric in Metric.values}
    for row in rows:
        counts.add(row)
        for metric, own in row.metrics.items():
            metrics[metric].add(own)
    tickets = total(Question(user, start, end, filters), "tickets")
    created, still_open = tickets["created"], tickets["open"]
    return Summary(
        created, created - still_open, still_open, counts, {name: each for name, each in metrics.items() if each.total}
    )
