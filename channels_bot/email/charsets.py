"""Bytes to text when the declared charset may be missing, unknown or wrong. Never raises; linear in the bytes."""

import codecs
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")
# Codecs that are no charset of mail: slow on hostile input, or they interpret escapes.
_REFUSED = {"idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape", "mbcs"}
# The name people's programs write → the charset they mean.
_MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}
_UNMARKED = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CUT_CHARACTER = 4
"""Bytes of the longest character, which a cut may have split."""


def decode(data: bytes, charset: str = "", *, cut: bool = False) -> tuple[str, bool]:
    """The text of `data`, and whether its charset had to be guessed against what was declared.

    Tries the declared charset, then UTF-8, then Windows-1252 with replacement. `cut` says that the bytes end at an
    arbitrary place, so a broken last character is no sign of a wrong charset. The result holds no lone surrogates.
    """
    codec = _codec(charset, data)
    if codec == "cp1252" and not data.isascii():
        # Western charsets decode anything, so valid UTF-8 under such a name is what it looks like.
        candidates = ["utf-8", "cp1252", "latin-1"]
    else:
        candidates = [codec, "utf-8"] if codec else ["utf-8"]
    for candidate in dict.fromkeys(candidates):
        text = _strict(data, candidate, cut=cut)
        if text is not None:
            return _storable(text), bool(charset) and candidate != (codec or charset.strip().lower())
    return _storable(_damaged(data)), True


def _codec(charset: str, data: bytes) -> str:
    """The canonical codec for a declared charset; "" when it is unknown, refused or cannot be meant."""
    name = charset.strip().strip("\"'").strip()
    if not _NAME.fullmatch(name):
        return ""
    try:
        canonical = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    if canonical in _REFUSED or (canonical in _UNMARKED and b"\x00" not in data and not data.startswith(_BOMS)):
        return ""
    return _MEANT.get(canonical, canonical)


def _strict(data: bytes, codec: str, *, cut: bool) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        if cut and error.start >= len(data) - _CUT_CHARACTER:
            return _strict(data[: error.start], codec, cut=False)
        return None
    except (LookupError, ValueError):  # codecs of bytes (hex, zlib) or "undefined"
        return None


def _damaged(data: bytes) -> str:
    """Mostly valid UTF-8 keeps its good characters; anything else is read as Windows-1252."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - len(text.encode("ascii", "ignore")) - broken
    return text if whole > broken else data.decode("cp1252", "replace")


def _storable(text: str) -> str:
    text = text.removeprefix("\ufeff")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
