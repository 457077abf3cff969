"""Signs of life for supervisors: process, readiness, and Prometheus figures."""

from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from channels_bot.models import Mailbox
from core.models import Heartbeat
from notify.models import Delivery, Pace
from sla.models import Clock
from tickets.models import InboundRecord, Ticket

WORKER_SILENCE = timedelta(seconds=60)


@never_cache
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, migrations and a worker are well; else 503 that names what is not."""
    checks: dict[str, str] = {}
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["database"] = "ok"
        checks["migrations"] = "pending" if pending else "ok"
        alive = Heartbeat.objects.filter(at__gte=timezone.now() - WORKER_SILENCE).exists()
        checks["worker"] = "ok" if alive else "silent"
    except DatabaseError:
        checks["database"] = "unreachable"
    ready = set(checks.values()) == {"ok"}
    return JsonResponse({"status": "ok" if ready else "unready", "checks": checks}, status=200 if ready else 503)


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text format: the backlog of everything that waits. No personal data."""
    registry = CollectorRegistry()
    now = timezone.now()
    # Anybody may read this page: with the mail and clocks of restricted tickets it would tell that there are some.
    restricted = Ticket.objects.filter(is_restricted=True)
    topics = restricted.annotate(topic=Concat(Value("ticket:"), Cast("pk", CharField()))).values("topic")
    waiting = Delivery.objects.filter(state__in=["queued", "sending"]).exclude(topic__in=topics)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    dead = Delivery.objects.filter(state__in=["failed", "bounced"], carrier=None).exclude(topic__in=topics)
    figures = {
        "layanan_outbox_waiting": ("Deliveries waiting to be sent", waiting.count()),
        "layanan_outbox_oldest_seconds": (
            "Age of the oldest waiting delivery",
            (now - oldest).total_seconds() if oldest else 0,
        ),
        "layanan_outbox_retrying": (
            "Deliveries that failed for the moment and are tried again",
            waiting.filter(attempts__gt=0, state="queued").exclude(error="").count(),
        ),
        "layanan_outbox_dead_letters": ("Deliveries that did not arrive and are not tried again", dead.count()),
        "layanan_email_server_down": (
            "1 while the mail server takes none of our mail",
            Pace.objects.filter(name="email", resume_at__gt=now).count(),
        ),
        "layanan_quarantine_open": (
            "Messages waiting for a decision",
            InboundRecord.objects.filter(state="quarantined").count(),
        ),
        "layanan_clock_events_overdue": (
            "Clock events whose time has come",
            Clock.objects.filter(next_event_at__lte=now).exclude(ticket_id__in=restricted.values("pk")).count(),
        ),
        "layanan_workers_alive": (
            "Workers with a recent sign of life",
            Heartbeat.objects.filter(at__gte=now - WORKER_SILENCE).count(),
        ),
    }
    for name, (text, value) in figures.items():
        Gauge(name, text, registry=registry).set(value)
    _mailboxes(registry, now)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _mailboxes(registry: CollectorRegistry, now: datetime) -> None:
    """Age of the last look into each mailbox and whether it went wrong, by the name an administrator gave it."""
    labels = ["mailbox"]
    age = Gauge("layanan_mailbox_seconds_since_poll", "Seconds since the mailbox was read", labels, registry=registry)
    failing = Gauge("layanan_mailbox_failing", "1 when the last reading went wrong", labels, registry=registry)
    for mailbox in Mailbox.objects.filter(is_active=True):
        if mailbox.last_poll_at:
            age.labels(mailbox.name).set((now - mailbox.last_poll_at).total_seconds())
        failing.labels(mailbox.name).set(bool(mailbox.last_error))
