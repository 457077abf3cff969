"""Votes by Telegram: two buttons under the notice, a question whether one is sure, and for a refusal its reason.

Only the chat of somebody who may decide the vote counts. Every press may arrive twice or late: then the answer says
how things stand, and nothing is decided twice.
"""

from typing import Any

from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.models import User
from channels_bot.telegram.linking import account_of
from channels_bot.telegram.turns import Turn
from tickets import access, workflow
from tickets.actors import Actor
from tickets.approvals import ballots, notices
from tickets.choices import Channel
from tickets.errors import TicketError
from tickets.models import Ticket, Vote

APPROVE, REJECT = notices.APPROVE, notices.REJECT
SURE_APPROVE, SURE_REJECT = f"ya-{APPROVE}", f"ya-{REJECT}"
NEVER_MIND = "urung"
PENDING = "approval"
"""Name of the question for the reason of a refusal."""


def take(turn: Turn) -> bool:
    """Answer a turn that is about a vote; False when it is about something else."""
    name, _colon, value = turn.data.partition(":")
    if name in (APPROVE, REJECT, SURE_APPROVE, SURE_REJECT):
        turn.stop_waiting()
        _pressed(turn, name, value)
        return True
    if name == NEVER_MIND:
        turn.stop_waiting()
        turn.say(_("Baik, belum ada yang diputuskan. Tombol pada pemberitahuan tetap berlaku."))
        return True
    return _reason(turn)


def _pressed(turn: Turn, name: str, value: str) -> None:
    found = _vote(turn, value)
    if found is None:
        turn.say(_("Keputusan ini sudah diambil, tidak diperlukan lagi, atau bukan untuk Anda."))
        return
    vote, user = found
    number = vote.step.round.ticket.number
    if name == APPROVE:
        turn.say(_("Yakin menyetujui %(number)s?") % {"number": number}, _sure(SURE_APPROVE, _("Ya, setujui"), value))
    elif name == REJECT:
        turn.say(_("Yakin menolak %(number)s?") % {"number": number}, _sure(SURE_REJECT, _("Ya, tolak"), value))
    elif name == SURE_APPROVE:
        _perform(turn, vote, user, "approve")
    else:
        turn.await_answer(PENDING, value)
        turn.say(
            _("Tulis alasan penolakan %(number)s sebagai pesan berikutnya, atau ketik /batal.") % {"number": number}
        )


def _sure(data: str, label: str, value: str) -> list[list[list[str]]]:
    return [[[label, f"{data}:{value}"], [_("Batal"), f"{NEVER_MIND}:"]]]


def _vote(turn: Turn, value: str) -> tuple[Vote, User] | None:
    """The open vote of that id and nonce, if the person of this chat may decide it."""
    vote_id, _colon, nonce = value.partition(":")
    user = account_of(turn.chat.chat_id)
    if user is None or not vote_id.isdecimal() or int(vote_id) >= 2**63:
        return None
    related = ("step__round__ticket", "approver", "office")
    vote = ballots.open_to(user).select_related(*related).filter(pk=int(vote_id)).first()
    if vote is None or not constant_time_compare(nonce, vote.nonce):
        return None
    sees = access.visible_to(user).filter(pk=vote.step.round.ticket_id).exists()
    return (vote, user) if sees else None


def _perform(turn: Turn, vote: Vote, user: User, decision: str, **inputs: Any) -> None:
    ticket = vote.step.round.ticket
    try:
        done = workflow.perform(ticket.pk, decision, Actor(user=user, channel=Channel.TELEGRAM), **inputs)
    except TicketError as error:
        turn.say(error.message)
        return
    turn.say(_outcome(done, decision))


def _outcome(ticket: Ticket, decision: str) -> str:
    said = _("Tercatat: Anda menyetujui %(number)s.") if decision == "approve" else _(
        "Tercatat: Anda menolak %(number)s."
    )  # fmt: skip
    if ticket.state == ballots.AWAITING:
        said += " " + _("Keputusan penyetuju lain masih ditunggu.")
    return said % {"number": ticket.number}


# The reason of a refusal, as the next message


def _reason(turn: Turn) -> bool:
    """Take a plain message for the awaited reason; anything but an edit ends the wait."""
    value = turn.awaited(PENDING)
    if not value or turn.is_edit:
        return False
    turn.stop_waiting()
    if turn.text and not turn.data and not turn.text.startswith("/"):
        _refuse(turn, value)
        return True
    if turn.text.startswith("/batal"):
        turn.say(_("Penolakan dibatalkan. Belum ada yang diputuskan."))
        return True
    return False


def _refuse(turn: Turn, value: str) -> None:
    found = _vote(turn, value)
    if found is None:
        turn.say(_("Keputusan ini sudah diambil, tidak diperlukan lagi, atau bukan untuk Anda."))
        return
    vote, user = found
    _perform(turn, vote, user, "reject", reason=turn.text)
