"""Two people at the same moment on one ticket: one wins, the other is told; and that it is the lock which decides.

Each race runs twice: as it is, and with `select_for_update` taken out of every query. A meeting point behind the
reading of the ticket makes the second case certain instead of likely: without a lock both have read before one writes.
Twice the same arrival and twice the same Idempotency-Key are settled by unique constraints, not by locks:
`tests/tickets/test_races.py` and `tests/api/test_idempotency.py` race those.
"""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from notify.models import Delivery
from tests import factories
from tests.races import Meeting, errors, together
from tickets import claims, edits, messages, sweeps, timeline, workflow
from tickets.errors import Forbidden, InvalidInputs, Stale, TicketError, WrongState
from tickets.models import ApprovalRound, Merge, Message, Ticket, TimelineEntry, Vote
from tickets.workflow import perform

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
REFUSED = {Stale, WrongState, Forbidden, InvalidInputs}


@pytest.fixture
def people():
    cast = factories.cast()
    cast.cab_dua = factories.user("cab_dua", "change_approver")
    return cast


@pytest.fixture(params=["locked", "unlocked"])
def is_locked(request, monkeypatch):
    """Both worlds; without the lock the meeting makes both sides act on what they read."""
    meeting = Meeting()
    monkeypatch.setattr(workflow, "lock", meeting.after(workflow.lock))
    if request.param == "unlocked":
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self._chain())
    yield request.param == "locked"
    assert meeting.met == (request.param == "unlocked"), "the two did not meet as planned"


def one_refusal(results):
    """Exactly one side is refused with a sentence; the other one is done."""
    found = errors(results)
    return len(found) == 1 and type(found[0]) in REFUSED and bool(found[0].message)


def is_anomaly(results):
    """Nobody was told in words: both were done, or one crashed (at a constraint, in the state machine)."""
    return not any(isinstance(error, TicketError) for error in errors(results))


def transitions(ticket):
    return TimelineEntry.objects.filter(ticket=ticket, code=timeline.TRANSITION).count()


def whole(ticket):
    return timeline.first_broken(ticket.pk) is None


def test_two_agents_take_the_same_ticket(people, is_locked):
    ticket = factories.ticket()
    results = together(
        lambda: claims.take(ticket_id=ticket.pk, actor=people.agen),
        lambda: claims.take(ticket_id=ticket.pk, actor=people.koordinator),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert one_refusal(results)
    ticket.refresh_from_db()
    winner = next(result for result in results if isinstance(result, Ticket))
    assert ticket.assignee_id == winner.assignee_id and transitions(ticket) == 1 and whole(ticket)
    assert Delivery.objects.filter(key__startswith=f"assigned:{ticket.pk}:").count() == 1


def test_two_coordinators_assign_to_different_people(people, is_locked):
    ticket = factories.ticket()
    results = together(
        lambda: perform(ticket.pk, "assign", people.agen, assignee="teknisi"),
        lambda: perform(ticket.pk, "assign", people.koordinator, assignee="agen"),
    )
    assert one_refusal(results) if is_locked else is_anomaly(results)


def test_two_resolvers(people, is_locked):
    ticket = factories.ticket(requester=people.warga)
    perform_alone(ticket, "start", people.agen)
    before = Delivery.objects.count()
    results = together(
        lambda: perform(ticket.pk, "resolve", people.agen, code="fixed", solution="Oleh agen."),
        lambda: perform(ticket.pk, "resolve", people.koordinator, code="fixed", solution="Oleh koordinator."),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert one_refusal(results) and whole(ticket)
    assert Message.objects.filter(ticket=ticket, direction="out").count() == 1
    assert Delivery.objects.count() == before + 1


def test_two_editors_who_saw_the_same_version(people, is_locked):
    ticket = factories.ticket()
    results = together(
        lambda: edits.change(ticket_id=ticket.pk, actor=people.agen, expected_version=ticket.version, impact=4),
        lambda: edits.change(ticket_id=ticket.pk, actor=people.koordinator, expected_version=ticket.version, urgency=4),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert [type(error) for error in errors(results)] == [Stale]
    ticket.refresh_from_db()
    assert (ticket.impact == 4) != (ticket.urgency == 4)


@pytest.fixture
def asked(people):
    service = factories.service("vpn", requestable=True, needs_approval=True, owner_office=factories.office("dukcapil"))
    return factories.ticket("request", requester=people.warga, service=service)


def test_approve_versus_cancel(people, asked, is_locked):
    """Both looked at the same page; whoever is second is told who was first."""
    seen = Ticket.objects.get(pk=asked.pk).version
    results = together(
        lambda: perform(asked.pk, "approve", people.penghubung, expected_version=seen),
        lambda: perform(asked.pk, "cancel", people.warga, expected_version=seen, reason="Tidak jadi."),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert [type(error) for error in errors(results)] == [Stale]
    asked.refresh_from_db()
    round_ = ApprovalRound.objects.get(ticket=asked)
    assert (asked.state, round_.state) in {("approved", "approved"), ("cancelled", "withdrawn")}
    assert whole(asked)


def test_a_vote_from_a_link_versus_cancel(people, asked, is_locked):
    """A link knows no version: then the state decides, and a cancelled request cannot be approved any more."""
    results = together(
        lambda: perform(asked.pk, "approve", people.penghubung),
        lambda: perform(asked.pk, "cancel", people.warga, reason="Tidak jadi."),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    asked.refresh_from_db()
    approved = Vote.objects.filter(decision="approve").exists()
    assert asked.state == "cancelled" and bool(errors(results)) != approved and whole(asked)


def test_the_last_two_voters_at_once(people, is_locked):
    """Without the lock neither sees the other's vote, and nobody closes the round."""
    from catalog.models import ApprovalRule, ApprovalRuleStep, Approver

    rule = ApprovalRule.objects.create(code="semua", name="Semua", change_type="emergency")
    step = ApprovalRuleStep.objects.create(rule=rule, name="CAB darurat", quorum="all")
    Approver.objects.create(step=step, type="role", role="change_approver")
    ticket = factories.ticket("change", requester=people.asn, change_type="emergency")
    perform_alone(ticket, "submit", people.agen)
    perform_alone(ticket, "ask_approval", people.agen)
    results = together(
        lambda: perform(ticket.pk, "approve", people.cab), lambda: perform(ticket.pk, "approve", people.cab_dua)
    )
    ticket.refresh_from_db()
    if not is_locked:
        assert is_anomaly(results)
        return
    assert not errors(results)
    assert ticket.state == "approved" and ApprovalRound.objects.get(ticket=ticket).state == "approved"
    assert Vote.objects.filter(decision="approve").count() == 2 and whole(ticket)


def test_the_same_approver_by_two_ways_at_once(people, asked, is_locked):
    """Pressed in Telegram and on the web at the same moment: one vote, one decision."""
    results = together(
        lambda: perform(asked.pk, "approve", people.penghubung),
        lambda: perform(asked.pk, "reject", people.penghubung, reason="Tidak perlu."),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert one_refusal(results)
    vote, round_ = Vote.objects.get(), ApprovalRound.objects.get()
    assert (vote.decision, round_.state) in {("approve", "approved"), ("reject", "rejected")}


def test_merge_versus_reply(people, is_locked):
    """The words of the requester are on the survivor, whoever was first."""
    target = factories.ticket(requester=people.asn)
    source = factories.ticket(requester=people.warga)
    results = together(
        lambda: perform(source.pk, "merge", people.agen, target=target.number),
        lambda: messages.post(ticket_id=source.pk, actor=people.warga, text="Masih mati."),
    )
    words = Message.objects.filter(text="Masih mati.")
    if not is_locked:
        assert is_anomaly(results)
        assert not words.filter(ticket=target).exists()
        return
    assert not errors(results)
    assert [(each.ticket_id, each.origin_id) for each in words] == [(target.pk, source.pk)]
    assert whole(source) and whole(target)


def test_two_tickets_merged_into_each_other(people, is_locked):
    one, other = factories.ticket(), factories.ticket()
    results = together(
        lambda: perform(one.pk, "merge", people.agen, target=other.number),
        lambda: perform(other.pk, "merge", people.koordinator, target=one.number),
    )
    if not is_locked:
        # Each sees the other one still open: a ring, or the timeline's unique position stops one of them.
        assert is_anomaly(results)
        return
    assert one_refusal(results)
    assert Merge.objects.count() == 1 and Ticket.objects.filter(state="merged").count() == 1


def test_a_merge_is_undone_once(people, is_locked):
    one, other = factories.ticket(), factories.ticket()
    perform_alone(one, "merge", people.agen, target=other.number)
    results = together(
        lambda: perform(one.pk, "unmerge", people.agen), lambda: perform(one.pk, "unmerge", people.koordinator)
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert one_refusal(results)
    assert Message.objects.filter(ticket=one, direction="in").count() == 1


def test_automatic_close_versus_an_objection(people, is_locked):
    """The requester's “not yet” is never closed over."""
    ticket = factories.ticket(requester=people.warga)
    perform_alone(ticket, "start", people.agen)
    perform_alone(ticket, "resolve", people.agen, code="fixed", solution="Sudah.")
    results = together(
        lambda: sweeps.close_due(now=timezone.now() + timedelta(days=30)),
        lambda: messages.post(ticket_id=ticket.pk, actor=people.warga, text="Belum menyala."),
    )
    if not is_locked:
        assert is_anomaly(results)
        return
    assert not errors(results)
    ticket.refresh_from_db()
    assert ticket.state == "in_progress" and whole(ticket)


def perform_alone(ticket, name, actor, **inputs):
    """A step before the race: it meets nobody."""
    racing = workflow.lock
    workflow.lock = racing.__wrapped__
    try:
        return perform(ticket.pk, name, actor, **inputs)
    finally:
        workflow.lock = racing


def test_refusals_carry_the_status_of_a_conflict():
    assert {Stale.status, WrongState.status} == {409} and issubclass(Stale, TicketError)
