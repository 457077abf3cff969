"""The SLA report counts what it says, for those who may read it, and every figure opens its tickets."""

import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from reports import sla
from reports.export import safe
from sla.models import Clock
from tests import factories
from tickets.models import Ticket
from tickets.workflow import perform

URL = "/laporan/"
YEAR = {"periode": "tanggal", "dari": "2026-01-01", "sampai": "2026-12-31"}


def rows_of(user, group_by="kind", start=date(2026, 1, 1), end=date(2026, 12, 31), **filters):
    return {row.key: row for row in sla.attainment(user, start=start, end=end, group_by=group_by, filters=filters)}


def set_clock(ticket, metric, **facts):
    Clock.objects.filter(ticket=ticket, metric=metric).update(**facts)


@pytest.fixture
def lives(cast):
    """Five incidents whose resolution was met, missed, is overdue without a sweep, runs, and waits."""
    soon = timezone.now() + timedelta(hours=5)
    past = timezone.now() - timedelta(hours=5)
    tickets = [factories.ticket() for _number in range(5)]
    Clock.objects.filter(metric="response").delete()
    facts = [
        {"state": "met", "is_stopped": True, "due_at": past},
        {"state": "breached", "is_stopped": True, "due_at": past},
        {"state": "running", "is_stopped": False, "due_at": past},
        {"state": "running", "is_stopped": False, "due_at": soon},
        {"state": "paused", "is_stopped": False, "due_at": None},
    ]
    for ticket, fact in zip(tickets, facts, strict=True):
        set_clock(ticket, "resolution", **fact)
    return tickets


def test_each_clock_is_met_breached_or_running(cast, lives):
    row = rows_of(cast.pimpinan)["incident"]
    assert (row.met, row.breached, row.running, row.total) == (1, 2, 2, 5)
    assert row.attainment == 33.3
    assert row.metrics["resolution"].breached == 2


def test_nothing_decided_is_no_percentage(cast):
    factories.ticket()
    assert rows_of(cast.pimpinan)["incident"].attainment is None


def test_the_period_follows_local_dates(cast):
    ticket = factories.ticket()
    # 31 October 23.30 WIB is still October, though it is 16.30 UTC; half an hour later it is November.
    for at, month in (
        (datetime(2026, 10, 31, 16, 59, tzinfo=UTC), 10),
        (datetime(2026, 10, 31, 17, 0, tzinfo=UTC), 11),
    ):
        Ticket.objects.filter(pk=ticket.pk).update(created_at=at)
        assert list(rows_of(cast.pimpinan, "month")) == [f"2026-{month}"]
        assert bool(rows_of(cast.pimpinan, start=date(2026, 10, 31), end=date(2026, 10, 31))) == (month == 10)


@pytest.mark.parametrize("group_by", list(sla.GROUPS))
def test_every_grouping_counts_all_and_opens_its_tickets(client, cast, lives, group_by):
    factories.ticket(service=factories.service("email-dinas"), office=factories.office("dukcapil"))
    client.force_login(cast.pimpinan)
    page = client.get(URL, YEAR | {"kelompok": group_by}).content.decode()
    total = sum(row.total for row in rows_of(cast.pimpinan, group_by).values())
    assert total == Clock.objects.count()
    links = re.findall(r'<a href="(/laporan/tiket/[^"]+)">(\d+)</a>', page)
    assert links
    for address, count in links:
        behind = client.get(address.replace("&amp;", "&"))
        assert len(behind.context["tickets"]) == int(count), address


def test_filters_narrow(cast, lives):
    factories.ticket("complaint")
    assert set(rows_of(cast.pimpinan)) == {"incident", "complaint"}
    assert set(rows_of(cast.pimpinan, kind="complaint")) == {"complaint"}
    assert not rows_of(cast.pimpinan, team="jaringan")


def test_restricted_tickets_count_for_nobody_but_their_officers(cast):
    factories.ticket("complaint", confidentiality="whistleblowing")
    for person in (cast.pimpinan, cast.admin, cast.koordinator):
        assert rows_of(person) == {}
    assert rows_of(cast.inspektorat)["complaint"].total == 3


@pytest.mark.parametrize("name", ["sla", "sla_tickets", "sla_export"])
def test_outsiders_are_refused(client, cast, name):
    address = reverse(f"reports:{name}")
    assert client.get(address).status_code == 302
    for person in (cast.warga, cast.agen, cast.penghubung, cast.inspektorat, cast.orang_luar):
        client.force_login(person)
        assert client.get(address).status_code == 403
    for person in (cast.pimpinan, cast.koordinator, cast.admin):
        client.force_login(person)
        assert client.get(address).status_code == 200


def test_the_workbook_says_what_the_page_says(client, cast, lives):
    client.force_login(cast.pimpinan)
    answer = client.get("/laporan/unduh/", YEAR)
    assert "laporan-sla-20260101-20261231.xlsx" in answer["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.content))
    header, line = list(book["Rincian"].values)
    assert header[0] == "Jenis" and line[0] == "Gangguan"
    assert line[1:] == (1, 2, 2, 33.3, 1, 2, 2, 33.3)


def test_cells_cannot_become_formulas():
    assert safe("=HYPERLINK(1)") == "'=HYPERLINK(1)" and safe("@x") == "'@x"
    assert safe(-5) == -5 and safe("Dinas") == "Dinas"


@pytest.mark.parametrize(
    "query",
    [
        {"periode": "kapan-saja"},
        {"dari": "bukan-tanggal"},
        {"periode": "tanggal", "dari": "2026-05-01", "sampai": "2026-04-01"},
        {"periode": "tanggal", "dari": "1990-01-01", "sampai": "2026-04-01"},
        {"kelompok": "warna"},
        {"service": "tidak-ada"},
    ],
)
def test_wrong_questions_get_a_sentence(client, cast, query):
    client.force_login(cast.pimpinan)
    answer = client.get(URL, query)
    assert answer.status_code == 422 and answer.context["form"].errors


@pytest.mark.parametrize("key", ["bukan-bulan", "2026-13", ""])
def test_wrong_cells_are_not_found_or_everything(client, cast, key):
    client.force_login(cast.pimpinan)
    answer = client.get("/laporan/tiket/", YEAR | {"kelompok": "month", "kunci": key})
    assert answer.status_code == (200 if key == "" else 404)


def test_pages_of_tickets_follow_each_other_without_gaps(client, cast, monkeypatch):
    monkeypatch.setattr("reports.views.PAGE_SIZE", 2)
    made = {factories.ticket().number for _number in range(5)}
    client.force_login(cast.pimpinan)
    address, seen = "/laporan/tiket/?" + "&".join(f"{k}={v}" for k, v in YEAR.items()), []
    while address:
        answer = client.get(address)
        seen += [ticket.number for ticket in answer.context["tickets"]]
        address = answer.context["next_url"] and "/laporan/tiket/" + answer.context["next_url"]
    assert len(seen) == 5 and set(seen) == made


def test_the_number_of_queries_does_not_grow(client, cast):
    def count(tickets):
        for number in range(tickets):
            factories.ticket(service=factories.service(f"layanan-{number}"))
        client.force_login(cast.pimpinan)
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            client.get(URL, YEAR | {"kelompok": "service"})
        return len(queries)

    assert count(3) == count(27)


def test_reopening_puts_a_met_clock_back_among_the_running(cast):
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Sudah.")
    assert rows_of(cast.pimpinan)["incident"].metrics["resolution"].met == 1
    perform(ticket.pk, "reopen", cast.warga, reason="Belum.")
    assert rows_of(cast.pimpinan)["incident"].metrics["resolution"].running == 1
