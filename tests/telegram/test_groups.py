"""A team in its Telegram group: news with buttons, notes and replies, and nothing secret."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from channels_bot.models import TelegramGroup, TelegramMessage, TelegramPost
from channels_bot.telegram import announcing, linking
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import (
    ASING,
    GROUP,
    JPG,
    SARI,
    TEKNISI,
    alerts,
    link,
    press,
    report,
    said,
    say,
    shown,
    work,
)
from tickets import edits, sweeps
from tickets.models import Message
from tickets.workflow import perform

pytestmark = pytest.mark.usefixtures("team_group")


def arrived(cast, **kw):
    ticket = factories.ticket(team=cast.network, **kw)
    work()
    return ticket


def reply(bot, text, to, sender=TEKNISI):
    say(bot, text, GROUP, from_id=sender, chat_type="supergroup", reply_to_message_id=to["message_id"])


def test_new_tickets_are_told_once_without_what_they_are_about(cast, bot):
    ticket = arrived(cast, subject="Budi Hartono tidak bisa masuk", service=factories.service("vpn"))
    for _again in range(2):
        work()
    told = [text for text in said(bot, GROUP) if ticket.number in text]
    assert len(told) == 1 and "Vpn" in told[0] and "Tenggat" in told[0]
    assert "Budi Hartono" not in str(bot.messages_to(GROUP)) and "Sari" not in told[0]


def test_the_subject_is_told_where_the_team_wants_it(cast, bot):
    linking.set_shows_subject(group=TelegramGroup.objects.get(), actor=cast.koordinator, shows=True)
    arrived(cast, subject="Wifi lantai dua mati")
    assert "Wifi lantai dua mati" in said(bot, GROUP)[-1]
    arrived(cast, kind="complaint", subject="Pegawai Anu kasar", confidentiality="anonymous")
    assert "Pegawai Anu" not in str(bot.messages_to(GROUP))


def test_tickets_from_before_the_link_and_of_other_teams_are_not_told(cast, bot):
    TelegramGroup.objects.update(linked_at=timezone.now() + timedelta(minutes=1))
    arrived(cast)
    TelegramGroup.objects.update(linked_at=timezone.now() - timedelta(minutes=1))
    factories.ticket(team=cast.desk)
    ticket = factories.ticket(team=cast.desk)
    perform(ticket.pk, "assign", cast.koordinator, team="jaringan")
    work()
    assert TelegramPost.objects.filter(ticket=ticket).exists()  # it came to the team later
    assert TelegramPost.objects.count() == 2


def test_taking_a_ticket_shows_who_has_it(cast, bot):
    ticket = arrived(cast)
    press(bot, "Ambil", GROUP, from_id=TEKNISI)
    ticket.refresh_from_db()
    assert ticket.assignee == cast.teknisi and "kini Anda tangani" in alerts(bot)[-1]
    assert ticket.timeline.latest("position").channel == "telegram"
    post = shown(bot, ticket.number, GROUP)
    assert "Petugas: Teknisi" in post["text"] and "Ambil" not in str(post["reply_markup"])
    assert "Lihat" in str(post["reply_markup"])


def test_taking_twice_or_what_a_colleague_took_says_so(cast, bot):
    ticket = arrived(cast)
    number = shown(bot, ticket.number, GROUP)["message_id"]
    data = bot.world.messages[GROUP, number]["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    for _press in range(2):
        bot.push_callback(GROUP, number, data, forged=True, from_id=TEKNISI)
        work()
    assert "sudah Anda pegang" in alerts(bot)[-1]
    assert ticket.timeline.filter(code="ticket.transition").count() == 1


def test_looking_goes_to_the_private_chat(cast, bot):
    ticket = arrived(cast, subject="Wifi lantai dua mati")
    press(bot, "Lihat", GROUP, from_id=TEKNISI)
    assert (
        "Wifi lantai dua mati" in said(bot, TEKNISI)[-1] and f"/kerja/tiket/{ticket.number}/" in said(bot, TEKNISI)[-1]
    )
    assert "Wifi lantai dua mati" not in str(bot.messages_to(GROUP))
    say(bot, "Sudah saya telepon", TEKNISI, reply_to_message_id=bot.messages_to(TEKNISI)[-1]["message_id"])
    note = ticket.messages.get(text="Sudah saya telepon")
    assert (note.visibility, note.author_user) == ("internal", cast.teknisi)


def test_what_is_put_off_comes_back_unless_somebody_took_it(cast, bot):
    first, second = arrived(cast), arrived(cast)
    for ticket in (first, second):
        number = shown(bot, ticket.number, GROUP)["message_id"]
        buttons = bot.world.messages[GROUP, number]["reply_markup"]["inline_keyboard"][0]
        bot.push_callback(GROUP, number, buttons[2]["callback_data"], from_id=TEKNISI)
    work()
    assert "diingatkan lagi" in alerts(bot)[-1]
    perform(second.pk, "assign", cast.koordinator, assignee="teknisi")
    later = timezone.now() + timedelta(hours=2)
    assert announcing.announce(later) == 1 and announcing.announce(later) == 0
    work()
    again = [text for text in said(bot, GROUP) if "belum diambil" in text]
    assert len(again) == 1 and first.number in again[0]


def test_a_due_that_comes_near_is_told_once(cast, bot):
    ticket = arrived(cast)
    TelegramGroup.objects.update(linked_at=datetime(2026, 1, 1, tzinfo=UTC))
    at = ticket.due_at - timedelta(minutes=2)
    sweeps.escalate_due(now=at)
    announcing.announce(at)
    announcing.announce(at)
    work()
    near = [text for text in said(bot, GROUP) if "80%" in text and ticket.number in text]
    assert near and len(near) == TelegramPost.objects.filter(occasion__startswith="due").count()


def test_many_at_once_come_as_one_message(cast, bot):
    tickets = [factories.ticket(team=cast.network) for _each in range(8)]
    before = len(said(bot, GROUP))
    work()
    assert len(said(bot, GROUP)) == before + 1 and all(ticket.number in said(bot, GROUP)[-1] for ticket in tickets)


# Words


def test_a_reply_is_a_note_and_with_the_prefix_a_reply(cast, bot):
    ticket = report(bot)
    perform(ticket.pk, "assign", cast.koordinator, team="jaringan")
    work()
    post = shown(bot, ticket.number, GROUP)
    reply(bot, "Kabelnya digigit tikus", post)
    reply(bot, "! Kami datang pukul dua", post)
    note, answer = list(ticket.messages.order_by("pk"))[-2:]
    assert (note.direction, note.visibility, note.author_user) == ("note", "internal", cast.teknisi)
    assert (answer.direction, answer.text) == ("out", "Kami datang pukul dua")
    assert any("Kami datang pukul dua" in text for text in said(bot)) and not any("tikus" in text for text in said(bot))


def test_a_photo_in_reply_becomes_a_note_with_a_file(cast, bot):
    ticket = arrived(cast)
    post = shown(bot, ticket.number, GROUP)
    for number, caption in enumerate(("Sudah diganti", "", "")):
        bot.push_photo(
            GROUP, JPG + bytes([number]), caption, "alb", from_id=TEKNISI, chat_type="supergroup",
            reply_to_message_id=post["message_id"],
        )  # fmt: skip
    work()
    note = ticket.messages.latest("pk")
    assert (note.visibility, note.text, note.attachments.count()) == ("internal", "Sudah diganti", 3)
    assert len([text for text in said(bot, GROUP) if "tersimpan" in text]) == 1
    bot.push_photo(
        GROUP, JPG, "!Ini", from_id=TEKNISI, chat_type="supergroup", reply_to_message_id=post["message_id"]
    )  # fmt: skip
    work()
    assert "Kirim lewat ruang kerja" in said(bot, GROUP)[-1] and ticket.messages.count() == 2


def test_only_replies_to_our_messages_by_linked_people_count(cast, bot):
    ticket = arrived(cast)
    post = shown(bot, ticket.number, GROUP)
    say(bot, "Halo semua", GROUP, from_id=TEKNISI, chat_type="supergroup")
    other = next(i for (chat, i), m in bot.world.messages.items() if m.get("text") == "Halo semua")
    reply(bot, "Halo juga", {"message_id": other})
    reply(bot, "Saya bukan petugas", post, sender=ASING)
    assert Message.objects.count() == 1 and "belum terhubung" in said(bot, GROUP)[-1]
    reply(bot, "/perintah", post)
    assert Message.objects.count() == 1


def test_a_linked_person_without_the_right_writes_nothing(cast, bot):
    link(cast.warga, ASING)
    ticket = arrived(cast)
    reply(bot, "!Halo", shown(bot, ticket.number, GROUP), sender=ASING)
    press(bot, "Ambil", GROUP, from_id=ASING)
    ticket.refresh_from_db()
    assert ticket.messages.count() == 1 and ticket.assignee is None
    assert "tidak ada untuk Anda" in said(bot, GROUP)[-1] and "tidak ada untuk Anda" in alerts(bot)[-1]


def test_somebody_who_lost_their_account_does_nothing(cast, bot):
    ticket = arrived(cast)
    cast.teknisi.is_active = False
    cast.teknisi.save()
    press(bot, "Ambil", GROUP, from_id=TEKNISI)
    ticket.refresh_from_db()
    assert ticket.assignee is None and "belum terhubung" in alerts(bot)[-1]


# Nothing secret


@pytest.mark.parametrize("level", ["secret", "whistleblowing"])
def test_restricted_tickets_never_reach_a_group(cast, bot, level):
    ticket = factories.ticket("complaint", confidentiality=level)
    type(ticket).objects.filter(pk=ticket.pk).update(team=cast.network)
    sweeps.escalate_due(now=timezone.now() + timedelta(days=60))
    announcing.announce(timezone.now() + timedelta(days=60))
    work()
    assert ticket.number not in str(bot.messages_to(GROUP)) and not TelegramPost.objects.exists()


def test_a_ticket_that_becomes_secret_disappears_from_the_group(cast, bot):
    ticket = arrived(cast, kind="complaint")
    queued = factories.ticket("complaint", team=cast.network)
    announcing.announce()  # planned, not sent yet
    for each in (ticket, queued):
        edits.change(ticket_id=each.pk, actor=cast.koordinator, confidentiality="secret", reason="Pejabat.")
    work()
    work()
    assert ticket.number not in str(bot.messages_to(GROUP)) and queued.number not in str(bot.messages_to(GROUP))


def test_a_post_too_old_to_be_deleted_loses_its_words(cast, bot):
    ticket = arrived(cast, kind="complaint")
    edits.change(ticket_id=ticket.pk, actor=cast.koordinator, confidentiality="secret", reason="Pejabat.")
    bot.fail_next("deleteMessage", status=400, description="Bad Request: message can't be deleted")
    work()
    assert ticket.number not in str(bot.messages_to(GROUP)) and said(bot, GROUP)[-1] == "(pesan dihapus)"


def test_a_failure_to_erase_is_tried_again(cast, bot):
    ticket = arrived(cast, kind="complaint")
    edits.change(ticket_id=ticket.pk, actor=cast.koordinator, confidentiality="secret", reason="Pejabat.")
    bot.fail_next("deleteMessage", status=502)
    work()
    assert ticket.number in str(bot.messages_to(GROUP))
    work()
    assert ticket.number not in str(bot.messages_to(GROUP))
    assert not TelegramMessage.objects.exclude(erase_at=None).exists()


def test_a_confidential_team_has_no_group(cast, bot):
    TelegramGroup.objects.create(chat_id=-1, team=cast.confidential_team)
    ticket = factories.ticket(team=cast.confidential_team)
    assert announcing.announce() == 0 or not TelegramPost.objects.filter(ticket=ticket, group__chat_id=-1).exists()
    assert not Delivery.objects.filter(recipient="-1").exists()


def test_the_bot_is_silent_in_groups_that_are_not_linked(cast, bot):
    ticket = report(bot, chat=SARI)
    for text in ("/start", f"/status {ticket.number}", "/tiket", "halo"):
        say(bot, text, -777, from_id=SARI, chat_type="group")
    assert bot.messages_to(-777) == []


def test_a_group_hears_no_more_once_it_is_unlinked(cast, bot):
    linking.unlink_group(group=TelegramGroup.objects.get(), actor=cast.koordinator)
    arrived(cast)
    assert not TelegramPost.objects.exists()
