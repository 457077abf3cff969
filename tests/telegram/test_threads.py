"""Several tickets in one chat: which one a message is for, and what changes afterwards."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.contacts import Identity
from channels_bot.models import TelegramChat, TelegramMessage
from channels_bot.telegram import updates
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import BUDI, JPG, SARI, deliver_again, press, report, said, say, shown, work
from tickets import messages
from tickets.models import Message, Ticket, TimelineEntry
from tickets.workflow import perform

pytestmark = pytest.mark.slow


def test_question_and_answer_go_by_the_same_chat_and_move_the_clock(cast, bot):
    ticket = report(bot)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "hold", cast.agen, reason="requester", note="Di gedung mana?")
    work()
    assert said(bot)[-1] == f"{ticket.number}\nDi gedung mana?\n\nBalas pesan ini untuk menjawab."
    say(bot, "Gedung B")
    ticket.refresh_from_db()
    assert ticket.state == "in_progress"
    assert ticket.messages.order_by("pk").last().text == "Gedung B"
    assert ticket.number in said(bot)[-1]


def test_words_of_the_staff_arrive_as_they_were_written(cast, bot):
    ticket = report(bot)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Bila suhu < 5 & > 0, ketik <b>ya</b>")
    work()
    assert said(bot)[-1] == f"{ticket.number}\nBila suhu < 5 & > 0, ketik <b>ya</b>"


def test_replying_to_any_message_of_the_bot_addresses_its_ticket(cast, bot):
    first, second = report(bot, "Printer rusak"), report(bot, "Email mati")
    messages.post(ticket_id=first.pk, actor=cast.agen, text="Printer yang mana?")
    work()
    question = shown(bot, "Printer yang mana?")
    receipt = next(m for m in bot.messages_to(SARI) if second.access_code in m["text"])
    say(bot, "Yang di loket", reply_to_message_id=question["message_id"])
    say(bot, "Satu lagi soal printer")  # the ticket just answered is the current one now
    say(bot, "Email dinas", reply_to_message_id=receipt["message_id"])
    assert list(first.messages.filter(direction="in").values_list("text", flat=True)) == [
        "Printer rusak", "Yang di loket", "Satu lagi soal printer",
    ]  # fmt: skip
    assert second.messages.filter(text="Email dinas").exists()


def test_replying_to_ones_own_message_addresses_its_ticket(cast, bot):
    first = report(bot, "Printer rusak")
    say(bot, "Di loket")
    mine = next(i for (chat, i), m in bot.world.messages.items() if m.get("text") == "Di loket")
    report(bot, "Email mati")
    say(bot, "Loket tiga", reply_to_message_id=mine)
    assert first.messages.filter(text="Loket tiga").exists()


def test_every_part_of_a_long_answer_may_be_replied_to(cast, bot):
    first = report(bot, "Printer rusak")
    report(bot, "Email mati")
    messages.post(ticket_id=first.pk, actor=cast.agen, text="\n\n".join(f"Langkah {n} " + "kata " * 400 for n in "abc"))
    work()
    say(bot, "Yang pertama sudah", reply_to_message_id=shown(bot, "Langkah a")["message_id"])
    assert first.messages.filter(text="Yang pertama sudah").exists()


def test_the_current_ticket_is_marked_and_changed(cast, bot):
    first, second = report(bot, "Printer rusak"), report(bot, "Email mati")
    say(bot, "/tiket")
    buttons = [each[0]["text"] for each in shown(bot, "Tiket mana")["reply_markup"]["inline_keyboard"]]
    assert [text.startswith("✔") for text in buttons] == [True, False] and second.number in said(bot)[-1]
    press(bot, first.number)
    say(bot, "Masih rusak")
    assert first.messages.filter(text="Masih rusak").exists()


def test_a_report_being_written_does_not_swallow_a_reply(cast, bot):
    ticket = report(bot)
    receipt = next(m for m in bot.messages_to(SARI) if ticket.access_code in m["text"])
    say(bot, "/baru")
    say(bot, "Printer rusak")
    say(bot, "Masih mati", reply_to_message_id=receipt["message_id"])
    assert ticket.messages.filter(text="Masih mati").exists()
    assert TelegramChat.objects.get().draft["items"][0]["text"] == "Printer rusak"


def test_status_shows_ones_own_tickets_only(cast, bot):
    ticket = report(bot)
    say(bot, f"/status {ticket.number}", BUDI)
    say(bot, f"/status {ticket.number.lower()}")
    assert "tidak ditemukan" in said(bot, BUDI)[-1]
    assert "Baru" in said(bot)[-1] and ticket.subject in said(bot)[-1]
    say(bot, "/status")
    assert ticket.subject in said(bot)[-1]


def test_an_assignment_is_told_once_in_the_chat(cast, bot):
    ticket = report(bot)
    perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    perform(ticket.pk, "reassign", cast.koordinator, assignee="koordinator")
    work()
    assert len([text for text in said(bot) if "sudah ditugaskan" in text]) == 1


def test_who_writes_by_mail_gets_no_letter_about_an_assignment(cast):
    ticket = factories.ticket(channel="email")
    perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    assert not Delivery.objects.filter(key__startswith="begun:").exists()


# Edits


def test_an_edit_changes_the_entry_and_keeps_the_old_words(cast, bot):
    ticket = report(bot)
    say(bot, "Lantai satu")
    number = bot.last_message_id(SARI) - 1
    for text in ("Lantai dua", "Lantai tiga", "Lantai tiga"):
        bot.push_edited_text(SARI, number, text)
        work()
    message = ticket.messages.latest("pk")
    assert message.text == "Lantai tiga"
    assert [each.text for each in message.revisions.all()] == ["Lantai satu", "Lantai dua"]
    assert TimelineEntry.objects.filter(ticket_id=ticket.pk, code="message.edited").count() == 2
    assert ticket.messages.filter(direction="in").count() == 2


def test_staff_see_what_was_said_before(cast, bot, client):
    ticket = report(bot)
    say(bot, "Lantai satu")
    bot.push_edited_text(SARI, bot.last_message_id(SARI) - 1, "Lantai dua")
    work()
    client.force_login(cast.agen)
    page = client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert "Lantai satu" in page and "Lantai dua" in page and "Diubah 1 kali" in page


def test_a_closed_ticket_is_not_rewritten(cast, bot):
    ticket = report(bot)
    say(bot, "Lantai satu")
    number = bot.last_message_id(SARI) - 1
    perform(ticket.pk, "cancel", cast.agen, reason="Ganda.")
    bot.push_edited_text(SARI, number, "Lantai dua")
    work()
    assert not Message.objects.filter(text="Lantai dua").exists()
    assert any("sudah ditutup" in text for text in said(bot))


def test_an_edited_caption_keeps_the_file(cast, bot):
    ticket = report(bot)
    bot.push_photo(SARI, JPG, caption="Lampu merah")
    number = bot.last_message_id(SARI)
    work()
    edited = bot.world.messages[SARI, number] | {"caption": "Lampu kuning", "edit_date": 5}
    bot.push_raw({"edited_message": edited})
    work()
    message = ticket.messages.latest("pk")
    assert message.text == "Lampu kuning" and message.attachments.count() == 1


def test_an_edit_of_something_unknown_changes_nothing(cast, bot):
    report(bot)
    bot.push_text(SARI, "/bantuan")
    number = bot.last_message_id(SARI)
    work()
    bot.push_edited_text(SARI, number, "bantu saya")
    work()
    assert Message.objects.count() == 1


# Albums and other kinds of messages


def test_an_album_on_a_ticket_is_one_message_with_its_captions(cast, bot):
    ticket = report(bot)
    before = len(said(bot))
    for number in range(10):
        caption = {0: "Sebelum", 5: "Sesudah"}.get(number, "")
        bot.push_photo(SARI, JPG + bytes([number]), caption=caption, media_group_id="b7")
    work()
    for _more in range(3):
        work()
    message = ticket.messages.latest("pk")
    assert ticket.messages.count() == 2 and message.text == "Sebelum\nSesudah"
    assert message.attachments.count() == 10 and len(said(bot)) == before + 1


def test_a_picture_of_an_album_that_comes_twice_is_there_once(cast, bot):
    ticket = report(bot)
    for number in range(2):
        bot.push_photo(SARI, JPG + bytes([number]), media_group_id="b8")
    arrived = list(bot.pending)
    for update in (*arrived, *reversed(arrived)):
        deliver_again(update)
    work()
    assert ticket.messages.latest("pk").attachments.count() == 2


POLL = {"poll": {"id": "1", "question": "Pagi atau sore?", "options": [{"text": "Pagi"}, {"text": "Sore"}]}}
VENUE = {"venue": {"location": {"latitude": -5.1, "longitude": 105.2}, "title": "Pasar", "address": "Jl. Raya"}}
ORIGIN = {"type": "user", "sender_user": {"id": 9, "is_bot": False, "first_name": "Joko"}, "date": 1}
MESSAGES = {
    "forwarded words": ({"text": "Jalan rusak", "forward_origin": ORIGIN}, "(Pesan terusan dari Joko)\nJalan rusak"),
    "forwarded by somebody hidden": (
        {"text": "x", "forward_origin": {"type": "hidden_user", "sender_user_name": "Anonim", "date": 1}},
        "(Pesan terusan dari Anonim)\nx",
    ),
    "forwarded from a channel": (
        {"text": "x", "forward_origin": {"type": "channel", "chat": {"id": -1, "title": "Kabar"}, "date": 1}},
        "(Pesan terusan dari Kabar)\nx",
    ),
    "a contact": (
        {"contact": {"first_name": "Joko", "phone_number": "+628123"}}, "Kontak: Joko, +628123",
    ),
    "a poll": (POLL, "Jajak pendapat: Pagi atau sore?\nPagi\nSore"),
    "a venue": (VENUE, "Lokasi: -5.1, 105.2 (Pasar, Jl. Raya)"),
    "a place": ({"location": {"latitude": -5.1, "longitude": 105.2}}, "Lokasi: -5.1, 105.2"),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_many_kinds_of_messages_become_words(cast, bot, name):
    content, words = MESSAGES[name]
    ticket = report(bot)
    bot.push_message(SARI, content)
    work()
    assert ticket.messages.latest("pk").text == words


@pytest.mark.parametrize("kind", ["voice", "audio", "video", "video_note", "document"])
def test_files_of_every_kind_are_fetched(cast, bot, kind):
    ticket = report(bot)
    with bot.world.changed:
        stored = bot.world.store_file("x", "berkas.ogg" if kind in ("voice", "audio") else "berkas.mp4", b"isi")
    named = {"file_name": "data.csv"} if kind == "document" else {}
    bot.push_message(SARI, {kind: stored.reference(**named)})
    work()
    assert ticket.messages.latest("pk").attachments.count() == 1


@pytest.mark.parametrize(
    "content", [{"sticker": {"file_id": "x", "emoji": "👍"}}, {"dice": {"value": 3}}, {"game": {}}]
)
def test_what_carries_no_words_is_refused_politely(cast, bot, content):
    ticket = report(bot)
    bot.push_message(SARI, content)
    work()
    assert "tidak dapat kami proses" in said(bot)[-1] and ticket.messages.count() == 1


def test_channels_and_strange_updates_are_left_alone(cast, bot):
    updates = [
        {"channel_post": {"message_id": 1, "chat": {"id": -7, "type": "channel"}, "text": "Kabar", "date": 1}},
        {"message": {"message_id": 1, "chat": {"id": -7, "type": "channel"}, "from": {"id": 5}, "text": "Kabar"}},
        {"poll": {"id": "1"}},
        {"message": {"message_id": 5, "date": 1, "chat": {"id": SARI, "type": "private"}}},
        {"message": {"message_id": 6, "chat": {"id": -8, "type": "group"}, "from": {"id": 5}, "text": "halo grup"}},
    ]
    for number, update in enumerate(updates):
        bot.push_raw({"update_id": 990_001 + number, **update})
    work()
    assert not Ticket.objects.exists() and not Message.objects.exists() and bot.messages_to(-8) == []
    assert not TelegramMessage.objects.exists()
    say(bot, "/entah")
    assert "tidak dikenal" in said(bot)[-1]


def test_the_contact_of_a_chat_is_found_again(cast, bot):
    ticket = report(bot)
    again = factories.arrive("Satu lagi", sender=Identity(telegram=str(SARI), verified=True)).ticket
    assert again.requester == ticket.requester and Message.objects.count() == 2


def test_the_list_of_tickets_costs_the_same_for_many(cast, bot):
    costs = set()
    for chat, count in ((SARI, 3), (BUDI, 30)):
        say(bot, "/bantuan", chat)
        sender = Identity(telegram=str(chat), verified=True)
        for number in range(count):
            factories.arrive(f"Laporan {number}", sender=sender, channel="telegram", mailbox=str(chat))
        bot.push_text(chat, "/tiket")
        with CaptureQueriesContext(connection) as queries:
            updates.handle(bot.pending[-1])
        costs.add(len(queries))
    assert len(costs) == 1
