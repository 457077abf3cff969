"""When steps fire: once each, in order, in working time, and marked when they are late."""

import pytest

from sla.models import Clock, Escalation, EscalationStep
from tests import factories
from tests.escalation.conftest import fired, report, step, sweep
from tickets import edits, escalation, messages, timeline
from tickets.models import TimelineEntry
from tickets.operations.converting import convert
from tickets.workflow import perform


def said(ticket):
    entries = TimelineEntry.objects.filter(ticket=ticket, code__startswith="sla.").order_by("position")
    return [timeline.describe(entry) for entry in entries]


def test_a_step_fires_once_however_often_one_sweeps(desk, wall):
    step(percent=50)
    ticket = report(desk)
    assert sweep(wall, "23 09:29") == 0
    for at in ("23 09:30", "23 09:30", "23 09:31", "24 09:00"):
        sweep(wall, at)
    assert fired(ticket) == [(50, 1, False)]
    assert Escalation.objects.get().planned_at == wall.at("23 09:30")
    assert said(ticket) == ["Eskalasi SLA Tanggapan pertama: 50% target terpakai"]
    assert timeline.first_broken(ticket.pk) is None


def test_steps_reached_at_once_fire_in_the_order_of_their_moments(desk, wall):
    for values in ({"percent": 100}, {"offset_minutes": -45}, {"percent": 50}, {"offset_minutes": 30}):
        step(**values)
    ticket = report(desk)
    sweep(wall, "23 10:45")
    assert [moment for moment, _version, _late in fired(ticket)] == [-45, 50, 100, 30]


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"kind": "incident"}, True),
        ({"kind": "request"}, False),
        ({"priority": 4}, False),
        ({"metric": ""}, True),
        ({"metric": "resolution"}, False),
    ],
)
def test_a_step_holds_when_its_conditions_do(desk, wall, conditions, holds):
    step(percent=50, **conditions)
    ticket = report(desk)
    sweep(wall, "23 09:40")
    assert bool(fired(ticket)) == holds


def test_a_step_of_a_team(desk, wall):
    step(percent=50, team=desk.desk)
    step(percent=60, team=desk.network)
    ticket = report(desk)
    sweep(wall, "23 09:40")
    assert [row[0] for row in fired(ticket)] == [60]


def test_after_a_downtime_a_step_fires_late_and_says_so(desk, wall):
    step(percent=50)
    ticket = report(desk)
    sweep(wall, "23 11:30")
    assert fired(ticket) == [(50, 1, True)]
    assert said(ticket) == ["Eskalasi SLA Tanggapan pertama: 50% target terpakai (terlambat 2 j)"]


def test_a_sweep_within_five_minutes_is_in_time(desk, wall):
    step(percent=50)
    ticket = report(desk)
    sweep(wall, "23 09:35")
    assert fired(ticket) == [(50, 1, False)]


def test_a_change_of_the_ticket_during_a_downtime_loses_no_step(desk, wall):
    """What is due is not forgotten because the clock was looked at in between."""
    step(percent=50)
    ticket = report(desk)
    wall.set("23 09:45")
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, subject="Internet kantor mati")
    messages.post(ticket_id=ticket.pk, actor=desk.teknisi, text="Dicek.", visibility="internal")
    wall.set("23 11:00")
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, subject="Internet mati total")
    sweep(wall)
    assert fired(ticket) == [(50, 1, True)]


def test_at_night_nothing_fires_and_at_opening_it_is_not_late(desk, wall):
    """Due exactly at closing, but no worker came within a minute."""
    step(percent=100)
    wall.set("23 15:00")
    ticket = report(desk)
    for at in ("23 16:02", "23 20:00", "24 07:29"):
        sweep(wall, at)
        assert fired(ticket) == []
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, subject="Waktu malam")
    sweep(wall, "24 07:30")
    assert fired(ticket) == [(100, 1, False)]


def test_a_step_exactly_at_closing_is_on_time_for_a_minute(desk, wall):
    step(percent=100)
    wall.set("23 15:00")
    ticket = report(desk)
    sweep(wall, "23 16:00")
    assert fired(ticket) == [(100, 1, False)]


def test_held_up_in_working_hours_and_over_night_is_late(desk, wall):
    step(percent=100)
    wall.set("23 14:00")
    ticket = report(desk)
    sweep(wall, "23 17:00")
    assert fired(ticket) == []
    sweep(wall, "24 07:30")
    assert fired(ticket) == [(100, 1, True)]


def test_a_step_outside_hours_fires_at_once_while_the_others_wait(desk, wall):
    step(percent=100)
    step(offset_minutes=60, outside_hours=True)
    step(offset_minutes=60)
    wall.set("23 15:00")
    ticket = report(desk)  # due at 16.00
    sweep(wall, "23 17:00")
    assert [row[0] for row in fired(ticket)] == [60]
    assert Escalation.objects.get().step.outside_hours
    sweep(wall, "24 07:30")
    assert sorted(fired(ticket)) == [(60, 1, False), (100, 1, False)]
    sweep(wall, "24 08:30")
    assert sorted(fired(ticket)) == [(60, 1, False), (60, 1, False), (100, 1, False)]


def test_a_late_entry_of_a_call_escalates_at_once_and_is_not_late(desk, wall):
    step(percent=100)
    ticket = report(desk, channel="phone", received_at=wall.at("23 07:30"))
    sweep(wall)
    assert fired(ticket) == [(100, 1, False)]


def test_a_new_target_lets_steps_fire_anew_also_those_it_has_passed(desk, wall):
    factories.policy("Kritis", targets={"response": 15}, kind="incident", priority=4)
    step(percent=50)
    ticket = report(desk)
    sweep(wall, "23 09:30")
    wall.set("23 09:40")
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, priority=4, priority_reason="Layanan terhenti.")
    sweep(wall)
    sweep(wall, "23 09:41")
    assert fired(ticket) == [(50, 1, False), (50, 2, False)]


def test_what_stopped_or_waits_is_left_alone(desk, wall):
    step(percent=100, metric="")
    answered, held = report(desk), report(desk)
    messages.post(ticket_id=answered.pk, actor=desk.teknisi, text="Kami periksa.")
    perform(held.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    perform(held.pk, "start", desk.teknisi)
    perform(held.pk, "hold", desk.teknisi, reason="third_party", note="Menunggu.")
    sweep(wall, "23 14:00")
    assert fired(answered) == fired(held) == []


def test_a_wall_step_passed_while_waiting_fires_on_resuming(desk, wall):
    step(metric="resolution", offset_minutes=30, outside_hours=True)
    factories.policy("Cepat", targets={"resolution": 30}, kind="incident", team=desk.network)
    ticket = report(desk)
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    perform(ticket.pk, "start", desk.teknisi)
    wall.set("23 09:40")
    perform(ticket.pk, "hold", desk.teknisi, reason="third_party", note="Menunggu.")
    sweep(wall, "23 11:00")
    assert fired(ticket) == []
    perform(ticket.pk, "resume", desk.teknisi)
    sweep(wall)
    assert [row[0] for row in fired(ticket)] == [30]


def test_a_new_step_is_planned_into_running_clocks_and_looks_only_forward(desk, wall):
    from tickets.escalation import keeping

    old, young = report(desk), None
    wall.set("23 09:40")
    young = report(desk)
    assert Clock.objects.filter(metric="response", next_event_at=wall.at("23 10:00")).count() == 1
    values = {name: EscalationStep._meta.get_field(name).get_default() for name in keeping.FIELDS}
    keeping.save(actor=desk.koordinator, **values | {"metric": "response", "percent": 50})
    sweep(wall)
    assert Clock.objects.get(ticket=young, metric="response").next_event_at == wall.at("23 10:10")
    sweep(wall, "23 10:30")
    assert (fired(old), [row[0] for row in fired(young)]) == ([], [50])


def test_one_broken_ticket_keeps_nobody_waiting(desk, wall, monkeypatch):
    from tickets.escalation import due

    step(percent=50)
    broken, other = report(desk), report(desk)
    handle = due.handle

    def fail(clock_id, at):
        if Clock.objects.get(pk=clock_id).ticket_id == broken.pk:
            raise RuntimeError
        return handle(clock_id, at)

    monkeypatch.setattr(due, "handle", fail)
    sweep(wall, "23 09:30")
    assert (fired(broken), len(fired(other))) == ([], 1)


def test_a_sweep_with_nothing_due_asks_little(desk, wall, django_assert_max_num_queries):
    report(desk)
    with django_assert_max_num_queries(4):
        escalation.run_due(now=wall.now)


def test_a_reopened_ticket_owes_no_word_for_the_time_it_was_solved(desk, wall):
    factories.policy("Kabar", targets={"update": 60}, kind="incident")
    ticket = report(desk)
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    perform(ticket.pk, "start", desk.teknisi)
    perform(ticket.pk, "resolve", desk.teknisi, code="fixed", solution="Kabel diganti.")
    assert not Clock.objects.filter(ticket=ticket, metric="update").exists()
    wall.set("24 09:00")
    messages.post(ticket_id=ticket.pk, actor=desk.asn, text="Masih mati.")
    clock = Clock.objects.get(ticket=ticket, metric="update")
    assert (clock.state, clock.due_at) == ("running", wall.at("24 10:00"))


def test_a_ticket_that_comes_under_a_step_after_its_moment_is_escalated(desk, wall):
    """Its kind, priority or team changes to that of the step, while the target stays what it was."""
    step(percent=50, team=desk.desk)
    step(percent=60, kind="request")
    step(percent=70, priority=4)
    ticket = report(desk)
    sweep(wall, "23 09:55")
    assert fired(ticket) == []
    perform(ticket.pk, "assign", desk.koordinator, team="meja-layanan", assignee="agen")
    sweep(wall, "23 09:56")
    assert [row[0] for row in fired(ticket)] == [50]
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, priority=4, priority_reason="Pelayanan terhenti.")
    sweep(wall, "23 09:57")
    convert(ticket_id=ticket.pk, actor=desk.koordinator, kind="request")
    sweep(wall, "23 09:58")
    assert [row[0] for row in fired(ticket)] == [50, 70, 60]


def test_a_change_of_a_ticket_wakes_no_sweep_for_what_has_fired(desk, wall):
    step(percent=50, team=desk.network)
    ticket = report(desk)
    sweep(wall, "23 09:55")
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, subject="Internet lantai dua mati")
    assert sweep(wall, "23 09:56") == 0
