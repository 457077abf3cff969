"""The reports at a million tickets on PostgreSQL (`BENCH_MILLION=1 make bench`)."""

import time
from collections.abc import Callable

TICKETS = 1_000_000


def measure(line: Callable[[str, str], None], report_lines: Callable[[], None]) -> None:
    """Copy what was generated until there are a million tickets, count the sums anew, and ask for each report."""
    from django.db import connection

    from reports import rollups
    from tickets.models import Ticket

    started = time.perf_counter()
    _copy(TICKETS // Ticket.objects.count() - 1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    count = Ticket.objects.count()
    line(f"copying to {count:,} tickets", f"{time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    while rollups.work():
        pass
    line(f"keeping the sums of {count:,} tickets", f"{time.perf_counter() - started:.1f} s")
    report_lines()


def _copy(times: int) -> None:
    """Tickets with their clocks and spells, which is what figures are counted from. All at once, by SQL."""
    from django.db import connection, transaction
    from django.db.models import Max

    from sla.models import Clock
    from tickets.models import Spell, Ticket

    step = (Ticket.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    with transaction.atomic(), connection.cursor() as cursor:
        for model, ticket in ((Ticket, "id"), (Clock, "ticket_id"), (Spell, "ticket_id")):
            table = model._meta.db_table
            own = (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1
            values = {
                **{field.column: f"t.{field.column}" for field in model._meta.concrete_fields},
                "id": f"t.id + k * {own}",
                ticket: f"t.{ticket} + k * {step}",
            }
            if model is Ticket:
                values["number"] = "'K' || k || '-' || t.id"
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(values)}) OVERRIDING SYSTEM VALUE "
                f"SELECT {', '.join(values.values())} FROM {table} AS t CROSS JOIN generate_series(1, {times}) AS k"
            )
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, own * (times + 1)]
            )  # fmt: skip
