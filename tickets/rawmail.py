"""The raw form of what arrived, compressed: small ones in the row, large ones in a file of the private storage.

A large one in the row would be in memory several times over while it is written.
"""

import tempfile
import uuid
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files import File
from django.core.files.storage import default_storage

from tickets.models import InboundRecord

MAX_IN_ROW = 1_000_000
CHUNK = 1024 * 1024
LEVEL = 1
"""Most of a large mail is a packed file in base64, which no effort makes much smaller."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a record holds of the raw form: `raw` None when there was none, b"" when it is in the file `name`."""

    raw: bytes | None = None
    name: str = ""


def keep(raw: bytes) -> Kept:
    """Compress the raw form, and put it into the storage when it is large. Raises OSError when the disk refuses."""
    if not raw:
        return Kept()
    if len(raw) <= MAX_IN_ROW:
        return Kept(zlib.compress(raw))
    packer = zlib.compressobj(LEVEL)
    token = uuid.uuid4().hex
    with tempfile.TemporaryFile() as packed:
        for start in range(0, len(raw), CHUNK):
            packed.write(packer.compress(raw[start : start + CHUNK]))
        packed.write(packer.flush())
        packed.seek(0)
        return Kept(b"", default_storage.save(str(PurePosixPath("raw") / token[:2] / token), File(packed)))


def drop(kept: Kept) -> None:
    """Remove the file of a raw form that nothing refers to."""
    if kept.name:
        default_storage.delete(kept.name)


def read(record: InboundRecord) -> bytes:
    """The raw form; b"" when there was none or its time is over."""
    if not record.raw_name:
        return zlib.decompress(record.raw) if record.raw else b""
    try:
        with default_storage.open(record.raw_name) as packed:
            return zlib.decompress(packed.read())
    except FileNotFoundError:
        return b""
