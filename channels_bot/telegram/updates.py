"""From a raw update to one handled turn of a conversation, exactly once."""

import logging
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction
from telegram.error import BadRequest, NetworkError

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import Contact, ContactPoint
from channels_bot.models import TelegramChat, TelegramUpdate
from channels_bot.telegram import client, conversation
from notify import outbox
from notify.models import Delivery
from tickets import intake
from tickets.attachments import Upload
from tickets.choices import Channel

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Turn:
    """One thing a person did in a private chat, with what is needed to answer it."""

    update_id: int
    chat: TelegramChat
    contact: Contact
    message: Mapping[str, Any]
    text: str
    data: str = ""
    files: list[Upload] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)
    edited: bool = False
    answers: int = 0

    @property
    def message_key(self) -> str:
        """The id of this message over all chats; an edit is a message of its own."""
        edit = f":{self.message.get('edit_date', 0)}" if self.edited else ""
        return f"{self.chat.chat_id}:{self.message.get('message_id', self.update_id)}{edit}"

    def say(self, text: str, buttons: list[list[list[str]]] | None = None, ticket_id: int | None = None) -> None:
        """Answer through the outbox, in the transaction of this turn."""
        self.answers += 1
        outbox.plan(
            key=f"telegram:{self.update_id}:{self.answers}",
            channel=Delivery.Channel.TELEGRAM,
            recipient=str(self.chat.chat_id),
            contact=self.contact,
            text=text,
            topic=outbox.topic_of(ticket_id) if ticket_id else "",
            options={"buttons": buttons} if buttons else {},
        )


def handle(payload: Mapping[str, Any]) -> None:
    """Handle one update in one transaction; a second time it does nothing.

    Raises DatabaseError, and NetworkError while a file cannot be fetched: then Telegram brings the update again.
    Any other failure keeps the update in quarantine, where an agent sees it.
    """
    payload = _storable(payload)
    update_id = int(payload["update_id"])
    if abs(update_id) >= 2**63:
        logger.error("telegram update with an impossible id dropped: %.80s", update_id)
        return
    if TelegramUpdate.objects.filter(update_id=update_id).exists():
        return
    try:
        fetched = _fetch_files(payload)
        with suppress(_Seen), transaction.atomic():
            _mark(update_id)
            _dispatch(update_id, payload, *fetched)
        _stop_spinner(payload)
    except Exception as error:
        if _is_passing(error):
            raise
        logger.exception("telegram update %s failed; kept in quarantine", update_id)
        _keep(update_id, payload, error)


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


def _dispatch(update_id: int, payload: Mapping[str, Any], files: list[Upload], too_large: list[str]) -> None:
    if member := _part(payload, "my_chat_member"):
        _note_membership(member)
        return
    callback = _part(payload, "callback_query")
    message = _part(callback, "message") or _part(payload, "message") or _part(payload, "edited_message")
    person = _part(callback, "from") or _part(message, "from")
    chat = _part(message, "chat")
    if not chat.get("id") or not person.get("id"):
        return
    if chat.get("type") != "private":
        return  # the bot serves private chats; what is said in groups is not addressed to it
    row = _chat_of(chat, person)
    turn = Turn(
        update_id=update_id,
        chat=row,
        contact=row.contact,
        message=message,
        text=str(message.get("text") or message.get("caption") or "") if not callback else "",
        data=str(callback.get("data") or ""),
        files=files,
        too_large=too_large,
        edited="edited_message" in payload,
    )
    conversation.take(turn)
    row.save()


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
    """The person blocked the bot (or came back): answers must take another way."""
    from django.utils import timezone

    status = (member.get("new_chat_member") or {}).get("status")
    gone = status in {"kicked", "left"}
    ContactPoint.objects.filter(
        kind=ContactPoint.Kind.TELEGRAM, value=str((member.get("chat") or {}).get("id"))
    ).update(unreachable_at=timezone.now() if gone else None)


def file_references(payload: Mapping[str, Any]) -> list[dict[str, str]]:
    """The files this update asks us to take: those of its message, or those of the draft it submits."""
    callback = _part(payload, "callback_query")
    if callback:
        if not str(callback.get("data") or "").startswith(conversation.SEND):
            return []
        chat_id = _part(_part(callback, "message"), "chat").get("id")
        chat = TelegramChat.objects.filter(chat_id=chat_id or 0).first()
        return list(chat.draft.get("files", [])) if chat else []
    message = _part(payload, "message") or _part(payload, "edited_message")
    if _part(message, "chat").get("type") != "private":
        return []
    return conversation.files_in(message)


def _fetch_files(payload: Mapping[str, Any]) -> tuple[list[Upload], list[str]]:
    """Download before the transaction begins, so that no lock waits for the network."""
    uploads: list[Upload] = []
    refused: list[str] = []
    for reference in file_references(payload):
        try:
            content = client.download(reference["file_id"], settings.ATTACHMENT_MAX_BYTES)
        except BadRequest:  # Telegram itself refuses, e.g. over its own 20 MB limit
            content = b""
        if content:
            uploads.append(Upload(reference["name"], reference["type"], content))
        else:
            refused.append(reference["name"])
    return uploads, refused


def _stop_spinner(payload: Mapping[str, Any]) -> None:
    """Tell the app that the button press was taken. Losing this loses nothing."""
    query_id = _part(payload, "callback_query").get("id")
    if not query_id:
        return
    try:
        client.call(lambda bot: bot.answer_callback_query(str(query_id)))
    except (BadRequest, NetworkError):
        logger.info("callback %s was too old to acknowledge", query_id)


def _is_passing(error: Exception) -> bool:
    """Whether the same update may succeed later. Values a database refuses (DataError) stay as they are."""
    return isinstance(error, DatabaseError | NetworkError) and not isinstance(error, DataError)


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
