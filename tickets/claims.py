"""Taking a ticket: the assignment that agents make most often, in one step."""

from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, workflow
from tickets.actors import actor_of
from tickets.choices import Channel
from tickets.errors import WrongState
from tickets.models import Ticket

ASSIGNING = ("assign", "reassign")


def step_for(ticket: Ticket, user: User) -> str:
    """The transition by which this person would take the ticket now, or ""."""
    if ticket.assignee_id == user.pk or not user.memberships:
        return ""
    return next((info.name for info in workflow.available(ticket, user) if info.name in ASSIGNING), "")


def take(*, ticket_id: int, actor: User, expected_version: int | None = None, channel: str = Channel.WEB) -> Ticket:
    """Assign the ticket to the actor. Raises WrongState when it cannot be taken, else as `workflow.perform` does."""
    ticket = access.visible_to(actor).filter(pk=ticket_id).first()
    step = step_for(ticket, actor) if ticket else ""
    if not step:
        raise WrongState(_("Tiket ini tidak dapat Anda ambil sekarang."))
    return workflow.perform(
        ticket_id, step, actor_of(actor, channel), expected_version=expected_version, assignee=actor.username
    )
