"""The guided report, in whatever order people write."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_bot.models import TelegramChat, TelegramFile, TelegramMessage
from channels_bot.telegram import drafts
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import JPG, SARI, link, press, report, said, say, work
from tickets import creation
from tickets.models import Attachment, Message, Ticket

pytestmark = pytest.mark.slow


def test_a_guided_report_with_a_photo_becomes_one_ticket(cast, bot):
    service = factories.service("wifi", name="Jaringan dan internet")
    say(bot, "/start")
    assert "Selamat datang" in said(bot)[-1] and "Privasi" in said(bot)[-1]
    press(bot, "Ada gangguan")
    press(bot, service.name)
    say(bot, "Wifi lantai dua mati sejak pagi")
    bot.push_photo(SARI, JPG, caption="Ini lampunya")
    work()
    assert "Lampiran: 1" in said(bot)[-1]
    press(bot, "Kirim")
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.service, ticket.channel) == ("incident", service, "telegram")
    message = ticket.messages.get()
    assert message.text == "Wifi lantai dua mati sejak pagi\nIni lampunya"
    with Attachment.objects.get().file.open() as stored:
        assert stored.read() == JPG
    assert ticket.number in said(bot)[-1] and ticket.access_code in said(bot)[-1]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Wifi mati sejak pagi", "incident"),
        ("Mohon dibuatkan email dinas untuk pegawai baru", "request"),
        ("Ada pungli di loket", "complaint"),
        ("Mohon bantuan, printer rusak", "incident"),
        ("Halo", "incident"),
    ],
)
def test_a_kind_is_proposed_by_the_words(words, kind):
    assert drafts.propose_kind(words) == kind


def test_a_proposed_kind_may_be_another(cast, bot):
    service = factories.service("email", name="Email dinas", requestable=True)
    say(bot, "Email saya hilang, mohon dibuatkan lagi")
    assert "gangguan" in said(bot)[-1]
    press(bot, "Saya butuh layanan")
    press(bot, service.name)
    press(bot, "Kirim")
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.service) == ("request", service)


def test_a_service_and_an_office_are_found_by_typing(cast, bot):
    for number in range(12):
        factories.service(f"lain-{number}", name=f"Aplikasi {number:02}")
    factories.service("cuti", name="Sistem cuti pegawai")
    say(bot, "Tidak bisa masuk")
    press(bot, "Ya, benar")
    say(bot, "zebra")
    assert "Tidak ada yang bernama" in said(bot)[-1]
    say(bot, "cuti")
    press(bot, "Sistem cuti")
    press(bot, "Ubah kantor")
    say(bot, "duk")
    press(bot, "Dukcapil")
    press(bot, "Kirim")
    ticket = Ticket.objects.get()
    assert (ticket.service.code, ticket.office.code) == ("cuti", "dukcapil")
    assert ticket.messages.get().text == "Tidak bisa masuk"


def test_a_sentence_while_a_service_is_asked_for_belongs_to_the_report(cast, bot):
    say(bot, "Tidak bisa masuk")
    press(bot, "Ya, benar")
    say(bot, "sudah saya coba dari dua komputer lain")
    press(bot, "Lainnya")
    press(bot, "Kirim")
    assert "dua komputer" in Ticket.objects.get().messages.get().text


def test_a_report_may_begin_with_a_picture_or_a_place(cast, bot):
    bot.push_photo(SARI, JPG)
    bot.push_location(SARI)
    work()
    for label in ("Ya, benar", "Lainnya", "Kirim"):
        press(bot, label)
    message = Message.objects.get()
    assert "Lokasi: -5.3582" in message.text and message.attachments.count() == 1


def test_pressing_send_twice_makes_one_ticket(cast, bot):
    say(bot, "Internet mati")
    press(bot, "Ya, benar")
    press(bot, "Lainnya")
    bot.press(SARI, "Kirim")
    bot.press(SARI, "Kirim")
    work()
    assert Ticket.objects.count() == 1 and any("sudah dikirim" in text for text in said(bot))


def test_a_draft_is_there_for_a_day_and_not_longer(cast, bot):
    say(bot, "Internet mati")
    for age, word in ((timedelta(hours=23), "belum Anda kirim"), (timedelta(hours=25), "Apa yang Anda perlukan")):
        chat = TelegramChat.objects.get()
        chat.draft["touched"] = (timezone.now() - age).isoformat()
        chat.save()
        say(bot, "/baru")
        assert word in said(bot)[-1]


def test_a_draft_waits_while_another_ticket_is_talked_about(cast, bot):
    ticket = report(bot)
    say(bot, "/baru")
    say(bot, "Printer rusak")
    say(bot, "/tiket")
    press(bot, ticket.number)
    say(bot, "Masih mati")
    assert ticket.messages.filter(text="Masih mati").exists()
    say(bot, "/lanjut")
    for label in ("Ya, benar", "Lainnya", "Kirim"):
        press(bot, label)
    assert Ticket.objects.latest("pk").messages.get().text == "Printer rusak"


def test_cancelling_forgets_the_draft(cast, bot):
    say(bot, "Internet mati")
    say(bot, "/batal")
    assert "dibatalkan" in said(bot)[-1]
    press(bot, "Ya, benar")
    assert not Ticket.objects.exists()
    say(bot, "/batal")
    say(bot, "/batal")
    assert "Tidak ada laporan" in said(bot)[-1]


def test_an_album_is_one_report_and_one_answer(cast, bot):
    for number in range(3):
        bot.push_photo(SARI, JPG + bytes([number]), caption="" if number else "Kabel putus", media_group_id="a1")
    work()
    assert len(said(bot)) == 1
    for label in ("Ya, benar", "Lainnya"):
        press(bot, label)
    assert "Lampiran: 3" in said(bot)[-1]
    press(bot, "Kirim")
    assert Attachment.objects.count() == 3 and Message.objects.get().text == "Kabel putus"


def test_an_edit_of_an_unsent_report_changes_the_report(cast, bot):
    say(bot, "Internet mati")
    number = bot.last_message_id(SARI) - 1
    bot.push_edited_text(SARI, number, "Internet lambat")
    work()
    for label in ("Ya, benar", "Lainnya", "Kirim"):
        press(bot, label)
    message = Message.objects.get()
    assert message.text == "Internet lambat" and not message.revisions.exists()
    bot.push_edited_text(SARI, number, "Internet lambat sekali")
    work()
    message.refresh_from_db()
    assert message.text == "Internet lambat sekali"
    assert [each.text for each in message.revisions.all()] == ["Internet lambat"]


# Confidential reports


def secret_report(bot, level="Rahasiakan semuanya"):
    say(bot, "Ada suap di loket tiga")
    press(bot, "Ya, benar")
    press(bot, level)
    press(bot, "Lainnya")
    press(bot, "Kirim")
    return Ticket.objects.latest("pk")


@pytest.mark.parametrize("level", ["Rahasiakan semuanya", "Melaporkan pelanggaran"])
def test_a_confidential_report_warns_and_leaves_nothing_in_the_chat(cast, bot, level):
    say(bot, "Ada suap di loket tiga")
    press(bot, "Ya, benar")
    press(bot, level)
    assert any("Lebih aman lewat formulir web" in text for text in said(bot))
    press(bot, "Lainnya")
    bot.push_photo(SARI, JPG, caption="Buktinya")
    work()
    press(bot, "Kirim")
    ticket = Ticket.objects.get()
    assert ticket.is_restricted and ticket.messages.get().attachments.count() == 1
    assert "suap" in ticket.messages.get().text
    work()
    left = [message for (chat, _id), message in bot.world.messages.items() if chat == SARI]
    assert not any("suap" in str(message) or "photo" in message for message in left)
    assert not Delivery.objects.filter(text__contains="suap").exists()
    assert TelegramChat.objects.get().draft == {} and TelegramChat.objects.get().current_ticket is None
    receipt = [text for text in said(bot) if ticket.access_code in text]
    assert len(receipt) == 1  # for a day, or until the button is pressed
    press(bot, "Sudah saya catat")
    work()
    assert not any(ticket.access_code in text for text in said(bot))


def test_what_is_said_of_a_confidential_report_goes_after_a_day(cast, bot):
    ticket = secret_report(bot)
    work()
    TelegramMessage.objects.exclude(erase_at=None).update(erase_at=timezone.now())
    work()
    assert not any(ticket.number in text for text in said(bot))


def test_a_confidential_ticket_is_not_talked_about(cast, bot):
    ticket = secret_report(bot)
    say(bot, "/tiket")
    assert "belum punya tiket" in said(bot)[-1]
    say(bot, f"/status {ticket.number}")
    assert "hanya dapat dilihat di web" in said(bot)[-1]
    say(bot, "Satu hal lagi")
    assert ticket.messages.count() == 1


def test_a_reply_to_a_confidential_ticket_arrives_and_disappears(cast, bot):
    ticket = secret_report(bot)
    receipt = next(m for m in bot.messages_to(SARI) if ticket.access_code in m["text"])
    say(bot, "Nama pelakunya Joko", reply_to_message_id=receipt["message_id"])
    work()
    assert ticket.messages.filter(text="Nama pelakunya Joko").exists()
    assert "Joko" not in str([m for (chat, _id), m in bot.world.messages.items() if chat == SARI])


def test_an_anonymous_complaint_does_not_carry_the_office_of_the_reporter(cast, bot):
    link(cast.asn, SARI)
    ticket = secret_report(bot, "Sembunyikan nama saya")
    assert (ticket.confidentiality, ticket.office) == ("anonymous", None)


# Files


def test_words_are_there_before_their_file(cast, bot):
    ticket = report(bot)
    bot.fail_next("getFile", status=502)
    bot.push_document(SARI, b"%PDF-1", file_name="surat.pdf", caption="Ini suratnya")
    work()
    message = ticket.messages.latest("pk")
    assert message.text == "Ini suratnya\n[Lampiran surat.pdf sedang diambil]"
    TelegramFile.objects.update(next_attempt_at=timezone.now())
    work()
    message.refresh_from_db()
    assert message.text == "Ini suratnya" and message.attachments.get().name == "surat.pdf"
    assert not message.revisions.exists()


def test_a_file_that_cannot_be_fetched_is_named_and_the_words_are_kept(cast, bot):
    ticket = report(bot)
    bot.fail_next("getFile", status=400)
    bot.push_document(SARI, b"%PDF-1", file_name="surat.pdf", caption="Ini suratnya")
    work()
    assert "Ini suratnya" in ticket.messages.latest("pk").text
    assert "tidak dapat diambil" in ticket.messages.latest("pk").text
    assert any("surat.pdf tidak dapat diambil" in text for text in said(bot))


def test_a_busy_telegram_is_asked_again_when_it_wants(cast, bot):
    report(bot)
    bot.fail_next("getFile", status=429, retry_after=90)
    bot.push_photo(SARI, JPG)
    work()
    file = TelegramFile.objects.get()
    assert file.state == "waiting" and (file.next_attempt_at - timezone.now()).total_seconds() > 80


def test_a_file_above_the_limit_is_refused_at_once(cast, bot, settings):
    settings.ATTACHMENT_MAX_BYTES = 10
    ticket = report(bot)
    bot.push_document(SARI, b"%PDF-" + b"0" * 100, file_name="besar.pdf", caption="Ini")
    work()
    assert any("besar.pdf terlalu besar" in text for text in said(bot))
    assert ticket.messages.filter(text="Ini").exists() and not TelegramFile.objects.exists()


def test_a_program_is_not_stored_and_both_sides_hear_why(cast, bot):
    ticket = report(bot)
    bot.push_document(SARI, b"MZ\x90", file_name="foto.jpg", caption="Ini")
    work()
    assert not Attachment.objects.exists()
    assert ticket.messages.filter(direction="note", text__contains="foto.jpg").exists()
    assert any("foto.jpg" in text for text in said(bot))


def test_the_subject_of_a_long_report_fits(cast, bot):
    ticket = report(bot, "kata " * 100)
    assert len(ticket.subject) <= creation.SUBJECT_LENGTH
