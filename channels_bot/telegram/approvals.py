"""Votes by Telegram: two buttons under the notice, a question whether one is sure, and for a refusal its reason.

Only the chat of somebody who may decide the vote counts. Every press may arrive twice or late: then the answer says
how things stand, and nothing is decided twice.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import ContactPoint, User
from tickets import access, workflow
from tickets.actors import Actor
from tickets.approvals import ballots, notices
from tickets.choices import Channel
from tickets.errors import TicketError
from tickets.models import Ticket, Vote

if TYPE_CHECKING:
    from channels_bot.telegram.updates import Turn

APPROVE, REJECT = notices.APPROVE, notices.REJECT
SURE_APPROVE, SURE_REJECT = f"ya-{APPROVE}", f"ya-{REJECT}"
NEVER_MIND = "urung"
PENDING = "approval"
"""Key in the chat's draft: the refusal whose reason is awaited, with the draft that was being written before."""

WAIT = timedelta(hours=2)
"""How long the next message is taken for the reason."""


def take(turn: "Turn") -> bool:
    """Answer a turn that is about a vote; False when it is about something else."""
    name, _colon, value = turn.data.partition(":")
    if name in (APPROVE, REJECT, SURE_APPROVE, SURE_REJECT):
        _put_back(turn)
        _pressed(turn, name, value)
        return True
    if name == NEVER_MIND:
        _put_back(turn)
        turn.say(_("Baik, belum ada yang diputuskan. Tombol pada pemberitahuan tetap berlaku."))
        return True
    return _reason(turn)


def _pressed(turn: "Turn", name: str, value: str) -> None:
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
        _await_reason(turn, value)
        turn.say(
            _("Tulis alasan penolakan %(number)s sebagai pesan berikutnya, atau ketik /batal.") % {"number": number}
        )


def _sure(data: str, label: str, value: str) -> list[list[list[str]]]:
    return [[[label, f"{data}:{value}"], [_("Batal"), f"{NEVER_MIND}:"]]]


def _vote(turn: "Turn", value: str) -> tuple[Vote, User] | None:
    """The open vote of that id and nonce, if the person of this chat may decide it."""
    vote_id, _colon, nonce = value.partition(":")
    user = _account(turn)
    if user is None or not vote_id.isdigit() or int(vote_id) >= 2**63:
        return None
    related = ("step__round__ticket", "approver", "office")
    vote = ballots.open_to(user).select_related(*related).filter(pk=int(vote_id)).first()
    if vote is None or not constant_time_compare(nonce, vote.nonce):
        return None
    sees = access.visible_to(user).filter(pk=vote.step.round.ticket_id).exists()
    return (vote, user) if sees else None


def _account(turn: "Turn") -> User | None:
    """The account whose verified Telegram this chat is."""
    user = turn.contact.user
    verified = turn.contact.points.filter(
        kind=ContactPoint.Kind.TELEGRAM, value=str(turn.chat.chat_id), is_verified=True
    )
    return user if user is not None and user.is_active and verified.exists() else None


def _perform(turn: "Turn", vote: Vote, user: User, decision: str, **inputs: Any) -> None:
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


def _await_reason(turn: "Turn", value: str) -> None:
    turn.chat.draft = {PENDING: value, "asked": timezone.now().isoformat(), "kept": turn.chat.draft}


def _pending(turn: "Turn") -> str:
    """The vote whose reason is awaited, "" when none is or the wait was too long."""
    draft: dict[str, Any] = turn.chat.draft
    asked = parse_datetime(str(draft.get("asked", "")))
    return str(draft[PENDING]) if PENDING in draft and asked and timezone.now() - asked <= WAIT else ""


def _put_back(turn: "Turn") -> None:
    """Forget a refusal that waited for its reason, and give the report being written back."""
    if PENDING in turn.chat.draft:
        turn.chat.draft = turn.chat.draft.get("kept", {})


def _reason(turn: "Turn") -> bool:
    """Take a plain message for the awaited reason; anything else ends the wait."""
    if PENDING not in turn.chat.draft:
        return False
    value, is_plain = _pending(turn), bool(turn.text) and not turn.data and not turn.edited
    if value and is_plain and not turn.text.startswith("/"):
        _put_back(turn)
        _refuse(turn, value)
        return True
    if turn.edited:
        return False
    _put_back(turn)
    if value and turn.text.startswith("/batal"):
        turn.say(_("Penolakan dibatalkan. Belum ada yang diputuskan."))
        return True
    return False


def _refuse(turn: "Turn", value: str) -> None:
    found = _vote(turn, value)
    if found is None:
        turn.say(_("Keputusan ini sudah diambil, tidak diperlukan lagi, atau bukan untuk Anda."))
        return
    vote, user = found
    _perform(turn, vote, user, "reject", reason=turn.text)
