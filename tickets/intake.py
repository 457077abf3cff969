"""The one door by which every word enters: web, email, Telegram, telephone, API and machines."""

import base64
import hashlib
import json
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import Contact, Office, Team, User
from accounts.normalize import sender_key
from assets.models import Asset
from catalog.models import Service
from tickets import access, creation, messages, rawmail, threading
from tickets.actors import SYSTEM, Actor
from tickets.attachments import Upload
from tickets.choices import CONCEALING, Channel, Confidentiality, Direction, Kind, Stage, Visibility
from tickets.models import ChangeTemplate, InboundRecord, Message, Ticket

logger = logging.getLogger(__name__)

Reason = InboundRecord.Reason
State = InboundRecord.State

# Channels whose messages name their ticket by headers or by a tag in the subject; the others say it by their address.
THREADED = frozenset({Channel.EMAIL, Channel.PHONE, Channel.WALK_IN, Channel.LETTER})
# Channels without a person waiting for the answer: what fails there is kept in quarantine instead of shown as an error.
UNATTENDED = frozenset({Channel.EMAIL, Channel.TELEGRAM, Channel.EVENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """What the channel already knows of a ticket to be made. Everything has a default."""

    kind: str = Kind.INCIDENT
    service: Service | None = None
    office: Office | None = None
    team: Team | None = None
    impact: int | None = None
    urgency: int | None = None
    confidentiality: str = Confidentiality.NORMAL
    complaint_class: str = ""
    change_type: str = ""
    change_template: ChangeTemplate | None = None
    requester_class: str = ""
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One arrival, in the same shape for all channels.

    `text` is the visible reply and `full_text` the untrimmed words; `references` are Message-IDs without brackets;
    `trusted_ticket_id` is set only by a channel that verified the sender's right to that ticket; `quarantine` is a
    reason the channel decided on (an InboundRecord.Reason); `created_by` is the agent who typed the report in.
    `is_forward`: somebody else's words are passed on, so they answer nothing. `acknowledge`: whether a new ticket may
    be confirmed to the sender. `digest` (hexadecimal, 64) stands for the content where the raw form of one message
    differs from arrival to arrival. `remarks`: sentences for the staff about what was kept but is not shown.
    """

    channel: str
    external_id: str
    mailbox: str = ""
    sender: Identity
    subject: str = ""
    text: str = ""
    full_text: str = ""
    html: str = ""
    uploads: tuple[Upload, ...] = ()
    received_at: datetime | None = None
    references: tuple[str, ...] = ()
    trusted_ticket_id: int | None = None
    raw: bytes = b""
    draft: TicketDraft = field(default_factory=TicketDraft)
    quarantine: str = ""
    created_by: User | None = None
    copied: tuple[Identity, ...] = ()
    is_forward: bool = False
    acknowledge: bool = True
    digest: str = ""
    remarks: tuple[str, ...] = ()


class Outcome(StrEnum):
    CREATED = "created"
    APPENDED = "appended"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What became of a message. For a duplicate, the ticket and message of the first arrival."""

    outcome: Outcome
    record: InboundRecord
    ticket: Ticket | None
    message: Message | None


def receive(message: InboundMessage) -> IntakeResult:
    """Store one arrival as exactly one entry: a new ticket, a message on a ticket, or quarantine.

    Atomic, and idempotent on (channel, mailbox, external_id, content), for email in all mailboxes together. A database
    failure is raised, so that the channel keeps the message; any other failure on an unattended channel, also content
    that the database refuses, ends in quarantine with the raw message.
    """
    message = _storable(message)
    kept = rawmail.keep(message.raw)
    try:
        result = _receive_or_quarantine(message, kept)
    except BaseException:
        rawmail.drop(kept)
        raise
    if result.outcome == Outcome.DUPLICATE:
        rawmail.drop(kept)
    return result


def _receive_or_quarantine(message: InboundMessage, kept: rawmail.Kept) -> IntakeResult:
    try:
        with transaction.atomic():
            return _receive(message, kept)
    except Exception as failure:
        is_database = isinstance(failure, DatabaseError) and not isinstance(failure, DataError)
        if is_database or message.channel not in UNATTENDED:
            raise
        logger.exception("intake of a %s message failed; kept in quarantine", message.channel)
        with transaction.atomic():
            record, created = _claim(message, kept)
            return _quarantine(record, message, Reason.ERROR, None) if created else _duplicate(record)


def _storable(message: InboundMessage) -> InboundMessage:
    """The same without NUL characters, which PostgreSQL holds in no text; the raw form keeps them."""
    texts = {name: getattr(message, name) for name in ("subject", "text", "full_text", "html")}
    dirty = {name: text.replace("\x00", "") for name, text in texts.items() if "\x00" in text}
    return replace(message, **dirty) if dirty else message


def _receive(message: InboundMessage, kept: rawmail.Kept) -> IntakeResult:
    record, created = _claim(message, kept)
    if not created:
        return _duplicate(record)
    if message.quarantine:
        referred = referred_ticket(message)
        if referred and referred.confidentiality != Confidentiality.NORMAL:
            return _keep_inside(record, message, referred, SYSTEM)
        return _quarantine(record, message, message.quarantine, referred)
    if not (message.text.strip() or message.subject.strip() or message.uploads):
        return _quarantine(record, message, Reason.EMPTY, None)
    if message.channel in THREADED and (told := threading.told_by_us(message.references)):
        return _keep_inside(record, message, *told)
    contact = _speaker(message)
    ticket, is_stranger = find_ticket(message, contact)
    if ticket and is_stranger and ticket.confidentiality != Confidentiality.NORMAL:
        return _keep_inside(record, message, ticket, SYSTEM)
    if ticket and is_stranger:
        return _quarantine(record, message, Reason.STRANGER, ticket)
    return place(record, message, contact, ticket)


def _speaker(message: InboundMessage) -> Contact:
    """The contact who speaks. Without any address, on a ticket whose right was proven, it is the requester:
    an anonymous reporter has nothing but the access code."""
    if message.trusted_ticket_id and message.sender.user is None and not message.sender.points():
        return Contact.objects.get(tickets=message.trusted_ticket_id)
    return contacts.resolve(message.sender)


def place(record: InboundRecord, message: InboundMessage, contact: Contact, ticket: Ticket | None) -> IntakeResult:
    """Append to `ticket` when it can still take words, else make a new ticket (linked when it follows an old one).

    Words for a merged ticket go to the one it lives on in.
    """
    addressed = ticket
    ticket = access.survivor_of(ticket) if ticket else None
    may_reopen = not message.is_forward
    if addressed and ticket and (ticket.stage != Stage.CLOSED or (may_reopen and messages.can_reopen(ticket))):
        ticket, entry = _append(message, contact, addressed)
        outcome = Outcome.APPENDED
    else:
        ticket, entry = creation.create(message, contact, follows=ticket)
        outcome = Outcome.CREATED
    record.message, record.state, record.reason = entry, State.ACCEPTED, ""
    record.save(update_fields=["message", "state", "reason"])
    return IntakeResult(outcome, record, ticket, entry)


def find_ticket(message: InboundMessage, contact: Contact) -> tuple[Ticket | None, bool]:
    """(ticket, is_stranger). A stranger is somebody who names a ticket without taking part in it.

    One of our own Message-IDs proves that its mail reached the sender; a tag in the subject or the id of somebody
    else's mail proves nothing, so these count only for people who take part.
    """
    if message.trusted_ticket_id:
        return Ticket.objects.filter(pk=message.trusted_ticket_id).first(), False
    if message.channel not in THREADED:
        return None, False  # a number in the words of a form or a program is only a mention
    ticket = threading.ticket_of_own_ids(message.references)
    if ticket:
        # What is forwarded brings its references along, to whomever it was forwarded.
        return ticket, message.is_forward and not access.takes_part(ticket, contact.pk)
    ticket = threading.ticket_of_known_mail(message.references) or threading.ticket_of_tag(message.subject)
    if ticket is None:
        return None, False
    typist = message.created_by
    if typist and ticket.is_restricted and not access.visible_to(typist).filter(pk=ticket.pk).exists():
        return None, False  # for whoever typed the report there is no such ticket
    return ticket, not access.takes_part(ticket, contact.pk)


def referred_ticket(message: InboundMessage) -> Ticket | None:
    """The ticket a message names in any way, whoever sent it."""
    if message.channel not in THREADED:
        return None
    return (
        threading.ticket_of_own_ids(message.references)
        or threading.ticket_of_known_mail(message.references)
        or threading.ticket_of_tag(message.subject)
    )


def _keep_inside(record: InboundRecord, message: InboundMessage, ticket: Ticket, actor: Actor) -> IntakeResult:
    """Add the words to the ticket as an internal note, without any effect on its state.

    For what staff answers to a notice of ours, and for strangers and machines on a confidential ticket: in quarantine
    the service desk would read them. The sender's address stays out where it could be the hidden reporter's.
    """
    from tickets import workflow

    locked = workflow.lock(access.survivor_of(ticket).pk, SYSTEM)
    sender = message.sender.email if actor.is_system and locked.confidentiality not in CONCEALING else ""
    subject = message.subject if actor.is_system else ""
    words = "\n".join(filter(None, (sender, subject, message.full_text if actor.is_system else message.text)))
    entry = messages.append(
        locked,
        actor=actor,
        text=words or message.text or "–",
        visibility=Visibility.INTERNAL,
        direction=Direction.NOTE,
        at=message.received_at or timezone.now(),
        uploads=message.uploads,
    )
    workflow.save(locked, timezone.now())
    record.message, record.reason = entry, message.quarantine
    record.save(update_fields=["message", "reason"])
    return IntakeResult(Outcome.APPENDED, record, locked, entry)


def _append(message: InboundMessage, contact: Contact, addressed: Ticket) -> tuple[Ticket, Message]:
    """Put the words on the ticket they were addressed to, or on its survivor; whose ticket it is says `origin`.

    The merge is looked up again under the lock: a reply and a merge at the same moment must not part.
    """
    from tickets import automation, workflow

    origin = workflow.lock(access.own_ticket_within(addressed, contact.pk).pk, SYSTEM)
    survivor = access.survivor_of(origin)
    locked = origin if survivor.pk == origin.pk else workflow.lock(survivor.pk, SYSTEM)
    at = message.received_at or timezone.now()
    entry = messages.append(
        locked,
        actor=Actor(user=message.sender.user, contact=contact, channel=message.channel),
        text=message.text or message.subject,
        visibility=Visibility.PUBLIC,
        direction="in",
        at=at,
        uploads=message.uploads,
        html=message.html,
        original_text=message.full_text,
        external_id=message.external_id,
        origin=None if locked is origin else origin,
        remarks=message.remarks,
    )
    if contact.pk == origin.requester_id:
        creation.remember_reply_way(origin, message)
    if access.takes_part(origin, contact.pk):
        creation.add_copied(origin, message)
    if locked is not origin:
        origin.save(update_fields=["reply_channel", "reply_address"])
    workflow.save(locked, timezone.now())
    if not message.is_forward:
        messages.after_requester_spoke(locked)
    automation.after("message_in", locked)
    return locked, entry


def content_hash(message: InboundMessage) -> str:
    """SHA-256 of the raw message, or of its words and files where a channel has no raw form."""
    if message.digest:
        return message.digest
    if message.raw:
        return hashlib.sha256(message.raw).hexdigest()
    digest = hashlib.sha256()
    for part in (message.subject, message.text, message.html):
        digest.update(part.encode("utf-8", "replace") + b"\x00")
    for upload in message.uploads:
        digest.update(upload.name.encode("utf-8", "replace") + hashlib.sha256(upload.content).digest())
    return digest.hexdigest()


def _claim(message: InboundMessage, kept: rawmail.Kept) -> tuple[InboundRecord, bool]:
    """The record of this arrival, and whether this call made it. The unique constraint settles races."""
    digest = content_hash(message)
    identity = {
        "channel": message.channel,
        "mailbox": "" if message.channel == Channel.EMAIL else message.mailbox[:150],
        "external_id": message.external_id[:255] or digest,
        "content_hash": digest,
    }
    try:
        with transaction.atomic():
            record = InboundRecord.objects.create(
                **identity,
                state=State.ACCEPTED,
                inbox=message.mailbox[:150],
                sender=(message.sender.email or message.sender.telegram or message.sender.phone)[:254],
                sender_key=sender_key(message.sender.email) if message.channel == Channel.EMAIL else "",
                subject=message.subject[:300],
                raw=kept.raw,
                raw_name=kept.name,
                received_at=message.received_at or timezone.now(),
            )
        return record, True
    except IntegrityError:
        return InboundRecord.objects.get(**identity), False


def _duplicate(record: InboundRecord) -> IntakeResult:
    entry = record.message
    return IntakeResult(Outcome.DUPLICATE, record, entry.ticket if entry else None, entry)


def _quarantine(record: InboundRecord, message: InboundMessage, reason: str, suggested: Ticket | None) -> IntakeResult:
    """Keep it for the decision of an agent; the mail of a blocked sender is kept, too, but waits for nobody."""
    record.state = State.DISCARDED if reason == Reason.BLOCKED else State.QUARANTINED
    record.reason = reason
    record.text = message.full_text or message.text
    record.payload = payload_of(message)
    # Whoever reads the quarantine must not learn from it that a restricted ticket exists.
    record.suggested_ticket = suggested if suggested and not suggested.is_restricted else None
    record.save()
    return IntakeResult(Outcome.QUARANTINED, record, None, None)


def payload_of(message: InboundMessage) -> dict[str, Any]:
    """What is needed to process a quarantined message later, as JSON. Files that the raw form holds are only named."""
    sender = message.sender
    has_raw = bool(message.raw) and message.channel in settings.INTAKE_READERS
    payload: dict[str, Any] = json.loads(
        json.dumps(
            {
                "sender": {
                    "name": sender.name,
                    "email": sender.email,
                    "phone": sender.phone,
                    "telegram": sender.telegram,
                },
                "text": message.text,
                "html": message.html,
                "references": list(message.references),
                "kind": message.draft.kind,
                "team": message.draft.team.pk if message.draft.team else None,
                "service": message.draft.service.pk if message.draft.service else None,
                "is_forward": message.is_forward,
                "remarks": list(message.remarks),
                "copied": [[person.name, person.email] for person in message.copied],
                "uploads": [
                    {
                        "name": u.name,
                        "type": u.content_type,
                        "content": "" if has_raw else base64.b64encode(u.content).decode(),
                        "content_id": u.content_id,
                    }
                    for u in message.uploads
                ],
            }
        ).replace("\\u0000", "")
    )
    return payload


def message_of(record: InboundRecord) -> InboundMessage:
    """The message of a quarantined record, as the channel first handed it in."""
    payload = record.payload
    uploads = tuple(
        Upload(u["name"], u["type"], base64.b64decode(u["content"]), u.get("content_id", ""))
        for u in payload.get("uploads", ())
    )
    if uploads and record.raw is not None and record.channel in settings.INTAKE_READERS:
        uploads = import_string(settings.INTAKE_READERS[record.channel])(rawmail.read(record))
    return InboundMessage(
        channel=record.channel,
        external_id=record.external_id,
        mailbox=record.inbox or record.mailbox,
        sender=Identity(**payload.get("sender", {})),
        subject=record.subject,
        text=payload.get("text", "") or record.text or _("(pesan tanpa isi)"),
        full_text=record.text,
        html=payload.get("html", ""),
        references=tuple(payload.get("references", ())),
        uploads=uploads,
        received_at=record.received_at,
        draft=TicketDraft(
            kind=payload.get("kind", Kind.INCIDENT),
            team=Team.objects.filter(pk=payload.get("team")).first(),
            service=Service.objects.filter(pk=payload.get("service")).first(),
        ),
        copied=tuple(Identity(name=name, email=email) for name, email in payload.get("copied", ())),
        is_forward=payload.get("is_forward", False),
        remarks=tuple(payload.get("remarks", ())),
    )
