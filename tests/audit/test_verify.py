"""With the triggers out of the way every kind of tampering is found, and the first broken place is named."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests import factories
from tickets import timeline, workflow
from tickets.actors import SYSTEM
from tickets.audit import seals, verify
from tickets.models import AuditSeal, Ticket, TimelineEntry
from tickets.triggers import drop, drop_seals


@pytest.fixture
def history(cast):
    """Three tickets; the second with five entries; two sealed days."""
    first, second = factories.ticket(), factories.ticket()
    workflow.perform(second.pk, "start", cast.agen)
    for text in ("satu", "dua"):
        from tickets import messages

        messages.post(ticket_id=second.pk, actor=cast.agen, text=text)
    third = factories.ticket()
    now = timezone.now()
    assert seals.seal_due(now + timedelta(days=1)) == 1
    assert seals.seal_due(now + timedelta(days=2)) == 1
    return first, second, third


@pytest.fixture
def unprotected(history):
    """As an intruder with rights of the owner leaves the database."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in ("timeline_no_update", "timeline_no_delete", "timeline_no_replace"):
                cursor.execute(f"DROP TRIGGER {name}")
            for name in ("seals_no_update", "seals_no_delete", "seals_no_replace"):
                cursor.execute(f"DROP TRIGGER {name}")
    else:
        with connection.schema_editor() as editor:
            drop_seals(None, editor)
            drop(None, editor)
    return history


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def complaint(**options):
    with pytest.raises(CommandError) as error:
        call_command("verify_audit", stdout=StringIO(), stderr=StringIO(), **options)
    return str(error.value)


def test_untouched_history_is_whole(history):
    out = StringIO()
    call_command("verify_audit", stdout=out)
    entries = TimelineEntry.objects.count()
    assert out.getvalue() == f"Riwayat 3 tiket utuh: {entries} entri, 2 segel harian.\n"


def test_an_edited_entry_is_named(unprotected):
    first, second, third = unprotected
    for ticket, position in ((third, 1), (second, 3)):
        sql(
            "UPDATE tickets_timelineentry SET actor_name = 'Orang lain' WHERE ticket_id = %s AND position = %s",
            ticket.pk,
            position,
        )
    assert complaint().startswith(f"Riwayat {second.number} rusak mulai entri ke-3: isi entri (ticket.transition)")
    assert third.number in complaint(ticket=third.number)
    call_command("verify_audit", ticket=first.number, stdout=StringIO())


@pytest.mark.parametrize("column", ["code", "actor_name", "channel", "at", "changes", "is_public", "position"])
def test_every_column_counts(unprotected, column):
    ticket = unprotected[1]
    values = {
        "at": timezone.now() - timedelta(days=9),
        "changes": '{"x": 1}',
        "position": 77,
        "is_public": False,
    }
    sql(
        f"UPDATE tickets_timelineentry SET {column} = %s WHERE ticket_id = %s AND position = 2",
        values.get(column, "web2"),
        ticket.pk,
    )
    assert f"Riwayat {ticket.number} rusak mulai entri ke-2" in complaint()


def test_an_entry_removed_from_the_middle_is_named(unprotected):
    ticket = unprotected[1]
    sql("DELETE FROM tickets_timelineentry WHERE ticket_id = %s AND position = 2", ticket.pk)
    assert f"{ticket.number} rusak mulai entri ke-2: entri ini hilang; berikutnya entri ke-3" in complaint()


def test_a_gap_closed_by_renumbering_is_named(unprotected):
    ticket = unprotected[1]
    sql("DELETE FROM tickets_timelineentry WHERE ticket_id = %s AND position = 2", ticket.pk)
    for position in (3, 4, 5):
        sql(
            "UPDATE tickets_timelineentry SET position = %s WHERE ticket_id = %s AND position = %s",
            position - 1,
            ticket.pk,
            position,
        )
    assert f"{ticket.number} rusak mulai entri ke-2" in complaint()


def test_a_removed_tail_is_named(unprotected):
    ticket = unprotected[1]
    sql("DELETE FROM tickets_timelineentry WHERE ticket_id = %s AND position >= 4", ticket.pk)
    assert f"{ticket.number} rusak mulai entri ke-4: entri terakhir hilang: tersisa 3 dari 5" in complaint()


def test_a_removed_tail_is_found_by_the_seal_when_the_ticket_was_changed_too(unprotected):
    ticket = unprotected[1]
    sql("DELETE FROM tickets_timelineentry WHERE ticket_id = %s AND position >= 4", ticket.pk)
    Ticket.objects.filter(pk=ticket.pk).update(history_length=3)
    assert "Segel" in complaint() and "mencakup 9 entri, kini ada 7" in complaint()


def test_a_whole_history_removed_is_named(unprotected):
    ticket = unprotected[0]
    sql("DELETE FROM tickets_timelineentry WHERE ticket_id = %s", ticket.pk)
    assert f"{ticket.number} rusak mulai entri ke-1: seluruh riwayat hilang" in complaint()


def test_two_entries_that_changed_places_are_named(unprotected):
    ticket = unprotected[1]
    for old, new in ((4, 99), (5, 4), (99, 5)):
        sql(
            "UPDATE tickets_timelineentry SET position = %s WHERE ticket_id = %s AND position = %s",
            new,
            ticket.pk,
            old,
        )
    assert f"{ticket.number} rusak mulai entri ke-4" in complaint()


def rechain(ticket, from_position=1):
    """What a careful forger does: compute all digests anew."""
    previous = ""
    for entry in TimelineEntry.objects.filter(ticket=ticket).order_by("position"):
        entry.previous = previous
        previous = timeline.digest_of(entry)
        sql(
            "UPDATE tickets_timelineentry SET previous = %s, digest = %s WHERE id = %s",
            entry.previous,
            previous,
            entry.pk,
        )


def test_a_rewritten_chain_is_found_by_the_seal(unprotected):
    ticket = unprotected[1]
    sql("UPDATE tickets_timelineentry SET actor_name = 'Orang lain' WHERE ticket_id = %s AND position = 2", ticket.pk)
    rechain(ticket)
    assert verify.verify(number=ticket.number).broken is None
    day = AuditSeal.objects.earliest("day").day
    assert complaint() == f"Segel {day} rusak: riwayat yang dicakupnya diganti sesudah disegel"


def test_an_entry_forged_into_a_sealed_day_is_found(unprotected):
    ticket = unprotected[1]
    first = TimelineEntry.objects.order_by("id").first()
    at = timezone.now()
    forged = timeline.record(ticket, code=timeline.CHANGED, actor=SYSTEM, at=at, changes={})
    sql("UPDATE tickets_timelineentry SET id = %s WHERE id = %s", first.pk - 1, forged.pk)
    day = AuditSeal.objects.earliest("day").day
    assert f"Segel {day} rusak: mencakup 9 entri, kini ada 10" in complaint()


@pytest.mark.parametrize(
    "statement, problem",
    [
        ("UPDATE tickets_auditseal SET entries = 1 WHERE id = {first}", "isi segel tidak cocok"),
        ("UPDATE tickets_auditseal SET root = 'x' WHERE id = {last}", "isi segel tidak cocok"),
        ("DELETE FROM tickets_auditseal WHERE id = {first}", "tidak menyambung ke segel sebelumnya"),
    ],
)
def test_a_changed_or_removed_seal_is_named(unprotected, statement, problem):
    first, last = AuditSeal.objects.order_by("day").values_list("pk", flat=True)
    sql(statement.format(first=first, last=last))
    assert problem in complaint()


def test_a_seal_removed_from_the_middle_is_named(unprotected):
    seals.seal_due(timezone.now() + timedelta(days=3))
    middle = AuditSeal.objects.order_by("day")[1]
    sql("DELETE FROM tickets_auditseal WHERE id = %s", middle.pk)
    assert complaint() == f"Segel {middle.day + timedelta(days=1)} rusak: segel hari sebelumnya hilang"


def test_since_a_day_looks_at_what_came_later(unprotected, cast):
    first, second, _third = unprotected
    sql("UPDATE tickets_timelineentry SET actor_name = 'X' WHERE ticket_id = %s AND position = 1", first.pk)
    workflow.perform(second.pk, "resolve", cast.agen, solution="Beres.", code="fixed")
    last = AuditSeal.objects.latest("day").day
    report = verify.verify(since=last + timedelta(days=1))
    assert (report.tickets, report.broken) == (1, None)
    assert verify.verify(since=last - timedelta(days=30)).broken is not None


def test_an_unknown_ticket_is_said(db):
    assert complaint(ticket="ABC-1") == "Tidak ada tiket bernomor ABC-1."


def test_the_number_of_queries_does_not_grow_with_tickets(history, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        verify.verify()


def test_small_batches_find_the_same(unprotected, monkeypatch):
    monkeypatch.setattr(verify, "BATCH", 1)
    assert verify.verify().tickets == 3
    third = unprotected[2]
    sql("UPDATE tickets_timelineentry SET actor_name = 'X' WHERE ticket_id = %s AND position = 2", third.pk)
    assert third.number in complaint()
