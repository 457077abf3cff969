from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import User
from catalog.models import TaskTemplate
from notify.models import Delivery
from sla.models import Clock
from tests import factories
from tickets import access, messages, timeline, workflow
from tickets.attachments import Upload
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.models import ChangeDetail, ComplaintDetail, Message, Tag, Task, Ticket, TicketLink, TimeEntry
from tickets.operations import bulk, converting, linking, splitting, tagging, tasks, timesheet, watching
from tickets.workflow import perform


def fresh(ticket):
    return workflow.as_kind(Ticket.objects.get(pk=ticket.pk))


# Convert


def test_a_complaint_becomes_an_incident_and_keeps_its_life(cast):
    ticket = factories.ticket("complaint")
    perform(ticket.pk, "verify", cast.agen, complaint_class="ordinary")
    perform(ticket.pk, "start", cast.agen)
    entries, clocks = ticket.timeline.count(), Clock.objects.filter(ticket=ticket).count()
    made = converting.convert(ticket_id=ticket.pk, actor=cast.agen, kind="incident")
    assert (made.kind, made.state, made.stage, made.number) == ("incident", "in_progress", "active", ticket.number)
    assert ticket.timeline.count() == entries + 1 and timeline.first_broken(ticket.pk) is None
    assert Clock.objects.filter(ticket=ticket).count() == clocks == 3
    resolution = Clock.objects.get(ticket=ticket, metric="resolution")
    assert resolution.target_seconds == 480 * 60 and resolution.target_version == 2
    assert Clock.objects.get(ticket=ticket, metric="verification").is_stopped
    assert ComplaintDetail.objects.filter(ticket=ticket).exists() and ticket.messages.count() == 1
    assert perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Beres").state == "resolved"


@pytest.mark.parametrize(
    ("kind", "extra", "state"),
    [
        ("complaint", {"complaint_class": "ordinary"}, "on_hold"),
        ("request", {}, "on_hold"),
        ("problem", {}, "investigating"),
        ("change", {"change_type": "normal"}, "submitted"),
    ],
)
def test_a_wait_goes_on_where_the_new_kind_can_wait(cast, kind, extra, state):
    ticket = factories.ticket()
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "hold", cast.agen, reason="third_party", note="Vendor")
    made = converting.convert(ticket_id=ticket.pk, actor=cast.agen, kind=kind, **extra)
    assert made.state == state and bool(made.hold_reason) == (state == "on_hold")
    if state == "on_hold":
        assert perform(ticket.pk, "resume", cast.agen).state == "in_progress"
    if kind == "change":
        assert ChangeDetail.objects.get(ticket=ticket).requested_by == cast.agen


def test_approval_cannot_be_walked_around_by_converting(cast):
    service = factories.service("akun", needs_approval=True, owner_office=factories.office("dukcapil"))
    ticket = factories.ticket(service=service)
    perform(ticket.pk, "start", cast.agen)
    made = converting.convert(ticket_id=ticket.pk, actor=cast.agen, kind="request")
    assert made.state == "awaiting_approval"
    with pytest.raises(WrongState, match="menunggu persetujuan"):
        converting.convert(ticket_id=ticket.pk, actor=cast.agen, kind="incident")


def test_who_and_what_cannot_be_converted(cast):
    ticket = factories.ticket(requester=cast.warga)
    for person, error in ((cast.warga, Forbidden), (cast.pimpinan, Forbidden), (cast.teknisi, NotVisible)):
        with pytest.raises(error):
            converting.convert(ticket_id=ticket.pk, actor=person, kind="request")
    for wrong in ({"kind": "incident"}, {"kind": "naga"}, {"kind": "complaint"}, {"kind": "change"}):
        with pytest.raises(InvalidInputs):
            converting.convert(ticket_id=ticket.pk, actor=cast.agen, **wrong)
    secret = factories.ticket(confidentiality="secret")
    with pytest.raises(InvalidInputs, match="rahasia"):
        converting.convert(ticket_id=secret.pk, actor=cast.inspektorat, kind="change", change_type="normal")
    perform(ticket.pk, "cancel", cast.agen, reason="Salah")
    with pytest.raises(WrongState, match="masih terbuka"):
        converting.convert(ticket_id=ticket.pk, actor=cast.agen, kind="request")


# Split


def test_a_message_becomes_a_ticket_once(cast):
    ticket = factories.ticket()
    upload = Upload("foto.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    said = factories.arrive("Printer juga rusak.", trusted_ticket_id=ticket.pk, uploads=(upload,)).message
    given = {"ticket_id": ticket.pk, "message_id": said.pk, "actor": cast.agen, "kind": "incident"}
    made = splitting.split(**given, subject="Printer rusak")
    again = splitting.split(**given, subject="Printer rusak!")
    assert again.pk == made.pk and Ticket.objects.count() == 2
    copy = made.messages.get()
    assert copy.text == "Printer juga rusak." and copy.attachments.get().name == "foto.png"
    assert made.requester == ticket.requester and ticket.messages.count() == 2
    assert TicketLink.objects.get().type == "related" and splitting.split_of(ticket) == {said.pk: made.number}
    receipt = Delivery.objects.get(topic=f"ticket:{made.pk}")
    assert made.number in receipt.text and receipt.recipient == "sari@contoh.id"
    assert timeline.first_broken(ticket.pk) is timeline.first_broken(made.pk) is None


def test_the_words_of_a_merged_reporter_become_their_own_ticket(cast):
    source = factories.ticket(sender=Identity(name="Budi", email="budi@contoh.id"))
    target = factories.ticket()
    perform(source.pk, "merge", cast.agen, target=target.number)
    moved = target.messages.get(origin=source)
    made = splitting.split(
        ticket_id=target.pk, message_id=moved.pk, actor=cast.agen, kind="request", subject="Lain"
    )  # fmt: skip
    assert made.requester == source.requester


def test_only_staff_splits_and_only_what_the_requester_said_here(cast):
    ticket, other = factories.ticket(), factories.ticket()
    note = messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Catatan", visibility="internal")
    for message in (note, other.messages.get()):
        with pytest.raises(NotVisible):
            splitting.split(ticket_id=ticket.pk, message_id=message.pk, actor=cast.agen, kind="incident", subject="x")
    with pytest.raises(Forbidden):
        splitting.split(
            ticket_id=ticket.pk,
            message_id=ticket.messages.first().pk,
            actor=cast.pimpinan,
            kind="incident",
            subject="x",
        )
    assert Ticket.objects.count() == 2


def test_a_split_restricted_message_stays_with_its_officers(cast):
    ticket = factories.ticket("complaint", confidentiality="whistleblowing")
    ticket.named_officers.add(cast.inspektorat)
    made = splitting.split(
        ticket_id=ticket.pk, message_id=ticket.messages.get().pk, actor=cast.inspektorat, kind="complaint", subject="x"
    )
    assert made.is_restricted and made.team == ticket.team and list(made.named_officers.all()) == [cast.inspektorat]
    assert not access.visible_to(cast.admin).exists()


# Link


def test_links_in_both_directions_once(cast):
    one, two = factories.ticket(), factories.ticket("problem", requester=cast.agen)
    for _time in range(2):
        linking.link(ticket_id=one.pk, actor=cast.agen, type="caused_by", number=two.number.lower())
    linking.link(ticket_id=two.pk, actor=cast.agen, type="caused_by", number=one.number, backward=True)
    linking.link(ticket_id=one.pk, actor=cast.agen, type="related", number=two.number)
    linking.link(ticket_id=two.pk, actor=cast.agen, type="related", number=one.number)
    assert sorted(TicketLink.objects.values_list("source", "type")) == [(one.pk, "caused_by"), (one.pk, "related")]
    last = two.timeline.filter(code=timeline.LINKED).first()
    assert timeline.describe(last) == f"Ditautkan: menyebabkan {one.number}"
    made = TicketLink.objects.get(type="caused_by")
    linking.unlink(ticket_id=two.pk, actor=cast.agen, link_id=made.pk)
    assert TicketLink.objects.count() == 1
    with pytest.raises(NotVisible):
        linking.unlink(ticket_id=two.pk, actor=cast.agen, link_id=made.pk)


def test_links_that_make_no_sense(cast):
    one, two, three = (factories.ticket() for _ in range(3))
    hidden = factories.ticket(confidentiality="secret")
    linking.link(ticket_id=one.pk, actor=cast.agen, type="parent", number=two.number)
    linking.link(ticket_id=two.pk, actor=cast.agen, type="parent", number=three.number)
    for number in (one.number, hidden.number, "GGN-1999-000001", ""):
        with pytest.raises(InvalidInputs):
            linking.link(ticket_id=one.pk, actor=cast.agen, type="related", number=number)
    with pytest.raises(InvalidInputs, match="lingkaran"):
        linking.link(ticket_id=three.pk, actor=cast.agen, type="parent", number=one.number)
    with pytest.raises(Forbidden):
        linking.link(ticket_id=one.pk, actor=cast.pimpinan, type="related", number=three.number)
    with pytest.raises(NotVisible):
        linking.link(ticket_id=one.pk, actor=cast.teknisi, type="related", number=one.number)
    officer = factories.user("rangkap", "confidential_officer", "agent", teams=(cast.desk, cast.confidential_team))
    with pytest.raises(InvalidInputs, match="rahasia"):
        linking.link(ticket_id=one.pk, actor=officer, type="related", number=hidden.number)


def test_open_children_are_known(cast):
    parent, child = factories.ticket(), factories.ticket()
    linking.link(ticket_id=child.pk, actor=cast.agen, type="parent", number=parent.number)
    assert linking.open_children(parent, cast.agen) == [child]
    perform(child.pk, "cancel", cast.agen, reason="x")
    assert linking.open_children(parent, cast.agen) == []


# Watch, tag, time


def test_watchers_hear_replies_and_states_but_not_what_they_did(cast):
    ticket = factories.ticket()
    for person in (cast.koordinator, cast.agen):
        watching.watch(ticket_id=ticket.pk, actor=person)
        watching.watch(ticket_id=ticket.pk, actor=person)
    Delivery.objects.all().delete()
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Beres")
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Catatan", visibility="internal")
    told = [d for d in Delivery.objects.order_by("pk") if d.key.startswith("watch:")]
    assert [d.recipient for d in told] == ["koordinator@contoh.go.id"] * 2
    assert "Dikerjakan" in told[0].text and "Terselesaikan" in told[1].text
    watching.unwatch(ticket_id=ticket.pk, actor=cast.koordinator)
    assert list(ticket.watchers.all()) == [cast.agen]


def test_a_watcher_who_lost_sight_hears_no_more(cast):
    ticket = factories.ticket(team=cast.network)
    watching.watch(ticket_id=ticket.pk, actor=cast.teknisi)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "reassign", cast.agen, team="meja-layanan")
    Delivery.objects.all().delete()
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Halo")
    assert not Delivery.objects.filter(key__startswith="watch:").exists()


def test_who_may_watch(cast):
    own = factories.ticket(requester=cast.asn)
    secret = factories.ticket(confidentiality="secret", subject="Bocor")
    with pytest.raises(Forbidden):
        watching.watch(ticket_id=own.pk, actor=cast.asn)
    with pytest.raises(NotVisible):
        watching.watch(ticket_id=secret.pk, actor=cast.admin)
    watching.watch(ticket_id=secret.pk, actor=cast.inspektorat)
    colleague = factories.user("insp2", "confidential_officer", teams=(cast.confidential_team,))
    Delivery.objects.all().delete()
    perform(secret.pk, "start", colleague)
    mail = Delivery.objects.get(key__startswith="watch:")
    assert "Dikerjakan" not in mail.text and "Bocor" not in mail.text + mail.subject


def test_tags_are_cleaned_and_offered_without_telling_of_hidden_cases(cast):
    ticket = factories.ticket()
    secret = factories.ticket(confidentiality="secret")
    for name in ("  #WiFi   Publik ", "wifi publik"):
        tagging.add(ticket_id=ticket.pk, actor=cast.agen, name=name)
    tagging.add(ticket_id=secret.pk, actor=cast.inspektorat, name="suap")
    assert list(ticket.tags.values_list("name", flat=True)) == ["wifi publik"]
    assert ticket.timeline.filter(code=timeline.TAGGED).count() == 1
    assert [t.name for t in tagging.offered(cast.agen)] == ["wifi publik"]
    assert [t.name for t in tagging.offered(cast.inspektorat, "SU")] == ["suap"]
    for wrong in ("", "  # ", "x" * 41, "a\x00b"):
        with pytest.raises(InvalidInputs):
            tagging.add(ticket_id=ticket.pk, actor=cast.agen, name=wrong)
    with pytest.raises(Forbidden):
        tagging.add(ticket_id=ticket.pk, actor=cast.pimpinan, name="x")
    for _time in range(2):
        tagging.remove(ticket_id=ticket.pk, actor=cast.agen, name="WIFI publik")
    assert not ticket.tags.exists() and Tag.objects.count() == 2


def test_time_is_added_and_one_s_own_can_be_taken_back_the_same_day(cast):
    ticket = factories.ticket()
    entry = timesheet.add(ticket_id=ticket.pk, actor=cast.agen, minutes=45, note="Telepon")
    timesheet.add(ticket_id=ticket.pk, actor=cast.koordinator, minutes=15)
    assert timesheet.total(ticket) == 60
    with pytest.raises(Forbidden):
        timesheet.remove(ticket_id=ticket.pk, entry_id=entry.pk, actor=cast.koordinator)
    TimeEntry.objects.filter(pk=entry.pk).update(created_at=timezone.now() - timedelta(days=1))
    with pytest.raises(WrongState):
        timesheet.remove(ticket_id=ticket.pk, entry_id=entry.pk, actor=cast.agen)
    TimeEntry.objects.filter(pk=entry.pk).update(created_at=timezone.now())
    timesheet.remove(ticket_id=ticket.pk, entry_id=entry.pk, actor=cast.agen)
    assert timesheet.total(ticket) == 15
    tomorrow = timezone.localdate() + timedelta(days=1)
    for wrong in ({"minutes": 0}, {"minutes": 1441}, {"minutes": 5, "spent_on": tomorrow}):
        with pytest.raises(InvalidInputs):
            timesheet.add(ticket_id=ticket.pk, actor=cast.agen, **wrong)
    with pytest.raises(Forbidden):
        timesheet.add(ticket_id=ticket.pk, actor=cast.pimpinan, minutes=5)


# Tasks


@pytest.fixture
def planned(cast):
    service = factories.service("akun")
    TaskTemplate.objects.create(service=service, position=1, title="Buat akun", team=cast.desk, working_hours=4)
    TaskTemplate.objects.create(service=service, position=1, title="Siapkan surat")
    TaskTemplate.objects.create(service=service, position=2, title="Kirim sandi", working_hours=2)
    return perform(factories.ticket("request", service=service).pk, "start", cast.agen)


def test_tasks_come_from_the_service_and_open_in_their_order(cast, planned):
    first, second, third = Task.objects.order_by("pk")
    assert first.due_at and second.due_at is None and third.due_at is None
    with pytest.raises(WrongState, match="tugas sebelumnya"):
        tasks.complete(ticket_id=planned.pk, task_id=third.pk, actor=cast.agen)
    with pytest.raises(WrongState, match="Masih ada tugas"):
        perform(planned.pk, "fulfil", cast.agen, solution="Jadi")
    for _time in range(2):
        tasks.complete(ticket_id=planned.pk, task_id=first.pk, actor=cast.agen)
    third.refresh_from_db()
    assert third.due_at is None
    tasks.cancel(ticket_id=planned.pk, task_id=second.pk, actor=cast.agen)
    third.refresh_from_db()
    assert third.due_at > timezone.now()
    tasks.complete(ticket_id=planned.pk, task_id=third.pk, actor=cast.agen)
    assert perform(planned.pk, "fulfil", cast.agen, solution="Jadi").state == "fulfilled"
    perform(planned.pk, "reopen", cast.agen, reason="Kurang")
    assert Task.objects.count() == 3


def test_tasks_of_approved_requests(cast):
    service = factories.service("akun", needs_approval=True, owner_office=factories.office("dukcapil"))
    TaskTemplate.objects.create(service=service, title="Buat akun")
    ticket = factories.ticket("request", service=service)
    assert not Task.objects.exists()
    perform(ticket.pk, "approve", cast.penghubung)
    assert Task.objects.get().ticket_id == ticket.pk


def test_tasks_by_hand_go_to_people_who_see_the_ticket(cast):
    ticket = factories.ticket()
    with pytest.raises(InvalidInputs, match="tidak dapat melihat"):
        tasks.add(ticket_id=ticket.pk, actor=cast.agen, title="Ukur sinyal", assignee=cast.teknisi)
    task = tasks.add(ticket_id=ticket.pk, actor=cast.agen, title="Ukur sinyal", assignee=cast.koordinator)
    assert Delivery.objects.filter(key=f"task:{task.pk}:{cast.koordinator.pk}").count() == 1
    assert list(tasks.mine(cast.koordinator)) == [task] and not tasks.mine(cast.agen).exists()
    tasks.assign(ticket_id=ticket.pk, task_id=task.pk, actor=cast.agen, assignee=cast.agen)
    assert list(tasks.mine(cast.agen)) == [task]
    for person, error in ((cast.pimpinan, Forbidden), (cast.teknisi, NotVisible)):
        with pytest.raises(error):
            tasks.complete(ticket_id=ticket.pk, task_id=task.pk, actor=person)
        with pytest.raises(error):
            tasks.add(ticket_id=ticket.pk, actor=person, title="x")


# Bulk


def test_bulk_does_what_it_can_and_says_what_it_could_not(cast):
    new, started, closed = (factories.ticket() for _ in range(3))
    hidden = factories.ticket(confidentiality="secret")
    perform(started.pk, "start", cast.agen)
    perform(closed.pk, "cancel", cast.agen, reason="x")
    numbers = [new.number, started.number, closed.number, hidden.number, "GGN-1999-000001", "ngawur", new.number]
    results = bulk.run(action="langkah:start", numbers=numbers, actor=cast.agen, inputs={"note": "Massal"})
    assert [(r.number, r.is_done) for r in results] == [
        (new.number, True),
        (started.number, False),
        (closed.number, False),
        (hidden.number, False),
        ("GGN-1999-000001", False),
    ]
    assert results[3].reason == results[4].reason == "Tiket tidak ditemukan."
    assert new.messages.filter(text="Massal", visibility="internal").exists()


def test_bulk_assigns_tags_and_takes(cast):
    pair = [factories.ticket(), factories.ticket("complaint")]
    numbers = [ticket.number for ticket in pair]
    assert all(r.is_done for r in bulk.run(action="label", numbers=numbers, actor=cast.agen, inputs={"tag": "Banjir"}))
    done = bulk.run(action="tugaskan", numbers=numbers, actor=cast.agen, inputs={"team": "jaringan"})
    assert [r.reason for r in done] == ["", ""]
    assert {t.team for t in Ticket.objects.select_related("team")} == {cast.network}
    assert Tag.objects.get().tickets.count() == 2
    wrong = bulk.run(action="tugaskan", numbers=numbers, actor=cast.agen, inputs={"team": "naga"})
    assert not any(r.is_done for r in wrong)
    assert all(r.is_done for r in bulk.run(action="ambil", numbers=numbers, actor=cast.koordinator))
    assert {t.assignee for t in Ticket.objects.select_related("assignee")} == {cast.koordinator}


def test_bulk_has_limits(cast):
    with pytest.raises(InvalidInputs):
        bulk.run(action="label", numbers=[f"GGN-2026-{n:06d}" for n in range(51)], actor=cast.agen)
    for action in ("", "langkah:resolve", "langkah:merge", "langkah:unmerge", "langkah:cancel", "hapus"):
        with pytest.raises(InvalidInputs):
            bulk.run(action=action, numbers=[], actor=cast.agen)
    assert "close" in bulk.steps() and "start" in bulk.steps()
    assert not User.objects.filter(username="x").exists() and not Message.objects.exists()
