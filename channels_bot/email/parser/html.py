"""HTML of mail: cleaned for the screen, and turned into text. Both in linear time."""

import subprocess
import sys
from html.parser import HTMLParser

import nh3

MAX_HTML = 1_000_000
SMALL = 20_000
"""Up to here HTML is cleaned in this process: even the worst nesting of this size takes milliseconds."""
CLEAN_SECONDS = 4
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q", "s", "span", "strong", "sub", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
QUOTE_MARKS = (
    "gmail_quote",
    "divrplyfwdmsg",
    "appendonsend",
    "moz-cite-prefix",
    "yahoo_quoted",
    "mail-editor-reference",
)
BLOCKS = {"p", "div", "br", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"}
SILENT = {"script", "style", "head", "title", "template", "noscript"}


def clean(html: str) -> str:
    """The safe subset: no script, style, form or remote image; images inside the mail (cid:) stay.

    "" when the HTML is too large, or cannot be cleaned in time: hostile nesting makes any HTML5 parser quadratic, so
    larger mail is cleaned in a process that can be killed.
    """
    if not html.strip() or len(html) > MAX_HTML:
        return ""
    if len(html) <= SMALL:
        return sanitize(html)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and file; the mail is only its input
            [sys.executable, "-P", __file__],
            input=html.encode("utf-8", "replace"),
            capture_output=True,
            timeout=CLEAN_SECONDS,
            check=True,
        )
    except (subprocess.SubprocessError, OSError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def sanitize(html: str) -> str:
    """`clean` without bounds."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_only_inner_images,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
    )


def _only_inner_images(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if value.startswith("cid:") else None
    return value


class _TextBuilder(HTMLParser):
    """Collects text. With `drop_quotes`, what a mail program marks as the quoted message is left out."""

    def __init__(self, drop_quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.drop_quotes = drop_quotes
        self.parts: list[str] = []
        self.silent = 0
        self.stopped = False
        self.link = ""
        self.link_text_from = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        if self.drop_quotes and self._begins_quote(tag, dict(attrs)):
            self.stopped = True
        if self.silent or self.stopped:
            return
        if tag == "li":
            self.parts.append("\n- ")
        elif tag in {"td", "th"}:
            self.parts.append("\t")
        elif tag in BLOCKS:
            self.parts.append("\n")
        elif tag == "a":
            self.link = dict(attrs).get("href") or ""
            self.link_text_from = len(self.parts)

    def _begins_quote(self, tag: str, attrs: dict[str, str | None]) -> bool:
        marks = f"{attrs.get('id') or ''} {attrs.get('class') or ''}".lower()
        if tag == "blockquote" and ((attrs.get("type") or "").lower() == "cite" or "gmail_quote" in marks):
            return True
        return any(mark in marks for mark in QUOTE_MARKS)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        if self.silent or self.stopped:
            return
        if tag == "a" and self.link:
            shown = "".join(self.parts[self.link_text_from :]).strip()
            address = self.link.removeprefix("mailto:")
            if self.link.startswith(("http://", "https://")) and address.rstrip("/") != shown.rstrip("/"):
                self.parts.append(f" ({address})")
            self.link = ""
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent and not self.stopped:
            self.parts.append(" ".join(data.split(" ")).replace("\r", "").replace("\n", " "))


def to_text(html: str, *, drop_quotes: bool = False) -> str:
    """Readable text of HTML: links as "text (address)", lists with dashes, cells with tabs, at most one blank line."""
    builder = _TextBuilder(drop_quotes)
    try:
        builder.feed(html[: 2 * MAX_HTML])
        builder.close()
    except (AssertionError, ValueError):  # the library's parser gives up on some broken declarations
        builder.parts.append("")
    lines = [" ".join(line.replace("\xa0", " ").split(" ")).strip() for line in "".join(builder.parts).split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(" ".join(line.split()) if "\t" not in line else line.strip())
    return "\n".join(kept).strip()


if __name__ == "__main__":
    sys.stdout.buffer.write(sanitize(sys.stdin.buffer.read().decode("utf-8", "replace")).encode())
