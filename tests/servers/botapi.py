"""A Telegram Bot API server of our own, with scripted faults.

In tests: `with BotApiServer("123:TEST") as server: …`, then point a bot at `server.url`.
By hand: `python -m tests.servers.botapi --port 8081 --token 123:TEST`, then for instance
`curl -d '{"chat_id": 7, "text": "/mulai"}' http://127.0.0.1:8081/_control/push_text` and
`curl http://127.0.0.1:8081/_control/sent`.
"""

import argparse
import base64
import http.client
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

from tests.servers.botapi_http import Hangup, HttpServer
from tests.servers.botapi_methods import BOT, Call, World
from tests.servers.botapi_rules import ApiError
from tests.servers.botapi_users import People

# Asking is not sending: these would only fill `sent`.
QUERIES = {"getupdates", "getme", "getfile", "getwebhookinfo", "getmycommands"}
DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
CONTROLS = {
    "block",
    "fail_next",
    "migrate",
    "press",
    "push_callback",
    "push_contact",
    "push_document",
    "push_edited_text",
    "push_location",
    "push_message",
    "push_photo",
    "push_raw",
    "push_sticker",
    "push_text",
    "push_voice",
    "reset_next",
    "stall_next",
    "unblock",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: `after` means that the call itself has its effect, only its answer suffers."""

    error: ApiError | None = None
    reset: bool = False
    stall: float = 0
    after: bool = False


class BotApiServer(People):
    """The server and its controls; every public member is safe to use from any thread."""

    webhook_retry_seconds = 0.2
    webhook_timeout_seconds = 10

    def __init__(self, token: str, port: int = 0, host: str = "127.0.0.1") -> None:
        self.token = token
        self.world = World(token)
        self.webhook_answers: list[tuple[int, int]] = []  # (update_id, status), 0 = no answer
        self._address = (host, port)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._threads: list[threading.Thread] = []
        self._http: HttpServer | None = None

    def start(self) -> Self:
        """Listen; a server that was stopped comes back on its port with all it knew. Raises OSError."""
        self._http = HttpServer(self._address, self)
        self._address = self._http.server_address[:2]
        self.world.stopping = False
        work = [lambda http=self._http: http.serve_forever(poll_interval=0.05), self._deliver_to_webhook]
        self._threads = [threading.Thread(target=target, daemon=True) for target in work]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Close the port and cut every connection."""
        if self._http is None:
            return
        with self.world.changed:
            self.world.stopping = True
            self.world.changed.notify_all()
        self._http.shutdown()
        self._http.server_close()
        self._http.cut()
        for thread in self._threads:
            thread.join()
        self._http = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """http://host:port; the base for a bot is f"{url}/bot", for its files f"{url}/file/bot"."""
        return f"http://{self._address[0]}:{self._address[1]}"

    # What happened

    @property
    def calls(self) -> list[Call]:
        """Every request of the bot, also the failed ones (`status`)."""
        with self.world.changed:
            return list(self.world.calls)

    @property
    def sent(self) -> list[Call]:
        """Requests that had their effect: messages, edits, actions, settings; no queries."""
        return [call for call in self.calls if call.status == 200 and call.method.lower() not in QUERIES]

    @property
    def pending(self) -> list[dict[str, Any]]:
        """Updates the bot has not confirmed yet."""
        with self.world.changed:
            return list(self.world.pending)

    @property
    def commands(self) -> list[dict[str, str]]:
        return self.world.commands

    @property
    def blocked_chats(self) -> set[int]:
        """Sending to these answers 403. See `block` for a person who blocks the bot."""
        return self.world.blocked_chats

    @property
    def missing_chats(self) -> set[int]:
        """Sending to these answers 400 `chat not found`."""
        return self.world.missing_chats

    def messages_to(self, chat_id: int) -> list[dict[str, Any]]:
        """The bot's messages in a chat, oldest first, as the person sees them now: edited, without the deleted."""
        with self.world.changed:
            return [
                dict(message)
                for (chat, _id), message in self.world.messages.items()
                if chat == chat_id and message["from"]["id"] == BOT["id"]
            ]

    def wait_for(self, predicate: Callable[[Call], bool], timeout: float = 10) -> Call:
        """The first call in `sent` that satisfies the predicate. Raises TimeoutError, which tells what was sent."""
        found: list[Call] = []

        def look() -> bool:
            found[:] = [call for call in self.sent if predicate(call)]
            return bool(found)

        self.wait_until(look, timeout)
        return found[0]

    def wait_until(self, condition: Callable[[], object], timeout: float = 10) -> None:
        """Wait until something about this server holds, e.g. `lambda: not server.pending`. Raises TimeoutError."""
        with self.world.changed:
            if not self.world.changed.wait_for(condition, timeout):
                seen = [f"{call.method} {call.status} {call.chat_id} {call.text!r}" for call in self.calls[-20:]]
                raise TimeoutError("not within {} s; last calls:\n{}".format(timeout, "\n".join(seen)))

    def forget(self) -> None:
        """Empty `calls` and `sent`; chats and their messages stay."""
        with self.world.changed:
            self.world.calls.clear()

    # Scripted faults. `method` is a Bot API method, "file" for a download, or "*" for whatever comes next.

    def fail_next(
        self, method: str, *, status: int = 429, retry_after: int = 1, description: str = "", **parameters: Any
    ) -> None:
        """Answer the next such call with an error, without any effect. `retry_after` is in seconds, for 429 only."""
        if status == 429:
            description = description or f"Too Many Requests: retry after {retry_after}"
            parameters["retry_after"] = retry_after
        error = ApiError(status, description or DESCRIPTIONS.get(status, f"Error {status}"), parameters)
        self._add_fault(method, Fault(error=error))

    def reset_next(self, method: str, *, after: bool = False) -> None:
        """Reset the connection instead of answering; with `after` the call has been carried out."""
        self._add_fault(method, Fault(reset=True, after=after))

    def stall_next(self, method: str, seconds: float, *, after: bool = False) -> None:
        """Keep the bot waiting for an answer before carrying the call out, or `after`."""
        self._add_fault(method, Fault(stall=seconds, after=after))

    def _add_fault(self, method: str, fault: Fault) -> None:
        with self.world.changed:
            self._faults[method.lower()].append(fault)

    def _take_fault(self, method: str) -> Fault:
        with self.world.changed:
            for key in (method.lower(), "*"):
                if self._faults[key]:
                    return self._faults[key].popleft()
        return Fault()

    # Called by the HTTP side

    def answer(self, call: Call) -> bytes:
        """Carry out one call, with its fault if one is due; returns the JSON. Raises ApiError and Hangup."""
        fault = self._take_fault(call.method)
        try:
            if not fault.after:
                self._suffer(fault)
            with self.world.changed:
                body = json.dumps({"ok": True, "result": self.world.call(call)}).encode()
                self._record(call, 200)
        except (ApiError, Hangup) as error:
            self._record(call, error.status if isinstance(error, ApiError) else 0)
            raise
        if fault.after:
            self._suffer(fault)
        return body

    def _suffer(self, fault: Fault) -> None:
        if fault.stall:
            with self.world.changed:
                self.world.changed.wait_for(lambda: self.world.stopping, fault.stall)
        if fault.reset:
            raise Hangup
        if fault.error:
            raise fault.error

    def _record(self, call: Call, status: int) -> None:
        with self.world.changed:
            call.status = status
            if call.chat_id is None and str(call.params.get("chat_id", "")).lstrip("-").isdigit():
                call.chat_id = int(call.params["chat_id"])
            self.world.calls.append(call)
            self.world.changed.notify_all()

    def download(self, path: str) -> bytes:
        """Content of a stored file. Raises ApiError and Hangup."""
        self._suffer(self._take_fault("file"))
        with self.world.changed:
            for stored in self.world.files.values():
                if stored.path == path:
                    return stored.content
        raise ApiError(404, "Not Found")

    def control(self, name: str, arguments: dict[str, Any]) -> Any:
        """What /_control/<name> does. Binary content travels as `content_base64`. Raises LookupError and the like."""
        if name in {"sent", "calls"}:
            return [_as_json(call) for call in getattr(self, name)]
        if name == "messages":
            return self.messages_to(int(arguments["chat_id"]))
        if name == "pending":
            return self.pending
        if name == "wait":
            return _as_json(self._wait_by_words(**arguments))
        if name not in CONTROLS:
            raise LookupError(f"no control {name!r}; there are: {', '.join(sorted(CONTROLS))}")
        if name == "push_raw":
            return self.push_raw(arguments)
        if "content_base64" in arguments:
            arguments["content"] = base64.b64decode(arguments.pop("content_base64"))
        return getattr(self, name)(**arguments)

    def _wait_by_words(
        self, *, method: str = "sendMessage", chat_id: int | None = None, contains: str = "", timeout: float = 10
    ) -> Call:
        return self.wait_for(
            lambda call: call.method == method and chat_id in (None, call.chat_id) and contains in call.text,
            float(timeout),
        )

    # Webhook

    def _deliver_to_webhook(self) -> None:
        """One update at a time, in order, each again and again until the address answers 2xx."""
        world = self.world
        while True:
            with world.changed:
                world.changed.wait_for(lambda: world.stopping or (world.webhook["url"] and world.pending))
                if world.stopping:
                    return
                url, secret, update = world.webhook["url"], world.webhook_secret, world.pending[0]
            status, problem = self._post(url, secret, update)
            with world.changed:
                self.webhook_answers.append((update["update_id"], status))
                if 200 <= status < 300:
                    world.pending = [waiting for waiting in world.pending if waiting is not update]
                elif world.webhook["url"] == url:
                    world.webhook |= {"last_error_date": int(time.time()), "last_error_message": problem}
                world.changed.notify_all()
                if problem:
                    world.changed.wait_for(lambda: world.stopping, self.webhook_retry_seconds)

    def _post(self, url: str, secret: str, update: dict[str, Any]) -> tuple[int, str]:
        headers = {"Content-Type": "application/json"}
        if secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        request = urllib.request.Request(url, json.dumps(update).encode(), headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=self.webhook_timeout_seconds) as response:
                return response.status, ""
        except urllib.error.HTTPError as error:
            return error.code, f"Wrong response from the webhook: {error.code} {error.reason}"
        except (OSError, http.client.HTTPException) as error:
            return 0, f"Connection failed: {error}"


def _as_json(call: Call) -> dict[str, Any]:
    return asdict(call) | {"files": {name: upload[0] for name, upload in call.files.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--token", default="123:TEST")
    options = parser.parse_args()
    server = BotApiServer(options.token, options.port, options.host).start()
    sys.stdout.write(f"TELEGRAM_API_BASE_URL={server.url}  (controls under {server.url}/_control/; Ctrl-C ends)\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
