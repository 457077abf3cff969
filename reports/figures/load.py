"""What each member of the staff has at hand. Only for those who share out the work, never for judging from afar."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from reports.figures.expressions import metric_is
from reports.figures.measures import IS_RESOLVED
from reports.figures.source import Question
from reports.scope import is_breached, period, visible_tickets
from sla.models import Metric
from tickets.errors import Forbidden
from tickets.models import Ticket

RESULTS = ("open", "resolved", "breached")


@dataclass(frozen=True, slots=True)
class AgentLoad:
    """`open` now, `resolved` within the period; `breached`: of both, those past their deadline of resolution."""

    user_id: int
    name: str
    open: int
    resolved: int
    breached: int


def may_see_agents(user: User) -> bool:
    """Coordinators (of their own teams) and administrators. Being a manager opens nothing here."""
    return user.is_active and (user.has_role(Role.ADMINISTRATOR) or bool(coordinated_teams(user)))


def coordinated_teams(user: User) -> list[int]:
    """The teams whose members' work this person shares out."""
    if not user.has_role(Role.COORDINATOR):
        return []
    return [membership.team_id for membership in user.memberships if membership.is_coordinator]


def agents(question: Question) -> list[AgentLoad]:
    """One row per person who has or resolved something, the most open first. By the ticket's present assignee and team.

    Raises Forbidden for those who may not see it, and ValueError like `tickets_in`.
    """
    open_, resolved = Q(is_open=True), _resolved(question)
    loads: dict[int, dict[str, int]] = {}
    for name, tickets in {"open": _of(question, open_), "resolved": _of(question, resolved)}.items():
        for number in _per_agent(tickets):
            loads.setdefault(number["assignee"], {})[name] = number["n"]
        for number in _per_agent(tickets.filter(_late(question))):
            load = loads[number["assignee"]]
            load["breached"] = load.get("breached", 0) + number["n"]
    names = {user.pk: user.display_name for user in User.objects.filter(pk__in=loads)}
    rows = [AgentLoad(pk, names[pk], *(load.get(name, 0) for name in RESULTS)) for pk, load in loads.items()]
    return sorted(rows, key=lambda row: (-row.open, -row.resolved, row.name))


def _of(question: Question, condition: Q) -> QuerySet[Ticket]:
    """The tickets this person may see by agent. Of restricted ones nothing is told, not even to their officers."""
    user = question.user
    if not may_see_agents(user):
        raise Forbidden(_("Beban petugas hanya untuk koordinator tim dan administrator."))
    tickets = visible_tickets(user, question.filters).filter(condition, is_restricted=False, assignee__isnull=False)
    return tickets if user.has_role(Role.ADMINISTRATOR) else tickets.filter(team__in=coordinated_teams(user))


def _resolved(question: Question) -> Q:
    since, before = period(question.start, question.end)
    return IS_RESOLVED & Q(resolved_at__gte=since, resolved_at__lt=before)


def _late(question: Question) -> Q:
    return metric_is(Metric.RESOLUTION) & is_breached(question.now, "clocks__")


def _per_agent(tickets: QuerySet[Ticket]) -> Any:
    return tickets.order_by().values("assignee").annotate(n=Count("pk"))


def tickets_of_agent(question: Question, user_id: int, result: str) -> QuerySet[Ticket]:
    """Exactly the tickets counted in a figure; `result` is one of RESULTS. Raises ValueError for another."""
    if result not in RESULTS:
        raise ValueError(result)
    open_, resolved = Q(is_open=True), _resolved(question)
    condition = {"open": open_, "resolved": resolved}.get(result, open_ | resolved)
    found = _of(question, condition & Q(assignee=user_id))
    return found.filter(_late(question)) if result == "breached" else found
