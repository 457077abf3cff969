"""Which ticket a message belongs to, as far as its headers and subject tell."""

import re
import uuid
from collections.abc import Sequence

from django.conf import settings

from accounts.models import User
from notify.models import Delivery
from tickets import access
from tickets.access import Action
from tickets.actors import Actor
from tickets.choices import Channel, Direction
from tickets.models import Message, Ticket

TAG = re.compile(r"\[([A-Z]{2,8}-\d{4}-[A-Z0-9]{6,12})\]", re.IGNORECASE)


def message_id_for(delivery: Delivery) -> str:
    """Our Message-ID of a delivery, without brackets: stable over retries, unguessable, and found again by its UUID."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2] or "localhost"
    return f"{delivery.uuid.hex}.layanan@{domain}"


def delivery_of(message_id: str) -> Delivery | None:
    """Our own delivery with that Message-ID (without brackets), or None."""
    head, _mark, _tail = message_id.partition(".layanan@")
    try:
        key = uuid.UUID(hex=head)
    except ValueError:
        return None
    return Delivery.objects.filter(uuid=key).first()


def ticket_of_own_ids(message_ids: Sequence[str]) -> Ticket | None:
    """The ticket of one of our own deliveries among the references, newest reference first."""
    for message_id in reversed(message_ids):
        delivery = delivery_of(message_id)
        if delivery and delivery.topic.startswith("ticket:"):
            return Ticket.objects.filter(pk=int(delivery.topic.removeprefix("ticket:"))).first()
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
