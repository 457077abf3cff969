"""What a mail's parts hold: its text, its HTML and its attachments."""

import binascii
import html as entities
import mimetypes
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from channels_bot.email import calendar, charsets, mime, tnef
from channels_bot.email.headers import decode_value
from channels_bot.email.html import MAX_HTML
from channels_bot.email.mime import Part

MAX_TEXT = 500_000
MAX_BODY_BYTES = 4_000_000
"""Encoded bytes of a text part that are read: enough for MAX_TEXT characters in any encoding."""
MAX_NAME = 150

MAX_FORWARDS = 3
"""So many mails inside each other are opened to find words, when the outer ones have none."""

_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_UU_BEGIN = re.compile(r"begin [0-7]{3,4} (\S.{0,200})")
_UU_LINE = re.compile(r"[ -`]{1,62}")
_UNSAFE = re.compile(r'[<>:"|?*]')
_REMOVED = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_CONTROL = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)])
_KNOWN_NAMES = {
    "message/rfc822": "pesan-{}.eml",
    "message/delivery-status": "status-pengiriman-{}.txt",
    "text/rfc822-headers": "kepala-pesan-{}.txt",
    "text/calendar": "undangan-{}.ics",
    "application/ms-tnef": "winmail-{}.dat",
}


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """A file of the mail. `inline` marks images that the HTML shows by `content_id` (without brackets)."""

    name: str
    content_type: str
    content: bytes
    content_id: str
    inline: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the body: plain text, HTML, or both when they say the same."""

    plain: str = ""
    rich: str = ""


@dataclass(slots=True)
class Bodies:
    """What the walk over the parts collects; segments in reading order."""

    segments: list[Segment] = field(default_factory=list)
    attachments: list[ParsedAttachment] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    spare: list[Segment] = field(default_factory=list)
    """Words of files, for a mail that has no others."""
    forwarded: list[bytes] = field(default_factory=list)
    """Whole mails among the files."""

    @property
    def is_silent(self) -> bool:
        return not any(segment.plain.strip() or segment.rich.strip() for segment in self.segments)

    @property
    def only_rich(self) -> bool:
        return not any(segment.plain.strip() for segment in self.segments)

    @property
    def rich(self) -> str:
        """All segments as one HTML; "" when there is none. Plain stretches between HTML ones are shown, too."""
        if not any(segment.rich for segment in self.segments):
            return ""
        return "\n".join(segment.rich or _as_html(segment.plain) for segment in self.segments)


def collect(root: Part, depth: int = 0) -> Bodies:
    """Read all parts below `root`. A mail without words speaks by its winmail.dat, invitation or forwarded mail."""
    bodies = Bodies()
    bodies.segments = _segments(root, bodies, inside="")
    if bodies.is_silent and bodies.spare:
        bodies.segments = bodies.spare[:1]
    if bodies.is_silent and bodies.forwarded and depth < MAX_FORWARDS:
        bodies.segments = _forwarded(bodies.forwarded[0], depth)
    return bodies


def _forwarded(raw: bytes, depth: int) -> list[Segment]:
    """The words of a mail that was passed on as a file, below who wrote it and about what."""
    inner = mime.parse(raw, [])
    head = [("Dari", inner.headers.text("From")[:300]), ("Perihal", inner.headers.text("Subject")[:300])]
    words = "\n".join(f"{label}: {value}" for label, value in head if value)
    return [Segment(plain=words), *collect(inner, depth + 1).segments]


def _segments(part: Part, bodies: Bodies, *, inside: str) -> list[Segment]:
    kind = part.content_type
    _note_protection(part, bodies)
    if part.children:
        found = [segment for child in part.children for segment in _segments(child, bodies, inside=kind)]
        return _best_of(found) if kind == "multipart/alternative" else found
    if kind.startswith("multipart/"):
        kind = "text/plain"  # announced parts that never came: the body is all there is
    named = _file_name(part)
    alone = kind.startswith("text/") and kind != "text/calendar" and not inside
    is_body = kind in {"text/plain", "text/html"} or alone
    if not is_body or named or part.disposition == "attachment":
        if not (kind == "text/x-amp-html" and inside == "multipart/alternative"):
            _attach(part, kind, named, bodies, inside)
        return []
    text = _text(part, bodies)
    if kind == "text/html":
        return [Segment(rich=text)]
    return [Segment(plain=_without_uuencoded(text, bodies) if "\nend" in text else text)]


def _best_of(found: Sequence[Segment]) -> list[Segment]:
    """Of alternatives the plain text is read and the HTML kept for the screen."""
    plain = "\n".join(segment.plain for segment in found if segment.plain.strip())
    rich = "\n".join(segment.rich for segment in found if segment.rich.strip())
    return [Segment(plain=plain, rich=rich)] if plain or rich else []


def _text(part: Part, bodies: Bodies) -> str:
    cut = part.end - part.start > MAX_BODY_BYTES
    content = part.content(MAX_BODY_BYTES)
    text, repaired = charsets.decode(content, part.parameters.get("charset", ""), cut=cut)
    if repaired:
        bodies.defects.append("charset")
    if cut:
        bodies.defects.append("text_cut")
    if "-----BEGIN PGP MESSAGE-----" in text[:2_000]:
        bodies.defects.append("encrypted")
    return clean_text(text[: 2 * MAX_HTML])


def _without_uuencoded(text: str, bodies: Bodies) -> str:
    """The text without files that old programs write into it ("begin 644 name"); damaged ones stay text."""
    kept: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        begin = _UU_BEGIN.fullmatch(lines[at])
        end = at + 1
        while begin and end < len(lines) and _UU_LINE.fullmatch(lines[end]):
            end += 1
        content = _decoded(lines[at + 1 : end]) if begin and end < len(lines) and lines[end] == "end" else b""
        if begin and content:
            name = safe_name(begin.group(1)) or _fallback_name("", len(bodies.attachments) + 1)
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            bodies.attachments.append(ParsedAttachment(name, kind, content, "", inline=False))
            at = end + 1
        else:
            # What was looked at holds no other beginning: its letters are none of an encoded line.
            kept.extend(lines[at:end])
            at = end
    return "\n".join(kept)


def _decoded(lines: Sequence[str]) -> bytes:
    try:
        return b"".join(binascii.a2b_uu(line.encode("ascii")) for line in lines)
    except (binascii.Error, UnicodeEncodeError):
        return b""


def _unpack(content: bytes, bodies: Bodies) -> bool:
    """Whether this is a winmail.dat with something in it, which then takes its place."""
    package = tnef.read(content)
    if package is None or not (package.files or package.plain or package.html):
        return False
    for file in package.files:
        name = safe_name(file.name) or _fallback_name(file.content_type, len(bodies.attachments) + 1)
        kind = file.content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        content_id = decode_value(file.content_id).strip("<> ")[:255]
        bodies.attachments.append(
            ParsedAttachment(name, decode_value(kind)[:150], file.content, content_id, inline=bool(content_id))
        )
    plain, rich = clean_text(package.plain[:MAX_TEXT]), clean_text(package.html[: 2 * MAX_HTML])
    if plain or rich:
        bodies.spare.append(Segment(plain=plain, rich=rich))
    return True


def _note_protection(part: Part, bodies: Bodies) -> None:
    kind = part.content_type
    if kind in {"multipart/signed", "multipart/encrypted"}:
        bodies.defects.append(kind.partition("/")[2])
    elif kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
        signed = part.parameters.get("smime-type", "").lower() == "signed-data"
        bodies.defects.append("signed" if signed else "encrypted")
    elif kind in _TNEF:
        bodies.defects.append("tnef")


def _attach(part: Part, kind: str, named: str, bodies: Bodies, inside: str) -> None:
    content = part.content()
    if not content and not named:
        return
    if (kind in _TNEF or named.lower() == "winmail.dat") and _unpack(content, bodies):
        return
    if kind == "text/calendar" and (invitation := calendar.summary(content)):
        bodies.spare.append(Segment(plain=clean_text(invitation)))
    if kind == "message/rfc822" and not bodies.forwarded:
        bodies.forwarded.append(content)
    content_id = part.headers.text("Content-ID").strip("<> ")[:255]
    bodies.attachments.append(
        ParsedAttachment(
            name=named or _fallback_name(kind, len(bodies.attachments) + 1),
            content_type=kind,
            content=content,
            content_id=content_id,
            inline=part.disposition == "inline" or (inside == "multipart/related" and bool(content_id)),
        )
    )


def _file_name(part: Part) -> str:
    """The sanitised name a part gives its file, "" when it gives none."""
    return safe_name(part.disposition_parameters.get("filename", "") or part.parameters.get("name", ""))


def safe_name(name: str) -> str:
    """A file name without path, control and direction characters, at most MAX_NAME characters, ending kept."""
    name = unicodedata.normalize("NFC", decode_value(name[:4_000])).replace("\\", "/").rstrip("/ ").rsplit("/", 1)[-1]
    name = "".join(ch for ch in name if unicodedata.category(ch) not in _REMOVED)
    name = _UNSAFE.sub("_", name).strip(" .")
    if len(name) <= MAX_NAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 10:
        return name[:MAX_NAME].rstrip(" .")
    return f"{stem[: MAX_NAME - len(suffix) - 1]}.{suffix}"


def _fallback_name(kind: str, number: int) -> str:
    known = _KNOWN_NAMES.get(kind)
    return known.format(number) if known else f"lampiran-{number}{mimetypes.guess_extension(kind) or '.bin'}"


def clean_text(text: str) -> str:
    """Unix line ends, without NUL and other control characters, which no database or screen takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return text.translate(_CONTROL)


def _as_html(plain: str) -> str:
    return "<p>" + entities.escape(plain).replace("\n", "<br>") + "</p>" if plain.strip() else ""
