"""Getting into an IMAP mailbox: its address, TLS, and password or OAuth 2."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import unquote, urlsplit

import httpx
from django.utils import timezone
from django.utils.translation import gettext as _
from imapclient import IMAPClient

from channels_bot.models import Mailbox

TIMEOUT = 20
PORTS = {"imaps": 993, "imap": 143, "imap+tls": 143}


class AccessRefused(Exception):
    """We did not get into the mailbox; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Parts of an IMAP URL: imaps://user:password@host:port/FOLDER. `scheme` says how the connection is protected."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str


def parse_url(url: str) -> Address:
    """Raises ValueError for a URL without host or user, or whose password would cross a network in the clear."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or not parts.username:
        raise ValueError(_("Alamat IMAP harus berbentuk imaps://pengguna:sandi@server/INBOX."))
    if parts.scheme == "imap" and not _is_this_machine(parts.hostname):
        raise ValueError(_("imap:// mengirim sandi tanpa pengaman. Pakai imaps:// atau imap+tls://."))
    return Address(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connect(mailbox: Mailbox, address: Address) -> IMAPClient:
    """A client that is signed in.

    Raises AccessRefused, or IMAPClientError and OSError (also for a certificate that is not trusted).
    """
    token = token_of(mailbox) if mailbox.auth == Mailbox.Auth.OAUTH else ""
    server = IMAPClient(
        address.host,
        port=address.port,
        ssl=address.scheme == "imaps",
        ssl_context=_tls() if address.scheme == "imaps" else None,
        timeout=TIMEOUT,
    )
    try:
        if address.scheme == "imap+tls":
            server.starttls(_tls())
        if token:
            server.oauth2_login(address.user, token)
        else:
            server.login(address.user, address.password or mailbox.password)
    except BaseException:
        server.shutdown()
        raise
    return server


@cache
def _tls() -> ssl.SSLContext:
    """Certificates and host names are checked; the system's authorities are read once."""
    return ssl.create_default_context()


_tokens: dict[tuple[int, str, str, str], tuple[str, datetime]] = {}
"""Access tokens of this process with the instant from which a new one is asked for."""


def token_of(mailbox: Mailbox) -> str:
    """An access token for XOAUTH2, by refresh token or else by client credentials. Raises AccessRefused."""
    key = (mailbox.pk, mailbox.token_url, mailbox.client_id, mailbox.refresh_token)
    known, until = _tokens.get(key, ("", timezone.now()))
    if known and until > timezone.now():
        return known
    fields = {"client_id": mailbox.client_id, "client_secret": mailbox.client_secret, "scope": mailbox.scope}
    if mailbox.refresh_token:
        fields |= {"grant_type": "refresh_token", "refresh_token": mailbox.refresh_token}
    else:
        fields["grant_type"] = "client_credentials"
    try:
        answer = httpx.post(
            mailbox.token_url, data={name: value for name, value in fields.items() if value}, timeout=TIMEOUT
        )
        facts = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise AccessRefused(
            _("Server token OAuth tidak menjawab: %(error)s") % {"error": type(error).__name__}
        ) from error
    token = facts.get("access_token") if isinstance(facts, dict) else None
    if answer.status_code != httpx.codes.OK or not isinstance(token, str) or not token:
        said = str(facts.get("error", answer.status_code)) if isinstance(facts, dict) else str(answer.status_code)
        raise AccessRefused(
            _("Token OAuth ditolak (%(error)s). Perbarui refresh token atau client secret.") % {"error": said[:100]}
        )
    lifetime = facts.get("expires_in", 300)
    seconds = int(lifetime) if str(lifetime).isdigit() else 300
    _tokens[key] = (token, timezone.now() + timedelta(seconds=max(30, seconds - 120)))
    return token


def forget_token(mailbox: Mailbox) -> None:
    """Ask for a new token next time: the server refused this one."""
    for key in [key for key in _tokens if key[0] == mailbox.pk]:
        del _tokens[key]
