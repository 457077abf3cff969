"""Other targets or calendars for open clocks: a policy that also holds for them, or other users of a calendar."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Office, Team
from sla import calendars
from sla.models import Calendar, CalendarUse, Clock, Policy, Revision
from sla.policies import ChosenTarget, Facts, by_weight, chosen_from, fits
from sla.replay import Run
from sla.worktime import WorkCalendar
from tickets.clocks import wanted_now
from tickets.errors import InvalidInputs
from tickets.models import ComplaintDetail, Ticket
from tickets.revisions.rows import Change, Mark, OpenClock, Reader


class Users:
    """Which calendar teams and offices work by, in memory; reads like `sla.calendars.calendar_of`."""

    def __init__(self, uses: Iterable[tuple[int | None, int | None, int]], default: int | None = None) -> None:
        rows = list(uses)
        self.teams = {team: calendar for team, _office, calendar in rows if team}
        self.offices = {office: calendar for _team, office, calendar in rows if office}
        self.parents = dict(Office.objects.values_list("pk", "parent_id"))
        self.default = default or calendars.default_calendar_id()

    def of_office(self, office_id: int | None) -> int | None:
        seen: set[int] = set()
        while office_id is not None and office_id not in seen:
            if office_id in self.offices:
                return self.offices[office_id]
            seen.add(office_id)
            office_id = self.parents.get(office_id)
        return self.default

    def of(self, team_id: int | None, office_id: int | None) -> int | None:
        return self.teams.get(team_id) if team_id in self.teams else self.of_office(office_id)


class _Retarget:
    """What both kinds share: targets under other policies and uses, and clocks that get them."""

    brings_metrics = True

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self._loaded: dict[int, WorkCalendar] = {}
        self._chosen: dict[tuple[Any, ...], dict[str, ChosenTarget]] = {}
        self._uses: Users | None = None
        self._policies: list[Policy] | None = None

    def uses(self) -> Users:
        """Who works by which calendar once this is carried out."""
        return Users(CalendarUse.objects.values_list("team_id", "office_id", "calendar_id"))

    def policies(self) -> list[Policy]:
        """All versions as they are once this is carried out."""
        return list(Policy.objects.filter(is_active=True).prefetch_related("targets"))

    def condition(self) -> Q:
        """Which tickets can get another target."""
        raise NotImplementedError

    def _open(self) -> QuerySet[Clock]:
        return Clock.objects.filter(self.condition(), is_stopped=False)

    def count(self) -> int:
        return self._open().count()

    def candidates(self, after: int, size: int) -> list[int]:
        return list(self._open().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:size])

    def changes(self, rows: Sequence[OpenClock], at: datetime) -> list[Change]:
        reader = Reader(self._calendar, at)
        facts = facts_of({row.ticket_id for row in rows})
        found = []
        for row in rows:
            target = self._targets(facts[row.ticket_id]).get(row.metric)
            mark = _mark(row, target, at)
            if mark:
                found.append(reader.change(row, row.due_at, mark, target))
        return [change for change in found if change]

    def beginning(self, ticket_ids: Collection[int]) -> dict[int, set[str]]:
        """Open tickets that a target is new to; what is over for a ticket already is left alone."""
        known: dict[int, set[str]] = defaultdict(set)
        for ticket_id, metric in Clock.objects.filter(ticket_id__in=ticket_ids).values_list("ticket_id", "metric"):
            known[ticket_id].add(metric)
        facts = facts_of(ticket_ids)
        new = {pk: set(self._targets(facts[pk])) - known[pk] for pk in facts}
        found = {}
        for ticket in Ticket.objects.filter(pk__in=[pk for pk, metrics in new.items() if metrics], is_open=True):
            wanted = wanted_now(ticket)
            metrics = {name for name in new[ticket.pk] if name in wanted and wanted[name].run != Run.STOPPED}
            if metrics:
                found[ticket.pk] = metrics
        return found

    def _targets(self, facts: Facts) -> dict[str, ChosenTarget]:
        if self._policies is None or self._uses is None:
            self._policies, self._uses = by_weight(self.policies()), self.uses()
        ours = tuple(policy.pk for policy in self._policies if fits(policy, facts))
        key = (ours, facts.team_id, facts.office_id)
        if key not in self._chosen:
            fitting = [policy for policy in self._policies if policy.pk in ours]
            self._chosen[key] = chosen_from(fitting, self._uses.of(facts.team_id, facts.office_id))
        return self._chosen[key]

    def _calendar(self, calendar_id: int) -> WorkCalendar:
        if calendar_id not in self._loaded:
            self._loaded[calendar_id] = calendars.load(calendar_id)
        return self._loaded[calendar_id]


def _mark(row: OpenClock, target: ChosenTarget | None, at: datetime) -> Mark | None:
    """The segment that `sla.clocks.sync` would append, None when the clock has that target already."""
    last = row.marks[-1]
    if target is None or (last.calendar_id, last.minutes, last.working_days) == (
        target.calendar_id,
        target.minutes,
        target.working_days,
    ):
        return None
    started_at = max(at, last.started_at)
    return Mark(
        last.position + 1, started_at, last.run, target.calendar_id, target.minutes, target.working_days
    )  # fmt: skip


def facts_of(ticket_ids: Iterable[int]) -> dict[int, Facts]:
    """What policies look at, of many tickets; reads like `tickets.clocks.facts_of`."""
    wanted = list(ticket_ids)
    classes = dict(
        ComplaintDetail.objects.filter(ticket_id__in=wanted, ticket__kind="complaint").values_list(
            "ticket_id", "complaint_class"
        )
    )
    columns = ("pk", "kind", "priority", "service_id", "requester_class", "team_id", "office_id", "created_at")
    return {
        pk: Facts(kind, priority, service, requester_class, classes.get(pk) or "", team, office, created_at)
        for pk, kind, priority, service, requester_class, team, office, created_at in Ticket.objects.filter(
            pk__in=wanted
        ).values_list(*columns)
    }


def prepare_use(revision: Revision, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Raises InvalidInputs for teams and offices that do not exist, and when nothing would change."""
    calendar = revision.calendar
    if calendar is None:
        raise InvalidInputs(_("Pilih kalender yang diubah."), {})
    found = {name: sorted({int(pk) for pk in payload.get(name, [])}) for name in ("teams", "offices")}
    known = (
        Team.objects.filter(pk__in=found["teams"]).count() == len(found["teams"])
        and Office.objects.filter(pk__in=found["offices"]).count() == len(found["offices"])
    )  # fmt: skip
    if not known:
        raise InvalidInputs(_("Ada tim atau perangkat daerah yang tidak dikenal. Muat ulang halamannya."), {})
    uses = calendar.uses.values_list("team_id", "office_id")
    present = {
        "teams": sorted(team for team, _office in uses if team),
        "offices": sorted(office for _team, office in uses if office),
    }
    becomes_default = bool(payload.get("default")) and not calendar.is_default
    if present == found and not becomes_default:
        raise InvalidInputs(_("Tidak ada yang berubah."), {"__all__": [_("Tidak ada yang berubah.")]})
    return {**found, "default": becomes_default, "before": [list(row) for row in uses]}


class Reuse(_Retarget):
    """Other teams and offices work by a calendar, or all those that have none of their own do."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(revision)
        self.calendar_id = cast(int, revision.calendar_id)
        self.new_teams: list[int] = revision.payload["teams"]
        self.new_offices: list[int] = revision.payload["offices"]
        self.becomes_default: bool = revision.payload.get("default", False)

    def version(self) -> str:
        rows = CalendarUse.objects.order_by("team_id", "office_id").values_list("team_id", "office_id", "calendar_id")
        known = [[calendars.default_calendar_id()], *(list(row) for row in rows)]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()

    def lock(self) -> None:
        list(Calendar.objects.select_for_update().order_by("pk").values_list("pk"))
        list(CalendarUse.objects.select_for_update().order_by("pk"))

    def carry_out(self) -> None:
        if self.becomes_default:  # one is the default at any time, so the old one goes first
            Calendar.objects.filter(is_default=True).update(is_default=False)
            Calendar.objects.filter(pk=self.calendar_id).update(is_default=True)
        CalendarUse.objects.filter(calendar_id=self.calendar_id).delete()
        CalendarUse.objects.filter(Q(team__in=self.new_teams) | Q(office__in=self.new_offices)).delete()
        for team in self.new_teams:
            CalendarUse.objects.create(calendar_id=self.calendar_id, team_id=team)
        for office in self.new_offices:
            CalendarUse.objects.create(calendar_id=self.calendar_id, office_id=office)

    def uses(self) -> Users:
        kept: list[tuple[int | None, int | None, int]] = [
            (team, office, calendar)
            for team, office, calendar in CalendarUse.objects.values_list("team_id", "office_id", "calendar_id")
            if calendar != self.calendar_id and team not in self.new_teams and office not in self.new_offices
        ]
        kept += [(team, None, self.calendar_id) for team in self.new_teams]
        kept += [(None, office, self.calendar_id) for office in self.new_offices]
        return Users(kept, self.calendar_id if self.becomes_default else None)

    def condition(self) -> Q:
        """Every ticket of a team or an office that is named now or was before, and of the offices below; a new default
        can concern any ticket."""
        if self.becomes_default:
            return Q(ticket__isnull=False)
        teams, offices = set(self.new_teams), set(self.new_offices)
        # Those before are kept in the payload, because applying it changes the rows.
        for team, office in self.revision.payload["before"]:
            teams |= {team} if team else set()
            offices |= {office} if office else set()
        return Q(ticket__team__in=teams) | Q(ticket__office__in=_with_below(offices))


def _with_below(offices: set[int]) -> set[int]:
    below = set(offices)
    rows = list(Office.objects.values_list("pk", "parent_id"))
    while more := {pk for pk, parent in rows if parent in below} - below:
        below |= more
    return below


def prepare_policy(revision: Revision, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Raises InvalidInputs unless the version is saved, current, and replaces what is said."""
    policy = revision.policy
    if policy is None or policy.pk is None or payload.get("policy") != policy.pk:
        raise InvalidInputs(_("Pilih kebijakan yang diubah."), {})
    if policy.valid_until is not None or payload.get("replaces") != policy.replaces_id:
        raise InvalidInputs(_("Kebijakan ini sudah punya versi yang lebih baru. Muat ulang halamannya."), {})
    return {"policy": policy.pk, "replaces": policy.replaces_id}


class Repolicy(_Retarget):
    """A version of a policy that also holds for tickets opened under the versions before it."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(revision)
        self.policy = cast(Policy, revision.policy)

    def version(self) -> str:
        row = Policy.objects.filter(pk=self.policy.pk).values_list("pk", "valid_until", "is_active", "replaces_id")
        return hashlib.sha256(str(row.first()).encode()).hexdigest()

    def lock(self) -> None:
        self.policy = Policy.objects.select_for_update().get(pk=self.policy.pk)

    def carry_out(self) -> None:
        before = self._before()
        self.policy.valid_from = before[-1].valid_from if before else None
        self.policy.save(update_fields=["valid_from"])
        Policy.objects.filter(pk__in=[each.pk for each in before]).update(is_active=False)

    def _before(self) -> list[Policy]:
        """The versions before it, the latest first."""
        found: list[Policy] = []
        replaced = self.policy.replaces_id
        while replaced is not None and replaced not in {each.pk for each in found}:
            found.append(Policy.objects.get(pk=replaced))
            replaced = found[-1].replaces_id
        return found

    def policies(self) -> list[Policy]:
        before = self._before()
        gone = {each.pk for each in before}
        kept = [policy for policy in super().policies() if policy.pk not in gone]
        for policy in kept:
            if policy.pk == self.policy.pk and before:
                policy.valid_from = before[-1].valid_from
            elif policy.pk == self.policy.pk:
                policy.valid_from = None
        return kept

    def condition(self) -> Q:
        """What any of the versions can hold for."""
        return _any(_conditions(each) for each in [self.policy, *self._before()])


def _any(conditions: Iterable[Q]) -> Q:
    found: Q | None = None
    for each in conditions:
        found = each if found is None else found | each
    return Q() if found is None else found


def _conditions(policy: Policy) -> Q:
    wanted = {
        "ticket__team": policy.team_id,
        "ticket__service": policy.service_id,
        "ticket__requester_class": policy.requester_class or None,
        "ticket__priority": policy.priority,
        "ticket__kind": policy.kind or None,
    }
    # Always true, so that a policy without conditions is not lost among the others.
    return Q(ticket__isnull=False, **{name: value for name, value in wanted.items() if value is not None})
