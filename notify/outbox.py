"""The outbox: planned in the transaction that causes a message, sent afterwards by any worker.

Sent at least once: a worker that dies between the other side's acceptance and our note of it leaves a row whose lease
runs out and which is sent again under the same id (Message-ID), so that the receiver can tell. Everything else is
exactly once: `key` is unique per event and recipient, and a row is claimed before it is sent.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import contacts
from accounts.models import Contact, ContactPoint, User
from notify.errors import NotDue, TransportError, without_addresses
from notify.models import Delivery, Pace

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""Longer than a transport may take: see `channels_bot.email.transport.DEADLINE`."""
MAX_ATTEMPTS = 26
"""With the pauses of `backoff` about three days, as mail servers do."""
MAX_CRASHES = 3
"""A message over which so many workers died is not tried again."""
OUTAGE_PAUSE = (timedelta(seconds=15), timedelta(minutes=5))
"""Shortest and longest pause of a channel whose server does not answer."""
BURST = 60
"""Messages to one domain that may go at once before its rate counts."""
State = Delivery.State
BROKEN = (State.FAILED, State.BOUNCED)


class Transport(Protocol):
    """One channel's way out. `send` returns the id the message has on its channel.

    It raises TransportError, or NotDue for what must not be sent any more.
    """

    def send(self, delivery: Delivery) -> str: ...


@cache
def transport_for(channel: str) -> Transport:
    transport: Transport = import_string(settings.NOTIFY_TRANSPORTS[channel])()
    return transport


def plan(
    *,
    key: str,
    channel: str,
    recipient: str,
    text: str,
    subject: str = "",
    html: str = "",
    topic: str = "",
    cause: str = "",
    event: str = "",
    contact: Contact | None = None,
    user: User | None = None,
    options: Mapping[str, Any] | None = None,
    is_secret: bool = False,
    in_digest: bool = False,
    not_before: datetime | None = None,
) -> Delivery | None:
    """Write one delivery in the caller's transaction. The same `key` a second time plans nothing and gives None."""
    delivery, created = Delivery.objects.get_or_create(
        key=_short(key),
        defaults={
            "channel": channel,
            "recipient": recipient,
            "domain": _domain(channel, recipient),
            "text": text,
            "subject": subject[:300],
            "html": html,
            "topic": topic,
            "cause": cause,
            "event": event,
            "contact": contact,
            "user": user,
            "options": dict(options or {}),
            "is_secret": is_secret,
            "in_digest": in_digest,
            "next_attempt_at": not_before or timezone.now(),
        },
    )
    return delivery if created else None


def not_sent(*, key: str, reason: str, topic: str, cause: str, event: str, contact: Contact) -> None:
    """Note that somebody could not be told because no address reaches them, so that it shows on the message."""
    Delivery.objects.get_or_create(
        key=_short(key),
        defaults={
            "channel": Delivery.Channel.EMAIL,
            "state": State.SUPPRESSED,
            "error": reason[:500],
            "topic": topic,
            "cause": cause,
            "event": event,
            "contact": contact,
        },
    )


def _short(key: str) -> str:
    """At most 150 characters that still tell two long keys apart."""
    return key if len(key) <= 150 else f"{key[:85]}:{hashlib.sha256(key.encode()).hexdigest()}"


def send_due(limit: int = 20, now: Callable[[], datetime] = timezone.now, channel: str = "") -> int:
    """Claim and send up to `limit` due deliveries, oldest first; returns how many were tried."""
    tried = 0
    while tried < limit:
        delivery = _claim(now(), channel)
        if delivery is None:
            break
        _send_one(delivery, now)
        tried += 1
    return tried


def due(at: datetime, channel: str = "") -> QuerySet[Delivery]:
    """What may be claimed, before any limit of servers and channels."""
    rows = Delivery.objects.filter(
        state__in=[State.QUEUED, State.SENDING], next_attempt_at__lte=at, in_digest=False, carrier=None
    )
    return rows.filter(channel=channel) if channel else rows


def _claim(at: datetime, channel: str) -> Delivery | None:
    """Take the oldest due row for LEASE. A row whose lease ran out belongs to a worker that died."""
    closed, full = _closed_channels(at), _full_domains(at)
    while True:
        with transaction.atomic():
            # skip_locked: two workers never wait for each other. On SQLite the whole transaction is exclusive.
            delivery = (
                due(at, channel)
                .exclude(channel__in=closed)
                .exclude(domain__in=full)
                .select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked)
                .order_by("next_attempt_at", "id")
                .first()
            )
            if delivery is None:
                return None
            if _crashed_too_often(delivery):
                continue
            if not delivery.domain or _take_turn(delivery, at):
                delivery.crashes += delivery.state == State.SENDING
                delivery.state = State.SENDING
                delivery.attempts += 1
                delivery.next_attempt_at = at + LEASE
                delivery.save(update_fields=["state", "attempts", "crashes", "next_attempt_at"])
                return delivery
        full.add(delivery.domain)


def _closed_channels(at: datetime) -> list[str]:
    """Channels whose server did not answer and is left alone for a moment."""
    names = [str(channel) for channel in Delivery.Channel.values]
    return list(Pace.objects.filter(name__in=names, resume_at__gt=at).values_list("name", flat=True))


def _full_domains(at: datetime) -> set[str]:
    """Domains with as many messages under way, or in the last minute, as one may have."""
    sending = Delivery.objects.filter(state=State.SENDING, next_attempt_at__gt=at).exclude(domain="")
    counts = sending.order_by().values("domain").annotate(count=Count("pk"))
    full = {row["domain"] for row in counts if row["count"] >= settings.EMAIL_PER_DOMAIN}
    paced = Pace.objects.filter(paced_until__gt=at + _interval() * BURST).values_list("name", flat=True)
    return full | {name.partition(":")[2] for name in paced}


def _interval() -> timedelta:
    return timedelta(seconds=60 / settings.EMAIL_PER_MINUTE)


def _take_turn(delivery: Delivery, at: datetime) -> bool:
    """Whether one more message may go to this domain now; if so it is counted.

    The row of the domain is locked, so that workers decide one after the other.
    """
    pace, _created = Pace.objects.get_or_create(name=f"{delivery.channel}:{delivery.domain}")
    pace = Pace.objects.select_for_update().get(pk=pace.pk)
    others = Delivery.objects.filter(state=State.SENDING, next_attempt_at__gt=at, domain=delivery.domain)
    until = max(pace.paced_until or at, at)
    if others.count() >= settings.EMAIL_PER_DOMAIN or until > at + _interval() * BURST:
        return False
    pace.paced_until = until + _interval()
    pace.save(update_fields=["paced_until"])
    return True


def _crashed_too_often(delivery: Delivery) -> bool:
    """A message that kills its worker every time must not do so for ever."""
    if delivery.state != State.SENDING or delivery.crashes + 1 < MAX_CRASHES:
        return False
    undelivered(delivery, error=f"worker stopped {MAX_CRASHES} times while sending this")
    return True


def _send_one(delivery: Delivery, now: Callable[[], datetime]) -> None:
    lease = delivery.next_attempt_at
    try:
        message_id = transport_for(delivery.channel).send(delivery)
    except NotDue as reason:
        _settle(delivery, lease, state=State.SUPPRESSED, error=str(reason)[:500], **_emptied(delivery))
    except TransportError as error:
        _failed(delivery, lease, error, now())
    except Exception as error:  # a bug in one transport must not stop the others' mail
        logger.exception("delivery %s failed", delivery.pk)
        _failed(delivery, lease, TransportError(f"{type(error).__name__}: {error}", permanent=False), now())
    else:
        at = now()
        changes = {"state": State.SENT, "message_id": message_id, "error": "", "sent_at": at}
        with transaction.atomic():
            if _settle(delivery, lease, **changes, **_emptied(delivery)):
                Delivery.objects.filter(carrier=delivery).update(state=State.SENT, sent_at=at, error="")
        Pace.objects.filter(name=delivery.channel, failures__gt=0).update(failures=0, resume_at=None, error="")


def _settle(delivery: Delivery, lease: datetime, **changes: Any) -> bool:
    """Note what became of a claimed row, unless it is not ours any more: taken over, or bounced already."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, next_attempt_at=lease)
    for name, value in changes.items():
        setattr(delivery, name, value)
    return bool(mine.update(**changes))


def _emptied(delivery: Delivery) -> dict[str, str]:
    return {"text": "", "html": ""} if delivery.is_secret else {}


def _failed(delivery: Delivery, lease: datetime, error: TransportError, at: datetime) -> None:
    words = without_addresses(str(error))[:500]
    if error.outage:
        _close_channel(delivery.channel, words, at)
        attempts = delivery.attempts - 1  # no fault of this message: it keeps its tries
        _settle(delivery, lease, state=State.QUEUED, error=words, attempts=attempts, next_attempt_at=at)
    elif error.permanent or delivery.attempts >= MAX_ATTEMPTS:
        with transaction.atomic():
            if Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, next_attempt_at=lease).exists():
                undelivered(delivery, error=words, dead_address=error.dead_address)
    else:
        again = at + backoff(delivery.attempts, error.retry_after)
        _settle(delivery, lease, state=State.QUEUED, error=words, next_attempt_at=again)


def _close_channel(channel: str, error: str, at: datetime) -> None:
    """Leave a server that does not answer alone for a moment, longer each time."""
    with transaction.atomic():
        Pace.objects.get_or_create(name=channel)
        pace = Pace.objects.select_for_update().get(name=channel)
        shortest, longest = OUTAGE_PAUSE
        pace.resume_at = at + min(shortest * 2 ** min(pace.failures, 10), longest)
        pace.failures = min(pace.failures + 1, 1000)
        pace.error = error
        pace.save(update_fields=["resume_at", "failures", "error"])


def backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """30 s, 1 min, 2 min, ... at most 4 h; never shorter than what the other side asked for."""
    return timedelta(seconds=max(min(30 * 2 ** (attempts - 1), 4 * 3600), retry_after or 0))


@transaction.atomic
def undelivered(
    delivery: Delivery, *, error: str, state: Delivery.State = State.FAILED, dead_address: bool = False
) -> bool:
    """Note for good that a delivery did not arrive; False when that was known.

    The one function for what our own server refused and for bounces (`state=BOUNCED`). With `dead_address` the contact
    is not written to at that address again. Whoever works on what the delivery is about is told.
    """
    words = without_addresses(error)[:500]
    known = Delivery.objects.filter(pk=delivery.pk).exclude(state=state)
    if not known.update(state=state, error=words):
        return False
    delivery.state, delivery.error = state, words
    Delivery.objects.filter(carrier=delivery).update(state=state, error=words)
    if dead_address:
        contacts.mark_unreachable(_kind_of_address(delivery), delivery.recipient, timezone.now())
    note: Callable[[Delivery], None] = import_string(settings.NOTIFY_UNDELIVERED)
    note(delivery)
    return True


def _kind_of_address(delivery: Delivery) -> str:
    email = delivery.channel == Delivery.Channel.EMAIL
    return ContactPoint.Kind.EMAIL if email else ContactPoint.Kind.TELEGRAM


@transaction.atomic
def retry(delivery: Delivery, way: tuple[str, str] | None = None) -> bool:
    """Queue a failed delivery again, and take its address for good again. False when it is not failed (any more).

    `way`: (channel, address) that reaches the person now, if that is known to be another one. A message whose words
    were deleted after sending cannot be sent again.
    """
    broken = Delivery.objects.filter(pk=delivery.pk, state__in=BROKEN).exclude(Q(text="") & Q(is_secret=True))
    changes: dict[str, Any] = {"state": State.QUEUED, "attempts": 0, "crashes": 0, "error": ""}
    channel, address = way or (delivery.channel, delivery.recipient)
    where = {"channel": channel, "recipient": address, "domain": _domain(channel, address)}
    if not broken.update(next_attempt_at=timezone.now(), **changes, **where):
        return False
    Delivery.objects.filter(carrier=delivery).update(**changes)
    if way is None:
        contacts.mark_reachable(_kind_of_address(delivery), delivery.recipient)
    return True


def _domain(channel: str, address: str) -> str:
    return address.rpartition("@")[2].lower() if channel == Delivery.Channel.EMAIL else ""


def topic_of(ticket_id: int) -> str:
    return f"ticket:{ticket_id}"
