"""What the county publishes about its services: counts and attainment without anybody behind them.

The rules, all of them applied here, before anything is cached or shown:

1. Restricted tickets (secret, whistleblowing) are never counted, nor is internal work (problems, changes).
2. Only complete calendar months count, so that two visits on following days cannot be subtracted.
3. A count under SMALL is not shown: it may be nought to four. Every other count is rounded to a multiple of ROUND.
   Differences of rounded counts (total minus rows, twelve months minus three) say nothing about single tickets.
4. The total adds the shown, rounded counts and nothing hidden; there is no attainment of all services together.
5. A percentage or median is shown when at least SMALL clocks stand behind it, as a whole percent or ten minutes. A
   percentage can betray its denominator, and three months lie within twelve: when the nine months between hold one to
   four clocks, the figure of the three months is hidden too (secondary suppression), or the nine could be computed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from catalog.models import Service
from reports.sla import period, result_is
from sla.models import Clock, Metric
from tickets.choices import Kind
from tickets.models import Ticket

SMALL = 5
ROUND = 5
WINDOWS = (3, 12)
"""Months of the two windows; the shorter lies within the longer."""
KINDS = (Kind.COMPLAINT, Kind.INCIDENT, Kind.REQUEST)
METRICS = (Metric.RESPONSE, Metric.RESOLUTION)
FRESH = timedelta(minutes=10)
KEPT_SECONDS = 24 * 3600
CACHE_KEY, LOCK_KEY = "reports:dashboard:1", "reports:dashboard:1:counting"
LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One service in one window as published; None is hidden. `median` is in minutes of working time."""

    code: str
    name: str
    tickets: int | None
    response: int | None
    resolution: int | None
    median: int | None


@dataclass(frozen=True, slots=True)
class Published:
    """All lines of one window, most tickets first; `total` adds what is shown."""

    months: int
    start: date
    end: date
    made_at: datetime
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        return sum(line.tickets or 0 for line in self.lines)


def published(months: int, now: datetime | None = None) -> Published | None:
    """What is shown of a window: at most FRESH old, or older while somebody else is counting.

    However many visitors come, one of them counts. None when nothing was counted yet and another one is at it.
    """
    at = now or timezone.now()
    held: dict[int, Published] | None = cache.get(CACHE_KEY)
    is_fresh = held is not None and held[months].made_at > at - FRESH
    if not is_fresh and cache.add(LOCK_KEY, 1, LOCK_SECONDS):
        try:
            held = count(at)
            cache.set(CACHE_KEY, held, KEPT_SECONDS)
        finally:
            cache.delete(LOCK_KEY)
    return held[months] if held else None


def count(now: datetime) -> dict[int, Published]:
    """Both windows, counted in a constant number of queries and made safe to publish."""
    end = timezone.localtime(now).date().replace(day=1) - timedelta(days=1)
    raw = {months: _Raw.of(_first(end, months), end, now) for months in WINDOWS}
    services = list(Service.objects.filter(status=Service.Status.ACTIVE).order_by("name").values_list("code", "name"))
    found = {}
    for months in WINDOWS:
        lines = [_line(code, name, raw, months) for code, name in services]
        lines.sort(key=lambda line: -(line.tickets or 0))
        found[months] = Published(months, _first(end, months), end, now, tuple(lines))
    return found


def _first(end: date, months: int) -> date:
    """The first day of the `months` months that end with `end`."""
    number = end.year * 12 + end.month - months
    return date(number // 12, number % 12 + 1, 1)


@dataclass(slots=True)
class _Raw:
    """The exact figures of one window by service; they never leave this module."""

    tickets: dict[str, int]
    met: dict[tuple[str, str], int]
    decided: dict[tuple[str, str], int]
    resolved: dict[str, int]
    medians: dict[str, float]

    @classmethod
    def of(cls, start: date, end: date, now: datetime) -> "_Raw":
        tickets = _tickets(start, end)
        counts = dict(tickets.values("service__code").annotate(n=Count("pk")).values_list("service__code", "n"))
        met, decided = {}, {}
        for code, metric, good, late in _decided(tickets, now):
            met[code, metric], decided[code, metric] = good, good + late
        values = _middle_values(tickets)
        return cls(counts, met, decided, {code: n for code, n, _value in values}, {c: v for c, _n, v in values})


def _tickets(start: date, end: date) -> QuerySet[Ticket]:
    """What may be counted in public. Nobody is signed in: the rule is this filter, not what somebody may see."""
    since, before = period(start, end)
    return Ticket.objects.filter(
        is_restricted=False,
        kind__in=KINDS,
        service__status=Service.Status.ACTIVE,
        created_at__gte=since,
        created_at__lt=before,
    ).order_by()


def _decided(tickets: QuerySet[Ticket], now: datetime) -> Any:
    clocks = Clock.objects.filter(ticket__in=tickets.values("pk"), metric__in=METRICS)
    counted = clocks.values("ticket__service__code", "metric").annotate(
        good=Count("pk", filter=result_is("met", now)), late=Count("pk", filter=result_is("breached", now))
    )
    return counted.order_by().values_list("ticket__service__code", "metric", "good", "late")


def _middle_values(tickets: QuerySet[Ticket]) -> list[tuple[str, int, float]]:
    """(service, number of finished resolutions, their median in working minutes).

    The database numbers the clocks of each service by length and hands out the one or two in the middle.
    """
    service = [F("ticket__service__code")]
    clocks = (
        Clock.objects.filter(ticket__in=tickets.values("pk"), metric=Metric.RESOLUTION, is_stopped=True)
        .annotate(
            place=Window(RowNumber(), partition_by=service, order_by=[F("elapsed_seconds"), F("pk")]),
            size=Window(Count("pk"), partition_by=service),
        )
        .filter(Q(place__gte=F("size") / 2.0) & Q(place__lte=F("size") / 2.0 + 1))
    )
    found: dict[str, tuple[int, list[int]]] = {}
    for code, size, seconds in clocks.values_list("ticket__service__code", "size", "elapsed_seconds"):
        found.setdefault(code, (size, []))[1].append(seconds)
    return [(code, size, median(values) / 60) for code, (size, values) in found.items()]


def _line(code: str, name: str, raw: dict[int, _Raw], months: int) -> Line:
    own = raw[months]
    shares = []
    for metric in METRICS:
        is_shown = _may_show({each: raw[each].decided.get((code, metric), 0) for each in WINDOWS}, months)
        share = 100 * own.met.get((code, metric), 0) / own.decided[code, metric] if is_shown else None
        shares.append(None if share is None else round(share))
    is_shown = _may_show({each: raw[each].resolved.get(code, 0) for each in WINDOWS}, months)
    middle = 10 * round(own.medians[code] / 10) if is_shown else None
    return Line(code, name, rounded(own.tickets.get(code, 0)), shares[0], shares[1], middle)


def rounded(number: int) -> int | None:
    """A count as it may be shown: None under SMALL, else the nearest multiple of ROUND.

    >>> [rounded(n) for n in (0, 4, 5, 7, 8, 12, 13)]
    [None, None, 5, 5, 10, 10, 15]
    """
    return None if number < SMALL else ROUND * ((number + ROUND // 2) // ROUND)


def _may_show(behind: dict[int, int], months: int) -> bool:
    """Whether a figure with so many clocks behind it in each window may be shown in this one (rules 5)."""
    short, long = (behind[each] for each in WINDOWS)
    if behind[months] < SMALL:
        return False
    return months == WINDOWS[1] or not 0 < long - short < SMALL


def as_rows(shown: Published) -> Iterator[dict[str, Any]]:
    """The lines for programs; a hidden figure is null, a hidden count says so in words."""
    for line in shown.lines:
        yield {
            "code": line.code,
            "service": line.name,
            "tickets": line.tickets,
            "tickets_text": f"< {SMALL}" if line.tickets is None else str(line.tickets),
            "response_percent": line.response,
            "resolution_percent": line.resolution,
            "median_resolution_minutes": line.median,
        }
