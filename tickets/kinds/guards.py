"""Conditions of transitions beyond state and party. Each returns the reason of a refusal, or None."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.choices import ChangeType
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket
from tickets.models.work import Merge, Task

if TYPE_CHECKING:
    from tickets.actors import Actor

REOPEN_WORKING_DAYS = 10
UNDO_MERGE_WITHIN = timedelta(hours=24)


def not_new(ticket: Ticket, actor: "Actor") -> str | None:
    if ticket.state == "new":
        return _("Tiket ini belum ditugaskan. Pakai tombol Tugaskan.")
    return None


def not_restricted(ticket: Ticket, actor: "Actor") -> str | None:
    if ticket.is_restricted:
        return _("Tiket rahasia tidak dapat didisposisi ke perangkat daerah.")
    return None


def not_own_ticket(ticket: Ticket, actor: "Actor") -> str | None:
    if actor.contact_id == ticket.requester_id:
        return _("Pemohon tidak boleh memutuskan permintaannya sendiri.")
    return None


def merge_can_be_undone(ticket: Ticket, actor: "Actor") -> str | None:
    """Only the last merge, and within a day: later both tickets have grown together."""
    merge = Merge.objects.filter(source_id=ticket.pk, undone_at=None).select_related("target__merged_into").first()
    if merge is None:
        return _("Tiket ini tidak sedang digabung.")
    if timezone.now() - merge.at > UNDO_MERGE_WITHIN:
        return _("Penggabungan hanya dapat dibatalkan dalam 24 jam. Tautkan kedua tiket, atau buat tiket baru.")
    if merge.target.merged_into:
        return _("%(target)s sudah digabung lagi ke %(survivor)s. Batalkan penggabungan itu dahulu.") % {
            "target": merge.target.number,
            "survivor": merge.target.merged_into.number,
        }
    return None


def approval_required(ticket: Ticket, actor: "Actor") -> str | None:
    if not (ticket.service and ticket.service.needs_approval):
        return _("Layanan ini tidak memerlukan persetujuan. Tugaskan saja langsung.")
    return None


def tasks_done(ticket: Ticket, actor: "Actor") -> str | None:
    if Task.objects.filter(ticket_id=ticket.pk, state=Task.State.OPEN).exists():
        return _("Masih ada tugas yang belum selesai. Selesaikan atau batalkan tugas itu dahulu.")
    return None


def approved_when_required(ticket: Ticket, actor: "Actor") -> str | None:
    """A request of a service that needs approval is worked on only after it, however it came to where it is."""
    from tickets.approvals import rounds

    if not (ticket.service and ticket.service.needs_approval):
        return None
    if ticket.state == "new" or (ticket.state != "approved" and not rounds.is_approved(ticket)):
        return _("Layanan ini memerlukan persetujuan. Minta persetujuan dahulu.")
    return None


def not_approved_yet(ticket: Ticket, actor: "Actor") -> str | None:
    """Work under way is sent to the approvers only when its approval is missing."""
    from tickets.approvals import rounds

    if ticket.state != "new" and rounds.is_approved(ticket):
        return _("Permintaan ini sudah disetujui.")
    return None


def not_rejected(ticket: Ticket, actor: "Actor") -> str | None:
    """What was refused does not become work by being reopened."""
    from tickets.approvals import rounds

    last = rounds.latest(ticket)
    if ticket.service and ticket.service.needs_approval and last is not None and not rounds.is_approved(ticket):
        return _("Permintaan ini tidak disetujui. Buat permintaan baru dan sebutkan nomor ini.")
    return None


def approvers_exist(ticket: Ticket, actor: "Actor") -> str | None:
    """Every step of the approval has people who may decide it."""
    from tickets.approvals import voters

    return voters.refusal(ticket)


def reopen_in_time(ticket: Ticket, actor: "Actor") -> str | None:
    """From closed, a ticket is reopened within ten working days; later a new ticket is opened."""
    from tickets.clocks import default_calendar

    if ticket.closed_at is None:
        return None
    last = default_calendar().add_working_days(ticket.closed_at, REOPEN_WORKING_DAYS)
    if timezone.now() > last:
        return _("Tiket sudah ditutup lebih dari %(days)d hari kerja. Buat tiket baru dan sebutkan nomor ini.") % {
            "days": REOPEN_WORKING_DAYS
        }
    return None


def change_detail(ticket: Ticket) -> ChangeDetail:
    return ChangeDetail.objects.filter(ticket_id=ticket.pk).first() or ChangeDetail(ticket_id=ticket.pk)


def four_eyes(ticket: Ticket, actor: "Actor") -> str | None:
    """Who asked for or implements a change may not approve it."""
    from tickets.approvals import voters

    if actor.user is None or actor.user.pk in voters.involved_in(ticket):
        return _("Pengusul dan pelaksana perubahan tidak boleh memutuskan persetujuannya.")
    return not_own_ticket(ticket, actor)


def has_valid_vote(ticket: Ticket, actor: "Actor") -> str | None:
    """At least one vote that this person may decide is not one of a person who has since got a part in the work."""
    from tickets.approvals import rounds

    if actor.user is None or not rounds.castable(ticket, actor.user).exists():
        return _("Penyetuju yang Anda wakili kini pengusul atau pelaksana. Minta petugas mengulangi persetujuan.")
    return None


def implementer_is_not_approver(ticket: Ticket, actor: "Actor") -> str | None:
    from tickets.approvals import rounds

    approver_id = change_detail(ticket).approved_by_id
    if actor.user and (approver_id == actor.user.pk or rounds.approved_by(ticket, actor.user)):
        return _("Penyetuju perubahan tidak boleh melaksanakannya sendiri.")
    return None


def _is_assessed(detail: ChangeDetail) -> bool:
    return all([detail.risk, detail.plan, detail.back_out_plan, detail.test_plan])


def assessed_unless_emergency(ticket: Ticket, actor: "Actor") -> str | None:
    detail = change_detail(ticket)
    if detail.change_type == ChangeType.EMERGENCY or _is_assessed(detail):
        return None
    return _("Perubahan normal harus dikaji dahulu: risiko, rencana, pengembalian, dan uji.")


def standard_when_not_approved(ticket: Ticket, actor: "Actor") -> str | None:
    if ticket.state == "submitted" and change_detail(ticket).change_type != ChangeType.STANDARD:
        return _("Hanya perubahan standar yang boleh dijadwalkan tanpa persetujuan.")
    return None


def assessment_complete(ticket: Ticket, actor: "Actor") -> str | None:
    detail = change_detail(ticket)
    if detail.change_type == ChangeType.STANDARD or _is_assessed(detail):
        return None
    return _("Lengkapi kajian perubahan darurat ini sebelum menutupnya.")
