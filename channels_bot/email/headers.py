"""Header values as they come in the wild: decoded, single-line, never raising, bounded."""

import binascii
import email.utils
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from channels_bot.email import charsets

MAX_SUBJECT = 998
MAX_IDS = 100
MAX_VALUE = 20_000
MAX_PARAMETERS = 4_000
MAX_ADDRESSES = 200
MAX_NAME = 150
BASE64_PIECE = 1024 * 1024
YEARS = range(1980, 2100)

_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BRACKETED_ID = re.compile(r"<([^<>]{1,900})>")
_ADDRESS_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+){0,60}+"|\([^()]*\)|<[^<>]*>|[,;:]|[^,;:"(<]+|.', re.DOTALL)
_USABLE = re.compile(r'[^\s\x00-\x1f\x7f<>()\[\],;:\\"@]{1,64}@[^\s\x00-\x2c\x2f\x3a-\x40\x5b-\x60\x7b-\x7f@]{1,189}')
_PARAMETER = re.compile(rb';[ \t\r\n]*([^\s=;"]{1,60})[ \t]*=[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*"|[^;]*)', re.DOTALL)
_CONTINUED = re.compile(r"([^*]{1,60})\*(\d{1,3})?\*?")


@dataclass(frozen=True, slots=True)
class Address:
    """A person in a header. `email` is "" when the header holds nothing usable."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Headers:
    """The header fields of one part: raw values by lower-case name, in order of appearance."""

    fields: dict[str, list[bytes]] = field(default_factory=dict)

    def values(self, name: str) -> list[bytes]:
        return self.fields.get(name.lower(), [])

    def has(self, name: str) -> bool:
        return name.lower() in self.fields

    def text(self, name: str) -> str:
        """The first field of that name, decoded, on one line; "" when it is absent."""
        values = self.values(name)
        return decode_value(values[0]) if values else ""

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """The lower-case first token of a field such as Content-Type, and its parameters."""
        values = self.values(name)
        return parameters(values[0]) if values else ("", {})


def decode_value(value: bytes | str) -> str:
    """RFC 2047 words and raw 8-bit text, decoded as well as possible, on one line, without direction overrides."""
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    text = _decode_words(charsets.decode(raw[:MAX_VALUE], cut=len(raw) > MAX_VALUE)[0])
    return " ".join(_CONTROL.sub(" ", _DIRECTION.sub("", text)).split())


def _decode_words(text: str) -> str:
    """Neighbouring words of one charset are joined before decoding: some programs split inside a character."""
    result: list[str] = []
    pending, pending_charset, at = b"", "", 0
    for match in _WORD.finditer(text):
        between = text[at : match.start()]
        charset = match.group(1).lower()
        if pending and (between.strip() or charset != pending_charset):
            result.append(charsets.decode(pending, pending_charset)[0])
            pending = b""
        if between.strip() or at == 0:
            result.append(between)
        pending, pending_charset, at = pending + _word_bytes(match.group(2), match.group(3)), charset, match.end()
    if pending:
        result.append(charsets.decode(pending, pending_charset)[0])
    return "".join((*result, text[at:]))


def _word_bytes(encoding: str, word: str) -> bytes:
    data = word.encode("utf-8", "surrogateescape")
    return decode_base64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def decode_base64(data: bytes | memoryview) -> bytes:
    """Base64 with foreign characters and wrong padding forgiven; what is left over at the end is dropped."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:  # the letters do not come out even
        return _decode_uneven(data)


def _decode_uneven(data: bytes | memoryview) -> bytes:
    """Piece by piece, so that a large file cut off at its end is not in memory several times over."""
    decoded, letters = io.BytesIO(), b""
    for start in range(0, len(data), BASE64_PIECE):
        letters += re.sub(rb"[^A-Za-z0-9+/]+", b"", data[start : start + BASE64_PIECE])
        whole = len(letters) - len(letters) % 4
        decoded.write(binascii.a2b_base64(letters[:whole]))
        letters = letters[whole:]
    if len(letters) > 1:
        decoded.write(binascii.a2b_base64(letters + b"=" * (4 - len(letters))))
    return decoded.getvalue()


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """A value such as `text/plain; charset=x; name*0*=utf-8''a` as first token and parameters (RFC 2045, 2231)."""
    value = value[:MAX_PARAMETERS]
    first = decode_value(value.partition(b";")[0]).lower()
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        name = match.group(1).decode("ascii", "replace").lower()
        data = match.group(2).strip()
        if data.startswith(b'"'):
            # Only quotes and backslashes are unescaped: Windows paths come with single backslashes.
            data = data.strip(b'"').replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        continued = _CONTINUED.fullmatch(name)
        if continued is None:
            found.setdefault(name, decode_value(data))
        else:
            number = int(continued.group(2) or 0)
            pieces.setdefault(continued.group(1), {}).setdefault(number, (data, name.endswith("*")))
    found.update({name: _joined(numbered) for name, numbered in pieces.items()})
    return first, found


def _joined(numbered: dict[int, tuple[bytes, bool]]) -> str:
    """The pieces of an RFC 2231 parameter; the first may name a charset as in utf-8'id'Surat%20Edar."""
    ordered = [numbered[number] for number in sorted(numbered)]
    charset = ""
    if ordered[0][1] and ordered[0][0].count(b"'") >= 2:
        name, _language, rest = ordered[0][0].split(b"'", 2)
        charset = name.decode("ascii", "replace")
        ordered[0] = (rest, True)
    data = b"".join(unquote_to_bytes(piece) if encoded else piece for piece, encoded in ordered)
    return decode_value(charsets.decode(data, charset)[0])


def addresses(headers: Headers, *names: str) -> tuple[Address, ...]:
    """All usable addresses of these headers, in order, each once, at most MAX_ADDRESSES."""
    found: dict[str, Address] = {}
    values = [value for name in names for value in headers.values(name)[:20]]
    for value in values:
        text = charsets.decode(value[:MAX_VALUE])[0]
        for address in _addresses_in(text):
            found.setdefault(address.email, address)
            if len(found) >= MAX_ADDRESSES:
                return tuple(found.values())
    return tuple(found.values())


def _addresses_in(text: str) -> list[Address]:
    """Tolerates what strict parsers split: unquoted commas of titles ("Sari, S.Kom., M.M. <sari@x>") and semicolons."""
    result: list[Address] = []
    words: list[str] = []
    for piece in (*_ADDRESS_TOKEN.findall(text), ","):
        if piece in {",", ";"}:
            address = _address(words)
            if address is not None:
                result.append(address)
                words = []
            elif piece == ";":
                words = []  # the end of a group, or of something that is no address
            elif words:
                words.append(",")
        elif piece == ":":
            words = []  # the name of a group
        else:
            words.append(piece)
    return result


def _address(words: Sequence[str]) -> Address | None:
    in_brackets = next((word[1:-1] for word in reversed(words) if word[0] == "<" and word[-1] == ">"), "")
    plain = [word for word in words if word[0] not in "<("]
    comments = [word[1:-1] for word in words if word[0] == "(" and word[-1] == ")"]
    if in_brackets:
        candidate, name = in_brackets, "".join(plain)
    else:
        # Without brackets the last word is the address: "Sari sari@contoh.id" and "sari@contoh.id (Sari)" occur.
        pieces = "".join(word for word in plain if word != ",").split()
        candidate = next((piece for piece in reversed(pieces) if "@" in piece), "")
        name = " ".join(comments) or " ".join(piece for piece in pieces if piece != candidate)
    usable = _usable(candidate)
    if not usable:
        return None
    name = decode_value(re.sub(r"\\(.)", r"\1", name.replace('"', " "))).strip("', <>")
    return Address(name[:MAX_NAME], usable)


def _usable(candidate: str) -> str:
    """A clean address with a lower-case domain; "" when it is none."""
    clean = "".join(candidate.split()).removeprefix("mailto:").strip("'<>").rstrip(".")
    if not _USABLE.fullmatch(clean):
        return ""
    local, _at, domain = clean.rpartition("@")
    return f"{local}@{domain.lower()}"


def first_address(headers: Headers, *names: str) -> Address:
    """The first usable address of the first of these headers that has one."""
    for name in names:
        found = addresses(headers, name)
        if found:
            return found[0]
    return Address("", "")


def message_ids(headers: Headers, name: str) -> tuple[str, ...]:
    """Message-IDs without brackets, the last MAX_IDS. Some programs leave the brackets out; then words with @ count."""
    return ids_in(" ".join(decode_value(value) for value in headers.values(name)[:5]))


def ids_in(value: str) -> tuple[str, ...]:
    """The Message-IDs in a decoded header value."""
    # An id folded in the middle has got a space there.
    found = ["".join(inner.split()) for inner in _BRACKETED_ID.findall(value)]
    if not found:
        words = [word.strip("<>,;\"'") for word in value.split() if "@" in word]
        found = [word for word in words if 2 < len(word) < 900]
    return tuple(dict.fromkeys(filter(None, found)))[-MAX_IDS:]


def sent_at(headers: Headers) -> datetime | None:
    """The Date header as an aware UTC instant; None when it is absent or nonsense."""
    try:
        value = email.utils.parsedate_to_datetime(headers.text("Date")[:100])
        instant = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return instant if instant.year in YEARS else None
