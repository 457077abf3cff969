"""What a clock shows, derived from its immutable marks. Pure: equal marks and an equal `now` read the same.

A clock is a list of segments. Each lasts until the next one begins, the last one until `now`. Open time that
passes in a running segment, by that segment's own calendar, is elapsed time. The target of the last segment
counts for the whole clock, so a new target never loses elapsed time or past pauses.

The *due* is the instant at which the target is used up. It may be a closing instant and is never moved to the
next opening: work delivered later that evening is late. A clock is overrun when it still ran after its due,
and stays so through pauses, stops and reopenings, until a larger target makes room again. A clock that was
paused with nothing left, exactly at its due, is due the moment its open time would run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from sla.worktime import WorkCalendar

_ZERO = timedelta(0)
_TICK = timedelta(microseconds=1)


class Run(StrEnum):
    """What a clock does from a mark on."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class ClockState(StrEnum):
    """What a clock shows: `met` is a clock stopped in time; `breached` outlives pauses and stops."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Target:
    """Open time allowed, in working minutes or in working days.

    Raises ValueError unless exactly one of the two is given and positive.
    """

    minutes: int | None = None
    working_days: int | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.minutes, self.working_days) if value is not None]
        if len(given) != 1 or given[0] <= 0:
            raise ValueError("a target is a positive number of either minutes or working days")

    def amount(self, calendar: WorkCalendar, started_at: datetime) -> timedelta:
        """The target as open time.

        Days are counted from the clock's first instant and turned into the open time up to the closing of the
        last one, so that they share one basis with minutes and pauses. Raises ValueError when the calendar
        has no such day.
        """
        if self.working_days is not None:
            return calendar.between(started_at, calendar.add_working_days(started_at, self.working_days))
        return timedelta(minutes=self.minutes or 0)


class Segment(NamedTuple):
    """A mark: from `started_at` (aware) on, the clock does `run` by this calendar and towards this target."""

    started_at: datetime
    run: Run
    calendar: WorkCalendar
    target: Target


@dataclass(frozen=True, slots=True)
class Threshold:
    """A moment of a clock's life: a share of its target used up, or an offset from its due (negative: before it).

    An offset is open time, or with `wall` the time on the wall. Raises ValueError unless exactly one of fraction and
    offset is given, for a fraction <= 0, and for `wall` with a fraction.
    """

    fraction: float | None = None
    offset: timedelta | None = None
    wall: bool = False

    def __post_init__(self) -> None:
        if (self.fraction is None) == (self.offset is None) or (self.wall and self.offset is None):
            raise ValueError("a threshold is either a fraction or an offset")
        if self.fraction is not None and self.fraction <= 0:
            raise ValueError("fractions must be positive")

    def amount(self, target: timedelta) -> timedelta:
        """The elapsed time at which it is reached; zero or less: it lies before the start and is never reached."""
        return target + self.offset if self.offset is not None else target * (self.fraction or 0)


class Reading(NamedTuple):
    """What a clock shows at one instant.

    `remaining` is target minus elapsed, negative when overrun. `due_at` is None while the clock is paused and
    not overrun (resuming sets it); on a stopped clock it is the due it would have kept by running on.
    `breached_at` is the due that was overrun, else None. Both are in the zone of the calendar they came from.
    """

    state: ClockState
    elapsed: timedelta
    target: timedelta
    remaining: timedelta
    due_at: datetime | None
    breached_at: datetime | None


class _Walk(NamedTuple):
    """A clock walked from its first mark to one instant."""

    last: Segment
    target: timedelta
    elapsed: timedelta
    ahead: timedelta  # elapsed before the last segment
    due: datetime | None
    overrun: bool


def replay(segments: Sequence[Segment], now: datetime) -> Reading:
    """What the clock of `segments` (in order, at least one) shows at `now`.

    A `now` before the last mark is read as the instant of that mark: the last segment has no length then.
    Raises ValueError for no segments, segments out of order, naive datetimes, and a target or due that no
    opening within five years can reach.
    """
    return _reading(_walk(segments, now))


def look(
    segments: Sequence[Segment], now: datetime, thresholds: Sequence[Threshold]
) -> tuple[Reading, datetime | None]:  # fmt: skip
    """`replay` and `next_event` in one walk, for whoever reads many clocks."""
    walk = _walk(segments, now)
    return _reading(walk), _next_event(walk, now, thresholds)


def _reading(walk: _Walk) -> Reading:
    if walk.overrun:
        state = ClockState.BREACHED
    elif walk.last.run == Run.STOPPED:
        state = ClockState.MET
    else:
        state = ClockState(walk.last.run)
    return Reading(
        state=state,
        elapsed=walk.elapsed,
        target=walk.target,
        remaining=walk.target - walk.elapsed,
        due_at=walk.due,
        breached_at=walk.due if walk.overrun else None,
    )


def reached_at(segments: Sequence[Segment], now: datetime, threshold: Threshold) -> datetime | None:
    """When the clock reached the threshold, None when it has not by `now`. In UTC.

    Raises ValueError like `replay`.
    """
    walk = _walk(segments, now)
    if threshold.wall and threshold.offset is not None:
        if walk.due is None or walk.last.run == Run.PAUSED:
            return None
        planned = _utc(walk.due) + threshold.offset
        return planned if _utc(segments[0].started_at) < planned <= _bounds(segments, now)[-1] else None
    wanted = threshold.amount(walk.target)
    if not _ZERO < wanted <= walk.elapsed:
        return None
    for segment, (start, end) in zip(segments, pairwise(_bounds(segments, now)), strict=True):
        if segment.run == Run.RUNNING:
            passed = segment.calendar.between(start, end)
            if passed >= wanted:
                return _utc(segment.calendar.add(start, wanted)) if wanted else start
            wanted -= passed
    return None


def next_event(segments: Sequence[Segment], now: datetime, thresholds: Sequence[Threshold]) -> datetime | None:
    """The earliest instant after `now` at which a running clock needs attention; None when it does not run.

    These are the instants at which each of `thresholds` is reached, the due, and one microsecond after the due:
    the clock reads as breached from there on, so a sweep that came exactly at the due must come once more. Raises
    ValueError like `replay`.
    """
    return _next_event(_walk(segments, now), now, thresholds)


def _next_event(walk: _Walk, now: datetime, thresholds: Sequence[Threshold]) -> datetime | None:
    if walk.last.run != Run.RUNNING or walk.due is None:
        return None
    due = _utc(walk.due)
    events = [due, due + _TICK]
    wanted: list[timedelta] = []
    for threshold in thresholds:
        if threshold.wall and threshold.offset is not None:
            events.append(due + threshold.offset)
        else:
            wanted.append(threshold.amount(walk.target))
    # Of the shares that are not used up yet only the smallest can come next, so only that one is looked for.
    left = min((amount for amount in wanted if amount > walk.elapsed and amount > _ZERO), default=None)
    if left is not None:
        events.append(_utc(walk.last.calendar.add(walk.last.started_at, left - walk.ahead)))
    asked_at = _utc(now)
    # In the zone of the due, like everything else that is shown of this clock.
    upcoming = [event for event in events if event > asked_at]
    return min(upcoming).astimezone(walk.due.tzinfo) if upcoming else None


def _walk(segments: Sequence[Segment], now: datetime) -> _Walk:
    bounds = _bounds(segments, now)
    last = segments[-1]
    target = last.target.amount(last.calendar, segments[0].started_at)
    elapsed = ahead = _ZERO
    spent_at: datetime | None = None  # the due at which a running segment ended with nothing left
    overrun_at: datetime | None = None
    for segment, (start, end) in zip(segments, pairwise(bounds), strict=True):
        ahead = elapsed
        if segment.run != Run.RUNNING:
            continue
        elapsed += segment.calendar.between(start, end)
        if elapsed >= target and overrun_at is None:
            due = _due(segment, target - ahead, spent_at)
            if end > _utc(due):
                overrun_at = due
            elif end == _utc(due):
                spent_at = due
    due_now = overrun_at
    if overrun_at is None and last.run != Run.PAUSED:
        # Stopped segments add nothing to what was elapsed ahead of them.
        due_now = _due(_stopped_first(segments), target - ahead, spent_at)
    return _Walk(last, target, elapsed, ahead, due_now, overrun_at is not None)


def _bounds(segments: Sequence[Segment], now: datetime) -> list[datetime]:
    """Where each segment starts, and where the last one ends; in UTC, since local time can run backwards."""
    if not segments:
        raise ValueError("a clock has at least one segment")
    starts = [_utc(segment.started_at) for segment in segments]
    if len(starts) > 1 and any(later < earlier for earlier, later in pairwise(starts)):
        raise ValueError("segments are out of order")
    return [*starts, max(_utc(now), starts[-1])]


def _stopped_first(segments: Sequence[Segment]) -> Segment:
    """The last segment; of several stopped ones in a row at the end, the one that did stop the clock."""
    index = len(segments) - 1
    while index > 0 and segments[index].run == segments[index - 1].run == Run.STOPPED:
        index -= 1
    return segments[index]


def _due(segment: Segment, left: timedelta, spent_at: datetime | None) -> datetime:
    """When a clock that runs from the start of `segment` with `left` to go has used it up.

    With nothing left, a segment that follows on without a pause keeps the due at which the time ran out:
    adding zero would move a closing instant to the next opening.
    """
    if left == _ZERO and spent_at is not None and _utc(spent_at) == _utc(segment.started_at):
        return spent_at
    return segment.calendar.add(segment.started_at, left)


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("an aware datetime is needed")
    return at.astimezone(UTC)
