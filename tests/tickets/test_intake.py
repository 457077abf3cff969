"""The one door: what arrives becomes exactly one entry, on the right ticket, or waits in quarantine."""

import re

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.contacts import Identity
from accounts.models import ContactPoint
from notify.models import Delivery
from tests import factories
from tickets import access, creation, quarantine
from tickets.attachments import Upload
from tickets.choices import Confidentiality
from tickets.errors import Forbidden, NotVisible, Stale
from tickets.intake import Outcome, receive
from tickets.models import InboundRecord, Message, Ticket
from tickets.threading import message_id_for
from tickets.workflow import perform

SARI = Identity(name="Sari", email="sari@contoh.id")
BUDI = Identity(name="Budi", email="budi@contoh.id")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


def mail(text="Halo", **kw):
    return factories.arrive(text, channel="email", mailbox="layanan", **kw)


def test_a_report_becomes_a_ticket_with_number_code_and_receipt(cast):
    result = factories.arrive("Internet mati.", sender=SARI)
    ticket = result.ticket
    assert result.outcome == Outcome.CREATED
    assert re.fullmatch(r"GGN-\d{4}-\d{6}", ticket.number)
    assert access.by_code(ticket.number.lower(), ticket.access_code.lower()) == ticket
    assert access.by_code(ticket.number, "AAAAAAAAAA") is None
    receipt = Delivery.objects.get(topic=f"ticket:{ticket.pk}")
    assert ticket.number in receipt.text and ticket.access_code in receipt.text
    assert (receipt.channel, receipt.recipient) == ("email", "sari@contoh.id")
    assert receipt.options["auto_submitted"] == "auto-replied"


def test_the_same_message_twice_is_one_entry(cast):
    message = factories.message("Sekali saja", channel="email", external_id="a@b", sender=SARI)
    first, second = receive(message), receive(message)
    assert second.outcome == Outcome.DUPLICATE and second.message == first.message
    assert Ticket.objects.count() == 1 and Message.objects.count() == 1 and Delivery.objects.count() == 1


def test_a_reused_message_id_with_other_content_is_not_lost(cast):
    mail("Pertama", external_id="a@b")
    assert mail("Kedua", external_id="a@b").outcome == Outcome.CREATED
    assert Message.objects.count() == 2


def test_a_reply_with_our_message_id_joins_its_ticket(cast):
    ticket = mail("Printer rusak", sender=SARI).ticket
    ours = message_id_for(Delivery.objects.get(topic=f"ticket:{ticket.pk}"))
    result = mail("Lantai dua", sender=SARI, references=("asal@lain", ours), subject="Re: apa saja")
    assert result.outcome == Outcome.APPENDED and result.ticket == ticket
    ticket.refresh_from_db()
    assert ticket.version == 3


def test_a_tag_counts_only_for_people_who_take_part(cast):
    ticket = mail("Printer rusak", sender=SARI).ticket
    subject = f"Re: [{ticket.number}] Printer"
    assert mail("Saya lagi", sender=SARI, subject=subject).ticket == ticket
    stranger = mail("Tolong kirim isinya", sender=BUDI, subject=subject)
    assert stranger.outcome == Outcome.QUARANTINED
    assert stranger.record.reason == "stranger" and stranger.record.suggested_ticket == ticket
    assert Message.objects.filter(ticket=ticket).count() == 2


def test_somebody_in_copy_may_answer_all(cast):
    ticket = mail("Printer rusak", sender=SARI, external_id="asal@contoh.id", copied=(BUDI,)).ticket
    assert mail("Saya juga", sender=BUDI, references=("asal@contoh.id",)).ticket == ticket
    other = Identity(email="orang@lain.id")
    assert mail("Saya juga", sender=other, references=("asal@contoh.id",)).outcome == Outcome.QUARANTINED


def test_quarantine_is_decided_once_by_the_service_desk(cast):
    ticket = mail("Printer rusak", sender=SARI).ticket
    picture = Upload("foto.png", "image/png", PNG)
    record = mail("Ini Budi", sender=BUDI, subject=f"[{ticket.number}]", uploads=(picture,)).record
    for person in (cast.warga, cast.teknisi, cast.admin):
        with pytest.raises(Forbidden):
            quarantine.decide(record_id=record.pk, actor=person, decision="new")
    with pytest.raises(NotVisible):
        quarantine.decide(record_id=record.pk, actor=cast.agen, decision="join", number="GGN-2020-000001")
    quarantine.decide(record_id=record.pk, actor=cast.agen, decision="join", number=ticket.number)
    joined = Message.objects.get(ticket=ticket, text="Ini Budi")
    assert joined.author_name == "Budi" and joined.attachments.get().name == "foto.png"
    with pytest.raises(Stale):
        quarantine.decide(record_id=record.pk, actor=cast.agen, decision="discard")


def test_a_failure_keeps_the_message_in_quarantine_with_its_raw_form(cast, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("galat")

    monkeypatch.setattr(creation, "create", broken)
    result = mail("Penting", raw=b"From: sari@contoh.id\r\n\r\nPenting")
    assert result.outcome == Outcome.QUARANTINED and result.record.reason == "error"
    assert result.record.raw and result.record.text == "Penting"
    assert mail(
        "Penting", raw=b"From: sari@contoh.id\r\n\r\nPenting", external_id=result.record.external_id
    ).outcome == (Outcome.DUPLICATE)
    with pytest.raises(RuntimeError):
        factories.arrive("lewat web")


def test_a_database_failure_is_raised_so_that_the_channel_keeps_the_message(cast, monkeypatch):
    def no_database(*args, **kwargs):
        raise OperationalError("disk penuh")

    monkeypatch.setattr(creation, "create", no_database)
    with pytest.raises(OperationalError):
        mail("Penting")
    assert not InboundRecord.objects.exists()


def test_a_late_reply_to_a_long_closed_ticket_opens_a_linked_one(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Sudah")
    closed = perform(ticket.pk, "close", cast.warga)
    Ticket.objects.filter(pk=closed.pk).update(closed_at=closed.closed_at.replace(year=closed.closed_at.year - 1))
    result = factories.arrive("Rusak lagi", sender=Identity(user=cast.warga), trusted_ticket_id=ticket.pk)
    assert result.outcome == Outcome.CREATED
    assert result.ticket.links_out.get().target_id == ticket.pk


def test_refused_files_are_named_in_a_note_and_the_words_are_kept(cast):
    bad = Upload("virus.pdf", "application/pdf", b"MZ" + b"0" * 100)
    good = Upload("foto.png", "image/png", PNG)
    ticket = mail("Lihat lampiran", uploads=(bad, good)).ticket
    first = ticket.messages.get(direction="in")
    assert [a.name for a in first.attachments.all()] == ["foto.png"]
    assert "virus.pdf" in ticket.messages.get(direction="note").text


def test_one_persons_vouched_addresses_are_one_contact(cast):
    by_phone = Identity(name="Sari", email="sari@contoh.id", phone="0812 3456 7890", verified=True)
    a = factories.arrive("Satu", sender=by_phone).ticket
    b = factories.arrive("Dua", sender=Identity(phone="+62 812-3456-7890")).ticket
    c = factories.arrive("Tiga", sender=Identity(telegram="777", phone="+6281234567890", verified=True)).ticket
    assert a.requester == b.requester == c.requester
    assert a.requester.points.count() == 3


def test_a_claimed_address_does_not_take_it_from_its_owner(cast):
    factories.arrive("Satu", sender=Identity(email="korban@contoh.id"))
    factories.arrive("Dua", sender=Identity(email="korban@contoh.id", phone="0812999999"))
    owner = ContactPoint.objects.get(value="korban@contoh.id").contact
    assert owner.points.count() == 1
    attacker = factories.arrive("Tiga", sender=Identity(telegram="666", phone="0812999999", verified=True)).ticket
    assert attacker.requester != owner


def test_a_vouched_address_is_taken_over_from_a_mere_claim(cast):
    factories.arrive("Satu", sender=Identity(email="penyerang@contoh.id", phone="0812999999"))
    victim = factories.arrive("Dua", sender=Identity(telegram="5", phone="0812999999", verified=True)).ticket.requester
    assert ContactPoint.objects.get(kind="phone").contact == victim
    assert set(victim.points.values_list("kind", flat=True)) == {"telegram", "phone"}


@pytest.mark.parametrize("confidentiality", [Confidentiality.SECRET, Confidentiality.WHISTLEBLOWING])
def test_restricted_tickets_exist_only_for_their_officers(cast, confidentiality):
    ticket = factories.ticket("complaint", requester=cast.warga, confidentiality=confidentiality)
    assert ticket.number.startswith("RHS-")
    for name in ("agen", "teknisi", "koordinator", "penghubung", "cab", "pimpinan", "admin", "orang_luar", "asn"):
        assert not access.visible_to(getattr(cast, name)).exists(), name
    assert access.visible_to(cast.inspektorat).get() == ticket
    assert access.visible_to(cast.warga).get() == ticket
    assert factories.ticket("complaint").number.endswith("-000001")
    perform(ticket.pk, "verify", cast.inspektorat, complaint_class="supervisory")


def test_restricted_notices_say_nothing_but_that_there_is_news(cast):
    ticket = factories.ticket("complaint", confidentiality="whistleblowing", subject="Suap di loket")
    from tickets.messages import post

    post(ticket_id=ticket.pk, actor=cast.inspektorat, text="Siapa namanya?")
    told = Delivery.objects.filter(topic=f"ticket:{ticket.pk}").order_by("-pk").first()
    assert "Siapa" not in told.text and "Suap" not in told.subject + told.text


def test_a_confidential_case_without_a_team_is_given_to_the_officers(cast):
    type(cast.confidential_team).objects.update(receives_whistleblowing=False, is_confidential=False)
    ticket = factories.ticket("complaint", confidentiality="whistleblowing")
    assert list(ticket.named_officers.all()) == [cast.inspektorat]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=12))
def test_any_order_and_duplication_gives_each_message_once(cast, order):
    Message.objects.all().delete()
    InboundRecord.objects.all().delete()
    for name in order:
        mail(f"Pesan {name}", external_id=f"{name}@contoh.id", sender=SARI)
    assert sorted(Message.objects.values_list("text", flat=True)) == sorted(f"Pesan {n}" for n in set(order))
