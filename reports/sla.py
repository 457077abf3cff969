"""Attainment of the SLA: what share of clocks met their target, by kind, service, office, team, priority or month.

A clock belongs to the period in which its ticket was created (local dates, both ends included). Every figure starts
from `tickets.access.visible_to`. What each figure means is written in `reports.definitions`.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team, User
from accounts.roles import Role
from catalog.models import Service
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
RESULTS = {
    "met": gettext_lazy("Tercapai"),
    "breached": gettext_lazy("Lewat tenggat"),
    "running": gettext_lazy("Berjalan"),
}
PROGRESS = {"open": gettext_lazy("Masih terbuka"), "finished": gettext_lazy("Selesai")}
NONE = "-"
"""Key of the row of tickets that have no service, office or team."""
NAMED: dict[str, Any] = {"service": Service, "office": Office, "team": Team}
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""Dates outside are typing errors, and some of them no database can compare in UTC."""

Filters = Mapping[str, str]
NO_FILTERS: Filters = MappingProxyType({})


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


def period(start: date, end: date) -> tuple[datetime, datetime]:
    """The half-open range of instants of the local dates `start` to `end`, both included.

    Raises ValueError when they are in the wrong order or outside EARLIEST to LATEST.
    """
    if not EARLIEST <= start <= end <= LATEST:
        limits = {"first": EARLIEST.year, "last": LATEST.year}
        raise ValueError(_("Masa tidak sah: pilih tanggal berurutan antara %(first)d dan %(last)d.") % limits)
    zone = timezone.get_current_timezone()
    first = datetime.combine(start, time.min, tzinfo=zone)
    return first, datetime.combine(end + timedelta(days=1), time.min, tzinfo=zone)


def tickets_in(user: User, *, start: date, end: date, filters: Filters = NO_FILTERS) -> QuerySet[Ticket]:
    """The tickets this person may count, created in the period, that pass the filters (codes; "" filters nothing).

    Raises ValueError for an impossible period and for a filter nobody knows.
    """
    first, after = period(start, end)
    unknown = set(filters) - set(FILTERS)
    if unknown:
        raise ValueError(_("Saringan tidak dikenal: %(name)s") % {"name": min(unknown)})
    tickets = access.visible_to(user)
    if not user.has_role(Role.CONFIDENTIAL_OFFICER):
        # People see the restricted tickets they reported themselves, but a report is printed and passed on.
        tickets = tickets.filter(is_restricted=False)
    chosen = {FILTERS[name]: value for name, value in filters.items() if value}
    return tickets.filter(created_at__gte=first, created_at__lt=after, **chosen)


def is_breached(now: datetime) -> Q:
    """Past its deadline, whether or not a sweep has noted it yet."""
    return Q(state=Clock.State.BREACHED) | Q(is_stopped=False, due_at__isnull=False, due_at__lt=now)


def result_is(result: str, now: datetime) -> Q:
    """The clocks counted as `met`, `breached` or `running`; every clock is exactly one of them."""
    if result == "breached":
        return is_breached(now)
    return ~is_breached(now) & Q(is_stopped=result == "met")


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

    One aggregating query, whatever the number of tickets; names are looked up apart. Raises ValueError like
    `tickets_in`, and for an unknown `group_by`.
    """
    if group_by not in GROUPS:
        raise ValueError(_("Pengelompokan tidak dikenal: %(name)s") % {"name": group_by})
    at = now or timezone.now()
    tickets = tickets_in(user, start=start, end=end, filters=filters)
    clocks = Clock.objects.filter(ticket__in=tickets.order_by().values("pk"))
    keyed = clocks.annotate(key=_key(group_by, start, end)).values("key", "metric")
    cells: Any = keyed.annotate(**{name: Count("pk", filter=result_is(name, at)) for name in RESULTS}).order_by()
    rows: dict[Any, Row] = {}
    for cell in cells:
        row = rows.setdefault(cell["key"], Row())
        counts = Counts(*(cell[name] for name in RESULTS))
        row.metrics.setdefault(cell["metric"], Counts()).add(counts)
        row.add(counts)
    names = dict(NAMED[group_by].objects.values_list("code", "name")) if group_by in NAMED and rows else {}
    for value, row in rows.items():
        row.key = _code(group_by, value)
        row.label = names.get(value) or _label(group_by, row.key)
    return sorted(rows.values(), key=_order(group_by))


def _key(group_by: str, start: date, end: date) -> Any:
    """The expression by which clocks are grouped."""
    if group_by in NAMED:
        return F(f"ticket__{group_by}__code")
    if group_by != "month":
        return F(f"ticket__{group_by}")
    # Compared as instants: on SQLite, TruncMonth calls Python for every row and takes three times as long.
    whens = [
        When(ticket__created_at__gte=period(first, first)[0], then=Value(f"{first:%Y-%m}"))
        for first in _months(start, end)
    ]
    return Case(*reversed(whens), output_field=CharField())


def _months(start: date, end: date) -> list[date]:
    """The first day of every month from that of `start` to that of `end`."""
    numbers = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _code(group_by: str, value: Any) -> str:
    if value is None:
        return NONE
    return Level(value).code if group_by == "priority" else str(value)


def _label(group_by: str, key: str) -> str:
    """The label of a row that needs no look-up. Raises ValueError for a key that cannot be one."""
    if group_by in NAMED:
        return _("Tidak disebut")
    if group_by == "month":
        return date_format(_first_of_month(key), "F Y")
    return str(Level.from_code(key).label if group_by == "priority" else Kind(key).label)


def _order(group_by: str) -> Callable[[Row], Any]:
    if group_by == "month":
        return lambda row: row.key
    return lambda row: (row.attainment is None, row.attainment or 0.0, -row.total, row.label)


def label_of(group_by: str, key: str) -> str:
    """The label of the row with that key. Raises ValueError for a key that cannot be one."""
    if key == NONE or group_by not in NAMED:
        return _label(group_by, key)
    name = NAMED[group_by].objects.filter(code=key).values_list("name", flat=True).first()
    if name is None:
        raise ValueError(key)
    return str(name)


def _first_of_month(key: str) -> date:
    return datetime.strptime(key, "%Y-%m").date()  # noqa: DTZ007 - a local date is wanted, not an instant


def _in_group(group_by: str, key: str) -> Q:
    if group_by == "month":
        first = _first_of_month(key)
        since, before = period(first, first.replace(day=monthrange(first.year, first.month)[1]))
        return Q(created_at__gte=since, created_at__lt=before)
    if group_by == "priority":
        return Q(priority=Level.from_code(key))
    if group_by == "kind":
        return Q(kind=Kind(key))
    return Q(**{group_by: None}) if key == NONE else Q(**{f"{group_by}__code": key})


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
        found = found.filter(_in_group(cell.group_by, cell.key))
    if cell.progress:
        is_open = Q(stage__in=OPEN_STAGES)
        found = found.filter(is_open if cell.progress == "open" else ~is_open)
    if not (cell.metric or cell.result):
        return found
    clocks = Clock.objects.filter(metric=cell.metric) if cell.metric else Clock.objects.all()
    if cell.result:
        clocks = clocks.filter(result_is(cell.result, now or timezone.now()))
    return found.filter(pk__in=clocks.values("ticket_id"))


def summary(
    user: User, *, start: date, end: date, filters: Filters = NO_FILTERS, rows: Sequence[Row] | None = None
) -> Summary:
    """The totals of a period. `rows` of the same question, when given, save counting the clocks once more.

    Raises ValueError like `tickets_in`.
    """
    if rows is None:
        rows = attainment(user, start=start, end=end, group_by="kind", filters=filters)
    total, metrics = Counts(), {metric: Counts() for metric in Metric.values}
    for row in rows:
        total.add(row)
        for metric, counts in row.metrics.items():
            metrics[metric].add(counts)
    tickets = tickets_in(user, start=start, end=end, filters=filters).order_by()
    figures = tickets.aggregate(created=Count("pk"), still_open=Count("pk", filter=Q(stage__in=OPEN_STAGES)))
    created, still_open = figures["created"], figures["still_open"]
    return Summary(
        created, created - still_open, still_open, total, {name: each for name, each in metrics.items() if each.total}
    )
