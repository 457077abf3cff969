"""HTML as a stream of texts and tags, in linear time for any input.

The standard library's HTMLParser starts its search for the end of a tag, comment or declaration again at every "<",
which takes hours for a megabyte of unfinished tags. This reader remembers what it has not found.
"""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TAG = 20_000
FAILURES = 20
"""So many tags may end inside a quote before quotes are no longer looked at: each costs a search of MAX_TAG."""
_MARK = re.compile(r"<(?:(/?)([a-zA-Z][^\s/>]{0,60})|!--|[!?/])")
_TAG_END = re.compile(r"""(?:[^"'>]++|(?<=[=\s])"[^"]*+"|(?<=[=\s])'[^']*+'|["'])*+>""")
_ATTRIBUTE = re.compile(
    r"""(?:^|(?<=[\s"'/]))(id|class|type|href)\s{0,5}=\s{0,5}("[^"]*+"|'[^']*+'|[^\s"'>]{1,2000})|"[^"]*+"|'[^']*+'""",
    re.IGNORECASE,
)
_RAW_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title")}


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, with entities replaced."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening or closing tag. `source` is what stands between its name and its end."""

    name: str
    closing: bool
    source: str = ""

    def attributes(self) -> dict[str, str]:
        """Those of id, class, type and href that stand in the first 4,000 characters, entities replaced."""
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(self.source[:4_000]):
            if match.group(1):
                value = match.group(2)
                value = value[1:-1] if value[0] in "\"'" else value
                found.setdefault(match.group(1).lower(), unescape(value))
        return found


def read(html: str) -> Iterator[Text | Tag]:
    """Texts and tags in order. Comments, declarations, scripts, styles and titles are left out."""
    at, failures, no_comment_end = 0, 0, False
    last_end = html.rfind(">")
    while (mark := _MARK.search(html, at)) is not None and mark.end() <= last_end:
        if mark.start() > at:
            yield Text(unescape(html[at : mark.start()]))
        if mark.group() == "<!--" and not no_comment_end:
            end = html.find("-->", mark.end() - 2)
            no_comment_end = end < 0
            at = mark.end() if no_comment_end else end + 3
            continue
        finished = None
        if mark.group(2) and failures < FAILURES:
            finished = _TAG_END.match(html, mark.end(), mark.end() + MAX_TAG)
            failures += finished is None
        end = finished.end() - 1 if finished else html.find(">", mark.end())
        at = end + 1
        if mark.group(2):
            tag = Tag(mark.group(2).lower(), bool(mark.group(1)), html[mark.end() : end])
            yield tag
            if tag.name in _RAW_ENDS and not tag.closing:
                at = _after_raw(html, at, tag.name)
    if at < len(html):
        yield Text(unescape(html[at:]))


def _after_raw(html: str, at: int, name: str) -> int:
    """Where a script, style or title ends. An unfinished title hides nothing; the others hide the rest."""
    end = _RAW_ENDS[name].search(html, at)
    if end is not None:
        return end.start()
    return at if name == "title" else len(html)


def unescape(text: str) -> str:
    """Entities replaced; as it is when the library refuses one (a number of thousands of digits)."""
    try:
        return entities.unescape(text)
    except ValueError:
        return text
