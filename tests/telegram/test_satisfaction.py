"""Is it done, and how was it."""

import pytest

from accounts.contacts import Identity
from feedback import ratings
from feedback.models import Rating
from tests import factories
from tests.telegram.conftest import SARI, data_of, press, report, said, say, shown, work
from tickets import timeline
from tickets.actors import Actor
from tickets.errors import Forbidden, NotVisible, WrongState
from tickets.models import Message, Participant, TimelineEntry
from tickets.workflow import perform


@pytest.fixture
def resolved(cast, bot):
    ticket = report(bot)
    perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Kabel diganti.")
    work()
    return ticket


def fresh(ticket):
    ticket.refresh_from_db()
    return ticket


def test_content_people_close_rate_and_comment(cast, bot, resolved):
    assert "Kabel diganti." in said(bot)[-1]
    press(bot, "Ya, selesai")
    assert fresh(resolved).state == "closed"
    press(bot, "4 – Sangat baik")
    say(bot, "Cepat sekali, terima kasih")
    rating = Rating.objects.get()
    assert (rating.score, rating.comment, rating.channel) == (4, "Cepat sekali, terima kasih", "telegram")
    assert not Message.objects.filter(text__startswith="Cepat").exists() and fresh(resolved).state == "closed"
    entry = TimelineEntry.objects.get(code="ticket.rated")
    assert timeline.describe(entry) == "Pelapor memberi nilai 4 dari 4"
    assert timeline.first_broken(resolved.pk) is None


def test_the_rating_may_change_and_the_comment_may_be_left_out(cast, bot, resolved, client):
    press(bot, "Ya, selesai")
    for label in ("1 – Tidak", "1 – Tidak", "3 – Baik"):
        press(bot, label)
    press(bot, "Tanpa komentar")
    say(bot, "Printer juga rusak")
    assert Rating.objects.get().score == 3 and Rating.objects.get().comment == ""
    assert TimelineEntry.objects.filter(code="ticket.rated").count() == 2
    client.force_login(cast.agen)
    assert "Baik (3/4)" in client.get(f"/kerja/tiket/{resolved.number}/").content.decode()


def test_not_done_reopens_and_asks_what_is_missing(cast, bot, resolved):
    press(bot, "Belum selesai")
    assert fresh(resolved).state == "in_progress" and "dibuka lagi" in said(bot)[-1]
    say(bot, "Lantai dua masih mati")
    assert resolved.messages.filter(text="Lantai dua masih mati").exists()
    press(bot, "Belum selesai")
    assert "masih dikerjakan" in said(bot)[-1] and fresh(resolved).reopen_count == 1


def test_late_and_repeated_presses_say_how_things_stand(cast, bot, resolved):
    done = data_of(shown(bot, "Kabel diganti"), "Ya, selesai")
    number = shown(bot, "Kabel diganti")["message_id"]
    for _again in range(2):
        bot.push_callback(SARI, number, done)
        work()
    assert fresh(resolved).state == "closed" and fresh(resolved).version
    press(bot, "2 – Kurang")
    assert Rating.objects.count() == 1


def test_an_unfinished_ticket_is_not_rated(cast):
    ticket = factories.ticket()
    with pytest.raises(WrongState):
        ratings.rate(ticket_id=ticket.pk, actor=Actor(contact=ticket.requester), score=4)


def test_only_the_requester_rates(cast, resolved):
    other = factories.ticket(sender=Identity(name="Orang", email="orang@lain.id")).requester
    with pytest.raises(NotVisible):
        ratings.rate(ticket_id=resolved.pk, actor=Actor(contact=other), score=1)
    Participant.objects.create(ticket=resolved, contact=other)
    for actor in (Actor(contact=other), Actor(user=cast.agen)):
        with pytest.raises(Forbidden):
            ratings.rate(ticket_id=resolved.pk, actor=actor, score=1)
        with pytest.raises(Forbidden):
            ratings.comment(ticket_id=resolved.pk, actor=actor, text="x")
    assert not Rating.objects.exists()
    with pytest.raises(WrongState):
        ratings.comment(ticket_id=resolved.pk, actor=Actor(contact=resolved.requester), text="x")
    with pytest.raises(ValueError, match="7"):
        ratings.rate(ticket_id=resolved.pk, actor=Actor(contact=resolved.requester), score=7)
