"""What time itself does to tickets: escalations and automatic closing. Rows with due times are the truth."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tickets import escalation, workflow
from tickets.actors import SYSTEM
from tickets.approvals import reminders
from tickets.errors import TicketError
from tickets.incidents import reminders as major_reminders
from tickets.models import Ticket

logger = logging.getLogger(__name__)


def run_due(limit: int = 200) -> int:
    """Fire due escalations, close what nobody objected to in time, remind. Returns how many rows were handled."""
    return escalate_due(limit) + close_due(limit) + reminders.sweep(limit) + major_reminders.remind_due(limit)


def escalate_due(limit: int = 200, now: datetime | None = None) -> int:
    """Fire escalation steps that are due and tell people of them."""
    return escalation.run_due(limit, now)


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
