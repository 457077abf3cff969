"""Who may see and do what: decided here once, used by web, API, websocket, search, export, bot and reports."""

import hmac
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Team, User
from accounts.roles import Role
from tickets.actors import Actor
from tickets.choices import Confidentiality, Direction, Kind, Visibility
from tickets.errors import NotVisible
from tickets.kinds.base import Party
from tickets.models import Attachment, Message, Participant, Ticket, TimelineEntry

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
        return tickets.filter(Q(is_restricted=False) | Q(requester__user=user) | _restricted_cases(user))
    return tickets.filter(_open_cases(user) | _own(user) | _restricted_cases(user))


def _sees_all_open_cases(user: User) -> bool:
    return user.has_role(Role.ADMINISTRATOR, Role.MANAGER) or _sits_at_service_desk(user)


def _own(user: User) -> Q:
    """Tickets this person reported or takes part in."""
    taking_part = Participant.objects.filter(ticket=OuterRef("pk"), contact__user=user)
    return Q(requester__user=user) | (Q(is_restricted=False) & Q(Exists(taking_part)))


def _open_cases(user: User) -> Q:
    """Unrestricted tickets by role, for people who do not see all. Matches nothing for people without a role."""
    matches = Q(pk__in=[])
    if user.has_role(Role.AGENT, Role.COORDINATOR):
        matches |= Q(is_restricted=False) & (Q(team__in=user.team_ids) | Q(assignee=user))
    if user.has_role(Role.LIAISON) and user.office_id:
        matches |= Q(is_restricted=False, office=user.office_id)
        matches |= Q(is_restricted=False, service__owner_office=user.office_id, kind="request")
    if user.has_role(Role.CHANGE_APPROVER):
        matches |= Q(is_restricted=False, kind="change")
    return matches


def _restricted_cases(user: User) -> Q:
    """Restricted tickets: officers named on the ticket, and those of its confidential team."""
    matches = Q(pk__in=[])
    if user.has_role(Role.CONFIDENTIAL_OFFICER):
        teams = [m.team_id for m in user.memberships if m.team.is_confidential]
        named = Ticket.named_officers.through.objects.filter(ticket_id=OuterRef("pk"), user_id=user.pk)
        matches |= Q(is_restricted=True) & (Q(team__in=teams) | Q(Exists(named)))
    return matches


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
    return actor.contact is not None and takes_part(ticket, actor.contact.pk)


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
    if _approves_requests(user, ticket):
        found.add(Party.APPROVER)
    if user.has_role(Role.CHANGE_APPROVER) and ticket.kind == "change":
        found.add(Party.CAB)
    return found


def _works_on(user: User, ticket: Ticket) -> bool:
    return ticket.assignee_id == user.pk or ticket.team_id in user.team_ids or _sits_at_service_desk(user)


def _approves_requests(user: User, ticket: Ticket) -> bool:
    """The owner office's liaison decides; for a service without owner the coordinator of its support team does."""
    service = ticket.service
    if ticket.kind != "request" or service is None:
        return False
    if service.owner_office_id:
        return user.has_role(Role.LIAISON) and user.office_id == service.owner_office_id
    return user.has_role(Role.COORDINATOR) and (
        user.coordinates(service.support_team_id) or _sits_at_service_desk(user)
    )


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
        return bool(roles & INSIDERS)
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
    watches = bool(actor.user and actor.user.has_role(Role.MANAGER, Role.ADMINISTRATOR) and not ticket.is_restricted)
    return watches or bool(roles & INSIDERS)


def _may_view_identity(actor: Actor, ticket: Ticket, roles: frozenset[Party]) -> bool:
    if Party.REQUESTER in roles:
        return True
    if ticket.confidentiality in (Confidentiality.ANONYMOUS, Confidentiality.WHISTLEBLOWING):
        return bool(actor.user and actor.user.has_role(Role.CONFIDENTIAL_OFFICER))
    return bool(roles & (STAFF | {Party.LIAISON}))


def hides_requester(user: AnyUser, ticket: Ticket) -> bool:
    """Whether even the requester's name stays hidden from this person."""
    hidden = ticket.confidentiality in (Confidentiality.ANONYMOUS, Confidentiality.WHISTLEBLOWING)
    return hidden and not can(user, Action.VIEW_IDENTITY, ticket)


def by_code(number: str, code: str) -> Ticket | None:
    """Public tracking: the ticket of that number when the access code fits too, compared in constant time."""
    ticket = Ticket.objects.select_related("requester", "service", "office", "team").filter(
        number=number.strip().upper()
    ).first()  # fmt: skip
    expected = ticket.access_code if ticket else "-" * 10
    given = code.strip().upper().replace("-", "").replace(" ", "")
    matches = hmac.compare_digest(expected.encode(), given.encode())
    return ticket if ticket and matches else None


def conversation(ticket: Ticket, *, internal: bool) -> QuerySet[Message]:
    """Messages oldest first with their attachments; without `internal` the notes do not exist."""
    messages = Message.objects.filter(ticket_id=ticket.pk).prefetch_related("attachments")
    if not internal:
        messages = messages.filter(visibility=Visibility.PUBLIC).exclude(direction=Direction.NOTE)
    return messages.select_related("author_user", "author_contact").order_by("created_at", "id")


def timeline(ticket: Ticket, *, internal: bool) -> QuerySet[TimelineEntry]:
    """History oldest first; without `internal` only what concerns the requester."""
    entries = TimelineEntry.objects.filter(ticket_id=ticket.pk).select_related("actor_user").order_by("position")
    return entries if internal else entries.filter(is_public=True)


def may_read_attachment(user: AnyUser, attachment: Attachment) -> bool:
    """A file is as visible as its message."""
    message = attachment.message
    if message.visibility == Visibility.INTERNAL:
        return can(user, Action.SEE_INTERNAL, message.ticket)
    return can(user, Action.VIEW, message.ticket)


def whistleblowing_team() -> Team | None:
    return Team.objects.filter(receives_whistleblowing=True, is_active=True).order_by("pk").first()


def secret_team() -> Team | None:
    """The team that takes secret tickets until a named officer is chosen."""
    return Team.objects.filter(is_confidential=True, is_active=True).order_by("receives_whistleblowing", "pk").first()
