"""Putting one ticket into another, and taking it back within a day.

Called by the transitions `merge` and `unmerge` of every kind, inside `workflow.perform`, which holds both row locks.
What the people of the source said and heard stays between them and the staff: `Message.origin` names their ticket,
and `Participant.via` lets them follow by its number, so that no citizen reads another one's words.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import STAFF
from tickets.actors import SYSTEM, Actor
from tickets.choices import LinkType, Stage
from tickets.errors import InvalidInputs, NotVisible, WrongState
from tickets.kinds.base import Say
from tickets.kinds.guards import UNDO_MERGE_WITHIN
from tickets.models import Merge, Message, Participant, Task, Ticket, TicketLink


def move(source: Ticket, *, number: str, actor: Actor) -> Say:
    """Move what is on the locked `source` to the ticket of that number; returns what its requester is told.

    Moved are messages and open tasks; people, watchers and tags are added to the target. `Merge.moved` keeps exactly
    that. Raises InvalidInputs with the reason when the target does not fit.
    """
    if actor.user is None:
        raise WrongState(_("Hanya petugas yang menggabungkan tiket."))
    at = timezone.now()
    target = _target_for(source, number.strip().upper(), actor)
    moved: dict[str, Any] = {"state": source.state}
    moved["messages"] = _move_messages(source, target)
    moved["tasks"] = _move_tasks(source, target)
    moved["participants"], moved["hears"] = _bring_people(source, target)
    moved["watchers"] = _bring_watchers(source, target)
    moved["tags"] = _bring_tags(source, target)
    moved["link"] = _link(source, target)
    Merge.objects.create(source_id=source.pk, target_id=target.pk, by=actor.user, at=at, moved=moved)
    source.merged_into_id = target.pk
    timeline.record(source, code=timeline.MERGED, actor=actor, at=at, changes={"number": target.number})
    counts = {"messages": len(moved["messages"]), "tasks": len(moved["tasks"])}
    timeline.record(target, code=timeline.ABSORBED, actor=actor, at=at, changes={"number": source.number, **counts})
    workflow.save(target, at)
    if source.requester_id == target.requester_id:
        said = _("Tiket ini kami gabungkan dengan tiket Anda %(number)s. Penanganan berlanjut di sana.")
        return Say(said % {"number": target.number})
    return Say(
        _(
            "Laporan Anda kami tangani bersama laporan lain tentang hal yang sama. "
            "Nomor tiket dan kode akses Anda tetap berlaku, dan balasan petugas tetap sampai kepada Anda."
        )
    )


def _target_for(source: Ticket, number: str, actor: Actor) -> Ticket:
    """The locked target. Each reason why it does not fit is one sentence."""
    found = Ticket.objects.filter(number=number).first()
    if found is None or not access.is_visible(actor, found):
        raise _refusal(_("Tidak ada tiket bernomor %(number)s yang dapat Anda lihat.") % {"number": number})
    try:
        target = workflow.lock(found.pk, actor)
    except NotVisible as error:
        raise _refusal(error.message) from error
    reason = _why_not(source, target, actor)
    if reason:
        raise _refusal(reason)
    return target


def _refusal(reason: str) -> InvalidInputs:
    return InvalidInputs(reason, {"target": [reason]})


def _why_not(source: Ticket, target: Ticket, actor: Actor) -> str:
    if target.pk == source.pk:
        return _("Tiket tidak dapat digabung ke dirinya sendiri.")
    if target.merged_into_id is not None:
        survivor = access.survivor_of(target)
        if access.is_visible(actor, survivor):
            return _("%(number)s sudah digabung ke %(survivor)s. Gabungkan ke tiket itu.") % {
                "number": target.number,
                "survivor": survivor.number,
            }
        return _("%(number)s sudah digabung ke tiket lain.") % {"number": target.number}
    if not access.parties(actor, target) & STAFF:
        return _("Anda tidak berwenang mengubah %(number)s.") % {"number": target.number}
    if target.stage == Stage.CLOSED:
        return _("%(number)s sudah ditutup. Buka kembali tiket itu dahulu.") % {"number": target.number}
    if source.confidentiality != target.confidentiality:
        return _("Kerahasiaan kedua tiket berbeda (%(one)s dan %(other)s). Samakan dahulu lewat Ubah data.") % {
            "one": source.get_confidentiality_display(),
            "other": target.get_confidentiality_display(),
        }
    if source.is_restricted and _officers(source) != _officers(target):
        return _("Kedua tiket rahasia ini ditangani petugas yang berbeda, sehingga tidak dapat digabung.")
    return ""


def _officers(ticket: Ticket) -> tuple[int | None, frozenset[int]]:
    return ticket.team_id, frozenset(ticket.named_officers.values_list("pk", flat=True))


def _move_messages(source: Ticket, target: Ticket) -> list[int]:
    messages = Message.objects.filter(ticket_id=source.pk)
    moved = list(messages.order_by("pk").values_list("pk", flat=True))
    messages.filter(origin=None).update(origin_id=source.pk)
    messages.update(ticket_id=target.pk)
    return moved


def _move_tasks(source: Ticket, target: Ticket) -> list[int]:
    tasks = Task.objects.filter(ticket_id=source.pk, state=Task.State.OPEN)
    moved = list(tasks.order_by("pk").values_list("pk", flat=True))
    tasks.update(ticket_id=target.pk)
    return moved


def _bring_people(source: Ticket, target: Ticket) -> tuple[list[int], list[int]]:
    """Let the people of the source hear the target's replies: (participants made, participants who hear since now).

    Safe to repeat. They keep their part in the source as well, by whose number they follow.
    """
    people = [(source.requester_id, True, source.pk)]
    for each in source.participants.order_by("pk"):
        people.append((each.contact_id, each.hears_replies, each.via_id or source.pk))
    made: list[int] = []
    hears: list[int] = []
    for contact_id, hears_replies, via_id in people:
        if contact_id == target.requester_id:
            continue
        row, is_new = Participant.objects.get_or_create(
            ticket_id=target.pk, contact_id=contact_id, defaults={"hears_replies": hears_replies, "via_id": via_id}
        )
        if is_new:
            made.append(row.pk)
        elif hears_replies and not row.hears_replies:
            row.hears_replies = True
            row.save(update_fields=["hears_replies"])
            hears.append(row.pk)
    return made, hears


def _bring_watchers(source: Ticket, target: Ticket) -> list[int]:
    """Only those who may see the target watch it from now on."""
    new = [
        user
        for user in source.watchers.exclude(pk__in=target.watchers.values("pk"))
        if access.visible_to(user).filter(pk=target.pk).exists()
    ]
    target.watchers.add(*new)
    return [user.pk for user in new]


def _bring_tags(source: Ticket, target: Ticket) -> list[int]:
    new = list(source.tags.exclude(pk__in=target.tags.values("pk")).values_list("pk", flat=True))
    target.tags.add(*new)
    return new


def _link(source: Ticket, target: Ticket) -> int | None:
    """Id of the link that says so, None when there was one already."""
    link, is_new = TicketLink.objects.get_or_create(source_id=source.pk, target_id=target.pk, type=LinkType.DUPLICATES)
    return link.pk if is_new else None


def move_back(source: Ticket, *, actor: Actor) -> None:
    """Give the locked `source` back exactly what was moved; what was said since stays on the survivor."""
    if actor.user is None:
        raise WrongState(_("Hanya petugas yang membatalkan penggabungan."))
    at = timezone.now()
    merge = Merge.objects.select_for_update(of=("self",)).get(source_id=source.pk, undone_at=None)
    target = workflow.lock(merge.target_id, SYSTEM)
    moved = merge.moved
    back = Message.objects.filter(pk__in=moved["messages"], ticket_id=target.pk)
    back.filter(origin_id=source.pk).update(origin=None, ticket_id=source.pk)
    back.update(ticket_id=source.pk)
    Task.objects.filter(pk__in=moved["tasks"], ticket_id=target.pk).update(ticket_id=source.pk)
    Participant.objects.filter(pk__in=moved["participants"], ticket_id=target.pk).delete()
    Participant.objects.filter(pk__in=moved["hears"], ticket_id=target.pk).update(hears_replies=False)
    target.watchers.remove(*moved["watchers"])
    target.tags.remove(*moved["tags"])
    TicketLink.objects.filter(pk=moved["link"]).delete()
    merge.undone_by, merge.undone_at = actor.user, at
    merge.save(update_fields=["undone_by", "undone_at"])
    source.merged_into = source.closed_at = None
    _bring_people_of_others(target)
    timeline.record(source, code=timeline.UNMERGED, actor=actor, at=at, changes={"number": target.number})
    timeline.record(target, code=timeline.RELEASED, actor=actor, at=at, changes={"number": source.number})
    workflow.save(target, at)


def _bring_people_of_others(target: Ticket) -> None:
    """Somebody who came by two merged tickets stays for the other one."""
    for merge in Merge.objects.filter(target_id=target.pk, undone_at=None).select_related("source"):
        made, hears = _bring_people(merge.source, target)
        if made or hears:
            merge.moved["participants"] += made
            merge.moved["hears"] += hears
            merge.save(update_fields=["moved"])


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A ticket that was merged into the one shown, with its own history, and whether the merge can be undone now."""

    ticket: Ticket
    at: datetime
    by: str
    until: datetime
    may_undo: bool
    events: list[Any] = field(default_factory=list)
    reporters: list[str] = field(default_factory=list)
    """Who reported it, as far as this person may know."""


def absorbed(survivor: Ticket, user: User) -> list[Absorbed]:
    """The tickets that were merged into this one and that this person may see, oldest merge first."""
    within = [ticket.pk for ticket in access.tickets_within(survivor)]
    if not within:
        return []
    sources = Ticket.objects.filter(pk__in=within)
    seen = access.visible_to(user, sources)
    merges = Merge.objects.filter(source__in=seen, undone_at=None).select_related("source__requester", "by")
    found = []
    for merge in merges.order_by("at", "pk"):
        names = {info.name for info in workflow.available(merge.source, user)}
        found.append(
            Absorbed(
                ticket=merge.source,
                at=merge.at,
                by=merge.by.display_name,
                until=merge.at + UNDO_MERGE_WITHIN,
                may_undo="unmerge" in names,
            )
        )
    return found
