"""Updates in and messages out: once each, whatever the network and the machine do."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import NetworkError

from accounts.contacts import Identity
from accounts.models import ContactPoint
from channels_bot.models import TelegramChat, TelegramCode, TelegramGroup, TelegramMessage, TelegramUpdate
from channels_bot.telegram import callbacks, chores, flood, linking, polling, rendering, threads, transport, updates
from core.models import Lease
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import SARI, TEKNISI, report, said, say, work
from tickets import edits, messages
from tickets.models import InboundRecord


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
    monkeypatch.setattr(threads, "append", lambda turn, ticket: 1 / 0)
    bot.push_text(SARI, "Kata penting")
    bot.push_text(SARI, "/bantuan")
    work()
    kept = InboundRecord.objects.get(state="quarantined")
    assert (kept.text, kept.reason) == ("Kata penting", "error")
    assert TelegramUpdate.objects.exclude(error="").get().payload
    assert "/baru" in said(bot)[-1]


def test_who_writes_too_fast_is_heard_but_not_answered(cast, bot, monkeypatch):
    monkeypatch.setattr(flood, "MOST_ANSWERED", 6)
    monkeypatch.setattr(flood, "MOST_TAKEN", 9)
    ticket = report(bot)
    TelegramChat.objects.update(flood_count=0)
    before = len(said(bot))
    for number in range(12):
        bot.push_text(SARI, f"Halo {number}")
    work()
    taken = ticket.messages.filter(text__startswith="Halo").count()
    assert taken == 9 and len(said(bot)) == before + 7 and "sangat cepat" in said(bot)[-1]
    kept = TelegramUpdate.objects.filter(error="flood")
    assert [each.payload["message"]["text"] for each in kept.order_by("pk")] == ["Halo 9", "Halo 10", "Halo 11"]
    TelegramChat.objects.update(flood_since=timezone.now() - flood.WINDOW)
    say(bot, "Halo lagi")
    assert "Diterima" in said(bot)[-1]


def test_old_traces_go_and_failures_stay(cast, bot):
    report(bot)
    TelegramUpdate.objects.create(update_id=1, error="flood")
    linking.issue(user=cast.warga)
    assert chores.tidy() == 0
    assert chores.tidy(timezone.now() + timezone.timedelta(days=31)) > 0
    assert TelegramUpdate.objects.get().error == "flood" and TelegramMessage.objects.exists()
    assert not TelegramCode.objects.exists()
    chores.tidy(timezone.now() + timezone.timedelta(days=401))
    assert not TelegramMessage.objects.exists()


# Out


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
    assert len([text for text in said(bot) if "Kami periksa" in text]) == 1


def test_who_blocks_the_bot_is_answered_by_email(cast, bot):
    ticket = report(bot)
    ContactPoint.objects.create(contact=ticket.requester, kind="email", value="sari@contoh.id", is_verified=True)
    bot.blocked_chats.add(SARI)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa")
    work()
    assert Delivery.objects.get(channel="telegram", text="Kami periksa").state == "failed"
    assert Delivery.objects.get(channel="email", text="Kami periksa").recipient == "sari@contoh.id"
    bot.block(SARI)
    work()
    assert ContactPoint.objects.get(kind="telegram").unreachable_at
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Sudah kami periksa")
    assert Delivery.objects.get(text="Sudah kami periksa").channel == "email"
    bot.unblock(SARI)
    say(bot, "/bantuan")
    assert ContactPoint.objects.get(kind="telegram").unreachable_at is None


def test_a_long_answer_is_split_and_a_retry_sends_only_the_rest(cast, bot, monkeypatch):
    ticket = report(bot)
    text = "\n\n".join(f"Paragraf {n} < " + "😀kata " * 200 for n in range(6))
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text=text)
    before = len(said(bot))
    original, calls = transport.send_part, []

    async def second_fails(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise NetworkError("terputus")
        return await original(*args, **kwargs)

    monkeypatch.setattr(transport, "send_part", second_fails)
    work()
    Delivery.objects.update(next_attempt_at=timezone.now())
    work()
    parts = said(bot)[before:]
    assert len(parts) > 1 and all(rendering.units(part) <= 4096 for part in parts)
    assert all(part.startswith("Paragraf") for part in parts[1:])
    assert "".join("".join(parts).split()) == ticket.number + "".join(text.split())


@given(st.text(alphabet=st.sampled_from("ab \n😀<&"), max_size=300), st.integers(min_value=4, max_value=50))
def test_no_part_is_too_long_and_no_word_is_lost(text, limit):
    parts = rendering.split(text, limit)
    assert all(rendering.units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_group_that_became_a_supergroup_hears_on(team_group, bot, cast):
    old, new = TelegramGroup.objects.get().chat_id, -100_999
    bot.migrate(old, new)
    polling.poll()
    assert TelegramGroup.objects.get().chat_id == new


def test_sending_to_a_group_that_became_a_supergroup_finds_it(team_group, bot, cast):
    old, new = TelegramGroup.objects.get().chat_id, -100_999
    bot.world.migrated[old] = new
    ticket = factories.ticket(team=cast.network)
    work()
    Delivery.objects.update(next_attempt_at=timezone.now())
    work()
    assert TelegramGroup.objects.get().chat_id == new
    assert any(ticket.number in text for text in said(bot, new)) and not said(bot, TEKNISI)


def test_a_group_that_threw_the_bot_out_is_forgotten(team_group, bot):
    chat = {"id": TelegramGroup.objects.get().chat_id, "type": "supergroup"}
    bot.push_raw({"my_chat_member": {"chat": chat, "new_chat_member": {"status": "kicked"}}})
    work()
    assert not TelegramGroup.objects.exists()


# Polling and webhook


def test_two_workers_never_poll_at_once(cast, bot):
    Lease.objects.create(name=polling.LEASE, holder="lain", expires_at=timezone.now() + timezone.timedelta(minutes=1))
    bot.push_text(SARI, "/start")
    assert polling.poll() == 0


def test_polling_takes_over_from_a_webhook_of_earlier_settings(cast, bot):
    bot.world.webhook = {"url": "http://127.0.0.1:9/lama"}
    bot.push_text(SARI, "/start")
    work()
    assert "Selamat datang" in said(bot)[-1]


def test_the_menu_of_commands_is_shown(cast, bot):
    work()
    assert [each["command"] for each in bot.commands][:2] == ["baru", "lanjut"]


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
        assert polling.poll() == 0
        call = bot.wait_for(lambda call: call.method == "setWebhook")
        assert call.params["secret_token"] == "rahasia-webhook"


# Data of buttons


def test_a_signature_holds_for_its_chat_and_data_alone():
    signed = callbacks.sign(5, "tiket:17")
    assert callbacks.read(5, signed) == "tiket:17"
    for chat, data in ((6, signed), (5, signed[:-1] + "8"), (5, "tiket:17"), (5, ""), (5, "x" * 10 + "tiket:17")):
        assert callbacks.read(chat, data) == ""
    with pytest.raises(ValueError, match="too long"):
        callbacks.sign(5, "x" * 60)


def test_a_ticket_that_became_secret_says_only_that_there_is_news(cast, bot):
    """Planned while it was open, sent afterwards."""
    sender = Identity(telegram=str(SARI), verified=True)
    ticket = factories.ticket("complaint", channel="telegram", mailbox=str(SARI), sender=sender)
    work()
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Suap oleh Kepala Dinas")
    edits.change(ticket_id=ticket.pk, actor=cast.agen, confidentiality="secret", reason="Menyangkut pejabat.")
    work()
    assert "Suap" not in str(bot.messages_to(SARI)) and "Ada pembaruan" in said(bot)[-1]
