"""Working a revision through: one chunk of open clocks per transaction, in any number of processes.

Whoever holds the lock of the revision's row does the next chunk and moves its cursor in the same transaction. A worker
that dies leaves nothing half done, and the next one goes on from there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core import bulk
from sla import calendars
from sla.models import Clock, Revision, RevisionMove
from tickets.clocks import sync_clocks
from tickets.models import Ticket
from tickets.revisions import telling
from tickets.revisions.plans import Plan, plan_of
from tickets.revisions.proposals import STALE
from tickets.revisions.rows import Change, Reader, open_clocks, write_clocks

CHUNK = 2000
"""Clocks per transaction: its tickets are locked for about a fifth of a second."""


@dataclass(slots=True)
class MoveRow:
    """A row of sla.RevisionMove."""

    revision_id: int
    clock_id: int
    old_due_at: datetime | None
    new_due_at: datetime | None
    id: int = 0


def work(limit: int = 20, size: int = CHUNK) -> int:
    """Do up to `limit` chunks of whatever is to be tried or applied. Returns how many were done."""
    done = 0
    while done < limit and _step(size):
        done += 1
    return done


def _step(size: int) -> bool:
    revision = None
    try:
        # One transaction without savepoints: while one is open, SQLite copies every page for every row that is written.
        with bulk.collector_paused(), transaction.atomic():
            revision = _claim()
            if revision is not None:
                _do_chunk(revision, size)
    except ValueError as error:  # hours by which a deadline lies beyond all time
        if revision is None:
            raise
        _fail(revision, _("Tenggat tidak dapat dihitung menurut jam kerja ini: %(error)s") % {"error": error})
    return revision is not None


def _do_chunk(revision: Revision, size: int) -> None:
    plan = plan_of(revision)
    if revision.state == Revision.State.APPLYING:
        _apply_chunk(revision, plan, size)
    elif plan.version() != revision.base:
        _fail(revision, str(STALE))
    else:
        _try_chunk(revision, plan, size)


def _claim() -> Revision | None:
    """What is being applied goes first; until that is finished nothing is tried, for it would be compared with
    deadlines that are half old, half new."""
    skip = connection.features.has_select_for_update_skip_locked
    busy = Revision.objects.filter(state__in=[Revision.State.APPLYING, Revision.State.PREVIEWING])
    applying = busy.filter(state=Revision.State.APPLYING)
    wanted = applying if applying.exists() else busy
    found = wanted.order_by("pk").select_for_update(of=("self",), skip_locked=skip).first()
    return Revision.objects.select_related("calendar", "policy").get(pk=found.pk) if found else None


@transaction.atomic
def _fail(revision: Revision, sentence: str) -> None:
    """Give it up, unless somebody else finished it or gave it up before."""
    busy = [Revision.State.APPLYING, Revision.State.PREVIEWING]
    held = Revision.objects.select_for_update().filter(pk=revision.pk, state__in=busy).first()
    if held is not None:
        held.state, held.error, held.finished_at = Revision.State.FAILED, sentence[:500], timezone.now()
        held.save(update_fields=["state", "error", "finished_at"])


def _try_chunk(revision: Revision, plan: Plan, size: int) -> None:
    """List what would move; nothing but the list is written."""
    ids = _next(revision, plan, size)
    if not ids:
        _finish(revision, Revision.State.READY)
        return
    ours = set(ids)
    rows = [row for row in open_clocks(_tickets_of(ids)) if row.pk in ours]
    moves = [change for change in plan.changes(rows, timezone.now()) if change.moves]
    _add_moves(revision, moves)
    if plan.brings_metrics:
        _count_beginning(revision, plan.beginning(_first_here(ours)))
    _advance(revision, ids, moves)


def _apply_chunk(revision: Revision, plan: Plan, size: int) -> None:
    """Refresh the clocks of the tickets that these clocks belong to.

    All clocks of a ticket go together, so that its history gets one entry; a ticket that has one from this revision is
    done. The tickets are locked first, as everywhere.
    """
    ids = _next(revision, plan, size)
    if not ids:
        revision.moves.filter(clock_id__gt=revision.cursor).exclude(
            clock__ticket__in=telling.told_at_all(revision)
        ).delete()
        _finish(revision, Revision.State.DONE)
        return
    at = timezone.now()
    tickets = telling.lock(_tickets_of(ids))
    done = telling.told(revision, tickets)
    rows = open_clocks(set(tickets) - done)
    changes = plan.changes(rows, at)
    write_clocks(changes, at)
    begun = _begin(revision, plan, set(tickets) - done, at)
    rows += [change.clock for change in begun]
    moves = [change for change in (*changes, *begun) if change.moves]
    telling.tell(revision, tickets, rows, moves, at)
    _correct_moves(revision, ids, moves, done)
    _advance(revision, ids, moves)


def _begin(revision: Revision, plan: Plan, ticket_ids: set[int], at: datetime) -> list[Change]:
    """Start the clocks that the tickets (locked) lack, with what they have lived through; their changes are told."""
    beginning = plan.beginning(ticket_ids) if plan.brings_metrics else {}
    if not beginning:
        return []
    before = set(Clock.objects.filter(ticket_id__in=beginning).values_list("pk", flat=True))
    for ticket in Ticket.objects.filter(pk__in=beginning):
        sync_clocks(ticket, at)
    _count_beginning(revision, beginning)
    reader = Reader(calendars.load, at)
    new = [row for row in open_clocks(beginning) if row.pk not in before]
    return [change for row in new if (change := reader.change(row, None))]


def _first_here(clock_ids: set[int]) -> set[int]:
    """Tickets whose first open clock is one of these: each ticket is looked at in one chunk."""
    firsts = Clock.objects.filter(ticket_id__in=_tickets_of(list(clock_ids)), is_stopped=False).values("ticket")
    rows = firsts.annotate(first=Min("pk")).values_list("ticket", "first")
    return {ticket for ticket, first in rows if first in clock_ids}


def _count_beginning(revision: Revision, beginning: Mapping[int, set[str]]) -> None:
    """Clocks that begin, but for restricted tickets, which leave no trace in figures."""
    shown = Ticket.objects.filter(pk__in=beginning, is_restricted__in=[False]).values_list("pk", flat=True)
    result = revision.payload.get("result") or {}
    count = sum(len(beginning[pk]) for pk in shown)
    revision.payload["result"] = {**result, "begin": result.get("begin", 0) + count}


def _next(revision: Revision, plan: Plan, size: int) -> list[int]:
    if not revision.cursor:
        revision.total = plan.count()
    return plan.candidates(revision.cursor, size)


def _tickets_of(clock_ids: list[int]) -> set[int]:
    found = Clock.objects.filter(bulk.Among("pk", clock_ids))
    return {ticket_id for (ticket_id,) in bulk.read(found, "ticket_id")}


def _add_moves(revision: Revision, moves: Iterable[Change]) -> None:
    rows = [MoveRow(revision.pk, change.clock.pk, change.old_due_at, change.shown.due_at) for change in moves]
    bulk.number(RevisionMove, rows)
    bulk.insert(RevisionMove, rows)


def _correct_moves(revision: Revision, ids: list[int], moves: list[Change], done: set[int]) -> None:
    """Let the list say what did move: tickets changed, or were finished, since the dry run.

    In the range of this chunk what did not move is taken from it, but for tickets that are done already.
    """
    moved = {change.clock.pk: change for change in moves}
    in_range = Q(clock_id__gt=revision.cursor, clock_id__lte=ids[-1])
    listed = revision.moves.filter(in_range | Q(clock_id__in=[pk for pk in moved if pk > ids[-1]]))
    gone = []
    for pk, clock_id, ticket_id, *dues in bulk.read(
        listed, "pk", "clock_id", "clock__ticket_id", "old_due_at", "new_due_at"
    ):
        change = moved.get(clock_id)
        if change and dues == [change.old_due_at, change.shown.due_at]:
            del moved[clock_id]
        elif ticket_id not in done:
            gone.append(pk)
    RevisionMove.objects.filter(pk__in=gone).delete()
    _add_moves(revision, moved.values())


def _advance(revision: Revision, ids: list[int], moves: list[Change]) -> None:
    """Count and go on. What is counted is what keepers see: tickets that are restricted leave no trace in figures."""
    ours = {change.clock.ticket_id for change in moves}
    found = Ticket.objects.filter(bulk.Among("pk", ours), is_restricted__in=[True])
    restricted = {pk for (pk,) in bulk.read(found, "pk")}
    shown = [change for change in moves if change.clock.ticket_id not in restricted]
    revision.cursor = ids[-1]
    revision.checked += len(ids)
    revision.total = max(revision.total, revision.checked)
    revision.moved += len(shown)
    revision.payload["result"] = _result(revision.payload.get("result") or {}, shown)
    revision.save(update_fields=["cursor", "checked", "total", "moved", "payload"])


def _result(before: dict[str, int], moves: list[Change]) -> dict[str, int]:
    """How many come later and earlier, and by how many seconds at most."""
    shifts = [_shift(change.old_due_at, change.shown.due_at) for change in moves]
    return {
        **before,
        "later": before.get("later", 0) + sum(shift > 0 for shift in shifts),
        "earlier": before.get("earlier", 0) + sum(shift < 0 for shift in shifts),
        "farthest": max([before.get("farthest", 0), *shifts], key=abs),
    }


def _shift(old: datetime | None, new: datetime | None) -> int:
    return int((new - old).total_seconds()) if old and new else 0


def _finish(revision: Revision, state: str) -> None:
    revision.state, revision.checked = state, revision.total
    if state == Revision.State.DONE:
        revision.finished_at = timezone.now()
    revision.save(update_fields=["state", "checked", "total", "finished_at"])
