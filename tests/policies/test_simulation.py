"""The trial on last month's tickets tells what a fresh computation would have given."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sla import versions
from sla.models import Clock, Policy
from sla.versions import Conditions
from tests import factories
from tests.policies.conftest import proposal
from tickets import messages
from tickets.clocks import sync_clocks
from tickets.models import Ticket
from tickets.targets import simulation
from tickets.targets.simulation import last_month, simulate

NOW = datetime(2026, 4, 15, 3, tzinfo=UTC)
MARCH = datetime(2026, 3, 2, 1, tzinfo=UTC)  # a Monday, 08.00 WIB


def opened(at, **kw):
    return factories.ticket(received_at=at, **kw)


def answer(ticket, person, at):
    messages.post(ticket_id=ticket.pk, actor=person, text="Kami periksa.", visibility="public", at=at)


@pytest.fixture
def month(cast):
    """Answers after 10, 40 and 90 working minutes against 60; one that waits; one of February."""
    found = []
    for day, minutes in enumerate((10, 40, 90)):
        at = MARCH + timedelta(days=day)
        ticket = opened(at, team=cast.network)
        answer(ticket, cast.agen, at + timedelta(minutes=minutes))
        found.append(ticket)
    found.append(opened(MARCH + timedelta(days=3), team=cast.network))
    opened(MARCH - timedelta(days=7), team=cast.network)
    return found


def line(result, label="Tanggapan pertama"):
    return next(each for each in result.lines if each.label == label)


def tally(side):
    return side.met, side.breached, side.open


def test_last_month_across_the_turn_of_the_year():
    first, last = last_month(datetime(2027, 1, 31).date())
    assert (first.isoformat(), last.isoformat()) == ("2026-12-01", "2026-12-31")


def test_attainment_before_and_after_and_what_flips(cast, month, umum):
    result = simulate(user=cast.koordinator, policy=umum, proposal=proposal(response=30, resolution=480), now=NOW)
    assert (result.tickets, result.is_cut, result.first.isoformat()) == (4, False, "2026-03-01")
    response = line(result)
    assert (tally(response.present), tally(response.proposed)) == ((2, 2, 0), (1, 3, 0))
    assert (response.to_breached, response.to_met) == (1, 0)
    assert response.broken == [(month[1].number, "Internet mati")]
    assert response.present.attainment == 50 and response.proposed.attainment == 25
    wider = simulate(user=cast.koordinator, policy=umum, proposal=proposal(response=100), now=NOW)
    assert line(wider).to_met == 1 and line(wider).saved == [(month[2].number, "Internet mati")]
    assert tally(line(wider, "Penyelesaian").proposed) == (0, 0, 0), "no other policy has a target for it"


def test_it_equals_a_fresh_computation(cast, month, umum):
    """The same tickets, their clocks made anew under the proposal from the start."""
    wanted = proposal(response=35, days={"resolution": 2}, calendar=factories.calendar())
    result = simulate(user=cast.koordinator, policy=umum, proposal=wanted, now=NOW)
    versions.publish(
        policy=umum, conditions=wanted.conditions, targets=wanted.targets, calendar=wanted.calendar, name="Umum",
        note="", by=None,
    )  # fmt: skip
    Policy.objects.filter(pk=umum.pk).update(is_active=False)
    Policy.objects.filter(replaces=umum).update(valid_from=None)
    for ticket in month:
        ticket.refresh_from_db()
        answered_at, ticket.first_response_at = ticket.first_response_at, None
        Clock.objects.filter(ticket=ticket).delete()
        sync_clocks(ticket, ticket.created_at)
        ticket.first_response_at = answered_at
        if answered_at:
            sync_clocks(ticket, answered_at)
        sync_clocks(ticket, NOW)
    for metric, label in (("response", "Tanggapan pertama"), ("resolution", "Penyelesaian")):
        states = list(Clock.objects.filter(ticket__in=month, metric=metric).values_list("state", flat=True))
        fresh = (
            states.count("met"),
            states.count("breached"),
            len(states) - states.count("met") - states.count("breached"),
        )
        assert tally(line(result, label).proposed) == fresh
    assert tally(line(result).proposed)[0] == 1


def test_only_tickets_that_match_and_that_the_person_sees(cast, month, umum):
    opened(MARCH, kind="complaint", confidentiality="secret")
    opened(MARCH, kind="complaint", team=cast.desk)
    complaints = proposal("Rahasia", conditions=Conditions(kind="complaint", team_id=None), response=5)
    assert simulate(user=cast.koordinator, policy=None, proposal=complaints, now=NOW).tickets == 1
    assert simulate(user=cast.teknisi, policy=umum, proposal=proposal(response=5), now=NOW).tickets == 4
    assert simulate(user=cast.orang_luar, policy=umum, proposal=proposal(response=5), now=NOW).tickets == 0


def test_a_more_general_policy_fills_in_and_new_metrics_are_told_of(cast, month, umum):
    narrow = proposal("Jaringan", conditions=Conditions(team_id=cast.network.pk), assignment=30)
    result = simulate(user=cast.koordinator, policy=None, proposal=narrow, now=NOW)
    assert [each.label for each in result.lines] == ["Penugasan"]
    assert result.lines[0].unmeasured == 4 and result.lines[0].present.attainment is None


def test_nothing_is_written_and_the_queries_are_constant(cast, month, umum, monkeypatch):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            simulate(user=cast.koordinator, policy=umum, proposal=proposal(response=30), now=NOW)
        assert not [each for each in captured if not each["sql"].startswith("SELECT")]
        return len(captured)

    queries()  # what a person may see is looked up once per request
    few = queries()
    for day in range(9):
        opened(MARCH + timedelta(days=day), team=cast.network)
    assert queries() == few
    monkeypatch.setattr(simulation, "MOST", 5)
    cut = simulate(user=cast.koordinator, policy=umum, proposal=proposal(response=30), now=NOW)
    assert (cut.tickets, cut.is_cut) == (5, True)
    assert Ticket.objects.count() == 14 and not Policy.objects.exclude(valid_until=None).exists()
