"""A problem that closes its incidents: one message each, refusals named, safe to repeat."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.contacts import Identity
from notify.models import Delivery
from tests import factories
from tickets import access, edits, timeline
from tickets.errors import InvalidInputs, WrongState
from tickets.models import Message, Ticket, TimelineEntry
from tickets.problems import closing, linking
from tickets.workflow import perform

pytestmark = pytest.mark.slow

SAID = "Router kecamatan sudah diganti. Silakan coba lagi."


def incident(number, **kw):
    sender = Identity(name=f"Warga {number}", email=f"warga{number}@contoh.id")
    return factories.ticket("incident", sender=sender, **kw)


def problem_with(cast, count, **kw):
    problem = factories.ticket("problem", requester=cast.agen, **kw)
    incidents = [incident(number) for number in range(count)]
    rows = linking.link_incidents(problem_id=problem.pk, numbers=[i.number for i in incidents], actor=cast.agen)
    assert all(row.is_done for row in rows)
    perform(problem.pk, "investigate", cast.agen)
    return problem, incidents


def close_all(problem, user):
    return perform(
        problem.pk, "resolve", user, code="fixed", solution="Firmware diperbarui.", resolve_incidents="on",
        incident_message=SAID,
    )  # fmt: skip


def test_a_problem_closes_twelve_incidents_with_one_message_each(cast):
    problem, incidents = problem_with(cast, 12)
    perform(incidents[0].pk, "assign", cast.agen, assignee="teknisi")
    perform(incidents[1].pk, "start", cast.agen)
    perform(incidents[2].pk, "start", cast.agen)
    perform(incidents[2].pk, "hold", cast.agen, reason="problem", note="Menunggu masalah.")
    Delivery.objects.all().delete()
    close_all(problem, cast.agen)
    assert set(Ticket.objects.filter(kind="incident").values_list("state", flat=True)) == {"resolved"}
    for each in incidents:
        assert Delivery.objects.filter(contact_id=each.requester_id).count() == 1
        assert [m.text for m in access.conversation(each, internal=False) if m.direction == "out"] == [SAID]
        assert timeline.first_broken(each.pk) is None
    assert timeline.first_broken(problem.pk) is None
    note = Message.objects.get(ticket=problem, direction="note")
    assert "12 gangguan" in note.text and "Tetap terbuka" not in note.text
    entry = TimelineEntry.objects.get(ticket=problem, code=timeline.INCIDENTS_RESOLVED)
    assert len(entry.changes["resolved"]) == 12 and entry.changes["kept"] == []


def test_an_incident_that_was_new_is_started_by_the_system(cast):
    problem, incidents = problem_with(cast, 1)
    close_all(problem, cast.agen)
    steps = TimelineEntry.objects.filter(ticket=incidents[0], code=timeline.TRANSITION).order_by("position")
    assert [(e.changes["transition"], e.channel) for e in steps] == [("start", "system"), ("resolve", "web")]


def test_running_it_twice_tells_nobody_twice(cast):
    problem, incidents = problem_with(cast, 3)
    close_all(problem, cast.agen)
    before = Delivery.objects.count()
    with pytest.raises(WrongState):
        close_all(problem, cast.agen)
    assert Delivery.objects.count() == before
    perform(problem.pk, "reopen", cast.agen, reason="Terulang.")
    perform(
        problem.pk, "resolve", cast.agen, code="fixed", solution="Firmware.", resolve_incidents="on",
        incident_message=SAID,
    )  # fmt: skip
    contacts = [each.requester_id for each in incidents]
    assert Delivery.objects.filter(contact__in=contacts, text=SAID).count() == 3


def test_incidents_that_refuse_stay_open_and_are_named(cast):
    """The technician's problem also explains an incident he sees but does not work on."""
    problem = factories.ticket("problem", requester=cast.teknisi, team=cast.network)
    own, watched = incident(1, team=cast.network), factories.ticket("incident", requester=cast.teknisi)
    linking.link_incidents(problem_id=problem.pk, numbers=[own.number, watched.number], actor=cast.koordinator)
    perform(problem.pk, "investigate", cast.teknisi)
    close_all(problem, cast.teknisi)
    states = dict(Ticket.objects.filter(kind="incident").values_list("number", "state"))
    assert states == {own.number: "resolved", watched.number: "new"}
    note = Message.objects.get(ticket=problem, direction="note").text
    assert f"{watched.number}: Anda tidak berwenang" in note
    assert not TimelineEntry.objects.filter(ticket=watched, code=timeline.TRANSITION).exists()


def test_incidents_of_other_teams_are_counted_and_secret_ones_not_even_that(cast):
    problem = factories.ticket("problem", requester=cast.teknisi, team=cast.network)
    elsewhere, secret = incident(1), incident(2)
    numbers = [elsewhere.number, secret.number]
    assert all(
        r.is_done for r in linking.link_incidents(problem_id=problem.pk, numbers=numbers, actor=cast.koordinator)
    )
    edits.change(ticket_id=secret.pk, actor=cast.agen, confidentiality="secret")
    perform(problem.pk, "investigate", cast.teknisi)
    close_all(problem, cast.teknisi)
    note = Message.objects.get(ticket=problem, direction="note").text
    assert "1 gangguan tim lain" in note
    assert elsewhere.number not in note and secret.number not in note


def test_a_merged_incident_stands_for_its_survivor(cast):
    problem, incidents = problem_with(cast, 2)
    survivor = incident(9)
    perform(incidents[0].pk, "merge", cast.agen, target=survivor.number)
    assert [i.pk for i in closing.open_incidents(problem)] == [incidents[1].pk, survivor.pk]
    close_all(problem, cast.agen)
    survivor.refresh_from_db()
    assert survivor.state == "resolved"
    assert Delivery.objects.filter(contact_id=incidents[0].requester_id, text=SAID).count() == 1


def test_without_the_tick_nothing_happens_to_the_incidents(cast):
    problem, _incidents = problem_with(cast, 2)
    perform(problem.pk, "resolve", cast.agen, code="fixed", solution="Firmware diperbarui.")
    assert set(Ticket.objects.filter(kind="incident").values_list("state", flat=True)) == {"new"}


def test_the_tick_needs_words_for_the_reporters(cast):
    problem, _incidents = problem_with(cast, 1)
    with pytest.raises(InvalidInputs) as refused:
        perform(problem.pk, "resolve", cast.agen, code="fixed", solution="x", resolve_incidents="on")
    assert list(refused.value.errors) == ["incident_message"]


def test_queries_grow_by_a_bounded_number_per_incident(cast):
    def queries(count):
        problem, _incidents = problem_with(cast, count)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            close_all(problem, cast.agen)
        return len(caught)

    three, nine = queries(3), queries(9)
    assert nine - three <= 6 * 95, (three, nine)
