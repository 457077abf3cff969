"""SLA policies, escalation steps, the priority matrix and ticket numbering."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from servicedesk.reference.store import Store
from sla import versions
from sla.models import EscalationStep, Policy, PolicyTarget
from sla.replay import Target
from sla.versions import Conditions
from tickets.choices import ComplaintClass, Kind, Level
from tickets.kinds import machine_of
from tickets.models import NumberSequence, PriorityRule


def load(store: Store) -> None:
    document = store.document("kebijakan.toml")
    for kind in (Kind.INCIDENT, Kind.REQUEST, Kind.PROBLEM, Kind.CHANGE):
        for code, targets in document[kind.value].items():
            level = Level.from_code(code)
            name = f"{kind.label} – {_('prioritas %(name)s') % {'name': str(level.label).lower()}}"
            _put_policy(store, name, targets, kind=kind.value, priority=level.value)
    complaint = Kind.COMPLAINT
    _put_policy(store, str(complaint.label), document[complaint.value], kind=complaint.value)
    for code, targets in document["complaint_class"].items():
        name = f"{complaint.label} – {ComplaintClass(code).label}"
        _put_policy(store, name, targets, kind=complaint.value, complaint_class=code)
    _load_steps(store, document["escalation"])
    _load_matrix(store)
    _load_numbering(store)


def _put_policy(store: Store, name: str, amounts: dict[str, Any], **given: Any) -> None:
    """A policy is found by its conditions, so that a renamed one does not come back as a tie.

    What once existed stays as officers made it, also ended or without a target. With `update` the files speak again,
    in a new version: tickets that are open keep what they were promised.
    """
    conditions = Conditions(**given)
    same = Policy.objects.filter(is_active=True, **asdict(conditions))
    current = same.filter(valid_until=None).prefetch_related("targets").first()
    if not store.update:
        if current is not None or same.exists():
            store.tally(Policy).kept += 1
            return
        _first_version(store, name, amounts, conditions)
        return
    before = versions.targets_of(current) if current else {}
    wanted = before | {metric: Target(**amount_of(amount)) for metric, amount in amounts.items()}
    if current is None and not same.exists():
        _first_version(store, name, amounts, conditions)
    elif current is None or (current.name, before) != (name, wanted):
        _next_version(store, current, name, wanted, conditions)
    else:
        store.tally(Policy).kept += 1


def _first_version(store: Store, name: str, amounts: dict[str, Any], conditions: Conditions) -> None:
    """Without a beginning: it holds for tickets of any age."""
    policy, _created = store.put(Policy, {**asdict(conditions), "valid_until": None}, {"name": name})
    for metric, amount in amounts.items():
        store.put(PolicyTarget, {"policy": policy, "metric": metric}, amount_of(amount))


def _next_version(
    store: Store, current: Policy | None, name: str, targets: dict[str, Target], conditions: Conditions
) -> None:
    try:
        versions.publish(
            policy=current,
            conditions=conditions,
            targets=targets,
            calendar=current.calendar if current else None,
            name=name,
            note=_("Disamakan dengan data acuan"),
            by=None,
        )
    except versions.Refused:  # officers gave its name to another policy
        store.tally(Policy).kept += 1
    else:
        store.tally(Policy).updated += 1


def amount_of(amount: int | str) -> dict[str, int | None]:
    """Working minutes as a number, working days as "3d".

    >>> amount_of("3d")
    {'minutes': None, 'working_days': 3}
    """
    if isinstance(amount, int):
        return {"minutes": amount, "working_days": None}
    if not amount.endswith("d"):
        raise ValueError(f'a target is a number of minutes or working days such as "3d", not {amount!r}')
    return {"minutes": None, "working_days": int(amount[:-1])}


def _load_steps(store: Store, rows: list[dict[str, Any]]) -> None:
    """Once steps exist they belong to the officers: a changed percentage is not doubled by the default."""
    if EscalationStep.objects.exists() and not store.update:
        store.tally(EscalationStep).kept += EscalationStep.objects.count()
        return
    for row in rows:
        moment = {name: row.pop(name, None) for name in ("percent", "offset_minutes")}
        priority = Level.from_code(row.pop("priority")).value if "priority" in row else None
        key = {"metric": row.pop("metric", ""), "kind": row.pop("kind", ""), "priority": priority, "team": None}
        step, is_new = store.put(EscalationStep, key | moment, row)
        if is_new and store.update:
            # Tickets that are open already are told of nothing that lies behind them.
            step.active_since, step.needs_planning = timezone.now(), True
            step.save(update_fields=["active_since", "needs_planning"])


def _load_matrix(store: Store) -> None:
    for row in store.table("prioritas.csv"):
        cell = {name: Level.from_code(row[name]).value for name in ("impact", "urgency")}
        store.put(PriorityRule, cell, {"priority": Level.from_code(row["priority"]).value})


def _load_numbering(store: Store) -> None:
    """A row per kind to begin with; those of later years take over the prefix of the newest."""
    for kind in Kind.values:
        if not NumberSequence.objects.filter(kind=kind).exists():
            year = timezone.localdate().year
            store.put(NumberSequence, {"kind": kind, "year": year}, {"prefix": machine_of(kind).PREFIX})
