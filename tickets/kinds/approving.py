"""Transition bodies of approval, shared by requests and changes: asking, voting, asking again."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django_fsm import GET_STATE

from tickets.kinds.base import Say

if TYPE_CHECKING:
    from tickets.actors import Actor
    from tickets.models.ticket import Ticket

AWAITING, APPROVED, REJECTED = "awaiting_approval", "approved", "rejected"


def ask(ticket: "Ticket", *, actor: "Actor", note: str = "") -> Say | None:
    """Start a round; the note goes to colleagues."""
    from tickets.approvals import rounds

    rounds.start(ticket, actor=actor, at=timezone.now())
    return Say(note, public=False) if note else None


def vote_for(ticket: "Ticket", *, actor: "Actor", note: str = "") -> Say | None:
    from tickets.approvals import rounds
    from tickets.models.approvals import Vote

    rounds.cast(ticket, actor=actor, decision=Vote.Decision.APPROVE, comment=note, at=timezone.now())
    return Say(note, public=False) if note else None


def vote_against(ticket: "Ticket", *, actor: "Actor", reason: str) -> Say:
    """The requester reads the reason only when this vote rejects the round."""
    from tickets.approvals import rounds
    from tickets.models.approvals import Vote

    state = rounds.cast(ticket, actor=actor, decision=Vote.Decision.REJECT, comment=reason, at=timezone.now())
    return Say(reason, public=state == REJECTED)


def withdraw(ticket: "Ticket") -> None:
    from tickets.approvals import rounds

    rounds.withdraw(ticket, timezone.now())


def is_approved(ticket: "Ticket") -> bool:
    from tickets.approvals import rounds

    return rounds.is_approved(ticket)


def _state_of_round(ticket: "Ticket", **_inputs: object) -> str:
    """Where a vote leaves the ticket: decided as the round is, else still waiting."""
    from tickets.approvals import rounds

    last = rounds.latest(ticket)
    return last.state if last is not None and last.state in (APPROVED, REJECTED) else AWAITING


# `ApprovalRound.State` and the two machines use the same words for approved and rejected.
AFTER_VOTE_FOR = GET_STATE(_state_of_round, [APPROVED, AWAITING])
AFTER_VOTE_AGAINST = GET_STATE(_state_of_round, [REJECTED, AWAITING])
