"""What becomes of mail beyond its words: copies, forwards, loops, returns, blocking, and the full original."""

import zlib
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DataError, OperationalError
from django.utils import timezone

from accounts.models import ContactPoint
from channels_bot.email import inbound
from channels_bot.models import Mailbox
from notify import outbox
from notify.models import Delivery
from tests import factories
from tests.email.samples import PNG, plain
from tests.email.test_channel import mail
from tests.email.test_parsing import REPORT
from tickets import intake, messages, originals, quarantine, timeline
from tickets.intake import Outcome, Reason
from tickets.models import (
    Attachment,
    BlockedSender,
    InboundRecord,
    Message,
    Ticket,
    TimelineEntry,
)
from tickets.threading import delivery_of, message_id_for, ticket_of_own_ids
from tickets.workflow import perform

SARI, BUDI, ASING = "sari@contoh.id", "budi@contoh.id", "asing@contoh.id"


def receipt_id(ticket):
    return f"<{message_id_for(Delivery.objects.filter(topic=outbox.topic_of(ticket.pk)).earliest('pk'))}>"


class TestCopies:
    @pytest.fixture
    def raw(self):
        return mail("Sama.", Message_ID="<satu@contoh.id>", To="layanan@contoh.go.id, pengaduan@contoh.go.id")

    def test_one_mail_to_two_mailboxes_is_one_entry(self, cast, raw):
        first = b"Received: from mx1\r\nDelivered-To: layanan@contoh.go.id\r\n" + raw
        second = b"Delivered-To: pengaduan@contoh.go.id\r\nReceived: from mx2\r\n" + raw.replace(b"\r\n", b"\n") + b"\n"
        assert inbound.receive_raw(first, "layanan").outcome == Outcome.CREATED
        again = inbound.receive_raw(second, "pengaduan")
        assert again.outcome == Outcome.DUPLICATE and again.ticket == Ticket.objects.get()
        assert InboundRecord.objects.get().inbox == "layanan"

    def test_another_text_under_the_same_id_is_not_lost(self, cast, raw):
        inbound.receive_raw(raw, "layanan")
        assert inbound.receive_raw(raw.replace(b"Sama.", b"Lain."), "pengaduan").outcome != Outcome.DUPLICATE
        assert inbound.receive_raw(raw.replace(b"sari@", b"susi@"), "pengaduan").outcome != Outcome.DUPLICATE

    def test_copies_without_a_message_id_are_one_entry(self, cast):
        raw = plain("Sama.", Date="Tue, 24 Nov 2026 09:00:00 +0700")
        assert inbound.receive_raw(b"Delivered-To: a@b.id\r\n" + raw, "a").outcome == Outcome.CREATED
        assert inbound.receive_raw(b"Delivered-To: c@d.id\r\n" + raw, "c").outcome == Outcome.DUPLICATE


class TestOwnIds:
    def test_the_id_carries_its_ticket_and_cannot_be_made_up(self, cast):
        ticket = inbound.receive_raw(mail()).ticket
        message_id = receipt_id(ticket).strip("<>")
        assert delivery_of(message_id) == Delivery.objects.get()
        Delivery.objects.all().delete()
        assert ticket_of_own_ids([message_id]) == ticket
        head, _at, tail = message_id.partition(".")
        for forged in (head[:30] + ("a" if head[30] != "a" else "b") + head[31:], head[:20], head + "aa", "", "é" * 20):
            assert ticket_of_own_ids([f"{forged}.{tail}"]) is None

    def test_two_mails_of_one_ticket_have_nothing_in_common(self, cast):
        ticket = inbound.receive_raw(mail()).ticket
        messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Halo")
        one, two = (message_id_for(row).partition(".")[0] for row in Delivery.objects.filter(recipient=SARI))
        assert len(one) == len(two) == 52
        assert not any(one[at : at + 6] == two[at : at + 6] for at in range(47))


class TestForwards:
    def test_a_forward_by_a_participant_joins_but_answers_nothing(self, cast):
        ticket = inbound.receive_raw(mail()).ticket
        result = inbound.receive_raw(mail("FYI", Subject="Fwd: lama", References=receipt_id(ticket)))
        assert (result.outcome, result.ticket.pk) == (Outcome.APPENDED, ticket.pk)

    def test_a_forward_by_a_participant_does_not_reopen(self, cast):
        ticket = inbound.receive_raw(mail()).ticket
        perform(ticket.pk, "assign", cast.agen, team=cast.network.code, assignee=cast.teknisi.username)
        perform(ticket.pk, "start", cast.teknisi)
        perform(ticket.pk, "resolve", cast.teknisi, code="fixed", solution="Kabel diganti.")
        inbound.receive_raw(mail("FYI", Subject="Fwd: lama", References=receipt_id(ticket)))
        ticket.refresh_from_db()
        assert ticket.stage == "resolved"
        inbound.receive_raw(mail("Belum beres", Subject="Re: lama", References=receipt_id(ticket)))
        ticket.refresh_from_db()
        assert ticket.stage != "resolved"

    def test_a_forward_by_a_stranger_waits(self, cast):
        ticket = inbound.receive_raw(mail()).ticket
        result = inbound.receive_raw(mail("Lihat ini", Subject="Fwd: lama", From=ASING, References=receipt_id(ticket)))
        assert result.record.reason == Reason.STRANGER and result.record.suggested_ticket == ticket
        reply = inbound.receive_raw(mail("Ini saya", Subject="Re: lama", From=ASING, References=receipt_id(ticket)))
        assert reply.outcome == Outcome.APPENDED


def test_people_a_participant_adds_in_copy_take_part(cast):
    ticket = inbound.receive_raw(mail(To=settings.DEFAULT_FROM_EMAIL)).ticket
    answer = {"To": settings.DEFAULT_FROM_EMAIL, "References": receipt_id(ticket)}
    inbound.receive_raw(mail("Dengan Budi.", Cc=f"Budi <{BUDI}>", **answer))
    assert [person.contact.name for person in ticket.participants.all()] == ["Budi"]
    inbound.receive_raw(mail("Asing", From=ASING, Cc="susi@contoh.id", **answer))
    assert ticket.participants.count() == 1
    joined = inbound.receive_raw(mail("Saya Budi", From=BUDI, To=answer["To"], Subject=f"[{ticket.number}]"))
    assert joined.outcome == Outcome.APPENDED


class TestLoops:
    @pytest.mark.parametrize("in_thread", [True, False], ids=["in-the-thread", "with-a-new-subject"])
    def test_two_programs_answering_each_other_through_us_stop(self, cast, in_thread):
        """A sender without any mark of a program answers all our mail, and a program of ours all of theirs."""
        address, seen, rounds = "mesin@contoh.id", set(), 0
        result = inbound.receive_raw(mail("Halo", From=address))
        while result.outcome != Outcome.QUARANTINED:
            if result.outcome == Outcome.APPENDED:
                messages.post(ticket_id=result.ticket.pk, actor=cast.agen, text="Terima kasih.")
            fresh = Delivery.objects.filter(recipient=address).exclude(pk__in=seen).first()
            if fresh is None:
                break
            seen.add(fresh.pk)
            reference = {"In_Reply_To": f"<{message_id_for(fresh)}>"} if in_thread else {}
            result = inbound.receive_raw(mail("Saya program.", From=address, Subject="Status", **reference))
            rounds += 1
            assert rounds <= inbound.MAX_PER_HOUR
        assert rounds == (inbound.MAX_PER_TICKET if in_thread else inbound.MAX_RECEIPTS)

    def test_a_busy_ticket_waits_for_a_person_whoever_writes(self, cast):
        ticket = inbound.receive_raw(mail()).ticket
        last = None
        for number in range(inbound.MAX_PER_TICKET):
            last = inbound.receive_raw(
                mail(f"{number}", From=f"orang{number}@contoh.id", References=receipt_id(ticket))
            )
        assert last.record.reason == Reason.LOOP and last.record.suggested_ticket == ticket
        InboundRecord.objects.update(received_at=timezone.now() - timedelta(hours=2))
        Message.objects.update(created_at=timezone.now() - timedelta(hours=2))
        assert inbound.receive_raw(mail("lagi", References=receipt_id(ticket))).outcome == Outcome.APPENDED

    def test_sub_addresses_share_one_allowance(self, cast, monkeypatch):
        monkeypatch.setattr(inbound, "MAX_PER_HOUR", 3)
        for number in range(3):
            inbound.receive_raw(mail(From=f"Sari+{number}@contoh.id"))
        assert inbound.receive_raw(mail(From="SARI@contoh.id")).record.reason == Reason.LOOP


class TestReturns:
    @pytest.fixture
    def ticket(self, cast):
        return inbound.receive_raw(mail()).ticket

    def report(self, delivery, status=b"5.1.1"):
        raw = REPORT.replace(b"abc@contoh.go.id", message_id_for(delivery).encode()).replace(b"5.1.1", status)
        return raw.replace(b"hilang@", b"sari@")

    def test_a_passing_failure_is_tried_again_later(self, ticket):
        delivery = Delivery.objects.get()
        Delivery.objects.update(state="sent", attempts=1)
        inbound.receive_raw(self.report(delivery, b"4.2.2"))
        delivery.refresh_from_db()
        assert delivery.state == "queued" and delivery.next_attempt_at > timezone.now() + timedelta(minutes=5)
        assert ContactPoint.objects.get(value=SARI).unreachable_at is None

    def test_a_passing_failure_that_never_passes_is_given_up(self, ticket):
        delivery = Delivery.objects.get()
        Delivery.objects.update(state="sent", attempts=outbox.MAX_ATTEMPTS)
        inbound.receive_raw(self.report(delivery, b"4.2.2"))
        delivery.refresh_from_db()
        assert delivery.state == "bounced" and ContactPoint.objects.get(value=SARI).unreachable_at is None

    def test_a_lasting_failure_tells_who_works_on_the_ticket(self, cast, ticket):
        Ticket.objects.filter(pk=ticket.pk).update(assignee=cast.agen)
        delivery = Delivery.objects.get()
        inbound.receive_raw(self.report(delivery))
        inbound.receive_raw(self.report(delivery).replace(b"Gagal.", b"Gagal lagi."))
        told = Delivery.objects.get(recipient=cast.agen.email)
        assert "tidak sampai" in told.text and SARI not in told.text
        assert ContactPoint.objects.get(value=SARI).unreachable_at
        assert TimelineEntry.objects.filter(ticket=ticket, code=timeline.DELIVERY_FAILED).exists()
        assert timeline.first_broken(ticket.pk) is None

    def test_a_returned_notice_to_staff_writes_nothing_on_the_ticket(self, cast, ticket):
        delivery = Delivery.objects.get()
        Delivery.objects.update(options={"is_staff": True}, recipient=cast.agen.email)
        before = ticket.timeline.count()
        inbound.receive_raw(self.report(delivery))
        assert ticket.timeline.count() == before and Delivery.objects.get().state == "bounced"


class TestBlocking:
    def test_a_blocked_sender_is_kept_unseen_and_unanswered(self, cast):
        first = inbound.receive_raw(mail(From=ASING, Precedence="bulk")).record
        other = inbound.receive_raw(mail(From="Asing+iklan@contoh.id", Precedence="bulk")).record
        quarantine.decide(record_id=first.pk, actor=cast.agen, decision="block")
        other.refresh_from_db()
        assert other.state == "discarded"
        result = inbound.receive_raw(mail("Promo", From="asing+baru@contoh.id"))
        assert (result.record.state, result.record.reason) == ("discarded", "blocked") and result.record.raw
        assert not Ticket.objects.exists() and not Delivery.objects.exists()
        quarantine.unblock(actor=cast.agen, pk=BlockedSender.objects.get().pk)
        assert inbound.receive_raw(mail("Kembali", From=ASING)).outcome == Outcome.CREATED

    def test_a_colleague_is_never_blocked(self, cast):
        record = inbound.receive_raw(mail(From=cast.teknisi.email, Precedence="bulk")).record
        with pytest.raises(quarantine.InvalidInputs):
            quarantine.decide(record_id=record.pk, actor=cast.agen, decision="block")
        with pytest.raises(quarantine.Forbidden):
            quarantine.unblock(actor=cast.teknisi, pk=1)


class TestFailures:
    def test_what_breaks_the_parser_is_kept_raw(self, cast, monkeypatch):
        monkeypatch.setattr(inbound, "clean_subject", lambda subject: 1 / 0)
        record = inbound.receive_raw(mail("Penting")).record
        assert record.reason == Reason.ERROR and b"Penting" in zlib.decompress(record.raw)

    def test_content_the_database_refuses_is_kept_raw(self, cast, monkeypatch):
        monkeypatch.setattr(
            intake.creation, "create", lambda *a, **k: (_ for _ in ()).throw(DataError("terlalu panjang"))
        )
        assert inbound.receive_raw(mail()).record.reason == Reason.ERROR

    def test_a_failing_database_is_raised(self, cast, monkeypatch):
        monkeypatch.setattr(intake.creation, "create", lambda *a, **k: (_ for _ in ()).throw(OperationalError("disk")))
        with pytest.raises(OperationalError):
            inbound.receive_raw(mail())
        assert not InboundRecord.objects.exists()


RELATED = (
    b"From: Sari <sari@contoh.id>\r\nSubject: Galat\r\nMessage-ID: <g@contoh.id>\r\n"
    b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n"
    b'<p>Lihat</p><img src="cid:gambar%201@x" alt="galat"><img src="cid:hilang" alt="lain">\r\n--x\r\n'
    b"Content-Type: image/png; name=a.png\r\nContent-ID: <gambar 1@x>\r\n\r\n" + PNG + b"\r\n--x--\r\n"
)


class TestOriginal:
    def test_inner_images_come_from_the_private_address(self, cast, client):
        ticket = inbound.receive_raw(RELATED).ticket
        message = ticket.messages.get(direction="in")
        address = f"/lampiran/{Attachment.objects.get().uuid}/"
        shown = originals.html_of(message)
        assert f'src="{address}"' in shown and "cid:" not in shown and 'alt="lain"' in shown
        client.force_login(cast.agen)
        page = client.get(f"/kerja/tiket/{ticket.number}/pesan/{message.pk}/")
        assert (
            address in page.content.decode() and "Lihat email asli" in client.get(f"/kerja/tiket/{ticket.number}/").text
        )
        raw = client.get(f"/kerja/tiket/{ticket.number}/pesan/{message.pk}/?bentuk=eml")
        assert raw.content == RELATED and "attachment" in raw["Content-Disposition"]

    def test_a_hidden_reporters_mail_is_not_shown_in_full(self, cast, client):
        ticket = factories.ticket("complaint", confidentiality="anonymous", channel="email", text="Rahasia")
        client.force_login(cast.agen)
        assert client.get(f"/kerja/tiket/{ticket.number}/pesan/{ticket.messages.first().pk}/").status_code == 404

    def test_the_raw_form_goes_when_its_time_is_over(self, cast):
        ticket = inbound.receive_raw(RELATED).ticket
        waiting = inbound.receive_raw(mail(Precedence="bulk")).record
        InboundRecord.objects.update(received_at=timezone.now() - timedelta(days=800))
        assert quarantine.forget_raw(timezone.now() - timedelta(days=730)) == 1
        assert not originals.raw_of(ticket.messages.get(direction="in"))
        assert InboundRecord.objects.get(pk=waiting.pk).raw
        assert quarantine.forget_raw(timezone.now()) == 0


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (plain("Isi", Message_ID="<a@b.id>").replace(b"text/plain", b"multipart/signed; boundary=q"), "tanda tangan"),
        (plain("-----BEGIN PGP MESSAGE-----\n\nabc", Message_ID="<b@b.id>"), "terenkripsi"),
    ],
    ids=["signed", "encrypted"],
)
def test_protected_mail_is_marked_for_the_staff(cast, raw, word):
    ticket = inbound.receive_raw(raw).ticket
    note = ticket.messages.get(direction="note")
    assert word in note.text and note.visibility == "internal"


def test_a_mailbox_fills_in_what_its_mail_is_about(cast):
    service = factories.service("vpn")
    Mailbox.objects.create(name="vpn", team=cast.network, service=service, kind="request", address="vpn@contoh.go.id")
    ticket = inbound.receive_raw(mail(To="vpn@contoh.go.id"), "vpn").ticket
    assert (ticket.kind, ticket.team, ticket.service) == ("request", cast.network, service)
    assert not ticket.participants.exists()
    waiting = inbound.receive_raw(mail(Precedence="bulk"), "vpn").record
    quarantine.decide(record_id=waiting.pk, actor=cast.agen, decision="new")
    decided = Ticket.objects.latest("pk")
    assert (decided.kind, decided.team, decided.service) == ("request", cast.network, service)
