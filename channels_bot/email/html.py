"""HTML of mail: cleaned for the screen, and turned into text. Bounded for any input."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from channels_bot.email import markup, sanitizing

MAX_HTML = 1_000_000
SMALL = 20_000
"""Up to here HTML is cleaned in this process: even the worst nesting of this size takes milliseconds."""
CLEAN_SECONDS = 3
MAX_NESTING = 2_000
"""More tags left open than this is no mail of a person; it is not worth the seconds."""
MAX_QUOTE = 3
"""Levels of quotation shown with marks; deeper ones look like the third."""

REST_IS_QUOTED = ("divrplyfwdmsg", "appendonsend")
QUOTED_INSIDE = ("moz-cite-prefix", "yahoo_quoted", "gmail_attr", "protonmail_quote", "mail-editor-reference")
_LINES = {"div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "center", "form", "tbody", "thead"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre", "hr"}
_MAY_STAY_OPEN = {
    "br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "source",
    "p", "li", "td", "tr", "th", "dt", "dd", "option",
}  # fmt: skip
_MARKED = {"div", "span", "p", "blockquote", "table", "hr", "section"}
_BAR = " | "
_MARKS = re.compile("|".join(("blockquote", "gmail_quote", *REST_IS_QUOTED, *QUOTED_INSIDE)), re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff\u034f\u00ad]")
_BLANKS = re.compile(r"[ \t\r\n\f\v\xa0]+")


@dataclass(frozen=True, slots=True)
class Marked:
    """The text outside what the mail program marked as quoted, and whether something new follows a quotation."""

    text: str
    answers_below: bool


def clean(html: str) -> str:
    """The safe subset: no script, style, form or remote image; images inside the mail (cid:) stay.

    "" when the HTML is too large, or cannot be cleaned in time: hostile nesting makes any HTML5 parser quadratic, so
    larger mail is cleaned in a process that can be killed.
    """
    if not html.strip() or len(html) > MAX_HTML:
        return ""
    if len(html) <= SMALL:
        return sanitizing.sanitize(html)
    if _nesting(html) > MAX_NESTING:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and file; the mail is only its input
            [sys.executable, "-P", str(Path(sanitizing.__file__).resolve())],
            input=html.encode("utf-8", "replace"),
            capture_output=True,
            timeout=CLEAN_SECONDS,
            check=True,
        )
    except (subprocess.SubprocessError, OSError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _nesting(html: str) -> int:
    """The largest surplus of opening over closing tags, apart from those that may stay open in honest HTML."""
    depth = deepest = 0
    for token in markup.read(html):
        if isinstance(token, markup.Tag) and token.name not in _MAY_STAY_OPEN:
            depth = max(0, depth + (-1 if token.closing else 1))
            deepest = max(deepest, depth)
    return deepest


def to_text(html: str) -> str:
    """Readable text: links as "text (address)", lists with dashes, cells with bars, quotations with ">" marks."""
    return _build(html, drop_quotes=False).result()


def has_marks(html: str) -> bool:
    """Whether a mail program may have marked a quoted message."""
    return bool(_MARKS.search(html))


def marked_reply(html: str) -> Marked:
    """As `to_text`, without what the mail program marked as the quoted message."""
    builder = _build(html, drop_quotes=True)
    return Marked(builder.result(), builder.answers_below)


def _build(html: str, *, drop_quotes: bool) -> "_TextBuilder":
    builder = _TextBuilder(drop_quotes)
    for token in markup.read(html[:MAX_HTML]):
        if isinstance(token, markup.Text):
            builder.text(token.text)
        elif token.closing:
            builder.close(token.name)
        else:
            builder.open(token)
        if builder.stopped:
            break
    return builder


class _TextBuilder:
    """Lines of text from tags and texts; every step costs constant time."""

    def __init__(self, drop_quotes: bool) -> None:
        self.drop_quotes = drop_quotes
        self.stopped = self.answers_below = False
        self.lines: list[str] = []
        self.line: list[str] = []
        self.breaks = self.quote = self.pre = 0
        self.lists: list[int] = []
        self.indent = ""
        self.in_cell = self.in_row = False
        self.link, self.link_text = "", ""
        self.skipped, self.skip_depth = "", 0
        self.gmail_depth, self.quoted_before = 0, False

    def result(self) -> str:
        self._end_line()
        return "\n".join(self.lines).strip()

    def text(self, data: str) -> None:
        if self._hidden():
            return
        data = _INVISIBLE.sub("", data)
        if self.pre:
            first, *others = data.split("\n")
            self._words(first)
            for other in others:
                self.breaks += 1
                self._words(other)
            return
        words = _BLANKS.sub(" ", data)
        if words == " " and "\xa0" in data and not self.line:
            self.breaks += 1  # the empty line of Outlook and of editors
            return
        self._words(words)

    def _words(self, words: str) -> None:
        if not words.strip():
            if words and self.line and not self.breaks:
                self.line.append(" ")
            return
        if self.quoted_before and not self.quote:
            self.answers_below = True
        self._break()
        self.line.append(words)
        if self.link and len(self.link_text) < 2_000:
            self.link_text += words

    def open(self, tag: markup.Tag) -> None:
        name = tag.name
        if self.skipped:
            self.skip_depth += name == self.skipped
            return
        if self.drop_quotes and name in _MARKED and self._begins_quote(tag):
            return
        self.gmail_depth += bool(self.gmail_depth) and name == "div"
        if name == "br":
            self.breaks += 1
        elif name == "blockquote":
            self._quote(1)
        elif name == "a":
            self.link, self.link_text = tag.attributes().get("href", "")[:2_000].strip(), ""
        elif name in {"td", "th"}:
            self._cell()
        elif name == "li":
            self._item()
        elif name in {"ul", "ol"}:
            self.breaks = max(self.breaks, 1 if self.lists else 2)
            self.lists = [*self.lists[-5:], 1 if name == "ol" else 0]
        elif name in _PARAGRAPHS:
            outlook = name == "p" and "msonormal" in tag.source.lower()
            self._block(1 if outlook or self.in_cell or self.lists else 2)
            self.pre += name == "pre"
        elif name in _LINES:
            self._block(1)

    def close(self, name: str) -> None:
        if self.skipped:
            self.skip_depth -= name == self.skipped
            if self.skip_depth <= 0:
                self.skipped, self.quoted_before = "", True
            return
        if self.gmail_depth and name == "div":
            self.gmail_depth -= 1
            self.quoted_before = self.quoted_before or not self.gmail_depth
        if name == "blockquote":
            self._quote(-1)
        elif name == "a":
            self._end_link()
        elif name in {"ul", "ol"}:
            self.lists = self.lists[:-1]
            self._block(1 if self.lists else 2)
        elif name in _PARAGRAPHS:
            if name == "pre" and self.pre:
                self._end_line()
                self.pre -= 1
            self._block(1 if self.in_cell or self.lists else 2)
        elif name in _LINES:
            self._block(1)
        if name in {"tr", "table"}:
            self.in_cell = self.in_row = False

    def _begins_quote(self, tag: markup.Tag) -> bool:
        attributes = tag.attributes()
        marks = f"{attributes.get('id', '')} {attributes.get('class', '')}".lower()
        if any(mark in marks for mark in REST_IS_QUOTED):
            self.stopped = True
            return True
        if tag.name == "blockquote":
            inside = attributes.get("type", "").lower() == "cite" or "gmail_quote" in marks or self.gmail_depth > 0
        else:
            inside = any(mark in marks for mark in QUOTED_INSIDE)
            if tag.name == "div" and "gmail_quote" in marks and not self.gmail_depth:
                self.gmail_depth = 1
                return True
        if inside:
            self.skipped, self.skip_depth = tag.name, 1
            self._block(2)
        return inside

    def _hidden(self) -> bool:
        """In Gmail's frame the attribution stands before the quotation; only what follows that may be an answer."""
        return bool(self.skipped) or (self.gmail_depth > 0 and not self.quoted_before)

    def _block(self, breaks: int) -> None:
        """A block begins or ends; right at the start of a cell it does not leave the row."""
        if not self.in_cell or (self.line and self.line[-1] != _BAR):
            self.breaks = max(self.breaks, breaks)

    def _cell(self) -> None:
        if self.in_row and self.line:
            self.breaks = 0
            self.line.append(_BAR)
        self.in_row = self.in_cell = True

    def _item(self) -> None:
        self._block(1)
        self._break()
        number = self.lists[-1] if self.lists else 0
        if number:
            self.lists[-1] += 1
        self.indent = "  " * max(0, len(self.lists) - 1) + (f"{number}. " if number else "- ")

    def _quote(self, step: int) -> None:
        self._end_line()
        self.quote = max(0, self.quote + step)
        self.breaks = 1

    def _end_link(self) -> None:
        address, shown = self.link, " ".join(self.link_text.split())
        self.link = ""
        if address.startswith(("http://", "https://")) and shown and address.rstrip("/") != shown.rstrip("/"):
            self.line.append(f" ({address})")

    def _break(self) -> None:
        if self.breaks:
            breaks = self.breaks
            self._end_line()
            if breaks > 1 and self.lines and self.lines[-1].strip("> "):
                self.lines.append((">" * min(self.quote, MAX_QUOTE)).strip())

    def _end_line(self) -> None:
        self.breaks = 0
        if not self.line:
            return
        whole = "".join(self.line)
        whole = whole.rstrip() if self.pre else " ".join(whole.split())
        if whole.strip(" |"):
            self.lines.append("> " * min(self.quote, MAX_QUOTE) + self.indent + whole)
        self.line, self.indent = [], ""
