"""Minutes that people of the staff spent on a ticket."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.models import Ticket, TimeEntry

MAX_MINUTES = 24 * 60
OLDEST_DAYS = 31


@transaction.atomic
def add(
    *, ticket_id: int, actor: Actor | User, minutes: int, spent_on: date | None = None, note: str = ""
) -> TimeEntry:
    """Note minutes of one's own work, of today or of the past month. Raises NotVisible, Forbidden or InvalidInputs."""
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if who.user is None or not access.allowed(who, Action.NOTE, ticket):
        raise Forbidden(_("Anda tidak berwenang mencatat waktu kerja di tiket ini."))
    today = timezone.localdate()
    day = spent_on or today
    if not 1 <= minutes <= MAX_MINUTES:
        raise _wrong("minutes", _("Tulis 1 sampai %(count)d menit.") % {"count": MAX_MINUTES})
    if not today - timedelta(days=OLDEST_DAYS) <= day <= today:
        raise _wrong("spent_on", _("Tanggalnya hari ini atau paling lama sebulan yang lalu."))
    at = timezone.now()
    entry = TimeEntry.objects.create(
        ticket_id=ticket.pk, user=who.user, minutes=minutes, spent_on=day, note=note.strip()[:200], created_at=at
    )
    timeline.record(ticket, code=timeline.TIME_SPENT, actor=who, at=at, changes={"minutes": minutes})
    workflow.save(ticket, at)
    return entry


@transaction.atomic
def remove(*, ticket_id: int, entry_id: int, actor: Actor | User) -> None:
    """Take back an entry of one's own on the day it was made. Raises NotVisible, Forbidden or WrongState."""
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    entry = TimeEntry.objects.filter(pk=entry_id, ticket_id=ticket.pk).first()
    if entry is None or not access.allowed(who, Action.SEE_INTERNAL, ticket):
        raise NotVisible(_("Catatan waktu tidak ditemukan."))
    if who.user is None or entry.user_id != who.user.pk:
        raise Forbidden(_("Catatan waktu orang lain tidak dapat dihapus."))
    if not may_remove(entry, who.user):
        raise WrongState(_("Catatan waktu hanya dapat dihapus pada hari pencatatannya."))
    at = timezone.now()
    timeline.record(ticket, code=timeline.TIME_REMOVED, actor=who, at=at, changes={"minutes": entry.minutes})
    entry.delete()
    workflow.save(ticket, at)


def may_remove(entry: TimeEntry, user: User) -> bool:
    return entry.user_id == user.pk and timezone.localdate(entry.created_at) == timezone.localdate()


def total(ticket: Ticket) -> int:
    """All minutes on the ticket."""
    return TimeEntry.objects.filter(ticket_id=ticket.pk).aggregate(sum=Sum("minutes"))["sum"] or 0


def _wrong(field: str, reason: str) -> InvalidInputs:
    return InvalidInputs(reason, {field: [reason]})
