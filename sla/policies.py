"""Which target holds for a ticket: the most specific matching policy of those in force when it was opened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from sla.calendars import calendar_of
from sla.models import Policy

WEIGHTS = {
    "team_id": 32, "service_id": 16, "complaint_class": 8, "requester_class": 4, "priority": 2, "kind": 1,
}  # fmt: skip
"""A filled-in condition outweighs all less specific ones together, so two different policies never tie by weight."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What policies look at. Facts a ticket does not have are "" or None.

    `opened_at` chooses among the versions of a policy; None asks for those that hold for a ticket opened now.
    """

    kind: str
    priority: int
    service_id: int | None = None
    requester_class: str = ""
    complaint_class: str = ""
    team_id: int | None = None
    office_id: int | None = None
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChosenTarget:
    """The target of one metric with the policy it came from: minutes or working days, exactly one is set."""

    metric: str
    policy_id: int
    policy_name: str
    calendar_id: int
    minutes: int | None
    working_days: int | None


def weight(policy: Policy) -> int:
    return sum(points for name, points in WEIGHTS.items() if getattr(policy, name) not in ("", None))


def fits(policy: Policy, facts: Facts) -> bool:
    """Whether every filled-in condition of the policy holds, and this version covers the ticket. Pure."""
    return (
        policy.is_active
        and in_force(policy, facts.opened_at)
        and policy.team_id in (None, facts.team_id)
        and policy.service_id in (None, facts.service_id)
        and policy.complaint_class in ("", facts.complaint_class)
        and policy.requester_class in ("", facts.requester_class)
        and policy.priority in (None, facts.priority)
        and policy.kind in ("", facts.kind)
    )


def in_force(policy: Policy, opened_at: datetime | None) -> bool:
    """Whether this version holds for tickets opened at that instant (None: now)."""
    if opened_at is None:
        return policy.valid_until is None
    since, until = policy.valid_from, policy.valid_until
    return (since is None or since <= opened_at) and (until is None or opened_at < until)


def by_weight(policies: Iterable[Policy]) -> list[Policy]:
    """Most specific first."""
    return sorted(policies, key=lambda policy: (-weight(policy), policy.pk or 0))


def matching(facts: Facts) -> list[Policy]:
    """Active policies that fit, most specific first; each with its targets prefetched."""
    candidates = Policy.objects.filter(
        Q(is_active=True)
        & (Q(team_id=None) | Q(team_id=facts.team_id))
        & (Q(service_id=None) | Q(service_id=facts.service_id))
        & Q(kind__in=["", facts.kind])
    )
    return by_weight(policy for policy in candidates.prefetch_related("targets") if fits(policy, facts))


def targets_for(facts: Facts) -> dict[str, ChosenTarget]:
    """Metric → target. A metric missing in the most specific policy is taken from the next that names it."""
    return chosen_from(matching(facts), calendar_of(facts.team_id, facts.office_id))


def chosen_from(policies: Sequence[Policy], usual_calendar_id: int | None) -> dict[str, ChosenTarget]:
    """The targets of policies that fit, in the order of their weight. Pure, given policies with their targets."""
    chosen: dict[str, ChosenTarget] = {}
    for policy in policies:
        calendar_id = policy.calendar_id or usual_calendar_id
        if calendar_id is None:
            continue
        for target in policy.targets.all():
            chosen.setdefault(
                target.metric,
                ChosenTarget(target.metric, policy.pk, policy.name, calendar_id, target.minutes, target.working_days),
            )
    return chosen
