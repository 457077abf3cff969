"""Handing one's vote to a colleague, and taking it back while it is not decided."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import WORKSPACE_ROLES
from tickets import access, timeline, workflow
from tickets.actors import Actor
from tickets.approvals import ballots, notices, voters
from tickets.errors import Forbidden, InvalidInputs, WrongState
from tickets.models.approvals import Vote
from tickets.models.ticket import Ticket


def may_delegate(vote: Vote, user: User) -> bool:
    """Only the addressee in person hands a vote on; whoever stands in or was handed it does not."""
    return vote.approver_id == user.pk and ballots.open_to(user).filter(pk=vote.pk).exists()


def candidates(vote: Vote, ticket: Ticket) -> QuerySet[User]:
    """Colleagues of the workspace who may decide: no part in the ticket, and not asked in this step already.

    Of a restricted ticket nobody: a delegate would learn of it.
    """
    people = User.objects.filter(is_active=True, groups__name__in=WORKSPACE_ROLES)
    if ticket.is_restricted:
        return people.none()
    asked = Vote.objects.filter(step=vote.step_id).values("approver")
    eligible = people.exclude(pk__in=voters.involved_in(ticket)).exclude(pk__in=asked)
    return eligible.distinct().order_by("first_name", "last_name", "username")


@transaction.atomic
def delegate(*, vote_id: int, actor: User, to: User | None, expected_version: int | None = None) -> Ticket:
    """Hand an open vote to `to`, or take it back with None; the addressee may still decide it too.

    Raises NotVisible, Forbidden, WrongState, Stale or InvalidInputs; then nothing has changed.
    """
    vote = Vote.objects.select_related("step__round", "approver", "office__head").filter(pk=vote_id).first()
    ticket = workflow.lock(vote.step.round.ticket_id if vote else 0, Actor(user=actor))
    vote = Vote.objects.select_for_update(of=("self",)).select_related("step", "approver").get(pk=vote_id)
    workflow.check_version(ticket, expected_version)
    if vote.approver_id != actor.pk:
        raise Forbidden(_("Hanya penyetuju sendiri yang dapat melimpahkan keputusannya."))
    if not may_delegate(vote, actor):
        raise WrongState(_("Keputusan ini sudah tidak terbuka, jadi tidak dapat dilimpahkan."))
    if to is not None and not candidates(vote, ticket).filter(pk=to.pk).exists():
        raise InvalidInputs(
            _("Rekan ini tidak boleh memutuskan tiket ini."), {"to": [_("Pilih rekan dari daftar yang tersedia.")]}
        )
    if to == vote.delegated_to:
        return ticket
    at = timezone.now()
    vote.delegated_to = to
    vote.save(update_fields=["delegated_to"])
    code = timeline.APPROVAL_DELEGATED if to else timeline.APPROVAL_RECALLED
    changes = {"step": vote.step.name, "person": to.display_name if to else "", "vote": vote.pk}
    timeline.record(ticket, code=code, actor=Actor(user=actor), at=at, changes=changes)
    workflow.save(ticket, at)
    notices.delegated(ticket, vote)
    return ticket


def vote_of(user: User, vote_id: int, number: str) -> tuple[Vote, Ticket] | None:
    """The vote with its ticket, if the ticket of that number holds it and this person sees the ticket."""
    ticket = access.get_visible(user, number)
    related = ("step__round", "approver", "delegated_to", "office__head")
    vote = Vote.objects.select_related(*related).filter(pk=vote_id, step__round__ticket=ticket.pk).first()
    return (vote, ticket) if vote else None
