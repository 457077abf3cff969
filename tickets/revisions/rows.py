"""Open clocks in bulk: read as plain rows, replayed in memory, written in a few statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from core import bulk
from sla import clocks
from sla.models import Clock, ClockSegment
from sla.policies import ChosenTarget
from sla.replay import Reading, Run, Segment, Target, Threshold, look
from sla.worktime import WorkCalendar


@dataclass(frozen=True, slots=True)
class Mark:
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
    state: str
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    target_seconds: int
    elapsed_seconds: int
    next_event_at: datetime | None
    target_version: int
    policy_id: int | None
    calendar_id: int | None
    updated_at: datetime
    marks: list[Mark] = field(default_factory=list)

    is_stopped = False


@dataclass(frozen=True, slots=True)
class Change:
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
    "pk", "ticket_id", "metric", "state", "started_at", "due_at", "breached_at", "target_seconds", "elapsed_seconds",
    "next_event_at", "target_version", "policy_id", "calendar_id", "updated_at",
)  # fmt: skip


def open_clocks(ticket_ids: Iterable[int]) -> list[OpenClock]:
    """All clocks of these tickets that are not stopped, in the order of ids, with their marks: two queries."""
    wanted = list(ticket_ids)
    found = Clock.objects.filter(ticket_id__in=wanted, is_stopped=False).order_by("pk")
    rows = [OpenClock(*values) for values in found.values_list(*COLUMNS)]
    marks: dict[int, list[Mark]] = defaultdict(list)
    segments = ClockSegment.objects.filter(clock_id__in=[row.pk for row in rows]).order_by("clock_id", "position")
    names = ("clock_id", "position", "started_at", "run", "calendar_id", "minutes", "working_days")
    for clock_id, *values in segments.values_list(*names):
        marks[clock_id].append(Mark(*values))
    for row in rows:
        row.marks = marks[row.pk]
    return [row for row in rows if row.marks]


@lru_cache(maxsize=4096)
def _target(minutes: int | None, working_days: int | None) -> Target:
    return Target(minutes=minutes, working_days=working_days)


def segments(marks: Iterable[Mark], calendar: Callable[[int], WorkCalendar]) -> list[Segment]:
    """Marks as values of the replay, by the calendars given."""
    return [
        Segment(mark.started_at, Run(mark.run), calendar(mark.calendar_id), _target(mark.minutes, mark.working_days))
        for mark in marks
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
        asks = is_nearer or (planned is not None and _is_opening(calendar, planned))
        if asks and any(self._lies_behind(moment, shown) for moment in self._moments_of(clock.metric)):
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
    bulk.update(Clock, [_columns(change, at) for change in changes if not change.mark])
    bulk.update(Clock, [_columns(change, at) | _target_columns(change) for change in changes if change.mark])


def _columns(change: Change, at: datetime) -> dict[str, Any]:
    clock, shown = change.clock, change.shown
    clock.due_at = shown.due_at  # the ticket's own deadline is made of these
    return {
        "id": clock.pk,
        "state": shown.state.value,
        "due_at": shown.due_at,
        "breached_at": shown.breached_at,
        "target_seconds": int(shown.target.total_seconds()),
        "elapsed_seconds": int(shown.elapsed.total_seconds()),
        "next_event_at": change.next_event_at,
        "updated_at": at,
    }


def _target_columns(change: Change) -> dict[str, Any]:
    """What a new segment changes besides: columns of their own indexes, which are left alone otherwise."""
    clock, target = change.clock, change.retarget
    return {
        "calendar_id": change.mark.calendar_id if change.mark else clock.calendar_id,
        "target_version": clock.target_version + (1 if target else 0),
        "policy_id": target.policy_id if target else clock.policy_id,
    }
