"""The outbox: planned in the transaction that causes a message, sent afterwards by any worker.

Sent at least once: a worker that dies between the other side's acceptance and our note of it leaves a row whose lease
runs out and which is sent again under the same id (Message-ID), so that the receiver can tell. Everything else is
exactly once: `key` is unique per event and recipient, and a row is claimed before it is sent.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Contact
from notify.errors import TransportError, without_addresses
from notify.models import Delivery

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
State = Delivery.State


class Transport(Protocol):
    """One channel's way out. `send` returns the id the message has on its channel, or raises TransportError."""

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
    contact: Contact | None = None,
    options: Mapping[str, Any] | None = None,
) -> Delivery | None:
    """Write one delivery in the caller's transaction. The same `key` a second time plans nothing and gives None."""
    delivery, created = Delivery.objects.get_or_create(
        key=key[:150],
        defaults={
            "channel": channel,
            "recipient": recipient,
            "text": text,
            "subject": subject[:300],
            "html": html,
            "topic": topic,
            "cause": cause,
            "contact": contact,
            "options": dict(options or {}),
        },
    )
    return delivery if created else None


def send_due(limit: int = 20, now: Callable[[], datetime] = timezone.now) -> int:
    """Claim and send up to `limit` due deliveries, oldest first; returns how many were tried."""
    tried = 0
    while tried < limit:
        delivery = _claim(now())
        if delivery is None:
            break
        _send_one(delivery, now)
        tried += 1
    return tried


def _claim(at: datetime) -> Delivery | None:
    """Take the oldest due row for LEASE. A row whose lease ran out belongs to a worker that died."""
    with transaction.atomic():
        due = Delivery.objects.filter(state__in=[State.QUEUED, State.SENDING], next_attempt_at__lte=at)
        # skip_locked: two workers never wait for each other. On SQLite the whole transaction is exclusive.
        delivery = (
            due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is None:
            return None
        delivery.state = State.SENDING
        delivery.attempts += 1
        delivery.next_attempt_at = at + LEASE
        delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
        return delivery


def _send_one(delivery: Delivery, now: Callable[[], datetime]) -> None:
    try:
        message_id = transport_for(delivery.channel).send(delivery)
    except TransportError as error:
        _failed(delivery, str(error), now(), permanent=error.permanent, retry_after=error.retry_after)
    except Exception as error:  # a bug in one transport must not stop the others' mail
        logger.exception("delivery %s failed", delivery.pk)
        _failed(delivery, f"{type(error).__name__}: {error}", now(), permanent=False)
    else:
        delivery.state, delivery.message_id, delivery.error = State.SENT, message_id, ""
        delivery.sent_at = now()
        delivery.save(update_fields=["state", "message_id", "error", "sent_at"])


def _failed(delivery: Delivery, error: str, at: datetime, *, permanent: bool, retry_after: float | None = None) -> None:
    if permanent or delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = State.FAILED
    else:
        delivery.state = State.QUEUED
        delivery.next_attempt_at = at + backoff(delivery.attempts, retry_after)
    delivery.error = without_addresses(error)[:500]
    delivery.save(update_fields=["state", "error", "next_attempt_at"])


def backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """30 s, 1 min, 2 min, ... at most 4 h; never shorter than what the other side asked for."""
    return timedelta(seconds=max(min(30 * 2 ** (attempts - 1), 4 * 3600), retry_after or 0))


def retry(delivery: Delivery) -> bool:
    """Queue a failed delivery again. False when it is not failed (any more)."""
    return bool(
        Delivery.objects.filter(pk=delivery.pk, state__in=[State.FAILED, State.BOUNCED]).update(
            state=State.QUEUED, attempts=0, next_attempt_at=timezone.now(), error=""
        )
    )


def topic_of(ticket_id: int) -> str:
    return f"ticket:{ticket_id}"
