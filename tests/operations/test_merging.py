from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import Contact
from notify.models import Delivery
from sla.models import Clock
from tests import factories
from tickets import access, messages, timeline, workflow
from tickets.errors import Forbidden, InvalidInputs, WrongState
from tickets.models import Merge, Message, Participant, Tag, Task, Ticket, TicketLink
from tickets.workflow import perform

BUDI = Identity(name="Budi", email="budi@contoh.id")


@pytest.fixture
def pair(cast):
    """(source by Sari, target by Budi)."""
    target = factories.ticket(subject="Wifi balai desa", text="Rumah saya di Way Lima, wifi mati.", sender=BUDI)
    source = factories.ticket(subject="Internet mati", text="Sinyal hilang sejak pagi.")
    return source, target


def fresh(ticket):
    return workflow.as_kind(Ticket.objects.get(pk=ticket.pk))


def merge(source, target, actor):
    return perform(source.pk, "merge", actor, target=target.number)


def heard(ticket, reader=None):
    return [m.text for m in access.conversation(fresh(ticket), internal=False, reader_id=reader)]


def age(ticket, **ago):
    Merge.objects.filter(source=ticket).update(at=timezone.now() - timedelta(**ago))


def test_everything_moves_and_the_source_points_to_the_survivor(cast, pair):
    source, target = pair
    source.watchers.add(cast.koordinator)
    source.tags.add(Tag.objects.create(name="wifi"))
    task = Task.objects.create(ticket=source, title="Cek menara")
    done = Task.objects.create(ticket=source, title="Telepon", state=Task.State.DONE)
    merged = merge(source, target, cast.agen)
    assert (merged.state, merged.stage, merged.is_open, merged.merged_into_id) == ("merged", "closed", False, target.pk)
    assert list(target.messages.values_list("text", flat=True)) == [
        "Rumah saya di Way Lima, wifi mati.", "Sinyal hilang sejak pagi.",
    ]  # fmt: skip
    assert target.participants.get().contact == source.requester and target.participants.get().hears_replies
    assert list(target.watchers.all()) == [cast.koordinator] and target.tags.get().name == "wifi"
    task.refresh_from_db()
    done.refresh_from_db()
    assert (task.ticket_id, done.ticket_id) == (target.pk, source.pk)
    assert TicketLink.objects.get(source=source).target == target
    assert not Clock.objects.filter(ticket=source, is_stopped=False).exists()
    assert Clock.objects.filter(ticket=target, is_stopped=False).exists()
    record = Merge.objects.get()
    assert record.by == cast.agen and record.moved["tasks"] == [task.pk] and len(record.moved["messages"]) == 1
    assert timeline.first_broken(source.pk) is timeline.first_broken(target.pk) is None
    codes = set(target.timeline.values_list("code", "is_public"))
    assert (timeline.ABSORBED, False) in codes


def test_every_kind_can_be_merged_from_every_open_state(cast):
    from tickets.choices import Stage
    from tickets.kinds import machines

    for machine in machines().values():
        open_or_resolved = {state for state, (_l, stage) in machine.STATES.items() if stage != Stage.CLOSED}
        assert set(machine.transition("merge").sources) == open_or_resolved
        assert machine.STATES["merged"][1] == Stage.CLOSED


def test_reporters_do_not_read_each_other(cast, pair):
    source, target = pair
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Yth. Pak Budi, kami cek ke Way Lima.")
    merge(source, target, cast.agen)
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Teknisi berangkat.")
    factories.arrive("Terima kasih dari Sari.", trusted_ticket_id=source.pk)
    factories.arrive("Saya Budi, tolong cepat.", trusted_ticket_id=target.pk, sender=BUDI)
    for_sari, for_budi = heard(source), heard(target)
    assert for_sari[0] == "Sinyal hilang sejak pagi." and for_sari[-2:] == [
        "Teknisi berangkat.", "Terima kasih dari Sari.",
    ]  # fmt: skip
    assert not any("Budi" in text or "Way Lima" in text for text in for_sari)
    assert for_budi == [
        "Rumah saya di Way Lima, wifi mati.",
        "Yth. Pak Budi, kami cek ke Way Lima.",
        "Teknisi berangkat.",
        "Saya Budi, tolong cepat.",
    ]
    assert len(access.conversation(fresh(target), internal=True)) == 6
    public = access.timeline(fresh(target), internal=False)
    assert not [entry for entry in public if entry.actor_name == "Sari"]


def test_replies_reach_the_merged_reporter_by_their_own_number_without_the_other_ones_words(cast, pair):
    source, target = pair
    factories.arrive("Lagi", channel="email", external_id="budi-1@x", trusted_ticket_id=target.pk, sender=BUDI)
    merge(source, target, cast.agen)
    Delivery.objects.all().delete()
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Teknisi berangkat.")
    mail = {d.recipient: d for d in Delivery.objects.all()}
    assert set(mail) == {"sari@contoh.id", "budi@contoh.id"}
    sari = mail["sari@contoh.id"]
    assert sari.text == "Teknisi berangkat." and sari.subject == f"[{source.number}] Internet mati"
    assert target.number not in str(sari.options) and "budi-1@x" not in str(sari.options)
    assert mail["budi@contoh.id"].options["in_reply_to"] == "budi-1@x"


def test_mail_to_the_old_number_and_the_old_thread_lands_on_the_survivor(cast, pair):
    source, target = pair
    receipt = Delivery.objects.get(recipient="sari@contoh.id")
    merge(source, target, cast.agen)
    from tickets.threading import message_id_for

    sari = Identity(name="Sari", email="sari@contoh.id")
    by_tag = factories.arrive("Tag", channel="email", subject=f"Re: [{source.number}] x", sender=sari)
    by_id = factories.arrive("Id", channel="email", references=(message_id_for(receipt),), sender=sari)
    stranger = factories.arrive(
        "Asing", channel="email", subject=f"Re: [{source.number}] x", sender=Identity(email="z@contoh.id")
    )
    assert by_tag.ticket.pk == by_id.ticket.pk == target.pk and stranger.outcome == "quarantined"
    known = factories.arrive("Dikenal", channel="email", subject=f"Re: [{target.number}] x", sender=sari)
    assert known.message.origin_id == source.pk and "Dikenal" not in heard(target)
    assert by_tag.message.origin_id == source.pk
    assert fresh(source).state == "merged"


def test_a_chain_leads_to_the_last_one_and_keeps_each_circle(cast, pair):
    first, middle = pair
    last = factories.ticket(subject="Kabel putus", text="Tiang roboh.", sender=Identity(name="Wati", email="w@x.id"))
    merge(first, middle, cast.agen)
    messages.post(ticket_id=middle.pk, actor=cast.agen, text="Sedang dicek.")
    merge(middle, last, cast.agen)
    messages.post(ticket_id=last.pk, actor=cast.agen, text="Tiang diganti.")
    assert access.survivor_of(fresh(first)) == last
    reply = factories.arrive("Kabar?", trusted_ticket_id=first.pk)
    assert reply.ticket.pk == last.pk
    spoken = heard(first)
    assert "Sedang dicek." in spoken and "Tiang diganti." in spoken and "Kabar?" in spoken
    assert not {"Tiang roboh.", "Rumah saya di Way Lima, wifi mati."} & set(spoken)
    assert set(heard(last)) == {"Tiang roboh.", "Tiang diganti."}
    assert {p.via_id for p in last.participants.all()} == {first.pk, middle.pk}
    with pytest.raises(WrongState, match="Batalkan penggabungan itu dahulu"):
        perform(first.pk, "unmerge", cast.agen)
    perform(middle.pk, "unmerge", cast.agen)
    assert {m.text for m in middle.messages.all()} >= {"Sedang dicek.", "Sinyal hilang sejak pagi."}
    assert "Tiang diganti." not in heard(first)
    perform(first.pk, "unmerge", cast.agen)
    assert "Sinyal hilang sejak pagi." in heard(first) and "Sinyal hilang sejak pagi." not in heard(middle)


def test_unmerge_takes_back_exactly_what_moved(cast, pair):
    source, target = pair
    perform(source.pk, "start", cast.agen)
    perform(source.pk, "hold", cast.agen, reason="third_party", note="Menunggu vendor")
    source.tags.add(Tag.objects.create(name="wifi"))
    task = Task.objects.create(ticket=source, title="Cek menara")
    merge(source, target, cast.agen)
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Setelah digabung.")
    back = perform(source.pk, "unmerge", cast.koordinator)
    assert (back.state, back.stage, back.hold_reason, back.resume_state) == (
        "on_hold", "waiting", "third_party", "in_progress",
    )  # fmt: skip
    assert back.merged_into_id is None and back.closed_at is None and back.is_open
    assert "Sinyal hilang sejak pagi." in heard(source) and "Setelah digabung." not in heard(source)
    assert heard(target) == ["Rumah saya di Way Lima, wifi mati.", "Setelah digabung."]
    task.refresh_from_db()
    assert task.ticket_id == source.pk
    assert not target.participants.exists() and not target.tags.exists() and not TicketLink.objects.exists()
    assert Clock.objects.filter(ticket=source, is_stopped=False).exists()
    assert Merge.objects.get().undone_by == cast.koordinator
    merge(source, target, cast.agen)  # and once more
    assert Merge.objects.filter(undone_at=None).count() == 1


def test_somebody_who_came_twice_stays_for_the_other_ticket(cast, pair):
    source, target = pair
    other = factories.ticket(text="Masih mati.")
    merge(source, target, cast.agen)
    merge(other, target, cast.agen)
    perform(source.pk, "unmerge", cast.agen)
    assert target.participants.get().via_id == other.pk
    perform(other.pk, "unmerge", cast.agen)
    assert not target.participants.exists()


def test_the_undo_ends_after_a_day(cast, pair):
    source, target = pair
    merge(source, target, cast.agen)
    age(source, hours=24, seconds=1)
    with pytest.raises(WrongState, match="24 jam"):
        perform(source.pk, "unmerge", cast.agen)
    age(source, hours=23, minutes=59)
    assert perform(source.pk, "unmerge", cast.agen).state == "new"


def test_only_staff_merges_and_undoes(cast, pair):
    source, target = pair
    for person in (cast.pimpinan, cast.admin):
        with pytest.raises(Forbidden):
            merge(source, target, person)
    own = factories.ticket(requester=cast.warga)
    with pytest.raises(Forbidden):
        merge(own, target, cast.warga)
    merge(source, target, cast.agen)
    with pytest.raises(Forbidden):
        perform(source.pk, "unmerge", cast.pimpinan)


def test_targets_that_do_not_fit_are_named_with_the_reason(cast, pair):
    source, target = pair
    hidden = factories.ticket(confidentiality="secret")
    anonymous = factories.ticket("complaint", confidentiality="anonymous")
    closed = factories.ticket()
    perform(closed.pk, "cancel", cast.agen, reason="Salah")
    merged = factories.ticket()
    merge(merged, target, cast.agen)
    wrong = {
        source.number: "dirinya sendiri",
        "GGN-1999-000000": "Tidak ada tiket bernomor",
        hidden.number: "Tidak ada tiket bernomor",
        anonymous.number: "Kerahasiaan kedua tiket berbeda",
        closed.number: "sudah ditutup",
        merged.number: f"sudah digabung ke {target.number}",
    }
    for number, reason in wrong.items():
        with pytest.raises(InvalidInputs) as error:
            perform(source.pk, "merge", cast.agen, target=number)
        assert reason in error.value.errors["target"][0]
    with pytest.raises(InvalidInputs):
        perform(source.pk, "merge", cast.agen, target="")
    far = factories.ticket(team=cast.desk)
    near = factories.ticket(team=cast.network)
    with pytest.raises(InvalidInputs, match="Tidak ada tiket"):
        perform(near.pk, "merge", cast.teknisi, target=far.number)
    assert fresh(source).version == source.version and not Message.objects.filter(origin=source).exists()


def test_restricted_tickets_merge_among_the_same_officers_only(cast):
    one, two = (factories.ticket("complaint", confidentiality="whistleblowing", text=t) for t in ("Satu", "Dua"))
    three = factories.ticket("complaint", confidentiality="whistleblowing")
    three.named_officers.add(factories.user("lain", "confidential_officer"))
    with pytest.raises(InvalidInputs, match="petugas yang berbeda"):
        merge(one, three, cast.inspektorat)
    merge(one, two, cast.inspektorat)
    assert "Dua" not in heard(one) and "Satu" in heard(one)
    assert "Satu" not in heard(two, None)


def test_a_restricted_reporter_hears_no_words_by_mail(cast):
    wati = Identity(name="Wati", email="w@x.id")
    one = factories.ticket("complaint", confidentiality="secret", sender=wati)
    two = factories.ticket("complaint", confidentiality="secret")
    merge(one, two, cast.inspektorat)
    Delivery.objects.all().delete()
    messages.post(ticket_id=two.pk, actor=cast.inspektorat, text="Rahasia sekali")
    mail = Delivery.objects.get(recipient="w@x.id")
    assert "Rahasia" not in mail.text and one.number in mail.text and two.number not in str(mail.text + mail.subject)


def test_the_survivor_does_not_exist_for_a_merged_reporter_with_an_account(cast):
    source = factories.ticket(requester=cast.warga)
    target = factories.ticket(requester=cast.asn)
    merge(source, target, cast.agen)
    assert list(access.visible_to(cast.warga)) == [source]
    assert not access.is_visible(access.Actor(contact=Contact.objects.get(user=cast.warga)), target)
    messages.post(ticket_id=source.pk, actor=cast.warga, text="Lewat API")
    assert target.messages.get(text="Lewat API").origin_id == source.pk
    with pytest.raises(WrongState, match=f"digabung ke {target.number}"):
        messages.post(ticket_id=source.pk, actor=cast.agen, text="Salah alamat")


def test_the_same_requester_reads_both(cast):
    source, target = (factories.ticket(requester=cast.warga, text=t) for t in ("Satu", "Dua"))
    merge(source, target, cast.agen)
    contact = Contact.objects.get(user=cast.warga)
    assert set(heard(target, contact.pk)) == {"Satu", "Dua"} and not Participant.objects.exists()
