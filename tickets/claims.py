"""Taking a ticket: the assignment that agents make most often, in one step."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, workflow
from tickets.errors import TicketError, WrongState
from tickets.filters import NUMBER
from tickets.models import Ticket

ASSIGNING = ("assign", "reassign")
MAX_AT_ONCE = 50


def step_for(ticket: Ticket, user: User) -> str:
    """The transition by which this person would take the ticket now, or ""."""
    if ticket.assignee_id == user.pk or not user.memberships:
        return ""
    return next((info.name for info in workflow.available(ticket, user) if info.name in ASSIGNING), "")


def take(*, ticket_id: int, actor: User, expected_version: int | None = None) -> Ticket:
    """Assign the ticket to the actor. Raises WrongState when it cannot be taken, else as `workflow.perform` does."""
    ticket = access.visible_to(actor).filter(pk=ticket_id).first()
    step = step_for(ticket, actor) if ticket else ""
    if not step:
        raise WrongState(_("Tiket ini tidak dapat Anda ambil sekarang."))
    return workflow.perform(ticket_id, step, actor, expected_version=expected_version, assignee=actor.username)


@dataclass(frozen=True, slots=True)
class TakenMany:
    """What came of taking several tickets: numbers taken, and (number, reason) of those refused."""

    taken: list[str]
    refused: list[tuple[str, str]]


def take_many(*, numbers: Iterable[str], actor: User) -> TakenMany:
    """Take each visible ticket of these numbers on its own, so that one refusal leaves the others done."""
    wanted = list(dict.fromkeys(number for number in numbers if NUMBER.match(number)))[:MAX_AT_ONCE]
    found = access.visible_to(actor).filter(number__in=wanted).order_by("number").values_list("pk", "number")
    result = TakenMany([], [])
    for pk, number in list(found):
        try:
            take(ticket_id=pk, actor=actor)
        except TicketError as error:
            result.refused.append((number, error.message))
        else:
            result.taken.append(number)
    return result
