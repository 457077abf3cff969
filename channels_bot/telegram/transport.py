"""Sending what the outbox holds for Telegram."""

from functools import partial

from django.db import transaction
from django.utils import timezone
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from accounts import contacts
from accounts.models import ContactPoint
from channels_bot.telegram import client
from notify import outbox
from notify.errors import TransportError
from notify.models import Delivery

MAX_UNITS = 4096
"""Telegram counts the length of a text in UTF-16 code units."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def split(text: str, limit: int = MAX_UNITS) -> list[str]:
    """Cut a text into parts of at most `limit` UTF-16 units, at a paragraph, line or space where one is near.

    >>> split("aaa bbb", 4)
    ['aaa', 'bbb']
    """
    parts = []
    rest = text.strip()
    while units(rest) > limit:
        head = _prefix(rest, limit)
        cut = next((at for mark in ("\n\n", "\n", " ") if (at := head.rfind(mark)) > len(head) // 3), len(head))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _prefix(text: str, limit: int) -> str:
    """The longest start of `text` within `limit` units, never half a surrogate pair."""
    if units(text[:limit]) <= limit:
        return text[:limit]
    return text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")


class TelegramTransport:
    """One delivery becomes one or more messages; parts already sent are remembered, so that a retry sends the rest."""

    def send(self, delivery: Delivery) -> str:
        if not client.is_configured():
            raise TransportError("TELEGRAM_BOT_TOKEN belum diisi", permanent=True)
        try:
            sent = self._send_parts(delivery)
        except RetryAfter as error:
            raise TransportError(str(error), permanent=False, retry_after=_seconds(error)) from error
        except (Forbidden, InvalidToken) as error:
            if isinstance(error, Forbidden):
                fall_back(delivery)
            raise TransportError(str(error), permanent=True) from error
        except BadRequest as error:
            raise TransportError(str(error), permanent=True) from error
        except (NetworkError, TelegramError) as error:
            raise TransportError(str(error), permanent=False) from error
        return f"{delivery.recipient}:{sent}"

    def _send_parts(self, delivery: Delivery) -> int:
        parts = split(delivery.text)
        message_id = int(delivery.options.get("last_message_id", 0))
        for position in range(int(delivery.options.get("parts_sent", 0)), len(parts)):
            is_last = position == len(parts) - 1
            message = client.call(partial(_one, delivery=delivery, text=parts[position], is_last=is_last))
            message_id = message.message_id
            if not is_last:
                delivery.options |= {"parts_sent": position + 1, "last_message_id": message_id}
                delivery.save(update_fields=["options"])
        return message_id


async def _one(bot: Bot, *, delivery: Delivery, text: str, is_last: bool) -> Message:
    buttons = delivery.options.get("buttons") if is_last else None
    reply_to = delivery.options.get("reply_to_message_id")
    return await bot.send_message(
        chat_id=int(delivery.recipient),
        text=text,
        reply_markup=keyboard(buttons) if buttons else None,
        reply_parameters=ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None,
    )


def keyboard(rows: list[list[list[str]]]) -> InlineKeyboardMarkup:
    """Rows of [label, data] pairs as stored in the outbox."""
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    )


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait if isinstance(wait, int | float) else wait.total_seconds()


@transaction.atomic
def fall_back(delivery: Delivery) -> None:
    """The person blocked the bot: remember it, and use their email if they have one."""
    ContactPoint.objects.filter(kind=ContactPoint.Kind.TELEGRAM, value=delivery.recipient).update(
        unreachable_at=timezone.now()
    )
    email = contacts.email_of(delivery.contact) if delivery.contact else ""
    if email:
        outbox.plan(
            key=f"{delivery.key}:email",
            channel=Delivery.Channel.EMAIL,
            recipient=email,
            contact=delivery.contact,
            subject=f"[{delivery.options['ticket']}]" if delivery.options.get("ticket") else "",
            text=delivery.text,
            topic=delivery.topic,
            cause=delivery.cause,
            event=delivery.event,
            options={"ticket": delivery.options.get("ticket", "")},
        )
