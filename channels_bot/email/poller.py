"""Reading IMAP mailboxes. A message leaves the inbox only after it is committed here."""

import contextlib
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from channels_bot.email import inbound
from channels_bot.models import Mailbox
from core import leases

logger = logging.getLogger(__name__)

FIRST = "utama"
"""Name of the mailbox that IMAP_URL describes."""
PROCESSED = "Diproses"
BATCH = 20
LEASE_SECONDS = 60
TIMEOUT = 20


@dataclass(frozen=True, slots=True)
class Address:
    """Parts of an IMAP URL: imaps://user:password@host:port/FOLDER."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool


def parse_url(url: str) -> Address:
    """Raises ValueError for a URL without host or user."""
    parts = urlsplit(url)
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise ValueError("alamat IMAP harus berbentuk imaps://pengguna:sandi@server/INBOX")
    tls = parts.scheme == "imaps"
    return Address(
        host=parts.hostname,
        port=parts.port or (993 if tls else 143),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


def poll() -> int:
    """Read every active mailbox once; returns the number of messages stored. One mailbox' failure stops no other."""
    return sum(_poll_one(mailbox, url) for mailbox, url in _mailboxes())


def _mailboxes() -> Iterator[tuple[Mailbox, str]]:
    if settings.IMAP_URL:
        mailbox, _created = Mailbox.objects.get_or_create(name=FIRST, defaults={"address": settings.DEFAULT_FROM_EMAIL})
        if mailbox.is_active:
            yield mailbox, settings.IMAP_URL
    for mailbox in Mailbox.objects.filter(is_active=True).exclude(url=""):
        yield mailbox, mailbox.url


def _poll_one(mailbox: Mailbox, url: str) -> int:
    if not leases.hold(f"imap:{mailbox.name}", LEASE_SECONDS):
        return 0
    stored, error = 0, ""
    try:
        address = parse_url(url)
        with _connect(address) as server:
            stored = _drain(server, address.folder, mailbox.name)
    except (IMAPClientError, OSError, ValueError, ssl.SSLError) as failure:
        error = f"{type(failure).__name__}: {failure}"[:500]
        logger.warning("mailbox %s: %s", mailbox.name, error)
    Mailbox.objects.filter(pk=mailbox.pk).update(last_poll_at=timezone.now(), last_error=error)
    return stored


@contextlib.contextmanager
def _connect(address: Address) -> Iterator[IMAPClient]:
    server = IMAPClient(address.host, port=address.port, ssl=address.tls, timeout=TIMEOUT)
    try:
        server.login(address.user, address.password)
        yield server
    finally:
        with contextlib.suppress(IMAPClientError, OSError):
            server.logout()


def _drain(server: IMAPClient, folder: str, name: str) -> int:
    """Store up to BATCH messages, oldest first, each moved away only once its transaction has committed."""
    if not server.folder_exists(PROCESSED):
        server.create_folder(PROCESSED)
    server.select_folder(folder)
    waiting = sorted(server.search(["UNDELETED"]))[:BATCH]
    for uid in waiting:
        size = server.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE", 0)
        part = "BODY.PEEK[]"
        if size > inbound.MAX_BYTES:
            part = f"BODY.PEEK[]<0.{inbound.MAX_BYTES + 1}>"
        answer = server.fetch([uid], [part]).get(uid)
        if not answer:
            continue  # another client took it meanwhile
        raw = next((value for key, value in answer.items() if key.startswith(b"BODY[]")), b"")
        inbound.receive_raw(raw, name)
        _move(server, uid)
        leases.hold(f"imap:{name}", LEASE_SECONDS)
    return len(waiting)


def _move(server: IMAPClient, uid: int) -> None:
    if server.has_capability("MOVE"):
        server.move([uid], PROCESSED)
    else:
        server.copy([uid], PROCESSED)
        server.delete_messages([uid])
        server.expunge([uid])
