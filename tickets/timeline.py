"""Writing and reading the append-only history: codes, their sentences, and the hash chain."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy

from tickets.actors import Actor
from tickets.models import Ticket, TimelineEntry

CREATED = "ticket.created"
TRANSITION = "ticket.transition"
CHANGED = "ticket.changed"
MESSAGE_IN = "message.in"
MESSAGE_OUT = "message.out"
NOTE = "message.note"
ESCALATED = "sla.escalated"
LINKED = "ticket.linked"
DELIVERY_FAILED = "delivery.failed"

SENTENCES = {
    CREATED: gettext_lazy("Tiket dibuat lewat %(channel)s"),
    TRANSITION: gettext_lazy("%(label)s: %(old)s → %(new)s"),
    CHANGED: gettext_lazy("Data tiket diubah: %(fields)s"),
    MESSAGE_IN: gettext_lazy("Pesan dari pelapor"),
    MESSAGE_OUT: gettext_lazy("Balasan kepada pelapor"),
    NOTE: gettext_lazy("Catatan internal"),
    ESCALATED: gettext_lazy("Eskalasi SLA %(metric)s: %(percent)s%% target terpakai"),
    LINKED: gettext_lazy("Ditautkan: %(type)s %(number)s"),
    DELIVERY_FAILED: gettext_lazy("Kiriman %(channel)s gagal: %(error)s"),
}


def record(
    ticket: Ticket, *, code: str, actor: Actor, at: datetime, changes: Mapping[str, Any], public: bool = False
) -> TimelineEntry:
    """Append one entry. The caller holds the row lock of the ticket, so positions have no gaps and no races."""
    last = TimelineEntry.objects.filter(ticket_id=ticket.pk).order_by("-position").values("position", "digest").first()
    position, previous = (last["position"] + 1, last["digest"]) if last else (1, "")
    entry = TimelineEntry(
        ticket_id=ticket.pk,
        position=position,
        code=code,
        actor_user=actor.user,
        actor_name=actor.name[:150],
        channel=actor.channel,
        is_public=public,
        at=at,
        changes=dict(changes),
        previous=previous,
    )
    entry.digest = digest_of(entry)
    entry.save(force_insert=True)
    return entry


def digest_of(entry: TimelineEntry) -> str:
    """SHA-256 over the entry's facts and the previous digest, as canonical JSON."""
    facts = [
        entry.previous,
        entry.ticket_id,
        entry.position,
        entry.code,
        entry.actor_user_id,
        entry.actor_name,
        entry.channel,
        entry.is_public,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.changes,
    ]
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken(ticket_id: int) -> TimelineEntry | None:
    """The first entry of a ticket whose chain does not hold, or None."""
    previous = ""
    entries = TimelineEntry.objects.filter(ticket_id=ticket_id).order_by("position")
    for position, entry in enumerate(entries, start=1):
        if entry.position != position or entry.previous != previous or entry.digest != digest_of(entry):
            return entry
        previous = entry.digest
    return None


def last_position(ticket_id: int) -> int:
    return TimelineEntry.objects.filter(ticket_id=ticket_id).aggregate(last=Max("position"))["last"] or 0


def describe(entry: TimelineEntry) -> str:
    """One Indonesian sentence for the screen."""
    template = SENTENCES.get(entry.code)
    if template is None:
        return entry.code
    changes = {key: value for key, value in entry.changes.items() if isinstance(value, str | int)}
    if entry.code == CREATED:
        changes["channel"] = entry.get_channel_display()
    if entry.code == CHANGED:
        return str(SENTENCES[CHANGED]) % {"fields": _changed_fields(entry.changes)}
    try:
        return str(template) % changes
    except KeyError:
        return entry.code


FIELD_LABELS = {
    "subject": gettext_lazy("perihal"),
    "service": gettext_lazy("layanan"),
    "office": gettext_lazy("perangkat daerah"),
    "impact": gettext_lazy("dampak"),
    "urgency": gettext_lazy("urgensi"),
    "priority": gettext_lazy("prioritas"),
    "confidentiality": gettext_lazy("kerahasiaan"),
    "assets": gettext_lazy("aset"),
    "team": gettext_lazy("tim"),
    "assignee": gettext_lazy("petugas"),
    "kind": gettext_lazy("jenis"),
}


def _changed_fields(changes: Mapping[str, Any]) -> str:
    parts = []
    for name, pair in changes.items():
        if isinstance(pair, list) and len(pair) == 2:
            label = FIELD_LABELS.get(name, name)
            parts.append(f"{label} {pair[0] or '–'} → {pair[1] or '–'}")
    return ", ".join(parts)
