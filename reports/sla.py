"""Attainment of the SLA: what share of clocks met their target, by kind, service, office, team, priority or month.

A clock belongs to the period in which its ticket was created (local dates, both ends included). Every figure starts
from `tickets.access.visible_to`, so restricted tickets count only for their officers. See docs/reports.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from sla.models import Clock, Metric
from tickets import access
from tickets.choices import OPEN_STAGES, Kind, Level
from tickets.models import Ticket

GROUPS = {
    "kind": gettext_lazy("Jenis"),
    "service": gettext_lazy("Layanan"),
    "office": gettext_lazy("Perangkat daerah"),
    "team": gettext_lazy("Tim"),
    "priority": gettext_lazy("Prioritas"),
    "month": gettext_lazy("Bulan"),
}
FILTERS = {"kind": "kind", "service": "service__code", "office": "office__code", "team": "team__code"}
RESULTS = ("met", "breached", "running")
NONE = "-"
"""Key of the row of tickets that have no service, office or team."""
MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]


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
        decided = self.met + self.breached
        return round(100 * self.met / decided, 1) if decided else None

    def add(self, other: "Counts") -> None:
        self.met += other.met
        self.breached += other.breached
        self.running += other.running


@dataclass(slots=True)
class Row(Counts):
    """One group: all metrics together, and `metrics` by metric."""

    key: str = ""
    label: str = ""
    metrics: dict[str, Counts] = field(default_factory=dict)


def period(start: date, end: date) -> tuple[datetime, datetime]:
    """The half-open range of instants of the local dates `start` to `end`."""
    zone = timezone.get_current_timezone()
    first = datetime.combine(start, time.min, tzinfo=zone)
    return first, datetime.combine(end + timedelta(days=1), time.min, tzinfo=zone)


def tickets_in(user: User, *, start: date, end: date, filters: Mapping[str, str]) -> QuerySet[Ticket]:
    """The visible tickets created in the period that pass the filters (kind, service, office, team codes)."""
    first, after = period(start, end)
    chosen = {FILTERS[name]: value for name, value in filters.items() if value and name in FILTERS}
    return access.visible_to(user).filter(created_at__gte=first, created_at__lt=after, **chosen)


def is_breached(now: datetime) -> Q:
    """Past its deadline, whether or not a sweep has noted it yet."""
    return Q(state=Clock.State.BREACHED) | Q(is_stopped=False, due_at__lt=now)


def result_is(result: str, now: datetime) -> Q:
    """The clocks counted as `met`, `breached` or `running`; every clock is exactly one of them."""
    if result == "breached":
        return is_breached(now)
    return ~is_breached(now) & Q(is_stopped=result == "met")


def clocks_in(tickets: QuerySet[Ticket]) -> QuerySet[Clock]:
    return Clock.objects.filter(ticket__in=tickets.order_by().values("pk"))


def attainment(
    user: User, *, start: date, end: date, group_by: str, filters: Mapping[str, str] | None = None
) -> list[Row]:
    """One row per group, worst attainment first (months in order). Raises ValueError for an unknown `group_by`.

    One aggregating query, whatever the number of tickets.
    """
    if group_by not in GROUPS:
        raise ValueError(_("Pengelompokan tidak dikenal: %(name)s") % {"name": group_by})
    now = timezone.now()
    clocks = clocks_in(tickets_in(user, start=start, end=end, filters=filters or {}))
    values = _grouped(clocks, group_by).values("key", "label", "metric")
    cells = values.annotate(**{name: Count("pk", filter=result_is(name, now)) for name in RESULTS}).order_by()
    rows: dict[str, Row] = {}
    for cell in cells:
        key = _key(cell["key"], group_by)
        row = rows.setdefault(key, Row(key=key, label=_label(cell, group_by)))
        counts = Counts(*(cell[name] for name in RESULTS))
        row.metrics.setdefault(cell["metric"], Counts()).add(counts)
        row.add(counts)
    return sorted(rows.values(), key=_order(group_by))


def _grouped(clocks: QuerySet[Clock], group_by: str) -> QuerySet[Clock]:
    if group_by == "month":
        month = TruncMonth("ticket__created_at", tzinfo=timezone.get_current_timezone())
        return clocks.annotate(key=month, label=month)
    if group_by in ("kind", "priority"):
        return clocks.annotate(key=F(f"ticket__{group_by}"), label=F(f"ticket__{group_by}"))
    return clocks.annotate(key=F(f"ticket__{group_by}__code"), label=F(f"ticket__{group_by}__name"))


def _key(value: Any, group_by: str) -> str:
    if value is None:
        return NONE
    if group_by == "month":
        return str(value.strftime("%Y-%m"))
    return Level(value).code if group_by == "priority" else str(value)


def _label(cell: Mapping[str, Any], group_by: str) -> str:
    value = cell["label"]
    if value is None:
        return _("Tidak disebut")
    if group_by == "month":
        return f"{MONTHS[value.month - 1]} {value.year}"
    if group_by == "kind":
        return str(Kind(value).label)
    return str(Level(value).label) if group_by == "priority" else str(value)


def _order(group_by: str) -> Any:
    if group_by == "month":
        return lambda row: row.key
    return lambda row: (row.attainment is None, row.attainment or 0.0, -row.total, row.label)


def group_filter(group_by: str, key: str) -> Q:
    """The tickets of one row. Raises ValueError for a key that cannot be one."""
    if group_by == "month":
        first = datetime.strptime(key, "%Y-%m").replace(tzinfo=timezone.get_current_timezone())
        after = (first + timedelta(days=32)).replace(day=1)
        return Q(created_at__gte=first, created_at__lt=after)
    if group_by == "priority":
        return Q(priority=Level.from_code(key))
    if group_by == "kind":
        return Q(kind=Kind(key))
    return Q(**{group_by: None}) if key == NONE else Q(**{f"{group_by}__code": key})


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures above the table."""

    created: int
    finished: int
    still_open: int
    total: Counts
    metrics: dict[str, Counts]


def summarise(rows: list[Row], tickets: QuerySet[Ticket]) -> Summary:
    """Totals over the rows, and how many of the tickets are finished."""
    total, metrics = Counts(), {metric: Counts() for metric in Metric.values}
    for row in rows:
        total.add(row)
        for metric, counts in row.metrics.items():
            metrics[metric].add(counts)
    figures = tickets.order_by().aggregate(created=Count("pk"), still_open=Count("pk", filter=Q(stage__in=OPEN_STAGES)))
    created, still_open = figures["created"], figures["still_open"]
    return Summary(created, created - still_open, still_open, total, {m: c for m, c in metrics.items() if c.total})
