"""Sending what the outbox holds for Telegram."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from telegram import Bot, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from accounts import contacts
from channels_bot.telegram import client, conversation, groups, satisfaction
from channels_bot.telegram.models import TelegramGroup, TelegramMessage
from channels_bot.telegram.rendering import Buttons, keyboard, parts_of
from notify import outbox
from notify.errors import TransportError
from notify.models import Delivery
from tickets import sending
from tickets.choices import HoldReason, Stage
from tickets.models import Ticket

FLEETING = timedelta(hours=24)
"""How long what we say of a restricted ticket stays in a chat. Telegram deletes nothing older than 48 hours."""


class TelegramTransport:
    """One delivery becomes one or more messages; parts already sent are remembered, so that a retry sends the rest.

    `options`: buttons (rows of [label, data]), ticket (number that heads the words), reply_to_message_id,
    edit_message_id (change that message instead of sending one), fleeting (erase it from the chat after a day).
    """

    def send(self, delivery: Delivery) -> str:
        if not client.is_configured():
            raise TransportError("TELEGRAM_BOT_TOKEN belum diisi", permanent=True)
        try:
            sent = _send(delivery)
        except RetryAfter as error:
            raise TransportError(str(error), permanent=False, retry_after=seconds_of(error)) from error
        except ChatMigrated as error:
            groups.migrate(int(delivery.recipient), error.new_chat_id)
            raise TransportError(str(error), permanent=False, retry_after=1) from error
        except (Forbidden, InvalidToken) as error:
            if isinstance(error, Forbidden):
                fall_back(delivery)
            raise TransportError(str(error), permanent=True, dead_address=isinstance(error, Forbidden)) from error
        except BadRequest as error:
            raise TransportError(str(error), permanent=True) from error
        except (NetworkError, TelegramError) as error:
            raise TransportError(str(error), permanent=False) from error
        return f"{delivery.recipient}:{sent}"


def _send(delivery: Delivery) -> int:
    ticket = _ticket_of(delivery)
    is_restricted = ticket is not None and ticket.is_restricted
    if is_restricted and int(delivery.recipient) < 0:
        raise TransportError("tiket menjadi rahasia", permanent=True)  # planned before it was raised
    parts = parts_of(_words(delivery, ticket), "" if is_restricted else str(delivery.options.get("ticket", "")))
    buttons = _buttons(delivery, ticket)
    if delivery.options.get("edit_message_id"):
        return _edit(delivery, parts[0], buttons)
    message_id = int(delivery.options.get("last_message_id", 0))
    for position in range(int(delivery.options.get("parts_sent", 0)), len(parts)):
        is_last = position == len(parts) - 1
        work = partial(send_part, delivery=delivery, text=parts[position], buttons=buttons if is_last else [])
        message_id = client.call(work)
        _remember(delivery, message_id, ticket, is_fleeting=is_restricted or bool(delivery.options.get("fleeting")))
        if not is_last:
            delivery.options |= {"parts_sent": position + 1, "last_message_id": message_id}
            delivery.save(update_fields=["options"])
    return message_id


def _ticket_of(delivery: Delivery) -> Ticket | None:
    kind, _colon, pk = delivery.topic.partition(":")
    return Ticket.objects.filter(pk=int(pk)).first() if kind == "ticket" and pk.isdecimal() else None


def _asks_requester(delivery: Delivery, ticket: Ticket | None) -> Ticket | None:
    """The ticket, when words of the staff go to its requester, who alone may say that it is done."""
    is_theirs = ticket is not None and delivery.contact_id == ticket.requester_id
    return ticket if is_theirs and delivery.cause and not delivery.options.get("buttons") else None


def _words(delivery: Delivery, ticket: Ticket | None) -> str:
    """What may be said now, and how to answer where an answer is awaited. Raises NotDue."""
    text = sending.content_of(delivery).text
    asked = _asks_requester(delivery, ticket)
    if asked is not None and asked.hold_reason == HoldReason.REQUESTER:
        return text + "\n\n" + _("Balas pesan ini untuk menjawab.")
    return text


def _buttons(delivery: Delivery, ticket: Ticket | None) -> Buttons:
    """Those that were planned, or those that go with the ticket as it is now. Of a restricted one nothing but to
    make the message disappear."""
    if ticket is not None and ticket.is_restricted and "buttons" not in delivery.options:
        return [[[_("Sudah saya catat, hapus pesan ini"), f"{conversation.FORGET}:"]]]
    asked = _asks_requester(delivery, ticket)
    if asked is not None and asked.stage == Stage.RESOLVED:
        return satisfaction.resolved_buttons(asked.pk)
    planned: Buttons = delivery.options.get("buttons") or []
    return planned


async def send_part(bot: Bot, *, delivery: Delivery, text: str, buttons: Buttons) -> int:
    """Send one message; returns its id."""
    reply_to = delivery.options.get("reply_to_message_id")
    message = await bot.send_message(
        chat_id=int(delivery.recipient),
        text=text,
        parse_mode=ParseMode.HTML,
        reply_markup=keyboard(buttons, delivery.recipient) if buttons else None,
        reply_parameters=ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None,
    )
    return message.message_id


def _edit(delivery: Delivery, text: str, buttons: Buttons) -> int:
    message_id = int(delivery.options["edit_message_id"])
    markup = keyboard(buttons, delivery.recipient) if buttons else None

    async def work(bot: Bot) -> object:
        return await bot.edit_message_text(
            text, int(delivery.recipient), message_id, parse_mode=ParseMode.HTML, reply_markup=markup
        )

    try:
        client.call(work)
    except BadRequest as error:
        if "not modified" not in str(error).lower():  # a retry after a lost answer
            raise
    return message_id


def _remember(delivery: Delivery, message_id: int, ticket: Ticket | None, *, is_fleeting: bool) -> None:
    """Know the message again when somebody replies to it, or when it is to disappear."""
    TelegramMessage.objects.update_or_create(
        chat_id=int(delivery.recipient),
        message_id=message_id,
        defaults={"ticket": ticket, "erase_at": timezone.now() + FLEETING if is_fleeting else None},
    )


def seconds_of(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait if isinstance(wait, int | float) else wait.total_seconds()


@transaction.atomic
def fall_back(delivery: Delivery) -> None:
    """The person blocked the bot: use their email if they have one. A group that threw us out is no
    group of ours any more."""
    TelegramGroup.objects.filter(chat_id=int(delivery.recipient)).delete()
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
