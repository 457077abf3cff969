"""Clocks that run more than once: the team's time to assign, and the time to the next word."""

import pytest

from sla.models import Clock
from tests import factories
from tickets import messages
from tickets.models import Spell
from tickets.workflow import perform


@pytest.fixture
def desk(cast):
    factories.policy("Kabar", targets={"assignment": 30, "update": 120}, kind="incident")
    return cast


def cycles(ticket, metric):
    found = Clock.objects.filter(ticket=ticket, metric=metric).order_by("cycle")
    return [(each.cycle, each.state, each.started_at, each.elapsed_seconds // 60) for each in found]


def report(cast, team):
    return factories.ticket(kind="incident", requester=cast.asn, team=team)


def test_each_team_has_its_own_time_to_assign(desk, wall):
    ticket = report(desk, desk.desk)
    wall.set("23 09:20")
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan")
    assert cycles(ticket, "assignment") == [
        (1, "met", wall.at("23 09:00"), 20),
        (2, "running", wall.at("23 09:20"), 0),
    ]
    second = Clock.objects.get(ticket=ticket, metric="assignment", cycle=2)
    assert second.team == desk.network and second.due_at == wall.at("23 09:50")
    wall.set("23 10:00")
    perform(ticket.pk, "reassign", desk.koordinator, team="jaringan", assignee="teknisi")
    assert cycles(ticket, "assignment")[1] == (2, "breached", wall.at("23 09:20"), 40)


def test_each_word_to_the_requester_starts_the_time_to_the_next(desk, wall):
    ticket = report(desk, desk.desk)
    assert cycles(ticket, "update") == []
    wall.set("23 09:30")
    messages.post(ticket_id=ticket.pk, actor=desk.agen, text="Kami periksa.")
    assert cycles(ticket, "update") == [(1, "running", wall.at("23 09:30"), 0)]
    wall.set("23 10:30")
    messages.post(ticket_id=ticket.pk, actor=desk.agen, text="Teknisi di jalan.")
    assert cycles(ticket, "update") == [
        (1, "met", wall.at("23 09:30"), 60),
        (2, "running", wall.at("23 10:30"), 0),
    ]
    messages.post(ticket_id=ticket.pk, actor=desk.asn, text="Baik.")
    assert len(cycles(ticket, "update")) == 2


def test_the_last_cycle_stops_with_the_solution(desk, wall):
    ticket = report(desk, desk.desk)
    perform(ticket.pk, "assign", desk.koordinator, team="meja-layanan", assignee="agen")
    perform(ticket.pk, "start", desk.agen)
    messages.post(ticket_id=ticket.pk, actor=desk.agen, text="Kami periksa.")
    wall.set("23 10:00")
    perform(ticket.pk, "resolve", desk.agen, code="fixed", solution="Kabel diganti.")
    assert {each.is_stopped for each in Clock.objects.filter(ticket=ticket)} == {True}


def test_the_teams_time_does_not_hurry_the_ticket(desk, wall):
    ticket = report(desk, desk.desk)
    ticket.refresh_from_db()
    assert ticket.due_at == Clock.objects.get(ticket=ticket, metric="response").due_at


def test_spells_tell_where_the_ticket_was(desk, wall):
    ticket = report(desk, desk.desk)
    wall.set("23 10:00")
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    wall.set("23 11:00")
    perform(ticket.pk, "start", desk.teknisi)
    wall.set("23 14:00")
    perform(ticket.pk, "hold", desk.teknisi, reason="third_party", note="Menunggu suku cadang.")
    wall.set("24 08:30")
    perform(ticket.pk, "resume", desk.teknisi)
    told = [
        (each.state, each.hold_reason, each.team.code, each.work_seconds and each.work_seconds // 60)
        for each in Spell.objects.filter(ticket=ticket)
    ]
    assert told == [
        ("new", "", "meja-layanan", 60),
        ("assigned", "", "jaringan", 60),
        ("in_progress", "", "jaringan", 120),
        ("on_hold", "third_party", "jaringan", 180),
        ("in_progress", "", "jaringan", None),
    ]
    spells = list(Spell.objects.filter(ticket=ticket))
    assert [each.ended_at for each in spells[:-1]] == [each.started_at for each in spells[1:]]
