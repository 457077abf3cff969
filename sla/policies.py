"""Which target holds for a ticket: the most specific matching policy."""

from dataclasses import dataclass

from django.db.models import Q

from sla.calendars import default_calendar_id
from sla.models import Policy

WEIGHTS = {"service_id": 16, "complaint_class": 8, "requester_class": 4, "priority": 2, "kind": 1}
"""A filled-in condition outweighs all less specific ones together, so two different policies never tie by weight."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What policies look at. Facts a ticket does not have are "" or None."""

    kind: str
    priority: int
    service_id: int | None = None
    requester_class: str = ""
    complaint_class: str = ""


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


def matching(facts: Facts) -> list[Policy]:
    """Active policies that fit, most specific first; each with its targets prefetched."""
    fits = (
        Q(is_active=True)
        & (Q(service_id=None) | Q(service_id=facts.service_id))
        & Q(complaint_class__in=["", facts.complaint_class])
        & Q(requester_class__in=["", facts.requester_class])
        & (Q(priority=None) | Q(priority=facts.priority))
        & Q(kind__in=["", facts.kind])
    )
    return sorted(Policy.objects.filter(fits).prefetch_related("targets"), key=lambda p: (-weight(p), p.pk))


def targets_for(facts: Facts) -> dict[str, ChosenTarget]:
    """Metric → target. A metric missing in the most specific policy is taken from the next that names it."""
    chosen: dict[str, ChosenTarget] = {}
    default = default_calendar_id()
    for policy in matching(facts):
        calendar_id = policy.calendar_id or default
        if calendar_id is None:
            continue
        for target in policy.targets.all():
            chosen.setdefault(
                target.metric,
                ChosenTarget(target.metric, policy.pk, policy.name, calendar_id, target.minutes, target.working_days),
            )
    return chosen
