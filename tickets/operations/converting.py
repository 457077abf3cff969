"""Changing what kind of work a ticket is, without losing its number, words, history or clocks."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import SYSTEM, Actor, actor_of
from tickets.choices import ChangeType, ComplaintClass, Kind, Stage
from tickets.errors import Forbidden, InvalidInputs, WrongState
from tickets.kinds import as_kind, machine_of
from tickets.models import ChangeDetail, ComplaintDetail, IncidentDetail, ProblemDetail, Ticket

WORKING = {
    Kind.COMPLAINT: "in_progress",
    Kind.INCIDENT: "in_progress",
    Kind.PROBLEM: "investigating",
    Kind.REQUEST: "in_progress",
    # Work on a change begins with its assessment and approval, however far the old kind had come.
    Kind.CHANGE: "submitted",
}
"""The state of each kind in which a ticket that was being worked on goes on."""


@transaction.atomic
def convert(
    *,
    ticket_id: int,
    actor: Actor | User,
    kind: str,
    complaint_class: str = "",
    change_type: str = "",
    expected_version: int | None = None,
) -> Ticket:
    """Make an open ticket another kind of work; it keeps its number with the old prefix.

    New stays new, work goes on as work, a wait goes on where the new kind can wait. The facts of the old kind are kept,
    the clocks are re-targeted by replay. A request of a service that needs approval asks for it.
    Raises as `workflow.perform` does.
    """
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang mengubah jenis tiket ini."))
    workflow.check_version(ticket, expected_version)
    _check(ticket, kind, complaint_class, change_type)
    at = timezone.now()
    changes = _enter(ticket, kind)
    _add_detail(ticket, who, complaint_class, change_type)
    timeline.record(ticket, code=timeline.CONVERTED, actor=who, at=at, changes=changes, public=True)
    workflow.save(ticket, at)
    if any(info.name == "ask_approval" for info in workflow.available(ticket, SYSTEM) if ticket.kind == Kind.REQUEST):
        ticket = workflow.perform(ticket.pk, "ask_approval", SYSTEM)
    return ticket


def why_not(ticket: Ticket) -> str:
    """Why this ticket cannot change its kind at all now, or ""."""
    if not ticket.is_open:
        return _("Hanya tiket yang masih terbuka yang dapat diubah jenisnya.")
    if ticket.state == "awaiting_approval":
        return _("Tiket ini sedang menunggu persetujuan. Tunggu keputusannya dahulu.")
    if IncidentDetail.objects.filter(ticket_id=ticket.pk, is_major=True).exists():
        return _("Gangguan besar tidak dapat diubah jenisnya. Nyatakan dahulu bahwa gangguan besar ini berakhir.")
    if ticket.kind == Kind.CHANGE and ticket.state not in ("draft", "submitted", "assessed"):
        return _("Perubahan yang sudah disetujui tidak dapat dijadikan jenis lain. Buat tiket baru dan tautkan.")
    return ""


def _check(ticket: Ticket, kind: str, complaint_class: str, change_type: str) -> None:
    reason = why_not(ticket)
    if reason:
        raise WrongState(reason)
    errors: dict[str, list[str]] = {}
    if kind not in Kind.values or kind == ticket.kind:
        errors["kind"] = [_("Pilih jenis yang berbeda dari jenis sekarang.")]
    elif kind == Kind.CHANGE and ticket.is_restricted:
        errors["kind"] = [_("Tiket rahasia tidak dapat menjadi perubahan: penilai perubahan tidak boleh melihatnya.")]
    if kind == Kind.COMPLAINT and complaint_class not in ComplaintClass.values:
        errors["complaint_class"] = [_("Pilih golongan pengaduan.")]
    if kind == Kind.CHANGE and change_type not in ChangeType.values:
        errors["change_type"] = [_("Pilih jenis perubahan.")]
    if errors:
        raise InvalidInputs(next(iter(errors.values()))[0], errors)


def _enter(ticket: Ticket, kind: str) -> dict[str, Any]:
    """Put the locked ticket into the machine of another kind; returns what the timeline keeps."""
    old_machine, old_state, old_kind = machine_of(ticket.kind), ticket.state, ticket.kind
    state = _state_in(kind, ticket)
    ticket.kind = kind
    # The state is protected against everything but the transitions of one machine; this is the door between two.
    del ticket.__dict__["state"]
    ticket.state = state
    as_kind(ticket)
    machine = machine_of(kind)
    ticket.stage = machine.stage_of(state)
    if ticket.stage == Stage.WAITING:
        ticket.resume_state = WORKING[Kind(kind)]
    else:
        ticket.hold_reason = ticket.resume_state = ""
    return {
        "kind": [str(Kind(old_kind).label), str(Kind(kind).label)],
        "old_kind": str(Kind(old_kind).label),
        "new_kind": str(Kind(kind).label),
        "old": str(old_machine.label_of(old_state)),
        "new": str(machine.label_of(state)),
        "old_state": old_state,
        "new_state": state,
    }


def _state_in(kind: str, ticket: Ticket) -> str:
    machine = machine_of(kind)
    unapproved = kind == Kind.REQUEST and ticket.service is not None and ticket.service.needs_approval
    if ticket.stage == Stage.NEW or unapproved:
        return machine.INITIAL
    if ticket.stage == Stage.WAITING and ticket.hold_reason and "on_hold" in machine.STATES:
        return "on_hold"
    return WORKING[Kind(kind)]


def _add_detail(ticket: Ticket, actor: Actor, complaint_class: str, change_type: str) -> None:
    """The facts of the new kind; those of an earlier time as this kind come back."""
    if ticket.kind == Kind.COMPLAINT:
        ComplaintDetail.objects.update_or_create(ticket_id=ticket.pk, defaults={"complaint_class": complaint_class})
    elif ticket.kind == Kind.CHANGE:
        ChangeDetail.objects.update_or_create(
            ticket_id=ticket.pk, defaults={"change_type": change_type, "requested_by": actor.user}
        )
    elif ticket.kind == Kind.INCIDENT:
        IncidentDetail.objects.get_or_create(ticket_id=ticket.pk)
    elif ticket.kind == Kind.PROBLEM:
        ProblemDetail.objects.get_or_create(ticket_id=ticket.pk)
