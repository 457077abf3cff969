"""Merges at the same moment as other things, on a database with row locks."""

import pytest
from django.db import OperationalError

from accounts.contacts import Identity
from tests import factories
from tests.races import errors, together
from tickets import access, timeline, workflow
from tickets.errors import TicketError
from tickets.intake import receive
from tickets.models import Merge, Message, Tag, Ticket
from tickets.operations import splitting, tagging
from tickets.workflow import perform

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


@pytest.fixture
def people():
    return factories.cast()


def pair():
    return factories.ticket(), factories.ticket(sender=Identity(name="Budi", email="budi@contoh.id"))


def test_two_merges_against_each_other_leave_one(people):
    for _round in range(ROUNDS):
        one, two = pair()
        results = together(
            lambda a=one, b=two: perform(a.pk, "merge", people.agen, target=b.number),
            lambda a=one, b=two: perform(b.pk, "merge", people.koordinator, target=a.number),
        )
        assert len(errors(results)) == 1 and isinstance(errors(results)[0], TicketError)
        assert Merge.objects.filter(source__in=[one, two]).count() == 1
        assert Ticket.objects.filter(pk__in=[one.pk, two.pk], state="merged").count() == 1


def test_a_reply_and_a_merge_never_part(people):
    for _round in range(ROUNDS * 2):
        source, target = pair()
        reply = factories.message("Masih mati", trusted_ticket_id=source.pk)
        results = together(
            lambda s=source, t=target: perform(s.pk, "merge", people.agen, target=t.number),
            lambda m=reply: receive(m),
        )
        assert not errors(results)
        said = Message.objects.get(text="Masih mati", ticket__in=[source, target])
        assert (said.ticket_id, said.origin_id) == (target.pk, source.pk)
        assert timeline.first_broken(source.pk) is timeline.first_broken(target.pk) is None
        heard = access.conversation(Ticket.objects.get(pk=target.pk), internal=False)
        assert "Masih mati" not in [message.text for message in heard]


def test_a_merge_and_a_close_of_its_target_end_consistently(people):
    for _round in range(ROUNDS):
        source, target = pair()
        results = together(
            lambda s=source, t=target: perform(s.pk, "merge", people.agen, target=t.number),
            lambda t=target: perform(t.pk, "cancel", people.koordinator, reason="Salah"),
        )
        assert all(isinstance(error, TicketError) for error in errors(results))
        assert Ticket.objects.get(pk=target.pk).state == "cancelled" or errors(results)


def test_a_message_is_split_once_and_a_tag_made_once(people):
    ticket, _other = pair()
    message = ticket.messages.get()
    results = together(
        *(
            lambda: splitting.split(
                ticket_id=ticket.pk, message_id=message.pk, actor=people.agen, kind="incident", subject="Lain"
            )
            for _ in range(3)
        )
    )
    assert not errors(results) and len({made.pk for made in results}) == 1
    others = [factories.ticket() for _ in range(3)]
    tagged = together(*(lambda t=t: tagging.add(ticket_id=t.pk, actor=people.agen, name="banjir") for t in others))
    assert not errors(tagged) and Tag.objects.get().tickets.count() == 3


def test_without_the_ordered_lock_two_merges_block_each_other(people, monkeypatch):
    """Shows that the order of the locks is what decides: the database ends such a deadlock with an error, a 500."""
    monkeypatch.setattr(workflow, "_lock_together", lambda *_given: None)
    failures = set()
    for _round in range(ROUNDS * 4):
        one, two = pair()
        results = together(
            lambda a=one, b=two: perform(a.pk, "merge", people.agen, target=b.number),
            lambda a=one, b=two: perform(b.pk, "merge", people.koordinator, target=a.number),
        )
        failures |= {type(error) for error in errors(results)}
        if OperationalError in failures:
            break
    assert OperationalError in failures
