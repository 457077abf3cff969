"""Where sums come from: kept ones for whole days and months nothing changed in, and live counting for the rest.

Kept sums are of all unrestricted tickets. They answer people who see exactly those, for all tickets, one kind, or one
service, office or team; and people who see whole teams, for these. What such a person sees besides, and every other
question, is counted live, through indexes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from reports.figures.measures import TIMELY, measure, recipe
from reports.models import Bucket, Changed, RollupCell, unpack
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
from tickets import access
from tickets.models import Ticket

ALL = "all"
"""The dimension without groups: its only value is ""."""
KEPT_DIMENSIONS = ("kind", "service", "office", "team", "priority", "channel", "requester_class")
BESIDE_TEAM = ("service", "office", "priority", "channel", "requester_class")
"""Kept also team by team, for coordinators; the value is then "team|value"."""
TRIES = 3
MAX_OTHERS = 5000
"""Up to so many tickets are named one by one."""


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
class PublicQuestion:
    """What is counted for everybody, with nobody asking: unrestricted tickets of some kinds."""

    start: date
    end: date
    kinds: tuple[str, ...]
    now: datetime

    def tickets(self) -> QuerySet[Ticket]:
        since, before = period(self.start, self.end)
        found = Ticket.objects.filter(is_restricted=False, created_at__gte=since, created_at__lt=before)
        return found.filter(kind__in=self.kinds)


Asked = Question | PublicQuestion


class TooMany(Exception):
    """More tickets than were allowed would have to be counted live."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered: the buckets to add up (id → key of the month) and the days to count live."""

    buckets: dict[int, str]
    days: list[tuple[date, date]]


def count(question: Question, part: str, dimension: str = ALL) -> dict[str, Counter[str]]:
    """Value of the dimension as text ("" for none; months as "2026-11") → its sums.

    Raises ValueError like `tickets_in`.
    """
    tickets = question.tickets()
    if may_use_sums(question.user):
        return _with_kept(question, part, dimension, tickets, _cells_for(question, dimension, None))
    teams = [] if question.user.has_role(Role.CONFIDENTIAL_OFFICER) else access.whole_teams(question.user)
    others = _of_other_teams(question, tickets, teams) if teams else None
    if others is None:
        return _live(question, part, dimension, tickets)
    own = tickets.filter(team__in=teams)
    found = _with_kept(question, part, dimension, own, _cells_for(question, dimension, teams))
    if others:
        add(found, _live(question, part, dimension, Ticket.objects.filter(pk__in=others)))
    return found


def _of_other_teams(question: Question, tickets: QuerySet[Ticket], teams: list[int]) -> set[int] | None:
    """The tickets this person may count outside of these teams, each way looked up by its own index; None: too many."""
    found: set[int] = set()
    for way in access.beyond_teams(question.user):
        others = tickets.filter(way).exclude(team__in=teams).order_by().values_list("pk", flat=True)
        found.update(others[: MAX_OTHERS + 1])
        if len(found) > MAX_OTHERS:
            return None
    return found


def by_service(question: PublicQuestion, part: str, most: int) -> dict[str, Counter[str]]:
    """Id of the service as text ("" for none) → its sums, for everybody.

    Raises TooMany when more than `most` tickets are in no kept sum: a page that anybody may open scans nothing.
    """
    return _with_kept(question, part, "service", question.tickets(), Cells("service", question.kinds), most)


def _with_kept(
    question: Asked,
    part: str,
    dimension: str,
    tickets: QuerySet[Ticket],
    cells: "Cells | None",
    most: int | None = None,
) -> dict[str, Counter[str]]:
    """The sums of `tickets`, which are those that `cells` count and no others; None: nothing is kept of these."""
    if cells is None:
        return _live(question, part, dimension, tickets)
    for _try in range(TRIES):
        plan = plan_of(question.start, question.end, question.now, part)
        left = tickets.filter(any_of(plan.days)) if plan.days else tickets.none()
        if most is not None and left.order_by()[: most + 1].count() > most:
            raise TooMany
        found = _kept(plan, part, dimension, cells)
        if Bucket.objects.filter(pk__in=plan.buckets).count() == len(plan.buckets):
            break  # else a worker replaced one while it was read
    else:
        if most is not None:
            raise TooMany
        return _live(question, part, dimension, tickets)
    if plan.days:
        add(found, _live(question, part, dimension, left))
    return found


def total(question: Question, part: str) -> Counter[str]:
    """The sums of all tickets together."""
    return count(question, part).get("", Counter())


def add(into: dict[str, Counter[str]], other: dict[str, Counter[str]]) -> None:
    """Add the sums of `other`, value by value."""
    for value, sums in other.items():
        into.setdefault(value, Counter()).update(sums)


@dataclass(frozen=True, slots=True)
class Cells:
    """Which cells answer: along which dimension, of which kinds ("" for all together), and which of their values."""

    along: str
    kinds: tuple[str, ...]
    only: frozenset[str] | None = None


def _cells_for(question: Question, dimension: str, teams: list[int] | None) -> Cells | None:
    """The cells for these filters and this dimension, in all teams or in some; None when none are kept for that."""
    wanted = {name: value for name, value in question.filters.items() if value}
    kind = wanted.get("kind", "")
    chosen = {name: frozenset({str(raw_of(name, value))}) for name, value in wanted.items() if name != "kind"}
    if teams is not None:
        own = frozenset(map(str, teams))
        chosen["team"] = chosen.get("team", own) & own
    if not chosen:
        return Cells(ALL if dimension == "month" or (dimension == "kind" and kind) else dimension, (kind,))
    along, only = next(iter(chosen.items()))
    if list(chosen) == ["team"] and dimension in BESIDE_TEAM and not kind:
        return Cells(f"team.{dimension}", ("",), only)
    return Cells(along, (kind,), only) if len(chosen) == 1 and dimension in (ALL, "month", "kind", along) else None


def _kept(plan: Plan, part: str, dimension: str, wanted: Cells) -> dict[str, Counter[str]]:
    if not plan.buckets:
        return {}
    cells = RollupCell.objects.filter(bucket__in=plan.buckets, part=part, dimension=wanted.along)
    by_kind = dimension == "kind" and wanted.along != "kind"
    cells = cells.exclude(kind="") if by_kind and wanted.kinds == ("",) else cells.filter(kind__in=wanted.kinds)
    found: dict[str, Counter[str]] = {}
    for bucket_id, kind, packed in cells.values_list("bucket_id", "kind", "packed"):
        common = {"month": plan.buckets[bucket_id], "kind": kind if by_kind else None, ALL: ""}.get(dimension)
        for value, counters in unpack(packed).items():
            first, bar, second = value.partition("|")
            if wanted.only is None or first in wanted.only:
                own = second if bar else first
                found.setdefault(own if common is None else common, Counter()).update(counters)
    return found


def _live(question: Asked, part: str, dimension: str, tickets: QuerySet[Ticket]) -> dict[str, Counter[str]]:
    if dimension == "month" and part == "causes":  # ranks rows of spells, which have no month of the ticket
        return _month_by_month(question, part, tickets)
    by = [] if dimension == ALL else [dimension]
    if dimension == "month":
        tickets = tickets.annotate(month=_month(question.start, question.end))
    return {"".join(key): sums for key, sums in measure(part, tickets, by, question.now).items()}


def _month_by_month(question: Asked, part: str, tickets: QuerySet[Ticket]) -> dict[str, Counter[str]]:
    found = {}
    for first in months_of(question.start, question.end):
        sums = _live(question, part, ALL, tickets.filter(any_of([(first, last_of_month(first))])))
        found.update({f"{first:%Y-%m}": own for own in sums.values()})
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
        for bucket in kept_buckets().filter(first__gte=start.replace(day=1), first__lte=end, as_of__lte=now)
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


def kept_buckets() -> QuerySet[Bucket]:
    """Those that were counted as figures are counted now."""
    return Bucket.objects.filter(recipe=recipe())


def changed_days() -> set[date]:
    """The local days of creation of tickets that changed since they were counted."""
    zone = timezone.get_current_timezone()
    quarters = Changed.objects.values_list("quarter", flat=True).distinct()
    return {quarter.astimezone(zone).date() for quarter in quarters}


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
