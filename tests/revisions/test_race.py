"""Several workers at one revision, on a database where they really run at once."""

import threading

import pytest
from django.db import close_old_connections, connection

from sla.models import Revision
from tests import factories
from tests.conftest import flush
from tests.revisions.conftest import propose, through
from tickets import revisions, timeline, workflow
from tickets.audit.verify import verify
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(*works):
    """Run the works in threads that start together; raises what any of them raised."""
    barrier, errors = threading.Barrier(len(works)), []

    def run(work):
        try:
            barrier.wait()
            work()
        except Exception as error:
            errors.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_workers_share_a_revision_while_people_work(wall):
    flush()
    cast = factories.cast()
    tickets = [factories.ticket() for _number in range(20)]
    revision = through(propose(cast.admin))
    shown = dict(revision.moves.values_list("clock_id", "new_due_at"))
    assert len(shown) == 20
    revisions.apply(revision.pk, by=cast.admin)

    def worker():
        for _turn in range(60):
            revisions.work(limit=2, size=3)

    def person():
        for ticket in tickets[::2]:
            workflow.perform(ticket.pk, "start", cast.agen)

    at_once(worker, worker, worker, person)
    revision = through(revision)
    assert revision.state == Revision.State.DONE
    entries = TimelineEntry.objects.filter(code=timeline.RECOMPUTED)
    assert sorted(entries.values_list("ticket", flat=True)) == sorted(ticket.pk for ticket in tickets)
    for move in revision.moves.select_related("clock"):
        assert move.clock.due_at == shown[move.clock_id]
    assert revision.moved == 20 and verify().broken is None
