"""Relations between tickets: set and removed by number, seen from either side."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.choices import LinkType
from tickets.errors import Forbidden, InvalidInputs, NotVisible
from tickets.models import Ticket, TicketLink


@transaction.atomic
def link(
    *,
    ticket_id: int,
    actor: Actor | User,
    type: str,
    number: str,
    backward: bool = False,
    expected_version: int | None = None,
) -> TicketLink:
    """Relate the ticket to the one of that number; `backward` reads the relation from the other side.

    The same relation a second time is the first one. Raises InvalidInputs with the reason when it makes no sense.
    """
    ticket, other = _both(ticket_id, actor, number)
    workflow.check_version(ticket, expected_version)
    if type not in LinkType.values:
        raise InvalidInputs(_("Jenis tautan tidak dikenal."), {"type": [_("Pilih jenis tautan.")]})
    source, target = (other, ticket) if backward else (ticket, other)
    reason = _why_not(source, target, type)
    if reason:
        raise InvalidInputs(reason, {"number": [reason]})
    pairs = [(source, target)] + ([(target, source)] if type == LinkType.RELATED else [])
    for one, two in pairs:
        known = TicketLink.objects.filter(source_id=one.pk, target_id=two.pk, type=type).first()
        if known:
            return known
    made = TicketLink.objects.create(source_id=source.pk, target_id=target.pk, type=type)
    _note(made, timeline.LINKED, actor_of(actor), source, target)
    return made


@transaction.atomic
def unlink(*, ticket_id: int, actor: Actor | User, link_id: int) -> None:
    """Remove a relation of the ticket. Raises NotVisible when there is none such that this person sees."""
    who = actor_of(actor)
    found = TicketLink.objects.filter(pk=link_id).select_related("source", "target").first()
    if found is None or ticket_id not in (found.source_id, found.target_id):
        raise NotVisible(_("Tautan tidak ditemukan."))
    number = found.target.number if found.source_id == ticket_id else found.source.number
    ticket, other = _both(ticket_id, who, number)
    source, target = (ticket, other) if found.source_id == ticket.pk else (other, ticket)
    _note(found, timeline.UNLINKED, who, source, target)
    found.delete()


def open_children(ticket: Ticket, user: User) -> list[Ticket]:
    """Parts of this ticket that are still open, as far as this person sees them."""
    parts = TicketLink.objects.filter(target_id=ticket.pk, type=LinkType.PARENT).values("source")
    return list(access.visible_to(user).filter(pk__in=parts, is_open=True).order_by("pk")[:20])


def _both(ticket_id: int, actor: Actor | User, number: str) -> tuple[Ticket, Ticket]:
    """Both tickets locked, the older first. Raises NotVisible, Forbidden or InvalidInputs."""
    who = actor_of(actor)
    own = Ticket.objects.filter(pk=ticket_id).first()
    if own is None or not access.is_visible(who, own):
        raise NotVisible(_("Tiket tidak ditemukan."))
    found = Ticket.objects.filter(number=number.strip().upper()).first()
    if found is None or not access.is_visible(who, found):
        reason = _("Tidak ada tiket bernomor %(number)s yang dapat Anda lihat.") % {"number": number.strip()[:40]}
        raise InvalidInputs(reason, {"number": [reason]})
    if found.pk == ticket_id:
        reason = _("Tiket tidak dapat ditautkan dengan dirinya sendiri.")
        raise InvalidInputs(reason, {"number": [reason]})
    locked = {pk: workflow.lock(pk, who) for pk in sorted((ticket_id, found.pk))}
    if not access.allowed(who, Action.EDIT, locked[ticket_id]):
        raise Forbidden(_("Anda tidak berwenang mengubah tautan tiket ini."))
    return locked[ticket_id], locked[found.pk]


def _why_not(source: Ticket, target: Ticket, type: str) -> str:
    if source.is_restricted != target.is_restricted:
        return _("Tiket rahasia tidak ditautkan dengan tiket biasa: riwayatnya akan menyebut nomornya.")
    if type == LinkType.PARENT and source.pk in _ancestors(target):
        return _("Tautan ini membuat lingkaran: %(number)s sudah menjadi bagian dari %(other)s.") % {
            "number": target.number,
            "other": source.number,
        }
    return ""


def _ancestors(ticket: Ticket) -> set[int]:
    """Ids of everything this ticket is a part of, near or far."""
    found: set[int] = set()
    level = {ticket.pk}
    while level:
        links = TicketLink.objects.filter(source_id__in=level, type=LinkType.PARENT)
        level = set(links.values_list("target_id", flat=True)) - found
        found |= level
    return found


def _note(made: TicketLink, code: str, actor: Actor, source: Ticket, target: Ticket) -> None:
    """One entry on each side, each naming the other."""
    from tickets.workbench import BACKWARD

    at = timezone.now()
    forward = {"type": str(made.get_type_display()), "number": target.number}
    backward = {"type": str(BACKWARD[LinkType(made.type)]()), "number": source.number}
    for ticket, changes in ((source, forward), (target, backward)):
        timeline.record(ticket, code=code, actor=actor, at=at, changes=changes)
        workflow.save(ticket, at)
