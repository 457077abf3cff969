"""Which votes a person may decide today, and who may decide a vote: the same rule read in both directions."""

from django.db.models import Q, QuerySet

from accounts.models import Substitution, User
from tickets.models.approvals import ApprovalRound, ApprovalStep, Vote
from tickets.models.ticket import Ticket

AWAITING = "awaiting_approval"
"""The state, in both kinds that know approval, in which votes are asked for."""

OPEN = Q(
    decision="",
    step__state=ApprovalStep.State.PENDING,
    step__round__state=ApprovalRound.State.PENDING,
    step__round__ticket__state=AWAITING,
)


def addressed_to(user: User) -> Q:
    """Votes in which this person counts today: addressee, delegate, holder of the post, or their substitute."""
    people, offices = user.stands_for
    by_person = Q(office=None, approver__in=people)
    return by_person | Q(office__in=offices) | Q(delegated_to__in=people)


def open_to(user: User) -> QuerySet[Vote]:
    """The votes this person may decide now, over all tickets; whether they see the ticket is for the caller."""
    if not user.is_active:
        return Vote.objects.none()
    return Vote.objects.filter(OPEN, addressed_to(user))


def may_decide(user: User, ticket: Ticket) -> bool:
    """Whether this person has an open vote on the ticket. Costs no query while no approval is awaited."""
    return ticket.state == AWAITING and open_to(user).filter(step__round__ticket=ticket.pk).exists()


def asked_tickets(user: User) -> QuerySet[Vote, int]:
    """Ids of the tickets on which this person was or is asked, or decided for somebody."""
    votes = Vote.objects.filter(Q(approver=user) | Q(decided_by=user) | Q(delegated_to=user))
    people, offices = user.stands_for
    if offices or len(people) > 1:
        votes = votes | Vote.objects.filter(Q(decision=""), addressed_to(user))
    return votes.values_list("step__round__ticket", flat=True)


def was_asked(user: User, ticket: Ticket) -> bool:
    return asked_tickets(user).filter(step__round__ticket=ticket.pk).exists()


def deciders(vote: Vote) -> list[User]:
    """Active people who may decide this vote today, the addressee first."""
    delegate = [vote.delegated_to] if vote.delegated_to else []
    holders = [vote.approver, *delegate]
    deputies = Q()
    if vote.office is not None:
        is_headed = vote.office.head is not None and vote.office.head.is_active
        holders = [vote.office.head, *delegate] if is_headed and vote.office.head else delegate
        if not is_headed:
            deputies = Q(office=vote.office)
    deputies |= Q(person__in=holders)
    valid = Substitution.valid().filter(deputies).select_related("substitute").order_by("pk")
    found = {person.pk: person for person in [*holders, *(each.substitute for each in valid)] if person.is_active}
    return list(found.values())


def on_behalf_of(vote: Vote, user: User) -> str:
    """For whom this person decides the vote, or "" when it is their own."""
    if user.pk in (vote.approver_id, vote.delegated_to_id):
        return "" if user.pk == vote.approver_id else vote.approver.display_name
    if vote.office is not None and vote.office.head_id == user.pk:
        return ""
    return str(vote.office) if vote.office else vote.approver.display_name
