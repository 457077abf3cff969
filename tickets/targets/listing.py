"""The list of policies in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sla.models import Policy
from sla.policies import by_weight
from tickets.choices import Kind
from tickets.targets import words


@dataclass(frozen=True, slots=True)
class Item:
    policy: Policy
    conditions: list[tuple[str, str]]
    targets: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Group:
    """The policies of one kind of ticket, or those for every kind."""

    label: str
    items: list[Item]


def groups(policies: Sequence[Policy], wanted: Mapping[str, Any]) -> list[Group]:
    """By kind, the most specific first; `wanted` has the values of the filters. Groups without a policy are left out.

    A policy is found by its name and by the words of its conditions.
    """
    kinds = [*((kind.value, str(kind.label)) for kind in Kind), ("", _("Semua jenis tiket"))]
    items = [
        Item(policy, words.conditions(policy), words.targets(policy))
        for policy in by_weight(policies)
        if _wanted(policy, wanted)
    ]
    found = [Group(label, [item for item in items if item.policy.kind == kind]) for kind, label in kinds]
    return [group for group in found if group.items]


def _wanted(policy: Policy, wanted: Mapping[str, Any]) -> bool:
    query = str(wanted.get("q") or "").strip().lower()
    text = f"{policy.name} {words.sentence(policy)}".lower()
    metric = wanted.get("metric")
    return (
        query in text
        and wanted.get("kind") in (None, "", policy.kind)
        and (not metric or any(target.metric == metric for target in policy.targets.all()))
    )
