"""Recomputing open clocks after a holiday edit: 100,000 of them, two on each of 50,000 tickets (`make bench`)."""

import os
import random
import time
from collections.abc import Callable
from datetime import timedelta

CLOCKS = int(os.environ.get("BENCH_CLOCKS", "100000"))
ADDED = "BENCH-"


def measure(line: Callable[[str, str], None]) -> None:
    """Open tickets of the last days, then one more free day: the dry run, and working it through."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from sla import definitions
    from sla.models import Calendar, Clock, Revision
    from tickets import revisions

    _fill(CLOCKS // 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the database does by itself soon after so many rows
    count = Clock.objects.filter(is_stopped=False).count()
    calendar = Calendar.objects.get(is_default=True)
    definition = definitions.of(calendar)
    day = timezone.localdate() + timedelta(days=3)
    while day.weekday() > 3 or any(row["date"] == day.isoformat() for row in definition["holidays"]):
        day += timedelta(days=1)
    definition["holidays"].append(
        {"date": day.isoformat(), "name": "Libur", "kind": "local", "status": "confirmed", "source": ""}
    )
    keeper = User.objects.get(username="bench_pengelola")
    revision = revisions.propose(
        kind=Revision.Kind.CALENDAR, calendar=calendar, payload=definition, summary="Libur", by=keeper
    )
    tried = _through()
    revisions.apply(revision.pk, by=keeper)
    applied = _through()
    revision.refresh_from_db()
    line(f"holiday edit, {count} open clocks: dry run", f"{tried:.1f} s, {revision.moved} deadlines move")
    line(f"holiday edit, {count} open clocks: recompute", f"{applied:.1f} s (aim for 100,000: 10 s)")


def _through() -> float:
    from tickets import revisions

    started = time.perf_counter()
    while revisions.work():
        pass
    return time.perf_counter() - started


def _fill(count: int) -> None:
    """Open tickets of the last day, each with two clocks of one to three weeks and one entry of history.

    No two begin at the same microsecond; targets are in days or in minutes, and one ticket in five has been waiting
    for a while.
    """
    from django.db import transaction
    from django.utils import timezone

    from accounts.roles import Role
    from core import bulk as tables
    from sla.calendars import default_calendar_id
    from sla.models import Clock, ClockSegment
    from sla.replay import Run, Segment, Target, next_event, replay
    from tests import factories
    from tickets import triggers
    from tickets.clocks import default_calendar
    from tickets.models import Ticket, TimelineEntry
    from tickets.timeline import digest_of

    factories.user("bench_pengelola", Role.ADMINISTRATOR)
    model, now, calendar, calendar_id = factories.ticket(), timezone.now(), default_calendar(), default_calendar_id()
    names = [field.attname for field in Ticket._meta.concrete_fields if field.name != "id"]
    facts = {name: getattr(model, name) for name in names}
    rng = random.Random(1)
    rows, clocks, marks, entries = [], [], [], []
    for number in range(count):
        at = now - timedelta(seconds=600 + 86400 * rng.random())
        rows.append(Ticket(**{**facts, "number": f"{ADDED}{number}", "created_at": at, "history_length": 1}))
        entries.append(
            TimelineEntry(position=1, code="ticket.created", actor_name="Bench", channel="web", at=at, changes={})
        )
        pauses = [(at + (now - at) * rng.random(), Run.PAUSED), (now, Run.RUNNING)] if number % 5 == 0 else []
        for metric, days in (("response", 5 + number % 3), ("resolution", 10 + number % 5)):
            wanted = Target(working_days=days) if number % 2 else Target(minutes=450 * days + number % 60)
            segments = [Segment(since, run, calendar, wanted) for since, run in [(at, Run.RUNNING), *pauses]]
            shown = replay(segments, now)
            clocks.append(
                Clock(
                    metric=metric, calendar_id=calendar_id, started_at=at, due_at=shown.due_at,
                    target_seconds=int(shown.target.total_seconds()), next_event_at=next_event(segments, now, []),
                    created_at=at, updated_at=now,
                )
            )  # fmt: skip
            marks.append(
                [
                    ClockSegment(
                        position=position, started_at=part.started_at, run=part.run.value,
                        calendar_id=calendar_id, minutes=wanted.minutes, working_days=wanted.working_days,
                    )
                    for position, part in enumerate(segments)
                ]
            )  # fmt: skip
    with transaction.atomic():
        for table, made in ((Ticket, rows), (Clock, clocks), (TimelineEntry, entries)):
            tables.number(table, made)
        for number, ticket in enumerate(rows):
            entries[number].ticket_id = ticket.pk
            entries[number].digest = digest_of(entries[number])
            for place in (2 * number, 2 * number + 1):
                clocks[place].ticket_id = ticket.pk
                for mark in marks[place]:
                    mark.clock_id = clocks[place].pk
        parts = [mark for own in marks for mark in own]
        tables.number(ClockSegment, parts)
        for table, made in ((Ticket, rows), (Clock, clocks), (ClockSegment, parts)):
            tables.insert(table, made)
        with triggers.loading():
            tables.insert(TimelineEntry, entries)
