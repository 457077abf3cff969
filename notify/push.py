"""Pings to open screens after commit.

They carry ids, never content: the screen asks again, and access is decided again.
"""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

QUEUE = "queue"
RESTRICTED_QUEUE = "queue.restricted"
"""For the screens of confidential officers: others must not even hear that something happens."""


def ticket_group(ticket_id: int) -> str:
    return f"ticket.{ticket_id}"


def push(group: str, event: dict[str, Any]) -> None:
    """Send `event` to the group once the transaction has committed. A lost ping is harmless, so failures are logged."""
    transaction.on_commit(lambda: _send(group, event), robust=True)


def _send(group: str, event: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, {"type": "push", "event": event})
    except Exception:  # the change is committed; a dead channel layer must not turn it into an error
        logger.warning("push to %s failed", group, exc_info=True)
