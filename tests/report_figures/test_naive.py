"""Every figure once more, counted ticket by ticket in plain Python, over generated volume."""

import io
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import product
from statistics import mean

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Team
from accounts.roles import Role
from reports import sla
from reports.figures import (
    Question,
    agents,
    backlog,
    breach_causes,
    durations,
    heat_map,
    may_see_agents,
    stages,
    trend,
    volume,
)
from reports.figures.measures import upper_bound
from servicedesk.management.commands.generate_tickets import generate
from sla.models import Clock
from tests import factories
from tests.report_figures.conftest import keep_all
from tickets.models import Spell, Ticket

pytestmark = pytest.mark.slow

UNSOLVED = ("cancelled", "archived", "out_of_authority", "merged")
OPEN = ("new", "active", "waiting")
GROUPS = {
    "kind": lambda t: t.kind,
    "service": lambda t: t.service.code if t.service else "-",
    "office": lambda t: t.office.code if t.office else "-",
    "team": lambda t: t.team.code if t.team else "-",
    "channel": lambda t: t.channel,
    "month": lambda t: f"{timezone.localtime(t.created_at):%Y-%m}",
}


def percent(part, whole):
    return round(100 * part / whole, 1) if whole else None


class World:
    """Everything there is, read once."""

    def __init__(self, now):
        self.now = now
        self.tickets = list(Ticket.objects.select_related("service", "office", "team"))
        self.clocks, self.spells = defaultdict(list), defaultdict(list)
        for clock in Clock.objects.all():
            self.clocks[clock.ticket_id].append(clock)
        for spell in Spell.objects.select_related("team"):
            self.spells[spell.ticket_id].append(spell)

    def result(self, clock):
        if clock.state == "breached" or (not clock.is_stopped and clock.due_at and clock.due_at < self.now):
            return "breached"
        return "met" if clock.is_stopped else "running"

    def of(self, ticket, metric):
        return next((clock for clock in self.clocks[ticket.pk] if clock.metric == metric), None)

    def is_late(self, ticket):
        clock = self.of(ticket, "resolution")
        return clock is not None and self.result(clock) == "breached"


def is_open(ticket):
    return ticket.stage in OPEN


def is_resolved(ticket):
    return not is_open(ticket) and ticket.resolved_at is not None and ticket.state not in UNSOLVED


def is_first_contact(ticket):
    said_once = ticket.last_reply_at is None or ticket.last_reply_at == ticket.first_response_at
    moved = ticket.team_since is None or ticket.team_since > ticket.created_at
    return is_resolved(ticket) and not ticket.reopen_count and not moved and said_once


def where(stage, reason):
    return f"waiting:{reason}" if stage == "waiting" else stage


@pytest.fixture(params=["live", "kept"])
def world(request, db):
    """Generated volume, every ninth ticket of it secret; the tickets of a person as the rule says it, in Python."""
    call_command("load_reference", verbosity=0, stdout=io.StringIO())
    now = timezone.now()
    generate(count=250, seed=5, until=timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0))
    for pk in list(Ticket.objects.order_by("pk").values_list("pk", flat=True))[::9]:
        Ticket.objects.filter(pk=pk).update(confidentiality="secret", is_restricted=True)
    moved = list(Ticket.objects.filter(is_open=False).order_by("pk").values_list("pk", flat=True))[::2]
    Ticket.objects.filter(pk__in=moved).update(team_since=F("created_at") + timedelta(hours=1))
    team = Team.objects.filter(code__in=Ticket.objects.values("team__code"), sees_all=False).order_by("pk")[0]
    manager = factories.user("semua", Role.MANAGER)
    of_team = factories.user("satu_tim", Role.COORDINATOR, teams=(team,), coordinates=True)
    other = Ticket.objects.filter(is_restricted=False, is_open=True).exclude(team=team).order_by("pk")[0]
    Ticket.objects.filter(pk=other.pk).update(assignee=of_team)
    if request.param == "kept":
        keep_all()
    found = World(now)
    found.people = {
        manager: lambda t: not t.is_restricted,
        of_team: lambda t: not t.is_restricted and (t.team_id == team.pk or t.assignee_id == of_team.pk),
    }
    found.team, found.coordinator = team, of_team
    return found


def asked_by(world, person, days, **filters):
    """The question, and the tickets that it is about."""
    today = timezone.localtime(world.now).date()
    start = today - timedelta(days=days)
    question = Question(person, start, today, filters, world.now)
    mine = [t for t in world.tickets if world.people[person](t)]
    for name, code in filters.items():
        mine = [t for t in mine if GROUPS[name](t) == code]
    return question, mine, [t for t in mine if start <= timezone.localtime(t.created_at).date() <= today]


def filters_of(world):
    return [{}, {"kind": "incident"}, {"team": world.team.code}, {"kind": "incident", "team": world.team.code}]


def test_all_figures(world):
    compared = 0
    for person, days, filters in product(world.people, (45, 400), filters_of(world)):
        question, everything, created = asked_by(world, person, days, **filters)
        for group_by in GROUPS:
            groups = defaultdict(list)
            for ticket in created:
                groups[GROUPS[group_by](ticket)].append(ticket)
            check_volume(question, group_by, groups)
            check_attainment(world, question, group_by, groups)
            check_durations(world, question, group_by, groups)
            check_stages(world, question, group_by, groups)
            compared += len(groups)
        check_heat_map(question, created)
        check_causes(world, question, created)
        check_backlog(world, question, everything)
        check_agents(world, question, everything)
        check_headline(world, question, created)
    assert compared > 300


def check_volume(question, group_by, groups):
    rows = {row.key: row for row in volume(question, group_by)}
    assert set(rows) == set(groups)
    for key, tickets in groups.items():
        row, resolved = rows[key], [t for t in tickets if is_resolved(t)]
        reopened = [t for t in tickets if t.reopen_count]
        ever_finished = [t for t in tickets if not is_open(t) or t.reopen_count]
        assert row.created == len(tickets) and row.resolved == len(resolved)
        assert row.still_open == sum(is_open(t) for t in tickets)
        assert row.first_contact_rate == percent(sum(is_first_contact(t) for t in tickets), len(resolved))
        assert (row.reopened, row.reopen_rate) == (len(reopened), percent(len(reopened), len(ever_finished)))


def check_attainment(world, question, group_by, groups):
    rows = sla.attainment(
        question.user,
        start=question.start,
        end=question.end,
        filters=question.filters,
        group_by=group_by,
        now=world.now,
    )
    found = {(row.key, m): (n.met, n.breached, n.running) for row in rows for m, n in row.metrics.items()}
    counted = defaultdict(Counter)
    for key, tickets in groups.items():
        for clock in (clock for ticket in tickets for clock in world.clocks[ticket.pk]):
            counted[key, clock.metric][world.result(clock)] += 1
    assert found == {each: (n["met"], n["breached"], n["running"]) for each, n in counted.items()}


def check_durations(world, question, group_by, groups):
    rows = {row.key: row for row in durations(question, group_by)}
    for key, tickets in groups.items():
        for metric in ("response", "resolution"):
            reached = [t for t in tickets if (t.first_response_at if metric == "response" else is_resolved(t))]
            clocks = [world.of(ticket, metric) for ticket in reached]
            took = sorted(clock.elapsed_seconds for clock in clocks if clock and clock.is_stopped)
            if not took:
                assert key not in rows or getattr(rows[key], metric).number == 0
                continue
            found = getattr(rows[key], metric)
            assert (found.number, found.mean) == (len(took), round(mean(took) / 60, 1))
            for share, shown in ((50, found.median), (90, found.p90)):
                assert shown == upper_bound(-(-took[-(-len(took) * share // 100) - 1] // 60))


def check_stages(world, question, group_by, groups):
    rows = {row.key: row for row in stages(question, group_by)}
    for key, tickets in groups.items():
        spent, there = Counter(), defaultdict(set)
        for spell in (spell for ticket in tickets for spell in world.spells[ticket.pk]):
            if spell.work_seconds is not None and spell.stage != "closed":
                spent[where(spell.stage, spell.hold_reason)] += spell.work_seconds
                there[where(spell.stage, spell.hold_reason)].add(spell.ticket_id)
        found = {each.key: (each.tickets, each.seconds) for each in rows[key].places} if key in rows else {}
        assert found == {place: (len(ids), spent[place]) for place, ids in there.items()}


def check_heat_map(question, created):
    counted = Counter()
    for ticket in created:
        at = timezone.localtime(ticket.created_at)
        counted[at.weekday(), at.hour] += 1
    found = {(day, hour): n for day, row in enumerate(heat_map(question)) for hour, n in enumerate(row) if n}
    assert found == counted


def check_causes(world, question, created):
    late = [ticket for ticket in created if world.is_late(ticket)]
    places, teams, seconds = Counter(), Counter(), Counter()
    for ticket in late:
        if is_open(ticket):
            places[where(ticket.stage, ticket.hold_reason)] += 1
            teams[ticket.team.code if ticket.team else "-"] += 1
            continue
        by_place, by_team = Counter(), Counter()
        for spell in world.spells[ticket.pk]:
            if spell.work_seconds is not None and spell.stage in OPEN:
                by_place[spell.stage, spell.hold_reason] += spell.work_seconds
                by_team[spell.team_id or 0, spell.team.code if spell.team else "-"] += spell.work_seconds
        if not by_place:
            places["unknown"] += 1
            teams["unknown"] += 1
            continue
        places[where(*min(by_place, key=lambda each: (-by_place[each], each)))] += 1
        teams[min(by_team, key=lambda each: (-by_team[each], each[0] == 0, each))[1]] += 1
        for (_pk, code), spent in by_team.items():
            seconds[code] += spent
    found = breach_causes(question)
    assert found.breached == len(late)
    assert {cause.key: cause.number for cause in found.places if cause.number} == places
    assert {cause.key: cause.number for cause in found.teams if cause.number} == teams
    assert {cause.key: cause.seconds for cause in found.teams if cause.seconds} == +seconds


def check_backlog(world, question, everything):
    today, bounds = timezone.localtime(world.now).date(), (1, 7, 14, 30, 90)
    counted = Counter()
    for ticket in (ticket for ticket in everything if is_open(ticket)):
        days = (today - timezone.localtime(ticket.created_at).date()).days
        counted[next((place for place, bound in enumerate(bounds) if days <= bound), len(bounds))] += 1
    (row,) = backlog(question)
    assert list(row.ages.values()) == [counted[place] for place in range(len(bounds) + 1)]


def check_agents(world, question, everything):
    if question.user != world.coordinator:
        assert not may_see_agents(question.user)
        return
    counted = defaultdict(Counter)
    for ticket in everything:
        if ticket.team_id != world.team.pk or ticket.assignee_id is None:
            continue
        is_due = is_open(ticket)
        if is_resolved(ticket):
            is_due = question.start <= timezone.localtime(ticket.resolved_at).date() <= question.end
        if is_due:
            counted[ticket.assignee_id]["open" if is_open(ticket) else "resolved"] += 1
            counted[ticket.assignee_id]["breached"] += world.is_late(ticket)
    found = {row.user_id: (row.open, row.resolved, row.breached) for row in agents(question)}
    assert found == {pk: (n["open"], n["resolved"], n["breached"]) for pk, n in counted.items()}


def check_headline(world, question, created):
    now = trend(question).current
    results = Counter(world.result(clock) for ticket in created for clock in world.clocks[ticket.pk])
    assert now.created == len(created) and now.resolved == sum(map(is_resolved, created))
    assert now.breached == sum(map(world.is_late, created))
    assert now.attainment == percent(results["met"], results["met"] + results["breached"])
