"""Changes of a ticket's facts that are not transitions."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, creation, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.choices import CONCEALING, RESTRICTED, STRICTNESS, ComplaintClass, Confidentiality, Kind, Level
from tickets.errors import Forbidden, InvalidInputs
from tickets.models import ComplaintDetail, Ticket
from tickets.priorities import priority_of

OF_COMPLAINTS = {"complaint_class", "external_number"}
EDITABLE = OF_COMPLAINTS | {
    "subject", "service", "office", "impact", "urgency", "priority", "confidentiality", "assets",
}  # fmt: skip


@transaction.atomic
def change(
    *,
    ticket_id: int,
    actor: Actor | User,
    expected_version: int | None = None,
    priority_reason: str = "",
    reason: str = "",
    **fields: Any,
) -> Ticket:
    """Change facts; clocks are re-targeted by replay, and the timeline keeps old and new values.

    `fields`: subject, service, office, impact, urgency, priority (needs `priority_reason` when it differs from the
    matrix), confidentiality (needs `reason` when lowered), assets (list), and of complaints complaint_class (which
    decides the deadline) and external_number. Raises as `workflow.perform` does.
    """
    from tickets import automation

    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang mengubah data tiket ini."))
    workflow.check_version(ticket, expected_version)
    unknown = set(fields) - (EDITABLE if ticket.kind == Kind.COMPLAINT else EDITABLE - OF_COMPLAINTS)
    if unknown:
        raise InvalidInputs(_("Ada isian yang tidak dikenal."), {name: [_("Tidak dikenal.")] for name in unknown})
    changes = _apply(ticket, who, fields, priority_reason.strip(), reason.strip())
    if not changes:
        return ticket
    at = timezone.now()
    timeline.record(ticket, code=timeline.CHANGED, actor=who, at=at, changes=changes)
    workflow.save(ticket, at)
    automation.after("changed", ticket)
    return ticket


def _apply(ticket: Ticket, actor: Actor, fields: dict[str, Any], priority_reason: str, reason: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "assets" in fields:
        _set_assets(ticket, fields.pop("assets"), changes)
    if OF_COMPLAINTS & fields.keys():
        _set_complaint_facts(ticket, {name: fields.pop(name) for name in OF_COMPLAINTS & fields.keys()}, changes)
    if "confidentiality" in fields:
        _set_confidentiality(ticket, actor, fields.pop("confidentiality"), reason, changes)
    priority = fields.pop("priority", None)
    for name, value in fields.items():
        _set(ticket, name, value, changes)
    if {"impact", "urgency"} & fields.keys() or priority is not None:
        _set_priority(ticket, priority, priority_reason, changes)
    return changes


def _set(ticket: Ticket, name: str, value: Any, changes: dict[str, Any]) -> None:
    old = getattr(ticket, name)
    if old == value:
        return
    show: Callable[[Any], str] = (
        (lambda v: str(Level(v).label)) if name in {"impact", "urgency", "priority"} else (lambda v: str(v or ""))
    )
    setattr(ticket, name, value)
    changes[name] = [show(old), show(value)]


def _set_priority(ticket: Ticket, priority: int | None, reason: str, changes: dict[str, Any]) -> None:
    by_matrix = priority_of(ticket.impact, ticket.urgency)
    wanted = priority or by_matrix
    if wanted != by_matrix and wanted != ticket.priority and not reason:
        raise InvalidInputs(
            _("Prioritas berbeda dari matriks dampak × urgensi."),
            {"priority_reason": [_("Tulis alasan mengapa prioritasnya berbeda dari matriks.")]},
        )
    if wanted != ticket.priority:
        _set(ticket, "priority", wanted, changes)
        if reason:
            changes["priority_reason"] = reason


def _set_confidentiality(ticket: Ticket, actor: Actor, value: str, reason: str, changes: dict[str, Any]) -> None:
    if value == ticket.confidentiality:
        return
    lowered = STRICTNESS.index(Confidentiality(value)) < STRICTNESS.index(Confidentiality(ticket.confidentiality))
    if lowered and not reason:
        raise InvalidInputs(
            _("Menurunkan kerahasiaan memerlukan alasan."),
            {"reason": [_("Tulis alasan penurunan kerahasiaan.")]},
        )
    if lowered and ticket.confidentiality in CONCEALING and not access.allowed(actor, Action.VIEW_IDENTITY, ticket):
        sentence = _("Pelapor meminta namanya dirahasiakan. Hanya petugas rahasia yang dapat menurunkannya.")
        raise InvalidInputs(sentence, {"confidentiality": [sentence]})
    _set(ticket, "confidentiality", value, changes)
    if reason:
        changes["reason"] = reason
    _move_to_officers(ticket)


def _move_to_officers(ticket: Ticket) -> None:
    """Put a ticket whose confidentiality changed where it may be worked on from now on."""
    was_restricted, ticket.is_restricted = ticket.is_restricted, ticket.confidentiality in RESTRICTED
    if ticket.is_restricted:
        whistle = ticket.confidentiality == Confidentiality.WHISTLEBLOWING
        team = access.whistleblowing_team() if whistle else access.secret_team()
        if team is None or team.pk != ticket.team_id:
            ticket.team, ticket.assignee = team, None
            ticket.named_officers.clear()
        creation.name_officers(ticket)
    elif was_restricted:
        ticket.team = ticket.assignee = None


def _set_complaint_facts(ticket: Ticket, facts: dict[str, Any], changes: dict[str, Any]) -> None:
    if facts.get("complaint_class", ComplaintClass.ORDINARY) not in ComplaintClass.values:
        reason = _("Golongan pengaduan tidak dikenal.")
        raise InvalidInputs(reason, {"complaint_class": [reason]})
    detail = ComplaintDetail.objects.filter(ticket_id=ticket.pk).first() or ComplaintDetail(ticket_id=ticket.pk)
    for name, value in facts.items():
        old = getattr(detail, name)
        if old == value:
            continue
        setattr(detail, name, value)
        is_class = name == "complaint_class"
        changes[name] = [str(ComplaintClass(each).label) for each in (old, value)] if is_class else [old, value]
        detail.save()


def _set_assets(ticket: Ticket, assets: list[Any], changes: dict[str, Any]) -> None:
    old = set(ticket.assets.values_list("code", flat=True))
    new = {asset.code for asset in assets}
    if old != new:
        ticket.assets.set(assets)
        changes["assets"] = [", ".join(sorted(old)), ", ".join(sorted(new))]
