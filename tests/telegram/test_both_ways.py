"""The same scenarios by long polling and by webhook, over HTTP both ways, with workers that run by themselves."""

import random
import time
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from channels_bot.models import TelegramChat, TelegramFile, TelegramUpdate
from channels_bot.telegram import chores, polling, updates
from channels_bot.telegram.flood import MOST_ANSWERED
from notify import outbox
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import JPG, SARI
from tickets.models import Attachment, Message, Ticket
from tickets.workflow import perform

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Desk:
    """A desk and its worker. The worker runs while a test waits, in the thread of the test: SQLite in memory, which
    the tests share between threads, knows no waiting for a lock."""

    def __init__(self, bot):
        self.bot = bot
        self.failures = []

    def settle(self):
        """Let the webhook's thread finish before this one touches the connection they share."""
        if self.bot.world.webhook["url"]:
            self.bot.wait_until(lambda: not self.bot.pending, 60)

    def work(self):
        for job in (polling.poll, chores.run_due, lambda: outbox.send_due(50)):
            self.settle()
            try:
                job()
            except Exception as error:  # as the worker's loop does: noted, and tried again
                self.failures.append(error)

    def until(self, condition, timeout=60):
        end = time.monotonic() + timeout
        self.settle()
        while not condition():
            assert time.monotonic() < end, self.failures[-3:]
            self.work()
            self.settle()

    def hears(self, words, chat=SARI):
        """Work until the chat shows these words."""
        self.until(lambda: any(words in message["text"] for message in self.bot.messages_to(chat)))


@pytest.fixture(params=["polling", "webhook"])
def desk(request, bot, settings):
    if request.param == "webhook":
        settings.BASE_URL = request.getfixturevalue("live_server").url
        settings.TELEGRAM_WEBHOOK_SECRET = "rahasia-webhook"
    found = Desk(bot)
    found.cast = factories.cast()
    found.work()
    return found


def test_a_report_from_the_first_word_to_the_judgement(desk, bot):
    bot.push_text(SARI, "/start")
    desk.hears("Selamat datang")
    bot.push_photo(SARI, JPG, caption="Printer loket rusak")
    desk.hears("Benar?")
    bot.press(SARI, "Ya, benar")
    desk.hears("Layanan apa")
    bot.press(SARI, "Lainnya")
    desk.hears("Lampiran: 1")
    bot.press(SARI, "Kirim")
    desk.hears("Kode akses")
    desk.until(lambda: Attachment.objects.count() == 1)
    ticket = Ticket.objects.get()
    agent = desk.cast.agen
    perform(ticket.pk, "assign", agent, assignee="agen")
    desk.hears("sudah ditugaskan")
    perform(ticket.pk, "hold", agent, reason="requester", note="Loket berapa?")
    desk.hears("Loket berapa?")
    question = next(m for m in bot.messages_to(SARI) if "Loket berapa?" in m["text"])
    bot.push_text(SARI, "Loket tiga", reply_to_message_id=question["message_id"])
    desk.hears("Diterima untuk tiket")
    desk.until(lambda: Ticket.objects.get().state == "assigned")
    bot.push_edited_text(SARI, bot.last_message_id(SARI) - 1, "Loket empat")
    desk.until(lambda: Message.objects.filter(text="Loket empat").exists())
    perform(ticket.pk, "resolve", agent, code="fixed", solution="Diganti.")
    desk.hears("Diganti.")
    bot.press(SARI, "Ya, selesai")
    desk.hears("Bagaimana penanganannya")
    bot.press(SARI, "3 – Baik")
    desk.hears("Nilai 3 dari 4")
    bot.push_text(SARI, "Ramah")
    desk.hears("komentar Anda tersimpan")
    assert Ticket.objects.get().rating.comment == "Ramah" and Ticket.objects.get().state == "closed"


def test_faults_of_the_network_lose_and_double_nothing(desk, bot):
    """Every call fails in some way before it succeeds: refused, answered too late, answered into nothing."""
    bot.world.webhook = {"url": ""}
    polling._announced.clear()
    for method in ("getUpdates", "setWebhook"):
        bot.fail_next(method, status=502)
        bot.reset_next(method)
    bot.fail_next("getFile", status=502)
    bot.reset_next("file")
    bot.push_photo(SARI, JPG, caption="Printer rusak")
    desk.hears("Benar?")
    for label, words in (("Ya, benar", "Layanan apa"), ("Lainnya", "Periksa laporan"), ("Kirim", "Kode akses")):
        bot.fail_next("answerCallbackQuery", status=400)
        bot.press(SARI, label)
        desk.hears(words)
    for attempt in (1, 2, 3):
        desk.until(lambda least=attempt: TelegramFile.objects.get().attempts >= least)
        TelegramFile.objects.update(next_attempt_at=timezone.now())
    assert len(desk.failures) == 2
    assert Ticket.objects.count() == 1 and Message.objects.count() == 1 and Attachment.objects.count() == 1


def test_a_hundred_people_at_once(desk, bot):
    """All begin at the same time, in any order, and write again afterwards; nobody gets another's ticket."""
    people = list(range(20_001, 20_101))
    steps = [
        lambda chat: bot.push_text(chat, f"Internet mati di ruang {chat}"),
        lambda chat: bot.press(chat, "Ya, benar"),
        lambda chat: bot.press(chat, "Lainnya"),
        lambda chat: bot.press(chat, "Kirim"),
        lambda chat: bot.push_text(chat, f"Masih mati {chat}"),
    ]
    shuffle = random.Random(5).shuffle
    for number, step in enumerate(steps, start=1):
        shuffle(people)
        for chat in people:
            step(chat)
        desk.until(lambda least=number: all(len(bot.messages_to(chat)) >= least for chat in people), 240)
    assert Ticket.objects.count() == 100 and Message.objects.filter(direction="in").count() == 200
    for ticket in Ticket.objects.prefetch_related("messages"):
        (chat,) = {int(text.split()[-1]) for text in ticket.messages.values_list("text", flat=True)}
        own = " ".join(message["text"] for message in bot.messages_to(chat))
        assert ticket.number in own and ticket.reply_address == str(chat)
        assert ticket.access_code in own
    assert TelegramUpdate.objects.count() == 500 and not TelegramUpdate.objects.exclude(error="").exists()
    texts = Counter(text for chat in people for text in (m["text"] for m in bot.messages_to(chat)))
    assert not [text for text, count in texts.items() if "Kode akses" in text and count > 1]


class Killed(BaseException):
    """The process dies here: nothing catches it, and what was not committed is gone."""


@pytest.mark.parametrize("seed", range(2))
def test_a_worker_that_dies_anywhere_makes_every_update_one_entry(bot, seed, monkeypatch):
    """Two hundred updates of ten chats; the process dies at a random statement of the database, again and again."""
    factories.cast()
    dice = random.Random(seed)
    chats = list(range(30_001, 30_011))
    polling._announced.add(polling._MENU)
    for chat in chats:
        sender = factories.arrive(
            f"Awal {chat}", channel="telegram", mailbox=str(chat),
            sender=factories.Identity(telegram=str(chat), verified=True),
        ).ticket  # fmt: skip
        TelegramChat.objects.create(chat_id=chat, contact=sender.requester, current_ticket=sender)
    Delivery.objects.all().delete()
    monkeypatch.setattr(updates.flood, "MOST_ANSWERED", 10 * MOST_ANSWERED)
    for number in range(200):
        bot.push_text(dice.choice(chats), f"Pesan {number}")
    deaths = 0

    def may_die(execute, sql, params, many, context):
        nonlocal deaths
        if dice.random() < 0.004:
            deaths += 1
            raise Killed
        return execute(sql, params, many, context)

    for _life in range(2000):
        try:
            with connection.execute_wrapper(may_die):
                polling.poll()
        except Killed:
            connection.close()
        if not bot.pending:
            break
    polling.poll()
    assert not bot.pending and deaths > 20
    said = list(Message.objects.filter(text__startswith="Pesan").values_list("text", flat=True))
    assert sorted(said) == sorted(f"Pesan {number}" for number in range(200))
    assert Delivery.objects.filter(text__startswith="Diterima untuk tiket").count() == 200
    for ticket in Ticket.objects.all():
        order = list(ticket.messages.order_by("pk").values_list("text", flat=True))[1:]
        assert order == sorted(order, key=lambda text: int(text.split()[1]))
