"""What time itself does to tickets: escalations and automatic closing. Rows with due times are the truth."""

import logging
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sla import calendars, clocks
from sla.models import Clock, Escalation, EscalationStep, Metric
from sla.replay import reached_at
from tickets import automation, notices, timeline, workflow
from tickets.actors import SYSTEM
from tickets.approvals import reminders
from tickets.clocks import put_due
from tickets.errors import TicketError
from tickets.incidents import reminders as major_reminders
from tickets.models import Ticket

logger = logging.getLogger(__name__)


def run_due(limit: int = 200) -> int:
    """Fire due escalations, close what nobody objected to in time, remind. Returns how many rows were handled."""
    return escalate_due(limit) + close_due(limit) + reminders.sweep(limit) + major_reminders.remind_due(limit)


def escalate_due(limit: int = 200, now: datetime | None = None) -> int:
    """Handle clocks whose next event has come, found by index; each in its own transaction."""
    at = now or timezone.now()
    due = Clock.objects.filter(next_event_at__lte=at).order_by("next_event_at").values_list("pk", flat=True)[:limit]
    handled = 0
    for clock_id in list(due):
        handled += _handle_clock(clock_id, at)
    return handled


@transaction.atomic
def _handle_clock(clock_id: int, at: datetime) -> int:
    """Fire the steps this clock has reached, once each, and look up the next event.

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
    if not calendar.is_open(at) and calendar.next_open(at) > at and not _ends_now(clock, at):
        # Late because no worker ran: people are told when the office opens, not at night.
        clock.next_event_at = calendar.next_open(at)
        clock.save(update_fields=["next_event_at"])
        return 1
    segments = clocks.segments_of(rows)
    steps = EscalationStep.objects.filter(is_active=True, metric__in=["", clock.metric])
    fired = [_fire(ticket, clock, step, at) for step in steps if reached_at(segments, at, clocks.threshold_of(step))]
    clocks.refresh(clock, rows, at)
    put_due(ticket, Clock.objects.filter(ticket_id=ticket.pk))
    ticket.save(update_fields=["due_at", "sort_due_at", "history_length"])
    workflow.announce(ticket)
    if any(fired):
        automation.after("sla", ticket, at)
    return 1


def _ends_now(clock: Clock, at: datetime) -> bool:
    """A closing instant is not open, yet an event planned for it is on time for a minute."""
    return clock.next_event_at is not None and (at - clock.next_event_at).total_seconds() < 60


def _fire(ticket: Ticket, clock: Clock, step: EscalationStep, at: datetime) -> bool:
    """Record a step and tell people; False when this was done before."""
    _fired, created = Escalation.objects.get_or_create(
        clock=clock, step=step, target_version=clock.target_version, defaults={"fired_at": at}
    )
    if not created:
        return False
    metric = str(Metric(clock.metric).label)
    timeline.record(
        ticket,
        code=timeline.ESCALATED,
        actor=SYSTEM,
        at=at,
        changes={
            "metric": metric,
            "percent": step.percent,
            "clock": clock.pk,
            "version": clock.target_version,
        },
    )
    people = notices.coordinators(ticket.team) if step.notify_coordinator else []
    if step.notify_assignee and ticket.assignee and ticket.assignee not in people:
        people.append(ticket.assignee)
    text = _("SLA %(metric)s tiket %(number)s sudah terpakai %(percent)d%% dari target.") % {
        "metric": metric.lower(),
        "number": ticket.number,
        "percent": step.percent,
    }
    for person in people:
        key = f"escalation:{clock.pk}:{step.pk}:{clock.target_version}:{person.pk}"
        notices.staff_notice(ticket, person, key=key, text=text)
    return True


def close_due(limit: int = 200, now: datetime | None = None) -> int:
    """Close resolved tickets nobody objected to in time."""
    at = now or timezone.now()
    due = Ticket.objects.filter(auto_close_at__lte=at).order_by("auto_close_at").values_list("pk", flat=True)[:limit]
    closed = 0
    for ticket_id in list(due):
        try:
            closed += _close(ticket_id, at)
        except TicketError:
            logger.exception("automatic close of ticket %s refused", ticket_id)
            Ticket.objects.filter(pk=ticket_id).update(auto_close_at=None)
    return closed


@transaction.atomic
def _close(ticket_id: int, at: datetime) -> int:
    ticket = workflow.lock(ticket_id, SYSTEM)
    if ticket.auto_close_at is None or ticket.auto_close_at > at:
        return 0  # somebody was faster
    workflow.perform(ticket_id, "close", SYSTEM)
    return 1
