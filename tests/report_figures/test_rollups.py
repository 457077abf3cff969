"""Kept sums: equal to a live count whatever happens in between, used where they are true, and only there."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from core import leases
from reports import rollups, triggers
from reports.figures import ALL, measures
from reports.figures.measures import PARTS
from reports.figures.source import KEPT_DIMENSIONS, _live, count, days_of, plan_of
from reports.models import Bucket, Changed, RollupCell, unpack
from sla.models import Clock
from tests import factories
from tests.report_figures.conftest import MARCH, asks, keep_all, local
from tickets.errors import TicketError
from tickets.models import Spell, Ticket
from tickets.workflow import perform

pytestmark = pytest.mark.slow


def plan(now=None, part="clocks"):
    return plan_of(*MARCH, now or timezone.now(), part)


def live(now=None, part="clocks"):
    """The days of March that are counted live."""
    return {day for first, last in plan(now, part).days for day in days_of(first, last)}


def answers(asked):
    """Every sum there is, as answered and as counted afresh."""
    for part in PARTS:
        for dimension in (ALL, "month", *KEPT_DIMENSIONS):
            yield (part, dimension), count(asked, part, dimension), _live(asked, part, dimension, asked.tickets())


def without_noughts(sums):
    return {value: +counters for value, counters in sums.items() if +counters}


def check(*questions):
    for asked in questions:
        for what, answered, fresh in answers(asked):
            assert without_noughts(answered) == without_noughts(fresh), (what, asked)


def test_days_are_kept_and_a_finished_month_as_one(cast, week, at):
    keep_all()
    now = timezone.now()
    first = Bucket.objects.order_by("first").first().first
    assert first == local(2, 8).date(), "nothing before the first ticket"
    assert Bucket.objects.filter(grain="day").count() == 4, "today is counted live"
    assert [(a.day, b.day) for a, b in plan(now).days] == [(1, 1), (6, 31)]
    at(local(5, 12, month=4))
    keep_all()
    made = set(Bucket.objects.filter(grain="month").values_list("first", flat=True))
    assert not made, "March began before the first ticket"
    factories.ticket(received_at=local(20, 8, month=2))
    keep_all()
    made = set(Bucket.objects.filter(grain="month").values_list("first", flat=True))
    assert made == {MARCH[0]}
    assert len(plan().buckets) == 1 and plan().days == []
    check(asks(cast.pimpinan), asks(cast.pimpinan, start=local(15, 0, month=2).date(), end=local(20, 0).date()))


def test_a_change_makes_its_day_live_and_the_month_untrue(cast, week, at):
    factories.ticket(received_at=local(20, 8, month=2))
    at(local(5, 12, month=4))
    keep_all()
    assert not Changed.objects.exists()
    perform(week.idle.pk, "start", cast.agen)
    assert plan().days == [(local(2, 0).date(), local(2, 0).date())] and len(plan().buckets) == 30
    check(asks(cast.pimpinan))
    keep_all()
    assert plan().days == [] and len(plan().buckets) == 1
    check(asks(cast.pimpinan))


def test_what_no_figure_counts_leaves_the_sums_true(cast, week):
    keep_all()
    Changed.objects.all().delete()
    Ticket.objects.filter(pk=week.idle.pk).update(subject="Lain", version=9)
    Clock.objects.filter(ticket=week.idle).update(next_event_at=None)
    assert not Changed.objects.exists()


@pytest.mark.parametrize("change", [
    lambda pk: Ticket.objects.filter(pk=pk).update(priority=4),
    lambda pk: Ticket.objects.filter(pk=pk).update(created_at=local(3, 12)),
    lambda pk: Clock.objects.filter(ticket=pk).update(due_at=local(1, 1)),
    lambda pk: Clock.objects.filter(ticket=pk).delete(),
    lambda pk: Spell.objects.filter(ticket=pk).update(work_seconds=99, ended_at=local(5, 9)),
    lambda pk: Clock.objects.create(ticket_id=pk, metric="update", started_at=local(2, 13), due_at=local(1, 1)),
    lambda pk: factories.ticket(received_at=local(2, 14)),
])  # fmt: skip
def test_no_way_of_writing_goes_unnoticed(cast, week, change):
    keep_all()
    change(week.idle.pk)
    assert local(2, 0).date() in live()
    check(asks(cast.pimpinan))
    keep_all()
    check(asks(cast.pimpinan))


def test_a_deadline_that_passes_makes_its_day_live_although_no_row_changed(cast, at):
    at(local(2, 8))
    factories.ticket()  # response due Mon 09.00, solution due Tue 08.30
    at(local(3, 8, 30))
    keep_all()
    day = local(2, 0).date()
    cell = RollupCell.objects.get(part="clocks", dimension=ALL, kind="", bucket__first=day)
    assert unpack(cell.packed)[""] == {"response.breached": 1, "resolution.running": 1}
    assert day not in live(), "due at this very instant is not late"
    late = at(local(3, 8, 31))
    assert day in live(late) and day not in live(late, "spells")
    check(asks(cast.pimpinan))
    assert rollups.work(limit=100) >= 1
    assert day not in live(late)
    check(asks(cast.pimpinan))


def test_sums_from_the_future_are_not_used(cast, week):
    keep_all()
    assert plan(local(6, 8)).buckets == {}


def test_generated_volume_leaves_nothing_believed(cast, week):
    keep_all()
    with triggers.resting():
        Ticket.objects.filter(pk=week.idle.pk).update(priority=4)
    assert triggers.are_complete()
    check(asks(cast.pimpinan))


def test_sums_counted_in_another_way_are_not_used_and_counted_again(cast, week, monkeypatch):
    keep_all()
    monkeypatch.setattr(measures, "VERSION", measures.VERSION + 1)
    assert plan().buckets == {}
    keep_all()
    assert len(plan().buckets) == 4 == Bucket.objects.count()


def test_marks_of_today_do_not_pile_up(cast, week):
    keep_all()
    factories.ticket()
    assert Changed.objects.exists()
    rollups.work()
    assert not Changed.objects.exists() and local(6, 0).date() in live()
    check(asks(cast.pimpinan))


def test_the_work_goes_in_steps_and_newest_first(cast, week):
    assert rollups.work(limit=2) == 2
    assert sorted(day.day for day in Bucket.objects.values_list("first", flat=True)) == [4, 5]
    assert rollups.work(limit=100) == 2 and rollups.work() == 0


def test_one_worker_counts_at_a_time(cast, week):
    assert leases.hold(rollups.LEASE, 60, holder="another")
    assert rollups.work() == 0 and not Bucket.objects.exists()


def test_a_change_during_the_count_is_counted_again(cast, week, monkeypatch):
    measured = rollups.measure

    def and_then_something_happens(part, *rest):
        found = measured(part, *rest)
        if part == "clocks":
            Ticket.objects.filter(pk=week.idle.pk).update(priority=4)
        return found

    Ticket.objects.filter(pk=week.idle.pk).update(priority=1)
    Changed.objects.all().delete()
    monkeypatch.setattr(rollups, "measure", and_then_something_happens)
    rollups.make_day(local(2, 0).date())
    assert Changed.objects.count() == 1
    check(asks(cast.pimpinan))


def test_triggers_stand_after_all_migrations(db):
    """A migration that rebuilds a watched table on SQLite drops them: it must call `triggers.create` again."""
    assert triggers.are_complete()


def test_missing_triggers_are_made_again_and_nothing_kept_is_believed(cast, week):
    keep_all()
    with connection.cursor() as cursor:
        on = " ON sla_clock" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER reports_clock_update{on}")
    Clock.objects.filter(ticket=week.idle).update(elapsed_seconds=7, is_stopped=True, state="met")
    assert rollups.work(limit=100) == 4 and triggers.are_complete()
    check(asks(cast.pimpinan))


STEPS = ("start", "hold", "resume", "resolve", "reopen", "close", "cancel", "reassign")
INPUTS = {
    "hold": {"reason": "third_party", "note": "Menunggu."},
    "resolve": {"code": "fixed", "solution": "Sudah."},
    "reopen": {"reason": "Belum."},
    "cancel": {"reason": "Batal."},
}


@pytest.mark.parametrize("seed", range(2))
def test_any_life_gives_the_same_answers_kept_and_live(cast, at, seed):
    """Random tickets, steps, edits and runs of the worker; after each few of them every answer is compared."""
    dice = random.Random(seed)
    now = at(local(2, 8))
    of_network = factories.user("koordinator_jaringan", Role.COORDINATOR, teams=(cast.network,), coordinates=True)
    services = [factories.service("surel"), factories.service("jaringan"), None]
    offices = [factories.office("dukcapil"), None]
    for turn in range(24):
        now = at(now + timedelta(minutes=dice.choice([5, 45, 300, 1500])))
        if turn < 3 or dice.random() < 0.4:
            old = timedelta(days=dice.choice([0, 0, 1, 9]))
            kw = {
                "service": dice.choice(services),
                "office": dice.choice(offices),
                "requester": dice.choice([None, cast.warga]),
            }
            factories.ticket(dice.choice(["incident", "complaint", "request"]), channel=dice.choice(["web", "phone"]),
                             received_at=now - old, **{name: value for name, value in kw.items() if value})  # fmt: skip
        _something_happens(dice, cast)
        if dice.random() < 0.3:
            rollups.work(limit=dice.choice([1, 3, 50]))
        if turn % 8 == 7:
            start = (now - timedelta(days=dice.randrange(20))).date()
            filters = dice.choice([{}, {"kind": "incident"}, {"service": "surel"}, {"team": "jaringan"}])
            check(*(asks(person, start=start, end=now.date(), **filters) for person in (cast.pimpinan, of_network)))
    check(asks(cast.pimpinan), asks(of_network), asks(cast.agen))
    assert plan().buckets, "or nothing was compared"


def _something_happens(dice, cast):
    ticket = dice.choice(list(Ticket.objects.order_by("pk")))
    if dice.random() < 0.2:
        change = dice.choice([
            {"priority": dice.randint(1, 4)}, {"team": cast.network}, {"assignee": cast.teknisi},
            {"confidentiality": "secret", "is_restricted": True}, {"confidentiality": "normal", "is_restricted": False},
        ])  # fmt: skip
        Ticket.objects.filter(pk=ticket.pk).update(**change)
        return
    if ticket.kind != "incident" or ticket.is_restricted:
        return
    step = dice.choice(STEPS)
    inputs = {"team": cast.network, "assignee": cast.teknisi} if step == "reassign" else INPUTS.get(step, {})
    try:
        perform(ticket.pk, step, cast.koordinator, **inputs)
    except TicketError:
        return  # not in this state
