"""From raw mail to the intake: guards against loops, bounces to their delivery, everything else to a ticket."""

import hashlib
import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, DataError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.contacts import Identity
from accounts.normalize import email_key, sender_key
from channels_bot.email import returns
from channels_bot.email.parsing import ParsedEmail, parse_email
from channels_bot.email.quoting import is_forwarding_subject
from channels_bot.mailboxes import directory
from channels_bot.models import Mailbox
from notify import outbox
from notify.models import Delivery
from tickets import intake, threading
from tickets.attachments import Upload
from tickets.choices import Channel, Direction, Kind
from tickets.intake import InboundMessage, IntakeResult, Reason, TicketDraft
from tickets.models import BlockedSender, InboundRecord, Message

logger = logging.getLogger(__name__)

MAX_BYTES = 25 * 1024 * 1024
"""Larger mail is not parsed: its head is kept in quarantine and the sender is told."""
KEPT_OF_LARGE = 256 * 1024
MAX_PER_HOUR = 60
"""Mails of one address in an hour; more is a loop or a flood, and waits for a person."""
MAX_PER_TICKET = 20
"""Mails to one ticket in an hour, whoever writes them: two programs answering each other stop here."""
MAX_RECEIPTS = 10
"""Mails of one address in an hour after which new tickets are made without a receipt: it may be what is answered."""
DIGEST_BYTES = 1024 * 1024
REPLY_PREFIX = re.compile(r"^\s*(re|aw|fw|fwd|bls|balas|trs|terusan|diteruskan)\s*:\s*", re.IGNORECASE)


def receive_raw(raw: bytes, mailbox_name: str = "") -> IntakeResult:
    """Store one message. Never raises for what the message contains; a failure of database or disk is raised."""
    try:
        return _receive(raw, mailbox_name)
    except DataError:
        logger.exception("the database refused what a mail contains; kept raw")
    except (DatabaseError, OSError):
        raise
    except Exception:
        logger.exception("a mail could not be processed; kept raw")
    kept = raw[:KEPT_OF_LARGE] if len(raw) > MAX_BYTES else raw
    return intake.receive(
        InboundMessage(
            channel=Channel.EMAIL, mailbox=mailbox_name, external_id="", sender=Identity(), raw=kept,
            quarantine=Reason.ERROR,
        )
    )  # fmt: skip


def _receive(raw: bytes, mailbox_name: str) -> IntakeResult:
    too_large = len(raw) > MAX_BYTES
    kept = raw[:KEPT_OF_LARGE] if too_large else raw
    parsed = parse_email(kept)
    with transaction.atomic():
        result = intake.receive(_message(parsed, kept, mailbox_name, too_large))
        if parsed.bounce and result.outcome != intake.Outcome.DUPLICATE:
            returns.attach(parsed, result.record)
        if too_large and result.outcome == intake.Outcome.QUARANTINED and parsed.auto is None:
            _say_too_large(parsed)
        return result


def _message(parsed: ParsedEmail, raw: bytes, mailbox_name: str, too_large: bool) -> InboundMessage:
    ours = directory()
    references = (*parsed.references, *parsed.in_reply_to)
    verdict = _judge(parsed, references)
    return InboundMessage(
        channel=Channel.EMAIL,
        mailbox=mailbox_name,
        external_id=parsed.message_id,
        sender=Identity(name=parsed.from_.name, email=parsed.from_.email),
        subject=clean_subject(parsed.subject),
        text=parsed.text,
        full_text=parsed.full_text,
        html=parsed.html,
        uploads=uploads_of(parsed),
        references=references,
        raw=raw,
        digest=stable_digest(raw, parsed),
        draft=draft_for(ours.by_name.get(mailbox_name)),
        quarantine=Reason.UNREADABLE if too_large else verdict.objection,
        acknowledge=verdict.acknowledge,
        copied=tuple(
            Identity(name=a.name, email=a.email) for a in (*parsed.to, *parsed.cc) if not ours.is_ours(a.email)
        ),
        is_forward=is_forwarding_subject(parsed.subject),
        remarks=remarks_on(parsed),
    )


def draft_for(mailbox: Mailbox | None) -> TicketDraft:
    """What a mailbox says of the tickets made from its mail."""
    if mailbox is None:
        return TicketDraft(kind=Kind.INCIDENT)
    return TicketDraft(kind=mailbox.kind, team=mailbox.team, service=mailbox.service)


def uploads_of(parsed: ParsedEmail) -> tuple[Upload, ...]:
    return tuple(Upload(a.name, a.content_type, a.content, a.content_id) for a in parsed.attachments)


def uploads_in(raw: bytes) -> tuple[Upload, ...]:
    """The files of a mail that was kept raw."""
    return uploads_of(parse_email(raw))


def stable_digest(raw: bytes, parsed: ParsedEmail) -> str:
    """SHA-256 of what all copies of one mail have in common: the sender's headers and the body.

    Mail that came to two mailboxes of ours differs in the headers that servers add, and in its line ends.
    """
    digest = hashlib.sha256()
    for value in parsed.stable_headers:
        digest.update(value + b"\n")
    end = len(raw)
    while end > max(parsed.body_at, len(raw) - 4) and raw[end - 1] in b"\r\n":
        end -= 1
    for start in range(parsed.body_at, end, DIGEST_BYTES):
        digest.update(raw[start : min(start + DIGEST_BYTES, end)].replace(b"\r", b""))
    return digest.hexdigest()


def remarks_on(parsed: ParsedEmail) -> tuple[str, ...]:
    """What the staff should know of a mail that they do not see in its words."""
    said = {
        "signed": _("Email ini bertanda tangan digital. Tanda tangannya tidak diperiksa; pesan mentahnya tersimpan."),
        "encrypted": _(
            "Email ini terenkripsi dan tidak dapat dibaca di sini. Minta pengirim mengirim ulang tanpa enkripsi."
        ),
        "too_many_parts": _("Email ini berisi terlalu banyak bagian; sisanya hanya ada di pesan mentah."),
        "too_deep": _("Email ini bersarang terlalu dalam; sisanya hanya ada di pesan mentah."),
        "text_cut": _("Isi email ini dipotong karena terlalu panjang; lengkapnya ada di pesan mentah."),
        "unparsable": _("Email ini rusak dan ditampilkan apa adanya."),
    }
    return tuple(text for code, text in said.items() if code in parsed.defects)


def clean_subject(subject: str) -> str:
    """The subject without reply prefixes, for the title of a ticket; tags stay, threading reads them."""
    while match := REPLY_PREFIX.match(subject):
        subject = subject[match.end() :]
    return subject.strip()


@dataclass(frozen=True, slots=True)
class _Verdict:
    """`objection`: why this mail must not be answered or threaded by itself, "" for a person's mail."""

    objection: str = ""
    acknowledge: bool = True


def _judge(parsed: ParsedEmail, references: tuple[str, ...]) -> _Verdict:
    if parsed.bounce:
        return _Verdict(Reason.BOUNCE)
    key = sender_key(parsed.from_.email)
    if not key:
        return _Verdict(Reason.UNREADABLE)
    if BlockedSender.objects.filter(address=key).exists():
        return _Verdict(Reason.BLOCKED)
    if parsed.auto is not None or directory().is_ours(parsed.from_.email):
        return _Verdict(Reason.LOOP)
    hour_ago = timezone.now() - timedelta(hours=1)
    recent = len(
        InboundRecord.objects.filter(sender_key=key, received_at__gte=hour_ago).values_list("pk")[:MAX_PER_HOUR]
    )
    ticket = threading.ticket_of_own_ids(references) if references else None
    if ticket is not None:
        said = Message.objects.filter(
            ticket_id=ticket.pk, direction=Direction.IN, channel=Channel.EMAIL, created_at__gte=hour_ago
        )
        if len(said.values_list("pk")[:MAX_PER_TICKET]) >= MAX_PER_TICKET:
            return _Verdict(Reason.LOOP)
    return _Verdict(Reason.LOOP if recent >= MAX_PER_HOUR else "", acknowledge=recent < MAX_RECEIPTS)


def _say_too_large(parsed: ParsedEmail) -> None:
    address = email_key(parsed.from_.email)
    if not address or directory().is_ours(address):
        return
    outbox.plan(
        key=f"too-large:{parsed.message_id or timezone.now().isoformat()}:{address}",
        channel=Delivery.Channel.EMAIL,
        recipient=address,
        subject=_("Email Anda terlalu besar"),
        text=_(
            "Email Anda lebih besar dari %(limit)d MB sehingga tidak dapat kami proses seluruhnya. "
            "Kirim lagi tanpa lampiran besar, atau unggah lampirannya lewat %(url)s"
        )
        % {"limit": MAX_BYTES // 1024 // 1024, "url": settings.BASE_URL},
        options={"auto_submitted": "auto-replied", "in_reply_to": parsed.message_id},
    )
