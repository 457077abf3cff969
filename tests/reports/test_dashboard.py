"""The public dashboard: nobody behind its figures, and no way to compute what is hidden."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reports import dashboard, rollups
from sla.models import Clock
from tests import factories
from tickets.models import Ticket

URL = "/kinerja/"


def months_ago(months):
    """Noon of the 10th of a past month."""
    today = timezone.localtime().replace(day=1, hour=12, minute=0, second=0, microsecond=0)
    number = today.year * 12 + today.month - 1 - months
    return today.replace(year=number // 12, month=number % 12 + 1, day=10)


def tickets(service, number, months, met=None, minutes=(60,), kind="incident", **kw):
    """So many tickets of that month; `met` of their clocks are met and the others breached (all met unless told)."""
    for position in range(number):
        made = factories.ticket(kind, service=service, **kw)
        Ticket.objects.filter(pk=made.pk).update(created_at=months_ago(months))
        good = met is None or position < met
        Clock.objects.filter(ticket=made).update(
            is_stopped=True,
            due_at=timezone.now(),
            state=Clock.State.MET if good else Clock.State.BREACHED,
            elapsed_seconds=60 * minutes[position % len(minutes)],
        )
        at = timezone.now()
        Ticket.objects.filter(pk=made.pk).update(stage="closed", is_open=False, resolved_at=at, first_response_at=at)


def line(code, months=12):
    cache.clear()
    return {each.code: each for each in dashboard.published(months).lines}[code]


@pytest.mark.parametrize(("number", "shown"), [(0, None), (1, None), (4, None), (5, 5), (7, 5), (8, 10)])
def test_small_counts_are_hidden_and_others_rounded(number, shown):
    assert dashboard.rounded(number) == shown


def test_figures_of_a_service(cast, client):
    service = factories.service("surel", name="Surel dinas")
    tickets(service, 8, 2, met=6, minutes=(30, 60, 90, 120, 150, 180, 210, 240))
    found = line("surel")
    assert (found.tickets, found.response, found.resolution, found.median) == (10, 75, 75, 120)
    page = client.get(URL).content.decode()
    assert "Surel dinas" in page and "75%" in page and "2 j" in page
    assert "style=" not in page


def test_fewer_than_five_are_hidden_everywhere(cast, client):
    tickets(factories.service("surel", name="Surel dinas"), 4, 2, met=1)
    found = line("surel")
    assert (found.tickets, found.response, found.resolution, found.median) == (None, None, None, None)
    page = client.get(URL).content.decode()
    assert "Surel dinas" not in page and "kurang dari 5 tiket" in page
    row = next(each for each in client.get(f"{URL}data.json").json()["services"] if each["code"] == "surel")
    assert row["tickets_text"] == "< 5" and {row["tickets"], row["response_percent"], row["resolution_percent"]} == {
        None
    }


def test_the_total_tells_nothing_of_a_hidden_service(cast):
    """Whether the hidden service has none or four, everything published stays the same."""
    big, small = factories.service("besar"), factories.service("kecil")
    tickets(big, 12, 2)
    cache.clear()
    before = dashboard.published(12)
    tickets(small, 4, 2)
    cache.clear()
    after = dashboard.published(12)
    assert before.total == after.total == 10
    assert set(before.lines) == set(after.lines)


def test_the_months_between_the_windows_cannot_be_computed(cast):
    """Ten in three months, twelve in twelve: the two between would follow from two exact percentages."""
    service = factories.service("surel")
    tickets(service, 10, 2, met=10)
    tickets(service, 2, 8, met=0)
    assert (line("surel", 12).response, line("surel", 12).median) == (83, 60)
    short = line("surel", 3)
    assert short.tickets == 10 and (short.response, short.resolution, short.median) == (None, None, None)
    tickets(service, 3, 8, met=0)
    assert line("surel", 3).response == 100, "five between are enough"


def test_equal_windows_hide_nothing(cast):
    tickets(factories.service("surel"), 6, 1, met=3)
    assert line("surel", 3).response == line("surel", 12).response == 50


def test_one_more_ticket_rarely_shows(cast):
    """Two visits cannot be subtracted: the present month does not count, and rounding hides a single ticket."""
    service = factories.service("surel")
    tickets(service, 9, 2)
    tickets(service, 6, 0)
    assert line("surel").tickets == 10
    tickets(service, 1, 2)
    assert line("surel").tickets == 10


@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_restricted_tickets_are_never_counted(cast, confidentiality):
    service = factories.service("surel")
    tickets(service, 7, 2)
    before = line("surel")
    tickets(service, 6, 2, kind="complaint", met=0, confidentiality=confidentiality)
    assert Ticket.objects.filter(is_restricted=True).count() == 6
    assert line("surel") == before


def test_internal_work_and_services_that_are_not_offered_are_left_out(cast):
    service = factories.service("surel")
    tickets(service, 7, 2, kind="problem", requester=cast.agen)
    assert line("surel").tickets is None
    old = factories.service("lama", status="retired")
    tickets(old, 7, 2)
    cache.clear()
    assert "lama" not in {each.code for each in dashboard.published(12).lines}


def test_csv_and_json_say_what_the_page_says(cast, client):
    tickets(factories.service("nakal", name="=HYPERLINK(1)"), 6, 2, met=3)
    cache.clear()
    text = client.get(f"{URL}data.csv?bulan=3").content.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text), delimiter=";")
    row = next(each for each in rows if each[0] == "nakal")
    assert row == ["nakal", "'=HYPERLINK(1)", "5", "50", "50", "60"] and len(header) == len(row)
    data = client.get(f"{URL}data.json?bulan=3").json()
    assert data["months"] == 3 and [each["tickets"] for each in data["services"] if each["code"] == "nakal"] == [5]


def test_visitors_do_not_load_the_database(cast, client):
    tickets(factories.service("surel"), 6, 2)
    client.get(URL)
    tickets(factories.service("situs"), 6, 2)
    with CaptureQueriesContext(connection) as captured:
        for path in (URL, f"{URL}?bulan=3", f"{URL}?bulan=7&x=y", f"{URL}data.json", f"{URL}data.csv"):
            assert client.get(path).status_code == 200
    assert len(captured) == 0
    later = timezone.now() + dashboard.FRESH + timedelta(seconds=1)
    fresh = {each.code: each.tickets for each in dashboard.published(12, later).lines}
    assert fresh["situs"] == 5


def test_one_counts_while_the_others_see_what_was(cast, client):
    cache.add(dashboard.LOCK_KEY, 1, 60)
    answer = client.get(URL)
    assert answer.status_code == 503 and answer["Retry-After"]
    cache.delete(dashboard.LOCK_KEY)
    held = dashboard.published(12)
    cache.add(dashboard.LOCK_KEY, 1, 60)
    assert dashboard.published(12, timezone.now() + timedelta(hours=1)) == held


def test_a_count_that_failed_lets_the_next_try(cast, monkeypatch):
    monkeypatch.setattr(dashboard, "count", lambda now: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dashboard.published(12)
    monkeypatch.undo()
    assert dashboard.published(12) is not None


def test_queries_do_not_grow_and_the_page_stays_small(cast, client):
    def queries(first, last):
        for number in range(first, last):
            tickets(factories.service(f"layanan-{number}", name=f"Layanan yang panjang namanya nomor {number}"), 5, 2)
        with CaptureQueriesContext(connection) as captured:
            dashboard.count(timezone.now())
        return len(captured)

    assert queries(0, 2) == queries(2, 12)
    lines = [dashboard.Line(f"s{n}", "Sistem Informasi Layanan " * 3, 12345, 88, 77, 1234) for n in range(400)]
    shown = dashboard.published(12)
    many = dashboard.Published(12, shown.start, shown.end, shown.made_at, tuple(lines))
    cache.set(dashboard.CACHE_KEY, {3: many, 12: many})
    answer = client.get(URL)
    assert len(answer.content) < 100_000 and "250 layanan lain" in answer.content.decode()


@pytest.mark.slow
def test_kept_sums_give_the_same_figures(cast):
    service = factories.service("surel")
    tickets(service, 12, 2, met=9, minutes=(30, 90, 600))
    tickets(service, 9, 8, met=4)
    tickets(service, 6, 2, kind="complaint", met=0, confidentiality="secret")
    live = line("surel"), line("surel", 3)
    while rollups.work(limit=1000):
        pass
    assert (line("surel"), line("surel", 3)) == live


def test_a_visit_counts_few_tickets_and_waits_for_the_sums_of_the_rest(cast, client, monkeypatch):
    tickets(factories.service("surel"), 6, 2)
    monkeypatch.setattr(dashboard, "MOST_LIVE", 5)
    answer = client.get(URL)
    assert answer.status_code == 503 and answer["Retry-After"]
    while rollups.work(limit=1000):
        pass
    assert client.get(URL).status_code == 200
    held = line("surel")
    Ticket.objects.update(priority=4)
    later = timezone.now() + dashboard.FRESH + timedelta(seconds=1)
    assert {each.code: each for each in dashboard.published(12, later).lines}["surel"] == held, "what was"


@pytest.mark.slow
def test_a_ticket_that_becomes_restricted_leaves_no_trace_in_kept_sums(cast):
    service = factories.service("surel")
    tickets(service, 10, 2, kind="complaint")
    while rollups.work(limit=1000):
        pass
    Ticket.objects.filter(pk__in=list(Ticket.objects.values_list("pk", flat=True)[:6])).update(
        confidentiality="whistleblowing", is_restricted=True
    )
    found = line("surel")
    assert (found.tickets, found.response, found.resolution, found.median) == (None, None, None, None)


def test_the_portal_leads_there(cast, client):
    assert 'href="/kinerja/"' in client.get("/").content.decode()
