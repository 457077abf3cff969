"""Where sums come from: kept ones for whole days and months nothing changed in, and live counting for the rest.

Kept sums are of all unrestricted tickets. They answer people who see exactly those, for all tickets, one kind, or one
service, office or team; every other question is counted live, through indexes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import User
from reports.figures.measures import TIMELY, measure
from reports.models import Bucket, Changed, RollupCell
from reports.scope import (
    NO_FILTERS,
    Filters,
    last_of_month,
    may_use_sums,
    months_of,
    period,
    raw_of,
    tickets_in,
)
from tickets.models import Ticket

ALL = "all"
"""The dimension without groups: its only value is ""."""
KEPT_DIMENSIONS = ("kind", "service", "office", "team", "priority", "channel", "requester_class")
TRIES = 3


@dataclass(frozen=True, slots=True)
class Question:
    """What is counted, for whom, as of when. `filters` by code, as everywhere in reports."""

    user: User
    start: date
    end: date
    filters: Filters = field(default_factory=lambda: NO_FILTERS)
    now: datetime = field(default_factory=timezone.now)

    def tickets(self) -> QuerySet[Ticket]:
        return tickets_in(self.user, start=self.start, end=self.end, filters=self.filters)

    def over(self, start: date, end: date) -> "Question":
        """The same about another period."""
        return Question(self.user, start, end, self.filters, self.now)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered: the buckets to add up (id → key of the month) and the days to count live."""

    buckets: dict[int, str]
    days: list[tuple[date, date]]


def count(question: Question, part: str, dimension: str = ALL) -> dict[str, Counter[str]]:
    """Value of the dimension as text ("" for none; months as "2026-11") → its sums.

    Raises ValueError like `tickets_in`.
    """
    wanted = {name: value for name, value in question.filters.items() if value}
    period(question.start, question.end)
    if not may_use_sums(question.user) or _kept_as(wanted, dimension) is None:
        return _live(question, part, dimension, [(question.start, question.end)])
    for _try in range(TRIES):
        plan = plan_of(question.start, question.end, question.now, part)
        found = _kept(plan, part, dimension, wanted)
        if Bucket.objects.filter(pk__in=plan.buckets).count() == len(plan.buckets):
            break  # else a worker replaced one while it was read
    else:
        return _live(question, part, dimension, [(question.start, question.end)])
    if plan.days:
        add(found, _live(question, part, dimension, plan.days))
    return found


def total(question: Question, part: str) -> Counter[str]:
    """The sums of all tickets together."""
    return count(question, part).get("", Counter())


def add(into: dict[str, Counter[str]], other: dict[str, Counter[str]]) -> None:
    """Add the sums of `other`, value by value."""
    for value, sums in other.items():
        into.setdefault(value, Counter()).update(sums)


def _kept_as(wanted: dict[str, str], dimension: str) -> tuple[str, str] | None:
    """(dimension, kind) of the cells that answer; None when no kept sums do."""
    kind = wanted.get("kind", "")
    others = [name for name in wanted if name != "kind"]
    if not others:
        return (ALL if dimension == "month" else dimension), kind
    if len(others) == 1 and dimension in (ALL, "month", "kind", others[0]):
        return others[0], kind
    return None


def _kept(plan: Plan, part: str, dimension: str, wanted: dict[str, str]) -> dict[str, Counter[str]]:
    kept_as = _kept_as(wanted, dimension)
    if kept_as is None or not plan.buckets:
        return {}
    along, kind = kept_as
    only = next((str(raw_of(name, value)) for name, value in wanted.items() if name == along != "kind"), None)
    if along == "kind" and kind:  # of one kind, by kind: the sums of all, of that kind
        along = ALL
    cells = RollupCell.objects.filter(bucket__in=plan.buckets, part=part, dimension=along)
    by_kind = dimension == "kind" and along != "kind"
    cells = cells.exclude(kind="") if by_kind and not kind else cells.filter(kind=kind)
    found: dict[str, Counter[str]] = {}
    for bucket_id, own_kind, sums in cells.values_list("bucket_id", "kind", "sums"):
        for value, counters in sums.items():
            if only is not None and value != only:
                continue
            group = own_kind if by_kind else plan.buckets[bucket_id] if dimension == "month" else value
            if dimension == ALL:
                group = ""
            found.setdefault(group, Counter()).update(counters)
    return found


def _live(question: Question, part: str, dimension: str, days: Sequence[tuple[date, date]]) -> dict[str, Counter[str]]:
    if dimension == "month" and part == "causes":  # ranks rows of spells, which have no month of the ticket
        return _month_by_month(question, part, days)
    tickets = question.tickets()
    if list(days) != [(question.start, question.end)]:
        tickets = tickets.filter(any_of(days))
    by = [] if dimension == ALL else [dimension]
    if dimension == "month":
        tickets = tickets.annotate(month=_month(question.start, question.end))
    return {"".join(key): sums for key, sums in measure(part, tickets, by, question.now).items()}


def _month_by_month(question: Question, part: str, days: Sequence[tuple[date, date]]) -> dict[str, Counter[str]]:
    found = {}
    for first in months_of(question.start, question.end):
        within = [(max(a, first), min(b, last_of_month(first))) for a, b in days]
        own = [(a, b) for a, b in within if a <= b]
        sums = _live(question, part, ALL, own).get("") if own else None
        if sums:
            found[f"{first:%Y-%m}"] = sums
    return found


def any_of(days: Iterable[tuple[date, date]]) -> Q:
    """Tickets created in one of these stretches of local days."""
    found = Q(pk__in=[])
    for first, last in days:
        since, before = period(first, last)
        found |= Q(created_at__gte=since, created_at__lt=before)
    return found


def _month(start: date, end: date) -> Case:
    """The key of the month. Compared as instants: on SQLite, TruncMonth calls Python for every row."""
    whens = [
        When(created_at__gte=period(first, first)[0], then=Value(f"{first:%Y-%m}")) for first in months_of(start, end)
    ]
    return Case(*reversed(whens), output_field=CharField())


def plan_of(start: date, end: date, now: datetime, part: str) -> Plan:
    """Whole months first, then days, and live what is neither kept nor up to date.

    The marks of what changed are read before the buckets: a bucket that is newer than they are includes the change.
    """
    changed = changed_days()
    usable = [
        bucket
        for bucket in Bucket.objects.filter(first__gte=start.replace(day=1), first__lte=end, as_of__lte=now)
        if part not in TIMELY or bucket.valid_until is None or now <= bucket.valid_until
    ]
    months = {bucket.first: bucket for bucket in usable if bucket.grain == Bucket.Grain.MONTH}
    days = {bucket.first: bucket for bucket in usable if bucket.grain == Bucket.Grain.DAY}
    changed_months = {day.replace(day=1) for day in changed}
    buckets: dict[int, str] = {}
    live: list[date] = []
    for first in months_of(start, end):
        last, key = last_of_month(first), f"{first:%Y-%m}"
        if first >= start and last <= end and first in months and first not in changed_months:
            buckets[months[first].pk] = key
            continue
        for day in days_of(max(first, start), min(last, end)):
            if day in days and day not in changed:
                buckets[days[day].pk] = key
            else:
                live.append(day)
    return Plan(buckets, stretches(live))


def changed_days() -> set[date]:
    """The local days of creation of tickets that changed since they were counted."""
    found = set()
    for hour in Changed.objects.values_list("hour", flat=True).distinct():
        found |= days_touched(hour)
    return found


def days_touched(hour: datetime) -> set[date]:
    """The local days that this hour of UTC belongs to; two where zones differ by half hours."""
    begin = hour.astimezone(UTC)
    zone = timezone.get_current_timezone()
    return {begin.astimezone(zone).date(), (begin + timedelta(minutes=59, seconds=59)).astimezone(zone).date()}


def days_of(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def stretches(days: Sequence[date]) -> list[tuple[date, date]]:
    """Consecutive days, in order, joined to (first, last). Pure.

    >>> stretches([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)])
    [(datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)), (datetime.date(2026, 1, 5), datetime.date(2026, 1, 5))]
    """
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
