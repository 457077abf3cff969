"""Header values as they come in the wild: decoded, single-line, never raising."""

import email.header
import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message

MAX_SUBJECT = 998
MAX_IDS = 100
_ENCODED_SPLIT = re.compile(r"(\?=)\s+(=\?)")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A person in a header. `email` is "" when the header holds nothing usable."""

    name: str
    email: str


def decode_bytes(data: bytes, charset: str = "") -> str:
    """Text of bytes in a declared, maybe wrong charset: that one, then UTF-8, then Windows-1252 with replacement."""
    for candidate in (charset.strip().strip("\"'").lower(), "utf-8"):
        if not candidate:
            continue
        try:
            return data.decode(candidate)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def header_text(message: Message, name: str) -> str:
    """A decoded header on one line; "" when it is absent."""
    values = raw_values(message, name)
    return decode_value(values[0]) if values else ""


def raw_values(message: Message, name: str) -> list[str]:
    """All values of a header as they came; `Message.get` would already have replaced raw 8-bit text."""
    return [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]


def decode_value(value: object) -> str:
    """RFC 2047 words and raw 8-bit text, decoded as well as possible."""
    text = str(value)
    raw = text.encode("utf-8", "surrogateescape")
    if any(byte > 127 for byte in raw):
        text = decode_bytes(raw)
    # Words split in the middle of a multi-byte character are joined before they are decoded.
    parts = _join_words(_ENCODED_SPLIT.sub(r"\1\2", text[:20_000]))
    return " ".join(_CONTROL.sub(" ", parts).split())


def _join_words(text: str) -> str:
    try:
        pieces = email.header.decode_header(text)
    except (email.errors.HeaderParseError, ValueError):
        return text
    result: list[str] = []
    pending, pending_charset = b"", ""
    for piece, charset in pieces:
        if isinstance(piece, str):
            result.append(piece)
            continue
        name = charset or ""
        if pending and name != pending_charset:
            result.append(decode_bytes(pending, pending_charset))
            pending = b""
        pending, pending_charset = pending + piece, name
        if not charset:
            # Unencoded text between words is raw-unicode-escaped by the library.
            result.append(piece.decode("raw-unicode-escape", "replace"))
            pending = b""
    if pending:
        result.append(decode_bytes(pending, pending_charset))
    return "".join(result)


def addresses(message: Message, *names: str) -> tuple[Address, ...]:
    """All usable addresses of these headers, in order, each once."""
    values = [value[:20_000] for name in names for value in raw_values(message, name)]
    try:
        pairs = email.utils.getaddresses(values, strict=False)
    except (TypeError, ValueError):
        pairs = email.utils.getaddresses(values)
    found: dict[str, Address] = {}
    for name, address in pairs[:200]:
        clean = address.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip().strip("<>")
        local, at, domain = clean.rpartition("@")
        usable = f"{local}@{domain.lower()}" if at and local and domain and not re.search(r"\s", clean) else ""
        if usable:
            found.setdefault(usable, Address(decode_value(name)[:150], usable[:254]))
    return tuple(found.values())


def first_address(message: Message, *names: str) -> Address:
    """The first usable address of the first of these headers that has one."""
    for name in names:
        found = addresses(message, name)
        if found:
            return found[0]
    return Address("", "")


def message_ids(message: Message, name: str) -> tuple[str, ...]:
    """Message-IDs without brackets. Some programs leave the brackets out; then words with an @ count."""
    value = header_text(message, name)
    found = _MESSAGE_ID.findall(value)
    if not found:
        found = [word.strip("<>,") for word in value.split() if "@" in word and len(word) < 900]
    return tuple(found[-MAX_IDS:])


def sent_at(message: Message) -> datetime | None:
    """The Date header as an aware instant; None when it is absent or nonsense."""
    try:
        value = email.utils.parsedate_to_datetime(header_text(message, "Date"))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
