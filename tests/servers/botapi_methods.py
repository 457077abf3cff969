"""The methods of the Bot API and the world behind them: chats, messages, files, waiting updates."""

import itertools
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.botapi_rules import (
    MAX_CAPTION,
    MAX_TEXT,
    ApiError,
    bad_request,
    check_commands,
    check_keyboard,
    checked_text,
    command_entities,
    units,
)

MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_CALLBACK_ANSWER = 200
LONGEST_POLL = 50
CHAT_ACTIONS = re.compile(
    r"typing|(upload|record)_(video|voice|video_note)|upload_(photo|document)|find_location|choose_sticker"
)
# Telegram leaves these out unless a bot asks for them by name.
ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
BOT = {
    "id": 100_200_300,
    "is_bot": True,
    "first_name": "Layanan Uji",
    "username": "layanan_uji_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}


@dataclass(slots=True)
class Call:
    """One request of the bot. `status` is what was answered: 200, an error, or 0 when the socket was closed."""

    method: str
    params: dict[str, Any]
    chat_id: int | None = None
    message_id: int | None = None
    status: int = 200
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return str(self.params.get("text") or self.params.get("caption") or "")


@dataclass(slots=True)
class StoredFile:
    """A file somebody sent; `path` is what getFile tells."""

    file_id: str
    path: str
    content: bytes

    def reference(self, **extra: Any) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_size": len(self.content),
            **extra,
        }


class World:
    """Everything the server knows. Hold `changed` to read or write; notify it after a write."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.changed = threading.Condition(threading.RLock())
        self.stopping = False
        self.calls: list[Call] = []
        self.messages: dict[tuple[int, int], dict[str, Any]] = {}
        self.chats: dict[int, dict[str, Any]] = {}
        self.files: dict[str, StoredFile] = {}
        self.pending: list[dict[str, Any]] = []
        self.callbacks: set[str] = set()
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, Any] = {"url": ""}
        self.webhook_secret = ""
        self.allowed_updates: list[str] = []
        self.blocked_chats: set[int] = set()
        self.missing_chats: set[int] = set()
        self.migrated: dict[int, int] = {}
        self.methods = self._methods()
        self.polls = 0
        self._update_ids = itertools.count(700_000_001)
        self._message_ids: dict[int, Any] = defaultdict(lambda: itertools.count(1))
        self._file_numbers = itertools.count(1)

    def _methods(self) -> dict[str, Callable[[Call], Any]]:
        """By lower-case name: the Bot API does not mind the case."""
        return {
            "getme": lambda _call: BOT,
            "getupdates": self.get_updates,
            "setwebhook": self.set_webhook,
            "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.get_webhook_info,
            "sendmessage": self.send_message,
            "sendphoto": self.send_photo,
            "senddocument": self.send_document,
            "sendchataction": self.send_chat_action,
            "editmessagetext": self.edit_message_text,
            "editmessagereplymarkup": self.edit_message_reply_markup,
            "deletemessage": self.delete_message,
            "answercallbackquery": self.answer_callback_query,
            "setmycommands": self.set_my_commands,
            "getmycommands": lambda _call: self.commands,
            "getfile": self.get_file,
        }

    # What both sides need

    def next_message_id(self, chat_id: int) -> int:
        """Ids are unique within a chat only, as in Telegram's supergroups."""
        return next(self._message_ids[chat_id])

    def chat(self, chat_id: int) -> dict[str, Any]:
        default = {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"}
        return self.chats.setdefault(chat_id, default)

    def store_file(self, folder: str, name: str, content: bytes) -> StoredFile:
        number = next(self._file_numbers)
        suffix = re.search(r"\.\w+$", name)
        path = f"{folder}/file_{number}{suffix[0] if suffix else ''}"
        stored = StoredFile(f"AgAC-{number:06d}", path, content)
        self.files[stored.file_id] = stored
        return stored

    def add_update(self, kind: str, content: dict[str, Any]) -> int:
        """Queue an update unless the bot said that it does not want its kind; returns the update_id."""
        with self.changed:
            update_id = next(self._update_ids)
            if kind in self.allowed_updates if self.allowed_updates else kind not in ONLY_ON_REQUEST:
                self.pending.append({"update_id": update_id, kind: content})
                self.changed.notify_all()
            return update_id

    def call(self, call: Call) -> Any:
        """Run one method and return its result. Raises ApiError."""
        handler = self.methods.get(call.method.lower())
        if handler is None:
            raise ApiError(404, "Not Found: method not found")
        try:
            return handler(call)
        except (TypeError, ValueError, AttributeError) as error:
            raise bad_request(f"wrong parameters: {error}") from error

    # Updates

    def get_updates(self, call: Call) -> list[dict[str, Any]]:
        if self.webhook["url"]:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self.polls += 1
        mine = self.polls
        self.changed.notify_all()
        if "allowed_updates" in call.params:
            self.allowed_updates = list(call.params["allowed_updates"])
        self._confirm(int(call.params.get("offset") or 0))
        limit = min(max(int(call.params.get("limit") or 100), 1), 100)
        timeout = min(int(call.params.get("timeout") or 0), LONGEST_POLL)
        self.changed.wait_for(lambda: self.pending or self.stopping or self.polls != mine, timeout)
        if self.polls != mine:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        return self.pending[:limit]

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        elif offset < 0:
            self.pending = self.pending[offset:]
        self.changed.notify_all()

    def set_webhook(self, call: Call) -> bool:
        secret = str(call.params.get("secret_token") or "")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        if "allowed_updates" in call.params:
            self.allowed_updates = list(call.params["allowed_updates"])
        if str(call.params.get("drop_pending_updates", "")).lower() == "true":
            self.pending.clear()
        self.webhook = {"url": str(call.params.get("url") or "")}
        self.webhook_secret = secret
        self.changed.notify_all()
        return True

    def delete_webhook(self, call: Call) -> bool:
        kept = {"drop_pending_updates": call.params.get("drop_pending_updates", "")}
        return self.set_webhook(Call("setWebhook", kept))

    def get_webhook_info(self, _call: Call) -> dict[str, Any]:
        return {
            **self.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
            "allowed_updates": self.allowed_updates,
        }

    # Messages

    def _reachable(self, call: Call) -> int:
        try:
            chat_id = int(call.params.get("chat_id") or "")
        except ValueError:
            raise bad_request("chat_id is empty" if not call.params.get("chat_id") else "chat not found") from None
        call.chat_id = chat_id
        if chat_id in self.migrated:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self.migrated[chat_id]},
            )
        if chat_id in self.missing_chats:
            raise bad_request("chat not found")
        if chat_id in self.blocked_chats:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat_id

    def _publish(self, call: Call, content: dict[str, Any]) -> dict[str, Any]:
        chat_id = call.chat_id
        assert chat_id is not None
        markup = call.params.get("reply_markup")
        check_keyboard(markup)
        reply = call.params.get("reply_parameters") or {"message_id": call.params.get("reply_to_message_id")}
        quoted = self.messages.get((chat_id, int(reply.get("message_id") or 0)))
        lenient = reply.get("allow_sending_without_reply") or call.params.get("allow_sending_without_reply")
        if reply.get("message_id") and not quoted and not lenient:
            raise bad_request("message to be replied not found")
        call.message_id = self.next_message_id(chat_id)
        message = {
            "message_id": call.message_id,
            "from": BOT,
            "chat": self.chat(chat_id),
            "date": int(time.time()),
            **content,
        }
        if quoted:
            message["reply_to_message"] = {k: v for k, v in quoted.items() if k != "reply_to_message"}
        if isinstance(markup, dict) and "inline_keyboard" in markup:
            message["reply_markup"] = markup
        self.messages[chat_id, call.message_id] = message
        return message

    def send_message(self, call: Call) -> dict[str, Any]:
        self._reachable(call)
        text = checked_text(call.params, "text", MAX_TEXT, "message is too long")
        if not text.strip():
            raise bad_request("message text is empty")
        return self._publish(call, {"text": text, **command_entities(text)})

    def send_photo(self, call: Call) -> dict[str, Any]:
        stored, _name = self._upload(call, "photo", "photos")
        return self._send_media(call, {"photo": [stored.reference(width=800, height=600)]})

    def send_document(self, call: Call) -> dict[str, Any]:
        stored, name = self._upload(call, "document", "documents")
        return self._send_media(call, {"document": stored.reference(file_name=name)})

    def _send_media(self, call: Call, content: dict[str, Any]) -> dict[str, Any]:
        caption = checked_text(call.params, "caption", MAX_CAPTION, "message caption is too long")
        return self._publish(call, content | ({"caption": caption} if caption else {}))

    def _upload(self, call: Call, name: str, folder: str) -> tuple[StoredFile, str]:
        """The new or already known file that the parameter `name` means, and what it is called."""
        self._reachable(call)
        value = str(call.params.get(name) or "")
        upload = call.files.get(value.removeprefix("attach://") or name) or call.files.get(name)
        if upload:
            if not upload[1]:
                raise bad_request("file must be non-empty")
            return self.store_file(folder, *upload), upload[0]
        if value not in self.files:
            raise bad_request(f"there is no {name} in the request" if not value else "wrong file identifier specified")
        return self.files[value], self.files[value].path.rpartition("/")[2]

    def send_chat_action(self, call: Call) -> bool:
        self._reachable(call)
        if not CHAT_ACTIONS.fullmatch(str(call.params.get("action"))):
            raise bad_request("wrong parameter action in request")
        return True

    def _own_message(self, call: Call, purpose: str) -> dict[str, Any]:
        chat_id = self._reachable(call)
        call.message_id = int(call.params.get("message_id") or 0)
        message = self.messages.get((chat_id, call.message_id))
        if message is None:
            raise bad_request(f"message to {purpose} not found")
        if message["from"]["id"] != BOT["id"] and purpose == "edit":
            raise bad_request("message can't be edited")
        return message

    def edit_message_text(self, call: Call) -> dict[str, Any]:
        message = self._own_message(call, "edit")
        text = checked_text(call.params, "text", MAX_TEXT, "message is too long")
        if not text.strip():
            raise bad_request("message text is empty")
        return self._edit(call, message, {"text": text})

    def edit_message_reply_markup(self, call: Call) -> dict[str, Any]:
        return self._edit(call, self._own_message(call, "edit"), {})

    def _edit(self, call: Call, message: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        markup = call.params.get("reply_markup")
        check_keyboard(markup)
        edited = {k: v for k, v in message.items() if k != "reply_markup"} | content
        if markup and markup.get("inline_keyboard"):
            edited["reply_markup"] = markup
        if edited == message:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same "
                "as a current content and reply markup of the message"
            )
        edited["edit_date"] = int(time.time())
        message.clear()
        message.update(edited)
        return message

    def delete_message(self, call: Call) -> bool:
        message = self._own_message(call, "delete")
        del self.messages[message["chat"]["id"], message["message_id"]]
        return True

    # The rest

    def answer_callback_query(self, call: Call) -> bool:
        if units(str(call.params.get("text") or "")) > MAX_CALLBACK_ANSWER:
            raise bad_request("MESSAGE_TOO_LONG")
        if call.params.get("callback_query_id") not in self.callbacks:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self.callbacks.discard(call.params["callback_query_id"])
        return True

    def set_my_commands(self, call: Call) -> bool:
        self.commands = check_commands(call.params.get("commands"))
        return True

    def get_file(self, call: Call) -> dict[str, Any]:
        stored = self.files.get(str(call.params.get("file_id")))
        if stored is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if len(stored.content) > MAX_DOWNLOAD:
            raise bad_request("file is too big")
        return stored.reference(file_path=stored.path)
