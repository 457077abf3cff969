"""Keeping the rules: saving, ordering, removing, and knowing cheaply which events have any."""

from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access
from tickets.errors import Forbidden, InvalidInputs, NotVisible
from tickets.models import AutomationRule

CACHE_KEY = "automation:events"
CACHE_SECONDS = 30
"""How long another process may go on with what it knew, where processes share no cache."""
STEP = 10


def active_events() -> frozenset[str]:
    """The events for which at least one rule is active; asked on every change of a ticket, so it is cached."""
    known = cache.get(CACHE_KEY)
    if known is None:
        known = list(
            AutomationRule.objects.filter(is_active=True).order_by().values_list("event", flat=True).distinct()
        )
        cache.set(CACHE_KEY, known, CACHE_SECONDS)
    return frozenset(known)


def forget_cached() -> None:
    """After a change of rules: now for this transaction, and again when others can see the change."""
    cache.delete(CACHE_KEY)
    transaction.on_commit(lambda: cache.delete(CACHE_KEY))


def _authorise(actor: User) -> None:
    if not access.may_automate(actor):
        raise Forbidden(_("Aturan otomasi diatur koordinator meja layanan dan administrator."))


@transaction.atomic
def save(*, actor: User, pk: int | None = None, **values: Any) -> AutomationRule:
    """Create or change a rule.

    `values`: name, event, conditions, actions, stops, is_active. Raises Forbidden, NotVisible or InvalidInputs (with
    the sentences under `conditions` and `actions`).
    """
    _authorise(actor)
    rule = AutomationRule(position=_next_position()) if pk is None else _locked(pk)
    for name, value in values.items():
        setattr(rule, name, value)
    check(rule)
    rule.save()
    forget_cached()
    return rule


def check(rule: AutomationRule) -> None:
    """Put conditions and actions into canonical form. Raises InvalidInputs."""
    from tickets.automation import actions, conditions

    rule.conditions, wrong_conditions = conditions.clean(rule.conditions)
    rule.actions, wrong_actions = actions.clean(rule.actions)
    errors = {"conditions": wrong_conditions, "actions": wrong_actions}
    if not rule.name.strip():
        errors["name"] = [_("Beri nama aturan ini.")]
    if rule.event not in AutomationRule.Event.values:
        errors["event"] = [_("Pilih kapan aturan ini berjalan.")]
    errors = {name: texts for name, texts in errors.items() if texts}
    if errors:
        raise InvalidInputs(_("Aturan belum dapat disimpan. Periksa bagian yang ditandai."), errors)


@transaction.atomic
def switch(*, actor: User, pk: int, on: bool) -> AutomationRule:
    """Turn a rule on or off."""
    _authorise(actor)
    rule = _locked(pk)
    rule.is_active = on
    rule.save(update_fields=["is_active", "updated_at"])
    forget_cached()
    return rule


@transaction.atomic
def move(*, actor: User, pk: int, up: bool) -> None:
    """Exchange a rule with its neighbour in the order; at the end of the list nothing happens."""
    _authorise(actor)
    order = list(AutomationRule.objects.select_for_update().order_by("position", "pk"))
    place = next((index for index, rule in enumerate(order) if rule.pk == pk), None)
    if place is None:
        raise NotVisible(_("Aturan tidak ditemukan."))
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for index, rule in enumerate(order, start=1):
        rule.position = index * STEP
    AutomationRule.objects.bulk_update(order, ["position"])


@transaction.atomic
def delete(*, actor: User, pk: int) -> str:
    """Remove a rule; what it did stays in the log under its name, which is returned."""
    _authorise(actor)
    rule = _locked(pk)
    rule.delete()
    forget_cached()
    return rule.name


def _locked(pk: int) -> AutomationRule:
    rule = AutomationRule.objects.select_for_update().filter(pk=pk).first()
    if rule is None:
        raise NotVisible(_("Aturan tidak ditemukan."))
    return rule


def _next_position() -> int:
    last = AutomationRule.objects.order_by("-position").values_list("position", flat=True).first()
    return min((last or 0) + STEP, 32_000)
