"""The log kept while a change is carried out."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.choices import Kind
from tickets.errors import Forbidden, InvalidInputs, WrongState
from tickets.models import ImplementationEntry, Ticket

IMPLEMENTING = "implementing"
MAX_LENGTH = 5_000


def may_log(ticket: Ticket, user: User) -> bool:
    """Whether this person may write in the log now."""
    return ticket.kind == Kind.CHANGE and ticket.state == IMPLEMENTING and access.can(user, Action.EDIT, ticket)


@transaction.atomic
def add(*, ticket_id: int, actor: Actor | User, text: str, expected_version: int | None = None) -> ImplementationEntry:
    """Write one line. The same words stand in the timeline, whose chain shows if somebody rewrites them later.

    Raises NotVisible, Forbidden, Stale, WrongState (only while the change is implemented) or InvalidInputs.
    """
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if who.user is None or not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang menulis catatan pelaksanaan."))
    workflow.check_version(ticket, expected_version)
    if ticket.kind != Kind.CHANGE or ticket.state != IMPLEMENTING:
        raise WrongState(_("Catatan pelaksanaan ditulis selama perubahan dilaksanakan."))
    words = text.strip()
    if not words or len(words) > MAX_LENGTH:
        reason = _("Tulis catatan, paling banyak %(count)d karakter.") % {"count": MAX_LENGTH}
        raise InvalidInputs(_("Catatan belum sah."), {"text": [reason]})
    at = timezone.now()
    entry = ImplementationEntry.objects.create(ticket_id=ticket.pk, author=who.user, at=at, text=words)
    timeline.record(ticket, code=timeline.IMPLEMENTATION_LOGGED, actor=who, at=at, changes={"text": words})
    workflow.save(ticket, at)
    return entry
