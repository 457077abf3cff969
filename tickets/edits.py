"""Changes of a ticket's facts that are not transitions."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.choices import RESTRICTED, Confidentiality, Level
from tickets.errors import Forbidden, InvalidInputs
from tickets.models import Ticket
from tickets.priorities import priority_of

EDITABLE = {"subject", "service", "office", "impact", "urgency", "priority", "confidentiality", "assets"}
RANK = [
    Confidentiality.NORMAL,
    Confidentiality.ANONYMOUS,
    Confidentiality.SECRET,
    Confidentiality.WHISTLEBLOWING,
]


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
    matrix), confidentiality (needs `reason` when lowered), assets (list). Raises as `workflow.perform` does.
    """
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang mengubah data tiket ini."))
    workflow.check_version(ticket, expected_version)
    unknown = set(fields) - EDITABLE
    if unknown:
        raise InvalidInputs(_("Ada isian yang tidak dikenal."), {name: [_("Tidak dikenal.")] for name in unknown})
    changes = _apply(ticket, fields, priority_reason.strip(), reason.strip())
    if not changes:
        return ticket
    at = timezone.now()
    timeline.record(ticket, code=timeline.CHANGED, actor=who, at=at, changes=changes)
    workflow.save(ticket, at)
    return ticket


def _apply(ticket: Ticket, fields: dict[str, Any], priority_reason: str, reason: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "assets" in fields:
        _set_assets(ticket, fields.pop("assets"), changes)
    if "confidentiality" in fields:
        _set_confidentiality(ticket, fields.pop("confidentiality"), reason, changes)
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


def _set_confidentiality(ticket: Ticket, value: str, reason: str, changes: dict[str, Any]) -> None:
    if value == ticket.confidentiality:
        return
    lowered = RANK.index(Confidentiality(value)) < RANK.index(Confidentiality(ticket.confidentiality))
    if lowered and not reason:
        raise InvalidInputs(
            _("Menurunkan kerahasiaan memerlukan alasan."),
            {"reason": [_("Tulis alasan penurunan kerahasiaan.")]},
        )
    _set(ticket, "confidentiality", value, changes)
    if reason:
        changes["reason"] = reason
    restricted = value in RESTRICTED
    if restricted != ticket.is_restricted:
        ticket.is_restricted = restricted
        ticket.assignee = None
        whistle = value == Confidentiality.WHISTLEBLOWING
        ticket.team = (access.whistleblowing_team() if whistle else access.secret_team()) if restricted else None


def _set_assets(ticket: Ticket, assets: list[Any], changes: dict[str, Any]) -> None:
    old = set(ticket.assets.values_list("code", flat=True))
    new = {asset.code for asset in assets}
    if old != new:
        ticket.assets.set(assets)
        changes["assets"] = [", ".join(sorted(old)), ", ".join(sorted(new))]
