"""Files of reports: they open, hold the figures of the page, and run nothing."""

import csv
import io
import re
from datetime import date
from html import unescape
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook
from reportlab import rl_config

from reports import recap, saved
from reports.export import pdf, text, xlsx
from reports.export.document import Bar, Bars, Column, Document, Kind, Table, written
from reports.forms import ReportForm, dates_of
from tests import factories
from tests.reports.conftest import long_ago, start_of_history
from tickets.workflow import perform

pytestmark = pytest.mark.slow

DOWNLOAD, RECAP = "/laporan/unduh/", "/laporan/rekap/unduh/"


@pytest.fixture
def history():
    return {"dari": start_of_history().isoformat(), "sampai": timezone.localdate().isoformat()}


@pytest.fixture
def printed(monkeypatch):
    """Every paragraph and drawn string that goes on paper, in order; the PDF itself stores glyph numbers only."""
    words = []
    plain_p, plain_string = pdf.paper.text_of, pdf.String
    monkeypatch.setattr(pdf.paper, "text_of", lambda value: words.append(str(value)) or plain_p(value))

    def string(x, y, written_text, **kw):
        words.append(written_text)
        return plain_string(x, y, written_text, **kw)

    monkeypatch.setattr(pdf, "String", string)
    return words


def made(**kw):
    values = {"start": date(2026, 10, 1), "end": date(2026, 10, 31), "made_at": timezone.now(), "made_by": "Sari"}
    return Document("Laporan", **{**values, **kw})


def pages(content):
    assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
    return len(re.findall(rb"/Type /Page\b(?!s)", content))


def rows_of(content):
    assert content.startswith(b"\xef\xbb\xbf"), "Excel needs the mark to read UTF-8"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_csv_says_what_the_page_says(cast, client, lives, history):
    client.force_login(cast.pimpinan)
    page = client.get("/laporan/", history)
    answer = client.get(DOWNLOAD, history | {"bentuk": "csv"})
    assert answer["Content-Type"].startswith("text/csv") and answer["Content-Disposition"].endswith('.csv"')
    header, *rows = rows_of(answer.content)
    assert header == ["Jenis", "Ukuran", "Tercapai", "Lewat tenggat", "Berjalan", "Ketercapaian (%)"]
    counts = page.context["report"].rows[0].metrics["resolution"]
    assert ["Gangguan", "Penyelesaian", "1", "2", "2", "33,3"] in rows
    assert (counts.met, counts.breached, counts.running) == (1, 2, 2)


def test_csv_and_workbook_run_no_formulas(cast, client, history):
    factories.ticket(office=factories.office("nakal", name="=HYPERLINK(1)"))
    client.force_login(cast.pimpinan)
    content = client.get(DOWNLOAD, history | {"kelompok": "office", "bentuk": "csv"}).content
    assert {row[0] for row in rows_of(content)[1:]} == {"'=HYPERLINK(1)"}
    dangers = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx")
    table = Table("=cmd()", [Column("=A1"), Column("n", Kind.COUNT)], [[danger, 1] for danger in dangers])
    document = made(parts=[table, table], chosen=[("Layanan", "=1")], facts=[("=a", "=b", "=c")], made_by="=me")
    for row in rows_of(text.render(document.tables)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row), row
    book = load_workbook(io.BytesIO(xlsx.render(document)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells) and "'=me" in {cell.value for cell in cells}
    assert len(book.sheetnames) == len(set(book.sheetnames)) == 3


def test_pdf_holds_the_figures_of_the_page(cast, client, lives, history, printed):
    client.force_login(cast.pimpinan)
    answer = client.get(DOWNLOAD, history | {"bentuk": "pdf", "kind": "incident"})
    assert answer["Content-Type"] == "application/pdf" and pages(answer.content) >= 1
    for wanted in (
        "Pemerintah Kabupaten Pesawaran", "Laporan SLA", "Jenis tiket", "Gangguan", "33,3%", cast.pimpinan.display_name,
        "2 selesai, 3 masih terbuka", "1 tercapai, 2 lewat tenggat, 2 berjalan", "Cara menghitung",
    ):  # fmt: skip
        assert wanted in printed, wanted


def test_pages_are_numbered_up_to_the_last(monkeypatch):
    drawn = []
    plain = pdf._Numbered.drawRightString
    monkeypatch.setattr(pdf._Numbered, "drawRightString", lambda *args: drawn.append(args[-1]) or plain(*args))
    rows = [[f"Dinas {number}", number] for number in range(150)]
    content = pdf.render(made(parts=[Table("Kantor", [Column("Nama"), Column("n", Kind.COUNT)], rows)]))
    last = pages(content)
    assert last >= 3 and drawn == [f"Halaman {page} dari {last}" for page in range(1, last + 1)]


def test_no_word_of_a_head_and_no_number_is_broken_on_paper():
    pdf._styles()
    labels = ("Penyelesaian tercapai", "ketercapaian", "lewat", "rata-rata", "Terselesaikan")
    columns = [Column("Layanan"), *(Column(label, Kind.COUNT) for label in labels)]
    table = Table("Menurut layanan", columns, [["Surel", 1, 2, 1_234_567, 4, 5]])
    first, *widths = pdf._widths(table)
    assert first + sum(widths) == pytest.approx(pdf.WIDTH) and first > 30 * pdf.mm
    for label, width in zip(
        ("Penyelesaian", "ketercapaian", "1.234.567", "rata-rata", "Terselesaikan"), widths, strict=True
    ):
        assert pdf.pdfmetrics.stringWidth(label, "Berkas-Tebal", 8) + 2 * pdf.PADDING <= width, label
    many = Table("Lebar", [Column("Nama"), *[Column("Ketercapaian", Kind.COUNT)] * 12], [["x", *range(12)]])
    assert sum(pdf._widths(many)) == pytest.approx(pdf.WIDTH), "never wider than the page"


def test_any_words_can_be_printed(printed):
    rows = [["<b>&amp;</b> 龍 \x00" + "x" * 3000, None], ["", 5]]
    table = Table("Judul <i>", [Column("Nama <u>"), Column("n", Kind.COUNT)], rows, ["Jumlah", 5], "Catatan")
    bars = Bars("Bagan", [Bar("Nama yang panjang sekali " * 9, 1.7, "170%"), Bar("", -1, "")])
    many = Table("Banyak", [Column("n", Kind.COUNT)], [[n] for n in range(pdf.MAX_ROWS + 3)])
    content = pdf.render(made(parts=[table, bars, Table("Kosong", [Column("n")], []), many], is_signed=True))
    assert pages(content) > 2 and "3 baris lain ada di berkas XLSX." in printed and "Mengetahui," in printed
    assert pdf.render(made(made_at=None)) == pdf.render(made(made_at=None)), "the same words, the same bytes"
    assert not rl_config.invariant, "only ours"


def test_values_are_written_the_indonesian_way():
    assert written(1234567, Kind.COUNT) == "1.234.567" and written(99.95, Kind.PERCENT) in ("100,0%", "99,9%")
    assert written(135, Kind.MINUTES) == "2 j 15 m" and written(None, Kind.TEXT) == "–"


@pytest.mark.parametrize(
    "address",
    [
        f"{DOWNLOAD}?bentuk=exe",
        f"{DOWNLOAD}?laporan=tidak-ada",
        f"{DOWNLOAD}?laporan=sla&bentuk=",
        f"{RECAP}?bentuk=exe",
    ],
)
def test_files_that_do_not_exist_are_not_found(cast, client, address):
    client.force_login(cast.pimpinan)
    assert client.get(address).status_code == 404


def recap_of(person, start, end, **filters):
    form = ReportForm(QueryDict(urlencode({"dari": start, "sampai": end, **filters})))
    assert form.is_valid()
    return recap.document(person, form, timezone.now())


@pytest.mark.parametrize("start, end, title", [
    (date(2026, 1, 1), date(2026, 1, 31), "Rekap Bulanan Januari 2026"),
    (date(2026, 1, 1), date(2026, 12, 31), "Rekap Tahunan 2026"),
    (date(2026, 1, 5), date(2026, 1, 31), "Rekap 5 Jan 2026 – 31 Jan 2026"),
])  # fmt: skip
def test_a_recap_is_called_after_its_period(cast, start, end, title):
    document = recap_of(cast.pimpinan, start, end)
    assert document.title == title
    remark = document.facts[0][2]
    assert remark.count(": ") == (1 if end.month == 12 else 2), "a year is compared with one other year"


def test_the_recap_counts_and_compares(cast, lives):
    factories.ticket("complaint", confidentiality="whistleblowing")
    held = factories.ticket(team=cast.network)
    perform(held.pk, "start", cast.agen)
    perform(held.pk, "hold", cast.agen, reason="requester", note="Menunggu foto.")
    today = timezone.localdate()
    found = recap_of(cast.pimpinan, today.replace(day=1), today)
    facts = {label: (value, remark) for label, value, remark in found.facts}
    assert facts["Tiket masuk"][0] == "4", "three of the five lives, and the one on hold"
    assert facts["Terselesaikan"][0] == "1" and facts["Masih terbuka"][0] == "3"
    titles = [table.title for table in found.tables]
    assert titles[:4] == ["Menurut jenis", "Menurut layanan", "Menurut perangkat daerah", "Menurut tim"]
    assert found.tables[0].rows == [["Gangguan", 4, 2, 0, 100.0, 1, 0, 100.0]]
    assert found.tables[0].total == ["Jumlah", *found.tables[0].rows[0][1:]]


def test_the_causes_of_the_recap_are_those_of_the_page_of_figures(cast, client, lives):
    client.force_login(cast.pimpinan)
    asked = {"dari": start_of_history().isoformat(), "sampai": timezone.localdate().isoformat()}
    pages = [client.get(f"/laporan/{path}/", asked).context["sections"] for path in ("rekap", "angka")]
    for title in ("Sebab lewat tenggat: menunggu siapa", "Sebab lewat tenggat: di tim mana"):
        in_recap, in_figures = (
            [[cell.text for cell in row] for part in page if part["title"] == title for row in part["rows"]]
            for page in pages
        )
        assert in_recap == in_figures != []
        assert sum(int(row[1]) for row in in_recap) == 2


LINK = re.compile(r'<a href="(/laporan/angka/tiket/[^"]+)">([^<]+)</a>')


@pytest.mark.slow
def test_every_number_of_the_recap_opens_exactly_its_tickets(cast, client, lives):
    factories.ticket("complaint", service=factories.service("surel"), office=factories.office("dukcapil"))
    factories.ticket(service=factories.service("surel"), team=cast.network, received_at=long_ago(300))
    client.force_login(cast.pimpinan)
    asked = {"dari": start_of_history().isoformat(), "sampai": timezone.localdate().isoformat()}
    opened, seen = 0, set()
    for address, number in LINK.findall(client.get("/laporan/rekap/", asked).content.decode()):
        answer = client.get(unescape(address))
        assert answer.status_code == 200, address
        if re.fullmatch(r"[0-9.]+", number):
            assert answer.context["count"] == int(number.replace(".", "")), address
            opened += 1
        back = answer.context["back_url"]
        if back not in seen:
            assert client.get(back).context["query"].startswith(urlencode(asked)), address
            seen.add(back)
    assert opened > 30


def test_a_recap_of_one_service_counts_that_service(cast, client, lives):
    factories.ticket(service=factories.service("surel"))
    client.force_login(cast.pimpinan)
    page = client.get("/laporan/rekap/", {"bulan": f"{timezone.localdate():%Y-%m}", "service": "surel"})
    assert page.context["facts"][0]["cell"].text == "1" and "Surel" in page.content.decode()


def test_a_recap_can_be_saved_and_moves_with_the_calendar(cast, client, lives):
    client.force_login(cast.pimpinan)
    kept = saved.keep(
        actor=cast.pimpinan, name="Rekap bulanan", page="recap", query="periode=bulan-lalu", is_shared=False
    )
    assert saved.follows_time(kept)
    answer = client.get(f"/laporan/tersimpan/{kept.pk}/", follow=True)
    start, end = dates_of("bulan-lalu", timezone.localdate())
    assert (answer.context["start"], answer.context["end"]) == (start, end)


def test_the_recap_is_a_file_to_sign(cast, client, lives, printed):
    client.force_login(cast.koordinator)
    assert 'type="month"' in client.get("/laporan/rekap/").content.decode()
    today = timezone.localdate()
    answer = client.get(RECAP, {"bulan": f"{today:%Y-%m}"})
    assert answer["Content-Disposition"] == f'attachment; filename="rekap-{today:%Y-%m}.pdf"'
    assert pages(answer.content) >= 2 and {"Mengetahui,", "NIP:", "Perkembangan dua belas bulan"} <= set(printed)
    book = load_workbook(io.BytesIO(client.get(RECAP, {"tahun": today.year, "bentuk": "xlsx"}).content))
    assert book["Ringkasan"]["A1"].value == f"Rekap Tahunan {today.year}"


@pytest.mark.parametrize("query", ["bulan=2026-13", "bulan=9999-01", "bulan=0001-01", "tahun=1900", "kind=kucing"])
def test_a_recap_of_nonsense_says_why(cast, client, query):
    client.force_login(cast.pimpinan)
    answer = client.get(f"{RECAP}?{query}")
    assert answer.status_code == 422 and (answer.context["form"].errors or answer.context["filters"].errors)


def test_the_recap_costs_the_same_at_any_size(cast):
    today = timezone.localdate()

    def queries(first, last):
        for number in range(first, last):
            factories.ticket(service=factories.service(f"s-{number}"), office=factories.office(f"d-{number}"))
        with CaptureQueriesContext(connection) as captured:
            recap_of(cast.pimpinan, today.replace(day=1), today)
        return len(captured)

    queries(0, 1)
    assert queries(1, 3) == queries(3, 20)
