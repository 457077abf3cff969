"""Two people, two workers, two arrivals at the same moment, on a database with row locks."""

from collections import Counter

import pytest
from django.db import transaction

from notify import outbox
from notify.models import Delivery
from tests import factories
from tests.races import errors, together
from tickets import access, timeline, workflow
from tickets.errors import Stale, TicketError, WrongState
from tickets.intake import Outcome, receive
from tickets.models import Message, Ticket, TimelineEntry
from tickets.workflow import perform

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


@pytest.fixture
def people():
    return factories.cast()


def test_of_two_agents_who_take_a_ticket_one_wins(people):
    for _round in range(ROUNDS):
        ticket = factories.ticket()
        results = together(
            lambda t=ticket: perform(t.pk, "start", people.agen, expected_version=t.version),
            lambda t=ticket: perform(t.pk, "start", people.koordinator, expected_version=t.version),
        )
        assert [type(error) for error in errors(results)] == [Stale]
        ticket.refresh_from_db()
        assert TimelineEntry.objects.filter(ticket=ticket, code=timeline.TRANSITION).count() == 1


def test_without_the_row_lock_both_would_win(people, monkeypatch):
    """Shows that the lock is what decides, not luck."""

    def unlocked(ticket_id, actor):
        return workflow.as_kind(Ticket.objects.get(pk=ticket_id))

    monkeypatch.setattr(workflow, "lock", unlocked)
    losers = Counter()
    for _round in range(ROUNDS * 4):
        ticket = factories.ticket()
        results = together(
            lambda t=ticket: perform(t.pk, "start", people.agen, expected_version=t.version),
            lambda t=ticket: perform(t.pk, "start", people.koordinator, expected_version=t.version),
        )
        losers.update(type(error).__name__ for error in errors(results))
    # Without the lock the loser is stopped, if at all, by the unique position in the timeline: a 500, not a notice.
    assert losers["Stale"] + losers["WrongState"] < ROUNDS * 4


def test_resolve_against_cancel_leaves_one_consistent_end(people):
    for _round in range(ROUNDS):
        ticket = factories.ticket(requester=people.warga)
        perform(ticket.pk, "assign", people.agen, team="meja-layanan")
        results = together(
            lambda t=ticket: perform(t.pk, "resolve", people.agen, code="fixed", solution="Sudah."),
            lambda t=ticket: perform(t.pk, "cancel", people.warga, reason="Tidak jadi."),
        )
        assert [type(error) for error in errors(results)] == [WrongState]
        assert timeline.first_broken(ticket.pk) is None


def test_replies_at_the_same_moment_are_all_kept_in_one_unbroken_chain(people):
    ticket = factories.ticket()
    results = together(
        *(
            lambda n=n: receive(factories.message(f"Pesan {n}", trusted_ticket_id=ticket.pk, channel="telegram"))
            for n in range(6)
        )
    )
    assert not errors(results)
    assert Message.objects.filter(ticket=ticket).count() == 7
    assert timeline.first_broken(ticket.pk) is None


def test_the_same_mail_by_two_pollers_is_one_entry(people):
    for _round in range(ROUNDS):
        message = factories.message("Sama", channel="email", mailbox="utama")
        results = together(lambda m=message: receive(m), lambda m=message: receive(m))
        assert sorted(result.outcome for result in results) == [Outcome.CREATED, Outcome.DUPLICATE]


def test_numbers_are_unique_under_concurrency(people):
    results = together(*(lambda: factories.arrive().ticket.number for _ in range(8)))
    assert not errors(results)
    assert len(set(results)) == 8


def test_two_workers_send_each_delivery_once(people, monkeypatch):
    sent: list[int] = []

    class Recorder:
        def send(self, delivery):
            sent.append(delivery.pk)
            return "id"

    monkeypatch.setattr(outbox, "transport_for", lambda channel: Recorder())
    for number in range(30):
        with transaction.atomic():
            outbox.plan(key=f"k{number}", channel="email", recipient="a@contoh.id", text="x")
    together(lambda: outbox.send_due(100), lambda: outbox.send_due(100), lambda: outbox.send_due(100))
    assert Counter(sent) == Counter(Delivery.objects.values_list("pk", flat=True))


def test_refusals_are_notices_never_crashes(people):
    ticket = factories.ticket()
    results = together(*(lambda: perform(ticket.pk, "start", people.agen) for _ in range(4)))
    assert all(isinstance(error, TicketError) for error in errors(results)) and len(errors(results)) == 3
    assert access.timeline(ticket, internal=True).filter(code=timeline.TRANSITION).count() == 1
