"""From a raw update to one handled turn of a conversation, exactly once."""

import logging
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from telegram.error import TelegramError

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import ContactPoint
from channels_bot.telegram import callbacks, client, content, conversation, flood, groups
from channels_bot.telegram.groups import GroupTurn
from channels_bot.telegram.models import TelegramChat, TelegramGroup, TelegramUpdate
from channels_bot.telegram.turns import Turn
from tickets import intake
from tickets.choices import Channel

logger = logging.getLogger(__name__)


GROUPS = ("group", "supergroup")


def handle(payload: Mapping[str, Any]) -> None:
    """Handle one update in one transaction; a second time it does nothing.

    Nothing in here waits for the network: answers and files are rows for the worker. Raises DatabaseError: then
    Telegram brings the update again. Any other failure keeps the update in quarantine, where an agent sees it.
    """
    payload = _storable(payload)
    update_id = int(payload["update_id"])
    if abs(update_id) >= 2**63:
        logger.error("telegram update with an impossible id dropped: %.80s", update_id)
        return
    if TelegramUpdate.objects.filter(update_id=update_id).exists():
        return
    alert = ""
    try:
        with suppress(_Seen), transaction.atomic():
            _mark(update_id)
            alert = _dispatch(update_id, payload)
    except flood.Flooded:
        _keep_flood(update_id, payload)
    except Exception as error:
        if _is_passing(error):
            raise
        logger.exception("telegram update %s failed; kept in quarantine", update_id)
        _keep(update_id, payload, error)
    _stop_spinner(payload, alert)


_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _storable(value: Any) -> Any:
    """The same value without what a database cannot hold: NUL, halves of surrogate pairs, numbers that are none.

    >>> _storable({"text": "a\\0b", "sizes": [1, "\\ud800"]})
    {'text': 'a�b', 'sizes': [1, '�']}
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {_storable(name): _storable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(part) for part in value]
    return value


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside an update; empty when it is missing or no object."""
    part = payload.get(name)
    return part if isinstance(part, Mapping) else {}


class _Seen(Exception):
    """Another process is handling, or has handled, the same update."""


def _mark(update_id: int) -> None:
    try:
        with transaction.atomic():
            TelegramUpdate.objects.create(update_id=update_id)
    except IntegrityError:
        raise _Seen from None


def _dispatch(update_id: int, payload: Mapping[str, Any]) -> str:
    """Hand the update to whom it concerns; returns what to show to the one who pressed a button.

    Private chats and groups are served. Channels, and kinds of updates that carry no words, are none of ours.
    """
    if member := _part(payload, "my_chat_member"):
        _note_membership(member)
        return ""
    callback = _part(payload, "callback_query")
    edited = _part(payload, "edited_message")
    message = _part(callback, "message") or _part(payload, "message") or edited
    person, chat = _part(callback, "from") or _part(message, "from"), _part(message, "chat")
    if migrated := message.get("migrate_to_chat_id"):
        groups.migrate(int(chat["id"]), int(migrated))
        return ""
    if not chat.get("id") or not person.get("id"):
        return ""
    said = content.Content() if callback else content.read(message, settings.ATTACHMENT_MAX_BYTES)
    data = callbacks.read(chat["id"], str(callback.get("data") or "")) if callback else ""
    if chat.get("type") in GROUPS:
        return _in_group(update_id, message, person, said, data, is_callback=bool(callback), is_edit=bool(edited))
    if chat.get("type") != "private":
        return ""
    row = _chat_of(chat, person)
    turn = Turn(
        update_id=update_id,
        chat=row,
        contact=row.contact,
        message=message,
        content=said,
        data=data or ("?" if callback else ""),
        is_edit=bool(edited) and not callback,
    )
    _in_private(turn)
    row.save()
    return turn.alert


def _in_private(turn: Turn) -> None:
    flow = flood.count(turn.chat, timezone.now())
    if flow == flood.Flow.OVER:
        raise flood.Flooded
    if flow == flood.Flow.WARN:
        turn.say(_("Anda menulis sangat cepat. Pesan Anda tetap kami terima, tetapi jawaban kami menyusul."))
    turn.is_quiet = flow != flood.Flow.NORMAL
    conversation.take(turn)


def _in_group(
    update_id: int,
    message: Mapping[str, Any],
    person: Mapping[str, Any],
    said: content.Content,
    data: str,
    *,
    is_callback: bool,
    is_edit: bool,
) -> str:
    chat = _part(message, "chat")
    turn = GroupTurn(
        update_id=update_id,
        chat_id=int(chat["id"]),
        title=str(chat.get("title") or ""),
        person_id=int(person["id"]),
        message=message,
        content=said,
        data=data or ("?" if is_callback else ""),
        is_edit=is_edit,
    )
    groups.take(turn)
    return turn.alert


def _chat_of(chat: Mapping[str, Any], person: Mapping[str, Any]) -> TelegramChat:
    """The chat row, locked, with its contact. A private chat has the id of its person."""
    name = " ".join(filter(None, [person.get("first_name"), person.get("last_name")]))
    contact = contacts.resolve(Identity(name=name, telegram=str(chat["id"]), verified=True))
    ContactPoint.objects.filter(contact=contact, kind=ContactPoint.Kind.TELEGRAM, value=str(chat["id"])).update(
        unreachable_at=None
    )
    row, _created = TelegramChat.objects.select_for_update().get_or_create(
        chat_id=chat["id"], defaults={"contact": contact}
    )
    if row.contact_id != contact.pk:
        row.contact = contact
    return row


def _note_membership(member: Mapping[str, Any]) -> None:
    """The person blocked the bot (or came back): answers must take another way. A group that threw it out is gone."""
    status = _part(member, "new_chat_member").get("status")
    gone = status in {"kicked", "left"}
    chat = _part(member, "chat")
    if chat.get("type") in GROUPS:
        if gone:
            TelegramGroup.objects.filter(chat_id=chat.get("id") or 0).delete()
        return
    ContactPoint.objects.filter(kind=ContactPoint.Kind.TELEGRAM, value=str(chat.get("id") or "")).update(
        unreachable_at=timezone.now() if gone else None
    )


def _stop_spinner(payload: Mapping[str, Any], alert: str) -> None:
    """Tell the app that the button press was taken. Losing this loses nothing that was committed."""
    query_id = _part(payload, "callback_query").get("id")
    if not query_id:
        return
    try:
        client.call(
            lambda bot: bot.answer_callback_query(str(query_id), text=alert[:200] or None, show_alert=bool(alert))
        )
    except TelegramError:
        logger.info("callback %s could not be acknowledged", query_id)


def _is_passing(error: Exception) -> bool:
    """Whether the same update may succeed later. Values a database refuses (DataError) stay as they are."""
    return isinstance(error, DatabaseError) and not isinstance(error, DataError)


def _keep_flood(update_id: int, payload: Mapping[str, Any]) -> None:
    """Above what a chat may say nothing is answered and nothing is lost."""
    logger.warning("telegram update %s kept: its chat floods", update_id)
    TelegramUpdate.objects.get_or_create(update_id=update_id, defaults={"error": "flood", "payload": dict(payload)})


def _keep(update_id: int, payload: Mapping[str, Any], error: Exception) -> None:
    """Into quarantine; an update that cannot even be kept is only marked, so that it does not come again."""
    reason = _storable(f"{type(error).__name__}: {error}")[:500]
    try:
        _quarantine(update_id, payload, reason)
    except Exception as failure:
        if _is_passing(failure):
            raise
        logger.exception("telegram update %s cannot be kept", update_id)
        TelegramUpdate.objects.get_or_create(update_id=update_id, defaults={"error": reason})


@transaction.atomic
def _quarantine(update_id: int, payload: Mapping[str, Any], reason: str) -> None:
    message = _part(payload, "message") or _part(payload, "edited_message")
    chat_id = str(_part(message, "chat").get("id") or "")
    words = str(message.get("text") or message.get("caption") or "")
    TelegramUpdate.objects.get_or_create(update_id=update_id, defaults={"error": reason, "payload": dict(payload)})
    intake.receive(
        intake.InboundMessage(
            channel=Channel.TELEGRAM,
            mailbox=chat_id,
            external_id=f"update:{update_id}",
            sender=Identity(telegram=chat_id, verified=True),
            text=words,
            quarantine=intake.Reason.ERROR,
        )
    )
