"""The clocks of a ticket: immutable segments, and what is derived from them by replay."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from sla import calendars
from sla.models import Clock, ClockSegment, EscalationStep, Metric
from sla.policies import ChosenTarget, Facts, targets_for
from sla.replay import Reading, Run, Segment, Target, next_event, replay


@transaction.atomic
def sync(*, ticket_id: int, facts: Facts, wanted: Mapping[str, Run], opened_at: datetime, at: datetime) -> list[Clock]:
    """Bring the clocks of a ticket in line with what it needs now; idempotent.

    `wanted` maps each metric to the run it should have. A clock is created when a policy has a target for it, and a
    segment is appended when the run, the target or the calendar changed. Segments are never edited.
    """
    targets = targets_for(facts)
    clocks = {clock.metric: clock for clock in Clock.objects.filter(ticket_id=ticket_id)}
    for metric in Metric.values:
        run = wanted.get(metric)
        if run is None:
            run = Run.STOPPED if metric in clocks else None
        if run is None or (metric not in clocks and metric not in targets):
            continue
        clocks[metric] = _sync_one(clocks.get(metric), ticket_id, metric, run, targets.get(metric), opened_at, at)
    return list(clocks.values())


def _sync_one(
    clock: Clock | None,
    ticket_id: int,
    metric: str,
    run: Run,
    target: ChosenTarget | None,
    opened_at: datetime,
    at: datetime,
) -> Clock:
    if clock is None:
        if target is None:
            raise ValueError(f"no policy has a target for {metric}")
        clock = Clock.objects.create(
            ticket_id=ticket_id, metric=metric, started_at=opened_at, policy_id=target.policy_id
        )
        _append(clock, 0, opened_at, Run.RUNNING, target)
    rows = list(clock.segments.all())
    last = rows[-1]
    # A finished clock keeps the target it was measured against.
    retarget = target if run != Run.STOPPED and target and _differs(last, target) else None
    if retarget or last.run != run:
        rows.append(_append(clock, last.position + 1, max(at, last.started_at), run, retarget or last))
    if retarget:
        clock.target_version += 1
        clock.policy_id = retarget.policy_id
    refresh(clock, rows, at)
    return clock


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
    loaded = {row.calendar_id: calendars.load(row.calendar_id) for row in rows}
    return [
        Segment(
            started_at=row.started_at,
            run=Run(row.run),
            calendar=loaded[row.calendar_id],
            target=Target(minutes=row.minutes, working_days=row.working_days),
        )
        for row in rows
    ]


def reading(clock: Clock, now: datetime, rows: Sequence[ClockSegment] | None = None) -> Reading:
    """What the clock shows at `now`."""
    return replay(segments_of(list(clock.segments.all()) if rows is None else rows), now)


def refresh(clock: Clock, rows: Sequence[ClockSegment], now: datetime) -> None:
    """Cache the derived facts on the row, so that queues and sweeps need no replay."""
    segments = segments_of(rows)
    shown = replay(segments, now)
    fractions = [percent / 100 for percent in _percents(clock.metric)]
    clock.state = shown.state
    clock.is_stopped = rows[-1].run == ClockSegment.Run.STOPPED
    clock.stopped_at = rows[-1].started_at if clock.is_stopped else None
    clock.due_at = shown.due_at
    clock.breached_at = shown.breached_at
    clock.target_seconds = int(shown.target.total_seconds())
    clock.elapsed_seconds = int(shown.elapsed.total_seconds())
    clock.next_event_at = next_event(segments, now, fractions)
    clock.save()


def _percents(metric: str) -> list[int]:
    steps = EscalationStep.objects.filter(is_active=True, metric__in=["", metric])
    return list(steps.values_list("percent", flat=True))
