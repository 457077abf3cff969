"""What a message of a chat says, whatever kind it is. Pure functions of the raw update."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""Bytes; bots cannot fetch larger files from Telegram."""

# Kind of file, the name it gets when it has none, its content type unless the message says another.
FILES = (
    ("document", "dokumen-{id}.bin", "application/octet-stream"),
    ("voice", "suara-{id}.ogg", "audio/ogg"),
    ("audio", "audio-{id}.mp3", "audio/mpeg"),
    ("video", "video-{id}.mp4", "video/mp4"),
    ("video_note", "video-{id}.mp4", "video/mp4"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a message and its files.

    `files` are {"file_id", "name", "type"} references still to be fetched; `too_large` names what Telegram gives to no
    bot; `album` groups pictures that were sent together.
    """

    text: str = ""
    files: list[dict[str, str]] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)
    album: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.files or self.too_large)


def read(message: Mapping[str, Any], limit: int = DOWNLOAD_LIMIT) -> Content:
    """What the message says; empty for stickers, games and whatever else carries no words.

    `limit`: bytes above which a file is not taken.
    """
    words = [_forwarded(message), str(message.get("text") or message.get("caption") or "").strip()]
    words += [_contact(message), _poll(message), _place(message)]
    references = _files(message)
    fits = [each for each in references if each["size"] <= min(limit, DOWNLOAD_LIMIT)]
    text = "\n".join(filter(None, words[1:]))
    if text or references:
        text = "\n".join(filter(None, [words[0], text]))
    return Content(
        text=text,
        files=[{"file_id": each["file_id"], "name": each["name"], "type": each["type"]} for each in fits],
        too_large=[each["name"] for each in references if each not in fits],
        album=str(message.get("media_group_id") or "")[:64],
    )


def _part(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = message.get(name)
    return part if isinstance(part, Mapping) else {}


def _forwarded(message: Mapping[str, Any]) -> str:
    """Whose words these were, as far as Telegram tells."""
    origin = _part(message, "forward_origin")
    if not origin:
        return ""
    person, chat = _part(origin, "sender_user"), _part(origin, "chat") or _part(origin, "sender_chat")
    name = " ".join(str(person[key]) for key in ("first_name", "last_name") if person.get(key))
    name = name or str(chat.get("title") or origin.get("sender_user_name") or "")
    return _("(Pesan terusan dari %(name)s)") % {"name": name} if name else _("(Pesan terusan)")


def _contact(message: Mapping[str, Any]) -> str:
    contact = _part(message, "contact")
    if not contact:
        return ""
    name = " ".join(str(contact[key]) for key in ("first_name", "last_name") if contact.get(key))
    return _("Kontak: %(name)s, %(phone)s") % {"name": name or "–", "phone": contact.get("phone_number") or "–"}


def _poll(message: Mapping[str, Any]) -> str:
    poll = _part(message, "poll")
    if not poll:
        return ""
    options = poll.get("options")
    texts = [str(each.get("text", "")) for each in options if isinstance(each, Mapping)] if options else []
    return "\n".join([_("Jajak pendapat: %(question)s") % {"question": poll.get("question") or "–"}, *texts])


def _place(message: Mapping[str, Any]) -> str:
    venue = _part(message, "venue")
    place = _part(venue, "location") or _part(message, "location")
    if not place:
        return ""
    text = _("Lokasi: %(lat)s, %(lon)s") % {"lat": place.get("latitude"), "lon": place.get("longitude")}
    named = ", ".join(str(venue[key]) for key in ("title", "address") if venue.get(key))
    return f"{text} ({named})" if named else text


def _files(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """References with `size` in bytes (0 when unknown); of a photo the largest size."""
    stamp = str(message.get("message_id", ""))[:20]
    if photo := message.get("photo"):
        return [_reference(photo[-1], f"foto-{stamp}.jpg", "image/jpeg")]
    for kind, fallback, content_type in FILES:
        if item := message.get(kind):
            name = str(item.get("file_name") or fallback.format(id=stamp))
            return [_reference(item, name, str(item.get("mime_type") or content_type))]
    return []


def _reference(item: Mapping[str, Any], name: str, content_type: str) -> dict[str, Any]:
    size = item.get("file_size")
    return {
        "file_id": str(item["file_id"])[:255],
        "name": name[:200],
        "type": content_type[:150],
        "size": size if isinstance(size, int) else 0,
    }
