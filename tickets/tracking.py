"""What a visitor without an account may see: the right to one ticket, its receipt, and its history in plain words.

The right is proven once by number and access code. It then lives in the visitor's server-side session, for that
ticket alone, and ends after two idle hours or as soon as the ticket's code is another one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import access, timeline
from tickets.approvals import panel as approvals
from tickets.choices import HoldReason
from tickets.models import Ticket, TimelineEntry

IDLE = timedelta(hours=2)
RECEIPT_LIFE = timedelta(minutes=30)
# The session is written at most this often while somebody reads along.
REFRESH = timedelta(minutes=1)
GRANT = "tracked_ticket"
RECEIPT = "receipt"


def grant(session: SessionBase, ticket: Ticket, at: datetime) -> None:
    """Remember that this visitor proved their right to the ticket. Replaces the right to any other one."""
    session.cycle_key()
    session[GRANT] = {"ticket": ticket.pk, "seal": _seal(ticket), "used": at.timestamp()}


def granted(session: SessionBase, at: datetime) -> Ticket | None:
    """The ticket this visitor may follow, or None; using the right keeps it alive."""
    right = session.get(GRANT)
    if not isinstance(right, dict):
        return None
    idle = timedelta(seconds=at.timestamp() - right["used"])
    related = ("requester", "service", "office", "team")
    ticket = Ticket.objects.select_related(*related).filter(pk=right["ticket"]).first() if idle <= IDLE else None
    if ticket is None or not constant_time_compare(right["seal"], _seal(ticket)):
        revoke(session)
        return None
    if idle >= REFRESH:
        session[GRANT] = {**right, "used": at.timestamp()}
    return ticket


def revoke(session: SessionBase) -> None:
    """Forget the ticket and its receipt, as on leaving a shared computer."""
    session.pop(GRANT, None)
    session.pop(RECEIPT, None)


def _seal(ticket: Ticket) -> str:
    """Ties the right to the access code it was proven with, without keeping the code."""
    return salted_hmac("tickets.tracking", f"{ticket.pk}:{ticket.access_code}", algorithm="sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Number and access code of the report just sent, as the receipt page shows them."""

    number: str
    code: str


def keep_receipt(session: SessionBase, ticket: Ticket, at: datetime) -> None:
    """Keep number and code for the receipt page; the page survives a reload on a bad line."""
    session[RECEIPT] = {"number": ticket.number, "code": ticket.access_code, "at": at.timestamp()}


def receipt(session: SessionBase, at: datetime) -> Receipt | None:
    """The receipt of the last report of this session, for half an hour."""
    kept = session.get(RECEIPT)
    if not isinstance(kept, dict):
        return None
    if at.timestamp() - kept["at"] > RECEIPT_LIFE.total_seconds():
        del session[RECEIPT]
        return None
    return Receipt(kept["number"], kept["code"])


def forget_receipt(session: SessionBase) -> None:
    session.pop(RECEIPT, None)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the public history."""

    at: datetime
    text: str


# Plain words for requesters; a transition that is not named here is told as its new state.
EVENTS = {
    "assign": gettext_lazy("Laporan ditugaskan kepada petugas."),
    "start": gettext_lazy("Petugas mulai menangani."),
    "investigate": gettext_lazy("Petugas mulai menelusuri penyebabnya."),
    "hold": gettext_lazy("Penanganan menunggu."),
    "resume": gettext_lazy("Penanganan dilanjutkan."),
    "resolve": gettext_lazy("Petugas menyatakan selesai."),
    "fulfil": gettext_lazy("Permintaan sudah dipenuhi."),
    "respond": gettext_lazy("Tindak lanjut disampaikan kepada Anda."),
    "close": gettext_lazy("Tiket ditutup."),
    "reopen": gettext_lazy("Tiket dibuka kembali."),
    "cancel": gettext_lazy("Tiket dibatalkan."),
    "verify": gettext_lazy("Laporan diperiksa dan dinyatakan lengkap."),
    "hand_off": gettext_lazy("Laporan diteruskan ke instansi yang berwenang."),
    "archive": gettext_lazy("Laporan diarsipkan."),
    "return_": gettext_lazy("Laporan diperiksa kembali oleh meja layanan."),
    "declare_major": gettext_lazy("Gangguan ini ditangani sebagai gangguan besar."),
    "end_major": gettext_lazy("Gangguan besar dinyatakan berakhir."),
    "submit": gettext_lazy("Diajukan."),
    "ask_approval": gettext_lazy("Permintaan menunggu persetujuan."),
    "approve": gettext_lazy("Permintaan disetujui."),
    "reject": gettext_lazy("Permintaan ditolak."),
    "resubmit": gettext_lazy("Permintaan diperbaiki dan diajukan lagi."),
    "merge": gettext_lazy("Laporan ditangani bersama laporan lain tentang hal yang sama."),
}


def public_history(ticket: Ticket) -> list[Event]:
    """What happened, oldest first, without names of staff, notes or anything internal.

    Messages are left out: the conversation shows them. A merged ticket goes on with what its survivors went through
    since.
    """
    entries = list(access.timeline(ticket, internal=False))
    for above, since in access.path_of(ticket):
        entries += access.timeline(above, internal=False).filter(at__gt=since, code=timeline.TRANSITION)
    return [Event(entry.at, text) for entry in entries if (text := _sentence(entry))]


def _sentence(entry: TimelineEntry) -> str:
    if entry.code == timeline.CREATED:
        return _("Laporan diterima lewat %(channel)s.") % {"channel": entry.get_channel_display()}
    if entry.code == timeline.CONVERTED:
        return _("Laporan kini ditangani sebagai %(kind)s.") % {"kind": entry.changes.get("new_kind", "").lower()}
    if entry.code != timeline.TRANSITION:
        return ""
    changes = entry.changes
    name, office = changes.get("transition", ""), changes.get("office")
    if name == "forward":
        office = office[1] if isinstance(office, list) else _("kantor yang berwenang")
        return _("Laporan diteruskan ke %(office)s.") % {"office": office}
    if name in EVENTS:
        return str(EVENTS[name])
    if changes.get("old_state") == changes.get("new_state"):
        return ""
    return _("Keadaan tiket menjadi “%(state)s”.") % {"state": changes.get("new", "")}


def state_note(ticket: Ticket) -> str:
    """What the state adds to the stage for its requester: a ticket that waits says for whom. Often ""."""
    if ticket.hold_reason == HoldReason.REQUESTER:
        return _("Menunggu jawaban Anda")
    if ticket.hold_reason == HoldReason.THIRD_PARTY:
        return _("Menunggu pihak lain")
    if line := approvals.progress(ticket):
        return line
    said_by_the_stage_bar = {_("Baru"), _("Dikerjakan"), _("Selesai")}
    return "" if ticket.state_label in said_by_the_stage_bar else ticket.state_label
