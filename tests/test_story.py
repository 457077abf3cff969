"""One story, from three channels to the manager's report: the best introduction to the code.

A citizen without an account reports by web, a civil servant by email, another citizen by Telegram with a photo. An
agent asks each of them something (the clock pauses), each answers by the channel they came by (the clock resumes), the
agent resolves, and the manager's report counts three tickets. Everything passes through the same functions as in
production; mail goes out over a real SMTP server and Telegram over a Bot API server of our own.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_bot.email import inbound
from channels_bot.telegram import chores, polling
from channels_bot.telegram import client as telegram
from notify import outbox
from reports.sla import attainment
from sla.models import Clock
from tests import factories
from tests.email.samples import plain
from tests.servers.botapi import BotApiServer
from tests.servers.mail import SmtpSink
from tickets import access, timeline
from tickets.models import Ticket
from tickets.workflow import available, perform

SARI = 4001
PHOTO = b"\xff\xd8\xff" + b"0" * 200
ASN_MAIL = "rina@dukcapil.contoh.go.id"


@pytest.fixture
def smtp(settings):
    with SmtpSink() as sink:
        host, _, port = sink.url.removeprefix("smtp://").partition(":")
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = host, int(port.strip("/")), 5
        yield sink


@pytest.fixture
def bot(settings, monkeypatch):
    with BotApiServer("1:TES") as server:
        settings.TELEGRAM_BOT_TOKEN, settings.TELEGRAM_API_BASE_URL = "1:TES", server.url
        monkeypatch.setattr(telegram, "LONG_POLL_SECONDS", 0)
        yield server


def worker_runs():
    """What the background worker does all the time."""
    polling.poll()
    chores.run_due()
    while outbox.send_due():
        pass


def by_web(client) -> Ticket:
    page = client.get("/lapor/?jenis=incident")
    words = {
        "jenis": "incident",
        "submission": page.context["form"]["submission"].value(),
        "subject": "Wi-Fi alun-alun mati",
        "text": "Wi-Fi di alun-alun tidak muncul sejak kemarin.",
        "name": "Pak Hadi",
        "email": "hadi@contoh.id",
    }
    client.post("/lapor/", words)
    receipt = client.get("/lapor/terima-kasih/").content.decode()
    ticket = Ticket.objects.latest("pk")
    assert ticket.number in receipt and ticket.access_code in receipt
    return ticket


def by_mail() -> Ticket:
    raw = plain(
        "SIAK tidak dapat dibuka.\n\n-- \nRina",
        From=f"Rina <{ASN_MAIL}>",
        Subject="SIAK galat",
        Message_ID="<siak@contoh>",
    )
    result = inbound.receive_raw(raw, "utama")
    assert result.message.text == "SIAK tidak dapat dibuka."
    assert inbound.receive_raw(raw, "utama").outcome == "duplicate"  # the mail server tried twice
    return result.ticket


def by_telegram(bot) -> Ticket:
    bot.push_text(SARI, "/start")
    worker_runs()
    bot.press(SARI, "gangguan")
    worker_runs()
    bot.press(SARI, "Lainnya")
    worker_runs()
    bot.push_photo(SARI, PHOTO, caption="Lampu CCTV pasar padam")
    worker_runs()
    bot.press(SARI, "Kirim")
    worker_runs()
    ticket = Ticket.objects.latest("pk")
    assert ticket.messages.get().attachments.get().content_type == "image/jpeg"
    return ticket


def resolution(ticket) -> Clock:
    return Clock.objects.get(ticket=ticket, metric="resolution")


@pytest.mark.django_db
def test_story(client, smtp, bot):
    cast = factories.cast()
    web, mail, chat = by_web(client), by_mail(), by_telegram(bot)

    # The agent sees all three; the outsider, and the reporters among each other, see nothing of them.
    assert set(access.visible_to(cast.agen)) == {web, mail, chat}
    assert not access.visible_to(cast.orang_luar).exists()
    assert client.post("/lacak/", {"number": mail.number, "code": web.access_code}).status_code != 302

    # The agent takes each, and asks. The clocks stop, the question goes out by the channel of the reporter.
    for ticket in (web, mail, chat):
        assert next(step.name for step in available(ticket, cast.agen)) == "assign"
        perform(ticket.pk, "assign", cast.agen, assignee="agen")
        perform(ticket.pk, "start", cast.agen)
        perform(ticket.pk, "hold", cast.agen, reason="requester", note="Di mana tepatnya?")
        assert resolution(ticket).state == "paused" and resolution(ticket).due_at is None
    worker_runs()
    to_hadi = smtp.wait_for(lambda m: m.recipients == ["hadi@contoh.id"] and "Di mana" in m.text)
    to_rina = smtp.wait_for(lambda m: m.recipients == [ASN_MAIL] and "Di mana" in m.text)
    assert "Di mana tepatnya?" in bot.messages_to(SARI)[-1]["text"]
    assert web.number in to_hadi.message["Subject"]

    # Each answers by the same channel, and the clocks go on.
    client.post("/lacak/", {"number": web.number, "code": web.access_code})
    page = client.get("/lacak/tiket/")
    submission = page.context["form"]["submission"].value()
    client.post("/lacak/tiket/", {"text": "Dekat panggung.", "submission": submission})
    answer = plain(
        f"Loket dua.\n\nPada Sen, 23 Nov 2026 Pusat Layanan menulis:\n> Di mana?\n> {to_rina.text[:20]}",
        From=ASN_MAIL,
        Subject="Re: SIAK",
        In_Reply_To=to_rina.message["Message-ID"],
    )
    assert inbound.receive_raw(answer, "utama").ticket == mail
    bot.push_text(SARI, "Pasar Kedondong")
    worker_runs()
    for ticket, words in ((web, "Dekat panggung."), (mail, "Loket dua."), (chat, "Pasar Kedondong")):
        ticket.refresh_from_db()
        assert ticket.state == "in_progress"
        assert resolution(ticket).state == "running" and resolution(ticket).due_at
        assert access.conversation(ticket, internal=False).last().text == words

    # Resolved: the reporters hear it, the manager's report counts three of three met.
    for ticket in (web, mail, chat):
        perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Sudah kami perbaiki.")
    worker_runs()
    assert "Sudah kami perbaiki." in bot.messages_to(SARI)[-1]["text"]
    smtp.wait_for(lambda m: m.recipients == [ASN_MAIL] and "Sudah kami perbaiki." in m.text)
    today = timezone.localdate()
    rows = attainment(cast.pimpinan, start=today - timedelta(days=1), end=today, group_by="kind")
    assert [(row.key, row.total, row.met, row.breached) for row in rows] == [("incident", 6, 6, 0)]

    # Nothing was said twice to the same person, and the history of each ticket is whole.
    said = [(m.recipients[0], m.text) for m in smtp.messages]
    assert len(said) == len(set(said))
    assert all(timeline.first_broken(ticket.pk) is None for ticket in (web, mail, chat))
