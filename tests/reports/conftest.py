from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from sla.models import Clock
from tests import factories
from tickets.workflow import perform


def long_ago(days=60):
    """So far back that every target of an incident has passed, whatever the weekday."""
    return timezone.now() - timedelta(days=days)


def resolve(ticket, agent):
    perform(ticket.pk, "start", agent)
    return perform(ticket.pk, "resolve", agent, code="fixed", solution="Kabel diganti.")


def start_of_history():
    return timezone.localdate() - timedelta(days=100)


@pytest.fixture
def lives(cast):
    """Five incidents, each with another fate of its resolution clock; two of them are sixty days old."""
    met = resolve(factories.ticket(), cast.agen)
    late = resolve(factories.ticket(received_at=long_ago()), cast.agen)
    overdue = factories.ticket(received_at=long_ago())
    # As it stood before its deadline: no sweep has come by since.
    Clock.objects.filter(ticket=overdue).update(state=Clock.State.RUNNING, breached_at=None)
    running = factories.ticket()
    paused = factories.ticket()
    perform(paused.pk, "start", cast.agen)
    perform(paused.pk, "hold", cast.agen, reason="third_party", note="Menunggu penyedia.")
    return SimpleNamespace(met=met, late=late, overdue=overdue, running=running, paused=paused)
