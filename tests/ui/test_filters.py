"""Dates, durations, sizes and safe text as people read them."""

import time
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone

from core.templatetags import ui

AT = datetime(2026, 11, 24, 7, 5, tzinfo=UTC)


def test_waktu_is_local_with_the_zone_people_use():
    assert ui.waktu(AT) == "24 Nov 2026 14.05 WIB"
    with timezone.override("Asia/Makassar"):
        assert ui.waktu(AT) == "24 Nov 2026 15.05 WITA"
    with timezone.override("Asia/Jayapura"):
        assert ui.waktu(AT) == "24 Nov 2026 16.05 WIT"
    with timezone.override("UTC"):
        assert ui.waktu(AT) == "24 Nov 2026 07.05 UTC"


def test_waktu_crosses_midnight_and_uses_indonesian_months():
    assert ui.waktu(datetime(2026, 4, 30, 17, 0, tzinfo=UTC)) == "1 Mei 2026 00.00 WIB"
    assert ui.waktu(date(2026, 8, 17)) == "17 Agu 2026"
    assert ui.tanggal(datetime(2026, 12, 31, 18, 0, tzinfo=UTC)) == "1 Jan 2027"
    assert ui.waktu(None) == ui.tanggal(None) == ""


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (timedelta(seconds=5), "baru saja"),
        (timedelta(minutes=5), "5 menit lalu"),
        (timedelta(minutes=59, seconds=59), "59 menit lalu"),
        (timedelta(hours=2), "2 jam lalu"),
        (timedelta(days=3), "3 hari lalu"),
        (timedelta(seconds=-5), "sebentar lagi"),
        (timedelta(minutes=-5), "dalam 5 menit"),
        (timedelta(days=-2), "dalam 2 hari"),
        (timedelta(days=30), "25 Okt 2026 14.05 WIB"),
    ],
)
def test_waktu_relatif(gap, text):
    assert ui.waktu_relatif(AT - gap, AT) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0 m"),
        (15, "15 m"),
        (60, "1 j"),
        (135, "2 j 15 m"),
        (480, "8 j"),
        (3 * 450 - 1, "22 j 29 m"),
        (3 * 450, "3 h"),
        (3 * 450 + 65, "3 h 1 j"),
        (-65, "−1 j 5 m"),
        (None, ""),
    ],
)
def test_durasi_in_working_time(minutes, text):
    assert ui.durasi(minutes) == text


def test_durasi_by_the_wall_clock():
    assert ui.durasi(2 * 1440, 1440) == "48 j"
    assert ui.durasi(3 * 1440 + 60, 1440) == "3 h 1 j"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (1258291, "1,2 MB"),
        (20 * 1024**2, "20 MB"),
        (1024**2 - 1, "1 MB"),
        (None, ""),
    ],
)
def test_ukuran(size, text):
    assert ui.ukuran(size) == text


def test_angka():
    assert ui.angka(1234567) == "1.234.567"
    assert ui.angka(92.456, 1) == "92,5"
    assert ui.angka(1234.5, 2) == "1.234,50"


def clock(state, remaining, **more):
    facts = {"metric": "resolution", "due_at": AT, "target_minutes": 480, "is_stopped": False}
    return SimpleNamespace(state=state, remaining_minutes=remaining, **{**facts, **more})


@pytest.mark.parametrize(
    ("given", "text", "tone"),
    [
        (clock("running", 135), "sisa 2 j 15 m kerja", "ok"),
        (clock("running", 96), "sisa 1 j 36 m kerja", "warn"),
        (clock("running", 20, target_minutes=60), "sisa 20 m kerja", "ok"),
        (clock("running", 12, target_minutes=60), "sisa 12 m kerja", "warn"),
        (clock("paused", 200), "berhenti, sisa 3 j 20 m kerja", "neutral"),
        (clock("met", 10, is_stopped=True), "tercapai", "ok"),
        (clock("breached", -65), "lewat 1 j 5 m kerja", "danger"),
        (clock("breached", -65, is_stopped=True), "terlambat 1 j 5 m kerja", "danger"),
    ],
)
def test_sisa_waktu(given, text, tone):
    assert ui.sisa_waktu(given) == {"text": text, "tone": tone}


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("", "Sen 30 Nov 10.45 WIB"),
        ("Asia/Makassar", "Sen 30 Nov 11.45 WITA"),
        ("Asia/Jayapura", "Sen 30 Nov 12.45 WIT"),
    ],
)
def test_tenggat_in_the_zone_of_the_calendar(zone, text):
    due = datetime(2026, 11, 30, 3, 45, tzinfo=UTC)
    given = clock("running", 135, due_at=due, zone=zone)
    assert ui.tenggat(given, due) == text
    assert ui.tenggat(given, due.replace(year=2027)) == text.replace("Nov", "Nov 2026")
    assert ui.tenggat(clock("paused", 135, due_at=None)) == ui.tenggat(None) == ""


@pytest.mark.parametrize(
    ("minutes", "days", "text"),
    [(240, None, "4 j"), (1800, None, "30 j"), (90, None, "1 j 30 m"), (15, None, "15 m"), (None, 3, "3 hari kerja")],
)
def test_target_sla(minutes, days, text):
    assert ui.target_sla(SimpleNamespace(minutes=minutes, working_days=days)) == text
    assert ui.target_sla(SimpleNamespace(target_minutes=minutes or 1350, working_days=days)) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(135, "2 jam 15 menit"), (-60, "1 jam"), (0, "kurang dari 1 menit"), (1350 + 65, "3 hari 1 jam"), (None, "")],
)
def test_durasi_kata(minutes, text):
    assert ui.durasi_kata(minutes) == text


def test_linkify_makes_paragraphs_and_lines():
    assert ui.linkify("satu\ndua\n\n \n\ntiga") == "<p>satu<br>dua</p><p>tiga</p>"
    assert ui.linkify("") == ui.linkify(None) == ""


def test_linkify_escapes_everything():
    html = ui.linkify('<script>alert(1)</script> & "x" https://a.id/?q=1&r=\'><img src=x>')
    assert "<script" not in html
    assert "<img" not in html
    assert '<a href="https://a.id/?q=1&amp;r=" rel="nofollow noopener noreferrer">' in html
    assert "<a" not in ui.linkify("javascript:alert(1) data:text/html,x")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Lihat https://contoh.id/foto.jpg.", "https://contoh.id/foto.jpg"),
        ("(https://contoh.id/a)", "https://contoh.id/a"),
        ("https://id.wikipedia.org/wiki/Pesawaran_(kabupaten)!", "https://id.wikipedia.org/wiki/Pesawaran_(kabupaten)"),
        ("HTTP://CONTOH.ID/x, dan lain", "HTTP://CONTOH.ID/x"),
    ],
)
def test_linkify_ends_an_address_where_the_sentence_does(text, address):
    assert f'href="{address}"' in ui.linkify(text)


def test_linkify_is_not_slowed_down_by_hostile_text():
    hostile = ["https://" * 60_000, "https://a" + ")" * 400_000, "\n" * 400_000, "https://a.id/ " * 30_000]
    for text in hostile:
        started = time.perf_counter()
        ui.linkify(text)
        assert time.perf_counter() - started < 2


def test_icon_is_decorative_unless_it_has_a_label():
    assert ui.icon("search") == (
        '<svg class="icon" aria-hidden="true"><use href="/static/img/icons.svg#search"></use></svg>'
    )
    assert 'role="img" aria-label="A &amp; B"' in ui.icon("lock", "icon-lg", "A & B")


def test_tags_need_no_load():
    assert Template("{{ minutes|durasi }}").render(Context({"minutes": 135})) == "2 j 15 m"
