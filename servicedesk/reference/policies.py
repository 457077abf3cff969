"""SLA policies, escalation steps, the priority matrix and ticket numbering."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from servicedesk.reference.store import Store
from sla.models import EscalationStep, Policy, PolicyTarget
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


def _put_policy(store: Store, name: str, targets: dict[str, Any], **conditions: Any) -> None:
    """A policy is found by its conditions, so that a renamed one does not come back as a tie.

    Targets are filled in with a new policy only: one that an officer removed stays removed.
    """
    every = {"kind": "", "priority": None, "service": None, "requester_class": "", "complaint_class": ""}
    policy, created = store.put(Policy, every | conditions, {"name": name})
    if not created and not store.update:
        return
    for metric, amount in targets.items():
        store.put(PolicyTarget, {"policy": policy, "metric": metric}, amount_of(amount))


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
        store.put(EscalationStep, {"metric": row.get("metric", ""), "percent": row["percent"]}, {})


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
