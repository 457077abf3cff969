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

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from reports.figures import PublicQuestion, TooMany, by_service, duration_of
from reports.scope import months_before
from sla.models import Metric
from tickets.choices import Kind

logger = logging.getLogger(__name__)

SMALL = 5
ROUND = 5
WINDOWS = (3, 12)
"""Months of the two windows; the shorter lies within the longer."""
KINDS = (Kind.COMPLAINT, Kind.INCIDENT, Kind.REQUEST)
METRICS = (Metric.RESPONSE, Metric.RESOLUTION)
FRESH = timedelta(minutes=10)
KEPT_SECONDS = 24 * 3600
MOST_LIVE = 5000
"""Tickets that a visit may have counted; all others come from kept sums. Beyond, the page waits for the worker."""
CACHE_KEY, LOCK_KEY = "reports:dashboard:1", "reports:dashboard:1:counting"
LOCK_SECONDS = 60
WORDS: tuple[tuple[str | Promise, str | Promise], ...] = (
    (
        _("Tiket"),
        format_lazy(
            _(
                "Keluhan, gangguan, dan permintaan yang masuk dalam bulan-bulan penuh masa ini, dibulatkan ke "
                "kelipatan {step}. Tiket rahasia dan pelaporan pelanggaran tidak dihitung."
            ),
            step=ROUND,
        ),
    ),
    (
        _("Tepat waktu"),
        _(
            "Bagian tiket yang ditanggapi atau diselesaikan pada atau sebelum tenggatnya, di antara yang sudah dapat "
            "dinilai."
        ),
    ),
    (
        _("Median penyelesaian"),
        _(
            "Separuh tiket terselesaikan paling lama dalam waktu ini, dibulatkan ke sepuluh menit. Dihitung dalam jam "
            "kerja (h = hari kerja, j = jam, m = menit); waktu menunggu pelapor tidak ikut."
        ),
    ),
    (
        "–",
        format_lazy(
            _(
                "Tidak ditampilkan karena kurang dari {limit} tiket, atau karena dari angka ini dapat dihitung angka "
                "sekecil itu."
            ),
            limit=SMALL,
        ),
    ),
)
"""(term, sentence) in the order of the page; `docs/reports.md` has the same."""


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

    However many visitors come, one of them counts, and at most MOST_LIVE tickets. None when nothing was counted yet
    and another one is at it, or too much is in no kept sum yet.
    """
    at = now or timezone.now()
    held: dict[int, Published] | None = cache.get(CACHE_KEY)
    is_fresh = held is not None and held[months].made_at > at - FRESH
    if not is_fresh and cache.add(LOCK_KEY, 1, LOCK_SECONDS):
        try:
            held = count(at)
            cache.set(CACHE_KEY, held, KEPT_SECONDS)
        except TooMany:
            logger.info("public figures wait for the kept sums of reports")
        finally:
            cache.delete(LOCK_KEY)
    return held[months] if held else None


def count(now: datetime) -> dict[int, Published]:
    """Both windows, from kept sums in a constant number of queries, and made safe to publish. Raises TooMany."""
    end = timezone.localtime(now).date().replace(day=1) - timedelta(days=1)
    raw = {months: _Raw.of(months_before(end, months - 1), end, now) for months in WINDOWS}
    services = Service.objects.filter(status=Service.Status.ACTIVE).order_by("name")
    listed = [(str(pk), code, name) for pk, code, name in services.values_list("pk", "code", "name")]
    found = {}
    for months in WINDOWS:
        lines = [_line(pk, code, name, raw, months) for pk, code, name in listed]
        lines.sort(key=lambda line: -(line.tickets or 0))
        found[months] = Published(months, months_before(end, months - 1), end, now, tuple(lines))
    return found


@dataclass(frozen=True, slots=True)
class _Raw:
    """The exact sums of one window by id of the service; they never leave this module."""

    tickets: dict[str, Counter[str]]
    clocks: dict[str, Counter[str]]
    times: dict[str, Counter[str]]

    @classmethod
    def of(cls, start: date, end: date, now: datetime) -> "_Raw":
        """Nobody is signed in: what may be counted is in the question, not in what somebody may see."""
        asked = PublicQuestion(start, end, KINDS, now)
        return cls(*(by_service(asked, part, MOST_LIVE) for part in ("tickets", "clocks", "times")))

    def created(self, service: str) -> int:
        return self.tickets.get(service, Counter())["created"]

    def share(self, service: str, metric: str) -> tuple[int, int]:
        """Clocks that met their target, and those that are decided."""
        sums = self.clocks.get(service, Counter())
        met = sums[f"{metric}.met"]
        return met, met + sums[f"{metric}.breached"]

    def middle(self, service: str) -> tuple[int, int]:
        """The median of the time to resolve in minutes of working time, and how many stand behind it."""
        found = duration_of(self.times.get(service, Counter()), Metric.RESOLUTION)
        return found.median or 0, found.number


def _line(service: str, code: str, name: str, raw: dict[int, _Raw], months: int) -> Line:
    own = raw[months]
    shares = []
    for metric in METRICS:
        met, decided = own.share(service, metric)
        is_shown = _may_show({each: raw[each].share(service, metric)[1] for each in WINDOWS}, months)
        shares.append(round(100 * met / decided) if is_shown else None)
    is_shown = _may_show({each: raw[each].middle(service)[1] for each in WINDOWS}, months)
    middle = 10 * round(own.middle(service)[0] / 10) if is_shown else None
    return Line(code, name, rounded(own.created(service)), shares[0], shares[1], middle)


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
