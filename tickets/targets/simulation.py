"""What a proposed version would have made of last month's tickets: their stored segments against other targets.

Nothing is written. Both sides are replayed alike: the targets in force now, and the same with the proposal in the
place of the version it replaces.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from sla import calendars
from sla.models import Clock, ClockSegment, Metric, Policy, PolicyTarget
from sla.policies import ChosenTarget, Facts
from sla.replay import ClockState, Run, Segment, Target, replay
from sla.versions import Conditions
from sla.worktime import WorkCalendar
from tickets import access
from tickets.targets.choosing import Chooser, UsualCalendars, current_policies
from tickets.targets.keeping import Proposal

MOST = 2000
EXAMPLES = 5
PROPOSED = 0
"""The key of the proposed version among the policies, which no stored row has."""
TICKET_FIELDS = (
    "pk", "number", "subject", "kind", "priority", "service_id", "requester_class", "team_id", "office_id",
    "complaint_detail__complaint_class",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """Clocks by outcome; one that still runs or waits in time is `open`."""

    met: int = 0
    breached: int = 0
    open: int = 0

    def add(self, state: ClockState) -> None:
        if state == ClockState.BREACHED:
            self.breached += 1
        elif state == ClockState.MET:
            self.met += 1
        else:
            self.open += 1

    @property
    def attainment(self) -> float | None:
        """Percent of the decided clocks that were met."""
        decided = self.met + self.breached
        return 100 * self.met / decided if decided else None


@dataclass(slots=True)
class Line:
    """One metric before and after. Examples are (number, subject)."""

    label: str
    present: Tally = field(default_factory=Tally)
    proposed: Tally = field(default_factory=Tally)
    to_breached: int = 0
    to_met: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    saved: list[tuple[str, str]] = field(default_factory=list)
    unmeasured: int = 0
    """Tickets that would have this target and have no such clock to replay."""

    def add(self, ticket: Any, before: ClockState | None, after: ClockState | None) -> None:
        if before is not None:
            self.present.add(before)
        if after is not None:
            self.proposed.add(after)
        if before is None or after is None:
            return
        was_late, is_late = before == ClockState.BREACHED, after == ClockState.BREACHED
        if is_late and not was_late:
            self.to_breached += 1
            _keep(self.broken, ticket)
        if was_late and not is_late:
            self.to_met += 1
            _keep(self.saved, ticket)


def _keep(examples: list[tuple[str, str]], ticket: Any) -> None:
    example = (ticket.number, ticket.subject)
    if len(examples) < EXAMPLES and example not in examples:
        examples.append(example)


@dataclass(frozen=True, slots=True)
class Simulation:
    """The result for the tickets created from `first` to `last` (dates, both included)."""

    first: date
    last: date
    tickets: int
    is_cut: bool
    lines: list[Line]


def simulate(*, user: User, policy: Policy | None, proposal: Proposal, now: datetime) -> Simulation:
    """Try the proposal in the place of `policy` (None: beside the others) on last month's tickets that it matches.

    Only tickets that exist for `user` count, the newest MOST at most. A constant number of queries.
    """
    first, last = last_month(timezone.localtime(now).date())
    found = list(_matching(user, proposal.conditions, first, last)[: MOST + 1])
    is_cut, tickets = len(found) > MOST, found[:MOST]
    usual, present = UsualCalendars.read(), current_policies()
    kept = [each for each in present if policy is None or each.pk != policy.pk]
    before, after = Chooser(present, usual), Chooser([*kept, _as_policy(proposal)], usual)
    lines = {metric.value: Line(str(metric.label)) for metric in Metric}
    stored = _clocks(tickets)
    loaded = _Calendars()
    for ticket in tickets:
        facts = _facts(ticket)
        old, new = before.targets(facts), after.targets(facts)
        clocks = stored.get(ticket.pk, {})
        for metric, runs in clocks.items():
            for marks in runs:
                line, was, would = lines[metric], old.get(metric), new.get(metric)
                basis = was.calendar_id if was else marks[-1].calendar_id
                line.add(ticket, _state(marks, was, basis, loaded, now), _state(marks, would, basis, loaded, now))
        for metric in proposal.targets:
            lines[metric].unmeasured += metric not in clocks
    shown = [line for metric, line in lines.items() if metric in proposal.targets or _changed(line)]
    return Simulation(first, last, len(tickets), is_cut, shown)


def _changed(line: Line) -> bool:
    return line.present != line.proposed


def last_month(today: date) -> tuple[date, date]:
    """The first and the last date of the month before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _matching(user: User, conditions: Conditions, first: date, last: date) -> QuerySet[Any]:
    zone = timezone.get_current_timezone()
    start = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
    tickets = access.visible_to(user).filter(created_at__gte=start, created_at__lt=end)
    names = {"complaint_class": "complaint_detail__complaint_class"}
    for name in Conditions.__dataclass_fields__:
        value = getattr(conditions, name)
        if value not in ("", None):
            tickets = tickets.filter(**{names.get(name, name): value})
    return tickets.order_by("-created_at", "-pk").values_list(*TICKET_FIELDS, named=True)


def _facts(ticket: Any) -> Facts:
    is_complaint = ticket.kind == "complaint"
    return Facts(
        kind=ticket.kind,
        priority=ticket.priority,
        service_id=ticket.service_id,
        requester_class=ticket.requester_class,
        complaint_class=(ticket.complaint_detail__complaint_class or "") if is_complaint else "",
        team_id=ticket.team_id,
        office_id=ticket.office_id,
    )


def _as_policy(proposal: Proposal) -> Policy:
    """The proposal as a policy that is stored nowhere, with its targets as if prefetched."""
    given = proposal.conditions
    made = Policy(
        pk=PROPOSED,
        name=proposal.name,
        calendar=proposal.calendar,
        **{name: getattr(given, name) for name in Conditions.__dataclass_fields__},
    )
    targets = [
        PolicyTarget(policy=made, metric=metric, minutes=target.minutes, working_days=target.working_days)
        for metric, target in proposal.targets.items()
    ]
    rows = PolicyTarget.objects.none()
    rows._result_cache = targets
    made._prefetched_objects_cache = {"targets": rows}  # type: ignore[attr-defined]
    return made


def _clocks(tickets: Sequence[Any]) -> Mapping[int, Mapping[str, list[list[Any]]]]:
    """Ticket → metric → the marks of each of its runs. Two queries."""
    ids = [each.pk for each in tickets]
    clocks = {
        pk: (ticket_id, metric)
        for pk, ticket_id, metric in Clock.objects.filter(ticket__in=ids).values_list("pk", "ticket_id", "metric")
    }
    marks: dict[int, list[Any]] = defaultdict(list)
    rows = ClockSegment.objects.filter(clock__ticket__in=ids).order_by("clock_id", "position")
    for row in rows.values_list("clock_id", "started_at", "run", "calendar_id", named=True):
        marks[row.clock_id].append(row)
    found: dict[int, dict[str, list[list[Any]]]] = defaultdict(lambda: defaultdict(list))
    for pk, (ticket_id, metric) in clocks.items():
        if marks[pk]:
            found[ticket_id][metric].append(marks[pk])
    return found


@dataclass(slots=True)
class _Calendars:
    """Each calendar once."""

    known: dict[int, WorkCalendar] = field(default_factory=dict)

    def get(self, calendar_id: int) -> WorkCalendar:
        if calendar_id not in self.known:
            self.known[calendar_id] = calendars.load(calendar_id)
        return self.known[calendar_id]


def _state(
    marks: Sequence[Any], chosen: ChosenTarget | None, basis: int, loaded: _Calendars, now: datetime
) -> ClockState | None:
    """How the clock would read with that target; None without one, and for one that its calendar never reaches.

    Segments keep their own calendars, unless the target comes with another one than the ticket was measured by.
    """
    if chosen is None:
        return None
    target = Target(chosen.minutes, chosen.working_days)
    other = chosen.calendar_id if chosen.calendar_id != basis else None
    segments = [
        Segment(mark.started_at, Run(mark.run), loaded.get(other or mark.calendar_id), target) for mark in marks
    ]
    try:
        return replay(segments, now).state
    except ValueError:
        return None
