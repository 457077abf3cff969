"""The Telegram channel through python-telegram-bot, against a Bot API server over HTTP."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import ContactPoint
from channels_bot.models import TelegramChat, TelegramUpdate
from channels_bot.telegram import client, conversation, polling, transport, updates
from core.models import Lease
from notify import outbox
from notify.models import Delivery
from tests import factories
from tests.servers.botapi import BotApiServer
from tickets import creation, messages
from tickets.models import Attachment, InboundRecord, Message, Ticket
from tickets.workflow import perform

TOKEN = "123:TES"
SARI, BUDI = 1001, 1002
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 60
JPG = b"\xff\xd8\xff" + b"0" * 60


@pytest.fixture
def bot(settings, monkeypatch):
    with BotApiServer(TOKEN) as server:
        settings.TELEGRAM_BOT_TOKEN = TOKEN
        settings.TELEGRAM_API_BASE_URL = server.url
        monkeypatch.setattr(client, "LONG_POLL_SECONDS", 0)
        yield server


def work():
    """One look at what arrived, and everything sent that is due."""
    polling.poll()
    while outbox.send_due():
        pass


def said(bot, chat=SARI):
    return [message["text"] for message in bot.messages_to(chat)]


def report(bot, text="Internet kantor mati", chat=SARI):
    """A whole guided report; returns its ticket."""
    bot.push_text(chat, text)
    work()
    bot.press(chat, "Lainnya")
    work()
    bot.press(chat, "Kirim")
    work()
    return Ticket.objects.latest("pk")


def test_a_guided_report_with_a_photo_becomes_one_ticket(cast, bot):
    service = factories.service("wifi", name="Jaringan dan internet")
    bot.push_text(SARI, "/start")
    work()
    assert "Selamat datang" in said(bot)[-1]
    bot.press(SARI, "Ada gangguan")
    work()
    bot.press(SARI, service.name)
    work()
    bot.push_text(SARI, "Wifi lantai dua mati sejak pagi")
    work()
    bot.push_photo(SARI, JPG, caption="Ini lampunya")
    work()
    assert "Lampiran: 1" in said(bot)[-1]
    bot.press(SARI, "Kirim")
    work()
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.service, ticket.channel) == ("incident", service, "telegram")
    message = ticket.messages.get()
    assert message.text == "Wifi lantai dua mati sejak pagi\nIni lampunya"
    with Attachment.objects.get().file.open() as stored:
        assert stored.read() == JPG
    assert ticket.number in said(bot)[-1] and ticket.access_code in said(bot)[-1]


def test_pressing_send_twice_makes_one_ticket(cast, bot):
    bot.push_text(SARI, "Internet mati")
    work()
    bot.press(SARI, "Lainnya")
    work()
    bot.press(SARI, "Kirim")
    bot.press(SARI, "Kirim")
    work()
    assert Ticket.objects.count() == 1 and any("sudah dikirim" in text for text in said(bot))


def test_question_and_answer_go_by_the_same_chat_and_move_the_clock(cast, bot):
    ticket = report(bot)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "hold", cast.agen, reason="requester", note="Di gedung mana?")
    work()
    assert said(bot)[-1] == "Di gedung mana?"
    bot.push_text(SARI, "Gedung B")
    work()
    ticket.refresh_from_db()
    assert ticket.state == "in_progress"
    assert ticket.messages.order_by("pk").last().text == "Gedung B"
    assert ticket.number in said(bot)[-1]


def test_replying_to_a_message_of_the_bot_addresses_its_ticket(cast, bot):
    first, second = report(bot, "Printer rusak"), report(bot, "Email mati") if bot.push_text(SARI, "/baru") else None
    messages.post(ticket_id=first.pk, actor=cast.agen, text="Printer yang mana?")
    messages.post(ticket_id=second.pk, actor=cast.agen, text="Email yang mana?")
    work()
    question = next(m for m in bot.messages_to(SARI) if m["text"] == "Printer yang mana?")
    bot.push_text(SARI, "Yang di loket", reply_to_message_id=question["message_id"])
    work()
    assert first.messages.filter(text="Yang di loket").exists()


def test_status_and_tickets_show_only_ones_own(cast, bot):
    ticket = report(bot)
    bot.push_text(BUDI, f"/status {ticket.number}")
    bot.push_text(SARI, f"/status {ticket.number.lower()}")
    work()
    assert "tidak ditemukan" in said(bot, BUDI)[-1]
    assert "Baru" in said(bot)[-1] and ticket.subject in said(bot)[-1]
    bot.push_callback(BUDI, 1, f"tiket:{ticket.pk}", forged=True)
    work()
    assert "tidak ada di percakapan ini" in said(bot, BUDI)[-1]
    assert TelegramChat.objects.get(chat_id=BUDI).current_ticket is None


def test_another_chat_cannot_answer_a_ticket_by_replying_or_by_number(cast, bot):
    ticket = report(bot)
    receipt = bot.messages_to(SARI)[-1]
    bot.push_text(BUDI, f"[{ticket.number}] tutup saja", reply_to_message_id=receipt["message_id"])
    work()
    assert ticket.messages.count() == 1


def test_an_update_delivered_twice_is_one_entry(cast, bot):
    ticket = report(bot)
    bot.push_text(SARI, "Masih mati")
    update = bot.pending[0]
    updates.handle(update)
    updates.handle(update)
    work()
    assert ticket.messages.filter(text="Masih mati").count() == 1
    assert Delivery.objects.filter(text__startswith="Diterima untuk tiket").count() == 1


def test_a_crash_before_commit_brings_the_update_again(cast, bot, monkeypatch):
    ticket = report(bot)
    bot.push_text(SARI, "Masih mati")
    save = TelegramChat.save

    def crash(*args, **kwargs):
        raise SystemExit("mati listrik")

    monkeypatch.setattr(TelegramChat, "save", crash)
    with pytest.raises(SystemExit):
        work()
    assert not ticket.messages.filter(text="Masih mati").exists()
    monkeypatch.setattr(TelegramChat, "save", save)
    work()
    assert ticket.messages.filter(text="Masih mati").count() == 1


def test_a_failure_keeps_the_update_and_goes_on_with_the_next(cast, bot, monkeypatch):
    report(bot)
    monkeypatch.setattr(conversation, "_append", lambda turn, ticket: 1 / 0)
    bot.push_text(SARI, "Kata penting")
    bot.push_text(SARI, "/bantuan")
    work()
    kept = InboundRecord.objects.get(state="quarantined")
    assert (kept.text, kept.reason) == ("Kata penting", "error")
    assert TelegramUpdate.objects.exclude(error="").get().payload
    assert "/baru" in said(bot)[-1]


@pytest.mark.parametrize("status", [429, 502])
def test_a_refusal_for_now_is_tried_again(cast, bot, status):
    ticket = report(bot)
    bot.fail_next("sendMessage", status=status, retry_after=40)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa")
    work()
    delivery = Delivery.objects.get(text="Kami periksa")
    assert delivery.state == "queued" and (delivery.next_attempt_at - timezone.now()).total_seconds() > 20
    Delivery.objects.update(next_attempt_at=timezone.now())
    work()
    assert said(bot).count("Kami periksa") == 1


def test_who_blocks_the_bot_is_answered_by_email(cast, bot):
    ticket = report(bot)
    contact = ticket.requester
    ContactPoint.objects.create(contact=contact, kind="email", value="sari@contoh.id", is_verified=True)
    bot.blocked_chats.add(SARI)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa")
    work()
    assert Delivery.objects.get(channel="telegram", text="Kami periksa").state == "failed"
    assert Delivery.objects.get(channel="email", text="Kami periksa").recipient == "sari@contoh.id"
    bot.block(SARI)
    work()
    assert ContactPoint.objects.get(kind="telegram").unreachable_at
    bot.unblock(SARI)
    bot.push_text(SARI, "/bantuan")
    work()
    assert ContactPoint.objects.get(kind="telegram").unreachable_at is None


def test_a_long_answer_is_split_and_a_retry_sends_only_the_rest(cast, bot):
    ticket = report(bot)
    text = "\n\n".join(f"Paragraf {n} " + "😀kata " * 200 for n in range(6))
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text=text)
    before = len(said(bot))
    original = transport._one
    calls = []

    async def second_fails(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise transport.NetworkError("terputus")
        return await original(*args, **kwargs)

    transport._one = second_fails
    try:
        work()
        Delivery.objects.update(next_attempt_at=timezone.now())
        work()
    finally:
        transport._one = original
    parts = said(bot)[before:]
    assert len(parts) > 1 and all(transport.units(part) <= 4096 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_an_edit_adds_the_new_words_and_keeps_the_old(cast, bot):
    ticket = report(bot)
    bot.push_text(SARI, "Lantai satu")
    number = bot.last_message_id(SARI)
    work()
    bot.push_edited_text(SARI, number, "Lantai dua")
    work()
    texts = list(ticket.messages.values_list("text", flat=True))
    assert "Lantai satu" in texts and any("Lantai dua" in text for text in texts)


def test_what_the_bot_cannot_use_is_answered_politely_or_ignored(cast, bot):
    bot.push_sticker(SARI)
    bot.push_text(-500, "halo grup", from_id=SARI, chat_type="group")
    bot.push_raw({"update_id": 990_001, "poll": {"id": "1"}})
    bot.push_raw(
        {"update_id": 990_002, "message": {"message_id": 5, "date": 1, "chat": {"id": SARI, "type": "private"}}}
    )
    bot.push_text(SARI, "/entah")
    work()
    assert any("tidak dapat kami proses" in text for text in said(bot))
    assert "tidak dikenal" in said(bot)[-1]
    assert not Ticket.objects.exists() and not InboundRecord.objects.exists()


def test_a_file_that_cannot_be_fetched_is_named_and_the_words_are_kept(cast, bot):
    ticket = report(bot)
    bot.fail_next("getFile", status=400)
    bot.push_document(SARI, b"%PDF-1", file_name="surat.pdf", caption="Ini suratnya")
    work()
    assert ticket.messages.filter(text="Ini suratnya").exists()
    assert any("surat.pdf" in text for text in said(bot))


def test_an_old_draft_is_forgotten(cast, bot):
    bot.push_text(SARI, "Internet mati")
    work()
    chat = TelegramChat.objects.get()
    chat.draft["started"] = (timezone.now() - conversation.DRAFT_LIFETIME * 2).isoformat()
    chat.save()
    bot.press(SARI, "Lainnya")
    work()
    assert "Ceritakan" in said(bot)[-1]


def test_two_workers_never_poll_at_once(cast, bot):
    Lease.objects.create(name=polling.LEASE, holder="lain", expires_at=timezone.now() + timezone.timedelta(minutes=1))
    bot.push_text(SARI, "/start")
    assert polling.poll() == 0


class TestWebhook:
    @pytest.fixture
    def post(self, client, settings, bot):
        settings.TELEGRAM_WEBHOOK_SECRET = "rahasia-webhook"

        def post(body, secret="rahasia-webhook"):
            data = body if isinstance(body, str) else json.dumps(body)
            headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
            return client.post(reverse("channels:telegram"), data, content_type="application/json", headers=headers)

        return post

    def test_only_the_secret_opens_it(self, cast, post):
        assert post({"update_id": 1}, secret="salah").status_code == 403
        assert post("bukan json").status_code == 400
        assert post([1]).status_code == 400
        assert not TelegramUpdate.objects.exists()

    def test_an_update_is_handled_once(self, cast, post, bot):
        bot.push_text(SARI, "Internet mati")
        update = bot.pending[0]
        assert post(update).status_code == 200
        assert post(update).status_code == 200
        assert TelegramUpdate.objects.count() == 1 and Delivery.objects.count() == 1

    def test_the_worker_registers_the_address(self, cast, post, bot):
        polling._announced.clear()
        assert polling.poll() == 0
        call = bot.wait_for(lambda call: call.method == "setWebhook")
        assert call.params["secret_token"] == "rahasia-webhook"


def test_the_contact_of_a_chat_is_found_again(cast, bot):
    ticket = report(bot)
    again = factories.arrive("Satu lagi", sender=Identity(telegram=str(SARI), verified=True)).ticket
    assert again.requester == ticket.requester and Message.objects.count() == 2
    assert len(again.subject) <= creation.SUBJECT_LENGTH
