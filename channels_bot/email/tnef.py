"""What Outlook packs into winmail.dat (MS-OXTNEF): files, and the body when the mail has no other.

Read in one pass over the bytes; every length in them is checked against what is there, so that damaged or hostile
files end early with what was found until then.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels_bot.email import charsets

SIGNATURE = 0x223E9F78
MAX_FILES = 200
MAX_PROPERTIES = 2_000

_BODY, _RENDER, _TITLE, _DATA, _ATTACHMENT, _MESSAGE = 0x800C, 0x9002, 0x8010, 0x800F, 0x9005, 0x9003
_PLAIN, _HTML = 0x1000, 0x1013
_FILE_DATA, _SHORT_NAME, _LONG_NAME, _MIME, _CONTENT_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of a value of each fixed type, with its padding."""
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_COUNTED = {_STRING, _UNICODE, _OBJECT, _BINARY}
_NAMED, _MULTIPLE = 0x8000, 0x1000


@dataclass(slots=True)
class File:
    """A file with the facts about it that the package holds; each may be "" or empty."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Package:
    """Everything of use in one winmail.dat."""

    plain: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)


def read(data: bytes) -> Package | None:
    """The contents of a package; None when the bytes are none."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return None
    package = Package()
    for kind, value in _attributes(data):
        if kind == _BODY:
            package.plain = _text(value, _STRING)
        elif kind == _MESSAGE:
            _read_message(package, value)
        elif kind == _RENDER:
            if len(package.files) >= MAX_FILES:
                break
            package.files.append(File())
        elif package.files:
            _read_file(package.files[-1], kind, value)
    package.files = [file for file in package.files if file.content]
    return package


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 9 <= len(data):
        kind, _type, length = struct.unpack_from("<HHI", data, at + 1)
        at += 9
        if at + length > len(data):
            return
        yield kind, data[at : at + length]
        at += length + 2  # a checksum follows


def _read_message(package: Package, value: bytes) -> None:
    for kind, content, type_ in _properties(value):
        if kind == _PLAIN:
            package.plain = _text(content, type_)
        elif kind == _HTML:
            package.html = _text(content, type_)


def _read_file(file: File, kind: int, value: bytes) -> None:
    if kind == _TITLE:
        file.name = file.name or _text(value, _STRING)
    elif kind == _DATA:
        file.content = value
    elif kind == _ATTACHMENT:
        for known, content, type_ in _properties(value):
            if known == _LONG_NAME:
                file.name = _text(content, type_)
            elif known == _SHORT_NAME:
                file.name = file.name or _text(content, type_)
            elif known == _MIME:
                file.content_type = _text(content, type_)
            elif known == _CONTENT_ID:
                file.content_id = _text(content, type_)
            elif known == _FILE_DATA and type_ == _BINARY:
                file.content = file.content or content


def _properties(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(id, first value, type) of the MAPI properties in order; ends where a length does not fit."""
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _number in range(min(count, MAX_PROPERTIES)):
            type_, kind = struct.unpack_from("<HH", data, at)
            at += 4
            if kind >= _NAMED:
                at = _after_name(data, at)
            plain_type = type_ & ~_MULTIPLE
            values = 1
            if type_ & _MULTIPLE or plain_type in _COUNTED:
                (values,) = struct.unpack_from("<I", data, at)
                at += 4
            if plain_type not in _COUNTED:
                at += _SIZES[plain_type] * values
                continue
            for number in range(min(values, MAX_PROPERTIES)):
                (length,) = struct.unpack_from("<I", data, at)
                at += 4
                if at + length > len(data):
                    return
                if number == 0:
                    yield kind, data[at : at + length], plain_type
                at += length + -length % 4
    except (struct.error, KeyError):
        return


def _after_name(data: bytes, at: int) -> int:
    """A named property has a GUID and a number or a string before its value."""
    (is_string,) = struct.unpack_from("<I", data, at + 16)
    if not is_string:
        return at + 24
    (length,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + int(length) + -int(length) % 4


def _text(value: bytes, type_: int) -> str:
    text = charsets.decode(value, "utf-16-le" if type_ == _UNICODE else "")[0]
    if type_ == _UNICODE and "\x00" not in text and not value.startswith(b"\xff\xfe"):
        text = value.decode("utf-16-le", "replace")
    return text.split("\x00", 1)[0].strip()
