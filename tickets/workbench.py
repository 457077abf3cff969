"""What the agent's ticket page shows: the words with their fate, the history, and what lies around the ticket."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import ContactPoint, IdentityView, User
from accounts.normalize import mask
from accounts.roles import Role
from notify.models import Delivery
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.choices import CONCEALING, Channel, Direction, LinkType, Stage
from tickets.errors import Forbidden
from tickets.kinds import machine_of
from tickets.kinds.base import TransitionInfo
from tickets.models import Message, Ticket, TicketLink, TimelineEntry
from tickets.problems import known_errors as near

BROKEN = (Delivery.State.FAILED, Delivery.State.BOUNCED)
CASES_NEARBY = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """The fate of one delivery of a message. `error` is empty where it could name a hidden requester.

    `again_at`: when a delivery that failed for the moment is tried again. `is_untold`: no address reaches the reader.
    """

    pk: int
    channel: str
    state: str
    label: str
    at: datetime | None
    error: str
    again_at: datetime | None = None
    is_untold: bool = False

    @property
    def is_broken(self) -> bool:
        return self.state in BROKEN or self.is_untold


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message of the conversation as this person may see it."""

    message: Message
    author: str
    deliveries: list[Sent] = field(default_factory=list)

    @property
    def is_note(self) -> bool:
        return self.message.direction == Direction.NOTE

    @property
    def is_reply(self) -> bool:
        return self.message.direction == Direction.OUT


def conversation(ticket: Ticket, *, internal: bool, conceal: bool) -> list[Spoken]:
    """Messages oldest first. Replies carry their deliveries; the requester's words only those that failed."""
    messages = list(access.conversation(ticket, internal=internal))
    deliveries = Delivery.objects.filter(cause__in=[message.cause for message in messages]).order_by("id")
    by_cause: dict[str, list[Sent]] = {}
    for row in deliveries:
        waits = row.state == Delivery.State.QUEUED and row.attempts > 0
        sent = Sent(
            row.pk,
            row.get_channel_display(),
            row.state,
            row.get_state_display(),
            row.sent_at,
            "" if conceal else row.error,
            row.next_attempt_at if waits else None,
            is_untold=row.state == Delivery.State.SUPPRESSED and not row.text,
        )
        by_cause.setdefault(row.cause, []).append(sent)
    return [
        Spoken(message, _author(message, conceal), _worth_showing(message, by_cause.get(message.cause, [])))
        for message in messages
    ]


def _author(message: Message, conceal: bool) -> str:
    if message.is_automatic:
        return _("Sistem")
    if message.direction == Direction.IN and conceal:
        return _("Pelapor (dirahasiakan)")
    return message.author_name or _("Tanpa nama")


def _worth_showing(message: Message, sent: list[Sent]) -> list[Sent]:
    if message.direction == Direction.OUT:
        return sent
    return [each for each in sent if each.is_broken]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history."""

    at: datetime
    actor: str
    sentence: str


def history(ticket: Ticket, *, internal: bool, conceal: bool) -> list[Event]:
    """The timeline, oldest first."""
    entries = access.timeline(ticket, internal=internal)
    return [Event(entry.at, _actor(entry, ticket, conceal), timeline.describe(entry)) for entry in entries]


def _actor(entry: TimelineEntry, ticket: Ticket, conceal: bool) -> str:
    """Whoever acted; with `conceal` nobody who is not known to be of the staff is named."""
    if not conceal or entry.channel == Channel.SYSTEM:
        return entry.actor_name
    if entry.actor_user_id is None or entry.actor_user_id in access.reporter_user_ids(ticket):
        return _("Pelapor (dirahasiakan)")
    return entry.actor_name


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach the requester; `text` is masked unless the identity was opened."""

    kind: str
    text: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Requester:
    """The requester panel."""

    name: str
    addresses: list[Address]
    is_concealed: bool
    may_open: bool
    is_open: bool = False


def requester(ticket: Ticket, user: User) -> Requester:
    """The requester with masked addresses; nothing at all when even the name is hidden."""
    conceal = access.hides_requester(user, ticket)
    may_open = access.can(user, Action.VIEW_IDENTITY, ticket)
    if conceal:  # whoever may open a concealed identity sees it only after saying why
        return Requester(_("Pelapor dirahasiakan"), [], True, may_open)
    return Requester(str(ticket.requester), _addresses(ticket, masked=True), False, may_open)


def open_identity(ticket: Ticket, user: User, reason: str) -> Requester:
    """The requester with full addresses, after a record of who looked and why (UU 27/2022). Raises Forbidden.

    Administrators read these records, so they name no restricted ticket.
    """
    if not access.can(user, Action.VIEW_IDENTITY, ticket):
        raise Forbidden(_("Anda tidak berwenang melihat identitas pelapor ini."))
    purpose = reason if ticket.is_restricted else f"{ticket.number}: {reason}"
    IdentityView.objects.create(viewer=user, contact=ticket.requester, reason=purpose[:200])
    return Requester(str(ticket.requester), _addresses(ticket, masked=False), False, True, is_open=True)


def _addresses(ticket: Ticket, *, masked: bool) -> list[Address]:
    points = ContactPoint.objects.filter(contact_id=ticket.requester_id).order_by("kind", "pk")
    return [
        Address(point.get_kind_display(), mask(point.value) if masked else point.value, point.is_verified)
        for point in points
    ]


def other_tickets(ticket: Ticket, user: User) -> QuerySet[Ticket]:
    """The requester's latest other tickets that this person sees.

    Empty for a concealed requester, and without concealed tickets: either would tell who the anonymous reporter is.
    """
    others = access.visible_to(user).filter(requester_id=ticket.requester_id).exclude(pk=ticket.pk)
    if not user.has_role(Role.CONFIDENTIAL_OFFICER):
        others = others.exclude(confidentiality__in=CONCEALING)
        if ticket.confidentiality in CONCEALING:
            others = others.none()
    return others.order_by("-created_at", "-id")[:CASES_NEARBY]


@dataclass(frozen=True, slots=True)
class Step:
    """A transition as a button: `asks` when it opens a form or question first, `is_final` when it cannot be undone."""

    name: str
    label: str
    asks: bool
    is_final: bool


def steps(ticket: Ticket, user: User) -> list[Step]:
    """The transitions this person may run now, in the machine's order."""
    return [
        Step(info.name, str(info.edge.label), _asks(info, ticket, user), info.edge.confirm)
        for info in workflow.available(ticket, user)
    ]


def _asks(info: TransitionInfo, ticket: Ticket, user: User) -> bool:
    return bool(info.edge.form or info.edge.confirm or unfinished_parts(ticket, user, info))


def unfinished_parts(ticket: Ticket, user: User, info: TransitionInfo) -> list[Ticket]:
    """Open parts of the ticket, when this step would finish it before them: worth a warning."""
    from tickets.operations import linking

    machine = machine_of(ticket.kind)
    finishes = info.target in machine.STATES and machine.stage_of(str(info.target)) in (Stage.RESOLVED, Stage.CLOSED)
    return linking.open_children(ticket, user) if finishes else []


@dataclass(frozen=True, slots=True)
class Linked:
    """A related ticket, with the relation as read from this one."""

    relation: str
    ticket: Ticket
    pk: int = 0


BACKWARD = {
    LinkType.DUPLICATES: lambda: _("punya duplikat"),
    LinkType.CAUSED_BY: lambda: _("menyebabkan"),
    LinkType.FIXED_BY: lambda: _("memperbaiki"),
    LinkType.PARENT: lambda: _("terdiri atas"),
    LinkType.RELATED: lambda: _("terkait dengan"),
}


def links(ticket: Ticket, user: User) -> list[Linked]:
    """Related tickets in both directions, as far as this person sees them."""
    visible = access.visible_to(user).values("pk")
    out = TicketLink.objects.filter(source_id=ticket.pk, target__in=visible).select_related("target")
    back = TicketLink.objects.filter(target_id=ticket.pk, source__in=visible).select_related("source")
    return [Linked(link.get_type_display(), link.target, link.pk) for link in out.order_by("id")] + [
        Linked(BACKWARD[LinkType(link.type)](), link.source, link.pk) for link in back.order_by("id")
    ]


def known_errors(ticket: Ticket, user: User) -> list[Ticket]:
    """Known errors near this ticket, with their details, the nearest first."""
    return near.similar_to(ticket, user)
