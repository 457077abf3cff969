"""The tree of parts of a mail, found by offsets in its bytes.

The standard library's parser reads line by line and asks every enclosing boundary about each line, so that deep or
long mail takes minutes and many times its size in memory. Here every level of the tree is one search at the speed of
`re`, nothing is copied until a part's content is asked for, and numbers of parts, levels and headers are bounded.
"""

import binascii
import re
from dataclasses import dataclass, field

from channels_bot.email import headers as header
from channels_bot.email.headers import Headers

MAX_PARTS = 200
MAX_DEPTH = 20
MAX_HEADERS = 1_000
MAX_HEADER_BYTES = 512 * 1024
MAX_INNER_HEADER_BYTES = 64 * 1024
MAX_HEADER_LINES = 20_000

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_GUESSED_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s]{1,70})[ \t]*\r?\nContent-", re.IGNORECASE)
_UU_LINE = re.compile(rb"(?<=\n)[ -`]{1,62}(?=\r?(?:\n|\Z))|(?<=\n)end(?=\r?(?:\n|\Z))")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,70}/[a-z0-9!#$&^_.+-]{1,70}")


@dataclass(slots=True)
class Part:
    """One part: its headers, and where its body lies in the bytes of the mail (`start` included, `end` not)."""

    raw: bytes
    headers: Headers
    start: int
    end: int
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    children: list["Part"] = field(default_factory=list)

    def content(self, limit: int = 0) -> bytes:
        """The body with its transfer encoding removed; of at most `limit` encoded bytes, when that is given."""
        end = min(self.end, self.start + limit) if limit else self.end
        encoding = self.headers.text("Content-Transfer-Encoding").lower().split(" ")[0]
        if encoding == "base64" and _looks_like_base64(self.raw[self.start : min(end, self.start + 4_000)]):
            with memoryview(self.raw) as whole:  # no copy of what may be most of the memory
                return header.decode_base64(whole[self.start : end])
        data = self.raw[self.start : end]
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
            return _decode_uu(data)
        return data


def parse(raw: bytes, defects: list[str]) -> Part:
    """The tree of a whole mail. Appends codes of what was repaired or left out to `defects`."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in raw[:10_000] and b"\n" not in raw[:10_000]:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        defects.append("line_ends")
    left = [MAX_PARTS]
    return _part(raw, 0, len(raw), "text/plain", left, 0, defects)


def _part(raw: bytes, start: int, end: int, default: str, left: list[int], depth: int, defects: list[str]) -> Part:
    left[0] -= 1
    headers, body = split_headers(raw, start, end, MAX_INNER_HEADER_BYTES if depth else MAX_HEADER_BYTES, defects)
    kind, parameters = headers.parameters("Content-Type")
    disposition, more = headers.parameters("Content-Disposition")
    if not _TYPE.fullmatch(kind):
        if kind:
            defects.append("content_type")
        kind = "text/html" if kind == "html" else default
    part = Part(raw, headers, body, end, kind, parameters, disposition.split(" ")[0], more)
    if kind.startswith("multipart/"):
        if depth >= MAX_DEPTH:
            defects.append("too_deep")
            part.end = part.start
        else:
            _split(part, left, depth, defects)
    return part


def _split(part: Part, left: list[int], depth: int, defects: list[str]) -> None:
    spans = _spans(part, left[0], defects)
    inner = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for start, end in spans:
        if left[0] <= 0:
            defects.append("too_many_parts")
            return
        part.children.append(_part(part.raw, start, end, inner, left, depth + 1, defects))


def _spans(part: Part, limit: int, defects: list[str]) -> list[tuple[int, int]]:
    """Where the parts of a multipart body lie; at most `limit` and one more, which tells that there are too many."""
    raw, start, end = part.raw, part.start, part.end
    boundary = part.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
    if not boundary:
        guess = _GUESSED_BOUNDARY.search(raw[start : min(end, start + 65_536)])
        defects.append("boundary_missing")
        if guess is None:
            return []
        boundary = guess.group(1)
    # The line end before a boundary belongs to it, so the search begins at the one that ended the headers.
    pattern = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
    opened = _first_line(raw, start, end, boundary)
    spans: list[tuple[int, int]] = []
    for match in pattern.finditer(raw, max(0, start - 1), end):
        if opened is not None:
            stop = match.start() - (raw[match.start() - 1 : match.start()] == b"\r")
            spans.append((min(opened, end), max(min(opened, end), stop)))
        if match.group(1) and opened is not None:
            return spans
        opened = match.end() + 1
        if len(spans) > limit:
            return spans
    if opened is None:
        defects.append("boundary_absent")
    else:
        defects.append("not_closed")
        spans.append((min(opened, end), end))
    return spans


def _first_line(raw: bytes, start: int, end: int, boundary: bytes) -> int | None:
    """Where the first part begins when the very first byte of the mail begins a boundary."""
    if start or not raw.startswith(b"--" + boundary):
        return None
    line_end = raw.find(b"\n", 0, end)
    return line_end + 1 if line_end >= 0 else None


def split_headers(raw: bytes, start: int, end: int, limit: int, defects: list[str]) -> tuple[Headers, int]:
    """The header fields that begin at `start`, and where the body begins.

    A line that cannot be part of a header ends them, as a forgotten blank line would.
    """
    fields: dict[str, list[bytes]] = {}
    stop = min(end, start + limit)
    at, name, value_at, count = start, "", start, 0
    for _line in range(MAX_HEADER_LINES):
        newline = raw.find(b"\n", at, stop)
        if newline < 0 and stop < end:
            break  # cut by the limit
        line_end = newline if newline >= 0 else stop
        blank = raw[at:line_end] in {b"", b"\r"}
        folded = not blank and bool(name) and raw[at : at + 1] in {b" ", b"\t"}
        match = None if blank or folded else _FIELD.match(raw, at, line_end)
        if not folded and name:
            fields.setdefault(name, []).append(raw[value_at:at].strip())
            name, count = "", count + 1
        if blank:
            return Headers(fields), min(line_end + 1, end)
        if match is not None:
            value_at = match.end()
            name = match.group(1).decode("ascii").lower() if count < MAX_HEADERS else ""
        elif not folded and not (at == start and raw.startswith((b"From ", b">From "), at)) and count < MAX_HEADERS:
            defects.append("separator_missing")
            return Headers(fields), at
        at = line_end + 1
        if at > stop or newline < 0:
            if name:
                fields.setdefault(name, []).append(raw[value_at:stop].strip())
            return Headers(fields), end
    defects.append("headers_cut")
    following = _BLANK_LINE.search(raw, max(start, at - 1), end)
    return Headers(fields), following.end() if following else end


def _looks_like_base64(sample: bytes) -> bool:
    """Whether the first letters are base64; some programs announce it and send plain text."""
    foreign = re.sub(rb"[A-Za-z0-9+/=\s]+", b"", sample)
    return len(foreign) * 20 <= len(sample) and sample.count(b" ") * 10 <= len(sample)


def _decode_uu(data: bytes) -> bytes:
    """The lines between "begin" and "end"; damaged ones are left out."""
    decoded = bytearray()
    for line in _UU_LINE.finditer(data, max(0, data.find(b"begin "))):
        if line.group() == b"end":
            break
        try:
            decoded += binascii.a2b_uu(line.group())
        except binascii.Error:  # a damaged line
            continue
    return bytes(decoded) or data
