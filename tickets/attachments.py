"""Files of messages: what is accepted, how they are named and stored."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from tickets.models.conversation import Attachment, Message

# Extension → content type we store; anything else is refused on forms and kept only in the raw mail.
ALLOWED = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "txt": "text/plain",
    "log": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "eml": "message/rfc822",
    "p7s": "application/pkcs7-signature",
    "p7m": "application/pkcs7-mime",
    "asc": "application/pgp-signature",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "zip": "application/zip",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "mp4": "video/mp4",
}
SIGNATURES = {
    "pdf": (b"%PDF",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "docx": (b"PK",),
    "xlsx": (b"PK",),
    "pptx": (b"PK",),
    "odt": (b"PK",),
    "ods": (b"PK",),
    "zip": (b"PK",),
}
# Programs and markup, whatever they are called.
DANGEROUS_STARTS = (b"MZ", b"\x7fELF", b"#!", b"<?php", b"<!doctype html", b"<html", b"<script", b"<svg")
INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrived. `content_id` ties an inline image to the HTML of its mail."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


def safe_name(name: str) -> str:
    """A file name without path, control or direction-changing characters, at most 150 characters."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(ch for ch in name if unicodedata.category(ch) not in {"Cc", "Cf", "Co", "Cs"})
    name = _UNSAFE.sub("_", name).strip(" .") or "lampiran"
    path = PurePosixPath(name)
    return name if len(name) <= 150 else path.stem[: 150 - len(path.suffix[:12])] + path.suffix[:12]


def extension(name: str) -> str:
    return PurePosixPath(safe_name(name)).suffix.lower().lstrip(".")


def problem_with(upload: Upload) -> str | None:
    """Why this file is not accepted, as a sentence that says what to do; None when it is fine."""
    name = safe_name(upload.name)
    limit = settings.ATTACHMENT_MAX_BYTES
    if not upload.content:
        return _("Berkas “%(name)s” kosong. Periksa lalu pilih lagi.") % {"name": name}
    if len(upload.content) > limit:
        return _("Berkas “%(name)s” lebih besar dari %(limit)d MB. Perkecil atau bagi menjadi beberapa berkas.") % {
            "name": name,
            "limit": limit // 1024 // 1024,
        }
    kind = extension(name)
    if kind not in ALLOWED:
        return _("Jenis berkas “%(name)s” tidak diterima. Kirim sebagai PDF, gambar, dokumen, atau ZIP.") % {
            "name": name
        }
    head = upload.content[:512].lstrip().lower()
    starts = SIGNATURES.get(kind)
    disguised = starts is not None and not upload.content.startswith(starts)
    if disguised or any(head.startswith(start.lower()) for start in DANGEROUS_STARTS):
        return _("Isi berkas “%(name)s” tidak sesuai dengan jenisnya. Simpan ulang lalu kirim lagi.") % {"name": name}
    return None


def store(message: Message, upload: Upload) -> Attachment:
    """Save an accepted file under a path that tells nothing."""
    attachment = Attachment(
        message=message,
        name=safe_name(upload.name),
        content_type=ALLOWED.get(extension(upload.name), "application/octet-stream"),
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        content_id=upload.content_id[:255],
    )
    attachment.file.save("file", ContentFile(upload.content), save=False)
    attachment.save()
    return attachment
