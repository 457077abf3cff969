from datetime import UTC, datetime, timedelta

import pytest

from sla.replay import Target
from sla.versions import Conditions
from tests import factories
from tickets.targets.keeping import Proposal

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""08.00 WIB, within working hours."""
HOUR = timedelta(hours=1)


def proposal(name="Umum", note="Diminta kepala dinas", calendar=None, conditions=None, days=None, **minutes):
    targets = {metric: Target(minutes=amount) for metric, amount in minutes.items()}
    targets |= {metric: Target(working_days=amount) for metric, amount in (days or {}).items()}
    return Proposal(name, conditions or Conditions(), targets, calendar, note)


@pytest.fixture
def keeper(cast, client):
    client.force_login(cast.koordinator)
    return client


@pytest.fixture
def umum(cast):
    return factories.policy("Umum")
