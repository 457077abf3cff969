"""What steps do: whom they tell, and that an action is refused alone, raises once and never goes round."""

import pytest

from sla.models import EscalationNotice, EscalationStep
from tests import factories
from tests.escalation.conftest import fired, headed_by, report, step, sweep
from tests.escalation.test_due import said
from tickets import edits, timeline
from tickets.automation import rules
from tickets.choices import Level
from tickets.escalation import firing
from tickets.models import AutomationRun, Spell
from tickets.workflow import perform


def told():
    return sorted(EscalationNotice.objects.values_list("person__username", flat=True))


@pytest.mark.parametrize(
    ("action", "people"),
    [
        ("notify_assignee", ["teknisi"]),
        ("notify_team", ["koordinator", "rekan", "teknisi"]),
        ("notify_coordinator", ["koordinator"]),
        ("notify_office_head", ["pimpinan"]),
    ],
)
def test_whom_a_step_tells(desk, wall, action, people):
    factories.user("rekan", "agent", teams=(desk.network,))
    factories.user("bekas", "agent", teams=(desk.network,), is_active=False)
    office = headed_by(desk.pimpinan)
    step(percent=50, **{action: True})
    ticket = report(desk, office=office)
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    sweep(wall, "23 09:30")
    assert told() == people


def test_who_is_assignee_and_coordinator_is_told_once(desk, wall):
    step(percent=50, notify_assignee=True, notify_team=True, notify_coordinator=True)
    ticket = report(desk)
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan", assignee="koordinator")
    sweep(wall, "23 09:30")
    assert told() == ["koordinator", "teknisi"]


def test_reassigning_goes_through_history_spells_and_clocks(desk, wall):
    factories.policy("OLA", targets={"assignment": 30}, kind="incident")
    step(percent=50, reassign_to=desk.desk, notify_coordinator=True)
    ticket = report(desk)
    perform(ticket.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    sweep(wall, "23 09:30")
    ticket.refresh_from_db()
    assert (ticket.team, ticket.assignee) == (desk.desk, None)
    assert list(Spell.objects.filter(ticket=ticket).values_list("team__code", flat=True))[-1] == "meja-layanan"
    assert list(ticket.clocks.filter(metric="assignment").values_list("cycle", "is_stopped")) == [(1, True), (2, False)]
    assert ticket.history_length == ticket.timeline.count() and timeline.first_broken(ticket.pk) is None


def test_raising_the_priority_aims_at_the_new_target(desk, wall):
    factories.policy("Tinggi", targets={"response": 45}, kind="incident", priority=3)
    step(percent=50, raise_priority=True)
    ticket = report(desk)
    assert ticket.priority == Level.MEDIUM
    sweep(wall, "23 09:30")
    ticket.refresh_from_db()
    clock = ticket.clocks.get(metric="response")
    assert (ticket.priority, clock.target_version, clock.due_at) == (Level.HIGH, 2, wall.at("23 09:45"))
    assert ticket.timeline.get(code=timeline.CHANGED).changes["priority_reason"] == "eskalasi: 50% target terpakai"


def test_a_raised_priority_raises_no_further_on_that_clock(desk, wall):
    """The new target has been half used up as well: the step fires for it, and leaves the priority alone."""
    factories.policy("Tinggi", targets={"response": 40}, kind="incident", priority=3)
    factories.policy("Kritis", targets={"response": 20}, kind="incident", priority=4)
    step(percent=50, raise_priority=True)
    ticket = report(desk)
    wall.set("23 09:30")
    assert [bool(sweep(wall)) for _each in range(4)] == [True, True, False, False]
    ticket.refresh_from_db()
    assert (ticket.priority, fired(ticket)) == (Level.HIGH, [(50, 1, False), (50, 2, False)])


def test_the_highest_priority_stays(desk, wall):
    factories.policy("Kritis", targets={"response": 20}, kind="incident", priority=4)
    step(percent=50, raise_priority=True)
    ticket = report(desk)
    edits.change(ticket_id=ticket.pk, actor=desk.koordinator, priority=4, priority_reason="Kritis.")
    sweep(wall, "23 09:10")
    ticket.refresh_from_db()
    assert ticket.priority == Level.CRITICAL and len(said(ticket)) == 1


@pytest.fixture
def tagging(desk):
    def make(**kw):
        values = {
            "name": "Beri label", "event": "created", "conditions": [], "stops": False, "is_active": True,
            "actions": [{"action": "add_tag", "value": "lewat tenggat", "detail": ""}],
        } | kw  # fmt: skip
        return rules.save(actor=desk.admin, **values)

    return make


def test_a_rule_runs_when_its_conditions_hold(desk, wall, tagging):
    ticket = report(desk)
    step(percent=50, active_since=wall.now, needs_planning=True, rule=tagging())
    other = [{"field": "kind", "operator": "is", "value": "request"}]
    step(percent=60, active_since=wall.now, needs_planning=True, rule=tagging(name="Lain", conditions=other))
    sweep(wall, "23 09:40")
    assert [run.rule_name for run in AutomationRun.objects.filter(ticket=ticket)] == ["Beri label"]
    assert list(ticket.tags.values_list("name", flat=True)) == ["lewat tenggat"]


def test_a_rule_of_escalations_that_a_step_names_runs_once(desk, wall, tagging):
    ticket = report(desk)
    step(percent=50, active_since=wall.now, needs_planning=True, rule=tagging(event="sla"))
    sweep(wall, "23 09:30")
    assert AutomationRun.objects.filter(ticket=ticket).count() == 1


def test_a_refused_action_is_told_in_the_history_and_blocks_nothing(desk, wall, tagging):
    closed_team = factories.team("tutup", is_active=False)
    rule = tagging()
    step(percent=50, reassign_to=closed_team, raise_priority=True, rule=rule, notify_coordinator=True)
    rules.switch(actor=desk.admin, pk=rule.pk, on=False)
    ticket = report(desk)
    sweep(wall, "23 09:30")
    ticket.refresh_from_db()
    assert (ticket.team, ticket.priority) == (desk.network, Level.HIGH)
    assert said(ticket) == [
        "Eskalasi SLA Tanggapan pertama: 50% target terpakai",
        "Tindakan eskalasi tidak dijalankan: alihkan ke tim Tutup. Tim Tutup tidak menerima tiket biasa.",
        "Tindakan eskalasi tidak dijalankan: jalankan aturan “Beri label”. Aturan ini sedang mati.",
    ]
    assert told() == ["koordinator"]
    assert ticket.history_length == ticket.timeline.count() and timeline.first_broken(ticket.pk) is None


def test_a_crashing_action_is_undone_alone(desk, wall, monkeypatch):
    step(percent=50, reassign_to=desk.desk)
    ticket = report(desk)
    monkeypatch.setattr(firing.assignment, "fill", lambda ticket: 1 / 0)
    sweep(wall, "23 09:30")
    ticket.refresh_from_db()
    assert ticket.team == desk.network and "gagal: ZeroDivisionError" in said(ticket)[1]


def test_restricted_tickets_stay_with_their_officers(desk, wall, tagging):
    office = headed_by(desk.pimpinan)
    everything = {"notify_team": True, "notify_coordinator": True, "notify_office_head": True}
    step(percent=1, metric="resolution", reassign_to=desk.desk, rule=tagging(), **everything)
    case = factories.ticket("complaint", confidentiality="whistleblowing", office=office)
    sweep(wall, "24 11:00")
    case.refresh_from_db()
    assert case.team == desk.confidential_team and not case.tags.exists()
    assert [line.split(":")[0] for line in said(case)[1:]] == ["Tindakan eskalasi tidak dijalankan"] * 2
    assert "pimpinan" not in told()


def test_entries_from_before_read_as_ever(desk, wall):
    ticket = report(desk)
    entry = ticket.timeline.first()
    entry.code, entry.changes = timeline.ESCALATED, {"metric": "Penyelesaian", "percent": 80, "clock": 1, "version": 1}
    assert timeline.describe(entry) == "Eskalasi SLA Penyelesaian: 80% target terpakai"


def test_steps_are_protected_once_they_fired(desk, wall):
    from django.db.models import ProtectedError

    made = step(percent=50)
    report(desk)
    sweep(wall, "23 09:30")
    with pytest.raises(ProtectedError):
        EscalationStep.objects.get(pk=made.pk).delete()
