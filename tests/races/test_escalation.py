"""Two workers sweep at the same moment: each step fires once, and everybody is told once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notify.models import Delivery
from sla.models import Escalation, EscalationNotice
from tests import factories
from tests.races import errors, together
from tickets import escalation, timeline
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("count", [1, 6])
def test_two_workers_fire_and_tell_once(count):
    factories.cast()
    opening = timezone.localtime(timezone.now() + timedelta(days=14)).replace(hour=9)
    later = opening - timedelta(days=opening.weekday())
    tickets = [factories.ticket() for _each in range(count)]

    def sweep():
        while escalation.run_due(limit=3, now=later):
            pass

    assert not errors(together(sweep, sweep))
    sweep()
    fired = list(Escalation.objects.values_list("clock", "step", "target_version"))
    assert len(fired) == len(set(fired)) >= 2 * count
    assert TimelineEntry.objects.filter(code=timeline.ESCALATED).count() == len(fired)
    assert not EscalationNotice.objects.filter(told_at=None).exists()
    for ticket in tickets:
        assert timeline.first_broken(ticket.pk) is None
    mails = list(Delivery.objects.filter(key__startswith="escalation"))
    lines = sum(mail.text.count("/kerja/tiket/") for mail in mails)
    # One coordinator: told of each step on its own, or of each ticket in a digest.
    assert count <= lines <= len(fired)
    assert EscalationNotice.objects.count() == len(fired)
