"""The daily seal over the history of all tickets, each covering the seal before it."""

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from core import leases
from tickets.models import AuditSeal, TimelineEntry

logger = logging.getLogger(__name__)

GRACE = timedelta(minutes=10)
"""How long after midnight a day is sealed, so that work in progress at midnight still falls into its day."""
CHUNK = 5000
BEGINNING = -(2**63)
"""Below every id, also one that was never drawn from the sequence."""
LEASE = "audit seals"
LEASE_SECONDS = 300


def seal_due(now: datetime | None = None) -> int:
    """Seal every finished day (local time) that has no seal yet; returns how many seals were made.

    The first seal covers all history until then. Any number of workers may call this: the day is unique.
    """
    last_day = timezone.localdate((now or timezone.now()) - GRACE) - timedelta(days=1)
    newest = AuditSeal.objects.order_by("-day").first()
    if newest is not None and newest.day >= last_day:
        return 0
    if newest is None and not TimelineEntry.objects.exists():
        return 0
    if not leases.hold(LEASE, LEASE_SECONDS):
        return 0
    bound = settled_id()
    if bound is None:
        return 0
    made = 0
    day = newest.day + timedelta(days=1) if newest else last_day
    while day <= last_day:
        newest = _seal(day, newest, bound)
        if newest is None:
            break
        made += 1
        day += timedelta(days=1)
    return made


def settled_id() -> int | None:
    """The highest id below which no entry can appear any more; None when long transactions did not end in time.

    On PostgreSQL ids are drawn before commit and so become visible in any order. A SHARE lock on the table is granted
    when every transaction that has written to it is over, and whoever writes next draws a higher id. On SQLite
    there is one writer at a time, and `atomic` waits for it.
    """
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '3s'")
                    cursor.execute(f"LOCK TABLE {TimelineEntry._meta.db_table} IN SHARE MODE")
            return TimelineEntry.objects.aggregate(last=Max("id"))["last"] or 0
    except OperationalError:
        logger.info("audit seal postponed: transactions on the history are still open")
        return None


def _seal(day: date, before: AuditSeal | None, bound: int) -> AuditSeal | None:
    """Write the seal of one day; None when another worker was faster."""
    after, previous = (before.last_entry_id, before.digest) if before else (BEGINNING, "")
    last = _last_id_of(day, after, bound)
    content = content_of(after, last)
    seal = AuditSeal(
        day=day, last_entry_id=last, entries=content.entries, root=content.root, previous=previous
    )  # fmt: skip
    seal.digest = digest_of(seal)
    try:
        with transaction.atomic():
            seal.save(force_insert=True)
    except IntegrityError:
        return None
    # The log usually leaves this machine: who rewrites the database does not rewrite it too.
    logger.info("audit seal %s: %s entries, digest %s", day, seal.entries, seal.digest)
    return seal


def _last_id_of(day: date, after: int, bound: int) -> int:
    """The last entry of the day in the order of ids; entries dated back that were written since belong to it too."""
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    found = TimelineEntry.objects.filter(id__gt=after, id__lte=bound, at__lt=end).order_by("-id")
    return found.values_list("id", flat=True).first() or after


@dataclass(frozen=True, slots=True)
class Content:
    """What a seal covers: how many entries, and the SHA-256 over their digests in the order of ids."""

    entries: int
    root: str


def content_of(after: int, last: int) -> Content:
    """The content of the entries with `after` < id <= `last`, read in chunks. Holds no transaction open."""
    digest, entries = hashlib.sha256(), 0
    while after < last:
        rows = list(
            TimelineEntry.objects.filter(id__gt=after, id__lte=last).order_by("id").values_list("id", "digest")[:CHUNK]
        )
        if not rows:
            break
        digest.update("".join(row[1] for row in rows).encode())
        entries += len(rows)
        after = rows[-1][0]
    return Content(entries, digest.hexdigest())


def digest_of(seal: AuditSeal) -> str:
    """SHA-256 over the seal's facts and the digest of the seal before it, as canonical JSON."""
    facts = [seal.previous, seal.day.isoformat(), seal.last_entry_id, seal.entries, seal.root]
    return hashlib.sha256(json.dumps(facts, separators=(",", ":")).encode()).hexdigest()


def covering(entry_id: int) -> AuditSeal | None:
    """The seal that covers an entry, if its day is sealed already."""
    return AuditSeal.objects.filter(last_entry_id__gte=entry_id).order_by("day").first()
