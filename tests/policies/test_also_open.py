"""A version that is to hold for open tickets too: tried first, carried out when confirmed, nothing when thrown away."""

from django.utils import timezone

from sla.models import Clock, Policy, Revision
from tests import factories
from tests.policies.conftest import proposal
from tickets import messages, revisions
from tickets.clocks import sync_clocks
from tickets.targets import history, keeping


def through():
    while revisions.work():
        pass


def minutes(ticket):
    found = Clock.objects.filter(ticket=ticket).prefetch_related("segments").order_by("metric")
    return {clock.metric: list(clock.segments.all())[-1].minutes for clock in found}


def published(cast, umum):
    answered, waiting = factories.ticket(team=cast.desk), factories.ticket(team=cast.desk)
    messages.post(ticket_id=answered.pk, actor=cast.agen, text="Kami periksa.", visibility="public")
    wanted = proposal(response=30, resolution=120)
    made, revision = keeping.publish(policy=umum, proposal=wanted, by=cast.koordinator, also_open=True)
    return answered, waiting, made, revision


def test_open_clocks_wait_for_the_confirmation(cast, umum):
    _answered, waiting, made, revision = published(cast, umum)
    assert Revision.objects.get() == revision and revision.payload == {"policy": made.pk, "replaces": umum.pk}
    through()
    revision.refresh_from_db()
    assert (revision.state, revision.moved) == ("ready", 3)
    assert minutes(waiting) == {"resolution": 480, "response": 60}
    assert minutes(factories.ticket(team=cast.desk)) == {"resolution": 120, "response": 30}


def test_once_confirmed_open_clocks_follow_and_finished_ones_stay(cast, umum):
    answered, waiting, made, revision = published(cast, umum)
    through()
    revisions.apply(revision.pk, by=cast.koordinator)
    through()
    assert minutes(waiting) == {"resolution": 120, "response": 30}
    assert minutes(answered) == {"resolution": 120, "response": 60}
    answered.refresh_from_db()
    sync_clocks(answered, timezone.now())
    assert minutes(answered) == {"resolution": 120, "response": 60}, "the old version does not come back"
    newest, oldest = history.versions(made)
    assert (newest.policy, newest.author, oldest.was_recomputed) == (made, "Koordinator", True)


def test_a_proposal_thrown_away_leaves_open_tickets_alone(cast, umum):
    _answered, waiting, made, revision = published(cast, umum)
    through()
    revisions.discard(revision.pk, by=cast.koordinator)
    waiting.refresh_from_db()
    sync_clocks(waiting, timezone.now())
    assert minutes(waiting) == {"resolution": 480, "response": 60}
    assert Policy.objects.get(name="Umum", valid_until=None) == made, "new tickets have it all the same"
