"""Tickets within a private chat: which of them a message is for, their state, and words added to them."""

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_bot.telegram import entries
from channels_bot.telegram.models import TelegramMessage
from channels_bot.telegram.rendering import Buttons
from channels_bot.telegram.turns import Turn
from core.templatetags.ui import hari_jam
from tickets import access, intake
from tickets.choices import OPEN_STAGES, Channel, Stage
from tickets.intake import InboundMessage
from tickets.kinds import machine_of
from tickets.models import Ticket

LISTED = 8
CHOOSE = "tiket:"


def own_tickets(turn: Turn) -> QuerySet[Ticket]:
    """Tickets in which the person of this chat takes part, newest first. No other ticket exists here."""
    mine = Q(requester=turn.contact) | Q(
        participants__contact=turn.contact, participants__via=None, is_restricted=False
    )
    return Ticket.objects.filter(mine).select_related("team").order_by("-created_at", "-pk").distinct()


def spoken_of(turn: Turn) -> QuerySet[Ticket]:
    """Of these, what the chat talks about by itself. A restricted case is opened on the web alone."""
    return own_tickets(turn).filter(is_restricted=False)


def unfinished(turn: Turn) -> list[Ticket]:
    alive = [*OPEN_STAGES, Stage.RESOLVED]
    return list(spoken_of(turn).filter(Q(stage__in=alive) | Q(merged_into__stage__in=alive))[:LISTED])


# Commands


def show_all(turn: Turn) -> None:
    """The unfinished tickets as buttons, the current one marked."""
    mine = unfinished(turn)
    if not mine:
        turn.say(_("Anda belum punya tiket yang terbuka. Tulis saja apa yang terjadi untuk membuat laporan."))
        return
    current = turn.chat.current_ticket_id
    rows: Buttons = [
        [[f"{'✔ ' if ticket.pk == current else ''}{ticket.number} · {ticket.subject}"[:60], f"{CHOOSE}{ticket.pk}"]]
        for ticket in mine
    ]
    number = next((ticket.number for ticket in mine if ticket.pk == current), "")
    now = _("Sekarang pesan Anda masuk ke tiket %(number)s.") % {"number": number} if number else ""
    turn.say("\n".join(filter(None, [now, _("Tiket mana yang ingin Anda bicarakan?")])), rows)


def show_status(turn: Turn, argument: str) -> None:
    number = argument.strip().upper()
    if not number:
        ticket = spoken_of(turn).filter(pk=turn.chat.current_ticket_id or 0).first()
        if ticket is None:
            show_all(turn)
            return
    else:
        ticket = own_tickets(turn).filter(number=number).first()
    if ticket is None:
        turn.say(
            _("Tiket itu tidak ditemukan di percakapan ini. Periksa nomornya, atau lacak di web dengan kode akses.")
        )
    elif ticket.is_restricted:
        entries.erase_from_chat(turn)
        turn.say(_("Tiket rahasia hanya dapat dilihat di web, dengan nomor dan kode aksesnya: %(url)s") % _track())
    else:
        turn.say(describe(ticket), ticket=ticket)


def _track() -> dict[str, str]:
    return {"url": f"{settings.BASE_URL}{reverse('portal:track')}"}


def describe(ticket: Ticket) -> str:
    """State, deadline and team in plain words; of a merged ticket those of the one it lives on in."""
    live = access.survivor_of(ticket)
    label = machine_of(live.kind).label_of(live.state)
    lines = [f"{ticket.number}: {ticket.subject}", _("Keadaan: %(state)s") % {"state": label}]
    if live.team:
        lines.append(_("Ditangani: %(team)s") % {"team": live.team.name})
    if live.due_at and live.is_open:
        lines.append(_("Target: %(due)s") % {"due": hari_jam(live.due_at)})
    return "\n".join(lines)


def choose(turn: Turn, ticket_id: int) -> None:
    """Make this the ticket that plain messages go to. A report being written waits."""
    ticket = spoken_of(turn).filter(pk=ticket_id).first()
    if ticket is None:
        turn.say(_("Tiket itu tidak ada di percakapan ini."))
        return
    turn.chat.current_ticket = ticket
    said = describe(ticket) + "\n\n" + _("Pesan Anda berikutnya masuk ke tiket ini.")
    if turn.chat.draft:
        turn.chat.draft["paused"] = True
        said += "\n" + _("Laporan yang belum dikirim kami simpan sehari. Ketik /lanjut untuk meneruskannya.")
    turn.say(said, ticket=ticket)


# Words for a ticket


def addressed(turn: Turn) -> Ticket | None:
    """The ticket of the bot message this one replies to, and nothing else: what was forwarded or typed proves nothing.

    Only a message that we sent into this very chat counts, and only a ticket that is the person's own.
    """
    reply = turn.message.get("reply_to_message")
    replied = reply.get("message_id") if isinstance(reply, dict) else None
    if not isinstance(replied, int) or abs(replied) >= 2**63:
        return None
    ours = TelegramMessage.objects.filter(chat_id=turn.chat.chat_id, message_id=replied).first()
    if ours is None:
        return None
    ticket_id = ours.ticket_id or (ours.entry.ticket_id if ours.entry else 0)
    return own_tickets(turn).filter(pk=ticket_id).first()


def current(turn: Turn) -> Ticket | None:
    """The ticket that plain messages go to: the chosen one while it lives, else the only one that waits for words."""
    chosen = turn.chat.current_ticket
    if chosen is None:
        waiting = list(spoken_of(turn).filter(stage=Stage.WAITING)[:2])
        chosen = turn.chat.current_ticket = waiting[0] if len(waiting) == 1 else None
    if chosen is None or access.survivor_of(chosen).stage == Stage.CLOSED:
        return None
    return spoken_of(turn).filter(pk=chosen.pk).first()


def append(turn: Turn, ticket: Ticket) -> None:
    """Put the words and files of this turn on a ticket of the person; pictures of one album become one message."""
    if entries.join_album(turn.chat.chat_id, turn.message_id, turn.content):
        _acknowledge(turn, ticket)
        return
    result = intake.receive(
        InboundMessage(
            channel=Channel.TELEGRAM,
            mailbox=str(turn.chat.chat_id),
            external_id=turn.message_key,
            sender=turn.identity,
            text=entries.words_of([turn.text], turn.content.files) or _("(lihat lampiran)"),
            received_at=timezone.now(),
            trusted_ticket_id=ticket.pk,
        )
    )
    if result.message is not None and result.ticket is not None:
        entries.remember(turn.chat.chat_id, turn.message_id, turn.content, result.message)
        # A merged ticket keeps its number for its people; the survivor's tells of somebody else.
        known = ticket if result.ticket.pk == access.survivor_of(ticket).pk else result.ticket
        _acknowledge(turn, known)


def _acknowledge(turn: Turn, ticket: Ticket) -> None:
    if turn.content.too_large:
        turn.say(too_large(turn.content.too_large))
    if ticket.is_restricted:
        entries.erase_from_chat(turn)
        turn.say(_("Diterima. Pesan Anda kami hapus dari percakapan ini."), ticket=ticket)
        return
    turn.chat.current_ticket = ticket
    is_writing = bool(turn.chat.draft) and not turn.chat.draft.get("paused")
    hint = _("Laporan yang sedang ditulis tetap tersimpan.") if is_writing else _("Untuk hal lain, ketik /baru.")
    turn.say(_("Diterima untuk tiket %(number)s.") % {"number": ticket.number} + " " + hint, ticket=ticket)


def too_large(names: list[str]) -> str:
    return _("Berkas %(names)s terlalu besar atau tidak dapat diambil. Perkecil, atau kirim lewat web.") % {
        "names": ", ".join(names)
    }
