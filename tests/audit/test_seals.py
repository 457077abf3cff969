"""The daily seal: each finished day once, over everything that was written."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import leases
from tests import factories
from tests.races import errors, together
from tickets import timeline
from tickets.actors import SYSTEM
from tickets.audit import seals, verify
from tickets.models import AuditSeal, Ticket, TimelineEntry

JAKARTA = ZoneInfo("Asia/Jakarta")
MONDAY = date(2026, 3, 2)


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """An instant in the week of Monday, 2 March 2026, local time."""
    return datetime(2026, 3, 2 + day, hour, minute, tzinfo=JAKARTA)


def write(ticket: Ticket, moment: datetime) -> TimelineEntry:
    entry = timeline.record(ticket, code=timeline.CHANGED, actor=SYSTEM, at=moment, changes={"n": ["", "x"]})
    Ticket.objects.filter(pk=ticket.pk).update(history_length=ticket.history_length)
    return entry


@pytest.fixture
def ticket(cast):
    return factories.ticket(received_at=at(0))


def test_without_history_there_is_nothing_to_seal(db):
    assert seals.seal_due(at(1)) == 0


def test_a_day_is_sealed_once_and_only_when_it_is_over(ticket):
    assert seals.seal_due(at(0, 23)) == 1  # the first seal takes what was before today
    assert AuditSeal.objects.get().day == MONDAY - timedelta(days=1)
    assert seals.seal_due(at(1, 0, 9)) == 0  # work of midnight may still be under way
    assert seals.seal_due(at(1, 0, 11)) == 1
    assert seals.seal_due(at(1, 12)) == 0


def test_the_first_seal_covers_everything_before_it(ticket):
    last = write(ticket, at(2))
    assert seals.seal_due(at(3)) == 1
    seal = AuditSeal.objects.get()
    assert (seal.day, seal.last_entry_id, seal.entries) == (MONDAY + timedelta(days=2), last.pk, 3)
    assert seal.previous == "" and seal.digest == seals.digest_of(seal)


def test_days_without_a_worker_are_caught_up_one_by_one(ticket):
    assert seals.seal_due(at(1)) == 1
    tuesday, thursday = write(ticket, at(1)), write(ticket, at(3))
    assert seals.seal_due(at(5)) == 4
    found = list(AuditSeal.objects.order_by("day"))
    assert [seal.day for seal in found] == [MONDAY + timedelta(days=n) for n in range(5)]
    assert [seal.entries for seal in found] == [2, 1, 0, 1, 0]
    assert [seal.last_entry_id for seal in found][1:] == [tuesday.pk, tuesday.pk, thursday.pk, thursday.pk]
    assert all(later.previous == earlier.digest for earlier, later in pairwise(found))
    assert verify.verify().broken is None


def test_an_entry_dated_back_is_sealed_with_the_day_in_which_it_was_written(ticket):
    seals.seal_due(at(1))
    late = write(ticket, at(0, 8))
    seals.seal_due(at(2))
    assert AuditSeal.objects.latest("day").last_entry_id == late.pk
    assert verify.verify().broken is None


def test_an_entry_dated_ahead_does_not_hold_up_the_sealing(ticket):
    seals.seal_due(at(1))
    write(ticket, at(1) + timedelta(days=300))
    usual = write(ticket, at(1))
    seals.seal_due(at(2))
    assert AuditSeal.objects.latest("day").last_entry_id == usual.pk
    assert AuditSeal.objects.latest("day").entries == 2


def test_while_another_worker_seals_this_one_waits(ticket):
    assert leases.hold(seals.LEASE, 60, holder="yang-lain")
    assert seals.seal_due(at(1)) == 0


def test_a_lost_race_for_the_day_makes_no_second_seal(ticket, monkeypatch):
    monkeypatch.setattr(leases, "hold", lambda *a, **k: True)
    seals.seal_due(at(1))
    assert seals._seal(MONDAY, None, 99) is None
    assert AuditSeal.objects.count() == 1


def test_many_entries_are_read_in_chunks(ticket, monkeypatch):
    for _n in range(5):
        write(ticket, at(0))
    whole = seals.content_of(0, 10**9)
    monkeypatch.setattr(seals, "CHUNK", 2)
    assert seals.content_of(0, 10**9) == whole
    assert whole.entries == 7


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_seal_each_day():
    factories.basics()
    write(factories.ticket(received_at=at(0)), at(0))
    assert not errors(together(lambda: seals.seal_due(at(1)), lambda: seals.seal_due(at(1))))
    assert AuditSeal.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_never_below_a_seal_unseen():
    """The seal waits for writers that drew a lower id; one that stays open too long postpones it."""
    import threading

    factories.basics()
    slow, quick = factories.ticket(received_at=at(0)), factories.ticket(received_at=at(0))
    written, finish = threading.Event(), threading.Event()

    def write_slowly():
        try:
            with transaction.atomic():
                write(slow, at(0, 10))
                written.set()
                finish.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert written.wait(10)
    write(quick, at(0, 11))  # a higher id, committed first
    assert seals.seal_due(at(1)) == 0 and not AuditSeal.objects.exists()
    finish.set()
    writer.join(10)
    assert seals.seal_due(at(1)) == 1
    assert AuditSeal.objects.get().entries == TimelineEntry.objects.count() == 6
    assert verify.verify().broken is None


def test_the_worker_seals(ticket):
    from servicedesk import worker

    job = next(job for job in worker.jobs() if job.name == "audit seals")
    assert job.run() == 1
    assert AuditSeal.objects.get().day == timezone.localdate(timezone.now() - seals.GRACE) - timedelta(days=1)
