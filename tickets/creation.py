"""Making a ticket out of an arrival. Called by `tickets.intake` alone."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.models import Contact, Team, User
from accounts.roles import Role
from tickets import access, messages, notices, numbers, timeline
from tickets.actors import SYSTEM, Actor
from tickets.changes import templates
from tickets.choices import (
    CONCEALING,
    RESTRICTED,
    STRICTNESS,
    ChangeType,
    Channel,
    ComplaintClass,
    Confidentiality,
    Kind,
    Level,
    LinkType,
    RequesterClass,
    Visibility,
)
from tickets.errors import WrongState
from tickets.kinds import as_kind, machine_of
from tickets.models import (
    ChangeDetail,
    ComplaintDetail,
    IncidentDetail,
    Message,
    Participant,
    Ticket,
    TicketLink,
)
from tickets.priorities import priority_of

if TYPE_CHECKING:
    from tickets.intake import InboundMessage, TicketDraft

SUBJECT_LENGTH = 120


def create(message: "InboundMessage", contact: Contact, follows: Ticket | None = None) -> tuple[Ticket, Message]:
    """A new ticket with its first message, details, clocks, receipt, and for some services the request for approval."""
    from tickets import automation, workflow
    from tickets.automation import assignment

    now = timezone.now()
    if follows:
        message = replace(message, draft=_as_confidential_as(follows, message.draft))
    message = replace(message, draft=templates.applied(message.draft))
    opened_at = min(message.received_at or now, now)
    ticket = _build(message, contact, opened_at)
    ticket.save(force_insert=True)
    if message.draft.assets:
        ticket.assets.set(message.draft.assets)
    _add_details(ticket, message)
    name_officers(ticket)
    add_copied(ticket, message)
    ticket = as_kind(ticket)
    actor = Actor(user=message.created_by or message.sender.user, contact=contact, channel=message.channel)
    created = timeline.record(
        ticket,
        code=timeline.CREATED,
        actor=actor,
        at=opened_at,
        changes={"kind": ticket.kind},
        public=True,
        after=timeline.NO_HISTORY,
    )
    entry = messages.append(
        ticket,
        actor=Actor(user=message.sender.user, contact=contact, channel=message.channel),
        text=message.text or message.subject,
        visibility=Visibility.PUBLIC,
        direction="in",
        at=opened_at,
        uploads=message.uploads,
        html=message.html,
        original_text=message.full_text,
        external_id=message.external_id,
        after=timeline.link_of(created),
        remarks=message.remarks,
    )
    if follows:
        TicketLink.objects.create(source=ticket, target=follows, type=LinkType.RELATED)
    workflow.save(ticket, now, is_new=True)
    if message.acknowledge:
        notices.receipt(ticket, entry)
    if ticket.kind == Kind.REQUEST and ticket.service and ticket.service.needs_approval:
        ticket = _ask_approval(ticket, now)
    automation.after("created", ticket)
    assignment.fill(ticket)
    return ticket, entry


def _ask_approval(ticket: Ticket, at: datetime) -> Ticket:
    """Ask the approvers. A request whose approvers cannot be found stays new, with the reason as a note."""
    from tickets import workflow

    try:
        return workflow.perform(ticket.pk, "ask_approval", SYSTEM)
    except WrongState as refused:
        messages.append(ticket, actor=SYSTEM, text=refused.message, visibility=Visibility.INTERNAL, at=at)
        workflow.save(ticket, at)
        return ticket


def _as_confidential_as(follows: Ticket, draft: "TicketDraft") -> "TicketDraft":
    """Words that follow a finished case are not less confidential than the case, and go to the same people."""
    if STRICTNESS.index(Confidentiality(draft.confidentiality)) >= STRICTNESS.index(
        Confidentiality(follows.confidentiality)
    ):
        return draft
    return replace(draft, kind=follows.kind, confidentiality=follows.confidentiality)


def _build(message: "InboundMessage", contact: Contact, opened_at: datetime) -> Ticket:
    draft = message.draft
    impact, urgency = draft.impact or Level.MEDIUM, draft.urgency or Level.MEDIUM
    return Ticket(
        number=numbers.next_number(draft.kind, draft.confidentiality, opened_at),
        kind=draft.kind,
        state=machine_of(draft.kind).INITIAL,
        subject=_subject(message),
        impact=impact,
        urgency=urgency,
        priority=priority_of(impact, urgency),
        requester=contact,
        requester_class=draft.requester_class or _requester_class(contact),
        channel=message.channel,
        service=draft.service,
        office=draft.office or (None if draft.confidentiality in CONCEALING else contact.office),
        team=_team(message),
        confidentiality=draft.confidentiality,
        is_restricted=draft.confidentiality in RESTRICTED,
        access_code=numbers.access_code(),
        created_at=opened_at,
        updated_at=opened_at,
        **_reply_way(message),
    )


def _subject(message: "InboundMessage") -> str:
    """The given subject, else the first words of the text."""
    words = message.subject.strip() or message.text.strip().split("\n", 1)[0].strip()
    if not words:
        return _("Laporan tanpa perihal")
    return words if len(words) <= SUBJECT_LENGTH else words[: SUBJECT_LENGTH - 1].rstrip() + "…"


def _requester_class(contact: Contact) -> str:
    is_asn = bool(contact.office_id or (contact.user and (contact.user.nip or contact.user.office_id)))
    return RequesterClass.ASN if is_asn else RequesterClass.CITIZEN


def _team(message: "InboundMessage") -> Team | None:
    """Restricted cases go to their confidential team; others to the named or the service's team, else the desk."""
    draft = message.draft
    if draft.confidentiality == Confidentiality.WHISTLEBLOWING:
        return access.whistleblowing_team()
    if draft.confidentiality == Confidentiality.SECRET:
        return access.secret_team()
    if draft.team:
        return draft.team
    if draft.service and draft.service.support_team:
        return draft.service.support_team
    return Team.objects.filter(sees_all=True, is_active=True).order_by("pk").first()


def _reply_way(message: "InboundMessage") -> dict[str, str]:
    address = ""
    if message.channel == Channel.TELEGRAM:
        address = message.mailbox or message.sender.telegram
    elif message.channel == Channel.EMAIL:
        address = message.sender.email
    return {"reply_channel": message.channel, "reply_address": address}


def remember_reply_way(ticket: Ticket, message: "InboundMessage") -> None:
    """Answers follow the requester to the channel they used last, as long as it can carry answers."""
    if message.channel in (Channel.EMAIL, Channel.TELEGRAM, Channel.WEB):
        for name, value in _reply_way(message).items():
            setattr(ticket, name, value)


def _add_details(ticket: Ticket, message: "InboundMessage") -> None:
    draft = message.draft
    if ticket.kind == Kind.COMPLAINT:
        ComplaintDetail.objects.create(
            ticket_id=ticket.pk, complaint_class=draft.complaint_class or ComplaintClass.ORDINARY
        )
    elif ticket.kind == Kind.CHANGE:
        ChangeDetail.objects.create(
            ticket_id=ticket.pk,
            change_type=draft.change_type or ChangeType.NORMAL,
            requested_by=message.sender.user or message.created_by,
            **templates.facts_of(draft.change_template),
        )
    elif ticket.kind == Kind.INCIDENT:
        IncidentDetail.objects.create(ticket_id=ticket.pk)


def name_officers(ticket: Ticket) -> None:
    """A restricted ticket without a confidential team is given to all confidential officers, so that it is not lost."""
    if ticket.is_restricted and ticket.team_id is None:
        ticket.named_officers.set(User.objects.filter(is_active=True, groups__name=Role.CONFIDENTIAL_OFFICER))


def add_copied(ticket: Ticket, message: "InboundMessage") -> None:
    """People in copy take part: their replies join the ticket. They do not hear ours unless somebody says so."""
    if ticket.is_restricted:
        return
    for identity in message.copied[:20]:
        person = contacts.resolve(identity)
        if person.pk != ticket.requester_id:
            Participant.objects.get_or_create(ticket=ticket, contact=person)
