"""Major incidents: declared, told about in one rhythm to everybody concerned, and ended.

Called by the transitions of the incident inside `workflow.perform`, which holds the locks and saves the ticket.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from tickets import clocks, messages, notices, timeline, workflow
from tickets.actors import SYSTEM, Actor
from tickets.choices import Direction, Level, LinkType, Visibility
from tickets.models import IncidentDetail, Participant, Ticket, TicketLink

FOLLOWING = (LinkType.DUPLICATES, LinkType.PARENT)
"""A ticket that is a duplicate or a part of a major incident hears its news."""


def declare(
    ticket: Ticket, *, coordinator: User, public_notice: str, update_minutes: int, reason: str, actor: Actor
) -> None:
    """Make the incident major: critical priority with the reason, a coordinator, a notice, and a rhythm."""
    at = timezone.now()
    _raise_priority(ticket, reason, actor, at)
    facts = {
        "is_major": True,
        "coordinator": coordinator,
        "public_notice": public_notice,
        "update_minutes": update_minutes,
        "declared_at": at,
        "ended_at": None,
        "next_update_at": next_update(at, update_minutes),
    }
    IncidentDetail.objects.update_or_create(ticket_id=ticket.pk, defaults=facts)
    if coordinator != actor.user:
        notices.major_coordinator(ticket, coordinator)


def _raise_priority(ticket: Ticket, reason: str, actor: Actor, at: datetime) -> None:
    old = ticket.priority
    ticket.priority = Level.CRITICAL
    changes: dict[str, object] = {"priority_reason": reason}
    if old != Level.CRITICAL:
        changes["priority"] = [str(Level(old).label), str(Level.CRITICAL.label)]
    timeline.record(ticket, code=timeline.CHANGED, actor=actor, at=at, changes=changes)


def next_update(at: datetime, minutes: int) -> datetime:
    """When the next news is due: `minutes` of working time from `at`, so that nobody is reminded at night."""
    return clocks.default_calendar().add(at, timedelta(minutes=minutes))


def update(ticket: Ticket, *, text: str, update_minutes: int | None, actor: Actor) -> None:
    """New words: on the portal, and to the people of every open duplicate and part. Own and merged reporters hear
    the transition's own public message."""
    at = timezone.now()
    detail = IncidentDetail.objects.select_for_update(of=("self",)).get(ticket_id=ticket.pk, is_major=True)
    detail.public_notice = text
    detail.update_minutes = update_minutes or detail.update_minutes
    detail.next_update_at = next_update(at, detail.update_minutes)
    detail.save(update_fields=["public_notice", "update_minutes", "next_update_at"])
    tell_followers(ticket, text=text, actor=actor, at=at)


def end(ticket: Ticket, *, text: str, actor: Actor) -> None:
    """The notice goes; with `text`, everybody concerned hears it once more."""
    at = timezone.now()
    IncidentDetail.objects.filter(ticket_id=ticket.pk).update(is_major=False, ended_at=at, next_update_at=None)
    if text and not ticket.is_restricted:
        tell_followers(ticket, text=text, actor=actor, at=at)


def resumed(ticket: Ticket, at: datetime) -> None:
    """A reopened major incident owes its public some news now."""
    IncidentDetail.objects.filter(ticket_id=ticket.pk, is_major=True).update(next_update_at=at)


def followers(ticket: Ticket) -> list[Ticket]:
    """Open duplicates and parts of the incident, oldest first; a secret one is left alone."""
    linked = TicketLink.objects.filter(target_id=ticket.pk, type__in=FOLLOWING).values("source")
    open_ones = Ticket.objects.filter(Q(pk__in=linked), is_open__in=[True], is_restricted=False)
    return list(open_ones.exclude(pk=ticket.pk).order_by("pk"))


def follower_ids(ticket_id: int) -> list[int]:
    """Ids of the tickets that news of this one are written on."""
    ticket = Ticket.objects.filter(pk=ticket_id).first()
    return [each.pk for each in followers(ticket)] if ticket else []


def tell_followers(ticket: Ticket, *, text: str, actor: Actor, at: datetime) -> int:
    """Write the news on every follower; who reports several of these tickets is sent them once. How many tickets."""
    told = _hearers(ticket)
    found = followers(ticket)
    for each in found:
        follower = workflow.lock(each.pk, SYSTEM)
        message = messages.append(
            follower, actor=actor, text=text, visibility=Visibility.PUBLIC, direction=Direction.OUT, at=at
        )
        workflow.save(follower, at)
        notices.reply(follower, message, without=frozenset(told))
        told |= _hearers(follower)
    return len(found)


def _hearers(ticket: Ticket) -> set[int]:
    """Contacts whom a public reply on this ticket reaches."""
    participants = Participant.objects.filter(ticket_id=ticket.pk, hears_replies=True)
    return {ticket.requester_id, *participants.values_list("contact_id", flat=True)}
