"""Which ticket a message belongs to, as far as its headers and subject tell."""

import base64
import re
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from notify.models import Delivery
from tickets import access
from tickets.access import Action
from tickets.actors import Actor
from tickets.choices import Channel, Direction
from tickets.models import Message, Ticket

MARK = ".layanan@"
_NO_TICKET = 0
_ID_BYTES = 32
TAG = re.compile(r"\[([A-Z]{2,8}-\d{4}-[A-Z0-9]{6,12})\]", re.IGNORECASE)


def message_id_for(delivery: Delivery) -> str:
    """Our Message-ID of a delivery, without brackets: the same on every retry, and opaque.

    It carries the delivery's UUID and the id of its ticket, which only we can read and nobody else can make up.
    """
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2] or "localhost"
    topic = delivery.topic.removeprefix("ticket:")
    ticket_id = int(topic) if topic != delivery.topic and topic.isdigit() else _NO_TICKET
    key = delivery.uuid.bytes
    hidden = bytes(a ^ b for a, b in zip(ticket_id.to_bytes(8), _keyed(key, "ticket"), strict=True))
    token = base64.b32encode(key + hidden + _keyed(key + hidden, "signature")).decode().rstrip("=").lower()
    return f"{token}{MARK}{domain}"


def _keyed(value: bytes, purpose: str) -> bytes:
    """Eight bytes that depend on the value and our secret key."""
    return salted_hmac(f"tickets.threading.{purpose}", value, algorithm="sha256").digest()[:8]


def _read_id(message_id: str) -> tuple[uuid.UUID, int] | None:
    """(delivery's UUID, ticket's id or 0) of a Message-ID of ours; None for everybody else's, and for forged ones."""
    head, mark, _domain = message_id.partition(MARK)
    if not mark or len(head) > 60:
        return None
    try:
        raw = base64.b32decode(head.upper() + "=" * (-len(head) % 8))
    except ValueError:
        return None
    key, hidden, signature = raw[:16], raw[16:24], raw[24:]
    if len(raw) != _ID_BYTES or not constant_time_compare(signature, _keyed(key + hidden, "signature")):
        return None
    ticket_id = bytes(a ^ b for a, b in zip(hidden, _keyed(key, "ticket"), strict=True))
    return uuid.UUID(bytes=key), int.from_bytes(ticket_id)


def delivery_of(message_id: str) -> Delivery | None:
    """Our own delivery with that Message-ID (without brackets), or None."""
    known = _read_id(message_id)
    return Delivery.objects.filter(uuid=known[0]).first() if known else None


def ticket_of_own_ids(message_ids: Sequence[str]) -> Ticket | None:
    """The ticket of one of our own mails among the references, newest reference first."""
    for message_id in reversed(message_ids):
        known = _read_id(message_id)
        if known and known[1] != _NO_TICKET:
            return Ticket.objects.filter(pk=known[1]).first()
    return None


def told_by_us(message_ids: Sequence[str]) -> tuple[Ticket, Actor] | None:
    """(ticket, the member of staff) when the newest of our own mails among the references was a notice to staff.

    The id of that notice proves that its reader answers. None when they may no longer write notes there.
    """
    for message_id in reversed(message_ids):
        delivery = delivery_of(message_id)
        if delivery is None or not delivery.topic.startswith("ticket:"):
            continue
        ticket = Ticket.objects.filter(pk=int(delivery.topic.removeprefix("ticket:"))).first()
        user = User.objects.filter(email__iexact=delivery.recipient, is_active=True).first()
        if not (delivery.options.get("is_staff") and ticket and user):
            return None
        actor = Actor(user=user, channel=Channel.EMAIL)
        return (ticket, actor) if access.allowed(actor, Action.NOTE, ticket) else None
    return None


def ticket_of_known_mail(message_ids: Sequence[str]) -> Ticket | None:
    """The ticket on which one of the referenced mails of other people already is."""
    asked = [message_id for message_id in message_ids if message_id]
    if not asked:
        return None
    known = Message.objects.filter(channel=Channel.EMAIL, direction=Direction.IN, external_id__in=asked)
    message = known.select_related("ticket").order_by("-id").first()
    return message.ticket if message else None


def ticket_of_tag(subject: str) -> Ticket | None:
    """The ticket named in square brackets in a subject."""
    found = TAG.search(subject)
    return Ticket.objects.filter(number=found.group(1).upper()).first() if found else None
