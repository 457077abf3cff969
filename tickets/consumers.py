"""Live screens of the workspace: pings that something changed, and who else has a ticket open.

No content of a ticket travels here. A ping makes the screen ask again over HTTP, where access is decided again.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from notify.push import QUEUE, RESTRICTED_QUEUE, ticket_group
from tickets import access
from tickets.choices import Confidentiality
from tickets.errors import NotVisible

NOT_FOUND = 4404
PEER_LIFETIME = 60.0
"""Seconds after which a peer that neither spoke nor said goodbye is gone; browsers ping every 20 s."""
TYPING_LIFETIME = 10.0
"""Seconds after the last keystroke during which somebody counts as writing; browsers repeat it every 4 s."""


def _user_of(scope: dict[str, Any]) -> User | None:
    """The signed-in person, read afresh, so that a lost role or a closed account counts at once."""
    user = scope.get("user")
    if user is None or not user.is_authenticated:
        return None
    fresh = User.objects.filter(pk=user.pk, is_active=True).first()
    return fresh if fresh and fresh.is_workspace_user else None


class QueueConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/kerja/`: tells the queue page that some ticket changed; says nothing about which."""

    async def connect(self) -> None:
        self.groups_joined: list[str] = []
        user = await database_sync_to_async(_user_of)(self.scope)
        if user is None:
            await self.close(code=NOT_FOUND)
            return
        # Officers of restricted cases hear of these too; for everybody else they do not exist.
        self.groups_joined = [QUEUE, RESTRICTED_QUEUE] if user.has_role(Role.CONFIDENTIAL_OFFICER) else [QUEUE]
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def push(self, message: dict[str, Any]) -> None:
        if await database_sync_to_async(_user_of)(self.scope) is None:
            await self.close(code=NOT_FOUND)
            return
        await self.send_json(message["event"])


@dataclass(slots=True)
class Peer:
    """Somebody else's window on the same ticket, as last heard of; `seen` is monotonic seconds."""

    user_id: int
    name: str
    typing: bool
    seen: float


class TicketConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/tiket/<number>/`: pings, and presence without storage.

    Presence is a conversation in the ticket's group: a window says *hello*, the others answer *here*, and whoever
    leaves says *bye*. Each window keeps its own list, so this works over any number of processes and nothing has to
    be cleaned up after a crash. Only windows whose person sees the ticket are in the group.
    """

    ticket_id: int | None = None

    async def connect(self) -> None:
        self.peers: dict[str, Peer] = {}
        self.typing = False
        self.pause: asyncio.Task[None] | None = None
        found = await database_sync_to_async(self._look)()
        if found is None:
            await self.close(code=NOT_FOUND)
            return
        self.ticket_id, self.user_id, self.name = found
        self.group = ticket_group(self.ticket_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self._say("hello")

    async def disconnect(self, code: int) -> None:
        if self.ticket_id is None:
            return
        if self.pause:
            self.pause.cancel()
        await self.channel_layer.group_discard(self.group, self.channel_name)
        await self._say("bye")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        if text_data:
            await super().receive(text_data=text_data, **kwargs)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """From the browser: `typing` at the composer, `idle` when it is left, and `ping` every 20 s."""
        word = content.get("type") if isinstance(content, dict) else None
        if word not in ("typing", "idle", "ping") or not await self._still_visible():
            return
        if word != "ping":
            self._set_typing(word == "typing")
        await self._say("here")
        if self._forget_silent():
            await self._show()

    def _set_typing(self, typing: bool) -> None:
        """Somebody who stops writing without leaving the field falls silent by themselves."""
        self.typing = typing
        if self.pause:
            self.pause.cancel()
        self.pause = asyncio.create_task(self._fall_silent()) if typing else None

    async def _fall_silent(self) -> None:
        await asyncio.sleep(TYPING_LIFETIME)
        self.typing = False
        await self._say("here")

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        """Text that is not JSON is ignored; it must not end the connection with a traceback."""
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def push(self, message: dict[str, Any]) -> None:
        """A change of the ticket. Whoever lost the right to it is disconnected instead of told."""
        if await self._still_visible():
            await self.send_json(message["event"])

    async def presence(self, message: dict[str, Any]) -> None:
        """Another window spoke."""
        sender = message["sender"]
        if sender == self.channel_name or not await self._still_visible():
            return
        if message["word"] == "bye":
            self.peers.pop(sender, None)
        else:
            self.peers[sender] = Peer(message["user"], message["name"], message["typing"], time.monotonic())
        if message["word"] == "hello":
            await self._say("here", to=sender)
        await self._show()

    async def _say(self, word: str, to: str = "") -> None:
        spoken = {
            "type": "presence",
            "word": word,
            "sender": self.channel_name,
            "user": self.user_id,
            "name": self.name,
            "typing": self.typing,
        }
        if to:
            await self.channel_layer.send(to, spoken)
        else:
            await self.channel_layer.group_send(self.group, spoken)

    async def _show(self) -> None:
        """Send who else has the ticket open (`viewers`) and who of them is writing (`people`).

        Each person once, and without this person's own other windows.
        """
        others = [peer for peer in self.peers.values() if peer.user_id != self.user_id]
        names = {peer.user_id: peer.name for peer in others}
        writers = {peer.user_id: peer.name for peer in others if peer.typing}
        viewers = [name for user_id, name in names.items() if user_id not in writers]
        await self.send_json({"type": "presence", "people": sorted(writers.values()), "viewers": sorted(viewers)})

    def _forget_silent(self) -> bool:
        limit = time.monotonic() - PEER_LIFETIME
        silent = [key for key, peer in self.peers.items() if peer.seen < limit]
        for key in silent:
            del self.peers[key]
        return bool(silent)

    async def _still_visible(self) -> bool:
        if await database_sync_to_async(self._look)() is not None:
            return True
        await self.close(code=NOT_FOUND)
        return False

    def _look(self) -> tuple[int, int, str] | None:
        """(ticket id, user id, name) while this person may see the ticket, else None."""
        user = _user_of(self.scope)
        if user is None:
            return None
        try:
            ticket = access.get_visible(user, self.scope["url_route"]["kwargs"]["number"])
        except NotVisible:
            return None
        conceals = ticket.confidentiality != Confidentiality.NORMAL and ticket.requester.user_id == user.pk
        return ticket.pk, user.pk, _("Pelapor") if conceals else user.display_name
