"""Words on a ticket: public replies, internal notes, and what the requester says."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline
from tickets.access import STAFF, Action
from tickets.actors import SYSTEM, Actor, actor_of
from tickets.attachments import Upload, problem_with, store
from tickets.choices import Channel, Direction, HoldReason, Stage, Visibility
from tickets.errors import Forbidden, InvalidInputs, TicketError, WrongState
from tickets.kinds.base import Party
from tickets.models import Message, MessageRevision, Ticket

MAX_LENGTH = 200_000
"""Characters of one message; longer mail is trimmed by its parser and kept raw."""


def append(
    ticket: Ticket,
    *,
    actor: Actor,
    text: str,
    visibility: str,
    at: datetime,
    uploads: Sequence[Upload] = (),
    html: str = "",
    original_text: str = "",
    external_id: str = "",
    direction: str = "",
    origin: Ticket | None = None,
    after: timeline.Link | None = None,
    remarks: Sequence[str] = (),
) -> Message:
    """Add one message to a locked ticket, with its files and timeline entry. The caller saves the ticket.

    `origin` is the merged ticket to which the words were addressed: they stay between its people and the staff.
    `after`: the last entry of the timeline, where the caller knows it. `remarks`: what the staff should know of the
    message, shown to them in a note.
    A public reply by a human of the staff is the first response; what the system writes is not.
    """
    direction = direction or _direction(ticket, actor, visibility)
    message = Message.objects.create(
        ticket_id=ticket.pk,
        origin=origin,
        direction=direction,
        visibility=visibility,
        author_user=actor.user,
        author_contact=actor.contact,
        author_name=actor.name[:150],
        is_automatic=actor.is_system,
        channel=actor.channel,
        external_id=external_id[:255],
        text=text[:MAX_LENGTH],
        original_text=original_text[:MAX_LENGTH] if original_text != text else "",
        html=html,
        created_at=at,
    )
    remarks = [*remarks, *_store_files(message, uploads)]
    if remarks:
        _note_for_staff(message, remarks)
    codes = {
        Direction.IN: timeline.MESSAGE_IN,
        Direction.OUT: timeline.MESSAGE_OUT,
        Direction.NOTE: timeline.NOTE,
    }
    timeline.record(
        ticket,
        code=codes[Direction(direction)],
        actor=actor,
        at=at,
        changes={"message": message.pk},
        public=direction != Direction.NOTE and origin is None,
        after=after,
    )
    if direction == Direction.OUT and not actor.is_system:
        ticket.first_response_at = ticket.first_response_at or at
        ticket.last_reply_at = at
    return message


def _direction(ticket: Ticket, actor: Actor, visibility: str) -> str:
    if visibility == Visibility.INTERNAL:
        return Direction.NOTE
    if actor.is_system:
        return Direction.OUT
    roles = access.parties(actor, ticket)
    if Party.REQUESTER not in roles and roles & (STAFF | {Party.LIAISON, Party.APPROVER, Party.CAB}):
        return Direction.OUT
    return Direction.IN


def _store_files(message: Message, uploads: Sequence[Upload]) -> list[str]:
    """Keep what we accept; returns a remark for the staff about what we do not."""
    refused = []
    for upload in uploads:
        reason = problem_with(upload)
        if reason:
            refused.append(reason)
        else:
            store(message, upload)
    intro = _("Berkas berikut tidak disimpan sebagai lampiran (pesan aslinya tetap ada):")
    return ["\n".join([intro, *refused])] if refused else []


def _note_for_staff(message: Message, remarks: Sequence[str]) -> None:
    Message.objects.create(
        ticket_id=message.ticket_id,
        direction=Direction.NOTE,
        visibility=Visibility.INTERNAL,
        author_name=SYSTEM.name,
        is_automatic=True,
        channel=Channel.SYSTEM,
        text="\n\n".join(remarks),
        created_at=message.created_at,
    )


@transaction.atomic
def post(
    *,
    ticket_id: int,
    actor: Actor | User,
    text: str,
    visibility: str = Visibility.PUBLIC,
    uploads: Sequence[Upload] = (),
    html: str = "",
    original_text: str = "",
    external_id: str = "",
    at: datetime | None = None,
    expected_version: int | None = None,
) -> Message:
    """Say something on a ticket, with every consequence.

    Staff's public words go out by the requester's channel; the requester's words resume a ticket that waits for them
    and reopen a resolved one. Raises NotVisible, Forbidden, Stale or InvalidInputs; then nothing has changed.
    """
    from tickets import automation, notices, workflow

    who = actor_of(actor)
    at = at or timezone.now()
    ticket = workflow.lock(ticket_id, who)
    action = Action.NOTE if visibility == Visibility.INTERNAL else Action.REPLY
    if not access.allowed(who, action, ticket):
        raise Forbidden(_("Anda tidak berwenang menulis di tiket ini."))
    workflow.check_version(ticket, expected_version)
    ticket, origin = _where_it_goes(ticket, who, visibility)
    if not text.strip() and not uploads:
        raise InvalidInputs(_("Pesan masih kosong."), {"text": [_("Tulis pesan atau lampirkan berkas.")]})
    if len(text) > MAX_LENGTH:
        raise InvalidInputs(_("Pesan terlalu panjang."), {"text": [_("Paling banyak 200.000 karakter.")]})
    bad = [reason for upload in uploads if (reason := problem_with(upload))]
    if bad and not external_id:
        raise InvalidInputs(_("Lampiran tidak diterima."), {"attachments": bad})
    message = append(
        ticket, actor=who, text=text, visibility=visibility, at=at,
        uploads=uploads, html=html, original_text=original_text, external_id=external_id,
        direction=Direction.IN if origin else "", origin=origin,
    )  # fmt: skip
    workflow.save(ticket, at)
    if message.direction == Direction.OUT:
        notices.reply(ticket, message)
    elif message.direction == Direction.IN:
        after_requester_spoke(ticket)
        automation.after("message_in", ticket)
    return message


@transaction.atomic
def amend(*, message_id: int, actor: Actor, text: Callable[[], str], at: datetime | None = None) -> Message:
    """The author changed their words where they wrote them: show the new ones and keep the old as a revision.

    `text` is asked under the lock of the ticket, because files may arrive at the same moment (`settle_files`). Words
    that are the same already change nothing. Raises Forbidden for anybody but the author, and WrongState once the
    ticket is closed: what was decided upon stays as it was read.
    """
    from tickets import workflow

    message = Message.objects.get(pk=message_id)
    ticket = workflow.lock(message.ticket_id, SYSTEM)
    message.refresh_from_db()
    if actor.contact_id is None or message.author_contact_id != actor.contact_id:
        raise Forbidden(_("Hanya penulisnya yang mengubah pesan ini."))
    if ticket.stage == Stage.CLOSED:
        raise WrongState(_("Tiket ini sudah ditutup. Tulis pesan baru."))
    words = text()[:MAX_LENGTH]
    if message.text == words:
        return message
    at = at or timezone.now()
    MessageRevision.objects.create(message=message, text=message.text, replaced_at=at)
    message.text = words
    message.save(update_fields=["text"])
    timeline.record(ticket, code=timeline.MESSAGE_EDITED, actor=actor, at=at, changes={"message": message.pk})
    workflow.save(ticket, at)
    return message


@transaction.atomic
def settle_files(*, message_id: int, text: Callable[[], str], uploads: Sequence[Upload] = ()) -> None:
    """Files that a message announced have arrived, or will not: `text` no longer announces them.

    It is asked under the lock of the ticket, so that of several files that arrive at once none is announced for ever.

    The words and files belong to the moment the message came, so that this leaves no entry in the history. Files that
    are not accepted are told to the staff as with any message.
    """
    from tickets import workflow

    message = Message.objects.get(pk=message_id)
    ticket = workflow.lock(message.ticket_id, SYSTEM)
    if remarks := _store_files(message, uploads):
        _note_for_staff(message, remarks)
    Message.objects.filter(pk=message_id).update(text=text()[:MAX_LENGTH])
    workflow.announce(ticket)


def _where_it_goes(ticket: Ticket, actor: Actor, visibility: str) -> tuple[Ticket, Ticket | None]:
    """(the locked ticket that takes the words, the merged ticket they were addressed to).

    Raises WrongState for staff, who read and write on the survivor.
    """
    from tickets import workflow

    survivor = access.survivor_of(ticket)
    if survivor.pk == ticket.pk:
        return ticket, None
    if visibility == Visibility.INTERNAL or _direction(ticket, actor, visibility) != Direction.IN:
        raise WrongState(
            _("Tiket ini sudah digabung ke %(number)s. Tulis pesan Anda di sana.") % {"number": survivor.number}
        )
    return workflow.lock(survivor.pk, SYSTEM), ticket


def after_requester_spoke(ticket: Ticket) -> None:
    """A reply ends a hold that waited for it, and reopens what was thought done."""
    from tickets import workflow

    if ticket.stage == Stage.WAITING and ticket.hold_reason == HoldReason.REQUESTER:
        workflow.perform(ticket.pk, "resume", SYSTEM)
    elif ticket.stage in (Stage.RESOLVED, Stage.CLOSED) and can_reopen(ticket):
        workflow.perform(ticket.pk, "reopen", SYSTEM, reason=_("Pelapor membalas."))


def can_reopen(ticket: Ticket) -> bool:
    """Whether a reply may still reopen this finished ticket (else it opens a new one that refers to it)."""
    from tickets import workflow

    try:
        workflow.check(ticket, "reopen", SYSTEM)
    except TicketError:
        return False
    return True
