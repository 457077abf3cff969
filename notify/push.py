"""Pings to open screens after commit.

They carry ids, never content: the screen asks again, and access is decided again.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

QUEUE = "queue"
RESTRICTED_QUEUE = "queue.restricted"
"""For the screens of confidential officers: others must not even hear that something happens."""


def ticket_group(ticket_id: int) -> str:
    return f"ticket.{ticket_id}"


def push(group: str, event: dict[str, Any]) -> None:
    """Send `event` to the group once the transaction has committed. A lost ping is harmless, so failures are logged."""
    push_all({group: event})


def push_all(events: Mapping[str, dict[str, Any]]) -> None:
    """As `push`, to several groups with one visit to the event loop, which costs more than the sending."""
    transaction.on_commit(lambda: _send(events), robust=True)


def _heard(layer: Any, groups: Iterable[str]) -> bool:
    """Whether anybody may listen. A layer in memory knows all its listeners; entering the loop for none is a waste."""
    listeners = layer.groups if isinstance(layer, InMemoryChannelLayer) else None
    return listeners is None or any(group in listeners for group in groups)


def _send(events: Mapping[str, dict[str, Any]]) -> None:
    layer = get_channel_layer()
    if layer is None or not _heard(layer, events):
        return

    async def send_all() -> None:
        for group, event in events.items():
            await layer.group_send(group, {"type": "push", "event": event})

    try:
        async_to_sync(send_all)()
    except Exception:  # the change is committed; a dead channel layer must not turn it into an error
        logger.warning("push to %s failed", ", ".join(events), exc_info=True)
