"""From raw mail to the intake: guards against loops, bounces to their delivery, everything else to a ticket."""

import logging
import re
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.contacts import Identity
from accounts.models import ContactPoint
from accounts.normalize import email_key
from channels_bot.email.parsing import ParsedEmail, parse_email
from channels_bot.models import Mailbox
from notify import outbox
from notify.errors import without_addresses
from notify.models import Delivery
from tickets import access, intake, threading, timeline, workflow
from tickets.actors import SYSTEM
from tickets.attachments import Upload
from tickets.choices import Channel, Kind
from tickets.intake import InboundMessage, IntakeResult, Reason, TicketDraft
from tickets.models import InboundRecord

logger = logging.getLogger(__name__)

MAX_BYTES = 40 * 1024 * 1024
"""Larger mail is not parsed: its head is kept in quarantine and the sender is told."""
KEPT_OF_LARGE = 256 * 1024
MAX_PER_HOUR = 60
"""Mails of one address in an hour; more is a loop or a flood, and waits for a person."""
REPLY_PREFIX = re.compile(r"^\s*(re|aw|fw|fwd|bls|balas|trs|terusan)\s*:\s*", re.IGNORECASE)


def receive_raw(raw: bytes, mailbox_name: str = "") -> IntakeResult:
    """Store one message. Never raises for what the message contains; a database failure is raised."""
    mailbox = Mailbox.objects.select_related("team", "service").filter(name=mailbox_name).first()
    too_large = len(raw) > MAX_BYTES
    kept = raw[:KEPT_OF_LARGE] if too_large else raw
    parsed = parse_email(kept)
    with transaction.atomic():
        result = intake.receive(_message(parsed, kept, mailbox, mailbox_name, too_large))
        if parsed.bounce and result.outcome != intake.Outcome.DUPLICATE:
            _attach_bounce(parsed, result.record)
        if too_large and result.outcome == intake.Outcome.QUARANTINED and parsed.auto is None:
            _say_too_large(parsed)
        return result


def _message(
    parsed: ParsedEmail, raw: bytes, mailbox: Mailbox | None, mailbox_name: str, too_large: bool
) -> InboundMessage:
    draft = TicketDraft(kind=Kind.INCIDENT)
    if mailbox:
        draft = TicketDraft(kind=mailbox.kind, team=mailbox.team, service=mailbox.service)
    return InboundMessage(
        channel=Channel.EMAIL,
        mailbox=mailbox_name,
        external_id=parsed.message_id,
        sender=Identity(name=parsed.from_.name, email=parsed.from_.email),
        subject=clean_subject(parsed.subject),
        text=parsed.text,
        full_text=parsed.full_text,
        html=parsed.html,
        uploads=tuple(Upload(a.name, a.content_type, a.content, a.content_id) for a in parsed.attachments),
        references=(*parsed.references, *parsed.in_reply_to),
        raw=raw,
        draft=draft,
        quarantine=Reason.UNREADABLE if too_large else _objection(parsed),
        copied=tuple(Identity(name=a.name, email=a.email) for a in (*parsed.to, *parsed.cc) if not is_ours(a.email)),
    )


def clean_subject(subject: str) -> str:
    """The subject without reply prefixes, for the title of a ticket; tags stay, threading reads them."""
    while match := REPLY_PREFIX.match(subject):
        subject = subject[match.end() :]
    return subject.strip()


def is_ours(address: str) -> bool:
    key = email_key(address)
    own = {email_key(settings.DEFAULT_FROM_EMAIL), *map(email_key, Mailbox.objects.values_list("address", flat=True))}
    return not key or key in own


def _objection(parsed: ParsedEmail) -> str:
    """Why this mail must not be answered or threaded by itself; "" for a person's mail."""
    if parsed.bounce:
        return Reason.BOUNCE
    if not email_key(parsed.from_.email):
        return Reason.UNREADABLE
    if parsed.auto is not None or is_ours(parsed.from_.email):
        return Reason.LOOP
    hour_ago = timezone.now() - timedelta(hours=1)
    local, _at, domain = email_key(parsed.from_.email).rpartition("@")
    base = local.partition("+")[0]
    same = Q(sender__iexact=f"{base}@{domain}") | Q(sender__istartswith=f"{base}+", sender__iendswith=f"@{domain}")
    recent = InboundRecord.objects.filter(same, channel=Channel.EMAIL, received_at__gte=hour_ago)
    return Reason.LOOP if len(recent.values_list("pk")[:MAX_PER_HOUR]) >= MAX_PER_HOUR else ""


def _attach_bounce(parsed: ParsedEmail, record: InboundRecord) -> None:
    """Note a failed delivery where it belongs: on the delivery, on the contact, and on the ticket's timeline."""
    bounce = parsed.bounce
    delivery = _bounced_delivery(parsed)
    if bounce is None or delivery is None:
        return
    delivery.error = without_addresses(bounce.diagnostic or bounce.status or _("ditolak server penerima"))[:500]
    if bounce.permanent:
        delivery.state = Delivery.State.BOUNCED
        ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=email_key(delivery.recipient)).update(
            unreachable_at=timezone.now()
        )
    delivery.save(update_fields=["state", "error"])
    record.state = InboundRecord.State.ACCEPTED
    record.save(update_fields=["state"])
    if bounce.permanent and delivery.topic.startswith("ticket:"):
        known = workflow.lock(int(delivery.topic.removeprefix("ticket:")), SYSTEM)
        ticket = workflow.lock(access.survivor_of(known).pk, SYSTEM)
        changes = {"channel": "email", "error": delivery.error[:200]}
        timeline.record(ticket, code=timeline.DELIVERY_FAILED, actor=SYSTEM, at=timezone.now(), changes=changes)
        workflow.announce(ticket)


def _bounced_delivery(parsed: ParsedEmail) -> Delivery | None:
    ids = [parsed.bounce.original_message_id if parsed.bounce else "", *parsed.references, *parsed.in_reply_to]
    return next((found for message_id in ids if (found := threading.delivery_of(message_id))), None)


def _say_too_large(parsed: ParsedEmail) -> None:
    address = email_key(parsed.from_.email)
    if not address or is_ours(address):
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
