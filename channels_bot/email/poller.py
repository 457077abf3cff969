"""Reading IMAP mailboxes. A message leaves the inbox only after it is committed here, and on the disk."""

import contextlib
import logging
import selectors
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.utils import timezone
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from channels_bot.email import inbound
from channels_bot.email.access import AccessRefused, Address, connect, forget_token, parse_url
from channels_bot.models import Mailbox
from core import leases, sqlite

logger = logging.getLogger(__name__)

FIRST = "utama"
"""Name of the mailbox that IMAP_URL describes."""
BATCH = 100
"""Messages of one mailbox before the others have their turn."""
FETCH_COUNT = 20
FETCH_BYTES = 8_000_000
"""What is asked for in one command, so that memory stays bounded; a larger message is asked for alone."""
LEASE_SECONDS = 60
IDLE_SECONDS = 10
POLL_SECONDS = 5
"""Between two looks at servers that announce nothing."""
MAX_PAUSE = 300
FAILURES = (IMAPClientError, OSError, ValueError, AccessRefused)


@dataclass(slots=True)
class _Session:
    """An open connection to one mailbox, and how often the last attempts failed in a row."""

    address: Address | None = None
    server: IMAPClient | None = None
    failures: int = 0
    not_before: float = 0.0
    folders: set[str] = field(default_factory=set)

    def listen(self) -> bool:
        """Ask the server to announce news (IDLE); False when it cannot."""
        server = self.server
        if server is None or not server.has_capability("IDLE"):
            return False
        try:
            server.idle()
        except FAILURES:
            self.close()
            return False
        return True

    def socket(self) -> Any:
        """What becomes readable when the server has something to say."""
        return self.server.socket() if self.server is not None else None

    def stop_listening(self) -> None:
        if self.server is not None:
            try:
                self.server.idle_done()
            except FAILURES:
                self.close()

    def close(self) -> None:
        server, self.server = self.server, None
        self.folders.clear()
        if server is not None:
            with contextlib.suppress(*FAILURES):
                server.logout()
            with contextlib.suppress(*FAILURES):
                server.shutdown()


def poll() -> int:
    """Read every active mailbox once; returns the number of messages stored. One mailbox' failure stops no other."""
    reader = Reader()
    try:
        return reader.read_all()
    finally:
        reader.close()


def watch() -> int:
    """As `poll`, on connections this process keeps open, and waits up to IDLE_SECONDS for the servers' word of news."""
    stored = _reader.read_all()
    if not stored and _reader.wait(IDLE_SECONDS):
        stored = _reader.read_all()
    return stored


class Reader:
    """Connections to the mailboxes whose lease this process holds."""

    def __init__(self) -> None:
        self._sessions: dict[int, _Session] = {}

    def read_all(self) -> int:
        stored, active = 0, set()
        for mailbox, url in mailboxes():
            active.add(mailbox.pk)
            session = self._sessions.setdefault(mailbox.pk, _Session())
            if session.not_before <= time.monotonic():
                stored += self._read_one(mailbox, url, session)
        for key in self._sessions.keys() - active:
            self._sessions.pop(key).close()
        return stored

    def close(self) -> None:
        while self._sessions:
            self._sessions.popitem()[1].close()

    def _read_one(self, mailbox: Mailbox, url: str, session: _Session) -> int:
        if not leases.hold(f"imap:{mailbox.name}", LEASE_SECONDS):
            session.close()
            return 0
        batch = _Batch(mailbox)
        error = ""
        try:
            address = parse_url(url)
            batch.drain(self._open(mailbox, address, session), address.folder, session.folders)
            session.failures = 0
        except FAILURES as failure:
            error = f"{type(failure).__name__}: {failure}"[:500]
            logger.warning("mailbox %s: %s", mailbox.name, error)
            session.close()
            forget_token(mailbox)
            # A server that keeps failing must not keep the others waiting for its time-outs.
            session.not_before = time.monotonic() + min(5 * 2**session.failures, MAX_PAUSE)
            session.failures = min(session.failures + 1, 10)
        except DatabaseFailure:
            session.close()
            raise
        facts = {"last_poll_at": timezone.now(), "last_error": error or batch.complaint}
        if not error:
            facts["waiting"] = batch.left
        Mailbox.objects.filter(pk=mailbox.pk).update(**facts)
        return batch.stored

    def _open(self, mailbox: Mailbox, address: Address, session: _Session) -> IMAPClient:
        """Go on with the open connection when it still answers and the mailbox is set up as before."""
        if session.server is not None and session.address == address:
            with contextlib.suppress(*FAILURES):
                session.server.noop()
                return session.server
        session.close()
        session.address = address
        session.server = connect(mailbox, address)
        return session.server

    def wait(self, seconds: float) -> bool:
        """Whether a server announced news within that time; those that cannot are asked again after POLL_SECONDS."""
        connected = [each for each in self._sessions.values() if each.server is not None]
        listening = [each for each in connected if each.listen()]
        if not connected:
            return False
        with selectors.DefaultSelector() as selector:
            for session in listening:
                selector.register(session.socket(), selectors.EVENT_READ)
            news = bool(selector.select(seconds if len(listening) == len(connected) else min(seconds, POLL_SECONDS)))
        for session in listening:
            session.stop_listening()
        return news


_reader = Reader()
"""The connections of the worker of this process."""


def mailboxes() -> Iterator[tuple[Mailbox, str]]:
    """Those that are read, each with its IMAP URL."""
    if settings.IMAP_URL:
        mailbox, _created = Mailbox.objects.get_or_create(name=FIRST, defaults={"address": settings.DEFAULT_FROM_EMAIL})
        if mailbox.is_active:
            yield mailbox, settings.IMAP_URL
    for mailbox in Mailbox.objects.filter(is_active=True).exclude(url=""):
        yield mailbox, mailbox.url


@dataclass(slots=True)
class _Batch:
    """One visit to an inbox."""

    mailbox: Mailbox
    stored: int = 0
    left: int = 0
    complaint: str = ""

    def drain(self, server: IMAPClient, inbox: str, folders: set[str]) -> None:
        """Store up to BATCH messages, oldest first. Raises IMAPClientError, OSError, or the database's failure."""
        server.select_folder(inbox)
        waiting = sorted(server.search(["UNDELETED"]))
        self.left = len(waiting)
        if not waiting:
            return
        for folder in {self.mailbox.processed_folder, self.mailbox.failed_folder} - folders:
            if not server.folder_exists(folder):
                server.create_folder(folder)
            folders.add(folder)
        sizes = server.fetch(waiting[:BATCH], ["RFC822.SIZE"])
        for uids in _portions(waiting[:BATCH], sizes):
            self._store(server, uids, sizes)
            leases.hold(f"imap:{self.mailbox.name}", LEASE_SECONDS)

    def _store(self, server: IMAPClient, uids: Sequence[int], sizes: dict[int, Any]) -> None:
        """Commit these messages one by one, then move them; what was committed is moved even when a later one fails."""
        done: list[int] = []
        failed: list[int] = []
        part = "BODY.PEEK[]"
        if len(uids) == 1 and _size(sizes, uids[0]) > inbound.MAX_BYTES:
            part = f"BODY.PEEK[]<0.{inbound.MAX_BYTES + 1}>"
        answers = server.fetch(uids, [part])
        try:
            for uid in uids:
                answer = answers.pop(uid, None)
                if not answer:
                    continue  # another client took it meanwhile
                raw = next((value for key, value in answer.items() if key.startswith(b"BODY[]")), b"") or b""
                try:
                    inbound.receive_raw(raw, self.mailbox.name)
                except (DatabaseFailure, OSError):
                    raise
                except Exception:
                    logger.exception("mailbox %s: message %s was not stored", self.mailbox.name, uid)
                    self.complaint = f"pesan UID {uid} gagal disimpan, lihat folder {self.mailbox.failed_folder}"
                    failed.append(uid)
                else:
                    done.append(uid)
        finally:
            if done:
                sqlite.settle()
                _move(server, done, self.mailbox.processed_folder)
            if failed:
                _move(server, failed, self.mailbox.failed_folder)
            self.stored += len(done)
            self.left -= len(done) + len(failed)


def _size(sizes: dict[int, Any], uid: int) -> int:
    return int(sizes.get(uid, {}).get(b"RFC822.SIZE", 0))


def _portions(uids: Sequence[int], sizes: dict[int, Any]) -> Iterator[list[int]]:
    """The messages in order, as many together as one command may bring."""
    portion: list[int] = []
    total = 0
    for uid in uids:
        size = _size(sizes, uid)
        if portion and (len(portion) >= FETCH_COUNT or total + size > FETCH_BYTES):
            yield portion
            portion, total = [], 0
        portion.append(uid)
        total += size
    if portion:
        yield portion


def _move(server: IMAPClient, uids: Sequence[int], folder: str) -> None:
    """By MOVE where the server has it; else by a copy. What others marked as deleted is never expunged along."""
    if server.has_capability("MOVE"):
        server.move(uids, folder)
        return
    server.copy(uids, folder)
    server.delete_messages(uids)
    if server.has_capability("UIDPLUS"):
        server.uid_expunge(uids)
