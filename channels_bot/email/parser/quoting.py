"""The visible reply: what a person wrote, without the quoted message and the signature.

Works line by line with short anchored patterns, so its time is linear in the text.
"""

import re

REPLY_MARKER = "--- Balas di atas baris ini ---"
MAX_LINE = 500
ATTRIBUTION_LINES = 4

_FORWARD = re.compile(
    r"^\W{0,12}(forwarded message|begin forwarded message|pesan terusan|pesan yang diteruskan|pesan diteruskan)", re.I
)
_ORIGINAL = re.compile(r"^\W{2,12}(original message|pesan asli|original appointment)\W{0,12}$", re.I)
_STARTS_ATTRIBUTION = re.compile(r"^\W{0,3}(pada|on|tanggal|am|el)\s", re.I)
_ENDS_ATTRIBUTION = re.compile(r"(menulis|wrote|berkata|menulis pesan)\s*:?\s*$", re.I)
_DATE_ATTRIBUTION = re.compile(r"^\d{1,4}[-/. ]\S{1,12}.{0,200}<[^<>]{3,200}>\s?:?$")
_HEADER_FROM = re.compile(r"^\W{0,3}(from|dari)\s?\*?\s?:", re.I)
_HEADER_MORE = re.compile(r"^\W{0,3}(sent|dikirim|date|tanggal|to|kepada|ke|subject|subjek|perihal|cc)\s?\*?\s?:", re.I)
_DEVICE = re.compile(
    r"^(dikirim dari|sent from|dapatkan outlook untuk|get outlook for|dikirim dengan|sent with|terkirim dari)"
    r"\s.{1,120}$",
    re.I,
)
_RULE = re.compile(r"^[_\-=*]{8,}$")


def visible_reply(text: str) -> str:
    """The part a person wrote. Forwarded messages and answers between quoted lines are kept whole.

    Never "" for a text that is not blank: then the whole text is returned.
    """
    whole = text.strip()
    lines = whole.split("\n")
    if _is_forward(lines):
        return whole
    cut = _first_cut(lines)
    kept = lines[:cut]
    while kept and _is_trailing(kept[-1]):
        kept.pop()
    kept = _without_signature(kept)
    return "\n".join(kept).strip() or whole


def _is_forward(lines: list[str]) -> bool:
    return any(_FORWARD.match(line[:MAX_LINE]) for line in lines[:40])


def _is_trailing(line: str) -> bool:
    """Quoted, blank, rule and device lines at the end say nothing new."""
    short = line[:MAX_LINE].strip()
    return not short or short.startswith(">") or bool(_DEVICE.match(short)) or bool(_RULE.match(short))


def _first_cut(lines: list[str]) -> int:
    """The index of the first line of the quoted message; the number of lines when there is none."""
    for index, line in enumerate(lines):
        short = line[:MAX_LINE].strip()
        if REPLY_MARKER.strip("- ") in short:
            return _above_marker(lines, index)
        if _ORIGINAL.match(short):
            return index
        if _HEADER_FROM.match(short) and _header_block(lines, index):
            return index
        if _is_attribution(lines, index) and _quote_follows(lines, index):
            return index
    return len(lines)


def _above_marker(lines: list[str], index: int) -> int:
    """The marker is often quoted right below its attribution, which goes with it."""
    for start in range(max(0, index - ATTRIBUTION_LINES - 1), index):
        if _is_attribution(lines, start) or _HEADER_FROM.match(lines[start][:MAX_LINE].strip()):
            return start
    return index


def _header_block(lines: list[str], index: int) -> bool:
    """Outlook's block: From: with at least two more header lines right below."""
    below = [line[:MAX_LINE].strip() for line in lines[index + 1 : index + 7]]
    return sum(bool(_HEADER_MORE.match(line)) for line in below) >= 2


def _is_attribution(lines: list[str], index: int) -> bool:
    """ "On ... wrote:", perhaps wrapped over a few lines."""
    first = lines[index][:MAX_LINE].strip().lstrip("> ")
    if _DATE_ATTRIBUTION.match(first):
        return True
    if not _STARTS_ATTRIBUTION.match(first):
        return False
    joined = ""
    for line in lines[index : index + ATTRIBUTION_LINES]:
        joined = f"{joined} {line[:MAX_LINE].strip()}".strip()
        if _ENDS_ATTRIBUTION.search(joined[-60:]) and any(mark in joined for mark in "0123456789@"):
            return True
        if not line.strip():
            return False
    return False


def _quote_follows(lines: list[str], index: int) -> bool:
    """Whether everything after the attribution is quoted; text between quotes is an inline answer and is kept."""
    below = [line.strip() for line in lines[index + 1 :]]
    quoted = [line.startswith(">") for line in below if line]
    if not any(quoted):
        return True  # mail programs that quote without marks put nothing new below
    last_quoted = max(position for position, line in enumerate(below) if line.startswith(">"))
    first_quoted = next(position for position, line in enumerate(below) if line.startswith(">"))
    between = [line for line in below[first_quoted:last_quoted] if line and not line.startswith(">")]
    after = [line for line in below[last_quoted + 1 :] if line and not _DEVICE.match(line[:MAX_LINE])]
    return not between and (not after or after[0] == "--")


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at the standard delimiter "-- ", when it is in the last part of the text."""
    for index in range(len(lines) - 1, max(-1, len(lines) - 16), -1):
        if lines[index].rstrip("\r") in {"-- ", "--"} and index > 0:
            return lines[:index]
    return lines
