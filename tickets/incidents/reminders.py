"""Reminding the coordinator of a major incident that the public waits for news."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tickets import clocks, notices, timeline, workflow
from tickets.actors import SYSTEM
from tickets.models import IncidentDetail


def remind_due(limit: int = 200, now: datetime | None = None) -> int:
    """Remind once for each news that is due, found by index. Returns how many rows were handled."""
    at = now or timezone.now()
    due = IncidentDetail.objects.filter(is_major=True, next_update_at__lte=at).order_by("next_update_at")
    return sum(_remind(ticket_id, at) for ticket_id in list(due.values_list("ticket_id", flat=True)[:limit]))


@transaction.atomic
def _remind(ticket_id: int, at: datetime) -> int:
    """Once: the due time is taken away, and the next news sets another one."""
    ticket = workflow.lock(ticket_id, SYSTEM)
    detail = IncidentDetail.objects.filter(ticket_id=ticket_id, is_major=True, next_update_at__lte=at).first()
    if detail is None or detail.next_update_at is None:
        return 0  # somebody was faster
    due = detail.next_update_at
    opening = clocks.default_calendar().next_open(at)
    if ticket.is_open and opening > at and (at - due).total_seconds() >= 60:
        # No worker ran in time: the coordinator hears it when the office opens, not at night.
        detail.next_update_at = opening
        detail.save(update_fields=["next_update_at"])
        return 1
    detail.next_update_at = None
    detail.save(update_fields=["next_update_at"])
    if ticket.is_open:
        timeline.record(ticket, code=timeline.MAJOR_REMINDED, actor=SYSTEM, at=at, changes={"due": due.isoformat()})
        workflow.save(ticket, at)
        notices.major_reminder(ticket, detail.coordinator, due)
    return 1
