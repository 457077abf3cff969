"""Ticket numbers and access codes."""

import secrets
from contextlib import suppress
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tickets.choices import RESTRICTED
from tickets.models.settings import NumberSequence

# No I, L, O, U, 0, 1: read aloud on the telephone and typed on a small screen.
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
CODE_LENGTH = 10
RESTRICTED_PREFIX = "RHS"


def access_code() -> str:
    """A random code of 10 letters and digits (49 bits); tracking is rate-limited on top."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def next_number(kind: str, confidentiality: str, at: datetime) -> str:
    """The next number of that kind, e.g. GGN-2026-000123, unique under concurrency.

    A restricted ticket gets a random number outside the sequence, so that nobody sees a gap in it.
    """
    year = timezone.localtime(at).year
    if confidentiality in RESTRICTED:
        tail = "".join(secrets.choice(ALPHABET) for _ in range(8))
        return f"{RESTRICTED_PREFIX}-{year}-{tail}"
    sequence = reserve(kind, year, 1)
    return f"{sequence.prefix}-{year}-{sequence.last:06d}"


def reserve(kind: str, year: int, count: int) -> NumberSequence:
    """Take `count` numbers; `last` is the highest of them. The row is locked until the transaction ends."""
    taken = _advance(kind, year, count)
    if taken is None:
        with suppress(IntegrityError), transaction.atomic():  # another transaction may be making the same row
            NumberSequence.objects.create(kind=kind, year=year, prefix=_prefix(kind), last=0)
        taken = _advance(kind, year, count)
    if taken is None:
        raise NumberSequence.DoesNotExist
    return taken


def _advance(kind: str, year: int, count: int) -> NumberSequence | None:
    """Move the row on and read it in one statement, as every new ticket does; None when there is no row."""
    table = connection.ops.quote_name(NumberSequence._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET last = last + %s WHERE kind = %s AND year = %s RETURNING id, prefix, last",  # noqa: S608
            [count, kind, year],
        )
        row = cursor.fetchone()
    return NumberSequence(id=row[0], kind=kind, year=year, prefix=row[1], last=row[2]) if row else None


def _prefix(kind: str) -> str:
    """The prefix an administrator last chose for the kind, else the kind's own."""
    from tickets.kinds import machine_of

    newest = NumberSequence.objects.filter(kind=kind).order_by("-year").first()
    return newest.prefix if newest else machine_of(kind).PREFIX
