"""Who gets a ticket that reached a team without a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Absence, Team, TeamMembership
from accounts.roles import Role
from tests import factories
from tests.races import errors, together
from tickets.models import Ticket
from tickets.workflow import perform

Strategy = Team.Strategy


@pytest.fixture
def team(cast):
    """The network team with three agents: andi, budi, cici."""
    TeamMembership.objects.filter(team=cast.network).delete()
    for name in ("andi", "budi", "cici"):
        factories.user(name, Role.AGENT, teams=(cast.network,))
    return cast.network


def strategy(team, value):
    Team.objects.filter(pk=team.pk).update(strategy=value)
    return Team.objects.get(pk=team.pk)


def arrivals(team, count, **options):
    names = []
    for _n in range(count):
        ticket = factories.ticket(team=Team.objects.get(pk=team.pk), **options)
        names.append(ticket.assignee.username if ticket.assignee else "")
    return names


def away(username, team, start=0, end=0):
    today = timezone.localdate()
    member = team.members.get(username=username)
    Absence.objects.create(user=member, starts_on=today + timedelta(days=start), ends_on=today + timedelta(days=end))


def test_manual_leaves_the_ticket_to_the_team(team):
    assert arrivals(team, 2) == ["", ""]


def test_round_robin_takes_turns(team):
    strategy(team, Strategy.ROUND_ROBIN)
    assert arrivals(team, 4) == ["andi", "budi", "cici", "andi"]
    ticket = Ticket.objects.latest("pk")
    assert ticket.state == "assigned" and ticket.team == team


def test_least_loaded_counts_open_tickets(team, cast):
    strategy(team, Strategy.LEAST_LOADED)
    assert arrivals(team, 3) == ["andi", "budi", "cici"]
    budi = team.members.get(username="budi")
    done = Ticket.objects.get(assignee=budi)
    perform(done.pk, "start", budi)
    perform(done.pk, "resolve", budi, solution="Beres.", code="fixed")
    assert arrivals(team, 1) == ["budi"]


def test_by_service_prefers_its_experts(team):
    strategy(team, Strategy.BY_SERVICE)
    service = factories.service("vpn")
    service.experts.set(team.members.filter(username__in=["budi", "cici"]))
    assert arrivals(team, 3, service=service) == ["budi", "cici", "budi"]
    assert arrivals(team, 1) == ["andi"]
    for name in ("budi", "cici"):
        away(name, team)
    assert arrivals(team, 1, service=service) == ["andi"]


@pytest.mark.parametrize("start, end, is_away", [(0, 0, True), (-3, 3, True), (1, 5, False), (-5, -1, False)])
def test_who_is_absent_today_is_passed_over(team, start, end, is_away):
    strategy(team, Strategy.ROUND_ROBIN)
    away("andi", team, start, end)
    assert arrivals(team, 1) == (["budi"] if is_away else ["andi"])


def test_inactive_people_and_people_without_the_role_are_passed_over(team):
    strategy(team, Strategy.LEAST_LOADED)
    team.members.filter(username="andi").update(is_active=False)
    team.members.get(username="budi").groups.clear()
    assert arrivals(team, 2) == ["cici", "cici"]


def test_when_nobody_is_there_the_ticket_waits(team):
    strategy(team, Strategy.ROUND_ROBIN)
    for name in ("andi", "budi", "cici"):
        away(name, team)
    assert arrivals(team, 1) == [""]


def test_a_ticket_handed_to_the_team_is_given_out_too(team, cast):
    ticket = factories.ticket()
    strategy(team, Strategy.ROUND_ROBIN)
    given = perform(ticket.pk, "assign", cast.agen, team=team.code)
    assert given.assignee.username == "andi"
    ticket = factories.ticket()
    named = perform(ticket.pk, "assign", cast.agen, team=team.code, assignee="cici")
    assert named.assignee.username == "cici"


def test_a_ticket_that_has_somebody_keeps_them(team, cast):
    strategy(team, Strategy.ROUND_ROBIN)
    ticket = factories.ticket(team=Team.objects.get(pk=team.pk))
    perform(ticket.pk, "start", ticket.assignee)
    assert Ticket.objects.get(pk=ticket.pk).assignee.username == "andi"


@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_restricted_tickets_are_given_to_nobody(cast, confidentiality):
    factories.user("auditor", Role.AGENT, Role.CONFIDENTIAL_OFFICER, teams=(cast.confidential_team,))
    for value in Strategy.values:
        strategy(cast.confidential_team, value)
        ticket = factories.ticket(kind="complaint", confidentiality=confidentiality)
        assert ticket.assignee is None and ticket.team == cast.confidential_team


@pytest.mark.parametrize("kind", ["incident", "request", "problem", "change", "complaint"])
def test_every_kind_can_be_given_out(team, kind, cast):
    strategy(team, Strategy.ROUND_ROBIN)
    ticket = factories.ticket(kind=kind, team=Team.objects.get(pk=team.pk), requester=cast.asn)
    assert ticket.assignee.username == "andi"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_tickets_handed_over_together_go_to_different_people():
    """Existing tickets: new ones queue for their number anyway."""
    cast = factories.cast()
    TeamMembership.objects.filter(team=cast.network).delete()
    for name in ("andi", "budi", "cici"):
        factories.user(name, Role.AGENT, teams=(cast.network,))
    for value in (Strategy.ROUND_ROBIN, Strategy.LEAST_LOADED):
        strategy(cast.network, value)
        tickets = [factories.ticket() for _n in range(3)]
        results = together(
            *(lambda pk=each.pk: perform(pk, "assign", cast.koordinator, team="jaringan") for each in tickets)
        )
        assert not errors(results)
        assert sorted(ticket.assignee.username for ticket in results) == ["andi", "budi", "cici"]
