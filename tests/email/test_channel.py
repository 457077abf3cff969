"""Email end to end: the pipe, the mailbox and the way out, over real servers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import ContactPoint
from channels_bot.email import inbound, poller
from channels_bot.models import Mailbox
from core import leases
from core.models import Lease
from notify import outbox
from notify.models import Delivery
from tests import factories
from tests.email.samples import plain
from tests.email.test_parsing import REPORT
from tests.servers.mail import DovecotServer, SmtpSink, dovecot_available
from tickets import messages, timeline
from tickets.intake import Outcome
from tickets.models import InboundRecord, Message, Ticket, TimelineEntry
from tickets.threading import message_id_for


def mail(text="Printer rusak.", **headers):
    headers.setdefault("Message_ID", f"<{os.urandom(6).hex()}@contoh.id>")
    return plain(text, **headers)


@pytest.fixture
def smtp(settings):
    with SmtpSink() as sink:
        host, _, port = sink.url.removeprefix("smtp://").partition(":")
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = host, int(port.strip("/")), 5
        yield sink


def send_all():
    while outbox.send_due():
        pass


def test_a_mail_becomes_a_ticket_and_the_answer_threads_in_the_senders_program(cast, smtp):
    ticket = inbound.receive_raw(mail(Message_ID="<asal@contoh.id>", Subject="Re: Printer rusak")).ticket
    assert ticket.subject == "Printer rusak" and ticket.requester.name == "Sari"
    send_all()
    receipt = smtp.messages[0].message
    assert receipt["Auto-Submitted"] == "auto-replied" and ticket.access_code in smtp.messages[0].text
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Di lantai berapa?")
    send_all()
    reply = smtp.messages[1].message
    assert reply["In-Reply-To"] == "<asal@contoh.id>" and "<asal@contoh.id>" in reply["References"]
    assert reply["Subject"] == f"[{ticket.number}] Printer rusak" and reply["Auto-Submitted"] is None
    assert reply.get_body(("html",)) is not None

    body = f"Lantai dua.\n\nPada Sen Layanan <{settings.DEFAULT_FROM_EMAIL}> menulis:\n> Di lantai berapa?"
    result = inbound.receive_raw(mail(body, In_Reply_To=reply["Message-ID"], Subject="Re: hal lain"))
    assert result.outcome == Outcome.APPENDED and result.ticket == ticket
    assert result.message.text == "Lantai dua." and "> Di lantai" in result.message.original_text


def test_a_refused_address_fails_for_good_and_a_busy_server_is_tried_again(cast, smtp):
    smtp.reject("sari@contoh.id", "550 5.1.1 No such user")
    factories.arrive(sender=factories.Identity(email="sari@contoh.id"))
    send_all()
    failed = Delivery.objects.get(event="receipt")
    assert failed.state == "failed" and "No such user" in failed.error
    assert smtp.messages_to(cast.koordinator.email), "who works on the ticket is told"
    smtp.accept("sari@contoh.id")
    assert outbox.retry(failed)
    smtp.reply_to_next_data("451 4.3.0 try later")
    send_all()
    failed.refresh_from_db()
    assert failed.state == "queued" and failed.attempts == 1 and not smtp.messages_to("sari@contoh.id")


def test_a_bounce_marks_delivery_contact_and_ticket(cast):
    ticket = inbound.receive_raw(mail()).ticket
    delivery = Delivery.objects.get()
    report = REPORT.replace(b"abc@contoh.go.id", message_id_for(delivery).encode()).replace(b"hilang@", b"sari@")
    inbound.receive_raw(report)
    delivery.refresh_from_db()
    assert delivery.state == "bounced" and "no such user" in delivery.error
    assert ContactPoint.objects.get(value="sari@contoh.id").unreachable_at
    assert TimelineEntry.objects.filter(ticket=ticket, code=timeline.DELIVERY_FAILED).exists()
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<warga.contoh.id>"},
        {"From": settings.DEFAULT_FROM_EMAIL},
        {"From": "MAILER-DAEMON@contoh.id"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_automatic_mail_is_kept_but_never_answered(cast, headers):
    result = inbound.receive_raw(mail(**headers))
    assert result.outcome == Outcome.QUARANTINED and result.record.reason in {"loop", "bounce"}
    assert not Delivery.objects.exists() and not Ticket.objects.exists()


def test_a_flood_from_one_address_waits_for_a_person(cast):
    for _number in range(inbound.MAX_PER_HOUR):
        inbound.receive_raw(mail())
    assert inbound.receive_raw(mail()).outcome == Outcome.QUARANTINED
    assert inbound.receive_raw(mail(From="budi@contoh.id")).outcome == Outcome.CREATED


def test_too_large_mail_is_kept_in_part_and_its_sender_is_told(cast, monkeypatch):
    monkeypatch.setattr(inbound, "MAX_BYTES", 2000)
    monkeypatch.setattr(inbound, "KEPT_OF_LARGE", 1000)
    result = inbound.receive_raw(mail("x" * 5000))
    assert result.outcome == Outcome.QUARANTINED and len(result.record.text) < 1000
    assert "terlalu besar" in Delivery.objects.get().subject


def test_a_mailbox_gives_its_team_and_kind(cast):
    Mailbox.objects.create(name="pengaduan", team=cast.network, kind="complaint")
    ticket = inbound.receive_raw(mail(), "pengaduan").ticket
    assert (ticket.kind, ticket.team) == ("complaint", cast.network)


def test_people_in_copy_take_part_but_hear_nothing(cast):
    ticket = inbound.receive_raw(mail(Cc="Budi <budi@contoh.id>", To=settings.DEFAULT_FROM_EMAIL)).ticket
    assert [p.contact.name for p in ticket.participants.all()] == ["Budi"]
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Halo")
    assert not Delivery.objects.filter(recipient="budi@contoh.id").exists()


def test_header_injection_by_a_subject_is_impossible(cast, smtp):
    inbound.receive_raw(mail(Subject="=?utf-8?Q?Halo=0D=0ABcc:_orang=40lain.id?="))
    send_all()
    assert smtp.messages[0].recipients == ["sari@contoh.id"] and smtp.messages[0].message["Bcc"] is None


@pytest.mark.imap
@pytest.mark.skipif(not dovecot_available(), reason="Debian's dovecot-imapd is not installed")
class TestMailbox:
    @pytest.fixture
    def imap(self, settings):
        with DovecotServer() as server:
            settings.IMAP_URL = server.imap_url
            yield server

    def test_each_mail_is_stored_once_and_moved_only_after_that(self, cast, imap, monkeypatch):
        for number in range(3):
            imap.deliver(mail(f"Pesan {number}"))
        moved = poller._move
        monkeypatch.setattr(poller, "_move", lambda *what: (_ for _ in ()).throw(OSError("terputus")))
        assert poller.poll() == 0
        assert Message.objects.filter(direction="in").count() == 3
        assert "terputus" in Mailbox.objects.get(name=poller.FIRST).last_error
        monkeypatch.setattr(poller, "_move", moved)
        assert poller.poll() == 3
        assert poller.poll() == 0
        assert sorted(Message.objects.filter(direction="in").values_list("text", flat=True)) == [
            "Pesan 0", "Pesan 1", "Pesan 2",
        ]  # fmt: skip

    def test_an_unreachable_server_is_noted_and_does_not_stop_the_others(self, cast, imap):
        Mailbox.objects.create(name="mati", url="imap://a:b@127.0.0.1:1/INBOX")
        imap.deliver(mail())
        assert poller.poll() == 1
        assert "ConnectionRefused" in Mailbox.objects.get(name="mati").last_error
        assert Mailbox.objects.get(name=poller.FIRST).last_error == ""

    def test_only_the_holder_of_the_lease_reads_a_mailbox(self, cast, imap):
        imap.deliver(mail())
        Mailbox.objects.get_or_create(name=poller.FIRST)
        assert leases.hold(f"imap:{poller.FIRST}", 60, holder="pekerja lain")
        assert poller.poll() == 0
        Lease.objects.all().delete()
        assert poller.poll() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_the_pipe_stores_and_exits_zero_and_seventyfive_without_a_database(tmp_path):
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "DATABASE_URL": "", "SECRET_KEY": "x" * 40}
    environment["DJANGO_SETTINGS_MODULE"] = "servicedesk.settings"
    manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]

    def run(*arguments, stdin=b""):
        return subprocess.run([*manage, *arguments], input=stdin, capture_output=True, env=environment, check=False)

    assert run("receive_email", "--mailbox", "utama", stdin=mail()).returncode == 75
    assert run("migrate", "--verbosity", "0").returncode == 0
    stored = run("receive_email", "--mailbox", "utama", stdin=b"\xff\x00 bukan surat")
    assert (stored.returncode, stored.stdout.split()[0]) == (0, b"quarantined"), stored.stderr[-300:]


def test_what_cannot_be_read_is_in_quarantine_with_its_raw_form(cast):
    result = inbound.receive_raw(b"\xff\xfe\x00\x01")
    assert result.outcome == Outcome.QUARANTINED and InboundRecord.objects.get().raw
