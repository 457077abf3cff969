"""The choice of targets for many tickets at once, with the rows read beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from accounts.models import Office
from sla import calendars
from sla.models import CalendarUse, Policy
from sla.policies import ChosenTarget, Facts, by_weight, chosen_from, fits


def current_policies() -> list[Policy]:
    """Every policy in force with what its words and targets need; two queries."""
    found = Policy.objects.filter(is_active=True, valid_until=None).select_related("service", "team", "calendar")
    return list(found.prefetch_related("targets"))


@dataclass(slots=True)
class UsualCalendars:
    """`sla.calendars.calendar_of` for many tickets: at most three queries, whatever their number."""

    teams: dict[int, int] = field(default_factory=dict)
    offices: dict[int, int] = field(default_factory=dict)
    parents: dict[int, int | None] = field(default_factory=dict)
    default: int | None = None

    @classmethod
    def read(cls) -> "UsualCalendars":
        uses = list(CalendarUse.objects.values_list("team_id", "office_id", "calendar_id"))
        offices = {office: calendar for _team, office, calendar in uses if office}
        return cls(
            teams={team: calendar for team, _office, calendar in uses if team},
            offices=offices,
            parents=dict(Office.objects.values_list("pk", "parent_id")) if offices else {},
            default=calendars.default_calendar_id(),
        )

    def of(self, team_id: int | None, office_id: int | None) -> int | None:
        if team_id is not None and team_id in self.teams:
            return self.teams[team_id]
        office = self.office_with_calendar(office_id)
        return self.offices[office] if office is not None else self.default

    def office_with_calendar(self, office_id: int | None) -> int | None:
        """The nearest office from this one up that works by a calendar of its own."""
        seen: set[int] = set()
        while office_id is not None and office_id not in seen:
            if office_id in self.offices:
                return office_id
            seen.add(office_id)
            office_id = self.parents.get(office_id)
        return None


@dataclass(slots=True)
class Chooser:
    """Targets among a fixed set of policies; equal facts are decided once."""

    policies: Sequence[Policy]
    usual: UsualCalendars
    _known: dict[tuple[Facts, int | None], dict[str, ChosenTarget]] = field(default_factory=dict)

    def targets(self, facts: Facts) -> dict[str, ChosenTarget]:
        """Metric → target. The office counts for the calendar alone."""
        calendar_id = self.usual.of(facts.team_id, facts.office_id)
        bare = Facts(
            facts.kind, facts.priority, facts.service_id, facts.requester_class, facts.complaint_class, facts.team_id
        )
        key = (bare, calendar_id)
        if key not in self._known:
            found = by_weight(policy for policy in self.policies if fits(policy, bare))
            self._known[key] = chosen_from(found, calendar_id)
        return self._known[key]
