"""Keeping the steps: saving and switching. What has fired is history and is never changed or deleted."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from sla.models import EscalationStep
from tickets import access
from tickets.errors import Forbidden, InvalidInputs, NotVisible

FIELDS = (
    "metric", "kind", "priority", "team", "percent", "offset_minutes", "outside_hours", "notify_assignee",
    "notify_team", "notify_coordinator", "notify_office_head", "reassign_to", "raise_priority", "rule", "is_active",
)  # fmt: skip
ACTIONS = (
    "notify_assignee", "notify_team", "notify_coordinator", "notify_office_head", "reassign_to", "raise_priority",
    "rule",
)  # fmt: skip
MOST_PERCENT = 1000
MOST_MINUTES = 60 * 24 * 60
"""Sixty days before or after the due."""


@transaction.atomic
def save(*, actor: User, pk: int | None = None, **values: Any) -> EscalationStep:
    """Create or change a step; `values` are `FIELDS`. It fires for moments that come from now on.

    A step that has fired stays as it was, switched off, and a new one takes its place. Raises Forbidden, NotVisible or
    InvalidInputs.
    """
    _authorise(actor)
    before = None if pk is None else _locked(pk)
    step = EscalationStep(**values)
    check(step)
    if before is not None and all(getattr(before, name) == getattr(step, name) for name in FIELDS):
        return before
    if before is not None and before.escalation_set.exists():
        before.is_active = False
        before.save(update_fields=["is_active"])
    elif before is not None:
        step.pk = before.pk
    _announce(step)
    step.save(force_update=step.pk is not None, force_insert=step.pk is None)
    return step


@transaction.atomic
def switch(*, actor: User, pk: int, on: bool) -> EscalationStep:
    """Turn a step on or off. Turned on again, it does not make up for what it missed."""
    _authorise(actor)
    step = _locked(pk)
    if step.is_active != on:
        step.is_active = on
        if on:
            check(step)
            _announce(step)
        step.save()
    return step


def _announce(step: EscalationStep) -> None:
    step.active_since = timezone.now()
    step.needs_planning = step.is_active


def check(step: EscalationStep) -> None:
    """Raise InvalidInputs, with the sentences under the fields, when the step cannot work."""
    errors = _moment_errors(step) | _action_errors(step)
    if errors:
        raise InvalidInputs(_("Langkah belum dapat disimpan. Periksa bagian yang ditandai."), errors)


def _moment_errors(step: EscalationStep) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if (step.percent is None) == (step.offset_minutes is None):
        errors["amount"] = [_("Pilih satu saat: persen target, atau menit dari tenggat.")]
    elif step.percent is not None and not 1 <= step.percent <= MOST_PERCENT:
        errors["amount"] = [_("Persen antara 1 dan %(most)d.") % {"most": MOST_PERCENT}]
    elif step.offset_minutes is not None and abs(step.offset_minutes) > MOST_MINUTES:
        errors["amount"] = [_("Paling jauh %(most)d menit (60 hari) dari tenggat.") % {"most": MOST_MINUTES}]
    if step.outside_hours and step.percent is not None:
        errors["outside_hours"] = [_("Persen target selalu jam kerja. Pilih menit sebelum atau sesudah tenggat.")]
    return errors


def _action_errors(step: EscalationStep) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not any(getattr(step, name) for name in ACTIONS):
        errors["notify_assignee"] = [_("Pilih paling sedikit satu tindakan.")]
    if step.reassign_to and (step.reassign_to.is_confidential or not step.reassign_to.is_active):
        errors["reassign_to"] = [_("Pilih tim aktif yang menangani tiket biasa.")]
    if step.reassign_to and step.reassign_to_id == step.team_id:
        errors["reassign_to"] = [_("Tiket sudah di tim ini. Pilih tim lain.")]
    if step.rule and not step.rule.is_active:
        errors["rule"] = [_("Aturan ini sedang mati. Nyalakan dulu, atau pilih aturan lain.")]
    return errors


def _authorise(actor: User) -> None:
    if not access.may_automate(actor):
        raise Forbidden(_("Langkah eskalasi diatur koordinator meja layanan dan administrator."))


def _locked(pk: int) -> EscalationStep:
    step = EscalationStep.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if step is None:
        raise NotVisible(_("Langkah eskalasi tidak ditemukan."))
    return step
