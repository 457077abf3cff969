"""The pages: who may read them, every figure opens exactly its tickets, and the workbook says the same."""

import io
import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from reports import sla
from reports.charts import MAX_BARS, WIDTH, bars
from reports.definitions import ATTAINMENT, words
from reports.forms import PERIODS, dates_of, file_stem
from reports.urls import READING
from sla.models import Clock
from tests import factories
from tests.reports.conftest import start_of_history
from tickets.workflow import perform

pytestmark = pytest.mark.slow

URL, TICKETS, DOWNLOAD = "/laporan/", "/laporan/tiket/", "/laporan/unduh/"
NAMES = sorted(pattern.name for pattern in READING)


@pytest.fixture
def history():
    return {"dari": start_of_history().isoformat(), "sampai": timezone.localdate().isoformat()}


@pytest.fixture
def manager(cast, client):
    client.force_login(cast.pimpinan)
    return cast


def behind(client, address):
    """The numbers of every ticket of a drill-down, through all its pages."""
    found = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        found += [ticket.number for ticket in answer.context["page"].rows]
        following = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        address = TICKETS + unescape(following[1]) if following else ""
    assert answer.context["count"] == len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize("name", NAMES)
def test_strangers_are_asked_to_sign_in(cast, client, name):
    answer = client.get(reverse(f"reports:{name}"))
    assert answer.status_code == 302 and answer["Location"].startswith("/akun/login/?next=/laporan/")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("person", ["warga", "asn", "agen", "penghubung", "cab", "inspektorat", "orang_luar"])
def test_people_who_do_not_manage_are_refused(cast, client, name, person):
    client.force_login(getattr(cast, person))
    assert client.get(reverse(f"reports:{name}")).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("person", ["pimpinan", "koordinator", "admin"])
def test_managers_read_and_change_nothing(cast, client, name, person):
    client.force_login(getattr(cast, person))
    assert client.get(reverse(f"reports:{name}")).status_code == 200
    assert client.post(reverse(f"reports:{name}")).status_code == 405


@pytest.mark.parametrize("group_by", list(sla.GROUPS))
def test_every_figure_opens_exactly_its_tickets(manager, client, lives, history, group_by):
    factories.ticket(service=factories.service("surel"), office=factories.office("dukcapil"), team=manager.network)
    factories.ticket("complaint", impact=4, urgency=4)
    page = client.get(URL, history | {"kelompok": group_by})
    rows = {row.label: row for row in page.context["report"].rows}
    assert sum(row.total for row in rows.values()) == Clock.objects.count()
    opened = 0
    for line in [*page.context["rows"], page.context["total"]]:
        for figures, _attainment in line.groups:
            for figure in figures:
                assert len(behind(client, figure.url)) == figure.count, figure.url
                shown = f'<a href="{figure.url}">{figure.count}</a>'.replace("&", "&amp;")
                assert (shown in page.content.decode()) == bool(figure.count)
                opened += bool(figure.count)
    assert opened > 6


def test_filters_reach_the_tickets_behind_a_figure(manager, client, history):
    surel, other = factories.service("surel"), factories.service("situs")
    wanted = factories.ticket(service=surel, office=factories.office("dukcapil"))
    factories.ticket(service=surel)
    factories.ticket(service=other, office=factories.office("dukcapil"))
    page = client.get(URL, history | {"service": "surel", "office": "dukcapil", "kelompok": "team"})
    (figures, _attainment), *_rest = page.context["rows"][0].groups
    assert behind(client, figures[2].url) == {wanted.number}
    back = client.get(figures[2].url).context["back_url"]
    assert client.get(back).context["report"].chosen == page.context["report"].chosen != []


def test_a_metric_that_runs_repeatedly_says_how_many_clocks_its_tickets_have(manager, client, lives, history):
    Clock.objects.create(ticket=lives.running, metric="assignment", cycle=1, started_at=timezone.now())
    Clock.objects.create(ticket=lives.running, metric="assignment", cycle=2, started_at=timezone.now())
    page = client.get(TICKETS, history | {"ukuran": "assignment", "hasil": "running"})
    assert page.context["count"] == 1 and "2 jam SLA pada 1 tiket" in page.content.decode()
    assert "jam SLA pada" not in client.get(TICKETS, history | {"ukuran": "response"}).content.decode()


def test_the_totals_open_their_tickets(manager, client, lives, history):
    page = client.get(URL, history)
    finished = {lives.met.number, lives.late.number}
    still_open = {lives.overdue.number, lives.running.number, lives.paused.number}
    assert behind(client, page.context["finished_url"]) == finished
    assert behind(client, page.context["open_url"]) == still_open
    assert behind(client, page.context["created_url"]) == finished | still_open


def test_a_ticket_of_the_list_can_be_opened(manager, client, lives, history):
    page = client.get(TICKETS, history | {"ukuran": "resolution", "hasil": "met"}).content.decode()
    assert "Penyelesaian · Tercapai" in page
    address = re.search(r'href="(/kerja/tiket/[^"]+)"', page)[1]
    assert address.endswith(f"/{lives.met.number}/") and client.get(address).status_code == 200


def test_pages_of_tickets_follow_each_other_both_ways(manager, client, history, monkeypatch):
    monkeypatch.setattr("reports.views.sla.PAGE_SIZE", 2)
    made = {factories.ticket().number for _number in range(5)}
    address = f"{TICKETS}?dari={history['dari']}&sampai={history['sampai']}"
    assert behind(client, address) == made
    first = client.get(address)
    second = client.get(f"{address}&sesudah={first.context['page'].next}")
    again = client.get(f"{address}&sebelum={second.context['page'].previous}")
    assert again.context["page"].rows == first.context["page"].rows != second.context["page"].rows


@pytest.mark.parametrize("cursor", ["²", "x", "9" * 40, "bnVsbA"])
def test_a_broken_cursor_is_the_first_page(manager, client, history, cursor):
    factories.ticket()
    for name in ("sesudah", "sebelum"):
        assert len(client.get(TICKETS, history | {name: cursor}).context["page"].rows) == 1


def test_restricted_tickets_appear_nowhere(manager, client, history):
    secret = factories.ticket("complaint", subject="Perihal rahasia", confidentiality="whistleblowing")
    for person in (manager.pimpinan, manager.koordinator, manager.admin):
        client.force_login(person)
        page = client.get(URL, history)
        assert page.context["rows"] == [] and "Tidak ada jam SLA" in page.content.decode()
        assert behind(client, page.context["created_url"]) == set()
        by_hand = client.get(TICKETS, history | {"kunci": "complaint", "ukuran": "response"}).content.decode()
        assert secret.number not in by_hand and "Perihal rahasia" not in by_hand
        assert client.get(DOWNLOAD, history).status_code == 200


def test_the_page_prints_its_definitions_and_its_chart(manager, client, lives, history):
    text = client.get(URL, history).content.decode()
    assert all(str(term) in text and str(sentence) in text for term, sentence in words(*ATTAINMENT))
    assert 'role="img"' in text and "Gangguan: 33,3%</desc>" in text
    assert "Pemerintah Kabupaten" in text and "33,3%" in text
    assert "style=" not in text


def test_the_chart_leaves_undecided_groups_out_and_stops_at_forty():
    rows = [sla.Row(met=number, breached=1, key=str(number), label="D" * 80) for number in range(MAX_BARS + 3)]
    chart = bars([*rows, sla.Row(running=5, key="x", label="Belum")])
    assert len(chart.bars) == MAX_BARS and chart.left_out == 3
    assert chart.bars[0].length == 0 and chart.bars[0].text == "0,0%"
    assert max(bar.length for bar in chart.bars) <= chart.track < WIDTH and chart.bars[-1].y < chart.bottom
    assert len(chart.bars[0].label) < 40 and chart.bars[0].full_label == "D" * 80


def test_the_workbook_says_what_the_page_says(manager, client, lives, history):
    factories.ticket("complaint", office=factories.office("dukcapil"))
    asked = history | {"kelompok": "office"}
    page = client.get(URL, asked)
    answer = client.get(page.context["export_url"])
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Ringkasan", "Rincian"]
    header, *lines = book["Rincian"].values
    metrics = page.context["report"].summary.metrics
    assert header[0] == "Perangkat daerah" and header[1] == "Verifikasi: tercapai" and len(header) == 1 + 4 * 4
    shown = [
        (label, *(x for figures, share in line.groups for x in (*(f.count for f in figures), share)))
        for line in [*page.context["rows"], page.context["total"]]
        for label in [line.label or "Jumlah"]
    ]
    assert [line[: 1 + 4 * len(metrics)] for line in lines] == shown
    assert [line[-1] for line in lines] == [line.attainment for line in [*page.context["rows"], page.context["total"]]]
    lines = list(book["Ringkasan"].values)
    start_of_definitions = lines.index(("Istilah", "Arti", *[None] * 4))
    facts = {row[0]: row[1:] for row in lines[:start_of_definitions]}
    assert facts["Tiket dibuat"][0] == 6 and facts["Selesai"][0] == 2 and facts["Masih terbuka"][0] == 4
    assert facts["Penyelesaian"][:5] == (6, 1, 2, 3, 33.3)
    assert {"Laporan SLA", "Masa", "Keadaan pada"} <= set(facts)
    assert [row[:2] for row in lines[start_of_definitions + 1 :]] == [(str(a), str(b)) for a, b in words(*ATTAINMENT)]


def test_the_workbook_names_its_filters_and_runs_no_formulas(manager, client, history):
    nasty = factories.office("nakal", name="=HYPERLINK(1)")
    factories.ticket(office=nasty)
    answer = client.get(DOWNLOAD, history | {"kelompok": "office", "office": "nakal"})
    book = load_workbook(io.BytesIO(answer.content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert [cell.value for cell in cells].count("'=HYPERLINK(1)") == 2


@pytest.mark.parametrize(
    "query",
    [
        {"periode": "kapan-saja"},
        {"dari": "bukan-tanggal"},
        {"dari": "2026-05-01", "sampai": "2026-04-01"},
        {"dari": "1990-01-01", "sampai": "2026-04-01"},
        {"dari": "0001-01-01", "sampai": "0001-01-31"},
        {"dari": "9999-12-01", "sampai": "9999-12-31"},
        {"dari": "2026-02-30", "sampai": "2026-03-01"},
        {"kelompok": "warna"},
        {"kind": "kucing"},
        {"service": "tidak-ada"},
        {"office": "\x00"},
    ],
)
@pytest.mark.parametrize("address", [URL, TICKETS, DOWNLOAD])
def test_wrong_questions_get_a_sentence(manager, client, address, query):
    answer = client.get(address, query)
    assert answer.status_code == 422 and answer.context["form"].errors
    text = answer.content.decode()
    assert 'role="alert"' in text and "Unduh XLSX" not in text and "Bulan ini" in text


@pytest.mark.parametrize(
    "query",
    [
        {"kelompok": "month", "kunci": "bukan-bulan"},
        {"kelompok": "month", "kunci": "2026-13"},
        {"kelompok": "month", "kunci": "0001-01"},
        {"kelompok": "month", "kunci": "9999-12"},
        {"kelompok": "kind", "kunci": "kucing"},
        {"kelompok": "kind", "kunci": "-"},
        {"kelompok": "priority", "kunci": "9"},
        {"kelompok": "office", "kunci": "tidak-ada"},
        {"ukuran": "tinggi"},
        {"hasil": "lumayan"},
        {"selesai": "mungkin"},
        {"kunci": "\x00"},
    ],
)
def test_a_figure_that_cannot_be_is_not_found(manager, client, query):
    assert client.get(TICKETS, query).status_code == 404


def test_named_periods():
    today = date(2026, 5, 20)
    assert dates_of("bulan-ini", today) == (date(2026, 5, 1), today)
    assert dates_of("bulan-lalu", today) == (date(2026, 4, 1), date(2026, 4, 30))
    assert dates_of("bulan-lalu", date(2026, 1, 3)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert dates_of("triwulan-ini", today) == (date(2026, 4, 1), today)
    assert dates_of("tahun-ini", today) == (date(2026, 1, 1), today)


@pytest.mark.parametrize("name", list(PERIODS))
def test_a_named_period_fills_the_dates_in(manager, client, name):
    page = client.get(URL, {"periode": name, "kelompok": "team"})
    start, end = dates_of(name, timezone.localdate())
    assert (page.context["report"].start, page.context["report"].end) == (start, end)
    assert f'name="dari" value="{start}"' in page.content.decode()
    assert sum(preset.is_current for preset in page.context["presets"]) == 1
    assert all("kelompok=team" in preset.url for preset in page.context["presets"])


def test_dates_hold_against_a_named_period(manager, client):
    page = client.get(URL, {"periode": "kapan-saja", "dari": "2026-03-02", "sampai": "2026-03-05"})
    assert page.context["report"].start == date(2026, 3, 2)
    one = client.get(URL, {"sampai": "2026-03-05"})
    assert (one.context["report"].start, one.context["report"].end) == (date(2026, 3, 1), date(2026, 3, 5))


def test_files_are_called_after_their_period():
    today = timezone.localdate()
    assert file_stem(date(2026, 2, 1), date(2026, 2, 28)) == "laporan-sla-2026-02"
    assert file_stem(today.replace(day=1), today) == f"laporan-sla-{today:%Y-%m}"
    assert file_stem(date(2026, 2, 1), date(2026, 2, 20)) == "laporan-sla-2026-02-01-2026-02-20"
    assert file_stem(date(2025, 2, 1), date(2026, 2, 28)) == "laporan-sla-2025-02-01-2026-02-28"


def test_the_download_has_its_name(manager, client):
    answer = client.get(DOWNLOAD, {"dari": "2026-02-01", "sampai": "2026-02-28"})
    assert answer["Content-Disposition"] == 'attachment; filename="laporan-sla-2026-02.xlsx"'


@pytest.mark.parametrize("address", [URL, TICKETS, DOWNLOAD])
def test_the_number_of_queries_does_not_grow(manager, client, history, address):
    def queries(first, last):
        for number in range(first, last):
            service, office = factories.service(f"layanan-{number}"), factories.office(f"dinas-{number}")
            ticket = factories.ticket(service=service, office=office)
            perform(ticket.pk, "assign", manager.agen, assignee="agen")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, history | {"kelompok": "service", "ukuran": "response"}).status_code == 200
        return len(captured)

    client.get(address, history)
    assert queries(0, 3) == queries(3, 30)


def test_an_empty_period_says_so(manager, client):
    page = client.get(URL, {"dari": "2020-01-01", "sampai": "2020-01-31"})
    assert "Tidak ada jam SLA dalam masa ini" in page.content.decode()
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    factories.ticket()
    assert client.get(URL, {"dari": yesterday, "sampai": yesterday}).context["rows"] == []
