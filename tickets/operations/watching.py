"""Members of staff who want to hear what happens on a ticket that is not theirs."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.errors import Forbidden
from tickets.models import Ticket


@transaction.atomic
def watch(*, ticket_id: int, actor: Actor | User) -> Ticket:
    """Let the actor hear of public replies and new states. Raises NotVisible or Forbidden."""
    ticket, who, person = _watchable(ticket_id, actor)
    if not ticket.watchers.filter(pk=person.pk).exists():
        ticket.watchers.add(person)
        _note(ticket, timeline.WATCHED, who, person)
    return ticket


@transaction.atomic
def unwatch(*, ticket_id: int, actor: Actor | User) -> Ticket:
    ticket, who, person = _watchable(ticket_id, actor)
    if ticket.watchers.filter(pk=person.pk).exists():
        ticket.watchers.remove(person)
        _note(ticket, timeline.UNWATCHED, who, person)
    return ticket


def may_watch(user: User, ticket: Ticket) -> bool:
    """Whoever reads the ticket as staff; what watchers are told are the staff's words."""
    return user.is_workspace_user and access.can(user, Action.SEE_INTERNAL, ticket)


def _watchable(ticket_id: int, actor: Actor | User) -> tuple[Ticket, Actor, User]:
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if who.user is None or not may_watch(who.user, ticket):
        raise Forbidden(_("Hanya petugas yang dapat mengamati tiket."))
    return ticket, who, who.user


def _note(ticket: Ticket, code: str, actor: Actor, person: User) -> None:
    at = timezone.now()
    timeline.record(ticket, code=code, actor=actor, at=at, changes={"person": person.display_name})
    workflow.save(ticket, at)
