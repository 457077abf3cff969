"""Making messages disappear from chats: confidential reports, and posts about tickets that became restricted."""

import logging
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from channels_bot.telegram import client
from channels_bot.telegram.models import TelegramMessage
from tickets.models import Ticket

logger = logging.getLogger(__name__)


def erase_due(limit: int = 30, now: datetime | None = None) -> int:
    """Erase what is due, oldest first; returns how many messages were tried. A failure for now stays due."""
    at = now or timezone.now()
    hide_restricted(at)
    due = TelegramMessage.objects.filter(erase_at__lte=at).order_by("erase_at", "pk")
    rows = list(due[:limit])
    for row in rows:
        if not _erase(row):
            break
        if row.entry_id is None:
            row.delete()
        else:
            TelegramMessage.objects.filter(pk=row.pk).update(erase_at=None)
    return len(rows)


def hide_restricted(at: datetime) -> int:
    """What groups were told of tickets that are restricted by now is to go; groups have negative ids."""
    restricted = Ticket.objects.filter(is_restricted=True).values("pk")  # few, by an index of their own
    return TelegramMessage.objects.filter(ticket__in=restricted, chat_id__lt=0, erase_at=None).update(erase_at=at)


def _erase(row: TelegramMessage) -> bool:
    """Delete the message; one that is too old to be deleted loses its words. False when it is to be tried again."""

    async def delete(bot: Bot) -> bool:
        return await bot.delete_message(row.chat_id, row.message_id)

    async def blank(bot: Bot) -> object:
        return await bot.edit_message_text(_("(pesan dihapus)"), row.chat_id, row.message_id)

    try:
        client.call(delete)
    except (BadRequest, Forbidden):
        try:
            client.call(blank)
        except (BadRequest, Forbidden) as error:
            logger.warning("telegram message %s cannot be erased: %s", row.pk, error)
        except TelegramError:
            return False
    except TelegramError:
        return False
    return True
