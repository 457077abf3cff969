"""One mail of any bytes into what the desk needs. Pure: no Django, no network, never raises, bounded."""

from dataclasses import dataclass, field
from datetime import datetime

from channels_bot.email import bodies, charsets, headers, html, mime
from channels_bot.email.bodies import MAX_NAME, MAX_TEXT, ParsedAttachment, clean_text
from channels_bot.email.bounces import Bounce, find_bounce
from channels_bot.email.headers import Address
from channels_bot.email.html import MAX_HTML
from channels_bot.email.loops import AutoKind, auto_kind
from channels_bot.email.mime import MAX_DEPTH, MAX_PARTS
from channels_bot.email.quoting import forwards, is_forwarding_subject, is_reply_subject, visible_reply

# Written by the sender's program; everything else may differ between the copies of one mail.
STABLE_HEADERS = ("Message-ID", "Date", "From", "Sender", "To", "Cc", "Subject", "In-Reply-To", "References")

__all__ = [
    "MAX_DEPTH",
    "MAX_HTML",
    "MAX_NAME",
    "MAX_PARTS",
    "MAX_TEXT",
    "Address",
    "AutoKind",
    "Bounce",
    "ParsedAttachment",
    "ParsedEmail",
    "parse_email",
]


@dataclass(frozen=True, slots=True)
class ParsedEmail:
    """What a mail says. `text` is the visible reply, `full_text` all of it; ids come without angle brackets.

    `defects` are codes of what was repaired, cut or unreadable; the caller keeps the raw message in any case.
    `stable_headers` are raw values that no server on the way changes, and `body_at` is where the raw body begins.
    """

    message_id: str = ""
    from_: Address = field(default_factory=lambda: Address("", ""))
    reply_to: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    text: str = ""
    full_text: str = ""
    html: str = ""
    attachments: tuple[ParsedAttachment, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    auto: AutoKind | None = None
    bounce: Bounce | None = None
    defects: tuple[str, ...] = ()
    stable_headers: tuple[bytes, ...] = ()
    body_at: int = 0


def parse_email(raw: bytes) -> ParsedEmail:
    """Parse one RFC 5322 message. Any byte sequence gives a result; what cannot be parsed is kept as text."""
    try:
        return _parse(raw)
    except Exception as error:
        # The mail must reach a person even if a case was overlooked here; the defect names what happened.
        text = clean_text(charsets.decode(raw[:MAX_TEXT], cut=True)[0])
        return ParsedEmail(text=text, full_text=text, defects=("unparsable", type(error).__name__))


def _parse(raw: bytes) -> ParsedEmail:
    defects: list[str] = []
    root = mime.parse(raw, defects)
    found = bodies.collect(root)
    defects.extend(found.defects)
    subject = root.headers.text("Subject")[: headers.MAX_SUBJECT]
    in_reply_to = headers.message_ids(root.headers, "In-Reply-To")
    references = headers.message_ids(root.headers, "References")
    full_text, text = _texts(
        found,
        defects,
        forwarded=is_forwarding_subject(subject),
        replying=bool(in_reply_to or references) or is_reply_subject(subject),
    )
    if len(found.rich) > MAX_HTML:
        defects.append("html_too_large")
    shown = html.clean(found.rich)
    if found.rich.strip() and not shown and "html_too_large" not in defects:
        defects.append("html_not_shown")
    bounce = find_bounce(root, full_text)
    return ParsedEmail(
        message_id=next(iter(headers.message_ids(root.headers, "Message-ID")), ""),
        from_=headers.first_address(root.headers, "From", "Sender", "Reply-To"),
        reply_to=next(iter(headers.addresses(root.headers, "Reply-To")), None),
        to=headers.addresses(root.headers, "To"),
        cc=headers.addresses(root.headers, "Cc"),
        delivered_to=_delivered_to(root),
        subject=subject,
        sent_at=headers.sent_at(root.headers),
        text=text,
        full_text=full_text,
        html=shown,
        attachments=tuple(found.attachments),
        in_reply_to=in_reply_to,
        references=references,
        auto=auto_kind(root, is_bounce=bounce is not None),
        bounce=bounce,
        defects=tuple(dict.fromkeys(defects)),
        stable_headers=tuple(value for name in STABLE_HEADERS for value in (b"", *root.headers.values(name)[:5])),
        body_at=root.start + len(raw) - len(root.raw),
    )


def _texts(found: bodies.Bodies, defects: list[str], *, forwarded: bool, replying: bool) -> tuple[str, str]:
    """The whole text and the visible reply of it."""
    stretches = (segment.plain if segment.plain.strip() else html.to_text(segment.rich) for segment in found.segments)
    full_text = "\n\n".join(stretch.strip("\n") for stretch in stretches if stretch.strip()).strip()
    if len(full_text) > MAX_TEXT:
        full_text = full_text[:MAX_TEXT]
        defects.append("text_cut")
    if found.only_rich and not forwarded and html.has_marks(found.rich) and not forwards(full_text):
        marked = html.marked_reply(found.rich)
        if marked.text and not marked.answers_below:
            return full_text, visible_reply(marked.text[:MAX_TEXT], replying=replying)
    return full_text, visible_reply(full_text, forwarded=forwarded, replying=replying)


def _delivered_to(root: mime.Part) -> tuple[str, ...]:
    names = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
    return tuple(address.email for address in headers.addresses(root.headers, *names))
