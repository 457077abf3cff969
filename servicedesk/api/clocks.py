"""Clocks of many tickets at once, read as exactly as those of one: `tickets.clocks.readings` asks the database for
each ticket, which a list cannot afford."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sla import calendars
from sla.models import Clock, ClockSegment, Metric
from sla.replay import Run, Segment, Target, replay
from sla.worktime import WorkCalendar
from tickets.models import Ticket

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One clock at one instant. Minutes are working minutes; negative `remaining_minutes` is overrun."""

    metric: str
    state: str
    target_minutes: int
    due_at: datetime | None
    elapsed_minutes: int
    remaining_minutes: int


def read(tickets: Iterable[Ticket], now: datetime) -> dict[int, list[ClockReading]]:
    """Ticket id → its clocks at `now`, in the order of the metrics; of several cycles the newest.

    The tickets come with `clocks__segments` prefetched; each calendar is loaded once for all of them.
    """
    order = {metric: position for position, metric in enumerate(Metric.values)}
    rows = {ticket.pk: sorted(_newest(ticket), key=lambda clock: order[clock.metric]) for ticket in tickets}
    running = [clock for clocks in rows.values() for clock in clocks if not clock.is_stopped]
    wanted = {segment.calendar_id for clock in running for segment in clock.segments.all()}
    loaded = {calendar_id: calendars.load(calendar_id) for calendar_id in wanted}
    return {pk: [_read(clock, loaded, now) for clock in clocks] for pk, clocks in rows.items()}


def _newest(ticket: Ticket) -> Iterable[Clock]:
    return {clock.metric: clock for clock in sorted(ticket.clocks.all(), key=lambda clock: clock.cycle)}.values()


def _read(clock: Clock, loaded: dict[int, WorkCalendar], now: datetime) -> ClockReading:
    if clock.is_stopped:  # nothing moves any more: the cached facts are final
        target, elapsed, due_at, state = clock.target_seconds, clock.elapsed_seconds, clock.due_at, clock.state
        return ClockReading(clock.metric, state, target // 60, due_at, elapsed // 60, (target - elapsed) // 60)
    shown = replay([_segment(row, loaded) for row in clock.segments.all()], now)
    return ClockReading(
        metric=clock.metric,
        state=shown.state.value,
        target_minutes=shown.target // MINUTE,
        due_at=shown.due_at,
        elapsed_minutes=shown.elapsed // MINUTE,
        remaining_minutes=shown.remaining // MINUTE,
    )


def _segment(row: ClockSegment, loaded: dict[int, WorkCalendar]) -> Segment:
    target = Target(minutes=row.minutes, working_days=row.working_days)
    return Segment(row.started_at, Run(row.run), loaded[row.calendar_id], target)
