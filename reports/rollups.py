"""Keeping sums of days and months: a job of the worker, in bounded steps, newest days first.

A bucket is counted, then put in place of the old one together with removing the marks that it answers. What changes
while it is counted leaves marks of its own and is counted again.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

from core import leases
from reports import triggers
from reports.figures.measures import PARTS, measure
from reports.figures.source import ALL, KEPT_DIMENSIONS, days_of, days_touched
from reports.models import Bucket, Changed, RollupCell
from reports.scope import last_of_month, period
from sla.models import Clock
from tickets.models import Ticket

logger = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "report sums", 120
STEP = 20
"""Buckets of one run, after which other jobs have their turn."""
Sums = dict[str, Counter[str]]
Grain = Bucket.Grain


def work(limit: int = STEP, now: datetime | None = None) -> int:
    """Count what is out of date or was never counted; returns how many buckets were made.

    One worker at a time; a second one would only count the same days.
    """
    if not leases.hold(LEASE, LEASE_SECONDS):
        return 0
    _keep_watch()
    done = 0
    for grain, first in _wanted(now or timezone.now()):
        if done >= limit:
            break
        make = make_day if grain == Grain.DAY else make_month
        done += make(first, now=now)
    return done


def _keep_watch() -> None:
    """A migration that rebuilds a table on SQLite drops its triggers, and what changed since is not known."""
    if triggers.are_complete():
        return
    logger.warning("triggers of report sums were missing: all sums are counted again")
    with transaction.atomic():
        with connection.schema_editor(atomic=False) as editor:
            triggers.drop(None, editor)
            triggers.create(None, editor)
        Bucket.objects.all().delete()


def _wanted(now: datetime) -> Iterator[tuple[str, date]]:
    """What to count: days that changed or whose deadlines passed, days never counted, then months of such days."""
    today = timezone.localtime(now).date()
    begin = Ticket.objects.aggregate(first=Min("created_at"))["first"]
    marked = {day for hour in Changed.objects.values_list("hour", flat=True).distinct() for day in days_touched(hour)}
    made = dict(Bucket.objects.filter(grain=Grain.DAY).values_list("first", "valid_until"))
    stale = {day for day, until in made.items() if until is not None and until < now}
    missing = set(days_of(timezone.localtime(begin).date(), today)) - set(made) if begin else set()
    # Today grows with every ticket and is counted live; a mark of it waits for tomorrow.
    days = {day for day in marked | stale | missing if day < today}
    for day in sorted(days, reverse=True):
        yield Grain.DAY, day
    yield from ((Grain.MONTH, first) for first in _missing_months(today))


def _missing_months(today: date) -> list[date]:
    """Whole months that are over, all of whose days are counted, but not the month; the newest first."""
    made: Counter[date] = Counter()
    for day in Bucket.objects.filter(grain=Grain.DAY).values_list("first", flat=True):
        made[day.replace(day=1)] += 1
    done = set(Bucket.objects.filter(grain=Grain.MONTH).values_list("first", flat=True))
    ready = [first for first, days in made.items() if days == last_of_month(first).day and first not in done]
    return sorted((first for first in ready if last_of_month(first) < today), reverse=True)


def make_day(day: date, *, now: datetime | None = None) -> int:
    """Count the tickets created on that local day, and forget the month, which is not true any more."""
    since, before = period(day, day)
    marks = [each.pk for each in Changed.objects.all() if _is_only_of(each.hour, day)]
    at = now or timezone.now()
    tickets = Ticket.objects.filter(created_at__gte=since, created_at__lt=before, is_restricted=False)
    cells = list(_cells_of(tickets, at))
    running = Clock.objects.filter(ticket__in=tickets.values("pk"), is_stopped=False, due_at__gte=at)
    valid_until = running.exclude(state=Clock.State.BREACHED).aggregate(first=Min("due_at"))["first"]
    with transaction.atomic():
        Bucket.objects.filter(Q(grain=Grain.DAY, first=day) | Q(grain=Grain.MONTH, first=day.replace(day=1))).delete()
        _put(Bucket(grain=Grain.DAY, first=day, as_of=at, valid_until=valid_until), cells)
        Changed.objects.filter(pk__in=marks).delete()
    return 1


def _is_only_of(hour: datetime, day: date) -> bool:
    """Whether counting that day answers the mark. One of two days (zones of half hours) waits for the later of them."""
    return max(days_touched(hour)) == day


def _cells_of(tickets: Any, now: datetime) -> Iterator[RollupCell]:
    """Counted once by all columns together, then added up along each dimension."""
    for part in PARTS:
        dimensions = ("kind",) if part == "heat" else KEPT_DIMENSIONS
        sums: dict[tuple[str, str], Sums] = {}
        for values, counters in measure(part, tickets, dimensions, now).items():
            kind = values[0]
            for dimension, value in ((ALL, ""), *zip(dimensions, values, strict=True)):
                for own in ("",) if dimension == "kind" else ("", kind):
                    sums.setdefault((dimension, own), {}).setdefault(value, Counter()).update(counters)
        yield from _as_cells(part, sums)


def _as_cells(part: str, sums: dict[tuple[str, str], Sums]) -> Iterator[RollupCell]:
    for (dimension, kind), by_value in sums.items():
        yield RollupCell(part=part, dimension=dimension, kind=kind, sums=by_value)


def _put(bucket: Bucket, cells: Iterable[RollupCell]) -> None:
    bucket.save(force_insert=True)
    for cell in (made := list(cells)):
        cell.bucket = bucket
    RollupCell.objects.bulk_create(made)


@transaction.atomic
def make_month(first: date, *, now: datetime | None = None) -> int:
    """Add up the days of a month. As true as the oldest of them, until the first of them is not true any more."""
    days = list(Bucket.objects.filter(grain=Grain.DAY, first__gte=first, first__lte=last_of_month(first)))
    if len(days) != last_of_month(first).day:
        return 0
    made: dict[tuple[str, str, str], Sums] = {}
    found = RollupCell.objects.filter(bucket__in=days).values_list("part", "dimension", "kind", "sums")
    for part, dimension, kind, sums in found.iterator():
        into = made.setdefault((part, dimension, kind), {})
        for value, counters in sums.items():
            into.setdefault(value, Counter()).update(counters)
    limits = [each.valid_until for each in days if each.valid_until]
    Bucket.objects.filter(grain=Grain.MONTH, first=first).delete()
    bucket = Bucket(
        grain=Grain.MONTH, first=first, as_of=max(each.as_of for each in days), valid_until=min(limits, default=None)
    )
    _put(bucket, (RollupCell(part=p, dimension=d, kind=k, sums=sums) for (p, d, k), sums in made.items()))
    return 1
