"""The same figures of this period, the one before of equal length, and the same dates a year earlier."""

from dataclasses import dataclass
from datetime import date, timedelta

from reports.figures.measures import percent
from reports.figures.source import Question, total
from reports.figures.times import Duration, duration_of
from reports.scope import last_of_month, months_before
from sla.models import Metric


@dataclass(frozen=True, slots=True)
class Headline:
    """The figures of one period. Percentages are None while nothing is decided or resolved."""

    start: date
    end: date
    created: int
    still_open: int
    resolved: int
    reopened: int
    ever_finished: int
    first_contact: int
    breached: int
    """Missed deadlines of resolution."""
    attainment: float | None
    response: Duration
    resolution: Duration


@dataclass(frozen=True, slots=True)
class Trend:
    current: Headline
    before: Headline
    last_year: Headline


def trend(question: Question) -> Trend:
    """Three periods side by side. Raises ValueError like `tickets_in`.

    Younger tickets had less time to be finished or missed; and months move through the Islamic year, so that a month of
    Ramadan may stand beside one without.
    """
    return Trend(*(headline(question.over(*span)) for span in spans(question.start, question.end)))


def spans(start: date, end: date) -> list[tuple[date, date]]:
    """The period, the one before, and that of last year. Whole months are compared with whole months. Pure.

    >>> spans(date(2026, 3, 1), date(2026, 3, 31))[1:]
    [(datetime.date(2026, 2, 1), datetime.date(2026, 2, 28)), (datetime.date(2025, 3, 1), datetime.date(2025, 3, 31))]
    >>> spans(date(2026, 3, 4), date(2026, 3, 6))[1]
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 3))
    """
    whole = start.day == 1 and end == last_of_month(end)
    if whole:
        months = (end.year - start.year) * 12 + end.month - start.month + 1
        before = (months_before(start, months), start - timedelta(days=1))
        return [(start, end), before, (months_before(start, 12), last_of_month(months_before(end, 12)))]
    length = end - start
    before = (start - timedelta(days=1) - length, start - timedelta(days=1))
    return [(start, end), before, (_year_ago(start), _year_ago(end))]


def _year_ago(day: date) -> date:
    """The same date; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def headline(question: Question) -> Headline:
    """The figures of one period, all tickets together."""
    tickets, clocks, times = (total(question, part) for part in ("tickets", "clocks", "times"))
    met, breached = (sum(clocks[f"{metric}.{result}"] for metric in Metric.values) for result in ("met", "breached"))
    return Headline(
        start=question.start,
        end=question.end,
        created=tickets["created"],
        still_open=tickets["open"],
        resolved=tickets["resolved"],
        reopened=tickets["reopened"],
        ever_finished=tickets["created"] - tickets["open"] + tickets["reopened_open"],
        first_contact=tickets["first"],
        breached=clocks[f"{Metric.RESOLUTION}.breached"],
        attainment=percent(met, met + breached),
        response=duration_of(times, Metric.RESPONSE),
        resolution=duration_of(times, Metric.RESOLUTION),
    )
