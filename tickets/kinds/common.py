"""Transition bodies that several kinds share. They change fields; states are changed by the decorated methods."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tickets.choices import HoldReason
from tickets.kinds.base import Say

if TYPE_CHECKING:
    from tickets.models.ticket import Ticket


def put_assignment(ticket: "Ticket", *, team: Any = None, assignee: Any = None, note: str = "") -> Say | None:
    """Set team and assignee; a change of team without a named person empties the assignee."""
    if team is not None:
        if ticket.team_id != team.pk and assignee is None:
            ticket.assignee = None
        ticket.team = team
    if assignee is not None:
        ticket.assignee = assignee
    return Say(note, public=False) if note else None


def put_hold(ticket: "Ticket", *, reason: str, note: str) -> Say:
    """Remember why and from where; a question to the requester is public, other reasons stay internal."""
    ticket.hold_reason = reason
    ticket.resume_state = ticket.state
    return Say(note, public=reason == HoldReason.REQUESTER)


def end_hold(ticket: "Ticket") -> None:
    ticket.hold_reason = ""


def reopened(ticket: "Ticket", at: datetime) -> None:
    """Undo what resolving set; the old solution stays readable in the conversation and the timeline."""
    ticket.resolved_at = ticket.closed_at = ticket.auto_close_at = None
    ticket.resolution_code = ""
    ticket.solution = ""
    ticket.reopen_count += 1
    ticket.updated_at = at
