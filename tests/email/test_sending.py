"""Sending over real SMTP servers, also those that refuse, wait, cut the line or lie about themselves."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import ContactPoint
from channels_bot.email import transport
from notify import outbox
from notify.models import Delivery, Pace
from tests import factories
from tests.servers.hardmail import HardServer, certificate
from tickets import edits, messages, timeline
from tickets.attachments import Upload
from tickets.models import TimelineEntry

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def use(settings, server, **more):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    for name, value in more.items():
        setattr(settings, name, value)


@pytest.fixture
def server(settings):
    with HardServer() as running:
        use(settings, running)
        yield running


def letter(key="surat:1", recipient="sari@contoh.id", **kw):
    return outbox.plan(key=key, channel="email", recipient=recipient, subject="Halo", text="Isi.", **kw)


def later(delivery, **by):
    at = timezone.now() + timedelta(**by)
    outbox.send_due(now=lambda: at)
    delivery.refresh_from_db()
    return delivery


# What a server answers


def test_greylisting_is_waited_out(db, server):
    server.greylist = True
    delivery = later(letter(), seconds=0)
    assert (delivery.state, delivery.attempts) == ("queued", 1) and "Greylisted" in delivery.error
    assert later(delivery, seconds=5).attempts == 1, "not before its time"
    assert later(delivery, seconds=40).state == "sent" and delivery.error == ""
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("reply", "state", "is_dead"),
    [
        ("550 5.1.1 No such user", "failed", True),
        ("550 No such user", "failed", True),
        ("550 5.7.1 Spam refused", "failed", False),
        ("552 5.2.2 Mailbox full", "failed", False),
        ("554 5.7.1 Relay access denied", "failed", False),
        ("450 4.2.1 Mailbox busy", "queued", False),
        ("421 4.3.2 Closing", "queued", False),
    ],
)
def test_what_a_refused_recipient_means(cast, server, reply, state, is_dead):
    server.rcpt_reply = reply
    factories.arrive(sender=Identity(email="sari@contoh.id"), channel="email")
    outbox.send_due()
    assert Delivery.objects.get(event="receipt").state == state
    assert (ContactPoint.objects.get(value="sari@contoh.id").unreachable_at is not None) == is_dead
    assert not Pace.objects.filter(resume_at__isnull=False).exists(), "one bad address holds up nobody else"


def test_a_refused_sender_holds_all_mail_and_costs_no_try(db, server):
    server.sender_reply = "553 5.7.1 Sender not allowed"
    delivery = later(letter(), seconds=0)
    assert (delivery.state, delivery.attempts) == ("queued", 0)
    pace = Pace.objects.get(name="email")
    assert pace.resume_at > timezone.now() and "not allowed" in pace.error
    server.sender_reply = ""
    assert later(delivery, seconds=5).state == "queued", "the server is left alone for a moment"
    assert later(delivery, minutes=1).state == "sent"
    assert Pace.objects.get(name="email").failures == 0


def test_a_dead_server_loses_nothing_however_long_it_is_down(db, settings, server):
    settings.EMAIL_PORT = 1
    delivery = letter()
    for day in range(5):
        for hour in range(10):
            later(delivery, days=day, hours=hour)
    assert (delivery.state, delivery.attempts) == ("queued", 0)
    settings.EMAIL_PORT = server.port
    assert later(delivery, days=6).state == "sent"


def test_a_line_cut_in_the_middle_of_a_message_is_tried_again_under_the_same_id(db, server):
    server.cut_data = True
    delivery = later(letter(), seconds=0)
    assert (delivery.state, delivery.attempts) == ("queued", 1) and not server.messages
    server.cut_data = False
    later(delivery, minutes=2)
    (sent,) = server.messages
    assert delivery.state == "sent" and sent.message["Message-ID"].strip() == f"<{delivery.message_id}>"


def test_a_server_that_answers_too_slowly_is_cut_off(db, server, monkeypatch):
    monkeypatch.setattr(transport, "DEADLINE", 0.3)
    server.hold.clear()
    delivery = later(letter(), seconds=0)
    assert (delivery.state, delivery.attempts) == ("queued", 1)


def test_a_message_is_given_up_after_days_and_the_agent_is_told(cast, server):
    server.greylist = True
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    Delivery.objects.update(attempts=outbox.MAX_ATTEMPTS - 1)
    outbox.send_due()
    assert Delivery.objects.get(event="receipt").state == "failed"
    assert TimelineEntry.objects.filter(ticket=ticket, code=timeline.DELIVERY_FAILED).count() == 1
    told = Delivery.objects.get(event="undelivered")
    assert told.recipient == cast.koordinator.email and "Greylisted" in told.text and "sari@" not in told.text


# TLS


@pytest.fixture(scope="module")
def cert(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("cert"))


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_tls_is_used_and_a_stranger_certificate_refused(db, settings, cert, way, monkeypatch):
    with HardServer(tls=way, cert=cert) as server:
        use(settings, server, EMAIL_USE_TLS=way == "starttls", EMAIL_USE_SSL=way == "tls", EMAIL_HOST="localhost")
        delivery = later(letter(), seconds=0)
        assert delivery.state == "queued" and "CERTIFICATE_VERIFY_FAILED" in delivery.error and not server.messages
        monkeypatch.setenv("SSL_CERT_FILE", str(cert[0]))
        later(delivery, minutes=1)
        assert delivery.state == "sent" and len(server.messages) == 1


def test_a_wrong_password_is_no_fault_of_the_message(db, settings):
    with HardServer(password="benar") as server:
        use(settings, server, EMAIL_HOST_USER="layanan", EMAIL_HOST_PASSWORD="salah")
        delivery = later(letter(), seconds=0)
        assert (delivery.state, delivery.attempts) == ("queued", 0) and "salah" not in delivery.error
        settings.EMAIL_HOST_PASSWORD = "benar"
        assert later(delivery, minutes=1).state == "sent"


# Pace and crashes


def test_only_so_many_go_to_one_domain_at_once(db, server, settings):
    """Rows that others are sending now count; another domain goes on."""
    for number in range(5):
        letter(f"surat:{number}")
    lease = timezone.now() + timedelta(minutes=3)
    busy = Delivery.objects.order_by("pk")[: settings.EMAIL_PER_DOMAIN]
    Delivery.objects.filter(pk__in=[row.pk for row in busy]).update(state="sending", next_attempt_at=lease)
    other = letter("surat:lain", recipient="budi@lain.id")
    assert outbox.send_due() == 1
    other.refresh_from_db()
    assert other.state == "sent"


def test_one_domain_gets_so_many_a_minute(db, server, settings, monkeypatch):
    settings.EMAIL_PER_MINUTE = 60
    monkeypatch.setattr(outbox, "BURST", 3)
    for number in range(8):
        letter(f"surat:{number}")
    at = timezone.now()
    sent = [outbox.send_due(now=lambda seconds=seconds: at + timedelta(seconds=seconds)) for seconds in range(6)]
    assert sent[0] == 4 and sent[1:5] == [1, 1, 1, 1] and sum(sent) == 8


def test_a_message_over_which_workers_die_is_given_up(db, server):
    delivery = letter()
    for _death in range(outbox.MAX_CRASHES):
        outbox._claim(timezone.now(), "")
        Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert later(delivery, seconds=0).state == "failed" and not server.messages


@pytest.mark.parametrize("permanent", [True, False])
def test_a_worker_that_was_too_slow_changes_nothing_any_more(db, server, monkeypatch, permanent):
    """Its lease ran out, another worker sent the message; what the first one says afterwards does not count."""
    delivery = letter()
    real = transport.EmailTransport.send

    def overtaken(self, row):
        monkeypatch.setattr(transport.EmailTransport, "send", real)
        Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
        outbox.send_due()
        raise outbox.TransportError("too late", permanent=permanent)

    monkeypatch.setattr(transport.EmailTransport, "send", overtaken)
    outbox.send_due()
    delivery.refresh_from_db()
    assert delivery.state == "sent" and len(server.messages) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing_and_sends_the_same_id_again(tmp_path):
    """SIGKILL while the server holds the content: the message comes again, once, under its Message-ID."""
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "DATABASE_URL": "", "SECRET_KEY": "x" * 40}
    environment["DJANGO_SETTINGS_MODULE"] = "servicedesk.settings"
    manage = [sys.executable, str(Path(site.BASE_DIR) / "manage.py")]

    def run(code, **more):
        arguments = [*manage, "shell", "-v0", "-c", code]
        return subprocess.Popen(arguments, env=environment | more, stderr=subprocess.DEVNULL)

    with HardServer() as server:
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
        subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
        plan = "from notify import outbox; outbox.plan(key='a', channel='email', recipient='a@b.id', text='x')"
        assert run(plan).wait(60) == 0
        server.hold.clear()
        worker = run("from notify import outbox; outbox.send_due()")
        waiting = threading.Event()
        while server.concurrent == 0 and worker.poll() is None:
            waiting.wait(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)
        server.hold.set()
        again = (
            "from datetime import timedelta; from django.utils import timezone; from notify import outbox\n"
            "outbox.send_due()\n"
            "for _ in range(2): outbox.send_due(now=lambda: timezone.now() + outbox.LEASE + timedelta(seconds=1))"
        )
        assert run(again).wait(60) == 0
    ids = [each.message["Message-ID"] for each in server.messages]
    assert 1 <= len(ids) <= 2 and len(set(ids)) == 1


# What a mail says


def sent_to(server, address):
    return [each for each in server.messages if address in each.recipients]


def test_both_parts_come_from_one_text_and_lines_are_safe_for_dkim(cast, server):
    ticket = factories.ticket(channel="email", subject="Jaringan “putus”", sender=Identity(email="sari@contoh.id"))
    outbox.send_due()
    (mail,) = sent_to(server, "sari@contoh.id")
    html = mail.message.get_body(("html",)).get_content()
    for part in (mail.text, html):
        assert ticket.number in part and ticket.access_code in part
    assert all(len(line) <= 100 for line in mail.raw.split(b"\r\n")), "a Message-ID cannot be broken"
    assert max(mail.raw) < 128, "eight-bit content would be re-coded on the way and break the signature"
    assert "<script" not in html and "http://" not in html.replace(site.BASE_URL, "").replace("www.w3.org", "")
    assert mail.message["List-Unsubscribe"] is None, "nobody does without an answer by accident"
    assert mail.message["Message-ID"].endswith(f"@{site.DEFAULT_FROM_EMAIL.rpartition('@')[2]}>")


def test_the_words_of_people_are_no_markup(cast, server):
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="<img src=x onerror=a> & {{ code }}")
    outbox.send_due()
    reply = sent_to(server, "sari@contoh.id")[-1]
    html = reply.message.get_body(("html",)).get_content()
    assert "<img" not in html and "&lt;img" in html and "{{ code }}" in reply.text
    assert ticket.access_code not in reply.text, "what somebody writes is no template"


def test_no_subject_names_anybody(cast, server):
    subject = "Akun Rahmawati Putri NIK 1809011234567890 telp 0812-3456-7890 rahma@contoh.id terkunci"
    sender = Identity(name="Rahmawati Putri", email="rahma@contoh.id")
    ticket = factories.ticket(channel="email", subject=subject, sender=sender)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa.")
    outbox.send_due()
    for mail in server.messages:
        for secret in ("Rahmawati", "Putri", "1809", "0812", "7890", "rahma@"):
            assert secret not in mail.message["Subject"], mail.message["Subject"]
    assert "terkunci" in sent_to(server, "rahma@contoh.id")[0].message["Subject"]


def test_small_files_go_along_and_large_ones_are_linked(cast, server, settings):
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    upload = Upload("denah.png", "image/png", PNG)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Terlampir.", uploads=(upload,))
    settings.EMAIL_ATTACH_MAX_BYTES = 10
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Yang besar.", uploads=(upload,))
    outbox.send_due()
    small, large = sent_to(server, "sari@contoh.id")[-2:]
    (file,) = small.message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("denah.png", PNG) and "denah.png" in small.text
    assert not list(large.message.iter_attachments()) and "/lacak/" in large.text and "denah.png" in large.text


def test_a_ticket_that_became_secret_is_not_told_of_any_more(cast, server):
    """Planned while it was open, sent afterwards: neither words nor subject nor files leave."""
    ticket = factories.ticket("complaint", channel="email", subject="Suap", sender=Identity(email="sari@contoh.id"))
    outbox.send_due()
    ticket.watchers.add(cast.teknisi, cast.koordinator)
    upload = Upload("bukti.png", "image/png", PNG)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Suap oleh Kepala Dinas", uploads=(upload,))
    edits.change(ticket_id=ticket.pk, actor=cast.agen, confidentiality="secret", reason="Menyangkut pejabat.")
    before = len(server.messages)
    outbox.send_due()
    after = server.messages[before:]
    assert [each.recipients for each in after] == [["sari@contoh.id"]]
    (mail,) = after
    assert mail.message["Subject"] == f"[{ticket.number}]" and "Ada pembaruan" in mail.text
    assert b"Kepala" not in mail.raw and not list(mail.message.iter_attachments())
    assert Delivery.objects.filter(user=cast.koordinator, state="suppressed").exists()


def test_restricted_tickets_say_only_that_there_is_news(cast, server):
    ticket = factories.ticket(
        "complaint", channel="email", confidentiality="whistleblowing", subject="Suap", sender=Identity(email="s@c.id")
    )
    messages.post(ticket_id=ticket.pk, actor=cast.inspektorat, text="Siapa saksinya?")
    outbox.send_due()
    for mail in server.messages:
        assert "Suap" not in mail.text + mail.message["Subject"] and "saksinya" not in mail.text


def test_the_queries_of_one_mail_do_not_grow_with_the_outbox(cast, server):
    def cost():
        letter(f"satu:{Delivery.objects.count()}")
        with CaptureQueriesContext(connection) as found:
            assert outbox.send_due(limit=1) == 1
        return len(found)

    few = cost()
    for number in range(30):
        letter(f"lama:{number}", not_before=timezone.now() + timedelta(hours=1))
    assert cost() <= few
