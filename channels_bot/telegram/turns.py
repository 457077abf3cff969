"""One thing a person did in a private chat, with what is needed to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.contacts import Identity
from accounts.models import Contact
from channels_bot.telegram.content import Content
from channels_bot.telegram.models import TelegramChat
from channels_bot.telegram.rendering import Buttons
from notify import outbox
from notify.models import Delivery
from tickets.actors import Actor
from tickets.choices import Channel
from tickets.models import Ticket

WAIT = timedelta(hours=2)
"""How long the next message is taken for the answer to a question of the bot."""
ALBUM_PAUSE = timedelta(seconds=2)
"""An answer to an album waits for its other pictures, so that there is one answer and not ten."""


@dataclass(slots=True)
class Turn:
    """What a person did: words (`content`), a button (`data`), or an edit of earlier words."""

    update_id: int
    chat: TelegramChat
    contact: Contact
    message: Mapping[str, Any]
    content: Content = field(default_factory=Content)
    data: str = ""
    is_edit: bool = False
    is_quiet: bool = False
    alert: str = ""
    answers: int = 0

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def message_id(self) -> int:
        """The id of the person's message within this chat, 0 when there is none."""
        found = self.message.get("message_id")
        return found if isinstance(found, int) and abs(found) < 2**63 else 0

    @property
    def message_key(self) -> str:
        """The id of this message over all chats."""
        return f"{self.chat.chat_id}:{self.message.get('message_id', self.update_id)}"

    @property
    def identity(self) -> Identity:
        return Identity(telegram=str(self.chat.chat_id), verified=True)

    @property
    def actor(self) -> Actor:
        """The person of this chat as the requester of their tickets."""
        return Actor(contact=self.contact, channel=Channel.TELEGRAM)

    def say(
        self, text: str, buttons: Buttons | None = None, ticket: Ticket | None = None, *, is_fleeting: bool = False
    ) -> None:
        """Answer through the outbox, in the transaction of this turn.

        `ticket`: a reply to the answer addresses it. `is_fleeting`: the answer disappears from the chat after a day.
        """
        if self.is_quiet:
            return
        self.answers += 1
        album = self.content.album
        occasion = f"album:{self.chat.chat_id}:{album}" if album else str(self.update_id)
        key = f"telegram:{occasion}:{self.answers}"
        options: dict[str, Any] = {"buttons": buttons} if buttons else {}
        if ticket is not None:
            options["ticket"] = ticket.number
        if is_fleeting:
            options["fleeting"] = True
        planned = outbox.plan(
            key=key,
            channel=Delivery.Channel.TELEGRAM,
            recipient=str(self.chat.chat_id),
            contact=self.contact,
            text=text,
            topic=outbox.topic_of(ticket.pk) if ticket is not None else "",
            options=options,
        )
        if album:
            self._settle_album(planned, key, text, options)

    def _settle_album(self, planned: Delivery | None, key: str, text: str, options: dict[str, Any]) -> None:
        """Let the answer wait a little for the rest of the album, which then changes its words."""
        if planned is not None:
            planned.next_attempt_at = timezone.now() + ALBUM_PAUSE
            planned.save(update_fields=["next_attempt_at"])
        else:
            waiting = Delivery.objects.filter(key=key, state=Delivery.State.QUEUED, attempts=0)
            waiting.update(text=text, options=options)

    # The question whose answer the next plain message is

    def await_answer(self, what: str, value: str) -> None:
        self.chat.awaiting = {"what": what, "value": value, "asked": timezone.now().isoformat()}

    def awaited(self, what: str) -> str:
        """The value of the open question of that name; "" when another or none is open, or the wait was too long."""
        open_ = self.chat.awaiting
        asked = parse_datetime(str(open_.get("asked", "")))
        in_time = asked is not None and timezone.now() - asked <= WAIT
        return str(open_["value"]) if open_.get("what") == what and in_time else ""

    def stop_waiting(self) -> None:
        self.chat.awaiting = {}
