"""Mean, median and 90th percentile of the working time to the first response and to the solution."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from reports.figures.groups import grouped, rank
from reports.figures.measures import DURATIONS
from reports.figures.source import ALL, Question


@dataclass(frozen=True, slots=True)
class Duration:
    """Minutes of working time of `number` stopped clocks of one metric; None when there are none.

    `mean` is exact. `median` and `p90` are upper bounds: that share of clocks took at most so long. They are told apart
    by the minute up to an hour, by 5 up to 8 hours, by 30 up to 40 hours, then by 2 and, beyond 160 hours, by 8 hours.
    """

    number: int
    mean: float | None
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class DurationRow:
    """One group; `response` is MTTA, `resolution` MTTR."""

    key: str
    label: str
    response: Duration
    resolution: Duration


def durations(question: Question, group_by: str = ALL) -> list[DurationRow]:
    """How long tickets created in the period took. Raises ValueError like `tickets_in`."""
    rows = [
        DurationRow(key, label, *(duration_of(sums, metric) for metric in DURATIONS))
        for key, label, sums in grouped(question, "times", group_by)
    ]
    return sorted(rows, key=lambda row: rank(group_by, row.key, row.label, row.resolution.number))


def duration_of(sums: Counter[str], metric: str) -> Duration:
    """The figures of one metric from the sums of the part `times`."""
    number = sums[f"{metric}.n"]
    if not number:
        return Duration(0, None, None, None)
    bands = sorted(_bands(sums, metric))
    mean = round(sums[f"{metric}.seconds"] / number / 60, 1)
    return Duration(number, mean, at_share(bands, number, 50), at_share(bands, number, 90))


def _bands(sums: Counter[str], metric: str) -> Iterator[tuple[int, int]]:
    prefix = f"{metric}.upto."
    for name, number in sums.items():
        if name.startswith(prefix):
            yield int(name.removeprefix(prefix)), number


def at_share(bands: list[tuple[int, int]], number: int, percent: int) -> int:
    """The smallest bound within which at least `percent` of `number` lie. Pure. `bands`: (bound, how many), in order.

    >>> at_share([(5, 1), (10, 1), (60, 2)], 4, 50)
    10
    """
    seen = 0
    for bound, own in bands:
        seen += own
        if seen * 100 >= number * percent:
            return bound
    return bands[-1][0]
