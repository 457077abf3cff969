"""Generated volume: reproducible, and indistinguishable from what the workflow leaves behind."""

from datetime import date, datetime

import pytest
from django.contrib.auth.models import Group
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Team, TeamMembership, User
from sla import clocks
from sla.models import Clock, ClockSegment
from tests.reference.conftest import run
from tickets import access, messages, timeline, workflow
from tickets.choices import OPEN_STAGES, Kind
from tickets.clocks import sync_clocks
from tickets.kinds import machine_of
from tickets.models import Message, NumberSequence, Ticket

pytestmark = pytest.mark.slow

UNTIL = date(2026, 11, 24)


def generate(count=300, seed=7):
    return run("generate_tickets", count=count, seed=seed, until=UNTIL)


@pytest.fixture
def staffed(reference):
    agent = User.objects.create(username="agen", first_name="Budi")
    agent.groups.add(Group.objects.get(name="agent"))
    for team in Team.objects.filter(is_confidential=False):
        TeamMembership.objects.create(team=team, user=agent)
    return agent


def facts():
    fields = ("number", "subject", "state", "created_at", "due_at", "access_code")
    return list(Ticket.objects.order_by("pk").values_list(*fields))


def fresh(**options):
    """What a run makes of a database without tickets; nothing of it stays."""
    with transaction.atomic():
        generate(**options)
        made = facts(), list(Message.objects.order_by("pk").values_list("text", flat=True))
        transaction.set_rollback(True)
    return made


def test_the_same_seed_gives_the_same_tickets(staffed):
    first = fresh()
    assert len(first[0]) == 300
    assert fresh() == first
    assert fresh(seed=8) != first


def test_a_seed_can_be_used_again_in_the_same_database(staffed):
    generate(count=600)
    generate(count=600)
    made = facts()
    assert len(made) == 1200
    assert [row[1:4] for row in made[:600]] == [row[1:4] for row in made[600:]]
    assert any(row[0].startswith("RHS-") for row in made)


def test_the_chain_holds_and_states_belong_to_their_stage(staffed):
    generate()
    for ticket in Ticket.objects.all():
        assert timeline.first_broken(ticket.pk) is None
        assert machine_of(ticket.kind).stage_of(ticket.state) == ticket.stage
        assert (ticket.closed_at is not None) == (ticket.stage == "closed")
        last = ticket.timeline.filter(code=timeline.TRANSITION).last()
        assert last is None or last.changes["new_state"] == ticket.state
    assert set(Ticket.objects.values_list("kind", flat=True)) == set(Kind.values)
    still_open = Ticket.objects.filter(stage__in=OPEN_STAGES).count()
    assert 20 <= still_open <= 60


def test_clocks_read_as_if_the_services_had_kept_them(staffed):
    generate(count=120)
    until = timezone.make_aware(datetime(2026, 11, 24))
    names = ("state", "is_stopped", "due_at", "breached_at", "target_seconds", "elapsed_seconds", "next_event_at")
    for ticket in Ticket.objects.all():
        for clock in ticket.clocks.all():
            kept = {name: getattr(clock, name) for name in names}
            clocks.refresh(clock, list(clock.segments.all()), until)
            assert {name: getattr(clock, name) for name in names} == kept
        segments, due = marks(ticket), ticket.due_at
        sync_clocks(ticket, until)
        assert marks(ticket) == segments
        assert ticket.due_at == due
    words = Clock.objects.filter(metric="update")
    assert words.filter(cycle__gt=1).exists() and not words.filter(ticket__kind="request").exists()
    assert all(clock.team_id == clock.ticket.team_id for clock in Clock.objects.filter(metric="assignment"))


def marks(ticket):
    found = ClockSegment.objects.filter(clock__ticket=ticket).order_by("clock__metric", "clock__cycle", "position")
    return list(found.values_list("clock__metric", "clock__cycle", "clock__team", "started_at", "run"))


def test_numbers_come_from_the_sequence_and_go_on_after_it(staffed):
    generate(count=120)
    for sequence in NumberSequence.objects.all():
        numbers = Ticket.objects.filter(number__startswith=f"{sequence.prefix}-{sequence.year}-")
        assert numbers.count() == sequence.last
    generate(count=120, seed=9)
    assert Ticket.objects.count() == 240


def test_work_goes_on_with_generated_tickets(staffed):
    generate(count=200)
    ticket = access.visible_to(staffed).filter(kind="incident", stage="active").first()
    messages.post(ticket_id=ticket.pk, actor=staffed, text="Masih dikerjakan.")
    workflow.perform(ticket.pk, "resolve", staffed, code="fixed", solution="Selesai.")
    assert timeline.first_broken(ticket.pk) is None


def test_it_needs_reference_data_and_a_count(db):
    with pytest.raises(CommandError, match="load_reference"):
        generate()
    with pytest.raises(CommandError, match="minimal 1"):
        generate(count=0)
