"""Many webhook calls at the same moment, on a database with real locks."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from channels_bot.models import TelegramChat, TelegramGroup, TelegramUpdate
from channels_bot.telegram import announcing, files, updates
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import JPG, report, work
from tickets.models import Attachment, Message, Ticket

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(calls, workers=8):
    """Run all calls in threads that start together; every failure is raised."""
    barrier = threading.Barrier(workers)

    def run(part):
        try:
            barrier.wait(10)
            return [call() for call in part]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return [each for part in pool.map(run, [calls[n::workers] for n in range(workers)]) for each in part]


def test_a_hundred_chats_whose_updates_come_twice_and_together(bot):
    factories.cast()
    for chat in range(20_001, 20_101):
        bot.push_text(chat, f"Internet mati di ruang {chat}")
    arrived = [*bot.pending, *bot.pending]
    random.Random(1).shuffle(arrived)
    at_once([lambda update=update: updates.handle(update) for update in arrived])
    assert TelegramUpdate.objects.count() == TelegramChat.objects.count() == 100
    assert Delivery.objects.count() == 100
    assert all(len(chat.draft["items"]) == 1 for chat in TelegramChat.objects.all())


def test_pictures_of_an_album_that_come_together_are_one_message(bot):
    factories.cast()
    ticket = report(bot)
    for number in range(10):
        bot.push_photo(1001, JPG + bytes([number]), media_group_id="x")
    at_once([lambda update=update: updates.handle(update) for update in bot.pending])
    at_once([files.fetch_due] * 8)
    work()
    assert ticket.messages.count() == 2 and Attachment.objects.count() == 10
    assert "sedang diambil" not in Message.objects.latest("pk").text


def test_groups_are_told_once_by_many_workers(bot):
    cast = factories.cast()
    TelegramGroup.objects.create(chat_id=-5, team=cast.network, linked_at="2026-01-01T00:00:00Z")
    for _each in range(3):
        factories.ticket(team=cast.network)
    at_once([announcing.announce] * 8)
    assert Delivery.objects.filter(recipient="-5").count() == Ticket.objects.count() == 3
