"""Policies and uses of calendars that open tickets get too."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Office
from sla import versions
from sla.models import Calendar, CalendarUse, Clock, Policy, Revision
from sla.policies import targets_for
from sla.replay import Target
from tests import factories
from tests.revisions.conftest import WIB, dues, through
from tickets import messages, revisions, timeline, workflow
from tickets.clocks import facts_of, sync_clocks
from tickets.errors import InvalidInputs, Stale
from tickets.models import TimelineEntry
from tickets.revisions.retarget import Users
from tickets.revisions.retarget import facts_of as facts_in_bulk


def newer(policy, minutes, at):
    """The next version of a policy, with another target for resolution."""
    return versions.publish(
        policy=policy,
        conditions=versions.Conditions.of(policy),
        targets={**versions.targets_of(policy), "resolution": Target(minutes=minutes)},
        calendar=None,
        name=policy.name,
        note="",
        by=None,
        at=at,
    )


def propose(by, policy):
    return revisions.propose(
        kind=Revision.Kind.POLICY,
        policy=policy,
        payload={"policy": policy.pk, "replaces": policy.replaces_id},
        summary="Target baru",
        by=by,
    )


@pytest.fixture
def ticket(cast, wall):
    made = factories.ticket()
    wall.now += timedelta(hours=1)
    return made


@pytest.fixture
def version(ticket, wall):
    return newer(Policy.objects.get(name="Umum"), 240, wall.now)


def test_a_new_version_moves_open_tickets_as_shown(cast, ticket, version):
    complaint = factories.ticket("complaint")
    before = dues()
    revision = through(propose(cast.admin, version))
    assert list(revision.moves.values_list("clock__ticket", flat=True)) == [ticket.pk] and dues() == before
    revisions.apply(revision.pk, by=cast.admin)
    revision = through(revision)
    clock = ticket.clocks.get(metric="resolution")
    assert clock.due_at == datetime(2026, 11, 24, 14, 0, tzinfo=WIB) == revision.moves.get().new_due_at
    assert (clock.policy, clock.target_version, clock.target_seconds) == (version, 2, 240 * 60)
    assert [row.minutes for row in clock.segments.all()] == [480, 240]
    assert not TimelineEntry.objects.filter(ticket=complaint, code=timeline.RECOMPUTED).exists()


def test_no_later_step_brings_the_old_target_back(cast, ticket, version, wall):
    newest = newer(version, 300, wall.now + timedelta(minutes=1))
    wall.now += timedelta(minutes=2)
    revision = through(propose(cast.admin, newest))
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    due = ticket.clocks.get(metric="resolution").due_at
    workflow.perform(ticket.pk, "start", cast.agen)
    assert ticket.clocks.get(metric="resolution").due_at == due
    ticket.refresh_from_db()
    assert targets_for(facts_of(ticket))["resolution"].minutes == 300


def test_applying_equals_what_sync_does(cast, ticket, version, wall):
    revision = through(propose(cast.admin, version))
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    before = list(Clock.objects.order_by("pk").values("due_at", "target_version", "policy_id", "next_event_at"))
    ticket.refresh_from_db()
    sync_clocks(ticket, wall.now)
    assert list(Clock.objects.order_by("pk").values(*before[0])) == before


def test_a_version_that_was_replaced_is_refused(cast, ticket, version, wall):
    revision = through(propose(cast.admin, version))
    newer(version, 100, wall.now)
    with pytest.raises(Stale):
        revisions.apply(revision.pk, by=cast.admin)
    version.refresh_from_db()
    with pytest.raises(InvalidInputs, match="versi yang lebih baru"):
        propose(cast.admin, version)


def test_a_policy_that_gains_a_metric_reaches_open_tickets(cast, ticket, wall):
    answered, secret = factories.ticket(), factories.ticket("complaint", confidentiality="secret")
    messages.post(ticket_id=answered.pk, actor=cast.agen, text="Sedang kami periksa.")
    old = Policy.objects.get(name="Umum")
    Clock.objects.filter(metric="response").delete()
    targets = {**versions.targets_of(old), "response": Target(minutes=120), "assignment": Target(minutes=60)}
    new = versions.publish(
        policy=old, conditions=versions.Conditions.of(old), targets=targets, calendar=None, name=old.name, note="",
        by=None, at=wall.now,
    )  # fmt: skip
    revision = through(propose(cast.admin, new), size=1)
    assert revision.payload["result"]["begin"] == 3  # two assignments, one response; nothing of the secret one
    assert not Clock.objects.filter(metric="assignment").exists()
    revisions.apply(revision.pk, by=cast.admin)
    through(revision, size=1)
    assert revision.payload["result"]["begin"] == 3
    begun = Clock.objects.filter(metric="response", ticket__in=[ticket, answered])
    assert [row.ticket_id for row in begun] == [ticket.pk]
    assert begun.get().elapsed_seconds == 3600 and begun.get().due_at == ticket.created_at + timedelta(hours=2)
    assert Clock.objects.filter(metric="assignment", ticket=secret).exists()
    entries = TimelineEntry.objects.filter(code=timeline.RECOMPUTED, ticket=ticket)
    assert {due[0] for due in entries.get().changes["dues"]} >= {"response", "assignment"}
    before = Clock.objects.count()
    sync_clocks(ticket, wall.now)
    assert Clock.objects.count() == before


@pytest.fixture
def round_the_clock(cast):
    return Calendar.objects.create(
        code="24x7", name="24 jam", week={str(day): [["00:00", "24:00"]] for day in range(7)}
    )


def use(by, calendar, teams=(), offices=()):
    return revisions.propose(
        kind=Revision.Kind.USE,
        calendar=calendar,
        payload={"teams": [team.pk for team in teams], "offices": [office.pk for office in offices]},
        summary="24 jam",
        by=by,
    )


def test_a_team_gets_another_calendar_and_loses_it(cast, ticket, round_the_clock):
    other = factories.ticket(team=cast.network)
    revision = through(use(cast.admin, round_the_clock, teams=[cast.network]))
    assert set(revision.moves.values_list("clock__ticket", flat=True)) == {other.pk}
    assert not CalendarUse.objects.exists()
    shown = dict(revision.moves.values_list("clock_id", "new_due_at"))
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    assert {pk: due for pk, due in dues().items() if pk in shown} == shown
    assert set(other.clocks.filter(is_stopped=False).values_list("calendar", flat=True)) == {round_the_clock.pk}
    back = through(use(cast.admin, round_the_clock))
    assert set(back.moves.values_list("clock__ticket", flat=True)) == {other.pk}
    revisions.apply(back.pk, by=cast.admin)
    through(back)
    assert not CalendarUse.objects.exists()
    assert round_the_clock.pk not in other.clocks.filter(is_stopped=False).values_list("calendar", flat=True)


def test_an_office_takes_those_below_along(cast, ticket, round_the_clock):
    below = Office.objects.create(code="upt", name="UPT", parent=factories.office("dukcapil"))
    upper = factories.ticket(office=factories.office("dukcapil"))
    lower = factories.ticket(office=below)
    revision = through(use(cast.admin, round_the_clock, offices=[factories.office("dukcapil")]))
    assert set(revision.moves.values_list("clock__ticket", flat=True)) == {upper.pk, lower.pk}


def test_a_use_of_nothing_new_or_unknown_is_refused(cast, round_the_clock):
    with pytest.raises(InvalidInputs):
        use(cast.admin, round_the_clock)
    gone = factories.team("hantu")
    gone_pk, gone.pk = gone.pk, 10**6
    with pytest.raises(InvalidInputs):
        use(cast.admin, round_the_clock, teams=[gone])
    assert gone_pk


def test_bulk_reading_equals_reading_one_by_one(cast, ticket, round_the_clock):
    factories.ticket("complaint")
    factories.ticket("request", service=factories.service("wifi"))
    round_the_clock.uses.create(office=factories.office("dukcapil"))
    from sla.calendars import calendar_of
    from tickets.models import Ticket

    users = Users(CalendarUse.objects.values_list("team_id", "office_id", "calendar_id"))
    tickets = list(Ticket.objects.all())
    bulk = facts_in_bulk([each.pk for each in tickets])
    assert len(tickets) == 3
    for each in tickets:
        assert bulk[each.pk] == facts_of(each)
        assert users.of(each.team_id, each.office_id) == calendar_of(each.team_id, each.office_id)


def test_another_calendar_becomes_the_default(cast, ticket, round_the_clock):
    own = factories.ticket(team=cast.network)
    CalendarUse.objects.create(calendar=Calendar.objects.get(is_default=True), team=cast.network)
    revision = revisions.propose(
        kind=Revision.Kind.USE,
        calendar=round_the_clock,
        payload={"teams": [], "offices": [], "default": True},
        summary="Bawaan",
        by=cast.admin,
    )
    through(revision)
    assert not Calendar.objects.get(pk=round_the_clock.pk).is_default
    shown = dict(revision.moves.values_list("clock_id", "new_due_at"))
    assert {clock.ticket_id for clock in Clock.objects.filter(pk__in=shown)} == {ticket.pk}
    revisions.apply(revision.pk, by=cast.admin)
    through(revision)
    assert Calendar.objects.get(is_default=True) == round_the_clock
    assert {pk: due for pk, due in dues().items() if pk in shown} == shown
    assert round_the_clock.pk not in own.clocks.values_list("calendar", flat=True)


def test_two_new_defaults_proposed_at_once(cast, ticket, round_the_clock):
    other = Calendar.objects.create(code="lain", name="Lain", week=round_the_clock.week)
    both = [
        through(
            revisions.propose(
                kind=Revision.Kind.USE,
                calendar=each,
                payload={"teams": [], "offices": [], "default": True},
                summary="Bawaan",
                by=cast.admin,
            )
        )
        for each in (round_the_clock, other)
    ]
    through(revisions.apply(both[0].pk, by=cast.admin))
    with pytest.raises(Stale):
        revisions.apply(both[1].pk, by=cast.admin)
    assert Calendar.objects.get(is_default=True) == round_the_clock
