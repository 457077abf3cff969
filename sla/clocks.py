"""The clocks of a ticket: immutable segments, and what is derived from them by replay."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from sla import calendars
from sla.models import Clock, ClockSegment, EscalationStep, Metric
from sla.policies import ChosenTarget, Facts, targets_for
from sla.replay import Reading, Run, Segment, Target, Threshold, next_event, reached_at, replay
from sla.worktime import WorkCalendar


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a metric of a ticket should do now. Another beginning or another team is another cycle of its clock."""

    run: Run
    opened_at: datetime
    team_id: int | None = None


class Lookup:
    """Calendars and steps as they are now, read once for all clocks that are looked at together."""

    def __init__(self) -> None:
        self._calendars: dict[int, WorkCalendar] = {}
        self._steps: list[EscalationStep] | None = None

    def calendar(self, calendar_id: int) -> WorkCalendar:
        if calendar_id not in self._calendars:
            self._calendars[calendar_id] = calendars.load(calendar_id)
        return self._calendars[calendar_id]

    def thresholds(self, metric: str) -> list[Threshold]:
        """The moments of all active steps for this metric; which of them hold for a ticket is looked up when they
        come."""
        return [threshold_of(step) for step in self.steps(metric)]

    def steps(self, metric: str) -> list[EscalationStep]:
        """The active steps for this metric."""
        if self._steps is None:
            self._steps = list(EscalationStep.objects.filter(is_active=True))
        return [step for step in self._steps if step.metric in ("", metric)]

    def segments(self, rows: Iterable[ClockSegment]) -> list[Segment]:
        """Rows as values of the pure replay."""
        return [
            Segment(
                started_at=row.started_at,
                run=Run(row.run),
                calendar=self.calendar(row.calendar_id),
                target=Target(minutes=row.minutes, working_days=row.working_days),
            )
            for row in rows
        ]


@transaction.atomic
def sync(*, ticket_id: int, facts: Facts, wanted: Mapping[str, Wanted], at: datetime) -> list[Clock]:
    """Bring the clocks of a ticket in line with what it needs now; idempotent. Returns the newest clock per metric.

    A clock is created when a policy has a target for its metric, and a segment is appended when the run, the target or
    the calendar changed. Segments are never edited. A metric that is no longer wanted stops, and so does the cycle
    before a new one.
    """
    targets = targets_for(facts)
    lookup = Lookup()
    found = Clock.objects.filter(ticket_id=ticket_id).order_by("cycle").prefetch_related("segments")
    newest = {each.metric: each for each in found}
    rows = {each.pk: list(each.segments.all()) for each in newest.values()}
    is_known = bool(newest)
    for metric in Metric.values:
        want, target = wanted.get(metric), targets.get(metric)
        clock: Clock | None = newest.get(metric)
        was_finished = clock is not None and clock.is_stopped
        if clock is not None and (want is None or not _same_cycle(clock, want)):
            ended_at = at if want is None else min(max(want.opened_at, clock.started_at), at)
            _sync_one(clock, rows[clock.pk], Run.STOPPED, None, facts, ended_at, at, lookup)
        if want is None:
            continue
        if clock is None or not _same_cycle(clock, want):
            # A metric that is new to an old ticket begins only where there is something left to measure.
            if target is None or (is_known and want.run == Run.STOPPED):
                continue
            others = rows[newest[Metric.RESOLUTION].pk] if Metric.RESOLUTION in newest else []
            cycle = clock.cycle + 1 if clock else 1
            # What passed while the metric had been finished (a reopened ticket) does not count.
            rested = was_finished or metric == Metric.UPDATE
            begin = Run.STOPPED if rested and want.opened_at < at else Run.RUNNING
            marks = [(want.opened_at, begin)]
            if clock is None:
                marks = _lived(others, want.opened_at) or marks
            clock = _start(ticket_id, metric, want, target, cycle, at)
            rows[clock.pk] = [
                _append(clock, position, marked_at, run, target) for position, (marked_at, run) in enumerate(marks)
            ]
        newest[metric] = clock
        _sync_one(clock, rows[clock.pk], want.run, target, facts, at, at, lookup)
    return list(newest.values())


def _lived(others: Sequence[ClockSegment], since: datetime) -> list[tuple[datetime, Run]]:
    """What the ticket did from an instant on, by the marks of its resolution clock: the pauses of its past count for
    a metric that comes to it later, too."""
    before = [row for row in others if row.started_at <= since]
    marks = [(since, Run(before[-1].run))] if before else []
    for row in others[len(before) :]:
        if marks and row.run != marks[-1][1]:
            marks.append((row.started_at, Run(row.run)))
    return marks


def _same_cycle(clock: Clock, want: Wanted) -> bool:
    return (clock.started_at, clock.team_id) == (want.opened_at, want.team_id)


def _start(ticket_id: int, metric: str, want: Wanted, target: ChosenTarget, cycle: int, at: datetime) -> Clock:
    return Clock.objects.create(
        ticket_id=ticket_id,
        metric=metric,
        cycle=cycle,
        team_id=want.team_id,
        started_at=want.opened_at,
        created_at=at,
        policy_id=target.policy_id,
    )


def _sync_one(
    clock: Clock,
    rows: list[ClockSegment],
    run: Run,
    target: ChosenTarget | None,
    facts: Facts,
    marked_at: datetime,
    at: datetime,
    lookup: Lookup,
) -> None:
    """Append what changed as a segment from `marked_at` on, and cache what the clock shows at `at`."""
    last = rows[-1]
    # A finished clock keeps the target it was measured against.
    retarget = target if run != Run.STOPPED and target and _differs(last, target) else None
    if clock.is_stopped and run == Run.STOPPED:
        return
    is_new = clock.target_seconds == 0
    if retarget or last.run != run:
        rows.append(_append(clock, last.position + 1, max(marked_at, last.started_at), run, retarget or last))
    if retarget:
        clock.target_version += 1
        clock.policy_id = retarget.policy_id
    waiting = clock.next_event_at
    if is_new or rows[-1] is not last:
        waiting = at if _has_passed(clock.metric, rows, at, lookup) else None
    elif _has_missed(clock, facts, rows, at, lookup):
        waiting = at
    refresh(clock, rows, at, waiting=waiting, lookup=lookup)


def _has_passed(metric: str, rows: Sequence[ClockSegment], at: datetime, lookup: Lookup) -> bool:
    """Whether some step's moment lies behind already: a report entered later, a shorter target, a late worker."""
    segments = lookup.segments(rows)
    return any(reached_at(segments, at, moment) for moment in lookup.thresholds(metric))


def _has_missed(clock: Clock, facts: Facts, rows: Sequence[ClockSegment], at: datetime, lookup: Lookup) -> bool:
    """Whether a step that has not fired lies behind and holds for the ticket as it is now: it may have got the kind,
    the priority or the team of the step after its moment, against the same target."""
    steps = [step for step in lookup.steps(clock.metric) if step.is_for(facts) and not step.is_for_all]
    if not steps:
        return False
    segments = lookup.segments(rows)
    behind = {step.pk for step in steps if reached_at(segments, at, threshold_of(step))}
    fired = clock.escalations.filter(target_version=clock.target_version)
    return bool(behind and behind - set(fired.values_list("step", flat=True)))


def _differs(last: ClockSegment, target: ChosenTarget) -> bool:
    return (last.calendar_id, last.minutes, last.working_days) != (
        target.calendar_id,
        target.minutes,
        target.working_days,
    )


def _append(
    clock: Clock, position: int, started_at: datetime, run: Run, like: ChosenTarget | ClockSegment
) -> ClockSegment:
    return ClockSegment.objects.create(
        clock=clock,
        position=position,
        started_at=started_at,
        run=run,
        calendar_id=like.calendar_id,
        minutes=like.minutes,
        working_days=like.working_days,
    )


def segments_of(rows: Sequence[ClockSegment]) -> list[Segment]:
    """Rows as values of the pure replay; calendars are loaded once each."""
    return Lookup().segments(rows)


def reading(clock: Clock, now: datetime, rows: Sequence[ClockSegment] | None = None) -> Reading:
    """What the clock shows at `now`."""
    return replay(segments_of(list(clock.segments.all()) if rows is None else rows), now)


def refresh(
    clock: Clock,
    rows: Sequence[ClockSegment],
    now: datetime,
    *,
    waiting: datetime | None = None,
    lookup: Lookup | None = None,
) -> None:
    """Cache the derived facts on the row, so that queues and sweeps need no replay.

    `waiting`: an event for the sweep that must not be lost to a later one; a finished clock has none.
    """
    lookup = lookup or Lookup()
    segments = lookup.segments(rows)
    shown = replay(segments, now)
    clock.state = shown.state
    clock.calendar_id = rows[-1].calendar_id
    clock.is_stopped = rows[-1].run == ClockSegment.Run.STOPPED
    clock.stopped_at = rows[-1].started_at if clock.is_stopped else None
    clock.due_at = shown.due_at
    clock.breached_at = shown.breached_at
    clock.target_seconds = int(shown.target.total_seconds())
    clock.elapsed_seconds = int(shown.elapsed.total_seconds())
    upcoming = next_event(segments, now, lookup.thresholds(clock.metric))
    events = [] if clock.is_stopped else [event for event in (waiting, upcoming) if event]
    clock.next_event_at = min(events, default=None)
    clock.save()


def threshold_of(step: EscalationStep) -> Threshold:
    if step.percent is not None:
        return Threshold(fraction=step.percent / 100)
    return Threshold(offset=timedelta(minutes=step.offset_minutes or 0), wall=step.outside_hours)
