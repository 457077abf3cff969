"""Is it done, and how was it? Buttons under a resolution, and the words that may follow."""

from django.utils.translation import gettext as _

from channels_bot.telegram import threads
from channels_bot.telegram.rendering import Buttons
from channels_bot.telegram.turns import Turn
from feedback import ratings
from feedback.models import Score
from tickets import workflow
from tickets.choices import Stage
from tickets.errors import TicketError
from tickets.models import Ticket

DONE, NOT_DONE, SCORE, SKIP = "beres", "belum", "nilai", "lewati"
COMMENT = "comment"


def resolved_buttons(ticket_id: int) -> Buttons:
    return [[[_("Ya, selesai"), f"{DONE}:{ticket_id}"], [_("Belum selesai"), f"{NOT_DONE}:{ticket_id}"]]]


def pressed(turn: Turn, name: str, value: str) -> bool:
    """Take a button of this kind; False when it is none."""
    if name == SKIP:
        turn.stop_waiting()
        turn.say(_("Baik. Terima kasih sudah menilai."))
        return True
    if name not in (DONE, NOT_DONE, SCORE):
        return False
    ticket_id, _colon, score = value.partition(":")
    ticket = _own(turn, ticket_id)
    if ticket is None:
        turn.say(_("Tiket itu tidak ada di percakapan ini."))
        return True
    try:
        if name == DONE:
            _done(turn, ticket)
        elif name == NOT_DONE:
            _not_done(turn, ticket)
        else:
            _rate(turn, ticket, score)
    except TicketError as error:
        turn.say(error.message, ticket=ticket)
    return True


def _own(turn: Turn, ticket_id: str) -> Ticket | None:
    """The person's own ticket: who merely takes part neither closes nor judges it."""
    if not ticket_id.isdecimal() or int(ticket_id) >= 2**63:
        return None
    return threads.own_tickets(turn).filter(pk=int(ticket_id), requester=turn.contact).first()


def _done(turn: Turn, ticket: Ticket) -> None:
    if ticket.stage != Stage.CLOSED:
        workflow.perform(ticket.pk, "close", turn.actor)
    rows: Buttons = [[[f"{score.value} – {score.label}", f"{SCORE}:{ticket.pk}:{score.value}"]] for score in Score]
    turn.say(
        _("Terima kasih, tiket %(number)s ditutup. Bagaimana penanganannya?") % {"number": ticket.number}, rows, ticket
    )


def _not_done(turn: Turn, ticket: Ticket) -> None:
    if ticket.is_open:
        turn.say(_("Tiket %(number)s masih dikerjakan.") % {"number": ticket.number}, ticket=ticket)
        return
    reason = _("Pelapor menyatakan belum selesai lewat Telegram.")
    workflow.perform(ticket.pk, "reopen", turn.actor, reason=reason)
    if not ticket.is_restricted:
        turn.chat.current_ticket = ticket
    turn.say(
        _("Tiket %(number)s dibuka lagi. Tulis apa yang belum selesai; pesan Anda berikutnya masuk ke tiket ini.")
        % {"number": ticket.number},
        ticket=ticket,
    )


def _rate(turn: Turn, ticket: Ticket, score: str) -> None:
    if score not in {str(each.value) for each in Score}:
        turn.say(_("Nilai itu tidak dikenal."))
        return
    ratings.rate(ticket_id=ticket.pk, actor=turn.actor, score=int(score))
    turn.await_answer(COMMENT, str(ticket.pk))
    turn.say(
        _("Nilai %(score)s dari 4 tercatat. Bila mau, tulis komentar sebagai pesan berikutnya.") % {"score": score},
        [[[_("Tanpa komentar"), f"{SKIP}:"]]],
    )


def take_comment(turn: Turn) -> bool:
    """Take the next plain message for the comment that was asked for; False when none was."""
    ticket_id = turn.awaited(COMMENT)
    is_plain = bool(turn.text) and not (turn.data or turn.is_edit or turn.text.startswith("/"))
    if not ticket_id or not is_plain or turn.message.get("reply_to_message"):
        return False
    turn.stop_waiting()
    ticket = _own(turn, ticket_id)
    if ticket is None:
        return False
    try:
        ratings.comment(ticket_id=ticket.pk, actor=turn.actor, text=turn.text)
    except TicketError as error:
        turn.say(error.message)
        return True
    turn.say(_("Terima kasih, komentar Anda tersimpan."))
    return True
