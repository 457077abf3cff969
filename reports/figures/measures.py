"""Counting tickets live: every figure is made of sums that may be added, so that parts of a period may be kept.

A `Counter` maps the name of a sum to a whole number. `measure` groups tickets by columns and gives one Counter for each
combination of values; a missing service, office or team is "".
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from reports.figures import causes_sql
from reports.figures.expressions import HourOfWeek, metric_is
from reports.scope import column_of, is_breached, result_is
from sla.models import Metric
from tickets.choices import Stage
from tickets.models import Ticket

Key = tuple[str, ...]
Sums = dict[Key, Counter[str]]

VERSION = 1
"""Raise it with every change of what is counted here: sums of another version are not believed, and counted again."""
RESULTS = ("met", "breached", "running")
SPENT = (Stage.NEW, Stage.ACTIVE, Stage.WAITING, Stage.RESOLVED)
NOT_RESOLVED = ("cancelled", "archived", "out_of_authority", "merged")
"""Final states in which nobody solved anything."""
DURATIONS = (Metric.RESPONSE, Metric.RESOLUTION)
BANDS = ((60, 1), (480, 5), (2400, 30), (9600, 120))
"""Up to so many minutes, durations are told apart by so many; beyond, by WIDEST."""
WIDEST = 480

IS_RESOLVED = Q(is_open=False, resolved_at__isnull=False) & ~Q(state__in=NOT_RESOLVED)
IS_REOPENED = Q(reopen_count__gt=0)
IS_FIRST_CONTACT = (
    IS_RESOLVED
    & Q(reopen_count=0, team_since__lte=F("created_at"))
    & (Q(last_reply_at=None) | Q(last_reply_at=F("first_response_at")))
)
"""Resolved with at most one word to the requester, by the first team, and not reopened: all of it columns."""


def percent(part: int, whole: int) -> float | None:
    """Percent with one decimal; None of nothing. Pure.

    >>> percent(1, 3), percent(0, 0)
    (33.3, None)
    """
    return round(100 * part / whole, 1) if whole else None


def recipe() -> str:
    """How sums are counted, and what a day is."""
    return f"{VERSION} {timezone.get_default_timezone_name()}"


def measure(part: str, tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Sums:
    """The sums of one of PARTS over these tickets, grouped by those dimensions of theirs (none of them `month`)."""
    sums: Sums = {}
    for values, name, number in PARTS[part](tickets.order_by(), [column_of(each) for each in by], now):
        if number:
            key = tuple("" if value is None else str(value) for value in values)
            sums.setdefault(key, Counter())[name] += number
    return sums


def _split(rows: Any, by: Sequence[str]) -> Any:
    """Each row as (values of the group, the rest)."""
    return ((row[: len(by)], row[len(by) :]) for row in rows)


def _tickets(tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Any:
    counts: dict[str, Any] = {
        "created": Count("pk"),
        "open": Count("pk", filter=Q(is_open=True)),
        "resolved": Count("pk", filter=IS_RESOLVED),
        "reopened": Count("pk", filter=IS_REOPENED),
        "reopened_open": Count("pk", filter=IS_REOPENED & Q(is_open=True)),
        "first": Count("pk", filter=IS_FIRST_CONTACT),
    }
    if not by:
        yield from (((), name, number) for name, number in tickets.aggregate(**counts).items())
        return
    for values, numbers in _split(tickets.values_list(*by).annotate(**counts), by):
        yield from ((values, name, number) for name, number in zip(counts, numbers, strict=True))


def _clocks(tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Any:
    clocks = tickets.filter(clocks__metric__in=Metric.values).values_list(*by, "clocks__metric")
    results: dict[str, Any] = {result: Count("clocks", filter=result_is(result, now, "clocks__")) for result in RESULTS}
    for values, (metric, *numbers) in _split(clocks.annotate(**results), by):
        yield from ((values, f"{metric}.{result}", number) for result, number in zip(RESULTS, numbers, strict=True))


def finished(metric: str) -> Q:
    """The clocks, seen from their tickets, whose time counts as a duration."""
    reached = Q(first_response_at__isnull=False) if metric == Metric.RESPONSE else IS_RESOLVED
    return reached & metric_is(metric) & Q(clocks__is_stopped=True)


def upper_bound(minutes: int) -> int:
    """The whole minutes as which a duration of that many is counted: the upper end of its band. Pure.

    >>> upper_bound(7), upper_bound(61), upper_bound(480), upper_bound(481), upper_bound(2401)
    (7, 65, 480, 510, 2520)
    """
    step = next((step for limit, step in BANDS if minutes <= limit), WIDEST)
    return -(-minutes // step) * step


def _band() -> Case:
    """`upper_bound` in the database, of a duration in seconds that is rounded up to whole minutes."""
    minutes: Combinable = (F("clocks__elapsed_seconds") + Value(59)) / Value(60)

    def rounded(step: int) -> Combinable:
        return (minutes + Value(step - 1)) / Value(step) * Value(step)

    whens = [When(clocks__elapsed_seconds__lte=limit * 60, then=rounded(step)) for limit, step in BANDS]
    return Case(*whens, default=rounded(WIDEST), output_field=IntegerField())


def _times(tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Any:
    for metric in DURATIONS:
        stopped = tickets.filter(finished(metric)).annotate(band=_band()).values_list(*by, "band")
        numbered = stopped.annotate(n=Count("pk"), seconds=Sum("clocks__elapsed_seconds"))
        for values, (band, number, seconds) in _split(numbered, by):
            yield values, f"{metric}.n", number
            yield values, f"{metric}.seconds", int(seconds)
            yield values, f"{metric}.upto.{band}", number


def place(stage: str, hold_reason: str) -> str:
    """Where a ticket was, in one word: its stage and, while it waits, for whom. Pure."""
    return f"{stage}:{hold_reason}" if stage == Stage.WAITING else str(stage)


def _spells(tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Any:
    ended = tickets.filter(spells__work_seconds__isnull=False, spells__stage__in=SPENT)
    grouped = ended.values_list(*by, "spells__stage", "spells__hold_reason")
    counts: dict[str, Any] = {
        "there": Count("pk", distinct=True),
        "seconds": Sum("spells__work_seconds"),
        "times": Count("spells"),
    }
    counted = grouped.annotate(**counts)
    for values, (stage, hold_reason, number, seconds, spells) in _split(counted, by):
        where = place(stage, hold_reason)
        yield values, f"{where}.tickets", number
        yield values, f"{where}.seconds", int(seconds)
        yield values, f"{where}.spells", spells


def late(tickets: QuerySet[Ticket], now: datetime) -> QuerySet[Ticket]:
    """Those whose resolution clock was or is past its deadline."""
    return tickets.filter(metric_is(Metric.RESOLUTION) & is_breached(now, "clocks__"))


def _causes(tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Any:
    breached = late(tickets, now)
    ended = breached.filter(is_open=False)
    for values, stage, hold_reason, most, number, seconds in causes_sql.by_place(ended, by):
        yield values, f"{place(stage, hold_reason)}.most", most
        yield values, f"{place(stage, hold_reason)}.tickets", number
        yield values, f"{place(stage, hold_reason)}.seconds", seconds
    for values, team, most, number, seconds in causes_sql.by_team(ended, by):
        yield values, f"team.{team or ''}.most", most
        yield values, f"team.{team or ''}.tickets", number
        yield values, f"team.{team or ''}.seconds", seconds
    still = breached.filter(is_open=True).values_list(*by, "stage", "hold_reason", "team_id").annotate(n=Count("pk"))
    for values, (stage, hold_reason, team, number) in _split(still, by):
        yield values, f"{place(stage, hold_reason)}.now", number
        yield values, f"team.{team or ''}.now", number
    for values, (number,) in _split(ended.values_list(*by).annotate(n=Count("pk")) if by else [(ended.count(),)], by):
        yield values, "ended", number


def _heat(tickets: QuerySet[Ticket], by: Sequence[str], now: datetime) -> Any:
    counted = tickets.annotate(hour=HourOfWeek("created_at")).values_list(*by, "hour").annotate(n=Count("pk"))
    yield from ((values, str(hour), number) for values, (hour, number) in _split(counted, by))


PARTS: dict[str, Callable[[QuerySet[Ticket], Sequence[str], datetime], Any]] = {
    "tickets": _tickets,
    "clocks": _clocks,
    "times": _times,
    "spells": _spells,
    "causes": _causes,
    "heat": _heat,
}
TIMELY = ("clocks", "causes")
"""Parts whose sums change when a deadline passes, although no row does."""
