"""A report being written in a chat: what is known already, what to ask next.

Kept as JSON in `TelegramChat.draft`:
started, touched (ISO times), nonce, kind, is_kind_sure, confidentiality ("" not asked yet), service and office (ids, 0
for none; absent while not asked), items ([{"id", "text", "files", "album"}], one for each message of the person), seen
(ids of all messages of the person since the start), asking (what the last question was), paused.
"""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.models import Contact, Office
from catalog.models import Service
from tickets.choices import Confidentiality, Kind

Draft = dict[str, Any]

LIFETIME = timedelta(days=1)
MOST_FILES = 10
MOST_SEEN = 100
SHOWN = 8
LEAST_LETTERS = 4
"""Shorter words are too common to propose a service by."""

# Words by which a kind is proposed. The person decides; the first list that matches wins.
HINTS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.COMPLAINT,
        re.compile(
            r"\b(pungli|pungutan|suap|gratifikasi|korupsi|calo|mengadu|pengaduan|aduan|keluhan|antre\w*|antri\w*|"
            r"dipersulit|tidak ramah|oknum)\b"
        ),
    ),
    (
        Kind.INCIDENT,
        re.compile(
            r"\b(rusak|mati|padam|error|eror|galat|gagal|lambat|lemot|putus|hilang|macet|terkunci|bocor|virus|"
            r"tidak (bisa|dapat|muncul|jalan|berfungsi)|(gak|ga|nggak|tak) bisa)\b"
        ),
    ),
    (
        Kind.REQUEST,
        re.compile(r"\b(minta|mohon|permohonan|permintaan|butuh|perlu|buatkan|dibuatkan|pasangkan|pinjam|ingin)\b"),
    ),
)


def propose_kind(text: str) -> Kind:
    """The kind a report seems to be, by its words; a disturbance when they do not tell.

    >>> str(propose_kind("Mohon dibuatkan email dinas"))
    'request'
    """
    words = text.lower()
    return next((kind for kind, pattern in HINTS if pattern.search(words)), Kind.INCIDENT)


def new(at: datetime) -> Draft:
    return {
        "started": at.isoformat(),
        "touched": at.isoformat(),
        "nonce": secrets.token_hex(6),
        "kind": Kind.INCIDENT.value,
        "is_kind_sure": False,
        "confidentiality": "",
        "items": [],
        "seen": [],
        "asking": "",
        "paused": False,
    }


def alive(draft: Draft, at: datetime) -> Draft:
    """The draft, or {} when it was left alone for more than a day."""
    touched = parse_datetime(str(draft.get("touched", "")))
    return draft if touched and at - touched <= LIFETIME else {}


def started(draft: Draft) -> datetime:
    return datetime.fromisoformat(draft["started"])


def texts(draft: Draft) -> list[str]:
    return [item["text"] for item in draft["items"] if item["text"]]


def files(draft: Draft) -> list[dict[str, str]]:
    """The files of all its messages, at most MOST_FILES."""
    found: list[dict[str, str]] = [each for item in draft["items"] for each in item["files"]]
    return found[:MOST_FILES]


def has_words(draft: Draft) -> bool:
    return any(item["text"] or item["files"] for item in draft["items"])


def note_seen(draft: Draft, message_id: int) -> None:
    if message_id and message_id not in draft["seen"]:
        draft["seen"] = [*draft["seen"], message_id][-MOST_SEEN:]


def put(draft: Draft, *, message_id: int, text: str, files: list[dict[str, str]], album: str = "") -> None:
    """Add what a message says, or let an edited message say something else."""
    item = {"id": message_id, "text": text, "files": files, "album": album}
    known = [position for position, each in enumerate(draft["items"]) if each["id"] == message_id and message_id]
    if known:
        old = draft["items"][known[0]]
        draft["items"][known[0]] = item | {"files": files or old["files"]}
    else:
        draft["items"] = [*draft["items"], item]


def holds(draft: Draft, message_id: int) -> bool:
    return any(item["id"] == message_id for item in draft["items"])


def next_question(draft: Draft) -> str:
    """What is still missing: "kind", "confidentiality" (of a complaint), "service", "words", else "confirm"."""
    if not draft["is_kind_sure"]:
        return "kind"
    if draft["kind"] == Kind.COMPLAINT and not draft["confidentiality"]:
        return "confidentiality"
    if "service" not in draft:
        return "service"
    return "words" if not has_words(draft) else "confirm"


def is_restricted(draft: Draft) -> bool:
    return draft["confidentiality"] in (Confidentiality.SECRET, Confidentiality.WHISTLEBLOWING)


# Choices


def services(draft: Draft) -> QuerySet[Service]:
    found = Service.objects.filter(status=Service.Status.ACTIVE).order_by("category__position", "name")
    return found.filter(requestable=True) if draft["kind"] == Kind.REQUEST else found


def search_services(draft: Draft, query: str) -> list[Service]:
    """Services whose name or description has every word typed."""
    found = services(draft)
    for word in query.split()[:5]:
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return list(found[:SHOWN])


def proposed_services(draft: Draft) -> list[Service]:
    """Those whose name shares a word with the report first, then the catalogue from its beginning."""
    said = {word for word in re.findall(r"\w+", " ".join(texts(draft)).lower()) if len(word) >= LEAST_LETTERS}
    named = Q()
    for word in sorted(said)[:30]:
        named |= Q(name__icontains=word)
    first = list(services(draft).filter(named)[:SHOWN]) if named else []
    rest = services(draft).exclude(pk__in=[each.pk for each in first])[: SHOWN - len(first)]
    return [*first, *rest]


def offices() -> QuerySet[Office]:
    return Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION).order_by("name")


def search_offices(query: str) -> list[Office]:
    found = offices()
    for word in query.split()[:5]:
        found = found.filter(name__icontains=word)
    return list(found[:SHOWN])


def service_of(draft: Draft) -> Service | None:
    return Service.objects.filter(pk=draft.get("service") or 0).first()


def office_of(draft: Draft, contact: Contact) -> Office | None:
    """The office that was chosen, else the one where the account's person works."""
    if "office" in draft:
        return Office.objects.filter(pk=draft["office"] or 0).first()
    return contact.user.office if contact.user else None
