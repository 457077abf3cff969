"""SMTP and IMAP servers for tests.

`SmtpSink` collects what is sent to it. `DovecotServer` is Debian's dovecot with a configuration of its own. `MailHub`
joins them: mail sent over SMTP to the desk's address appears in the IMAP mailbox, everything else is collected.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.servers.dovecot import DovecotServer, dovecot_available

__all__ = ["DovecotServer", "MailHub", "Received", "SmtpSink", "dovecot_available"]

Forward = Callable[[bytes], object]


@dataclass
class Received:
    """One accepted message: its envelope, and the bytes as they came (CRLF)."""

    sender: str
    recipients: list[str]
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """The plain body (the HTML one when there is no other), with lines ending in \\n."""
        body = self.message.get_body(("plain", "html"))
        return body.get_content().replace("\r\n", "\n") if body else ""


@dataclass
class _Refusals:
    """Scripted answers: by address, and for the next DATA."""

    by_address: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    next_data: list[str] = field(default_factory=list)
    drop_next: int = 0

    def for_address(self, address: str) -> str:
        reply, times = self.by_address.get(address.lower(), ("", None))
        if times is not None:
            if times <= 1:
                self.by_address.pop(address.lower())
            else:
                self.by_address[address.lower()] = (reply, times - 1)
        return reply


class _BoundController(Controller):
    """Listens on a socket that is already bound: only so can the port be left to the system."""

    def __init__(self, handler: object, listener: socket.socket, **options: Any) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(handler, hostname=host, port=port, **options)
        self._listener = listener

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


class SmtpSink:
    """An SMTP server on a port of its own that keeps what it accepts.

    `forward` maps an address (without any +tag) to what takes the raw message, e.g. `DovecotServer.deliver`;
    a message all of whose recipients are forwarded is not collected.
    """

    def __init__(self, forward: dict[str, Forward] | None = None, port: int = 0, size_limit: int = 30_000_000) -> None:
        self.port = port
        self._size_limit = size_limit
        self._forward = {address.lower(): take for address, take in (forward or {}).items()}
        self._messages: list[Received] = []
        self._changed = threading.Condition()
        self._refusals = _Refusals()
        self._controller: _BoundController | None = None

    def start(self) -> Self:
        """Listen; after `stop` on the same port again. Raises OSError when that is taken."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._controller = _BoundController(
            self, listener, data_size_limit=self._size_limit, server_hostname="mx.uji.invalid"
        )
        self._controller.start()
        return self

    def stop(self) -> None:
        """Close the port, so that connecting is refused; what was collected stays."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[Received]:
        """What was accepted and not forwarded, oldest first."""
        with self._changed:
            return list(self._messages)

    def messages_to(self, address: str) -> list[Received]:
        return [message for message in self.messages if address.lower() in map(str.lower, message.recipients)]

    def wait_for(self, predicate: Callable[[Received], bool], timeout: float = 10) -> Received:
        """The first collected message that satisfies the predicate. Raises TimeoutError."""
        with self._changed:
            if self._changed.wait_for(lambda: any(map(predicate, self._messages)), timeout):
                return next(message for message in self._messages if predicate(message))
            seen = [f"{m.recipients} {m.message['Subject']}" for m in self._messages[-20:]]
            raise TimeoutError("not within {} s; collected:\n{}".format(timeout, "\n".join(seen)))

    def forget(self) -> None:
        with self._changed:
            self._messages.clear()

    # Scripted answers

    def reject(self, address: str, reply: str = "550 5.1.1 No such user", times: int | None = None) -> None:
        """Answer RCPT TO for this address with `reply` (4xx or 5xx), always or the next `times` times."""
        with self._changed:
            self._refusals.by_address[address.lower()] = (reply, times)

    def accept(self, address: str) -> None:
        """Take back `reject`."""
        with self._changed:
            self._refusals.by_address.pop(address.lower(), None)

    def reply_to_next_data(self, reply: str) -> None:
        """Refuse the content of the next message with `reply`, e.g. "451 4.3.0 Try again later"."""
        with self._changed:
            self._refusals.next_data.append(reply)

    def drop_next_data(self) -> None:
        """Accept the next message and cut the connection before saying so: the sender cannot know."""
        with self._changed:
            self._refusals.drop_next += 1

    # Called by aiosmtpd

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        with self._changed:
            refusal = self._refusals.for_address(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        with self._changed:
            if self._refusals.next_data:
                return self._refusals.next_data.pop(0)
        self._take(envelope.mail_from or "", envelope.rcpt_tos, envelope.content)
        with self._changed:
            if self._refusals.drop_next:
                self._refusals.drop_next -= 1
                server.transport.abort()
        return "250 2.0.0 OK"

    def _take(self, sender: str, recipients: list[str], raw: bytes) -> None:
        others = []
        for recipient in recipients:
            take = self._forward.get(without_tag(recipient))
            if take:
                # What a delivering server adds, and what loop and bounce guards read.
                envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
                take(envelope.encode() + raw)
            else:
                others.append(recipient)
        with self._changed:
            if others:
                self._messages.append(Received(sender, others, raw))
            self._changed.notify_all()


def without_tag(address: str) -> str:
    """The mailbox behind a sub-address.

    >>> without_tag("Layanan+GGN-1@uji.invalid")
    'layanan@uji.invalid'
    """
    local, _at, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


class MailHub:
    """A mail server as the desk sees one: SMTP out and in, IMAP for its own mailbox."""

    def __init__(self, address: str = "layanan@pesawarankab.go.id") -> None:
        self.address = address
        self.imap = DovecotServer()
        self.smtp = SmtpSink(forward={address: self.imap.deliver})

    def start(self) -> Self:
        self.imap.start()
        try:
            self.smtp.start()
        except BaseException:
            self.imap.stop()
            raise
        return self

    def stop(self) -> None:
        self.smtp.stop()
        self.imap.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def imap_url(self) -> str:
        return self.imap.imap_url

    @property
    def smtp_url(self) -> str:
        return self.smtp.url
