"""Dry run and recomputation: what is shown is what happens, once, whoever dies meanwhile."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from sla import clocks, definitions
from sla.models import Calendar, Clock, Revision, RevisionMove
from tests import factories
from tests.revisions.conftest import FREE, WIB, default, dues, holiday, propose, through, with_holiday
from tickets import revisions, timeline, workflow
from tickets.audit.verify import verify
from tickets.errors import Forbidden, InvalidInputs, Stale, WrongState
from tickets.models import Ticket, TimelineEntry


def entries(ticket=None):
    found = TimelineEntry.objects.filter(code=timeline.RECOMPUTED)
    return found.filter(ticket=ticket) if ticket else found


@pytest.fixture
def ticket(cast, wall):
    """Response within an hour, done within 480 minutes: tomorrow."""
    return factories.ticket()


def test_the_dry_run_lists_and_changes_nothing(cast, ticket):
    before = dues()
    revision = through(propose(cast.admin))
    assert revision.state == Revision.State.READY and revision.moved == 1
    move = revision.moves.get()
    assert move.clock.metric == "resolution"
    assert move.old_due_at == datetime(2026, 11, 25, 9, 30, tzinfo=WIB)
    assert move.new_due_at == datetime(2026, 11, 26, 9, 30, tzinfo=WIB)
    assert revision.payload["result"] == {"later": 1, "earlier": 0, "farthest": 86400}
    assert dues() == before and not default().holidays.exists() and not entries().exists()


def test_what_was_shown_is_what_happens(cast, ticket):
    others = [factories.ticket(kind) for kind in ("complaint", "request", "change")]
    revision = through(propose(cast.admin))
    shown = dict(revision.moves.values_list("clock_id", "new_due_at"))
    assert len(shown) > 3
    before = dues()
    revisions.apply(revision.pk, by=cast.koordinator)
    revision = through(revision)
    assert revision.state == Revision.State.DONE and revision.finished_at and revision.moved == len(shown)
    assert dict(revision.moves.values_list("clock_id", "new_due_at")) == shown
    assert dues() == {**before, **shown}
    for each in (ticket, *others):
        each.refresh_from_db()
        assert each.due_at == each.sort_due_at
        assert each.due_at == min(c.due_at for c in each.clocks.exclude(metric="assignment"))
    assert default().holidays.get().date == FREE


def test_clocks_read_as_if_freshly_computed(cast, ticket):
    factories.ticket("complaint")
    revision = through(propose(cast.admin))
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    columns = ("state", "due_at", "breached_at", "target_seconds", "next_event_at")
    for clock in Clock.objects.all():
        shown = [getattr(clock, name) for name in columns]
        clocks.refresh(clock, list(clock.segments.all()), revision.made_at)
        assert [getattr(clock, name) for name in columns] == shown


def test_each_ticket_is_told_once_and_history_holds(cast, ticket):
    complaint = factories.ticket("complaint")
    revision = through(propose(cast.admin))
    revisions.apply(revision.pk, by=cast.koordinator)
    through(revision, size=1)  # the clocks of the complaint come in different chunks
    assert entries(ticket).count() == entries(complaint).count() == 1
    entry = entries(ticket).get()
    assert entry.actor_user == cast.koordinator and not entry.is_public
    assert timeline.describe(entry) == (
        "Tenggat dihitung ulang. Penyelesaian 25 Nov 2026 09.30 WIB → 26 Nov 2026 09.30 WIB. Sebab: Libur pemilihan"
    )
    assert len(entries(complaint).get().changes["dues"]) == complaint.clocks.count()
    assert verify().broken is None
    ticket.refresh_from_db()
    assert ticket.history_length == entry.position
    workflow.perform(ticket.pk, "start", cast.agen)
    assert verify().broken is None


@pytest.mark.parametrize(
    "day, moves",
    [(date(2026, 11, 24), True), (date(2026, 11, 25), True), (date(2026, 11, 26), False), (date(2026, 11, 23), False)],
)
def test_only_free_days_between_start_and_due_move_it(cast, ticket, day, moves):
    revision = through(propose(cast.admin, with_holiday(default(), day)))
    assert revision.moves.filter(clock__metric="resolution").exists() is moves


def test_stopped_clocks_keep_what_they_measured(cast, ticket, wall):
    workflow.perform(ticket.pk, "start", cast.agen)
    workflow.perform(ticket.pk, "resolve", cast.agen, solution="Kabel diganti.", code="fixed")
    before = list(Clock.objects.order_by("pk").values())
    assert all(clock["is_stopped"] for clock in before if clock["metric"] == "resolution")
    revision = through(propose(cast.admin, with_holiday(default(), date(2026, 11, 24))))
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    stopped = {clock["id"] for clock in before if clock["is_stopped"]}
    after = list(Clock.objects.order_by("pk").values())
    assert [clock for clock in after if clock["id"] in stopped] == [c for c in before if c["id"] in stopped]


def test_a_waiting_clock_counts_the_free_day_when_it_resumes(cast, ticket, wall):
    workflow.perform(ticket.pk, "start", cast.agen)
    workflow.perform(ticket.pk, "hold", cast.agen, reason="requester", note="Mohon foto perangkatnya.")
    revision = through(propose(cast.admin))
    assert not revision.moves.filter(clock__metric="resolution").exists()
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    wall.now += timedelta(hours=1)
    workflow.perform(ticket.pk, "resume", cast.agen)
    assert ticket.clocks.get(metric="resolution").due_at == datetime(2026, 11, 26, 10, 30, tzinfo=WIB)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("statement", range(1, 40, 3))
def test_a_worker_killed_anywhere_is_taken_over(cast, wall, statement):
    for _number in range(3):
        factories.ticket()
    factories.ticket("complaint")
    revision = through(propose(cast.admin))
    shown = dict(revision.moves.values_list("clock_id", "new_due_at"))
    revisions.apply(revision.pk, by=cast.admin)
    left = statement

    def kill(execute, *arguments):
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return execute(*arguments)

    with connection.execute_wrapper(kill), pytest.raises(Killed):
        while revisions.work(size=2):
            pass
        raise Killed  # everything was done before that statement came
    revision = through(revision, size=2)
    assert revision.state == Revision.State.DONE and revision.moved == len(shown)
    assert {pk: due for pk, due in dues().items() if pk in shown} == shown
    assert entries().count() == 4 and verify().broken is None


def test_more_work_than_there_is_does_nothing(cast, ticket):
    revision = through(propose(cast.admin))
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    assert revisions.work() == 0 and entries().count() == 1
    for act in (revisions.apply, revisions.discard):
        with pytest.raises(WrongState):
            act(revision.pk, by=cast.admin)


def test_a_newer_calendar_refuses_the_older_proposal(cast, ticket):
    first, second, third = propose(cast.admin), propose(cast.admin, with_holiday(default(), date(2026, 12, 1))), None
    for each in (first, second):
        through(each)
    revisions.apply(first.pk, by=cast.admin)
    with pytest.raises(WrongState, match="Perubahan lain sedang diterapkan"):
        revisions.apply(second.pk, by=cast.admin)
    through(first)
    with pytest.raises(Stale, match="Buang usulan ini"):
        revisions.apply(second.pk, by=cast.admin)
    assert default().holidays.count() == 1
    revisions.discard(second.pk, by=cast.admin)
    third = propose(cast.admin, with_holiday(default(), date(2026, 12, 1)))
    Calendar.objects.filter(is_default=True).update(name="Lain")
    third = through(third)
    assert third.state == Revision.State.FAILED and "Buang usulan ini" in third.error


def test_hours_that_never_open_again_are_given_up(cast, ticket):
    factories.ticket("complaint")
    definition = definitions.of(default())
    closed = {"name": "Tutup", "first_date": "2026-11-25", "last_date": "2034-12-31", "week": {}, "source": ""}
    definition["periods"] = [closed]
    revision = through(propose(cast.admin, definition), size=1)
    assert revision.state == Revision.State.FAILED and revision.finished_at
    assert "tidak dapat dihitung" in revision.error
    assert revisions.work() == 0
    with pytest.raises(WrongState):
        revisions.apply(revision.pk, by=cast.admin)


def test_a_discarded_proposal_is_gone(cast, ticket):
    revision = through(propose(cast.admin))
    revisions.discard(revision.pk, by=cast.admin)
    assert not RevisionMove.objects.exists() and not default().holidays.exists()
    with pytest.raises(WrongState):
        revisions.apply(revision.pk, by=cast.admin)


def test_nothing_is_applied_before_the_dry_run_is_over(cast, ticket):
    revision = propose(cast.admin)
    with pytest.raises(WrongState):
        revisions.apply(revision.pk, by=cast.admin)


@pytest.mark.parametrize("person", ["agen", "teknisi", "pimpinan", "inspektorat", "warga"])
def test_others_change_nothing(cast, ticket, person):
    user = getattr(cast, person)
    revision = through(propose(cast.admin))
    for act in (
        lambda: propose(user),
        lambda: revisions.apply(revision.pk, by=user),
        lambda: revisions.discard(revision.pk, by=user),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_change_of_nothing_and_a_broken_week_are_refused(cast):
    with pytest.raises(InvalidInputs, match="Tidak ada yang berubah"):
        propose(cast.admin, definitions.of(default()))
    for wrong in ({"week": {}}, {"timezone": "Mars/Olympus"}, {"holidays": [holiday(), holiday()]}):
        with pytest.raises(InvalidInputs):
            propose(cast.admin, {**definitions.of(default()), **wrong})


def test_a_ticket_changed_between_dry_run_and_job(cast, ticket, wall):
    other = factories.ticket()
    revision = through(propose(cast.admin))
    workflow.perform(other.pk, "start", cast.agen)
    workflow.perform(other.pk, "resolve", cast.agen, solution="Selesai.", code="fixed")
    wall.now += timedelta(minutes=1)
    revisions.apply(revision.pk, by=cast.admin)
    wall.now += timedelta(minutes=1)
    workflow.perform(ticket.pk, "start", cast.agen)  # its clocks read by the new hours already
    assert ticket.clocks.get(metric="resolution").due_at == datetime(2026, 11, 26, 9, 30, tzinfo=WIB)
    revision = through(revision)
    assert entries(ticket).count() == 1 and not entries(other).exists()
    assert set(revision.moves.values_list("clock__ticket", flat=True)) == {ticket.pk} and revision.moved == 1


def test_restricted_tickets_move_but_are_not_counted(cast, ticket):
    secret = factories.ticket("complaint", confidentiality="whistleblowing")
    revision = through(propose(cast.admin))
    assert revision.moved == 1 and revision.moves.filter(clock__ticket=secret).exists()
    revisions.apply(revision.pk, by=cast.admin)
    revision = through(revision)
    assert revision.moved == 1 and entries(secret).count() == 1 and entries(ticket).count() == 1
    assert revision.payload["result"]["later"] == 1


def test_longer_hours_bring_deadlines_nearer_and_wake_the_sweep(cast, ticket):
    definition = definitions.of(default())
    definition["week"] = {str(day): [["00:00", "24:00"]] for day in range(7)}
    revision = through(propose(cast.admin, definition))
    assert revision.moved == 1 and revision.payload["result"]["earlier"] == 1
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    ticket.refresh_from_db()
    assert ticket.clocks.get(metric="resolution").due_at == datetime(2026, 11, 24, 17, 0, tzinfo=WIB)


def test_hours_from_a_date_on_leave_what_is_due_before_alone(cast, ticket):
    definition = definitions.of(default())
    other = {str(day): [["09:00", "12:00"]] for day in range(5)}
    definition["weeks"] = [{"valid_from": "2026-11-26", "week": other, "source": ""}]
    assert through(propose(cast.admin, definition)).moved == 0
    definition["weeks"][0]["valid_from"] = "2026-11-25"
    assert through(propose(cast.admin, definition)).moved == 1


def test_an_earlier_segment_by_the_calendar_counts_too(cast, ticket, wall):
    """A ticket that went to a team with other hours keeps what passed by the first ones."""
    round_the_clock = Calendar.objects.create(
        code="24x7", name="24 jam", week={str(day): [["00:00", "24:00"]] for day in range(7)}
    )
    round_the_clock.uses.create(team=cast.network)
    wall.now += timedelta(hours=4)
    workflow.perform(ticket.pk, "assign", cast.agen, team=cast.network)
    clock = ticket.clocks.get(metric="resolution")
    assert clock.calendar == round_the_clock
    revision = through(propose(cast.admin, with_holiday(default(), date(2026, 11, 24))))
    assert revision.moves.filter(clock=clock).exists()
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    clock.refresh_from_db()
    assert clock.due_at == wall.now + timedelta(hours=8)
    assert Ticket.objects.get(pk=ticket.pk).due_at <= clock.due_at
