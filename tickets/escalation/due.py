"""Which steps of which clocks are due, and when those must wait that are not for the night."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db import connection, transaction

from sla import calendars, clocks
from sla.models import Clock, ClockSegment, Escalation, EscalationStep
from sla.replay import reached_at
from sla.worktime import WorkCalendar
from tickets import automation, workflow
from tickets.automation.engine import one_cause
from tickets.clocks import put_due
from tickets.escalation import firing
from tickets.models import Ticket

logger = logging.getLogger(__name__)

PUNCTUAL = timedelta(minutes=1)
"""So long after its moment a step may still fire although the office has just closed."""
LATE = timedelta(minutes=5)
"""A step that fires later than this was held up by something that is not in the calendar."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A step whose moment has come: the moment by replay, and from when on a sweep could have known."""

    step: EscalationStep
    planned_at: datetime
    known_at: datetime

    def may_fire(self, calendar: WorkCalendar, at: datetime) -> bool:
        """A closing instant is not open, yet a step planned for it is on time for a minute."""
        return self.step.outside_hours or calendar.is_open(at) or at - self.known_at < PUNCTUAL

    def late_minutes(self, calendar: WorkCalendar, at: datetime) -> int:
        """Minutes on the wall since it could have fired; 0 when it is in time, or only the office was closed."""
        waited = (
            at - self.known_at if self.step.outside_hours else calendar.between(self.known_at, max(at, self.known_at))
        )
        return int((at - self.known_at).total_seconds() // 60) if waited > LATE else 0


def sweep(limit: int, at: datetime) -> int:
    """Handle clocks whose next event has come, found by index; each in its own transaction."""
    due = Clock.objects.filter(next_event_at__lte=at).order_by("next_event_at").values_list("pk", flat=True)[:limit]
    handled = 0
    for clock_id in list(due):
        try:
            handled += handle(clock_id, at)
        except Exception:  # one broken ticket must not keep the others waiting
            logger.exception("escalation of clock %s failed", clock_id)
    return handled


@transaction.atomic
def handle(clock_id: int, at: datetime) -> int:
    """Fire the steps this clock has reached, once each and in order, and look up the next event.

    Lock order is ticket first, as in every other service; a locked ticket is left to the next sweep.
    """
    ticket_id = Clock.objects.filter(pk=clock_id).values_list("ticket_id", flat=True).first()
    skip = connection.features.has_select_for_update_skip_locked
    ticket = Ticket.objects.select_for_update(of=("self",), skip_locked=skip).filter(pk=ticket_id or 0).first()
    clock = Clock.objects.filter(pk=clock_id, next_event_at__lte=at).first()
    if ticket is None or clock is None:
        return 0
    rows = list(clock.segments.all())
    calendar = calendars.load(rows[-1].calendar_id)
    found = reached(ticket, clock, rows, at)
    ready = [each for each in found if each.may_fire(calendar, at)]
    opening = calendar.next_open(at) if len(ready) < len(found) else None
    with one_cause():
        version = clock.target_version
        _fire_all(ticket, clock, ready, calendar, at)
        _look_ahead(ticket, clock, version, opening, at)
        if ready:
            automation.after("sla", ticket, at)
    return 1


def _fire_all(ticket: Ticket, clock: Clock, ready: Sequence[Reached], calendar: WorkCalendar, at: datetime) -> None:
    """In the order of their moments. After a new target the others are looked at again, against that target."""
    version = clock.target_version
    for each in ready:
        late = each.late_minutes(calendar, at)
        firing.fire(ticket, clock, each.step, planned_at=each.planned_at, late_minutes=late, at=at)
        clock.refresh_from_db()
        if clock.target_version != version:
            return


def _look_ahead(ticket: Ticket, clock: Clock, version: int, opening: datetime | None, at: datetime) -> None:
    """Cache what comes next; an action that gave the clock a new target has done so already."""
    if clock.target_version == version:
        clocks.refresh(clock, list(clock.segments.all()), at, waiting=opening)
    put_due(ticket, Clock.objects.filter(ticket_id=ticket.pk))
    ticket.save(update_fields=["due_at", "sort_due_at", "history_length"])
    workflow.announce(ticket)


def reached(ticket: Ticket, clock: Clock, rows: Sequence[ClockSegment], at: datetime) -> list[Reached]:
    """Steps that hold for the ticket, whose moment has come and that have not fired for this target, in order."""
    fired = Escalation.objects.filter(clock=clock, target_version=clock.target_version)
    open_steps = EscalationStep.objects.filter(is_active=True, metric__in=["", clock.metric])
    steps = open_steps.exclude(pk__in=fired.values("step")).select_related("reassign_to", "rule")
    segments, since = clocks.segments_of(rows), _target_since(clock, rows)
    found = []
    for step in steps:
        planned = reached_at(segments, at, clocks.threshold_of(step)) if step.is_for(ticket) else None
        if planned is None:
            continue
        known = max(planned, since)
        if step.active_since is None or step.active_since <= known:
            found.append(Reached(step, planned, known))
    return sorted(found, key=lambda each: each.planned_at)


def _target_since(clock: Clock, rows: Sequence[ClockSegment]) -> datetime:
    """From when on the present target could be known: since the ticket was entered, or since its last change."""
    since = clock.created_at
    for last, row in pairwise(rows):
        if (last.calendar_id, last.minutes, last.working_days) != (row.calendar_id, row.minutes, row.working_days):
            since = max(since, row.started_at)
    return since.astimezone(UTC)
