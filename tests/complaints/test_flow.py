"""The way of a complaint: verification, disposition and back, incompleteness, hand-off, deadline by class, closing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notify.models import Delivery
from sla.models import Clock
from tests import factories
from tickets import access, edits, messages, sweeps, timeline
from tickets.errors import Forbidden, InvalidInputs, NotVisible
from tickets.models import ComplaintDetail, Ticket, TimelineEntry
from tickets.workflow import available, perform


@pytest.fixture
def complaint(cast):
    return factories.ticket("complaint", requester=cast.warga, subject="Antrean KTP lama")


def names(ticket, user):
    return {info.name for info in available(Ticket.objects.get(pk=ticket.pk), user)}


def forwarded(cast, ticket):
    perform(ticket.pk, "verify", cast.agen, complaint_class="ordinary")
    perform(ticket.pk, "forward", cast.agen, office="dukcapil", note="Mohon ditindaklanjuti.")
    return Ticket.objects.get(pk=ticket.pk)


def clock(ticket, metric="resolution"):
    return Clock.objects.get(ticket=ticket, metric=metric)


def test_disposition_reaches_the_liaisons_of_that_office_alone(cast, complaint):
    other = factories.user("penghubung_dinkes", "liaison", office=factories.office("dinkes"))
    with pytest.raises(NotVisible):
        perform(complaint.pk, "return_", cast.penghubung, reason="x")
    Delivery.objects.all().delete()
    forwarded(cast, complaint)
    assert set(Delivery.objects.filter(text__contains="didisposisi").values_list("recipient", flat=True)) == {
        cast.penghubung.email
    }
    assert "KTP" not in Delivery.objects.get(recipient=cast.penghubung.email).subject
    assert access.visible_to(cast.penghubung).filter(pk=complaint.pk).exists()
    assert not access.visible_to(other).filter(pk=complaint.pk).exists()


def test_the_office_gives_it_back_with_a_reason_the_reporter_does_not_read(cast, complaint):
    forwarded(cast, complaint)
    Delivery.objects.all().delete()
    with pytest.raises(InvalidInputs):
        perform(complaint.pk, "return_", cast.penghubung, reason="")
    perform(complaint.pk, "return_", cast.penghubung, reason="Ini urusan Dinas Kesehatan.")
    back = Ticket.objects.get(pk=complaint.pk)
    assert (back.state, back.office_id) == ("verified", None)
    assert ComplaintDetail.objects.get(ticket=back).forwarded_to is None
    assert not access.visible_to(cast.penghubung).filter(pk=back.pk).exists()
    assert Delivery.objects.filter(recipient=cast.koordinator.email, text__contains="dikembalikan").count() == 1
    assert not Delivery.objects.filter(contact=back.requester).exists()
    assert "Ini urusan Dinas Kesehatan." not in [m.text for m in access.conversation(back, internal=False)]
    assert "Ini urusan Dinas Kesehatan." in [m.text for m in access.conversation(back, internal=True)]
    perform(back.pk, "forward", cast.agen, office="dinkes")
    assert Ticket.objects.get(pk=back.pk).office.code == "dinkes"


def test_it_is_given_back_also_after_work_began_and_only_by_that_office(cast, complaint):
    forwarded(cast, complaint)
    for person in (cast.agen, cast.koordinator):
        with pytest.raises(Forbidden):
            perform(complaint.pk, "return_", person, reason="x")
    with pytest.raises(NotVisible):
        perform(complaint.pk, "return_", cast.orang_luar, reason="x")
    perform(complaint.pk, "start", cast.penghubung)
    perform(complaint.pk, "reassign", cast.agen, assignee="agen")
    perform(complaint.pk, "return_", cast.penghubung, reason="Bukan kami.")
    back = Ticket.objects.get(pk=complaint.pk)
    assert back.state == "verified" and back.assignee == cast.agen
    assert Delivery.objects.filter(recipient=cast.agen.email, text__contains="dikembalikan").count() == 1


@pytest.mark.parametrize("steps", [(), ("verify",), ("verify", "forward"), ("verify", "forward", "start")])
def test_incomplete_stops_every_clock_and_the_answer_resumes_it(cast, complaint, steps):
    inputs = {"verify": {"complaint_class": "ordinary"}, "forward": {"office": "dukcapil"}, "start": {}}
    for step in steps:
        perform(complaint.pk, step, cast.agen, **inputs[step])
    before = Ticket.objects.get(pk=complaint.pk).state
    perform(complaint.pk, "hold", cast.agen, reason="requester", note="Kapan kejadiannya?")
    running = Clock.objects.filter(ticket=complaint, is_stopped=False)
    assert {each.state for each in running} == {"paused"} and not running.filter(due_at__isnull=False).exists()
    messages.post(ticket_id=complaint.pk, actor=cast.warga, text="Senin lalu.")
    back = Ticket.objects.get(pk=complaint.pk)
    assert back.state == before and clock(back).state == "running"


def test_a_hold_for_somebody_else_is_not_ended_by_the_reporter(cast, complaint):
    forwarded(cast, complaint)
    perform(complaint.pk, "hold", cast.penghubung, reason="third_party", note="Menunggu pusat.")
    messages.post(ticket_id=complaint.pk, actor=cast.warga, text="Bagaimana?")
    assert Ticket.objects.get(pk=complaint.pk).state == "on_hold"


@pytest.mark.parametrize("verified", [False, True])
def test_out_of_authority_keeps_where_it_went(cast, complaint, verified):
    if verified:
        perform(complaint.pk, "verify", cast.agen, complaint_class="ordinary")
    perform(
        complaint.pk, "hand_off", cast.agen, handed_off_to="BPJS Kesehatan", external_number="LAPOR-778",
        reason="Diteruskan lewat SP4N-LAPOR.",
    )  # fmt: skip
    facts = ComplaintDetail.objects.get(ticket=complaint)
    assert (facts.handed_off_to, facts.external_number) == ("BPJS Kesehatan", "LAPOR-778")
    assert not Clock.objects.filter(ticket=complaint, is_stopped=False).exists()
    assert Delivery.objects.filter(contact=complaint.requester, text__contains="SP4N-LAPOR").count() == 1


def test_the_liaison_neither_verifies_nor_archives_nor_hands_off(cast):
    ticket = factories.ticket("complaint", requester=cast.warga, office=cast.penghubung.office)
    assert names(ticket, cast.penghubung) == {"hold"}
    for step in ("verify", "archive", "hand_off"):
        with pytest.raises(Forbidden):
            perform(ticket.pk, step, cast.penghubung, reason="x")


def test_archiving_needs_a_reason_and_tells_it(cast, complaint):
    with pytest.raises(InvalidInputs):
        perform(complaint.pk, "archive", cast.agen)
    perform(complaint.pk, "archive", cast.agen, reason="Sudah dijawab di tiket sebelumnya.")
    assert Delivery.objects.filter(contact=complaint.requester, text__contains="Sudah dijawab").count() == 1
    assert Ticket.objects.get(pk=complaint.pk).stage == "closed"


@pytest.fixture
def classes(cast):
    for name, days in (("information", 5), ("ordinary", 14), ("supervisory", 60)):
        factories.policy(f"Golongan {name}", days={"resolution": days}, kind="complaint", complaint_class=name)


def test_the_class_decides_the_deadline(cast, classes, complaint):
    dues = {}
    for name in ("information", "ordinary", "supervisory"):
        ticket = factories.ticket("complaint", requester=cast.warga)
        perform(ticket.pk, "verify", cast.agen, complaint_class=name)
        dues[name] = clock(ticket).due_at
    assert dues["information"] < dues["ordinary"] < dues["supervisory"]


def test_another_class_retargets_and_keeps_the_elapsed_time(cast, classes):
    ticket = factories.ticket("complaint", requester=cast.warga, received_at=timezone.now() - timedelta(days=20))
    perform(ticket.pk, "verify", cast.agen, complaint_class="information")
    first = clock(ticket)
    edits.change(ticket_id=ticket.pk, actor=cast.agen, complaint_class="supervisory")
    then = clock(ticket)
    assert then.due_at > first.due_at and then.target_version == first.target_version + 1
    assert then.elapsed_seconds >= first.elapsed_seconds > 0
    entry = TimelineEntry.objects.get(ticket=ticket, code=timeline.CHANGED)
    assert entry.changes["complaint_class"] == ["Permintaan informasi", "Pengaduan berkadar pengawasan"]
    assert "golongan Permintaan informasi →" in timeline.describe(entry)
    with pytest.raises(Forbidden):
        edits.change(ticket_id=ticket.pk, actor=cast.warga, complaint_class="information")


def test_only_complaints_have_a_class_and_a_national_number(cast, complaint):
    edits.change(ticket_id=complaint.pk, actor=cast.agen, external_number="LAPOR-1")
    assert ComplaintDetail.objects.get(ticket=complaint).external_number == "LAPOR-1"
    incident = factories.ticket("incident", requester=cast.warga)
    for facts in ({"complaint_class": "ordinary"}, {"external_number": "LAPOR-1"}):
        with pytest.raises(InvalidInputs):
            edits.change(ticket_id=incident.pk, actor=cast.agen, **facts)
    with pytest.raises(InvalidInputs):
        edits.change(ticket_id=complaint.pk, actor=cast.agen, complaint_class="besar")


def test_silence_closes_after_ten_working_days_and_an_answer_reopens(cast, complaint):
    forwarded(cast, complaint)
    perform(complaint.pk, "respond", cast.penghubung, answer="Antrean sudah ditambah.")
    ticket = Ticket.objects.get(pk=complaint.pk)
    local = timezone.localtime
    days, day = 0, local(ticket.resolved_at)
    while days < 10:
        day += timedelta(days=1)
        days += day.weekday() < 5
    assert local(ticket.auto_close_at).date() == day.date()
    assert sweeps.close_due(now=ticket.auto_close_at - timedelta(seconds=1)) == 0
    assert sweeps.close_due(now=ticket.auto_close_at) == 1
    assert Ticket.objects.get(pk=complaint.pk).state == "closed"
    messages.post(ticket_id=complaint.pk, actor=cast.warga, text="Masih lama.")
    again = Ticket.objects.get(pk=complaint.pk)
    assert (again.state, again.reopen_count, again.auto_close_at) == ("in_progress", 1, None)
    assert clock(again).is_stopped is False
