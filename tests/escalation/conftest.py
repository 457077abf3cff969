import pytest
from django.utils import timezone

from sla import calendars
from sla.models import Escalation, EscalationStep
from tests import factories
from tests.sla.conftest import WallClock
from tickets import escalation


@pytest.fixture
def wall(monkeypatch):
    """The present moment; Monday, 23 November 2026, 09.00. The ASN week is 07.30-12.00, 13.00-16.00."""
    clock = WallClock()
    calendars._build.cache_clear()
    clock.set("23 09:00")
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def desk(cast, wall):
    """Answered within one hour, solved within eight; no steps but those of the test."""
    EscalationStep.objects.all().delete()
    return cast


def step(**kw):
    """A step that tells nobody unless the test says so."""
    kw = {"metric": "response", "notify_assignee": False, "notify_coordinator": False} | kw
    return EscalationStep.objects.create(**kw)


def report(cast, **kw):
    kw.setdefault("team", cast.network)
    return factories.ticket(kind="incident", requester=cast.asn, **kw)


def sweep(wall, at=None):
    if at:
        wall.set(at)
    return escalation.run_due(now=wall.now)


def fired(ticket):
    rows = Escalation.objects.filter(clock__ticket=ticket).order_by("pk")
    return [(each.step.percent or each.step.offset_minutes, each.target_version, each.is_late) for each in rows]


def headed_by(person):
    office = factories.office("dukcapil")
    office.head = person
    office.save()
    return office
