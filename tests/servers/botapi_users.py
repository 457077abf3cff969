"""What people do in Telegram: write, send files, press buttons, block the bot."""

import itertools
import time
from typing import Any

from tests.servers.botapi_methods import BOT, World
from tests.servers.botapi_rules import command_entities


class People:
    """Every `push_…` makes one update, returns its update_id, and is safe to call from any thread.

    A private chat has the id of its person; a group needs a negative `chat_id` and says who wrote by `from_id`.
    Common keywords: from_id, first_name, username, chat_type, reply_to_message_id.
    """

    world: World
    _callback_numbers = itertools.count(1)

    def push_text(self, chat_id: int, text: str, **who: Any) -> int:
        return self._push(chat_id, {"text": text, **command_entities(text)}, **who)

    def push_message(self, chat_id: int, content: dict[str, Any], **who: Any) -> int:
        """Any other kind of message, by its fields: a poll, a venue, something forwarded."""
        return self._push(chat_id, content, **who)

    def push_photo(
        self, chat_id: int, content: bytes, caption: str = "", media_group_id: str | None = None, **who: Any
    ) -> int:
        """Telegram offers a photo in several sizes; the last is the original."""
        with self.world.changed:
            small = self.world.store_file("photos", "s.jpg", content[: len(content) // 2] or content)
            large = self.world.store_file("photos", "l.jpg", content)
        sizes = [small.reference(width=320, height=240), large.reference(width=1280, height=960)]
        return self._push_media(chat_id, {"photo": sizes}, caption, media_group_id, who)

    def push_document(
        self,
        chat_id: int,
        content: bytes,
        file_name: str = "dokumen.pdf",
        mime_type: str = "application/pdf",
        caption: str = "",
        media_group_id: str | None = None,
        **who: Any,
    ) -> int:
        with self.world.changed:
            stored = self.world.store_file("documents", file_name, content)
        document = stored.reference(file_name=file_name, mime_type=mime_type)
        return self._push_media(chat_id, {"document": document}, caption, media_group_id, who)

    def push_voice(self, chat_id: int, content: bytes, duration: int = 3, caption: str = "", **who: Any) -> int:
        with self.world.changed:
            stored = self.world.store_file("voice", "suara.oga", content)
        voice = stored.reference(duration=duration, mime_type="audio/ogg")
        return self._push_media(chat_id, {"voice": voice}, caption, None, who)

    def push_sticker(self, chat_id: int, emoji: str = "👍", **who: Any) -> int:
        with self.world.changed:
            stored = self.world.store_file("stickers", "stiker.webp", b"RIFF----WEBP")
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._push(chat_id, {"sticker": stored.reference(emoji=emoji, **kind)}, **who)

    def push_location(self, chat_id: int, latitude: float = -5.3582, longitude: float = 105.0723, **who: Any) -> int:
        return self._push(chat_id, {"location": {"latitude": latitude, "longitude": longitude}}, **who)

    def push_contact(self, chat_id: int, phone_number: str, user_id: int | None = None, **who: Any) -> int:
        """`user_id` differs from the sender's when somebody shares another person's number."""
        contact = {
            "phone_number": phone_number,
            "first_name": who.get("first_name", "Sari"),
            "user_id": user_id or who.get("from_id") or chat_id,
        }
        return self._push(chat_id, {"contact": contact}, **who)

    def push_edited_text(self, chat_id: int, message_id: int, text: str) -> int:
        """The person changes a message of theirs. Raises KeyError when there is none."""
        with self.world.changed:
            edited = self.world.messages[chat_id, message_id] | {"text": text, "edit_date": int(time.time())}
            self.world.messages[chat_id, message_id] = edited
            return self.world.add_update("edited_message", edited)

    def push_callback(
        self, chat_id: int, message_id: int, data: str, *, forged: bool = False, from_id: int | None = None
    ) -> int:
        """Press a button of a message by its data. Raises ValueError when there is no such button.

        `forged` sends data that no button holds, as a modified app can.
        """
        with self.world.changed:
            message = self.world.messages.get((chat_id, message_id))
            if not forged and data not in {button.get("callback_data") for button in _buttons(message or {})}:
                raise ValueError(f"message {message_id} of chat {chat_id} has no button with data {data!r}")
            query_id = f"cb{next(self._callback_numbers)}"
            self.world.callbacks.add(query_id)
            query: dict[str, Any] = {
                "id": query_id,
                "from": self._person(from_id or chat_id),
                "chat_instance": str(chat_id),
                "data": data,
            }
            return self.world.add_update("callback_query", query | ({"message": message} if message else {}))

    def press(self, chat_id: int, label: str, from_id: int | None = None) -> int:
        """Press the newest button whose text contains `label`, in a group as the person `from_id`.

        Raises ValueError when the chat shows none.
        """
        with self.world.changed:
            for (chat, message_id), message in reversed(self.world.messages.items()):
                for button in _buttons(message):
                    if chat == chat_id and label in button["text"] and "callback_data" in button:
                        return self.push_callback(chat_id, message_id, button["callback_data"], from_id=from_id)
        raise ValueError(f"chat {chat_id} shows no button {label!r}")

    def block(self, chat_id: int) -> int:
        """The person blocks the bot: sending fails from now on, and the bot is told."""
        with self.world.changed:
            self.world.blocked_chats.add(chat_id)
            return self._membership(chat_id, "member", "kicked")

    def unblock(self, chat_id: int) -> int:
        with self.world.changed:
            self.world.blocked_chats.discard(chat_id)
            return self._membership(chat_id, "kicked", "member")

    def migrate(self, old: int, new: int) -> int:
        """A group becomes a supergroup: its old id is dead from now on, and the bot is told in the old group."""
        with self.world.changed:
            self.world.migrated[old] = new
            return self._push(old, {"migrate_to_chat_id": new}, from_id=1, chat_type="group")

    def push_raw(self, update: dict[str, Any]) -> int:
        """Any update as it is; an `update_id` of its own is kept, so that a repetition can be played."""
        with self.world.changed:
            if "update_id" not in update:
                ((kind, content),) = update.items()
                return self.world.add_update(kind, content)
            self.world.pending.append(update)
            self.world.changed.notify_all()
            return int(update["update_id"])

    def last_message_id(self, chat_id: int) -> int:
        """Id of the newest message in a chat, whoever wrote it. Raises ValueError for an empty chat."""
        with self.world.changed:
            return max(message_id for chat, message_id in self.world.messages if chat == chat_id)

    def _membership(self, chat_id: int, before: str, after: str) -> int:
        def status(name: str) -> dict[str, Any]:
            return {"user": BOT, "status": name} | ({"until_date": 0} if name == "kicked" else {})

        change = {
            "chat": self.world.chat(chat_id),
            "from": self._person(chat_id),
            "date": int(time.time()),
            "old_chat_member": status(before),
            "new_chat_member": status(after),
        }
        return self.world.add_update("my_chat_member", change)

    def _push_media(
        self, chat_id: int, content: dict[str, Any], caption: str, group: str | None, who: dict[str, Any]
    ) -> int:
        optional = {"caption": caption, "media_group_id": group}
        return self._push(chat_id, content | {k: v for k, v in optional.items() if v}, **who)

    def _push(
        self,
        chat_id: int,
        content: dict[str, Any],
        *,
        from_id: int | None = None,
        first_name: str = "Sari",
        last_name: str | None = None,
        username: str | None = None,
        reply_to_message_id: int | None = None,
        chat_type: str = "private",
    ) -> int:
        with self.world.changed:
            person = self._person(from_id or chat_id, first_name, last_name, username)
            names = {k: v for k, v in person.items() if k in {"first_name", "last_name", "username"}}
            title = names if chat_type == "private" else {"title": "Tim Layanan"}
            chat = self.world.chats[chat_id] = {"id": chat_id, "type": chat_type, **title}
            message = {
                "message_id": self.world.next_message_id(chat_id),
                "from": person,
                "chat": chat,
                "date": int(time.time()),
                **content,
            }
            if reply_to_message_id is not None:
                quoted = self.world.messages.get((chat_id, reply_to_message_id))
                message["reply_to_message"] = quoted or {
                    "message_id": reply_to_message_id,
                    "chat": chat,
                    "date": message["date"],
                }
            self.world.messages[chat_id, message["message_id"]] = message
            return self.world.add_update("message", message)

    def _person(
        self, user_id: int, first_name: str = "Sari", last_name: str | None = None, username: str | None = None
    ) -> dict[str, Any]:
        names = {"first_name": first_name, "last_name": last_name, "username": username}
        if user_id in self.world.chats and first_name == "Sari":  # somebody who has already told their name
            names |= {k: v for k, v in self.world.chats[user_id].items() if k in names}
        return {
            "id": abs(user_id),
            "is_bot": False,
            "language_code": "id",
            **{k: v for k, v in names.items() if v},
        }


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in (message.get("reply_markup") or {}).get("inline_keyboard", []) for button in row]
