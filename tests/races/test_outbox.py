"""Many workers empty the outbox at the same moment: each message goes once, and no server gets too many at a time."""

import pytest

from notify import outbox
from notify.models import Delivery
from tests.races import errors, together
from tests.servers.hardmail import HardServer

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

WORKERS, MESSAGES = 6, 40


@pytest.fixture
def server(settings):
    with HardServer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 10
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        running.delay = 0.02
        yield running


def test_each_message_goes_once_and_few_at_a_time(server, settings):
    settings.EMAIL_PER_DOMAIN = 2
    for number in range(MESSAGES):
        outbox.plan(key=f"a:{number}", channel="email", recipient=f"a{number}@contoh.id", subject="x", text="x")

    def work():
        while Delivery.objects.filter(state__in=["queued", "sending"]).exists():
            outbox.send_due()

    assert not errors(together(*[work] * WORKERS))
    assert Delivery.objects.filter(state="sent").count() == MESSAGES
    assert len(server.messages) == len({each.message["Message-ID"] for each in server.messages}) == MESSAGES
    assert server.most_concurrent <= 2


def test_the_pace_counts_every_worker(server, settings, monkeypatch):
    settings.EMAIL_PER_MINUTE, settings.EMAIL_PER_DOMAIN = 1, 50
    monkeypatch.setattr(outbox, "BURST", 3)
    for number in range(20):
        outbox.plan(key=f"a:{number}", channel="email", recipient=f"a{number}@contoh.id", subject="x", text="x")
    assert not errors(together(*[outbox.send_due] * WORKERS))
    assert Delivery.objects.filter(state="sent").count() == 4
