"""What time does to approvals that wait: one reminder, and at the deadline one word to the coordinators."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from tickets import timeline
from tickets.actors import SYSTEM
from tickets.approvals import ballots, notices
from tickets.clocks import default_calendar
from tickets.models.approvals import ApprovalRound, ApprovalStep
from tickets.models.ticket import Ticket


def sweep(limit: int = 200, now: datetime | None = None) -> int:
    """Handle the steps whose next event has come, found by index, each in its own transaction; returns how many."""
    at = now or timezone.now()
    due = ApprovalStep.objects.filter(next_event_at__lte=at).order_by("next_event_at").values_list("pk", flat=True)
    return sum(_handle(step_id, at) for step_id in list(due[:limit]))


@transaction.atomic
def _handle(step_id: int, at: datetime) -> int:
    """One step; 0 when somebody was faster. Lock order is ticket first; a locked ticket waits for the next sweep."""
    ticket_id = ApprovalStep.objects.filter(pk=step_id).values_list("round__ticket", flat=True).first()
    skip = connection.features.has_select_for_update_skip_locked
    ticket = Ticket.objects.select_for_update(of=("self",), skip_locked=skip).filter(pk=ticket_id or 0).first()
    step = ApprovalStep.objects.select_related("round").filter(pk=step_id, next_event_at__lte=at).first()
    if ticket is None or step is None:
        return 0
    if not _is_waiting(ticket, step):
        step.next_event_at = None
    elif (opens := _later(step, at)) is not None:
        step.next_event_at = opens
    else:
        _fire(ticket, step, at)
        ticket.save(update_fields=["history_length"])
    step.save(update_fields=["next_event_at", "is_overdue"])
    return 1


def _is_waiting(ticket: Ticket, step: ApprovalStep) -> bool:
    """A merged ticket keeps its open round, in case the merge is undone, but nobody is reminded of it."""
    is_pending = step.state == ApprovalStep.State.PENDING and step.round.state == ApprovalRound.State.PENDING
    return is_pending and ticket.state == ballots.AWAITING


def _later(step: ApprovalStep, at: datetime) -> datetime | None:
    """The next opening when this event is late and the office closed: nobody is reminded at night."""
    calendar = default_calendar()
    is_on_time = step.next_event_at is not None and (at - step.next_event_at).total_seconds() < 60
    if is_on_time or calendar.is_open(at):
        return None
    return calendar.next_open(at)


def _fire(ticket: Ticket, step: ApprovalStep, at: datetime) -> None:
    due = step.due_at or at
    if step.next_event_at is not None and step.next_event_at < due:
        notices.remind(ticket, step)
        _record(ticket, step, timeline.APPROVAL_REMINDED, at)
        step.next_event_at = due
    if at >= due:
        step.next_event_at, step.is_overdue = None, True
        notices.overdue(ticket, step)
        _record(ticket, step, timeline.APPROVAL_OVERDUE, at)


def _record(ticket: Ticket, step: ApprovalStep, code: str, at: datetime) -> None:
    timeline.record(ticket, code=code, actor=SYSTEM, at=at, changes={"step": step.name})
