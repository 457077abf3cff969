"""What the bot says: a guided report, the state of tickets, and replies inside them.

Everything here is a function of the stored chat and one turn; answers are planned, never sent, so a crash repeats a
turn as a whole or not at all.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.contacts import Identity
from catalog.models import Service
from channels_bot.telegram import approvals
from tickets import access, intake
from tickets.choices import OPEN_STAGES, Channel, Kind, Stage
from tickets.intake import InboundMessage, Outcome, TicketDraft
from tickets.kinds import machine_of
from tickets.models import Message, Ticket

if TYPE_CHECKING:
    from channels_bot.telegram.updates import Turn

DRAFT_LIFETIME = timedelta(days=1)
SEND = "kirim:"
KINDS = {
    Kind.INCIDENT.value: gettext_lazy("Ada gangguan"),
    Kind.REQUEST.value: gettext_lazy("Saya butuh layanan"),
    Kind.COMPLAINT.value: gettext_lazy("Saya mau mengadu"),
}
Buttons = list[list[list[str]]]


def take(turn: "Turn") -> None:
    """Answer one turn."""
    if approvals.take(turn):
        return
    if turn.data:
        _button(turn)
    elif turn.text.startswith("/"):
        _command(turn)
    elif not turn.text and not turn.files and not turn.too_large and not turn.message.get("location"):
        turn.say(_("Maaf, jenis pesan ini tidak dapat kami proses. Kirim teks, foto, dokumen, suara, atau lokasi."))
    else:
        _words(turn)


# Commands


def _command(turn: "Turn") -> None:
    name, _space, argument = turn.text.partition(" ")
    name = name.partition("@")[0].lower()
    commands = {
        "/start": _start,
        "/mulai": _start,
        "/baru": _new,
        "/batal": _cancel,
        "/tiket": _tickets,
        "/bantuan": _help,
        "/help": _help,
    }
    if name == "/status":
        _status(turn, argument)
    elif name in commands:
        commands[name](turn)
    else:
        turn.say(_("Perintah itu tidak dikenal. Ketik /bantuan untuk melihat yang tersedia."))


def _start(turn: "Turn") -> None:
    turn.say(
        _(
            "Selamat datang di Pusat Layanan SPBE.\n\n"
            "Tulis saja apa yang terjadi, atau pilih di bawah ini. Nama Telegram Anda kami simpan untuk menjawab "
            "laporan dan tidak dibagikan. Untuk laporan rahasia, pakailah formulir web."
        ),
        _kind_buttons(),
    )


def _help(turn: "Turn") -> None:
    turn.say(
        _(
            "/baru – membuat laporan baru\n"
            "/tiket – memilih tiket yang sedang dibicarakan\n"
            "/status NOMOR – melihat keadaan tiket\n"
            "/batal – membatalkan laporan yang sedang ditulis\n\n"
            "Pesan biasa masuk ke tiket yang sedang dibicarakan."
        )
    )


def _new(turn: "Turn") -> None:
    turn.chat.draft = {}
    turn.chat.current_ticket = None
    turn.say(_("Laporan baru. Apa yang Anda perlukan?"), _kind_buttons())


def _cancel(turn: "Turn") -> None:
    had_draft = bool(_draft(turn))
    turn.chat.draft = {}
    turn.say(_("Laporan yang sedang ditulis dibatalkan.") if had_draft else _("Tidak ada laporan yang sedang ditulis."))


def _tickets(turn: "Turn") -> None:
    alive = [*OPEN_STAGES, Stage.RESOLVED]
    mine = list(own_tickets(turn).filter(Q(stage__in=alive) | Q(merged_into__stage__in=alive))[:8])
    if not mine:
        turn.say(_("Anda belum punya tiket yang terbuka. Tulis saja apa yang terjadi untuk membuat laporan."))
        return
    rows = [[[f"{ticket.number} · {ticket.subject}"[:60], f"tiket:{ticket.pk}"]] for ticket in mine]
    turn.say(_("Tiket mana yang ingin Anda bicarakan?"), rows)


def _status(turn: "Turn", argument: str) -> None:
    number = argument.strip().upper()
    if not number:
        ticket = own_tickets(turn).filter(pk=turn.chat.current_ticket_id or 0).first()
        if ticket is None:
            _tickets(turn)
            return
    else:
        ticket = own_tickets(turn).filter(number=number).first()
    if ticket is None:
        turn.say(
            _("Tiket itu tidak ditemukan di percakapan ini. Periksa nomornya, atau lacak di web dengan kode akses.")
        )
        return
    turn.say(describe(ticket), ticket_id=ticket.pk)


def describe(ticket: Ticket) -> str:
    """State, deadline and team in plain words; of a merged ticket those of the one it lives on in."""
    live = access.survivor_of(ticket)
    label = machine_of(live.kind).label_of(live.state)
    lines = [f"{ticket.number}: {ticket.subject}", _("Keadaan: %(state)s") % {"state": label}]
    if live.team:
        lines.append(_("Ditangani: %(team)s") % {"team": live.team.name})
    if live.due_at and live.is_open:
        due = timezone.localtime(live.due_at).strftime("%d-%m-%Y %H.%M")
        lines.append(_("Target: %(due)s") % {"due": due})
    return "\n".join(lines)


def own_tickets(turn: "Turn") -> QuerySet[Ticket]:
    """Tickets in which the person of this chat takes part, newest first. No other ticket exists here."""
    mine = Q(requester=turn.contact) | Q(
        participants__contact=turn.contact, participants__via=None, is_restricted=False
    )
    return Ticket.objects.filter(mine).select_related("team").order_by("-created_at").distinct()


# Buttons


def _button(turn: "Turn") -> None:
    name, _colon, value = turn.data.partition(":")
    if name == "jenis" and value in KINDS:
        _choose_kind(turn, value)
    elif name == "layanan":
        _choose_service(turn, value)
    elif name == "lanjut":
        _ask_confirmation(turn)
    elif name == "tiket" and value.isdigit():
        _choose_ticket(turn, int(value))
    elif turn.data.startswith(SEND):
        _submit(turn, value)
    elif name == "batal":
        _cancel(turn)
    else:
        turn.say(_("Tombol itu sudah tidak berlaku. Ketik /bantuan untuk memulai lagi."))


def _choose_ticket(turn: "Turn", ticket_id: int) -> None:
    ticket = own_tickets(turn).filter(pk=ticket_id).first()
    if ticket is None:
        turn.say(_("Tiket itu tidak ada di percakapan ini."))
        return
    turn.chat.current_ticket = ticket
    turn.chat.draft = {}
    turn.say(describe(ticket) + "\n\n" + _("Pesan Anda berikutnya masuk ke tiket ini."), ticket_id=ticket.pk)


# The guided report


def _draft(turn: "Turn") -> dict[str, Any]:
    """The report being written; after a day it is forgotten."""
    started = parse_datetime(turn.chat.draft.get("started", ""))
    if not started or timezone.now() - started > DRAFT_LIFETIME:
        turn.chat.draft = {}
    draft: dict[str, Any] = turn.chat.draft
    return draft


def _begin(turn: "Turn", **facts: Any) -> dict[str, Any]:
    draft: dict[str, Any] = {
        "started": timezone.now().isoformat(),
        "nonce": secrets.token_hex(6),
        "kind": Kind.INCIDENT.value,
        "text": "",
        "files": [],
        **facts,
    }
    turn.chat.draft = draft
    turn.chat.current_ticket = None
    return draft


def _kind_buttons() -> Buttons:
    return [[[str(label), f"jenis:{kind}"]] for kind, label in KINDS.items()]


def _choose_kind(turn: "Turn", kind: str) -> None:
    draft = _draft(turn) or _begin(turn)
    draft["kind"] = kind
    _ask_next(turn)


def _choose_service(turn: "Turn", value: str) -> None:
    draft = _draft(turn) or _begin(turn)
    service = _services(draft).filter(pk=int(value)).first() if value.isdigit() else None
    draft["service"] = service.pk if service else 0
    _ask_next(turn)


def _services(draft: Mapping[str, Any]) -> QuerySet[Service]:
    services = Service.objects.filter(status=Service.Status.ACTIVE).order_by("category__position", "name")
    return services.filter(requestable=True) if draft["kind"] == Kind.REQUEST else services


def _ask_next(turn: "Turn") -> None:
    """Ask for what is still missing: service, then words, then confirmation."""
    draft = turn.chat.draft
    if "service" not in draft:
        rows = [[[service.name[:60], f"layanan:{service.pk}"]] for service in _services(draft)[:8]]
        rows.append([[_("Lainnya / tidak tahu"), "layanan:0"]])
        turn.say(_("Layanan apa yang terkait? Pilih, atau ketik sebagian namanya."), rows)
    elif not draft["text"] and not draft["files"]:
        turn.say(_("Ceritakan apa yang terjadi, di mana, dan sejak kapan. Anda boleh menyertakan foto."))
    else:
        _ask_confirmation(turn)


def _ask_confirmation(turn: "Turn") -> None:
    draft = _draft(turn)
    if not draft or not (draft["text"] or draft["files"]):
        turn.say(_("Belum ada yang dapat dikirim. Ceritakan dahulu apa yang terjadi."))
        return
    service = Service.objects.filter(pk=draft.get("service") or 0).first()
    summary = _(
        "Periksa laporan Anda:\n\nJenis: %(kind)s\nLayanan: %(service)s\nIsi: %(text)s\nLampiran: %(count)d\n\n"
        "Kirim pesan lain untuk menambah keterangan atau foto."
    ) % {
        "kind": Kind(draft["kind"]).label,
        "service": service.name if service else _("tidak disebut"),
        "text": draft["text"] or "–",
        "count": len(draft["files"]),
    }
    turn.say(summary, [[[_("Kirim"), f"{SEND}{draft['nonce']}"], [_("Batal"), "batal:"]]])


def _words(turn: "Turn") -> None:
    """Free text, files or a place: into the addressed ticket, the draft, or a new draft."""
    ticket = _addressed_ticket(turn)
    if ticket is not None:
        _append(turn, ticket)
        return
    draft = _draft(turn) or _begin(turn)
    if "service" not in draft and turn.text and not turn.files and draft["text"]:
        _search_service(turn, draft)
        return
    addition = _text_of(turn)
    draft["text"] = f"{draft['text']}\n{addition}".strip()
    draft["files"] = [*draft["files"], *files_in(turn.message)][:10]
    if turn.too_large:
        turn.say(_too_large(turn))
    _ask_next(turn)


def _search_service(turn: "Turn", draft: dict[str, Any]) -> None:
    """While a service is asked for, typed words look for it."""
    found = list(_services(draft).filter(name__icontains=turn.text[:60])[:8])
    if not found:
        draft["text"] = f"{draft['text']}\n{turn.text}".strip()
        turn.say(_("Tidak ada layanan bernama itu; kata-kata Anda kami tambahkan ke isi laporan."))
        draft["service"] = 0
        _ask_next(turn)
        return
    rows = [[[service.name[:60], f"layanan:{service.pk}"]] for service in found]
    turn.say(_("Pilih layanannya:"), [*rows, [[_("Lainnya / tidak tahu"), "layanan:0"]]])


def _submit(turn: "Turn", nonce: str) -> None:
    draft = _draft(turn)
    if not draft or draft.get("nonce") != nonce:
        turn.say(_("Laporan itu sudah dikirim atau dibatalkan. Ketik /tiket untuk melihat tiket Anda."))
        return
    result = intake.receive(
        InboundMessage(
            channel=Channel.TELEGRAM,
            mailbox=str(turn.chat.chat_id),
            external_id=f"laporan:{nonce}",
            sender=Identity(telegram=str(turn.chat.chat_id), verified=True),
            text=draft["text"] or _("(lihat lampiran)"),
            uploads=tuple(turn.files),
            draft=TicketDraft(kind=draft["kind"], service=Service.objects.filter(pk=draft.get("service") or 0).first()),
        )
    )
    turn.chat.draft = {}
    turn.chat.current_ticket = result.ticket
    if turn.too_large:
        turn.say(_too_large(turn))
    if result.outcome == Outcome.QUARANTINED:
        turn.say(_("Laporan Anda kami simpan dan akan diperiksa petugas."))


# Words for a ticket


def _addressed_ticket(turn: "Turn") -> Ticket | None:
    """The ticket of the bot message this one replies to, else the current one; none while a report is written."""
    replied = (turn.message.get("reply_to_message") or {}).get("message_id")
    if replied:
        from notify.models import Delivery

        sent = Delivery.objects.filter(message_id=f"{turn.chat.chat_id}:{replied}", topic__startswith="ticket:").first()
        if sent:
            ticket = own_tickets(turn).filter(pk=int(sent.topic.removeprefix("ticket:"))).first()
            if ticket:
                turn.chat.current_ticket = ticket
                return ticket
    if _draft(turn):
        return None
    current = turn.chat.current_ticket
    if current is None:
        current = turn.chat.current_ticket = _only_open_ticket(turn)
    if current is None or access.survivor_of(current).stage == Stage.CLOSED:
        return None
    return own_tickets(turn).filter(pk=current.pk).first()


def _only_open_ticket(turn: "Turn") -> Ticket | None:
    """Somebody with exactly one unfinished ticket means that one, unless they just asked for a new report."""
    if turn.edited:
        return None
    waiting = list(own_tickets(turn).filter(stage=Stage.WAITING)[:2])
    return waiting[0] if len(waiting) == 1 else None


def _append(turn: "Turn", ticket: Ticket) -> None:
    text = _text_of(turn)
    if turn.edited:
        if Message.objects.filter(ticket=access.survivor_of(ticket), external_id=turn.message_key).exists():
            return
        text = _("(Pesan diubah menjadi:) %(text)s") % {"text": text}
    result = intake.receive(
        InboundMessage(
            channel=Channel.TELEGRAM,
            mailbox=str(turn.chat.chat_id),
            external_id=turn.message_key,
            sender=Identity(telegram=str(turn.chat.chat_id), verified=True),
            text=text or _("(lihat lampiran)"),
            uploads=tuple(turn.files),
            trusted_ticket_id=ticket.pk,
        )
    )
    if turn.too_large:
        turn.say(_too_large(turn))
    if result.ticket:
        # A merged ticket keeps its number for its people; the survivor's tells of somebody else.
        known = ticket if result.ticket.pk == access.survivor_of(ticket).pk else result.ticket
        turn.chat.current_ticket = known
        turn.say(
            _("Diterima untuk tiket %(number)s. Untuk hal lain, ketik /baru.") % {"number": known.number},
            ticket_id=known.pk,
        )


def _too_large(turn: "Turn") -> str:
    return _("Berkas %(names)s terlalu besar atau tidak dapat diambil. Perkecil, atau kirim lewat web.") % {
        "names": ", ".join(turn.too_large)
    }


def _text_of(turn: "Turn") -> str:
    location = turn.message.get("location")
    if location:
        return _("Lokasi: %(lat)s, %(lon)s") % {"lat": location.get("latitude"), "lon": location.get("longitude")}
    return turn.text.strip()


def files_in(message: Mapping[str, Any]) -> list[dict[str, str]]:
    """References (file_id, name, type) of the files of a message; of a photo the largest size."""
    stamp = str(message.get("message_id", ""))
    if photo := message.get("photo"):
        return [_reference(photo[-1], f"foto-{stamp}.jpg", "image/jpeg")]
    for name, fallback, content_type in (
        ("document", f"dokumen-{stamp}.bin", "application/octet-stream"),
        ("voice", f"suara-{stamp}.ogg", "audio/ogg"),
        ("audio", f"audio-{stamp}.mp3", "audio/mpeg"),
        ("video", f"video-{stamp}.mp4", "video/mp4"),
    ):
        if item := message.get(name):
            return [_reference(item, item.get("file_name") or fallback, item.get("mime_type") or content_type)]
    return []


def _reference(item: Mapping[str, Any], name: str, content_type: str) -> dict[str, str]:
    return {"file_id": str(item["file_id"]), "name": name, "type": content_type}
