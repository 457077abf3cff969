"""What the bot says in a private chat: every turn goes to the one who is asked.

Everything here is a function of the stored chat and one turn; answers are planned, never sent, so a crash repeats a
turn as a whole or not at all.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_bot.telegram import approvals, entries, groups, linking, reporting, satisfaction, threads
from channels_bot.telegram.turns import Turn
from tickets.errors import TicketError

COMMANDS = (
    ("baru", gettext_lazy("Membuat laporan baru")),
    ("lanjut", gettext_lazy("Melanjutkan laporan yang belum dikirim")),
    ("tiket", gettext_lazy("Memilih tiket yang sedang dibicarakan")),
    ("status", gettext_lazy("Melihat keadaan tiket: /status NOMOR")),
    ("batal", gettext_lazy("Membatalkan laporan yang sedang ditulis")),
    ("hubungkan", gettext_lazy("Menghubungkan akun: /hubungkan KODE")),
    ("bantuan", gettext_lazy("Cara memakai bot ini")),
)
"""The menu of the bot, as Telegram shows it."""
FORGET = "hapus"


def take(turn: Turn) -> None:
    """Answer one turn."""
    if approvals.take(turn):
        return
    if turn.data:
        _button(turn)
    elif turn.is_edit:
        _edited(turn)
    elif turn.text.startswith("/"):
        _command(turn)
    elif turn.content.is_empty:
        turn.say(_("Maaf, jenis pesan ini tidak dapat kami proses. Kirim teks, foto, dokumen, suara, atau lokasi."))
    else:
        _words(turn)


def _words(turn: Turn) -> None:
    """Into the ticket that is replied to, else the comment asked for, the report being written, the current ticket,
    or a new report."""
    ticket = threads.addressed(turn)
    if ticket is not None:
        threads.append(turn, ticket)
        return
    if _by_staff(turn) or satisfaction.take_comment(turn):
        return
    if entries.join_album(turn.chat.chat_id, turn.message_id, turn.content):
        return
    ticket = None if reporting.is_writing(turn) else threads.current(turn)
    if ticket is not None:
        threads.append(turn, ticket)
    else:
        reporting.take_words(turn)


def _by_staff(turn: Turn) -> bool:
    """A reply of a member of staff to what we told them of a ticket they work on; False for anything else."""
    ticket_id = groups.replied_ticket(turn.chat.chat_id, turn.message)
    user = linking.account_of(turn.chat.chat_id) if ticket_id else None
    ticket = groups.visible(user, ticket_id) if user else None
    if user is None or ticket is None:
        return False
    turn.say(groups.write(ticket, user, turn.content, turn.chat.chat_id, turn.message_id), ticket=ticket)
    return True


def _edited(turn: Turn) -> None:
    """New words for an old message. One that we no longer know is left alone: its first words were dealt with."""
    if not reporting.take_edit(turn):
        entries.amend(turn)


# Commands


def _command(turn: Turn) -> None:
    name, _space, argument = turn.text.partition(" ")
    name = name.partition("@")[0].lower()
    if name in ("/start", "/mulai", "/hubungkan"):
        _start(turn, argument.strip())
    elif name == "/status":
        threads.show_status(turn, argument)
    elif name == "/tiket":
        threads.show_all(turn)
    elif name == "/baru":
        turn.chat.current_ticket = None
        reporting.offer(turn, _("Laporan baru. Apa yang Anda perlukan?"))
    elif name == "/lanjut":
        reporting.resume(turn)
    elif name == "/batal":
        turn.stop_waiting()
        reporting.cancel(turn)
    elif name in ("/bantuan", "/help"):
        _help(turn)
    else:
        turn.say(_("Perintah itu tidak dikenal. Ketik /bantuan untuk melihat yang tersedia."))


def _start(turn: Turn, code: str) -> None:
    """Greet, or begin to link the account whose code came along."""
    if code:
        _ask_whose_account(turn, code)
        return
    if turn.text.lower().startswith("/hubungkan"):
        turn.say(_("Buat kode di halaman akun Anda di web (menu akun, Telegram), lalu kirim: /hubungkan KODE"))
        return
    reporting.offer(
        turn,
        _(
            "Selamat datang di Pusat Layanan SPBE.\n\n"
            "Tulis saja apa yang terjadi, kirim foto, atau pilih di bawah ini.\n\n"
            "Privasi: nama dan nomor akun Telegram Anda serta pesan di sini kami simpan untuk menangani laporan, dan "
            "tidak dibagikan. Pesan juga tersimpan di Telegram. Untuk laporan rahasia, pakailah formulir web."
        ),
    )


def _help(turn: Turn) -> None:
    lines = [f"/{name} – {label}" for name, label in COMMANDS]
    turn.say(
        "\n".join(lines)
        + "\n\n"
        + _(
            "Pesan biasa masuk ke tiket yang sedang dibicarakan. Untuk menjawab tiket lain, balas (reply) pesan kami "
            "tentang tiket itu."
        )
    )


# Linking an account


def _ask_whose_account(turn: Turn, code: str) -> None:
    entries.erase_from_chat(turn)
    found = linking.find(code, sender=turn.chat.chat_id, for_team=False)
    if found is None:
        turn.say(_("Kode tidak dikenal, sudah dipakai, atau kedaluwarsa. Buat kode baru di halaman akun Anda."))
        return
    turn.say(
        _(
            "Hubungkan percakapan ini dengan akun %(name)s?\n\n"
            "Laporan dari percakapan ini akan terlihat di akun itu. Tekan Ya hanya bila itu akun Anda sendiri."
        )
        % {"name": found.user.display_name},
        [[[_("Ya, itu akun saya"), f"hubung:{found.pk}"], [_("Bukan"), "bukan:"]]],
    )


def _link(turn: Turn, code_id: int) -> None:
    try:
        user = linking.link_chat(chat_id=turn.chat.chat_id, code_id=code_id)
    except TicketError as error:
        turn.say(error.message)
        return
    turn.chat.contact = turn.contact = user.contact
    turn.say(_("Terhubung dengan akun %(name)s.") % {"name": user.display_name})


# Buttons


def _button(turn: Turn) -> None:
    name, _colon, value = turn.data.partition(":")
    if reporting.pressed(turn, name, value) or satisfaction.pressed(turn, name, value):
        return
    number = int(value) if value.isdecimal() and int(value) < 2**63 else 0
    if name == "tiket" and number:
        threads.choose(turn, number)
    elif name == "hubung" and number:
        _link(turn, number)
    elif name == "bukan":
        turn.say(_("Baik, tidak dihubungkan. Jangan mengirim kode yang diberikan orang lain."))
    elif name == FORGET:
        entries.erase(turn.chat.chat_id, [turn.message_id])
    else:
        turn.say(_("Tombol itu sudah tidak berlaku. Ketik /bantuan untuk memulai lagi."))
