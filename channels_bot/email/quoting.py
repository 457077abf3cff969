"""The visible reply: what a person wrote, without the quoted message and the signature.

Works line by line with short anchored patterns, so its time is linear in the text. When in doubt text is kept: a
quotation too much is a nuisance, a lost answer is a fault.
"""

import re
from dataclasses import dataclass

REPLY_MARKER = "--- Balas di atas baris ini ---"
MAX_LINE = 500
ATTRIBUTION_LINES = 4
HEADER_LINES = 8
SIGNATURE_LINES = 16

_MARKER_WORDS = REPLY_MARKER.strip("- ").lower()
_FORWARD = re.compile(
    r"[-_*=\s]{0,20}(forwarded message|begin forwarded message|pesan terusan|pesan (yang )?diteruskan"
    r"|(mulai|awal) pesan (yang )?diteruskan|fwd?)\s?[-_*=:\s]{0,20}",
    re.I,
)
_FORWARDING_SUBJECT = re.compile(r"\s*(\[[^\]]{0,60}\]\s*)?(fwd?|fw|trs|terusan|diteruskan)\s?:", re.I)
_REPLY_SUBJECT = re.compile(r"\s*(\[[^\]]{0,60}\]\s*)?(re|aw|bls|balas|sv|antw)\s?(\[\d{1,3}\])?\s?:", re.I)
_ORIGINAL = re.compile(r"\W{2,12}(original message|pesan asli|original appointment)\W{0,12}", re.I)
_STARTS_ATTRIBUTION = re.compile(r"\W{0,3}(pada|on|tanggal|le|am|el)\s", re.I)
_ENDS_ATTRIBUTION = re.compile(r"(menulis|menulis pesan|wrote|berkata|schrieb|écrit|escribió)\s?:\s?$", re.I)
_NAME_ATTRIBUTION = re.compile(r"\S.{0,120}<[^<>\s]{1,100}@[^<>\s]{1,150}>\s?(menulis|wrote)\s?:", re.I)
_INLINE_ATTRIBUTION = re.compile(r"(pada|on)\s.{5,200}<[^<>\s]{3,200}>\s?(menulis|wrote):\s{2,}\S", re.I)
_DATE_ATTRIBUTION = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\s.{0,200}<[^<>]{3,200}>\s?:")
_HEADER_FROM = re.compile(r"\W{0,3}(from|dari)\s?\*?\s?:", re.I)
_HEADER_SENT = re.compile(r"\W{0,3}(sent|dikirim)\s?\*?\s?:", re.I)
_HEADER_MORE = re.compile(r"\W{0,3}(sent|dikirim|date|tanggal|to|kepada|ke|subject|subjek|perihal|cc)\s?\*?\s?:", re.I)
_DEVICE_KINDS = (
    r"(my |saya )?(iphone|ipad|ios|android|samsung|galaxy|xiaomi|redmi|oppo|vivo|realme|huawei|blackberry|yahoo|outlook"
    r"|gmail|windows|proton|mail|email|surel|perangkat|ponsel|hp|handphone|telepon|smartphone|mobile|phone|aplikasi)"
)
_DEVICE = re.compile(
    rf"(dikirim (dari|dengan|melalui)|terkirim dari|sent (from|with|via)) {_DEVICE_KINDS}\b.{{0,80}}"
    r"|(dapatkan outlook (untuk|bagi)|get outlook for|unduh outlook) .{1,60}",
    re.I,
)
_RULE = re.compile(r"[_\-=*]{8,}")


def is_forwarding_subject(subject: str) -> bool:
    """Whether a subject says that its mail passes another one on ("Fwd: …", "Trs: …")."""
    return bool(_FORWARDING_SUBJECT.match(subject[:200]))


def is_reply_subject(subject: str) -> bool:
    """Whether a subject says that its mail answers one ("Re: …", "Bls: …")."""
    return bool(_REPLY_SUBJECT.match(subject[:200]))


def forwards(text: str) -> bool:
    """Whether the text passes a message on: such a line outside quotations, above any quoted reply."""
    page = _Page.of(text.strip())
    return page.forward_at < len(page.lines) and page.forward_at <= _first_cut(page, replying=False)


def visible_reply(text: str, *, forwarded: bool = False, replying: bool = False) -> str:
    """The part a person wrote. Forwarded messages and answers between quoted lines are kept whole.

    `forwarded` says that the subject announces a forward, `replying` that the headers show an answer: then a block of
    "Dari/Kepada/Perihal" lines is taken for a quotation, which in a new mail may as well be a letter's head. Never ""
    for a text that is not blank: then the whole text is returned.
    """
    whole = text.replace("\r\n", "\n").strip()
    if forwarded:
        return whole
    page = _Page.of(whole)
    cut = _first_cut(page, replying=replying)
    if page.forward_at <= cut and page.forward_at < len(page.lines):
        return whole
    kept = page.lines[:cut]
    _drop_trailing(kept)
    return "\n".join(_without_signature(kept)).strip() or "\n".join(kept).strip() or whole


@dataclass(frozen=True, slots=True)
class _Page:
    """Lines of a text, with what the cut must know about all of them, gathered once."""

    lines: list[str]
    short: list[str]
    next_quoted: list[int]
    last_quoted: int
    last_answer: int
    ends_quoted: bool
    forward_at: int

    @classmethod
    def of(cls, text: str) -> "_Page":
        lines = text.split("\n")
        short = [line[:MAX_LINE].strip() for line in lines]
        next_quoted = [len(lines)] * (len(lines) + 1)
        for index in range(len(lines) - 1, -1, -1):
            next_quoted[index] = index if short[index].startswith(">") else next_quoted[index + 1]
        quoted = [index for index, line in enumerate(short) if line.startswith(">")]
        last_quoted = quoted[-1] if quoted else -1
        answers = (index for index in range(last_quoted, -1, -1) if short[index] and not short[index].startswith(">"))
        after = next((line for line in short[last_quoted + 1 :] if line), "")
        return cls(
            lines=lines,
            short=short,
            next_quoted=next_quoted,
            last_quoted=last_quoted,
            last_answer=next(answers, -1),
            ends_quoted=not after or after == "--" or bool(_RULE.fullmatch(after) or _DEVICE.fullmatch(after)),
            forward_at=next((index for index, line in enumerate(short) if _FORWARD.fullmatch(line)), len(lines)),
        )

    def only_quoted_below(self, index: int) -> bool:
        """Whether everything after line `index` is quoted; text between or after quotes is an answer, to be kept."""
        if index >= self.last_quoted:
            return True  # mail programs that quote without marks put nothing new below
        return self.ends_quoted and self.last_answer < self.next_quoted[index + 1]


def _first_cut(page: _Page, *, replying: bool) -> int:
    """The index of the first line of the quoted message; the number of lines when there is none."""
    for index, line in enumerate(page.short):
        if not line:
            continue
        if len(line) < 80 and _MARKER_WORDS in line.lower():
            return _above_marker(page, index)
        if _ORIGINAL.fullmatch(line) or _header_block(page, index, replying=replying):
            return index
        if _is_attribution(page, index) and page.only_quoted_below(index):
            return index
    return len(page.lines)


def _above_marker(page: _Page, index: int) -> int:
    """The marker is often quoted right below its attribution, which goes with it."""
    for start in range(max(0, index - ATTRIBUTION_LINES - 1), index):
        if _is_attribution(page, start) or _header_block(page, start, replying=True):
            return start
    return index


def _header_block(page: _Page, index: int, *, replying: bool) -> bool:
    """Outlook's block: From: with at least two more header lines right below."""
    if not _HEADER_FROM.match(page.short[index]):
        return False
    below = page.short[index + 1 : index + 1 + HEADER_LINES]
    if sum(bool(_HEADER_MORE.match(line)) for line in below) < 2:
        return False
    ruled = any(_RULE.fullmatch(line) for line in page.short[max(0, index - 2) : index])
    sent = any(_HEADER_SENT.match(line) for line in below)
    return replying or ruled or sent or "@" in page.short[index]


def _is_attribution(page: _Page, index: int) -> bool:
    """ "On ... wrote:", perhaps wrapped over a few lines."""
    first = page.short[index].lstrip("> ")
    if _DATE_ATTRIBUTION.fullmatch(first) or _NAME_ATTRIBUTION.fullmatch(first):
        return True
    if _INLINE_ATTRIBUTION.match(first):
        return True  # Yahoo on telephones puts the quoted message on the same line
    if not _STARTS_ATTRIBUTION.match(first):
        return False
    joined = ""
    for line in page.short[index : index + ATTRIBUTION_LINES]:
        if not line:
            return False
        joined = f"{joined} {line}".strip()
        if _ENDS_ATTRIBUTION.search(joined[-60:]):
            return any(mark.isdigit() or mark == "@" for mark in joined)
    return False


def _drop_trailing(lines: list[str]) -> None:
    """Quoted, blank, rule and device lines at the end say nothing new."""
    while lines:
        short = lines[-1][:MAX_LINE].strip()
        if short and not short.startswith(">") and not _DEVICE.fullmatch(short) and not _RULE.fullmatch(short):
            return
        lines.pop()


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at the standard delimiter "-- ", when it is in the last part of the text."""
    for index in range(len(lines) - 1, max(0, len(lines) - SIGNATURE_LINES), -1):
        if lines[index] in {"-- ", "--"}:
            kept = lines[:index]
            _drop_trailing(kept)
            return kept
    return lines
