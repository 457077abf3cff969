"""Finding the first place where history is not as it was written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, cast

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from tickets.audit import seals
from tickets.models import AuditSeal, Ticket, TimelineEntry
from tickets.timeline import digest_of

BATCH = 1000
"""Tickets read at a time; entries stream beside them, so that memory does not grow with the table."""
COLUMNS = (
    "ticket_id", "position", "code", "actor_user_id", "actor_name", "channel", "is_public", "at", "changes",
    "previous", "digest",
)  # fmt: skip
Progress = Callable[[int], None]


class UnknownTicket(Exception):
    """There is no ticket of that number."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken place: a ticket's entry (`number`, `position`) or the seal of a `day`, and what is wrong."""

    problem: str
    number: str = ""
    position: int = 0
    day: date | None = None

    def __str__(self) -> str:
        if self.day is not None:
            return _("Segel %(day)s rusak: %(problem)s") % {"day": self.day.isoformat(), "problem": self.problem}
        return _("Riwayat %(number)s rusak mulai entri ke-%(position)d: %(problem)s") % {
            "number": self.number,
            "position": self.position,
            "problem": self.problem,
        }


@dataclass(slots=True)
class Report:
    """What was read, and the first broken place if there is one."""

    tickets: int = 0
    entries: int = 0
    seals: int = 0
    broken: Broken | None = None


def verify(*, number: str = "", since: date | None = None, progress: Progress | None = None) -> Report:
    """Check the chains of tickets, then the seals; stops at the first broken place.

    `number` checks one ticket alone. `since` checks the seals from that day on and the tickets with history that the
    seal before that day does not cover. `progress` is called with the number of tickets done, now and then.
    Raises UnknownTicket.
    """
    report = Report()
    tickets, anchor = Ticket.objects.all(), None
    if number:
        tickets = tickets.filter(number=number.strip().upper())
        if not tickets.exists():
            raise UnknownTicket(number)
    if since is not None:
        anchor = AuditSeal.objects.filter(day__lt=since).order_by("-day").first()
        if anchor is not None:
            recent = TimelineEntry.objects.filter(ticket_id=OuterRef("pk"), id__gt=anchor.last_entry_id)
            tickets = tickets.filter(Exists(recent))
    report.broken = _check_tickets(tickets, report, progress)
    if report.broken is None and not number:
        report.broken = _check_seals(anchor, report)
    return report


def _check_tickets(tickets: QuerySet[Ticket], report: Report, progress: Progress | None) -> Broken | None:
    after = 0
    while True:
        # Tickets first: an entry written meanwhile makes a history longer than expected, never shorter.
        rows = tickets.filter(pk__gt=after).order_by("pk").values_list("pk", "number", "history_length")
        batch = list(rows[:BATCH])
        if not batch:
            return None
        chains = groupby(_entries([row[0] for row in batch]), key=lambda entry: entry.ticket_id)
        current = next(chains, None)
        for pk, number, length in batch:
            own: Iterable[Any] = ()
            if current is not None and current[0] == pk:
                own = current[1]
            broken = _check_chain(number, length, own, report)
            if broken is not None:
                return broken
            if current is not None and current[0] == pk:
                current = next(chains, None)
            report.tickets += 1
        after = batch[-1][0]
        if progress:
            progress(report.tickets)


def _entries(ticket_ids: list[int]) -> Iterator[Any]:
    """The entries of these tickets as rows, in the order of tickets and positions."""
    wanted = TimelineEntry.objects.filter(ticket_id__gte=ticket_ids[0], ticket_id__lte=ticket_ids[-1])
    if ticket_ids[-1] - ticket_ids[0] >= 2 * len(ticket_ids):
        wanted = TimelineEntry.objects.filter(ticket_id__in=ticket_ids)
    known = set(ticket_ids)
    rows = wanted.order_by("ticket_id", "position").values_list(*COLUMNS, named=True)
    return (row for row in rows.iterator(chunk_size=5000) if row.ticket_id in known)


def _check_chain(number: str, length: int, entries: Iterable[Any], report: Report) -> Broken | None:
    position, previous = 0, ""
    for entry in entries:
        position += 1
        problem = _problem_of(entry, position, previous)
        if problem:
            return Broken(problem, number, position)
        previous = entry.digest
        report.entries += 1
    if position == 0:
        return Broken(_("seluruh riwayat hilang"), number, 1)
    if position < length:
        problem = _("entri terakhir hilang: tersisa %(found)d dari %(length)d") % {"found": position, "length": length}
        return Broken(problem, number, position + 1)
    return None


def _problem_of(entry: Any, position: int, previous: str) -> str:
    if entry.position != position:
        return _("entri ini hilang; berikutnya entri ke-%(next)d") % {"next": entry.position}
    if entry.digest != digest_of(cast(TimelineEntry, entry)):
        return _("isi entri (%(code)s) tidak cocok dengan sidik jarinya") % {"code": entry.code}
    if entry.previous != previous:
        return _("entri (%(code)s) tidak menyambung ke entri sebelumnya") % {"code": entry.code}
    return ""


def _check_seals(anchor: AuditSeal | None, report: Report) -> Broken | None:
    """Every seal after `anchor` (a seal taken as given) against the one before it and the entries it covers."""
    before = anchor
    found = AuditSeal.objects.filter(day__gt=anchor.day) if anchor else AuditSeal.objects.all()
    for seal in found.order_by("day").iterator(chunk_size=500):
        problem = _problem_of_seal(seal, before)
        if problem:
            return Broken(problem, day=seal.day)
        report.seals += 1
        before = seal
    return None


def _problem_of_seal(seal: AuditSeal, before: AuditSeal | None) -> str:
    if seal.digest != seals.digest_of(seal):
        return _("isi segel tidak cocok dengan sidik jarinya")
    if before is not None and seal.day != before.day + timedelta(days=1):
        return _("segel hari sebelumnya hilang")
    if seal.previous != (before.digest if before else ""):
        return _("tidak menyambung ke segel sebelumnya")
    content = seals.content_of(before.last_entry_id if before else seals.BEGINNING, seal.last_entry_id)
    if content.entries != seal.entries:
        return _("mencakup %(sealed)d entri, kini ada %(found)d: riwayat disisipi atau dibuang sesudah disegel") % {
            "sealed": seal.entries,
            "found": content.entries,
        }
    if content.root != seal.root:
        return _("riwayat yang dicakupnya diganti sesudah disegel")
    return ""
