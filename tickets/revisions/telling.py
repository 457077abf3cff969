"""What a revision leaves on tickets: their cached deadline, one entry in their history, a ping to open screens."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from django.db.models import F, QuerySet

from core import bulk
from notify.push import QUEUE, RESTRICTED_QUEUE, push, ticket_group
from sla.models import Clock, Revision
from tickets import timeline
from tickets.actors import Actor
from tickets.choices import Channel
from tickets.clocks import put_due
from tickets.models import Ticket, TimelineEntry
from tickets.revisions.rows import Change, OpenClock

PINGED = 200
"""Open ticket pages are told one by one up to so many tickets in a chunk; beyond that the queue alone is."""


@dataclass(slots=True)
class LockedTicket:
    """What of a ticket is read and written here; the names are those of the model."""

    pk: int
    is_restricted: bool
    history_length: int
    due_at: datetime | None = None
    sort_due_at: datetime | None = None


@dataclass(slots=True)
class Entry:
    """A row of tickets.TimelineEntry."""

    ticket_id: int
    position: int
    code: str
    actor_user_id: int | None
    actor_name: str
    channel: str
    at: datetime
    changes: dict[str, Any]
    previous: str
    digest: str = ""
    is_public: bool = False
    id: int = 0


def lock(ticket_ids: Iterable[int]) -> dict[int, LockedTicket]:
    """Hold these tickets until the end of the transaction, in the order of ids."""
    rows = Ticket.objects.select_for_update(of=("self",)).filter(bulk.Among("pk", ticket_ids)).order_by("pk")
    found = bulk.read(rows, "pk", "is_restricted", "history_length")
    return {row[0]: LockedTicket(*row) for row in found}


def told_at_all(revision: Revision) -> QuerySet[TimelineEntry, int]:
    """Ids of tickets that have this revision's entry."""
    entries = TimelineEntry.objects.filter(code=timeline.RECOMPUTED, changes__revision=revision.pk)
    return entries.values_list("ticket_id", flat=True)


def told(revision: Revision, ticket_ids: Iterable[int]) -> set[int]:
    return set(told_at_all(revision).filter(bulk.Among("ticket_id", ticket_ids)))


def tell(
    revision: Revision,
    tickets: dict[int, LockedTicket],
    rows: Sequence[OpenClock],
    moves: Sequence[Change],
    at: datetime,
) -> None:
    """Write the deadlines that moved onto their tickets (locked), and why into their histories."""
    moved: dict[int, list[Change]] = defaultdict(list)
    for change in moves:
        moved[change.clock.ticket_id].append(change)
    clocks: dict[int, list[OpenClock]] = defaultdict(list)
    for row in rows:
        clocks[row.ticket_id].append(row)
    changed = [tickets[pk] for pk in sorted(moved)]
    for ticket in changed:
        put_due(cast(Ticket, ticket), cast(list[Clock], clocks[ticket.pk]))
    _record(revision, changed, moved, at)
    bulk.update(
        Ticket,
        ("due_at", "sort_due_at", "history_length"),
        [(ticket.due_at, ticket.sort_due_at, ticket.history_length, ticket.pk) for ticket in changed],
    )
    _announce(changed)


def _record(
    revision: Revision, tickets: Sequence[LockedTicket], moved: dict[int, list[Change]], at: datetime
) -> None:  # fmt: skip
    """One entry a ticket, chained to the last one as `timeline.record` does."""
    if not tickets:
        return
    actor = Actor(user=revision.applied_by, channel=Channel.SYSTEM)
    ends = _ends(ticket.pk for ticket in tickets)
    entries = []
    for ticket in tickets:
        position, previous = ends.get(ticket.pk, (0, ""))
        entry = Entry(
            ticket_id=ticket.pk,
            position=position + 1,
            code=timeline.RECOMPUTED,
            actor_user_id=revision.applied_by_id,
            actor_name=actor.name[:150],
            channel=actor.channel,
            at=at,
            changes=_changes(revision, moved[ticket.pk]),
            previous=previous,
        )
        entry.digest = timeline.digest_of(cast(TimelineEntry, entry))
        ticket.history_length = entry.position
        entries.append(entry)
    bulk.number(TimelineEntry, entries)
    bulk.insert(TimelineEntry, entries)


def _ends(ticket_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Ticket → position and digest of its last entry; read by the length of the history, and by hand where that is
    not what is there."""
    wanted = set(ticket_ids)
    rows = TimelineEntry.objects.filter(bulk.Among("ticket_id", wanted), position__gte=F("ticket__history_length"))
    ends = bulk.read(rows.order_by("position"), "ticket_id", "position", "digest")
    found: dict[int, tuple[int, str]] = {ticket_id: (position, digest) for ticket_id, position, digest in ends}
    for ticket_id in wanted - set(found):
        last = TimelineEntry.objects.filter(ticket_id=ticket_id).order_by("-position")
        end = last.values_list("position", "digest").first()
        if end:
            found[ticket_id] = end
    return found


def _changes(revision: Revision, moves: Sequence[Change]) -> dict[str, Any]:
    return {
        "revision": revision.pk,
        "reason": revision.summary,
        "dues": [[change.clock.metric, _iso(change.old_due_at), _iso(change.shown.due_at)] for change in moves],
    }


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def _announce(tickets: Sequence[LockedTicket]) -> None:
    for group, of in ((QUEUE, False), (RESTRICTED_QUEUE, True)):
        if any(ticket.is_restricted is of for ticket in tickets):
            push(group, {"type": "queue"})
    if len(tickets) <= PINGED:
        for ticket in tickets:
            push(ticket_group(ticket.pk), {"type": "ticket", "id": ticket.pk})
