"""Every edge of every machine: somebody of each part may walk it, everybody else is refused and nothing changes."""

from itertools import chain

import pytest
from django.db import transaction
from django.utils import timezone

from tests import factories
from tests.workflow import cases, model
from tests.workflow.machine import contents, world_of
from tickets.errors import Forbidden, NotVisible
from tickets.kinds import machine_of
from tickets.models import ChangeDetail, Ticket
from tickets.workflow import available, perform

pytestmark = pytest.mark.slow

SCENES = [(kind, state) for kind, drawing in model.DRAWINGS.items() for state in drawing.stages]
NEEDS_APPROVAL = {"awaiting_approval", "approved", "rejected"}


@pytest.fixture
def world(cast):
    return world_of(cast)


@pytest.mark.parametrize("kind", model.DRAWINGS)
def test_the_code_has_the_edges_of_the_drawing(kind):
    drawing, machine = model.DRAWINGS[kind], machine_of(kind)
    assert {str(state): str(stage) for state, (_label, stage) in machine.STATES.items()} == drawing.stages
    assert drawing.initial == machine.INITIAL
    told = {step.name: (set(step.sources), set(step.by)) for step in drawing.by_name.values()}
    coded = {
        info.name: ({str(source) for source in info.sources}, {str(party) for party in info.edge.by})
        for info in machine.transitions()
    }
    if kind == "incident":  # its guard refuses what its list of sources still names
        coded["reassign"][0].discard("new")
    assert coded == told
    for info in machine.transitions():
        target = drawing.by_name[info.name].target
        assert str(info.target) == target if target in drawing.stages else info.target in (None, "resume_state")


def ticket_in(world, kind, state):
    """A ticket reported by `warga`, for Dukcapil, walked to that state by those who may."""
    guarded = kind == "request" and state in NEEDS_APPROVAL
    service = (world.guarded if guarded else world.free) if kind == "request" else None
    more = {"service": service, "office": world.dukcapil}
    ticket = factories.ticket(kind, requester=world.warga, **more)
    world.other = factories.ticket(kind, requester=world.asn, **more)
    world.a_change = factories.ticket("change", requester=world.asn)
    steps = model.path_to(kind, state, short_cuts=guarded)
    if guarded:
        steps = steps[1:]  # the service asked for approval by itself
    for name in steps:
        walk(world, ticket, name)
    ticket.refresh_from_db()
    assert ticket.state == state
    return ticket


def facts_of(world, ticket):
    voters = {"change": {"cab", "cab_dua"}, "request": {"penghubung"}}.get(ticket.kind, set())
    return cases.Facts(
        kind=ticket.kind,
        requester="warga",
        team=ticket.team.code,
        assignee=ticket.assignee.username if ticket.assignee else "",
        office=ticket.office.code if ticket.office else "",
        owner_office="dukcapil" if ticket.service == world.guarded else "",
        voters=frozenset(voters if ticket.state == "awaiting_approval" else ()),
    )


def inputs_of(world, ticket, name):
    return cases.valid(name, facts_of(world, ticket), world.a_change.number, world.other.number)[0]


def actors_of(world, ticket, name):
    step = model.DRAWINGS[ticket.kind].by_name[name]
    facts = facts_of(world, ticket)
    return [who for who in cases.ACTORS if cases.parties(who, facts) & step.by]


def walk(world, ticket, name):
    ticket.refresh_from_db()
    # The technician is no part of it yet, so the first allowed actor is the service desk where that may.
    actors = actors_of(world, ticket, name)
    people = ["agen"] if "agen" in actors else actors if name == "reject" else actors[:1]
    for who in people:  # a change is refused once everybody asked has refused
        perform(ticket.pk, name, getattr(world, who), **inputs_of(world, ticket, name))


def set_the_scene(world, ticket, name):
    """What an edge needs besides the state."""
    if name in ("update_major", "end_major"):
        if ticket.state == "resolved":
            return False  # a resolved incident becomes no major one: shown from the open states
        perform(ticket.pk, "declare_major", world.koordinator, **inputs_of(world, ticket, "declare_major"))
    if ticket.kind == "request" and name == "ask_approval":
        type(world.free).objects.filter(pk=world.free.pk).update(needs_approval=True, owner_office=world.dukcapil)
    if ticket.kind == "change" and ticket.state == "submitted":
        types = {"schedule": "standard", "ask_approval": "emergency"}
        ChangeDetail.objects.filter(ticket=ticket).update(
            change_type=types.get(name, "normal"), template=world.template if name == "schedule" else None
        )
    ticket.refresh_from_db()
    return True


class Undo(Exception):
    """Takes a successful step back, so that the next actor finds the same ticket."""


@pytest.mark.parametrize(("kind", "state"), SCENES, ids=[f"{kind}-{state}" for kind, state in SCENES])
def test_each_edge_is_open_to_its_parties_and_shut_to_all_others(world, kind, state):
    ticket = ticket_in(world, kind, state)
    for step in model.DRAWINGS[kind].by_name.values():
        if state not in step.sources:
            continue
        try:
            with transaction.atomic():
                if set_the_scene(world, ticket, step.name):
                    try_everybody(world, ticket, step)
                raise Undo
        except Undo:
            ticket = Ticket.objects.get(pk=ticket.pk)


def try_everybody(world, ticket, step):
    facts = facts_of(world, ticket)
    allowed = [who for who in cases.ACTORS if cases.parties(who, facts) & step.by]
    parts = set(chain.from_iterable(cases.parties(who, facts) for who in allowed))
    assert step.by <= parts, f"nobody of the cast is {step.by - parts} here"
    inputs = inputs_of(world, ticket, step.name)
    before = contents()
    for who in cases.ACTORS:
        actor = None if who == "system" else getattr(world, who)
        if who in allowed:
            assert walked(ticket, step, actor, inputs), f"{who} may not {step.name}"
        else:
            expected = Forbidden if cases.sees(who, facts) else NotVisible
            with pytest.raises(expected) as refused:
                perform(ticket.pk, step.name, actor, **inputs)
            assert type(refused.value) is expected and refused.value.message
    assert contents() == before, "a refusal changed something"


def walked(ticket, step, actor, inputs):
    """Whether the step leads where the drawing says; it is taken back afterwards."""
    drawing = model.DRAWINGS[ticket.kind]
    offered = actor is None or step.name in [info.name for info in available(Ticket.objects.get(pk=ticket.pk), actor)]
    try:
        with transaction.atomic():
            after = perform(ticket.pk, step.name, actor, **inputs)
            stays = step.name == "reject" and ticket.kind == "change"  # one of two has refused
            assert stays or after.state == step.target or step.target not in drawing.stages
            assert step.target != model.SAME or after.state == ticket.state
            assert after.version > ticket.version and after.updated_at <= timezone.now()
            raise Undo
    except Undo:
        return offered
