"""Votes by Telegram buttons, against a Bot API server over HTTP."""

import itertools

import pytest

from accounts.models import Contact, ContactPoint
from channels_bot.models import TelegramChat
from channels_bot.telegram import callbacks, client, polling, updates
from notify import outbox
from notify.models import Delivery
from tests.approvals.conftest import request_for, stand_in
from tests.servers.botapi import BotApiServer
from tickets.models import Message, Ticket, Vote
from tickets.workflow import perform

RINA, TAMU = 2001, 2002
TOKEN = "123:TES"


@pytest.fixture
def bot(settings, monkeypatch):
    with BotApiServer(TOKEN) as server:
        settings.TELEGRAM_BOT_TOKEN = TOKEN
        settings.TELEGRAM_API_BASE_URL = server.url
        monkeypatch.setattr(client, "LONG_POLL_SECONDS", 0)
        yield server


def work():
    polling.poll()
    while outbox.send_due():
        pass


def link(user, chat, verified=True):
    contact = Contact.objects.get_or_create(user=user, defaults={"name": user.display_name})[0]
    ContactPoint.objects.create(contact=contact, kind="telegram", value=str(chat), is_verified=verified)


def said(bot, chat=RINA):
    return [message["text"] for message in bot.messages_to(chat)]


@pytest.fixture
def asked(cast, bot):
    link(cast.penghubung, RINA)
    bot.push_text(RINA, "/bantuan")
    work()
    ticket = request_for(cast)
    work()
    return ticket


def state_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).state


_update_ids = itertools.count(770_001)


def pressed(chat, data, update_id=None):
    """A press that our signature does not stop: as if the button had been sent to this very chat."""
    update = {
        "update_id": update_id or next(_update_ids),
        "callback_query": {
            "id": "1",
            "from": {"id": chat, "first_name": "Seseorang"},
            "data": callbacks.sign(chat, data),
            "message": {"message_id": 1, "chat": {"id": chat, "type": "private"}},
        },
    }
    updates.handle(update)
    while outbox.send_due():
        pass


def press(bot, chat, label):
    bot.press(chat, label)
    work()


def test_two_presses_approve_and_more_change_nothing(cast, bot, asked):
    assert asked.number in said(bot)[-1]
    press(bot, RINA, "Setujui")
    assert "Yakin" in said(bot)[-1] and state_of(asked) == "awaiting_approval"
    press(bot, RINA, "Ya, setujui")
    vote = Vote.objects.get()
    assert (vote.decision, vote.decided_by, vote.channel) == ("approve", cast.penghubung, "telegram")
    assert state_of(asked) == "approved" and "menyetujui" in said(bot)[-1]
    for label in ("Ya, setujui", "Tolak"):
        press(bot, RINA, label)
        assert "sudah diambil" in said(bot)[-1]
    assert Vote.objects.exclude(decision="").count() == 1


def test_a_refusal_asks_for_its_reason(cast, bot, asked):
    press(bot, RINA, "Tolak")
    press(bot, RINA, "Ya, tolak")
    assert "alasan" in said(bot)[-1] and state_of(asked) == "awaiting_approval"
    bot.push_text(RINA, "Surat tugas belum ada.")
    work()
    assert state_of(asked) == "rejected"
    assert Vote.objects.get().comment == "Surat tugas belum ada."
    assert TelegramChat.objects.get(chat_id=RINA).awaiting == {}
    assert not Message.objects.filter(text="Surat tugas belum ada.", direction="in").exists()


@pytest.mark.parametrize("way", ["button", "command"])
def test_one_may_change_ones_mind(cast, bot, asked, way):
    press(bot, RINA, "Tolak")
    if way == "button":
        press(bot, RINA, "Batal")
    else:
        press(bot, RINA, "Ya, tolak")
        bot.push_text(RINA, "/batal")
        work()
    bot.push_text(RINA, "Halo")
    work()
    assert state_of(asked) == "awaiting_approval" and not Vote.objects.exclude(decision="").exists()


def test_a_report_being_written_survives_a_vote(cast, bot, asked):
    bot.push_text(RINA, "Printer kami rusak")
    work()
    press(bot, RINA, "Tolak")
    press(bot, RINA, "Ya, tolak")
    bot.push_text(RINA, "Belum ada surat.")
    work()
    assert state_of(asked) == "rejected"
    assert TelegramChat.objects.get(chat_id=RINA).draft["items"][0]["text"] == "Printer kami rusak"


def test_another_chat_cannot_use_the_buttons(cast, bot, asked):
    vote = Vote.objects.get()
    link(cast.orang_luar, TAMU)
    for data in (f"ya-setuju:{vote.pk}:{vote.nonce}", f"ya-tolak:{vote.pk}:{vote.nonce}", "ya-setuju:x:y", "setuju:"):
        pressed(TAMU, data)
        assert "bukan untuk Anda" in said(bot, TAMU)[-1]
    pressed(RINA, f"ya-setuju:{vote.pk}:salah")
    work()
    assert state_of(asked) == "awaiting_approval"


def test_the_chat_of_a_substitute_counts(cast, bot, asked):
    link(cast.orang_luar, TAMU)
    stand_in(cast.orang_luar, of=cast.penghubung)
    vote = Vote.objects.get()
    pressed(TAMU, f"ya-setuju:{vote.pk}:{vote.nonce}")
    work()
    assert Vote.objects.get().decided_by == cast.orang_luar and state_of(asked) == "approved"


def test_only_verified_chats_are_asked_and_the_data_is_short(cast, bot):
    link(cast.penghubung, RINA, verified=False)
    request_for(cast)
    assert not Delivery.objects.filter(channel="telegram").exists()
    ContactPoint.objects.update(is_verified=True)
    perform(Ticket.objects.get().pk, "ask_again", cast.koordinator)
    options = Delivery.objects.get(channel="telegram").options
    data = [each for row in options["buttons"] for _label, each in row]
    assert len(data) == 2 and all(len(f"ya-{each}".encode()) < 50 for each in data)


def test_an_update_that_comes_twice_votes_once(cast, bot, asked):
    vote = Vote.objects.get()
    for _again in range(2):
        pressed(RINA, f"ya-setuju:{vote.pk}:{vote.nonce}", update_id=880_001)
    assert Vote.objects.exclude(decision="").count() == 1 and state_of(asked) == "approved"
