"""Plain rows of many at once say and write what a query set does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core import bulk
from sla.models import Clock
from tests import factories
from tickets.models import Ticket, TimelineEntry

ODD = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=7)))
NAMES = ("pk", "ticket_id", "metric", "is_stopped", "due_at", "stopped_at", "started_at", "ticket__created_at")


@pytest.fixture
def clocks(cast):
    for _number in range(3):
        factories.ticket()
    Clock.objects.filter(metric="response").update(due_at=ODD, started_at=ODD.replace(microsecond=0))
    return Clock.objects.order_by("pk")


def test_reading_gives_what_values_list_gives(clocks):
    rows = bulk.read(clocks, *NAMES)
    assert rows == list(clocks.values_list(*NAMES)) and len(rows) > 3
    moments = [value for row in rows for value in row[4:] if value is not None]
    assert any(row[5] is None for row in rows)
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)


def test_among_is_in(clocks):
    wanted = list(clocks.values_list("pk", flat=True))[::2]
    assert list(clocks.filter(bulk.Among("pk", wanted)).values_list("pk", flat=True)) == wanted
    assert not clocks.filter(bulk.Among("pk", [])).exists()
    tickets = set(clocks.filter(bulk.Among("ticket_id", range(100_000))).values_list("ticket_id", flat=True))
    assert tickets == set(Ticket.objects.values_list("pk", flat=True))
    assert not clocks.exclude(bulk.Among("pk", wanted)).filter(pk__in=wanted).exists()


def test_update_writes_each_row_its_own(clocks):
    first, second, *others = clocks
    bulk.update(
        Clock,
        ("due_at", "next_event_at", "elapsed_seconds", "metric", "policy_id"),
        [
            (ODD, None, 7, "a,\"b' {x}", None, first.pk),
            (None, ODD.astimezone(UTC), 8, "", second.policy_id, second.pk),
        ],
    )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.due_at, first.next_event_at, first.elapsed_seconds, first.metric) == (ODD, None, 7, "a,\"b' {x}")
    assert (second.due_at, second.next_event_at, second.elapsed_seconds, second.metric) == (None, ODD, 8, "")
    assert first.policy_id is None and second.policy_id is not None
    assert list(clocks.exclude(pk__in=[first.pk, second.pk]).values()) == [
        {field.attname: getattr(each, field.attname) for field in Clock._meta.concrete_fields} for each in others
    ]


def test_inserted_json_reads_back(clocks):
    ticket = Ticket.objects.first()
    changes = {"teks": 'é "kutip" \\ \t\n', "angka": 1, "daftar": [None, True, {"x": "–"}]}
    entry = TimelineEntry(
        ticket=ticket, position=900, code="ticket.changed", actor_name="A", channel="web", at=ODD, changes=changes
    )
    bulk.number(TimelineEntry, [entry])
    bulk.insert(TimelineEntry, [entry])
    found = TimelineEntry.objects.get(pk=entry.pk)
    assert (found.changes, found.at, found.previous) == (changes, ODD, "")
