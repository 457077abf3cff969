"""The guided report: what happened, what kind it is, which service, more words and files, a look, and off it goes.

Any order works: somebody may begin with a sentence, a photo, or a button, stop, and go on for a day.
"""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office
from catalog.models import Service
from channels_bot.telegram import drafts, entries, threads
from channels_bot.telegram.drafts import Draft
from channels_bot.telegram.models import TelegramMessage
from channels_bot.telegram.rendering import Buttons
from channels_bot.telegram.turns import Turn
from notify.models import Delivery
from tickets import intake
from tickets.choices import Channel, Confidentiality, Kind
from tickets.intake import InboundMessage, IntakeResult, Outcome, TicketDraft

KINDS = {
    Kind.INCIDENT.value: gettext_lazy("Ada gangguan"),
    Kind.REQUEST.value: gettext_lazy("Saya butuh layanan"),
    Kind.COMPLAINT.value: gettext_lazy("Saya mau mengadu"),
}
SEEMS = {
    Kind.INCIDENT.value: gettext_lazy("Ini tampaknya gangguan: ada yang rusak atau tidak dapat dipakai."),
    Kind.REQUEST.value: gettext_lazy("Ini tampaknya permintaan layanan."),
    Kind.COMPLAINT.value: gettext_lazy("Ini tampaknya pengaduan tentang pelayanan."),
}
SECRECY = {
    Confidentiality.NORMAL.value: gettext_lazy("Tidak perlu dirahasiakan"),
    Confidentiality.ANONYMOUS.value: gettext_lazy("Sembunyikan nama saya"),
    Confidentiality.SECRET.value: gettext_lazy("Rahasiakan semuanya"),
    Confidentiality.WHISTLEBLOWING.value: gettext_lazy("Melaporkan pelanggaran pegawai"),
}
State = Delivery.State
REMOVED = "–"
"""What stays in the outbox of words that were erased."""


# Beginning, pausing, giving up


def draft_of(turn: Turn) -> Draft:
    """The report being written, {} for none; after a day it is forgotten."""
    turn.chat.draft = drafts.alive(turn.chat.draft, timezone.now())
    found: Draft = turn.chat.draft
    return found


def is_writing(turn: Turn) -> bool:
    """Whether plain messages belong to a report now."""
    draft = draft_of(turn)
    return bool(draft) and not draft["paused"]


def begin(turn: Turn) -> Draft:
    draft = turn.chat.draft = drafts.new(timezone.now())
    drafts.note_seen(draft, turn.message_id if not turn.data else 0)
    turn.chat.current_ticket = None
    return draft


def kind_buttons() -> Buttons:
    return [[[str(label), f"jenis:{kind}"]] for kind, label in KINDS.items()]


def offer(turn: Turn, words: str) -> None:
    """Say something, with the kinds to begin with, or an unsent report to go on with."""
    if drafts.has_words(draft_of(turn) or drafts.new(timezone.now())):
        go_on: Buttons = [[[_("Lanjutkan laporan"), "lanjut:"]], [[_("Hapus dan mulai baru"), "buang:"]]]
        turn.say(words + "\n\n" + _("Ada laporan yang belum Anda kirim."), go_on)
    else:
        turn.say(words, kind_buttons())


def restart(turn: Turn) -> None:
    turn.chat.draft = {}
    turn.chat.current_ticket = None
    turn.say(_("Laporan baru. Apa yang Anda perlukan?"), kind_buttons())


def resume(turn: Turn) -> None:
    draft = draft_of(turn)
    if not draft:
        turn.say(_("Tidak ada laporan yang sedang ditulis. Tulis saja apa yang terjadi."), kind_buttons())
        return
    draft["paused"] = False
    ask(turn)


def cancel(turn: Turn) -> None:
    had_draft = bool(draft_of(turn))
    turn.chat.draft = {}
    turn.say(_("Laporan yang sedang ditulis dibatalkan.") if had_draft else _("Tidak ada laporan yang sedang ditulis."))


# Answers by button


def pressed(turn: Turn, name: str, value: str) -> bool:
    """Take a button of the guided report; False when it is none."""
    if name == "jenis" and value in KINDS:
        _choose_kind(turn, value)
    elif name == "sifat" and value in SECRECY:
        _choose_confidentiality(turn, value)
    elif name in ("layanan", "kantor") and value.isdecimal() and int(value) < 2**63:
        _choose_place(turn, name, int(value))
    elif name == "ubah":
        _change(turn, value)
    elif name == "kirim":
        submit(turn, value)
    elif name == "lanjut":
        resume(turn)
    elif name == "buang":
        restart(turn)
    elif name == "batal":
        cancel(turn)
    else:
        return False
    return True


def _active(turn: Turn) -> Draft:
    draft = draft_of(turn) or begin(turn)
    draft["paused"] = False
    return draft


def _choose_kind(turn: Turn, kind: str) -> None:
    draft = _active(turn)
    if draft["kind"] != kind:
        draft.pop("service", None)
        draft["confidentiality"] = ""
    draft["kind"], draft["is_kind_sure"] = kind, True
    ask(turn)


def _choose_confidentiality(turn: Turn, value: str) -> None:
    draft = _active(turn)
    draft["confidentiality"] = value
    if drafts.is_restricted(draft):
        turn.say(
            _(
                "Harap diperhatikan: pesan di sini tersimpan di server Telegram dan di ponsel Anda. Lebih aman lewat "
                "formulir web: %(url)s\n\n"
                "Bila tetap di sini: sesudah laporan terkirim, kami menghapus pesan-pesannya dari percakapan ini. "
                "Hapus juga pemberitahuan di ponsel Anda. Untuk berhenti, ketik /batal."
            )
            % {"url": f"{settings.BASE_URL}{reverse('portal:report')}"}
        )
    ask(turn)


def _choose_place(turn: Turn, name: str, pk: int) -> None:
    draft = _active(turn)
    if name == "layanan":
        draft["service"] = pk if drafts.services(draft).filter(pk=pk).exists() else 0
    else:
        draft["office"] = pk if drafts.offices().filter(pk=pk).exists() else 0
    ask(turn)


def _change(turn: Turn, what: str) -> None:
    draft = _active(turn)
    if what == "kind":
        draft["is_kind_sure"] = False
        ask(turn)
    elif what == "service":
        draft.pop("service", None)
        ask(turn)
    else:
        _ask_office(turn, draft, list(drafts.offices()[: drafts.SHOWN]))


# Answers in words


def take_words(turn: Turn) -> None:
    """Words, files or a place for the report; while a service or an office is asked for, typed words look for it."""
    draft = _active(turn)
    drafts.note_seen(draft, turn.message_id)
    draft["touched"] = timezone.now().isoformat()
    is_typed = bool(turn.text) and not turn.content.files and not turn.message.get("location")
    if is_typed and draft["asking"] in ("service", "office") and _search(turn, draft):
        return
    _put(turn, draft)
    if turn.content.too_large:
        turn.say(threads.too_large(turn.content.too_large))
    ask(turn)


def _put(turn: Turn, draft: Draft) -> None:
    drafts.put(
        draft,
        message_id=turn.message_id,
        text=turn.text,
        files=turn.content.files,
        album=turn.content.album,
    )
    if not draft["is_kind_sure"]:
        draft["kind"] = drafts.propose_kind("\n".join(drafts.texts(draft))).value


def take_edit(turn: Turn) -> bool:
    """An edited message that belongs to the report says something else now; False when it does not belong to it."""
    draft = draft_of(turn)
    if not draft or not drafts.holds(draft, turn.message_id):
        return False
    _put(turn, draft)
    if not draft["paused"]:
        ask(turn)
    return True


def _search(turn: Turn, draft: Draft) -> bool:
    """Offer what was looked for; False when so many words are rather a part of the report."""
    if draft["asking"] == "service":
        services = drafts.search_services(draft, turn.text)
        if services:
            _ask_service(turn, draft, services)
            return True
    else:
        offices = drafts.search_offices(turn.text)
        if offices:
            _ask_office(turn, draft, offices)
            return True
    if len(turn.text.split()) > 4:
        return False
    turn.say(_("Tidak ada yang bernama “%(name)s”. Ketik kata lain, atau pilih Lainnya.") % {"name": turn.text[:60]})
    return True


# Questions


def ask(turn: Turn) -> None:
    """Ask for what is still missing, or show the whole."""
    draft = turn.chat.draft
    draft["touched"] = timezone.now().isoformat()
    draft["asking"] = question = drafts.next_question(draft)
    if question == "kind":
        _ask_kind(turn, draft)
    elif question == "confidentiality":
        rows = [[[str(label), f"sifat:{value}"]] for value, label in SECRECY.items()]
        turn.say(_("Apakah nama Anda atau isi pengaduan perlu dirahasiakan?"), rows)
    elif question == "service":
        _ask_service(turn, draft, drafts.proposed_services(draft))
    elif question == "words":
        turn.say(_("Ceritakan apa yang terjadi, di mana, dan sejak kapan. Anda boleh menyertakan foto."))
    else:
        _show_summary(turn, draft)


def _ask_kind(turn: Turn, draft: Draft) -> None:
    if not drafts.has_words(draft):
        turn.say(_("Apa yang Anda perlukan?"), kind_buttons())
        return
    proposed = draft["kind"]
    rows: Buttons = [[[_("Ya, benar"), f"jenis:{proposed}"]]]
    rows += [[[str(label), f"jenis:{kind}"]] for kind, label in KINDS.items() if kind != proposed]
    turn.say(_("%(seems)s Benar?") % {"seems": SEEMS[proposed]}, rows)


def _ask_service(turn: Turn, draft: Draft, services: list[Service]) -> None:
    draft["asking"] = "service"
    rows: Buttons = [[[service.name[:60], f"layanan:{service.pk}"]] for service in services]
    rows.append([[_("Lainnya / tidak tahu"), "layanan:0"]])
    turn.say(_("Layanan apa yang terkait? Pilih, atau ketik sebagian namanya."), rows)


def _ask_office(turn: Turn, draft: Draft, offices: list[Office]) -> None:
    draft["asking"] = "office"
    rows: Buttons = [[[office.name[:60], f"kantor:{office.pk}"]] for office in offices]
    rows.append([[_("Lainnya / tidak tahu"), "kantor:0"]])
    turn.say(_("Kantor mana yang terkait? Pilih, atau ketik sebagian namanya."), rows)


def _show_summary(turn: Turn, draft: Draft) -> None:
    service, office = drafts.service_of(draft), drafts.office_of(draft, turn.contact)
    lines = [
        _("Periksa laporan Anda:"),
        "",
        _("Jenis: %(kind)s") % {"kind": Kind(draft["kind"]).label},
        _("Layanan: %(service)s") % {"service": service.name if service else _("tidak disebut")},
        _("Kantor: %(office)s") % {"office": office.name if office else _("tidak disebut")},
    ]
    if draft["confidentiality"] not in ("", Confidentiality.NORMAL):
        lines.append(_("Kerahasiaan: %(level)s") % {"level": SECRECY[draft["confidentiality"]]})
    lines += [
        _("Isi: %(text)s") % {"text": "\n".join(drafts.texts(draft)) or "–"},
        _("Lampiran: %(count)d") % {"count": len(drafts.files(draft))},
        "",
        _("Kirim pesan lain untuk menambah keterangan atau foto."),
    ]
    changes = [[_("Ubah jenis"), "ubah:kind"], [_("Ubah layanan"), "ubah:service"], [_("Ubah kantor"), "ubah:office"]]
    turn.say("\n".join(lines), [[[_("Kirim"), f"kirim:{draft['nonce']}"], [_("Batal"), "batal:"]], changes])


# Sending


def submit(turn: Turn, nonce: str) -> None:
    draft = draft_of(turn)
    if not draft or draft["nonce"] != nonce:
        turn.say(_("Laporan itu sudah dikirim atau dibatalkan. Ketik /tiket untuk melihat tiket Anda."))
        return
    if drafts.next_question(draft) != "confirm":
        ask(turn)
        return
    result = intake.receive(_report(turn, draft))
    if result.outcome == Outcome.QUARANTINED:
        turn.say(_("Laporan Anda kami simpan dan akan diperiksa petugas."))
    _keep_parts(turn, draft, result)
    turn.chat.draft = {}
    if result.ticket is not None and not result.ticket.is_restricted:
        turn.chat.current_ticket = result.ticket
    if drafts.is_restricted(draft):
        _leave_no_trace(turn, draft)


def _report(turn: Turn, draft: Draft) -> InboundMessage:
    return InboundMessage(
        channel=Channel.TELEGRAM,
        mailbox=str(turn.chat.chat_id),
        external_id=f"laporan:{draft['nonce']}",
        sender=turn.identity,
        subject=next(iter(drafts.texts(draft)), ""),
        text=entries.words_of(drafts.texts(draft), drafts.files(draft)),
        draft=TicketDraft(
            kind=draft["kind"],
            service=drafts.service_of(draft),
            office=_told_office(turn, draft),
            confidentiality=draft["confidentiality"] or Confidentiality.NORMAL,
        ),
    )


def _told_office(turn: Turn, draft: Draft) -> Office | None:
    """The office as the ticket may carry it: that of a concealed person would give them away, unless they chose it."""
    hidden = draft["confidentiality"] in (Confidentiality.ANONYMOUS, Confidentiality.WHISTLEBLOWING)
    return None if hidden and "office" not in draft else drafts.office_of(draft, turn.contact)


def _keep_parts(turn: Turn, draft: Draft, result: IntakeResult) -> None:
    """Remember which messages the report was made of, so that an edit finds it, and fetch its files."""
    if result.message is None or result.outcome != Outcome.CREATED:
        return
    for item in draft["items"]:
        if item["id"]:
            entries.remember_part(turn.chat.chat_id, item["id"], result.message, text=item["text"], album=item["album"])
    entries.await_files(result.message, drafts.files(draft))


def _leave_no_trace(turn: Turn, draft: Draft) -> None:
    """Erase a confidential report from the chat, and what we said about it from the outbox."""
    started = drafts.started(draft)
    entries.erase(turn.chat.chat_id, draft["seen"])
    TelegramMessage.objects.filter(
        chat_id=turn.chat.chat_id, at__gte=started, ticket=None, entry=None, erase_at=None
    ).update(erase_at=timezone.now())
    said = Delivery.objects.filter(recipient=str(turn.chat.chat_id), topic="", created_at__gte=started)
    said.filter(state=State.QUEUED).update(state=State.SUPPRESSED)
    said.update(text=REMOVED, options={})
    turn.say(
        _(
            "Laporan rahasia Anda sudah terkirim. Pesan-pesannya kami hapus dari percakapan ini; catat nomor dan "
            "kodenya."
        ),
        is_fleeting=True,
    )
