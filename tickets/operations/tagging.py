"""Words by which staff finds tickets again."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action, AnyUser
from tickets.actors import Actor, actor_of
from tickets.errors import Forbidden, InvalidInputs
from tickets.models import Tag, Ticket

MAX_LENGTH = 40
OFFERED = 100


def clean(name: str) -> str:
    """The tag as it is kept: lower case, single spaces, no leading "#". Raises InvalidInputs."""
    text = " ".join(name.split()).lstrip("#").strip().lower()
    if not text or len(text) > MAX_LENGTH or not text.isprintable():
        reason = _("Label terdiri dari 1 sampai %(count)d huruf.") % {"count": MAX_LENGTH}
        raise InvalidInputs(reason, {"tag": [reason]})
    return text


@transaction.atomic
def add(*, ticket_id: int, actor: Actor | User, name: str, expected_version: int | None = None) -> Ticket:
    """Give the ticket a tag; one that it has already changes nothing."""
    ticket, who = _editable(ticket_id, actor)
    workflow.check_version(ticket, expected_version)
    tag, _made = Tag.objects.get_or_create(name=clean(name))
    if not ticket.tags.filter(pk=tag.pk).exists():
        ticket.tags.add(tag)
        _note(ticket, timeline.TAGGED, who, tag.name)
    return ticket


@transaction.atomic
def remove(*, ticket_id: int, actor: Actor | User, name: str) -> Ticket:
    """Take a tag from the ticket; one that it does not have changes nothing."""
    ticket, who = _editable(ticket_id, actor)
    tag = ticket.tags.filter(name=clean(name)).first()
    if tag is not None:
        ticket.tags.remove(tag)
        _note(ticket, timeline.UNTAGGED, who, tag.name)
    return ticket


def offered(user: User, words: str = "") -> QuerySet[Tag]:
    """Tags to choose from: those on tickets this person sees. A tag of hidden cases would tell of them."""
    tags = Tag.objects.filter(on_visible(user))
    return tags.filter(name__icontains=words.strip().lower())[:OFFERED] if words.strip() else tags[:OFFERED]


def on_visible(user: AnyUser) -> Exists:
    """The condition on tags that some ticket of this person's has them."""
    return Exists(access.visible_to(user).filter(tags=OuterRef("pk")))


def _editable(ticket_id: int, actor: Actor | User) -> tuple[Ticket, Actor]:
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang mengubah label tiket ini."))
    return ticket, who


def _note(ticket: Ticket, code: str, actor: Actor, name: str) -> None:
    at = timezone.now()
    timeline.record(ticket, code=code, actor=actor, at=at, changes={"tag": name})
    workflow.save(ticket, at)
