"""Delivery failures: standard reports (RFC 3464), and the prose of common servers."""

import re
from dataclasses import dataclass

from channels_bot.email.headers import Headers, addresses, first_address, ids_in, message_ids
from channels_bot.email.mime import MAX_INNER_HEADER_BYTES, Part, split_headers

MAX_PROSE = 20_000
MAX_RECIPIENTS = 20

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -]")
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_FAILURE_SUBJECT = re.compile(
    r"undeliver|delivery status notification|delivery (has )?failed|mail delivery (failed|failure)|delivery failure|"
    r"returned (mail|to sender)|failure notice|tidak (dapat )?terkirim|gagal (ter)?kirim|pengiriman gagal",
    re.I,
)
_DELAY = re.compile(r"delay|warning|tertunda|still being retried", re.I)
_SYSTEM_SENDERS = ("mailer-daemon", "postmaster", "mail-daemon", "mailer_daemon", "microsoftexchange")
_ID_LINE = re.compile(r"^[ \t>]{0,8}Message-ID:\s{0,5}<([^<>\s]{1,900})>", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A failed delivery. `original_message_id` without brackets, "" when the report does not say.

    `permanent` is False for 4.x.x failures: the server gave up waiting, the address may be alive.
    """

    original_message_id: str
    recipient: str
    permanent: bool
    status: str
    diagnostic: str


def find_bounce(message: Part, text: str) -> Bounce | None:
    """The failure this mail reports; None when it reports none (a delay or a success is not a failure)."""
    if message.content_type == "multipart/report":
        groups, original = _report(message)
        if groups:
            return _standard(groups, original or _referred(message))
    sender = first_address(message.headers, "From").email.lower().partition("@")[0]
    by_system = sender.startswith(_SYSTEM_SENDERS) or message.headers.text("Return-Path") == "<>"
    subject = message.headers.text("Subject")[:300]
    failed = message.headers.has("X-Failed-Recipients") or bool(_FAILURE_SUBJECT.search(subject))
    if by_system and failed and not _DELAY.search(subject):
        return _prose(message, text[:MAX_PROSE])
    return None


def _report(message: Part) -> tuple[list[Headers], str]:
    """The field groups of a standard report (the first is about the message, each other about a recipient)."""
    groups: list[Headers] = []
    original = ""
    for part in message.children:
        if part.content_type in {"message/delivery-status", "message/global-delivery-status"}:
            groups.extend(_groups(part.content(MAX_INNER_HEADER_BYTES)))
        elif part.content_type in {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}:
            original = original or _original_id(part)
    ids = next((group.text("X-Original-Message-ID") for group in groups if group.has("X-Original-Message-ID")), "")
    return groups, original or next(iter(ids_in(ids)), "")


def _groups(content: bytes) -> list[Headers]:
    groups: list[Headers] = []
    at = 0
    while at < len(content) and len(groups) <= MAX_RECIPIENTS:
        fields, following = split_headers(content, at, len(content), MAX_INNER_HEADER_BYTES, [])
        if fields.fields:
            groups.append(fields)
        if following <= at:
            break
        at = following
    return groups


def _standard(groups: list[Headers], original: str) -> Bounce | None:
    """The first failed recipient. Groups without an action count as failed unless their status says otherwise."""
    about_recipients = [group for group in groups if group.has("Final-Recipient") or group.has("Original-Recipient")]
    for group in about_recipients or groups:
        status_field = group.text("Status")
        found = _STATUS.search(status_field)
        status = found.group(1) if found else status_field[:20]
        if group.text("Action").lower().partition(" ")[0] not in {"failed", ""} or status.startswith("2"):
            continue
        recipient = _ADDRESS.search(group.text("Final-Recipient")) or _ADDRESS.search(group.text("Original-Recipient"))
        return Bounce(
            original_message_id=original,
            recipient=recipient.group() if recipient else "",
            permanent=not status.startswith("4"),
            status=status,
            diagnostic=group.text("Diagnostic-Code")[:500],
        )
    return None


def _original_id(part: Part) -> str:
    """The Message-ID in the headers of the returned mail."""
    content = part.content(2 * MAX_INNER_HEADER_BYTES)
    fields, _body = split_headers(content, 0, len(content), MAX_INNER_HEADER_BYTES, [])
    return next(iter(message_ids(fields, "Message-ID")), "")


def _referred(message: Part) -> str:
    """The mail that the report itself answers."""
    ids = message_ids(message.headers, "In-Reply-To") or message_ids(message.headers, "References")
    return ids[-1] if ids else ""


def _prose(message: Part, text: str) -> Bounce:
    status, code, original = _STATUS.search(text), _CODE.search(text), _ID_LINE.search(text)
    returned = next((_original_id(part) for part in message.children if part.content_type == "message/rfc822"), "")
    own = {address.email.lower() for address in addresses(message.headers, "To", "From")}
    named = [address.email for address in addresses(message.headers, "X-Failed-Recipients")]
    mentioned = (match.group() for match, _count in zip(_ADDRESS.finditer(text), range(MAX_RECIPIENTS), strict=False))
    others = [
        address
        for address in mentioned
        if address.lower() not in own and not address.lower().startswith(_SYSTEM_SENDERS)
    ]
    number = status.group(1) if status else ""
    first = number or (code.group(1) if code else "")
    return Bounce(
        original_message_id=returned or (original.group(1) if original else _referred(message)),
        recipient=next(iter((*named, *others)), ""),
        permanent=not first.startswith("4"),
        status=number,
        diagnostic=" ".join(text.split())[:500],
    )
