"""Keeping record of where a ticket spends its time. Called by `tickets.workflow.save` alone."""

from datetime import datetime

from tickets import clocks
from tickets.choices import Stage
from tickets.models import Spell, Ticket


def keep(ticket: Ticket, at: datetime, *, is_new: bool = False) -> None:
    """Begin a new spell when state, reason of waiting or team changed. Sets `team_since`; the caller saves."""
    now = (ticket.state, _reason(ticket), ticket.team_id)
    current = None if is_new else Spell.objects.filter(ticket_id=ticket.pk, ended_at=None).first()
    if current is None:
        ticket.team_since = ticket.created_at
        _begin(ticket, ticket.created_at)
        return
    if (current.state, current.hold_reason, current.team_id) == now:
        return
    if current.team_id != ticket.team_id:
        ticket.team_since = at
    end = max(at, current.started_at)
    current.ended_at = end
    current.work_seconds = int(clocks.default_calendar().between(current.started_at, end).total_seconds())
    current.save(update_fields=["ended_at", "work_seconds"])
    _begin(ticket, end)


def _begin(ticket: Ticket, at: datetime) -> None:
    Spell.objects.create(
        ticket_id=ticket.pk,
        state=ticket.state,
        stage=ticket.stage,
        hold_reason=_reason(ticket),
        team_id=ticket.team_id,
        started_at=at,
    )


def _reason(ticket: Ticket) -> str:
    return ticket.hold_reason if ticket.stage == Stage.WAITING else ""
