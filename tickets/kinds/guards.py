"""Conditions of transitions beyond state and party. Each returns the reason of a refusal, or None."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.choices import ChangeType
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor

REOPEN_WORKING_DAYS = 10


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


def approval_required(ticket: Ticket, actor: "Actor") -> str | None:
    if not (ticket.service and ticket.service.needs_approval):
        return _("Layanan ini tidak memerlukan persetujuan. Tugaskan saja langsung.")
    return None


def approved_when_required(ticket: Ticket, actor: "Actor") -> str | None:
    """A request of a service that needs approval leaves `new` only through approval."""
    if ticket.state == "new" and ticket.service and ticket.service.needs_approval:
        return _("Layanan ini memerlukan persetujuan. Minta persetujuan dahulu.")
    return None


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
    user_id = actor.user.pk if actor.user else None
    detail = change_detail(ticket)
    if user_id is None or user_id in {detail.requested_by_id, detail.implemented_by_id, ticket.assignee_id}:
        return _("Pengusul dan pelaksana perubahan tidak boleh memutuskan persetujuannya.")
    return not_own_ticket(ticket, actor)


def implementer_is_not_approver(ticket: Ticket, actor: "Actor") -> str | None:
    approver_id = change_detail(ticket).approved_by_id
    if approver_id is not None and actor.user and approver_id == actor.user.pk:
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
