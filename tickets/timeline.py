"""Writing and reading the append-only history: codes, their sentences, and the hash chain."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext, gettext_lazy

from core.templatetags.ui import waktu
from sla.models import Metric
from tickets.actors import Actor
from tickets.models import Ticket, TimelineEntry

CREATED = "ticket.created"
TRANSITION = "ticket.transition"
CHANGED = "ticket.changed"
MESSAGE_IN = "message.in"
MESSAGE_OUT = "message.out"
MESSAGE_EDITED = "message.edited"
RATED = "ticket.rated"
NOTE = "message.note"
ESCALATED = "sla.escalated"
ESCALATION_REFUSED = "sla.escalation_refused"
RECOMPUTED = "sla.recomputed"
LINKED = "ticket.linked"
DELIVERY_FAILED = "delivery.failed"
EXPORTED = "ticket.exported"
MERGED = "ticket.merged"
ABSORBED = "ticket.absorbed"
UNMERGED = "ticket.unmerged"
RELEASED = "ticket.released"
CONVERTED = "ticket.converted"
SPLIT = "ticket.split"
SPLIT_FROM = "ticket.split_from"
UNLINKED = "ticket.unlinked"
TAGGED = "ticket.tagged"
UNTAGGED = "ticket.untagged"
WATCHED = "ticket.watched"
UNWATCHED = "ticket.unwatched"
TASK_ADDED = "task.added"
TASK_DONE = "task.done"
TASK_CANCELLED = "task.cancelled"
TASK_ASSIGNED = "task.assigned"
TIME_SPENT = "time.spent"
TIME_REMOVED = "time.removed"
APPROVAL_ASKED = "approval.asked"
APPROVAL_VOTED = "approval.voted"
APPROVAL_DELEGATED = "approval.delegated"
APPROVAL_RECALLED = "approval.recalled"
APPROVAL_REMINDED = "approval.reminded"
APPROVAL_OVERDUE = "approval.overdue"
ANALYSED = "problem.analysed"
INCIDENTS_RESOLVED = "problem.incidents_resolved"
MAJOR_REMINDED = "major.reminded"
RISK_OVERRIDDEN = "change.risk_overridden"
WINDOW_SET = "change.window_set"
CONFLICT_OVERRIDDEN = "change.conflict_overridden"
IMPLEMENTATION_LOGGED = "change.logged"

SENTENCES = {
    CREATED: gettext_lazy("Tiket dibuat lewat %(channel)s"),
    TRANSITION: gettext_lazy("%(label)s: %(old)s → %(new)s"),
    CHANGED: gettext_lazy("Data tiket diubah: %(fields)s"),
    ANALYSED: gettext_lazy("Akar masalah atau solusi sementara diperbarui"),
    INCIDENTS_RESOLVED: gettext_lazy("Gangguan tertaut: %(count)d diselesaikan, %(kept_count)d tetap terbuka"),
    MAJOR_REMINDED: gettext_lazy("Koordinator diingatkan: kabar gangguan besar sudah waktunya"),
    RISK_OVERRIDDEN: gettext_lazy("Risiko %(level)s dipakai, menurut skor %(score)d: %(by_score)s. Alasan: %(reason)s"),
    WINDOW_SET: gettext_lazy("Waktu pelaksanaan: %(new)s"),
    CONFLICT_OVERRIDDEN: gettext_lazy("Tetap dijadwalkan meski berbenturan. %(conflicts)s Alasan: %(reason)s"),
    IMPLEMENTATION_LOGGED: gettext_lazy("Catatan pelaksanaan: %(text)s"),
    MESSAGE_IN: gettext_lazy("Pesan dari pelapor"),
    MESSAGE_OUT: gettext_lazy("Balasan kepada pelapor"),
    NOTE: gettext_lazy("Catatan internal"),
    MESSAGE_EDITED: gettext_lazy("Pesan diubah penulisnya"),
    RATED: gettext_lazy("Pelapor memberi nilai %(score)d dari 4"),
    ESCALATED: gettext_lazy("Eskalasi SLA %(metric)s: %(moment)s%(late)s"),
    ESCALATION_REFUSED: gettext_lazy("Tindakan eskalasi tidak dijalankan: %(action)s. %(reason)s"),
    RECOMPUTED: gettext_lazy("Tenggat dihitung ulang. %(moves)s. Sebab: %(reason)s"),
    LINKED: gettext_lazy("Ditautkan: %(type)s %(number)s"),
    DELIVERY_FAILED: gettext_lazy("Kiriman %(channel)s gagal: %(error)s"),
    EXPORTED: gettext_lazy("Berkas perkara dicetak (%(variant)s)"),
    MERGED: gettext_lazy("Digabung ke %(number)s"),
    ABSORBED: gettext_lazy("Menerima penggabungan %(number)s: %(messages)d pesan, %(tasks)d tugas"),
    UNMERGED: gettext_lazy("Penggabungan ke %(number)s dibatalkan"),
    RELEASED: gettext_lazy("%(number)s dipisahkan kembali dari tiket ini"),
    CONVERTED: gettext_lazy("Jenis diubah: %(old_kind)s → %(new_kind)s, keadaan %(old)s → %(new)s"),
    SPLIT: gettext_lazy("Satu pesan dijadikan tiket baru %(number)s"),
    SPLIT_FROM: gettext_lazy("Dipisahkan dari %(number)s"),
    UNLINKED: gettext_lazy("Tautan dilepas: %(type)s %(number)s"),
    TAGGED: gettext_lazy("Diberi label %(tag)s"),
    UNTAGGED: gettext_lazy("Label %(tag)s dilepas"),
    WATCHED: gettext_lazy("%(person)s mengamati tiket ini"),
    UNWATCHED: gettext_lazy("%(person)s berhenti mengamati tiket ini"),
    TASK_ADDED: gettext_lazy("Tugas ditambahkan: %(title)s"),
    TASK_DONE: gettext_lazy("Tugas selesai: %(title)s"),
    TASK_CANCELLED: gettext_lazy("Tugas tidak jadi: %(title)s"),
    TASK_ASSIGNED: gettext_lazy("Tugas “%(title)s” untuk %(person)s"),
    TIME_SPENT: gettext_lazy("Waktu kerja %(minutes)d menit"),
    TIME_REMOVED: gettext_lazy("Catatan waktu kerja %(minutes)d menit dihapus"),
    APPROVAL_ASKED: gettext_lazy("Persetujuan diminta (putaran %(round)d). %(steps)s"),
    APPROVAL_VOTED: gettext_lazy("%(decision)s pada langkah “%(step)s”%(behalf)s"),
    APPROVAL_DELEGATED: gettext_lazy("Keputusan pada langkah “%(step)s” dilimpahkan kepada %(person)s"),
    APPROVAL_RECALLED: gettext_lazy("Pelimpahan keputusan pada langkah “%(step)s” ditarik kembali"),
    APPROVAL_REMINDED: gettext_lazy("Penyetuju langkah “%(step)s” diingatkan"),
    APPROVAL_OVERDUE: gettext_lazy("Langkah persetujuan “%(step)s” lewat tenggat"),
}


Link = tuple[int, str]
"""Position and digest of an entry, to which the next one is chained."""

NO_HISTORY: Link = (0, "")
"""What the first entry of a ticket is chained to."""


def link_of(entry: TimelineEntry) -> Link:
    return entry.position, entry.digest


def record(
    ticket: Ticket,
    *,
    code: str,
    actor: Actor,
    at: datetime,
    changes: Mapping[str, Any],
    public: bool = False,
    after: Link | None = None,
) -> TimelineEntry:
    """Append one entry. The caller holds the row lock of the ticket, so positions have no gaps and no races,

    and saves the ticket afterwards, which then knows how long its history is. `after`: the last entry, where the
    caller has just written it or made the ticket; else it is read.
    """
    position, previous = after or _last_link(ticket.pk)
    position += 1
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
    ticket.history_length = position
    return entry


def _last_link(ticket_id: int) -> Link:
    entries = TimelineEntry.objects.filter(ticket_id=ticket_id).order_by("-position")
    return entries.values_list("position", "digest").first() or NO_HISTORY


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


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
    return hashlib.sha256(_CANONICAL.encode(facts).encode()).hexdigest()


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
    if entry.code == APPROVAL_VOTED:
        changes["behalf"] = gettext(", atas nama %(name)s") % {"name": changes["behalf"]} if changes["behalf"] else ""
    if entry.code == ESCALATED and "moment" not in changes:  # entries from before steps had other moments than shares
        share = gettext("%(percent)d%% target terpakai") % {"percent": changes["percent"]}
        changes |= {"moment": share, "late": ""}
    if entry.code == RECOMPUTED:
        changes["moves"] = _moved_dues(entry.changes)
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
    "complaint_class": gettext_lazy("golongan"),
    "external_number": gettext_lazy("nomor SP4N-LAPOR"),
    "team": gettext_lazy("tim"),
    "assignee": gettext_lazy("petugas"),
    "kind": gettext_lazy("jenis"),
    "watchers": gettext_lazy("pengamat"),
    "tags": gettext_lazy("label"),
}


def _changed_fields(changes: Mapping[str, Any]) -> str:
    parts = []
    for name, pair in changes.items():
        if isinstance(pair, list) and len(pair) == 2:
            label = FIELD_LABELS.get(name, name)
            parts.append(f"{label} {pair[0] or '–'} → {pair[1] or '–'}")
    return ", ".join(parts)


def _moved_dues(changes: Mapping[str, Any]) -> str:
    """`Penyelesaian 25 Nov 2026 09.30 WIB → 26 Nov 2026 09.30 WIB` for each clock; "–" for none yet."""
    parts = []
    for metric, *dues in changes["dues"]:
        old, new = (waktu(datetime.fromisoformat(due)) if due else "–" for due in dues)
        parts.append(f"{Metric(metric).label} {old} → {new}")
    return "; ".join(parts)
