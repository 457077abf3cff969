"""Delivery failures: standard reports (RFC 3464), and the prose of common servers."""

import re
from dataclasses import dataclass
from email.message import Message

from channels_bot.email.parser.headers import first_address, header_text, message_ids

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"\b([45]\d\d)[ -]")
_ADDRESS = re.compile(r"<?([\w.+-]{1,64}@[\w.-]{1,190})>?")
_FAILURE_SUBJECT = re.compile(
    r"(undeliver|delivery status notification|mail delivery failed|returned mail|failure notice|"
    r"tidak terkirim|gagal terkirim)",
    re.I,
)
_ID_LINE = re.compile(r"^Message-ID:\s*<([^<>\s]{1,900})>", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A failed delivery. `original_message_id` without brackets, "" when the report does not say."""

    original_message_id: str
    recipient: str
    permanent: bool
    status: str
    diagnostic: str


def find_bounce(message: Message, text: str) -> Bounce | None:
    """The failure this mail reports; None when it reports none (a delay or a success is not a failure)."""
    if message.get_content_type() == "multipart/report":
        fields, original = _report(message)
        if fields:
            return _standard(fields, original)
    sender = first_address(message, "From").email.lower().partition("@")[0]
    if sender in {"mailer-daemon", "postmaster"} and _FAILURE_SUBJECT.search(header_text(message, "Subject")[:300]):
        return _prose(message, text[:20_000])
    return None


def _report(message: Message) -> tuple[dict[str, str], str]:
    """The fields of a standard report, and the Message-ID of the mail it is about."""
    fields: dict[str, str] = {}
    original = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for block in _parts(part):
                for name in ("Final-Recipient", "Original-Recipient", "Action", "Status", "Diagnostic-Code"):
                    value = header_text(block, name)
                    if value:
                        fields.setdefault(name, value)
        elif kind in {"message/rfc822", "text/rfc822-headers"}:
            original = original or _original_id(part)
    return fields, original


def _standard(fields: dict[str, str], original: str) -> Bounce | None:
    if fields.get("Action", "failed").lower() != "failed":
        return None
    status = fields.get("Status", "")
    recipient = fields.get("Final-Recipient") or fields.get("Original-Recipient") or ""
    found = _ADDRESS.search(recipient)
    return Bounce(
        original_message_id=original,
        recipient=found.group(1) if found else "",
        permanent=not status.startswith("4"),
        status=status,
        diagnostic=fields.get("Diagnostic-Code", "")[:500],
    )


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)][:20] if isinstance(payload, list) else []


def _original_id(part: Message) -> str:
    if part.is_multipart():
        inner = _parts(part)
        ids = message_ids(inner[0], "Message-ID") if inner else ()
        return ids[0] if ids else ""
    payload = part.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload or "")
    found = _ID_LINE.search(text[:50_000])
    return found.group(1) if found else ""


def _prose(message: Message, text: str) -> Bounce:
    status = _STATUS.search(text)
    code = _CODE.search(text)
    ids = _ID_LINE.search(text)
    own = first_address(message, "To").email
    recipients = [address for address in _ADDRESS.findall(text)[:20] if address != own]
    temporary = bool(status and status.group(1).startswith("4")) or bool(code and code.group(1).startswith("4"))
    return Bounce(
        original_message_id=ids.group(1) if ids else next(iter(message_ids(message, "In-Reply-To")), ""),
        recipient=recipients[0] if recipients else "",
        permanent=not temporary,
        status=status.group(1) if status else "",
        diagnostic=" ".join(text.split())[:300],
    )
