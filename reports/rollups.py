"""Keeping sums of days and months: a job of the worker, in bounded steps, newest days first.

A bucket is counted, then put in place of the old one together with removing the marks that it answers. What changes
while it is counted leaves marks of its own and is counted again.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone

from core import leases
from reports import triggers
from reports.figures.measures import PARTS, measure, recipe
from reports.figures.source import ALL, BESIDE_TEAM, KEPT_DIMENSIONS, changed_days, days_of, kept_buckets
from reports.models import Bucket, Changed, RollupCell, pack, unpack
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
        triggers.restore()
        Bucket.objects.all().delete()


def _wanted(now: datetime) -> Iterator[tuple[str, date]]:
    """What to count: days that changed or whose deadlines passed, days never counted, then months of such days."""
    today = timezone.localtime(now).date()
    begin = Ticket.objects.aggregate(first=Min("created_at"))["first"]
    # No sums of today are kept: it grows with every ticket and is counted live.
    Changed.objects.filter(quarter__gte=period(today, today)[0]).delete()
    made = dict(kept_buckets().filter(grain=Grain.DAY).values_list("first", "valid_until"))
    stale = {day for day, until in made.items() if until is not None and until < now}
    missing = set(days_of(timezone.localtime(begin).date(), today)) - set(made) if begin else set()
    days = {day for day in changed_days() | stale | missing if day < today}
    for day in sorted(days, reverse=True):
        yield Grain.DAY, day
    yield from ((Grain.MONTH, first) for first in _missing_months(today))


def _missing_months(today: date) -> list[date]:
    """Whole months that are over, all of whose days are counted, but not the month; the newest first."""
    made: Counter[date] = Counter()
    for day in kept_buckets().filter(grain=Grain.DAY).values_list("first", flat=True):
        made[day.replace(day=1)] += 1
    done = set(kept_buckets().filter(grain=Grain.MONTH).values_list("first", flat=True))
    ready = [first for first, days in made.items() if days == last_of_month(first).day and first not in done]
    return sorted((first for first in ready if last_of_month(first) < today), reverse=True)


def make_day(day: date, *, now: datetime | None = None) -> int:
    """Count the tickets created on that local day, and forget the month, which is not true any more."""
    since, before = period(day, day)
    marks = list(Changed.objects.filter(quarter__gte=since, quarter__lt=before).values_list("pk", flat=True))
    at = now or timezone.now()
    tickets = Ticket.objects.filter(created_at__gte=since, created_at__lt=before, is_restricted=False)
    cells = list(_cells_of(tickets, at))
    running = Clock.objects.filter(ticket__in=tickets.values("pk"), is_stopped=False, due_at__gte=at)
    valid_until = running.exclude(state=Clock.State.BREACHED).aggregate(first=Min("due_at"))["first"]
    with transaction.atomic():
        Bucket.objects.filter(Q(grain=Grain.DAY, first=day) | Q(grain=Grain.MONTH, first=day.replace(day=1))).delete()
        _put(Bucket(grain=Grain.DAY, first=day, as_of=at, valid_until=valid_until, recipe=recipe()), cells)
        Changed.objects.filter(pk__in=marks).delete()
    return 1


def _cells_of(tickets: Any, now: datetime) -> Iterator[RollupCell]:
    """Counted once by all columns together, then added up along each dimension."""
    for part in PARTS:
        sums: dict[tuple[str, str], Sums] = {}
        for values, counters in measure(part, tickets, KEPT_DIMENSIONS, now).items():
            for cell, value in _places_of(dict(zip(KEPT_DIMENSIONS, values, strict=True))):
                sums.setdefault(cell, {}).setdefault(value, Counter()).update(counters)
        yield from _as_cells(part, sums)


def _places_of(values: dict[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """((dimension, kind), value) of every cell that counts tickets with these values."""
    for kind in ("", values["kind"]):
        yield (ALL, kind), ""
        yield from (((name, kind), value) for name, value in values.items() if name != "kind")
    yield ("kind", ""), values["kind"]
    yield from (((f"team.{name}", ""), f"{values['team']}|{values[name]}") for name in BESIDE_TEAM)


def _as_cells(part: str, sums: dict[tuple[str, str], Sums]) -> Iterator[RollupCell]:
    for (dimension, kind), by_value in sums.items():
        yield RollupCell(part=part, dimension=dimension, kind=kind, packed=pack(by_value))


def _put(bucket: Bucket, cells: Iterable[RollupCell]) -> None:
    bucket.save(force_insert=True)
    for cell in (made := list(cells)):
        cell.bucket = bucket
    RollupCell.objects.bulk_create(made)


@transaction.atomic
def make_month(first: date, *, now: datetime | None = None) -> int:
    """Add up the days of a month. As true as the oldest of them, until the first of them is not true any more."""
    days = list(kept_buckets().filter(grain=Grain.DAY, first__gte=first, first__lte=last_of_month(first)))
    if len(days) != last_of_month(first).day:
        return 0
    made: dict[tuple[str, str, str], Sums] = {}
    found = RollupCell.objects.filter(bucket__in=days).values_list("part", "dimension", "kind", "packed")
    for part, dimension, kind, packed in found.iterator():
        into = made.setdefault((part, dimension, kind), {})
        for value, counters in unpack(packed).items():
            into.setdefault(value, Counter()).update(counters)
    limits = [each.valid_until for each in days if each.valid_until]
    Bucket.objects.filter(grain=Grain.MONTH, first=first).delete()
    bucket = Bucket(
        grain=Grain.MONTH,
        first=first,
        as_of=max(each.as_of for each in days),
        valid_until=min(limits, default=None),
        recipe=recipe(),
    )
    _put(bucket, (RollupCell(part=p, dimension=d, kind=k, packed=pack(sums)) for (p, d, k), sums in made.items()))
    return 1
