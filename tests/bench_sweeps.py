"""What the worker asks again and again, when nothing is due: with a million open clocks (`make bench`)."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

CLOCKS = int(os.environ.get("BENCH_SWEEP_CLOCKS", "1000000"))
AIM = "aim 20 ms"


def measure(line: Callable[[str, str], None], median_ms: Callable[..., float]) -> None:
    """Every job of the worker once there is nothing for it to do, and what the sweeps ask as the database plans it."""
    from servicedesk import worker
    from tickets import sweeps

    count = _fill()
    jobs = worker.jobs()
    for job in jobs:
        while job.run():
            pass
    line(f"sweep with nothing due, {count:,} open clocks", f"{median_ms(sweeps.run_due):.1f} ms ({AIM})")
    took = {job.name: median_ms(job.run) for job in jobs}
    for name, milliseconds in took.items():
        line(f"worker with nothing to do: {name}", f"{milliseconds:.1f} ms")
    line("worker with nothing to do: all jobs", f"{sum(took.values()):.1f} ms")


def _fill() -> int:
    """Add open clocks to the tickets there are, all by SQL, and let nothing be due for a day."""
    from django.db import connection, transaction
    from django.utils import timezone

    from reports import triggers
    from sla.models import Clock
    from tickets.models import Ticket

    tomorrow = timezone.now() + timedelta(days=1)
    missing = max(0, CLOCKS - Clock.objects.filter(is_stopped=False).count())
    with transaction.atomic(), connection.cursor() as cursor:
        _rest(cursor)
        for statement in _clocks(missing, Ticket.objects.count()):
            cursor.execute(statement)
        Clock.objects.filter(next_event_at__lte=tomorrow).update(next_event_at=tomorrow)
        Ticket.objects.filter(auto_close_at__lte=tomorrow).update(auto_close_at=tomorrow)
        triggers.restore()  # no sum is counted anew: what is measured here is the asking alone
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Clock.objects.filter(is_stopped=False).count()


def _rest(cursor: Any) -> None:
    """Let the reports note nothing of what follows."""
    from django.db import connection

    from reports import triggers

    for table in triggers.COUNTED:
        for verb in triggers.VERBS:
            name = f"reports_{table.rpartition('_')[2]}_{verb.lower()}"
            end = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{end}")


def _clocks(count: int, tickets: int) -> list[str]:
    """One INSERT: clock n belongs to the ticket n % tickets and waits one to thirty days for its next event."""
    from django.db import connection

    columns = (
        "ticket_id, metric, cycle, calendar_id, state, is_stopped, started_at, due_at, target_seconds, "
        "elapsed_seconds, next_event_at, target_version, created_at, updated_at"
    )
    if connection.vendor == "postgresql":
        numbers = f"SELECT n FROM generate_series(0, {count - 1}) AS n"
        later, ago = "now() + (86400 + (n * 7919::bigint) % 2592000) * interval '1 second'", "now() - interval '1 hour'"
        no = "false"
    else:
        numbers = (
            f"WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n < {count - 1}) SELECT n FROM g"
        )
        later = "datetime('now', '+' || (86400 + (n * 7919) % 2592000) || ' seconds')"
        ago, no = "datetime('now', '-1 hour')", "0"
    ranked = "SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM tickets_ticket"
    calendar = "(SELECT id FROM sla_calendar WHERE is_default)"
    if not count:
        return []
    return [
        f"INSERT INTO sla_clock ({columns}) SELECT t.id, 'update', 1000 + n / {tickets}, {calendar}, 'running', "
        f"{no}, {ago}, {later}, 36000, 0, {later}, 1, {ago}, {ago} "
        f"FROM ({numbers}) AS g JOIN ({ranked}) AS t ON t.place = g.n % {tickets}"
    ]
