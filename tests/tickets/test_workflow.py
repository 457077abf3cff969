"""The workflow function: who may do what from where, and what follows from it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from notify.models import Delivery
from sla.models import Clock
from tests import factories
from tickets import access, edits, messages, sweeps, timeline
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale, WrongState
from tickets.kinds import machines
from tickets.models import Ticket, TimelineEntry
from tickets.workflow import available, perform


def names(ticket, user):
    return [info.name for info in available(ticket, user)]


def test_an_incident_runs_from_report_to_closed(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "assign", cast.agen, assignee="teknisi")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.stage) == ("assigned", "active")
    assert (ticket.assignee, ticket.team) == (cast.teknisi, cast.network)
    perform(ticket.pk, "start", cast.teknisi)
    perform(ticket.pk, "resolve", cast.teknisi, code="fixed", solution="Kabel diganti.")
    ticket = perform(ticket.pk, "close", cast.warga)
    assert (ticket.state, ticket.stage) == ("closed", "closed")
    assert ticket.closed_at and ticket.resolved_at
    codes = [entry.code for entry in access.timeline(ticket, internal=True)]
    assert codes[0] == timeline.CREATED and codes.count(timeline.TRANSITION) == 4
    assert timeline.first_broken(ticket.pk) is None


def test_a_step_is_refused_with_its_reason_and_changes_nothing(cast):
    ticket = factories.ticket(requester=cast.warga)
    before = TimelineEntry.objects.count()
    with pytest.raises(Forbidden, match="tidak berwenang"):
        perform(ticket.pk, "resolve", cast.warga, code="fixed", solution="x")
    with pytest.raises(WrongState, match="kini “Baru”"):
        perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="x")
    with pytest.raises(NotVisible):
        perform(ticket.pk, "cancel", cast.orang_luar, reason="x")
    with pytest.raises(NotVisible):
        perform(ticket.pk, "terbang", cast.agen)
    with pytest.raises(InvalidInputs) as refused:
        perform(ticket.pk, "cancel", cast.agen)
    assert list(refused.value.errors) == ["reason"]
    ticket.refresh_from_db()
    assert ticket.state == "new" and TimelineEntry.objects.count() == before


def test_the_second_of_two_editors_is_told_who_was_first(cast):
    ticket = factories.ticket(requester=cast.warga)
    seen = ticket.version
    perform(ticket.pk, "start", cast.agen, expected_version=seen)
    with pytest.raises(Stale, match="Agen"):
        perform(ticket.pk, "reassign", cast.koordinator, assignee="teknisi", expected_version=seen)


def test_only_the_workflow_changes_the_state(cast):
    ticket = factories.ticket(requester=cast.warga)
    with pytest.raises(AttributeError):
        ticket.state = "closed"


def test_a_question_pauses_the_clock_and_the_answer_resumes_it(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "hold", cast.agen, reason="requester", note="Di ruang mana?")
    clock = Clock.objects.get(ticket=ticket, metric="resolution")
    assert clock.state == "paused" and clock.due_at is None
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Ruang 3.")
    ticket.refresh_from_db()
    clock.refresh_from_db()
    assert ticket.state == "in_progress" and clock.state == "running"
    assert ticket.due_at == clock.due_at
    assert [m.direction for m in access.conversation(ticket, internal=False)] == ["in", "out", "in"]


def test_a_hold_for_a_third_party_says_nothing_to_the_requester(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    Delivery.objects.all().delete()
    perform(ticket.pk, "hold", cast.agen, reason="third_party", note="Menunggu vendor.")
    assert not Delivery.objects.filter(contact=ticket.requester).exists()
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Bagaimana?")
    ticket.refresh_from_db()
    assert ticket.state == "on_hold"


def test_a_public_reply_by_a_human_stops_the_response_clock_and_a_receipt_does_not(cast):
    ticket = factories.ticket(requester=cast.warga)
    clock = Clock.objects.get(ticket=ticket, metric="response")
    assert Delivery.objects.filter(contact=ticket.requester).count() == 1
    assert not clock.is_stopped
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="catatan", visibility="internal")
    clock.refresh_from_db()
    assert not clock.is_stopped
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa.")
    clock.refresh_from_db()
    assert clock.is_stopped and clock.state == "met"


def test_a_reply_reopens_what_was_resolved(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Sudah.")
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Belum menyala.")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.reopen_count, ticket.auto_close_at) == ("in_progress", 1, None)


def test_resolved_tickets_close_by_themselves_once_time_has_passed(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Sudah.")
    assert sweeps.close_due() == 0
    assert sweeps.close_due(now=timezone.now() + timedelta(days=10)) == 1
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert sweeps.close_due(now=timezone.now() + timedelta(days=10)) == 0


def test_an_overdue_clock_escalates_once_with_note_and_notice(cast):
    ticket = factories.ticket(requester=cast.warga)
    clock = Clock.objects.get(ticket=ticket, metric="response")
    at = clock.due_at
    sweeps.escalate_due(now=at)
    sweeps.escalate_due(now=at)
    sweeps.escalate_due(now=at + timedelta(minutes=1))
    entries = TimelineEntry.objects.filter(ticket=ticket, code=timeline.ESCALATED)
    assert sorted(e.changes["percent"] for e in entries) == [80, 100]
    notices = Delivery.objects.filter(recipient=cast.koordinator.email)
    assert notices.count() == 2
    assert "Internet" not in notices[0].subject


def test_changing_the_priority_keeps_the_elapsed_time(cast):
    factories.policy("Kritis", targets={"resolution": 60}, priority=4)
    ticket = factories.ticket(requester=cast.warga, received_at=timezone.now() - timedelta(days=7))
    elapsed = Clock.objects.get(ticket=ticket, metric="resolution").elapsed_seconds
    edits.change(ticket_id=ticket.pk, actor=cast.agen, impact=4, urgency=4)
    clock = Clock.objects.get(ticket=ticket, metric="resolution")
    assert clock.elapsed_seconds >= elapsed
    assert (clock.target_seconds, clock.target_version, clock.state) == (3600, 2, "breached")


def test_a_priority_against_the_matrix_needs_a_reason(cast):
    ticket = factories.ticket(requester=cast.warga)
    with pytest.raises(InvalidInputs) as refused:
        edits.change(ticket_id=ticket.pk, actor=cast.agen, priority=4)
    assert list(refused.value.errors) == ["priority_reason"]
    changed = edits.change(ticket_id=ticket.pk, actor=cast.agen, priority=4, priority_reason="Pelayanan KTP berhenti")
    assert changed.priority == 4


def test_a_normal_change_needs_assessment_and_other_eyes(cast):
    ticket = factories.ticket("change", requester=cast.koordinator)
    perform(ticket.pk, "submit", cast.koordinator)
    with pytest.raises(WrongState, match="dikaji"):
        perform(ticket.pk, "ask_approval", cast.agen)
    facts = dict.fromkeys(["impact_note", "plan", "back_out_plan", "test_plan"], "ada")
    perform(ticket.pk, "assess", cast.agen, risk=2, **facts)
    perform(ticket.pk, "ask_approval", cast.agen)
    with pytest.raises(Forbidden):
        perform(ticket.pk, "approve", cast.agen)
    cast.koordinator.groups.add(cast.cab.groups.get())
    own = type(cast.koordinator).objects.get(pk=cast.koordinator.pk)
    with pytest.raises(Forbidden):  # joined after the round began, and would not be asked anyway
        perform(ticket.pk, "approve", own)
    perform(ticket.pk, "approve", cast.cab)
    start = timezone.now() + timedelta(days=1)
    with pytest.raises(InvalidInputs):
        perform(ticket.pk, "schedule", cast.agen, window_start=start, window_end=start)
    perform(ticket.pk, "schedule", cast.agen, window_start=start, window_end=start + timedelta(hours=2))
    perform(ticket.pk, "implement", cast.agen)
    perform(ticket.pk, "complete", cast.agen, note="Lancar.")
    perform(ticket.pk, "review", cast.agen, review="Baik.", is_achieved="yes")
    assert perform(ticket.pk, "close", cast.agen).state == "closed"


def test_a_request_that_needs_approval_is_worked_only_after_it(cast):
    service = factories.service(
        "vpn",
        needs_approval=True,
        requestable=True,
        owner_office=factories.office("dukcapil"),
        support_team=cast.network,
    )
    ticket = factories.ticket("request", requester=cast.warga, service=service)
    assert ticket.state == "awaiting_approval" and ticket.stage == "waiting"
    with pytest.raises(WrongState):
        perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "reject", cast.penghubung, reason="Lengkapi surat.")
    perform(ticket.pk, "resubmit", cast.warga, reason="Surat terlampir.")
    perform(ticket.pk, "approve", cast.penghubung)
    perform(ticket.pk, "start", cast.teknisi)
    assert perform(ticket.pk, "fulfil", cast.teknisi, solution="Akun dibuat.").stage == "resolved"


def test_a_complaint_is_verified_forwarded_answered_and_reopened_by_an_answer(cast):
    ticket = factories.ticket("complaint", requester=cast.warga, subject="Layanan KTP lambat")
    assert set(Clock.objects.filter(ticket=ticket).values_list("metric", flat=True)) == {
        "verification",
        "response",
        "resolution",
    }
    perform(ticket.pk, "hold", cast.agen, reason="requester", note="Kapan kejadiannya?")
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Kemarin.")
    ticket.refresh_from_db()
    assert ticket.state == "new"
    perform(ticket.pk, "verify", cast.agen, complaint_class="supervisory")
    assert Clock.objects.get(ticket=ticket, metric="verification").is_stopped
    perform(ticket.pk, "forward", cast.agen, office="dukcapil")
    perform(ticket.pk, "start", cast.penghubung)
    ticket = perform(ticket.pk, "respond", cast.penghubung, answer="Loket ditambah.")
    assert ticket.stage == "resolved" and ticket.auto_close_at
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Masih lambat.")
    ticket.refresh_from_db()
    assert ticket.state == "in_progress"


def test_the_timeline_refuses_update_and_delete(cast):
    ticket = factories.ticket(requester=cast.warga)
    for sql in ("UPDATE tickets_timelineentry SET code='x'", "DELETE FROM tickets_timelineentry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert timeline.first_broken(ticket.pk) is None


def test_tampering_is_found_by_the_chain(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    entry = TimelineEntry.objects.filter(ticket=ticket).first()
    entry.actor_name = "Orang lain"
    assert timeline.digest_of(entry) != entry.digest


@pytest.mark.parametrize("kind", list(machines()))
def test_every_edge_of_every_machine_is_complete(kind):
    machine = machines()[kind]
    reachable = {machine.INITIAL}
    for info in machine.transitions():
        assert info.edge.by, info.name
        assert str(info.edge.label), info.name
        assert set(info.sources) <= set(machine.STATES), info.name
        fsm = getattr(machine, info.name)._django_fsm
        targets = [t.target for t in fsm.transitions.values()]
        for target in targets:
            reachable |= {target} if isinstance(target, str) else set(getattr(target, "allowed_states", None) or ())
    assert reachable == set(machine.STATES)


def test_buttons_are_what_the_machine_allows(cast):
    ticket = factories.ticket(requester=cast.warga)
    assert names(ticket, cast.agen) == ["assign", "start", "cancel", "merge"]
    assert names(ticket, cast.warga) == ["cancel"]
    assert names(ticket, cast.pimpinan) == []
    assert names(ticket, cast.orang_luar) == []
    assert Ticket.objects.count() == 1
