"""Who may see and do what: decided here once, used by web, API, websocket, search, export, bot and reports."""

import hmac
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Contact, Team, User
from accounts.roles import Role
from tickets.actors import Actor
from tickets.approvals import ballots
from tickets.choices import CONCEALING, Direction, Kind, Visibility
from tickets.errors import NotVisible
from tickets.kinds.base import Party
from tickets.models import Attachment, Merge, Message, Participant, Ticket, TimelineEntry

AnyUser = User | AnonymousUser


class Action(StrEnum):
    """What a person may do on a visible ticket, besides the transitions."""

    VIEW = "view"
    REPLY = "reply"
    NOTE = "note"
    EDIT = "edit"
    SEE_INTERNAL = "see_internal"
    VIEW_IDENTITY = "view_identity"


def visible_to(user: AnyUser, queryset: QuerySet[Ticket] | None = None) -> QuerySet[Ticket]:
    """The tickets that exist for this person. Every list, count, search and export starts here."""
    tickets = Ticket.objects.all() if queryset is None else queryset
    if not isinstance(user, User) or not user.is_active:
        return tickets.none()
    if _sees_all_open_cases(user):
        # What they take part in is among these already; a shorter condition is a faster queue.
        return tickets.filter(Q(is_restricted=False) | _reported(user) | _restricted_cases(user))
    return tickets.filter(_open_cases(user) | _own(user) | _restricted_cases(user) | _to_approve(user))


def _sees_all_open_cases(user: User) -> bool:
    return user.has_role(Role.ADMINISTRATOR, Role.MANAGER) or _sits_at_service_desk(user)


def sees_every_open_case(user: User) -> bool:
    """Whether all tickets that are not restricted exist for this person, so that sums kept of them are theirs."""
    return user.is_active and _sees_all_open_cases(user)


def _reported(user: User) -> Q:
    """What this person reported; as a subquery, because a join would burden every count of the queue."""
    return Q(requester__in=Contact.objects.filter(user=user))


def _own(user: User) -> Q:
    """Tickets this person reported or takes part in."""
    taking_part = _participations(user).filter(ticket=OuterRef("pk"))
    return _reported(user) | (Q(is_restricted=False) & Q(Exists(taking_part)))


def _participations(user: User) -> QuerySet[Participant]:
    """Whom a merge brought along follows by the number of their own ticket: the survivor tells of somebody else."""
    return Participant.objects.filter(contact__user=user, via=None)


def _open_cases(user: User) -> Q:
    """Unrestricted tickets by role, for people who do not see all. Matches nothing for people without a role."""
    matches = Q(team__in=whole_teams(user))
    for way in _by_role(user):
        matches |= way
    return Q(is_restricted=False) & matches


def whole_teams(user: User) -> list[int]:
    """The teams whose unrestricted tickets all exist for this person."""
    return user.team_ids if user.is_active and user.has_role(Role.AGENT, Role.COORDINATOR) else []


def _by_role(user: User) -> list[Q]:
    """The ways by which unrestricted tickets of whatever team exist for this person, by role."""
    ways = []
    if user.has_role(Role.AGENT, Role.COORDINATOR):
        ways.append(Q(assignee=user))
    if user.has_role(Role.LIAISON) and user.office_id:
        ways += [Q(office=user.office_id), Q(service__owner_office=user.office_id, kind="request")]
    if user.has_role(Role.CHANGE_APPROVER):
        ways.append(Q(kind="change"))
    return ways


def beyond_teams(user: User) -> list[Q]:
    """Everything but `whole_teams` by which unrestricted tickets exist for this person, each way by itself.

    Together in one condition no index serves them. They narrow `visible_to` and replace it nowhere.
    """
    taking_part = Q(pk__in=_participations(user).values("ticket_id"))
    return [*_by_role(user), _reported(user), taking_part, _to_approve(user)]


def _restricted_cases(user: User) -> Q:
    """Restricted tickets: officers named on the ticket, and those of its confidential team."""
    matches = Q(pk__in=[])
    if user.has_role(Role.CONFIDENTIAL_OFFICER):
        teams = [m.team_id for m in user.memberships if m.team.is_confidential]
        named = Ticket.named_officers.through.objects.filter(ticket_id=OuterRef("pk"), user_id=user.pk)
        matches |= Q(is_restricted=True) & (Q(team__in=teams) | Q(Exists(named)))
    return matches


def _to_approve(user: User) -> Q:
    """Tickets on which this person was or is asked for approval. Being asked opens no restricted case."""
    return Q(is_restricted=False) & Q(pk__in=ballots.asked_tickets(user))


def _sits_at_service_desk(user: User) -> bool:
    return user.has_role(Role.AGENT, Role.COORDINATOR) and any(m.team.sees_all for m in user.memberships)


def get_visible(user: AnyUser, number: str) -> Ticket:
    """The ticket with that number; NotVisible alike when there is none and when it is not for this person."""
    related = ("requester", "requester__user", "service", "office", "team", "assignee")
    ticket = visible_to(user).select_related(*related).filter(number=number.strip().upper()).first()
    if ticket is None:
        raise NotVisible(_("Tiket tidak ditemukan."))
    return ticket


def is_visible(actor: Actor, ticket: Ticket) -> bool:
    if actor.is_system:
        return True
    if actor.user and visible_to(actor.user).filter(pk=ticket.pk).exists():
        return True
    return actor.contact is not None and _takes_part_as_own(ticket, actor.contact.pk)


def _takes_part_as_own(ticket: Ticket, contact_id: int) -> bool:
    """As `takes_part`, without the people of tickets that were merged into this one."""
    taking_part = Participant.objects.filter(ticket_id=ticket.pk, contact_id=contact_id, via=None)
    return ticket.requester_id == contact_id or taking_part.exists()


def takes_part(ticket: Ticket, contact_id: int) -> bool:
    """Requester or participant."""
    return (
        ticket.requester_id == contact_id
        or Participant.objects.filter(ticket_id=ticket.pk, contact_id=contact_id).exists()
    )


def parties(actor: Actor, ticket: Ticket) -> frozenset[Party]:
    """The parts this actor has in this ticket; nothing for those who do not see it."""
    if actor.is_system:
        return frozenset({Party.SYSTEM})
    if not is_visible(actor, ticket):
        return frozenset()
    found = set()
    if actor.contact_id is not None and actor.contact_id == ticket.requester_id:
        found.add(Party.REQUESTER)
    if actor.user:
        found |= _staff_parties(actor.user, ticket)
    return frozenset(found)


def _staff_parties(user: User, ticket: Ticket) -> set[Party]:
    found: set[Party] = set()
    if ticket.kind in VOTER and ballots.may_decide(user, ticket):
        found.add(VOTER[Kind(ticket.kind)])
    at_work = ticket.is_restricted or _works_on(user, ticket)
    if ticket.is_restricted:
        if visible_to(user).filter(pk=ticket.pk).exists() and user.has_role(Role.CONFIDENTIAL_OFFICER):
            found |= {Party.AGENT, Party.COORDINATOR}
        return found
    if user.has_role(Role.AGENT) and at_work:
        found.add(Party.AGENT)
    if user.has_role(Role.COORDINATOR) and (user.coordinates(ticket.team_id) or _sits_at_service_desk(user)):
        found |= {Party.AGENT, Party.COORDINATOR}
    if user.has_role(Role.LIAISON) and user.office_id and ticket.office_id == user.office_id:
        found.add(Party.LIAISON)
    return found


VOTER = {Kind.REQUEST: Party.APPROVER, Kind.CHANGE: Party.CAB}
"""The part of whoever may decide an open vote now, in the kinds that know approval."""


def _works_on(user: User, ticket: Ticket) -> bool:
    return ticket.assignee_id == user.pk or ticket.team_id in user.team_ids or _sits_at_service_desk(user)


STAFF = frozenset({Party.AGENT, Party.COORDINATOR})
INSIDERS = STAFF | {Party.LIAISON, Party.APPROVER, Party.CAB}


def can(user: AnyUser, action: Action, ticket: Ticket) -> bool:
    """Whether this person may do that on this ticket."""
    return isinstance(user, User) and allowed(Actor(user=user), action, ticket)


def allowed(actor: Actor, action: Action, ticket: Ticket) -> bool:
    """`can` for any actor, also a contact without an account."""
    if actor.is_system:
        return True
    if not is_visible(actor, ticket):
        return False
    if action == Action.VIEW:
        return True
    roles = parties(actor, ticket)
    if action == Action.REPLY:
        taking_part = actor.contact_id is not None and takes_part(ticket, actor.contact_id)
        return taking_part or bool(roles & (STAFF | {Party.LIAISON}))
    if action == Action.NOTE:
        return bool(roles & INSIDERS) or bool(actor.user and not ticket.is_restricted and _judges(actor.user, ticket))
    if action == Action.EDIT:
        return bool(roles & STAFF)
    if action == Action.SEE_INTERNAL:
        return sees_internal(actor, ticket, roles)
    return _may_view_identity(actor, ticket, roles)


def sees_internal(actor: Actor, ticket: Ticket, roles: frozenset[Party]) -> bool:
    """Staff read internal notes, but not on what they reported as a user of a service.

    Problems and changes are raised by the staff that works on them, who need their own notes.
    """
    if Party.REQUESTER in roles and not (ticket.kind in (Kind.PROBLEM, Kind.CHANGE) and roles & INSIDERS):
        return False
    if roles & INSIDERS:
        return True
    if actor.user is None or ticket.is_restricted:
        return False
    return actor.user.has_role(Role.MANAGER, Role.ADMINISTRATOR) or _judges(actor.user, ticket)


def _judges(user: User, ticket: Ticket) -> bool:
    """Whether this person approves such tickets, or was asked to approve this one, also once that is decided."""
    if ticket.kind == Kind.CHANGE and user.has_role(Role.CHANGE_APPROVER):
        return True
    return ticket.kind in VOTER and ballots.was_asked(user, ticket)


def _may_view_identity(actor: Actor, ticket: Ticket, roles: frozenset[Party]) -> bool:
    if Party.REQUESTER in roles:
        return True
    if ticket.confidentiality in CONCEALING:
        return bool(actor.user and actor.user.has_role(Role.CONFIDENTIAL_OFFICER))
    return bool(roles & (STAFF | {Party.LIAISON}))


def hides_requester(user: AnyUser, ticket: Ticket) -> bool:
    """Whether even the requester's name stays hidden from this person, also from officers until they say why."""
    if ticket.confidentiality not in CONCEALING:
        return False
    return not isinstance(user, User) or ticket.requester.user_id != user.pk


def by_code(number: str, code: str) -> Ticket | None:
    """Public tracking: the ticket of that number when the access code fits too, compared in constant time."""
    ticket = Ticket.objects.select_related("requester", "service", "office", "team").filter(
        number=number.strip().upper()
    ).first()  # fmt: skip
    expected = ticket.access_code if ticket else "-" * 10
    given = code.strip().upper().replace("-", "").replace(" ", "")
    matches = hmac.compare_digest(expected.encode(), given.encode())
    return ticket if ticket and matches else None


def conversation(ticket: Ticket, *, internal: bool, reader_id: int | None = None) -> QuerySet[Message]:
    """Messages oldest first with their attachments.

    Without `internal` the notes do not exist, nor does what the people of another ticket said or were told before
    both were merged; `reader_id` is the contact who reads, whose own other ticket may be the one.
    """
    if internal:
        messages = Message.objects.filter(ticket_id=ticket.pk)
    else:
        messages = Message.objects.filter(_meant_for(ticket, reader_id), visibility=Visibility.PUBLIC)
        messages = messages.exclude(direction=Direction.NOTE)
    related = messages.select_related("author_user", "author_contact", "origin").prefetch_related(
        "attachments", "revisions"
    )
    return related.order_by("created_at", "id")


def _meant_for(ticket: Ticket, reader_id: int | None) -> Q:
    """The public words that the people of this ticket may read.

    Of a merged ticket: what was said on it, wherever that is now, and the staff's replies on the survivors since.
    """
    own = Q(origin=None) | Q(origin__requester_id=reader_id) if reader_id else Q(origin=None)
    matches = Q(ticket_id=ticket.pk) & own
    if ticket.merged_into_id is None:
        return matches
    path = path_of(ticket)
    survivor_id = path[-1][0].pk
    matches |= Q(ticket_id=survivor_id, origin_id=ticket.pk)
    for above, since in path:
        origin = Q(origin=None) if above.pk == survivor_id else Q(origin_id=above.pk)
        matches |= origin & Q(ticket_id=survivor_id, direction=Direction.OUT, created_at__gte=since)
    return matches


def path_of(ticket: Ticket) -> list[tuple[Ticket, datetime]]:
    """The tickets this one was merged into, one after the other up to the survivor, each with the time of the merge."""
    path: list[tuple[Ticket, datetime]] = []
    below, seen = ticket, {ticket.pk}
    while below.merged_into is not None and below.merged_into_id not in seen:
        merge = Merge.objects.filter(source_id=below.pk, undone_at=None).first()
        path.append((below.merged_into, merge.at if merge else timezone.now()))
        seen.add(below.merged_into.pk)
        below = below.merged_into
    return path


def own_ticket_within(ticket: Ticket, contact_id: int) -> Ticket:
    """The ticket by which this contact takes part in `ticket`: a merged one for whom a merge brought along."""
    if ticket.requester_id == contact_id:
        return ticket
    taking_part = Participant.objects.filter(ticket_id=ticket.pk, contact_id=contact_id).select_related("via").first()
    return taking_part.via if taking_part and taking_part.via else ticket


def reporter_user_ids(ticket: Ticket) -> frozenset[int]:
    """The accounts of everybody who reports on this ticket, also by way of a merged one: whom `conceal` hides."""
    reporters = Participant.objects.filter(ticket_id=ticket.pk).values_list("contact__user_id", flat=True)
    return frozenset(pk for pk in (ticket.requester.user_id, *reporters) if pk is not None)


def survivor_of(ticket: Ticket) -> Ticket:
    """The ticket in which this one lives on; itself when it was not merged."""
    path = path_of(ticket)
    return path[-1][0] if path else ticket


def timeline(ticket: Ticket, *, internal: bool) -> QuerySet[TimelineEntry]:
    """History oldest first; without `internal` only what concerns the requester."""
    entries = TimelineEntry.objects.filter(ticket_id=ticket.pk).select_related("actor_user").order_by("position")
    return entries if internal else entries.filter(is_public=True)


def may_read_attachment(user: AnyUser, attachment: Attachment) -> bool:
    """A file is as visible as its message."""
    return may_read(user, attachment.message)


def may_read(user: AnyUser, message: Message) -> bool:
    """Whether this person may read that message: as staff, or because it is meant for the people of their ticket."""
    if can(user, Action.SEE_INTERNAL, message.ticket):
        return True
    if message.visibility == Visibility.INTERNAL or not isinstance(user, User):
        return False
    reader_id = Actor(user=user).contact_id
    return any(
        conversation(ticket, internal=False, reader_id=reader_id).filter(pk=message.pk).exists()
        for ticket in (message.ticket, message.origin, *tickets_within(message.ticket))
        if ticket is not None and can(user, Action.VIEW, ticket)
    )


def tickets_within(survivor: Ticket) -> list[Ticket]:
    """Every ticket that was merged into this one, directly or by way of others."""
    found: list[Ticket] = []
    level = [survivor.pk]
    while level:
        below = list(Ticket.objects.filter(merged_into__in=level).exclude(pk__in=[each.pk for each in found]))
        found += below
        level = [each.pk for each in below]
    return found


def whistleblowing_team() -> Team | None:
    return Team.objects.filter(receives_whistleblowing=True, is_active=True).order_by("pk").first()


def secret_team() -> Team | None:
    """The team that takes secret tickets until a named officer is chosen."""
    return Team.objects.filter(is_confidential=True, is_active=True).order_by("receives_whistleblowing", "pk").first()


def may_automate(user: AnyUser) -> bool:
    """Whether this person keeps the automation rules: they act on everybody's tickets, as the service desk does."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.has_role(Role.ADMINISTRATOR) or (user.has_role(Role.COORDINATOR) and _sits_at_service_desk(user))
