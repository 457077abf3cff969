"""Open clocks in bulk: read as plain rows, replayed in memory, written in a few statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from core import bulk
from sla import clocks
from sla.models import Clock, ClockSegment
from sla.policies import ChosenTarget
from sla.replay import Reading, Run, Segment, Target, Threshold, look
from sla.worktime import WorkCalendar


class Mark(NamedTuple):
    """One segment's row."""

    position: int
    started_at: datetime
    run: str
    calendar_id: int
    minutes: int | None
    working_days: int | None


@dataclass(slots=True)
class OpenClock:
    """A clock that is not stopped, with its marks; the names are those of the model."""

    pk: int
    ticket_id: int
    metric: str
    started_at: datetime
    due_at: datetime | None
    target_seconds: int
    next_event_at: datetime | None
    target_version: int
    policy_id: int | None
    calendar_id: int | None
    updated_at: datetime
    marks: list[Mark] = field(default_factory=list)

    is_stopped = False


class Change(NamedTuple):
    """What becomes of a clock. `retarget`: the target that a new segment (the last of `marks`) brings."""

    clock: OpenClock
    old_due_at: datetime | None
    shown: Reading
    next_event_at: datetime | None
    mark: Mark | None = None
    retarget: ChosenTarget | None = None

    @property
    def moves(self) -> bool:
        return self.old_due_at != self.shown.due_at


COLUMNS = (
    "pk", "ticket_id", "metric", "started_at", "due_at", "target_seconds", "next_event_at", "target_version",
    "policy_id", "calendar_id", "updated_at",
)  # fmt: skip


def open_clocks(ticket_ids: Iterable[int]) -> list[OpenClock]:
    """All clocks of these tickets that are not stopped, in the order of ids, with their marks: two queries."""
    found = Clock.objects.filter(bulk.Among("ticket_id", ticket_ids), is_stopped=False).order_by("pk")
    rows = [OpenClock(*values) for values in bulk.read(found, *COLUMNS)]
    marks: dict[int, list[Mark]] = defaultdict(list)
    parts = ClockSegment.objects.filter(bulk.Among("clock_id", (row.pk for row in rows)))
    ordered = parts.order_by("clock_id", "position")
    for clock_id, *values in bulk.read(ordered, "clock_id", *Mark._fields):
        marks[clock_id].append(Mark._make(values))
    for row in rows:
        row.marks = marks[row.pk]
    return [row for row in rows if row.marks]


@lru_cache(maxsize=4096)
def _target(minutes: int | None, working_days: int | None) -> Target:
    return Target(minutes=minutes, working_days=working_days)


_RUNS = {run.value: run for run in Run}


def segments(marks: Iterable[Mark], calendar: Callable[[int], WorkCalendar]) -> list[Segment]:
    """Marks as values of the replay, by the calendars given."""
    return [
        Segment(started_at, _RUNS[run], calendar(calendar_id), _target(minutes, working_days))
        for _position, started_at, run, calendar_id, minutes, working_days in marks
    ]


@dataclass(slots=True)
class Reader:
    """Reads clocks at one instant by given calendars. The moments of escalation are looked up once a metric."""

    calendar: Callable[[int], WorkCalendar]
    at: datetime
    _lookup: clocks.Lookup = field(default_factory=clocks.Lookup)
    _moments: dict[str, list[Threshold]] = field(default_factory=dict)

    def change(
        self,
        clock: OpenClock,
        old_due_at: datetime | None,
        mark: Mark | None = None,
        target: ChosenTarget | None = None,
    ) -> Change | None:
        """What the clock reads now, with a new mark if there is one; None when nothing that is kept differs."""
        parts = segments([*clock.marks, mark] if mark else clock.marks, self.calendar)
        shown, upcoming = look(parts, self.at, self._moments_of(clock.metric))
        is_nearer = bool(mark or (shown.due_at and old_due_at and shown.due_at < old_due_at))
        event = self._next_event(clock, parts[-1].calendar, shown, is_nearer, upcoming)
        same = (clock.due_at, clock.next_event_at, clock.target_seconds) == (
            shown.due_at,
            event,
            int(shown.target.total_seconds()),
        )
        if same and mark is None and old_due_at == shown.due_at:
            return None
        return Change(clock, old_due_at, shown, event, mark, target)

    def _moments_of(self, metric: str) -> list[Threshold]:
        if metric not in self._moments:
            self._moments[metric] = self._lookup.thresholds(metric)
        return self._moments[metric]

    def _next_event(
        self, clock: OpenClock, calendar: WorkCalendar, shown: Reading, is_nearer: bool, upcoming: datetime | None
    ) -> datetime | None:
        """As `sla.clocks.refresh` plans it. A sweep that is due stays due, and comes at once where a step waits for the
        office to open or the moment of one may lie behind by now."""
        planned = clock.next_event_at
        if planned and planned <= self.at:
            return planned
        behind = any(self._lies_behind(moment, shown) for moment in self._moments_of(clock.metric))
        if behind and (is_nearer or (planned is not None and _is_opening(calendar, planned))):
            return self.at
        return upcoming

    def _lies_behind(self, moment: Threshold, shown: Reading) -> bool:
        """Whether `reached_at` would find it, without walking the clock again."""
        if moment.wall and moment.offset is not None:
            return shown.due_at is not None and shown.due_at + moment.offset <= self.at
        return timedelta(0) < moment.amount(shown.target) <= shown.elapsed


def _is_opening(calendar: WorkCalendar, at: datetime) -> bool:
    return calendar.is_open(at) and not calendar.is_open(at - timedelta(microseconds=1))


def write_clocks(changes: Sequence[Change], at: datetime) -> None:
    """Append the new segments and cache what the clocks show."""
    marks = [
        ClockSegment(
            clock_id=change.clock.pk,
            position=change.mark.position,
            started_at=change.mark.started_at,
            run=change.mark.run,
            calendar_id=change.mark.calendar_id,
            minutes=change.mark.minutes,
            working_days=change.mark.working_days,
        )
        for change in changes
        if change.mark
    ]
    bulk.number(ClockSegment, marks)
    bulk.insert(ClockSegment, marks)
    bulk.update(Clock, READ, [(*_shown(change, at), change.clock.pk) for change in changes if not change.mark])
    marked = [(*_shown(change, at), *_targeted(change), change.clock.pk) for change in changes if change.mark]
    bulk.update(Clock, READ + TARGETED, marked)


READ = ("state", "due_at", "breached_at", "target_seconds", "elapsed_seconds", "next_event_at", "updated_at")
TARGETED = ("calendar_id", "target_version", "policy_id")
"""What a new segment changes besides: columns of their own indexes, which are left alone otherwise."""


def _shown(change: Change, at: datetime) -> tuple[object, ...]:
    """The values of READ."""
    shown = change.shown
    change.clock.due_at = shown.due_at  # the ticket's own deadline is made of these
    target, elapsed = int(shown.target.total_seconds()), int(shown.elapsed.total_seconds())
    return shown.state.value, shown.due_at, shown.breached_at, target, elapsed, change.next_event_at, at


def _targeted(change: Change) -> tuple[object, ...]:
    """The values of TARGETED."""
    clock, target = change.clock, change.retarget
    return (
        change.mark.calendar_id if change.mark else clock.calendar_id,
        clock.target_version + (1 if target else 0),
        target.policy_id if target else clock.policy_id,
    )
