"""One mail of any bytes into what the desk needs. Pure: no Django, no network, never raises, bounded."""

import email
import email.policy
import mimetypes
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message

from channels_bot.email.parser import headers, html
from channels_bot.email.parser.bounces import Bounce, find_bounce
from channels_bot.email.parser.headers import Address
from channels_bot.email.parser.loops import AutoKind, auto_kind
from channels_bot.email.parser.quoting import visible_reply

MAX_PARTS = 200
MAX_DEPTH = 20
MAX_TEXT = 500_000
MAX_NAME = 150
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    name: str
    content_type: str
    content: bytes
    content_id: str
    inline: bool


@dataclass(frozen=True, slots=True)
class ParsedEmail:
    """What a mail says. `text` is the visible reply, `full_text` all of it; ids come without angle brackets.

    `defects` are codes of what was repaired, cut or unreadable; the caller keeps the raw message in any case.
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


@dataclass(slots=True)
class _Harvest:
    """What the walk over the parts collects."""

    plain: list[str] = field(default_factory=list)
    rich: list[str] = field(default_factory=list)
    attachments: list[ParsedAttachment] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    parts: int = 0


def parse_email(raw: bytes) -> ParsedEmail:
    """Parse one RFC 5322 message. Any byte sequence gives a result; what cannot be parsed is kept as text."""
    try:
        return _parse(raw)
    except (RecursionError, MemoryError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # The standard library has rare crashes on hostile input; the mail must still reach a person.
        text = clean_text(headers.decode_bytes(raw[:MAX_TEXT]))
        return ParsedEmail(text=text, full_text=text, defects=("unparsable", type(error).__name__))


def _parse(raw: bytes) -> ParsedEmail:
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    harvest = _Harvest()
    _walk(message, harvest, depth=0, inside_related=False)
    plain, rich = "\n".join(harvest.plain).strip(), "\n".join(harvest.rich)
    from_html = not plain and bool(rich)
    full_text = html.to_text(rich) if from_html else plain
    if len(full_text) > MAX_TEXT:
        full_text = full_text[:MAX_TEXT]
        harvest.defects.append("text_cut")
    if len(rich) > html.MAX_HTML:
        harvest.defects.append("html_too_large")
    source = html.to_text(rich, drop_quotes=True) if from_html else full_text
    bounce = find_bounce(message, full_text)
    return ParsedEmail(
        message_id=next(iter(headers.message_ids(message, "Message-ID")), ""),
        from_=headers.first_address(message, "From", "Sender", "Reply-To"),
        reply_to=next(iter(headers.addresses(message, "Reply-To")), None),
        to=headers.addresses(message, "To"),
        cc=headers.addresses(message, "Cc"),
        delivered_to=tuple(a.email for a in headers.addresses(message, "Delivered-To", "X-Original-To", "Envelope-To")),
        subject=headers.header_text(message, "Subject")[: headers.MAX_SUBJECT],
        sent_at=headers.sent_at(message),
        text=visible_reply(source[:MAX_TEXT] or full_text),
        full_text=full_text,
        html=html.clean(rich),
        attachments=tuple(harvest.attachments),
        in_reply_to=headers.message_ids(message, "In-Reply-To"),
        references=headers.message_ids(message, "References"),
        auto=auto_kind(message, is_bounce=bounce is not None),
        bounce=bounce,
        defects=tuple(dict.fromkeys(harvest.defects)),
    )


def _walk(part: Message, harvest: _Harvest, *, depth: int, inside_related: bool) -> None:
    harvest.parts += 1
    if harvest.parts > MAX_PARTS or depth > MAX_DEPTH:
        harvest.defects.append("too_many_parts")
        return
    kind = part.get_content_type()
    harvest.defects.extend(type(defect).__name__ for defect in part.defects[:5])
    if kind in {"multipart/signed", "multipart/encrypted"}:
        harvest.defects.append(kind.partition("/")[2])
    payload = part.get_payload()
    if isinstance(payload, list) and kind != "message/rfc822" and kind != "message/delivery-status":
        _walk_many(kind, payload, harvest, depth)
    else:
        _leaf(part, kind, harvest, inside_related)


def _walk_many(kind: str, parts: list[Message], harvest: _Harvest, depth: int) -> None:
    """Of alternatives the plain text is read and the HTML kept for the screen; of others all parts count."""
    before = len(harvest.plain), len(harvest.rich)
    for part in parts:
        if isinstance(part, Message):
            _walk(part, harvest, depth=depth + 1, inside_related=kind == "multipart/related")
    if kind == "multipart/alternative" and not "".join(harvest.plain[before[0] :]).strip():
        del harvest.plain[before[0] :]


def _leaf(part: Message, kind: str, harvest: _Harvest, inside_related: bool) -> None:
    disposition = (part.get_content_disposition() or "").lower()
    name = _file_name(part)
    if kind.startswith("multipart/"):
        kind = "text/plain"  # announced parts that never came: the body is all there is
    is_text = kind in {"text/plain", "text/html"} or (kind.startswith("text/") and not name and not disposition)
    if is_text and disposition != "attachment" and not name:
        text = clean_text(headers.decode_bytes(_content(part), part.get_content_charset("")))
        (harvest.rich if kind == "text/html" else harvest.plain).append(text)
        return
    content = _content(part)
    if not content:
        return
    content_id = str(part.get("Content-ID") or "").strip().strip("<>")
    harvest.attachments.append(
        ParsedAttachment(
            name=name or _fallback_name(kind, len(harvest.attachments) + 1),
            content_type=kind,
            content=content,
            content_id=content_id[:255],
            inline=disposition == "inline" or (inside_related and bool(content_id)),
        )
    )


def _content(part: Message) -> bytes:
    """The decoded bytes of a leaf; of an embedded message its own bytes."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"\r\n".join(inner.as_bytes() for inner in payload if isinstance(inner, Message))
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else str(payload or "").encode("utf-8", "surrogateescape")


def _file_name(part: Message) -> str:
    """The sanitised name of an attachment; RFC 2231 and RFC 2047 forms, "" when it has none."""
    try:
        name = part.get_filename() or ""
    except (UnicodeError, LookupError, ValueError):
        name = ""
    name = unicodedata.normalize("NFC", headers.decode_value(name)).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(ch for ch in name if unicodedata.category(ch) not in {"Cc", "Cf", "Co", "Cs"})
    name = _UNSAFE.sub("_", name).strip(" .")
    if len(name) <= MAX_NAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[: MAX_NAME - len(suffix[:10]) - 1]}{dot}{suffix[:10]}" if dot else name[:MAX_NAME]


def _fallback_name(kind: str, number: int) -> str:
    if kind == "message/rfc822":
        return f"pesan-{number}.eml"
    return f"lampiran-{number}{mimetypes.guess_extension(kind) or '.bin'}"


def clean_text(text: str) -> str:
    """Unix line ends, without NUL bytes and lone surrogates, which no database takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")
