"""Who gets a ticket that reached a team without a person, by the strategy of the team."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef
from django.utils import timezone

from accounts.models import Absence, Team, TeamMembership, User
from accounts.roles import Role
from tickets import notices, timeline, workflow
from tickets.actors import SYSTEM
from tickets.models import Ticket

Strategy = Team.Strategy
NEVER = datetime.min.replace(tzinfo=UTC)


def fill(ticket: Ticket) -> User | None:
    """Give a locked, saved ticket to whom the strategy of its team picks; None when it stays without a person.

    Restricted tickets never: who works on them is a decision of a named officer. The ticket is fresh afterwards.
    """
    team = ticket.team
    if team is None or team.strategy == Strategy.MANUAL or not team.is_active:
        return None
    if ticket.is_restricted or team.is_confidential or ticket.assignee_id or not ticket.is_open:
        return None
    membership = pick(team, ticket.service_id)
    if membership is None:
        return None
    membership.last_assigned_at = timezone.now()
    membership.save(update_fields=["last_assigned_at"])
    put(ticket, assignee=membership.user)
    return membership.user


def pick(team: Team, service_id: int | None) -> TeamMembership | None:
    """The membership whose turn it is. Its team's memberships are locked, so that two tickets see each other."""
    today = timezone.localdate()
    memberships = TeamMembership.objects.filter(team=team).select_for_update(of=("self",)).order_by("pk")
    everyone = list(memberships)  # locked first, read as they are then
    away = Absence.objects.filter(user=OuterRef("user"), starts_on__lte=today, ends_on__gte=today)
    agents = User.groups.through.objects.filter(user_id=OuterRef("user_id"), group__name=Role.AGENT)
    eligible = list(
        TeamMembership.objects.filter(pk__in=[each.pk for each in everyone], user__is_active=True)
        .filter(Exists(agents), ~Exists(away))
        .select_related("user")
        .order_by("pk")
    )
    if not eligible:
        return None
    if team.strategy == Strategy.ROUND_ROBIN:
        return min(eligible, key=_turn)
    if team.strategy == Strategy.BY_SERVICE and service_id:
        experts = User.expert_in.through.objects.filter(service_id=service_id).values_list("user_id", flat=True)
        known = set(experts)
        eligible = [each for each in eligible if each.user_id in known] or eligible
    loads = open_tickets([each.user_id for each in eligible])
    return min(eligible, key=lambda each: (loads.get(each.user_id, 0), *_turn(each)))


def _turn(membership: TeamMembership) -> tuple[datetime, int]:
    return membership.last_assigned_at or NEVER, membership.pk


def open_tickets(user_ids: Sequence[int]) -> dict[int, int]:
    """User id → number of open tickets assigned to them."""
    rows = Ticket.objects.filter(assignee__in=user_ids, is_open__in=[True]).order_by().values("assignee")
    return {row["assignee"]: row["count"] for row in rows.annotate(count=Count("pk"))}


def put(ticket: Ticket, *, team: Team | None = None, assignee: User | None = None) -> None:
    """Set team or person as the system does, in the way of the machine where it lets the system assign.

    A change of team without a person empties the assignee. The ticket is fresh afterwards.
    """
    locked = workflow.lock(ticket.pk, SYSTEM)
    if assignee is not None and _has_step(locked, assignee):
        inputs: dict[str, Any] = {"assignee": assignee.username, "team": (team or locked.team).code}  # type: ignore[union-attr]
        workflow.perform(locked.pk, "assign", SYSTEM, **inputs)
    else:
        _set(locked, team, assignee)
    ticket.refresh_from_db()


def _has_step(ticket: Ticket, assignee: User) -> bool:
    if ticket.team is None or not ticket.team.members.filter(pk=assignee.pk).exists():
        return False
    return any(info.name == "assign" for info in workflow.available(ticket, SYSTEM))


def _set(ticket: Ticket, team: Team | None, assignee: User | None) -> None:
    before = workflow.snapshot(ticket)
    old_team, old_person = str(ticket.team or ""), ticket.assignee.display_name if ticket.assignee else ""
    if team is not None and team.pk != ticket.team_id:
        ticket.team = team
        ticket.assignee = None
    if assignee is not None:
        ticket.assignee = assignee
    person = ticket.assignee.display_name if ticket.assignee else ""
    changes = {"team": [old_team, str(ticket.team or "")], "assignee": [old_person, person]}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not changes:
        return
    at = timezone.now()
    timeline.record(ticket, code=timeline.CHANGED, actor=SYSTEM, at=at, changes=changes)
    workflow.save(ticket, at)
    notices.after_transition(ticket, "", before, None)
