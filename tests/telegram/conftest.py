"""A bot of the desk against a Bot API server over HTTP, and people who talk to it."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.models import Contact, ContactPoint
from channels_bot.telegram import chores, client, linking, polling, updates
from notify import outbox
from notify.models import Delivery
from tests.servers.botapi import BotApiServer
from tickets.models import Ticket

TOKEN = "123:TES"
SARI, BUDI, AGEN, TEKNISI, ASING = 1001, 1002, 3001, 3002, 3003
GROUP = -100_500
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 60
JPG = b"\xff\xd8\xff" + b"0" * 60


@pytest.fixture
def bot(settings, monkeypatch):
    with BotApiServer(TOKEN) as server:
        settings.TELEGRAM_BOT_TOKEN = TOKEN
        settings.TELEGRAM_API_BASE_URL = server.url
        monkeypatch.setattr(client, "LONG_POLL_SECONDS", 0)
        polling._announced.clear()
        yield server


def send_all():
    """Everything that waits to be sent, without waiting for the rest of an album."""
    Delivery.objects.filter(state="queued", attempts=0).update(next_attempt_at=timezone.now())
    while outbox.send_due():
        pass


def work():
    """One look at what arrived, the bot's chores, and everything sent that is due."""
    polling.poll()
    send_all()
    chores.run_due()
    send_all()


def said(bot, chat=SARI):
    return [message["text"] for message in bot.messages_to(chat)]


def say(bot, text, chat=SARI, **more):
    bot.push_text(chat, text, **more)
    work()


def press(bot, label, chat=SARI, **more):
    bot.press(chat, label, **more)
    work()


def report(bot, text="Internet kantor mati", chat=SARI):
    """A whole guided report about a disturbance; returns its ticket."""
    say(bot, "/baru", chat)
    say(bot, text, chat)
    for label in ("Ya, benar", "Lainnya", "Kirim"):
        press(bot, label, chat)
    return Ticket.objects.latest("pk")


def link(user, chat):
    """The account has proven this chat to be its own."""
    contact = Contact.objects.get_or_create(user=user, defaults={"name": user.display_name})[0]
    ContactPoint.objects.create(contact=contact, kind="telegram", value=str(chat), is_verified=True)


def shown(bot, words, chat=SARI):
    """The newest message of the bot with these words, as the chat shows it."""
    return [message for message in bot.messages_to(chat) if words in message["text"]][-1]


def data_of(message, label):
    """What a button of a message holds."""
    buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
    return next(each["callback_data"] for each in buttons if label in each["text"])


def alerts(bot):
    """What was shown to people who pressed buttons."""
    return [call.params.get("text", "") for call in bot.sent if call.method == "answerCallbackQuery"]


@pytest.fixture
def team_group(cast, bot):
    """A group of the network team, whose technician and coordinator have linked accounts."""
    link(cast.teknisi, TEKNISI)
    link(cast.koordinator, AGEN)
    code = linking.issue(user=cast.koordinator, team=cast.network)
    bot.push_text(GROUP, f"/hubungkan {code}", from_id=AGEN, chat_type="supergroup")
    work()
    bot.forget()
    return SimpleNamespace(bot=bot, cast=cast)


def deliver_again(update):
    updates.handle(update)
    send_all()
