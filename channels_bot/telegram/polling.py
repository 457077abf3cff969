"""Fetching updates by long polling, or telling Telegram where our webhook is."""

import logging
import warnings
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from telegram import Bot
from telegram.error import Conflict, TelegramError

from channels_bot.telegram import client, conversation
from channels_bot.telegram.models import TelegramUpdate
from channels_bot.telegram.updates import handle
from core import leases
from notify import outbox

logger = logging.getLogger(__name__)
# The library would rather parse the updates itself; see _fetch for why we do not let it.
warnings.filterwarnings("ignore", message=r"Please use 'Bot\.getUpdates'", module=__name__)

LEASE = "telegram"
LEASE_SECONDS = 25
# After a week without updates Telegram starts its numbering anew; an old offset would then hide the new ones.
OFFSET_LIFETIME = timedelta(days=6)
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]


def poll() -> int:
    """Handle the next batch of updates; returns how many there were.

    One worker polls at a time (Telegram allows no more). An update is confirmed to Telegram by the offset of the
    following call, which is read from what has been committed: a crash in between brings it again, harmlessly.
    """
    if not client.is_configured() or not leases.hold(LEASE, LEASE_SECONDS):
        return 0
    if settings.TELEGRAM_WEBHOOK_SECRET:
        _announce_webhook()
        return 0
    _introduce()
    offset = _offset()
    try:
        found = client.call(lambda bot: _fetch(bot, offset))
    except Conflict:
        # A webhook of earlier settings is still there, or another desk polls with our token: then the next call fails.
        client.call(lambda bot: bot.delete_webhook())
        found = client.call(lambda bot: _fetch(bot, offset))
    for update in found:
        handle(update)
    if found:
        outbox.send_due()
    return len(found)


async def _fetch(bot: Bot, offset: int | None) -> list[dict[str, Any]]:
    """Raw updates: parsing them into objects as one batch would let a single odd update block all that follow."""
    arguments: dict[str, Any] = {"timeout": client.LONG_POLL_SECONDS, "allowed_updates": ALLOWED}
    if offset is not None:
        arguments["offset"] = offset
    timeout = client.LONG_POLL_SECONDS + client.TIMEOUT
    found: list[dict[str, Any]] = await bot.do_api_request("getUpdates", api_kwargs=arguments, read_timeout=timeout)
    return found


def _offset() -> int | None:
    recent = TelegramUpdate.objects.filter(handled_at__gte=timezone.now() - OFFSET_LIFETIME)
    last = recent.aggregate(last=Max("update_id"))["last"]
    return last + 1 if last is not None else None


_announced: set[str] = set()
_MENU = "menu"


def _introduce() -> None:
    """Show the menu of commands, once per process. A bot without it works just as well."""
    if _MENU in _announced:
        return
    _announced.add(_MENU)
    try:
        client.call(lambda bot: bot.set_my_commands([(name, str(label)) for name, label in conversation.COMMANDS]))
    except TelegramError as error:
        logger.warning("telegram menu not set: %s", error)


def _announce_webhook() -> None:
    """Register our address once per process; Telegram ignores a repetition."""
    url = settings.BASE_URL + reverse("channels:telegram")
    if url in _announced:
        return

    async def work(bot: Bot) -> bool:
        return await bot.set_webhook(url, secret_token=settings.TELEGRAM_WEBHOOK_SECRET, allowed_updates=ALLOWED)

    _introduce()
    client.call(work)
    _announced.add(url)
    logger.info("telegram webhook registered at %s", url)
