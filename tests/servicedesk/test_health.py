from datetime import timedelta

from django.utils import timezone

from core.models import Heartbeat
from servicedesk import worker


def test_ready_means_database_migrations_and_a_living_worker(client, db):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json()["checks"] == {"database": "ok", "migrations": "ok", "worker": "silent"}
    worker.beat()
    assert client.get("/readyz").status_code == 200
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert client.get("/readyz").status_code == 503


def test_metrics_are_figures_without_names(client, db):
    text = client.get("/metrics").content.decode()
    assert "layanan_outbox_waiting 0.0" in text and "layanan_workers_alive 0.0" in text
