"""Four tickets of the first week of March 2026, told to the minute, so that every figure can be worked out by hand.

Working time is Monday to Thursday 07.30-12.00 and 13.00-16.00 in Jakarta; response is due in 60 minutes of it, the
solution in 480.
"""

from datetime import date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from reports.figures import Question
from reports.models import Bucket
from reports.rollups import work
from tests import factories
from tickets.messages import post
from tickets.workflow import perform

JAKARTA = ZoneInfo("Asia/Jakarta")
MARCH = date(2026, 3, 1), date(2026, 3, 31)


def local(day, hour, minute=0, month=3):
    return datetime(2026, month, day, hour, minute, tzinfo=JAKARTA)


@pytest.fixture
def at(monkeypatch):
    """Call it to go to an instant."""

    def go(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return moment

    return go


@pytest.fixture
def week(cast, at):
    """`now` is Friday 6 March, 09.00.

    quick   Mon 08.00, started 08.30, solved 09.00 by the desk
    slow    Mon 08.00, answered 09.30, started 10.00, waits for a third party from 10.30 to Wed 08.30, solved Wed 15.30
    idle    Mon 13.00, nobody touched it
    back    Tue 10.00 by telephone, started 10.10, given to the network team 10.20, solved 11.00, reopened Wed 08.00
    hidden  Mon 08.00, secret
    """
    found = SimpleNamespace()
    at(local(2, 8))
    found.quick = factories.ticket(service=factories.service("surel"), office=factories.office("dukcapil"))
    found.slow = factories.ticket(service=factories.service("jaringan"))
    found.hidden = factories.ticket("complaint", confidentiality="secret", requester=cast.pimpinan)
    at(local(2, 8, 30))
    perform(found.quick.pk, "start", cast.agen)
    at(local(2, 9))
    perform(found.quick.pk, "resolve", cast.agen, code="fixed", solution="Kabel diganti.")
    at(local(2, 9, 30))
    post(ticket_id=found.slow.pk, actor=cast.agen, text="Sedang kami periksa.")
    at(local(2, 10))
    perform(found.slow.pk, "start", cast.agen)
    at(local(2, 10, 30))
    perform(found.slow.pk, "hold", cast.agen, reason="third_party", note="Menunggu penyedia.")
    at(local(2, 13))
    found.idle = factories.ticket(service=factories.service("jaringan"))
    at(local(3, 10))
    found.back = factories.ticket(requester=cast.warga, channel="phone")
    at(local(3, 10, 10))
    perform(found.back.pk, "start", cast.koordinator)
    at(local(3, 10, 20))
    perform(found.back.pk, "reassign", cast.koordinator, team=cast.network, assignee=cast.teknisi)
    at(local(3, 11))
    perform(found.back.pk, "resolve", cast.teknisi, code="fixed", solution="Sudah.")
    at(local(4, 8))
    perform(found.back.pk, "reopen", cast.warga, reason="Belum.")
    at(local(4, 8, 30))
    perform(found.slow.pk, "resume", cast.agen)
    at(local(4, 15, 30))
    perform(found.slow.pk, "resolve", cast.agen, code="fixed", solution="Sudah.")
    found.now = at(local(6, 9))
    return found


def asks(user, start=MARCH[0], end=MARCH[1], now=None, **filters):
    return Question(user, start, end, filters, now or timezone.now())


def keep_all():
    """Let the worker count everything it would."""
    while work(limit=1000):
        pass
    assert Bucket.objects.exists()
