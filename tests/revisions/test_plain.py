"""Definitions, decrees and differences: no pages, hardly any database."""

from datetime import date, datetime, timedelta

import pytest

from sla import decree, definitions, differences, packaged, yearly
from sla.models import Calendar
from tests.revisions.conftest import WIB, default, holiday
from tickets.revisions import calendars

WEEK = {str(day): [["08:00", "16:00"]] for day in range(5)}
OTHER = {str(day): [["09:00", "15:00"]] for day in range(5)}
DAY = timedelta(days=1)


def definition(**more):
    return {"name": "A", "timezone": "Asia/Jakarta", "week": WEEK, "weeks": [], "periods": [], "holidays": [], **more}


def period(first, last, week=OTHER, name="Ramadan"):
    return {"name": name, "first_date": first, "last_date": last, "week": week, "source": ""}


def from_day(first, week=OTHER):
    return {"valid_from": first, "week": week, "source": ""}


def test_writing_what_was_read_changes_nothing(cast):
    wanted = definitions.check(
        definition(
            weeks=[from_day("2027-01-04")],
            periods=[period("2027-02-08", "2027-03-09")],
            holidays=[holiday(date(2027, 1, 1)), holiday(date(2026, 12, 25))],
        )
    )
    calendar = default()
    definitions.write(calendar, wanted)
    assert definitions.of(default()) == wanted
    kept = list(calendar.holidays.values_list("pk", flat=True))
    definitions.write(calendar, {**wanted, "holidays": wanted["holidays"][:1]})
    assert list(calendar.holidays.values_list("pk", flat=True)) == kept[:1]


def test_equal_hours_have_equal_versions():
    shuffled = {"1": [["13:00", "16:00"], ["08:00", "12:00"]], "5": [], "0": [["08:00", "12:00"]]}
    ordered = {"0": [("08:00", "12:00")], "1": [("08:00", "12:00"), ("13:00", "16:00")]}
    one, two = (definitions.check(definition(week=week)) for week in (shuffled, ordered))
    assert definitions.version(one) == definitions.version(two)


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, []),
        ({"name": "B"}, []),
        ({"holidays": [holiday(date(2026, 5, 1))]}, [(date(2026, 5, 1), date(2026, 5, 1))]),
        ({"periods": [period("2027-02-08", "2027-03-09")]}, [(date(2027, 2, 8), date(2027, 3, 9))]),
        ({"week": OTHER}, [(date.min, date.max)]),
        ({"timezone": "Asia/Makassar"}, [(date.min, date.max)]),
        ({"weeks": [from_day("2027-01-04")]}, [(date(2027, 1, 4), date.max)]),
        (
            {"weeks": [from_day("2027-01-04"), from_day("2027-02-01", WEEK)]},
            [(date(2027, 1, 4), date(2027, 1, 31))],
        ),
        (
            {"holidays": [holiday(date(2027, 3, 1))], "periods": [period("2027-02-08", "2027-03-09")]},
            [(date(2027, 2, 8), date(2027, 3, 9))],
        ),
    ],
)
def test_changed_dates(change, expected):
    assert definitions.changed_dates(definition(), definition(**change)) == expected
    assert definitions.changed_dates(definition(**change), definition()) == expected


def test_a_moved_period_changes_both_its_ranges():
    old, new = (definition(periods=[period(f"2027-0{month}-01", f"2027-0{month}-20")]) for month in (2, 4))
    assert len(definitions.changed_dates(old, new)) == 2


def test_outside_of_changed_dates_nothing_opens_otherwise():
    old = definition(holidays=[holiday(date(2026, 5, 4))], weeks=[from_day("2026-06-01")])
    new = definition(
        holidays=[holiday(date(2026, 5, 5))],
        periods=[period("2026-05-18", "2026-05-22", {"5": [["08:00", "12:00"]]})],
        weeks=[from_day("2026-07-01")],
    )
    ranges = definitions.changed_dates(old, new)
    before, after = definitions.build(old), definitions.build(new)
    day, different = date(2026, 4, 1), 0
    while day < date(2026, 9, 1):
        start = datetime(day.year, day.month, day.day, tzinfo=WIB)
        hours = [[c.is_open(start + timedelta(minutes=30 * step)) for step in range(48)] for c in (before, after)]
        if hours[0] != hours[1]:
            different += 1
            assert any(first <= day <= last for first, last in ranges), day
        day += DAY
    assert different > 20


@pytest.mark.parametrize(
    "text, expected",
    [
        ("17/08/2026", date(2026, 8, 17)),
        ("7/8/2026", date(2026, 8, 7)),
        ("17-08-2026", date(2026, 8, 17)),
        ("17.08.2026", date(2026, 8, 17)),
        ("2026-08-17", date(2026, 8, 17)),
        ("2026-08-17 00:00:00", date(2026, 8, 17)),
        ("17 Agustus 2026", date(2026, 8, 17)),
        ("Senin, 17 agustus 2026", date(2026, 8, 17)),
        ("17 Agu 2026", date(2026, 8, 17)),
        ("Senin 17 Agustus 2026", None),
        ("31/02/2026", None),
        ("08/17/2026", None),
        ("17/08/26", None),
        ("17/08/1926", None),
        ("besok", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(text, expected):
    assert decree.parse_date(text) == expected


HEAD = "tanggal,nama,jenis\n"


def test_a_decree_is_read_once_per_date():
    text = HEAD + "17/08/2026,Merdeka,Libur  Nasional\n\n2026-08-17,Lagi,cuti bersama\n18 Agustus 2026,X,daerah\n"
    read = decree.read(text.encode(), "SKB")
    assert not read.errors and "Baris 4 dilewati" in read.notes[0]
    assert [(row["date"], row["name"], row["kind"]) for row in read.rows] == [
        ("2026-08-17", "Merdeka", "public"),
        ("2026-08-18", "X", "local"),
    ]
    assert {row["status"] for row in read.rows} == {"confirmed"} and {row["source"] for row in read.rows} == {"SKB"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters_and_encodings(delimiter, encoding):
    text = "Tanggal,NAMA,Jenis,Sumber\n01/06/2026,Hari Lahir Pancasilá,libur nasional,Keppres\n"
    read = decree.read(text.replace(",", delimiter).encode(encoding), "SKB")
    assert not read.errors and read.rows[0]["name"] == "Hari Lahir Pancasilá" and read.rows[0]["source"] == "Keppres"
    assert bool(read.notes) is (encoding == "cp1252")


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "Kolom yang belum ada: tanggal, nama, jenis"),
        (b"tanggal,nama\n1/1/2026,x\n", "Kolom yang belum ada: jenis"),
        (HEAD.encode(), "tidak memuat satu pun"),
        (b"PK\x03\x04" + b"\0" * 50, "bukan berkas CSV"),
        (b"\xff\xfe\x00", "Berkas rusak"),
        (HEAD.encode() + b"1/1/2026,x\n", "Baris 2: jenis"),
        (HEAD.encode() + b"1/1/2026,,libur nasional\n", "Baris 2: nama belum diisi"),
        (HEAD.encode() + b"kapan,x,apa\n", "Baris 2: tanggal “kapan” tidak dikenal"),
        (HEAD.encode() + b"1/1/2026,x,libur nasional\n" * 600, "lebih dari 500 baris"),
        (HEAD.encode() + b'1/1/2026,"' + b"x" * 140_000 + b'",libur nasional\n', "tidak dapat dibaca sebagai CSV"),
        (b"x" * 300_000, "terlalu besar"),
    ],
)
def test_files_that_cannot_be_used(content, said):
    read = decree.read(content)
    assert read.errors and said in read.errors[0]


def test_names_are_one_line_without_control_characters():
    read = decree.read((HEAD + '1/1/2026,"Tahun\nBaru\x07",libur nasional\n').encode())
    assert read.rows[0]["name"] == "Tahun Baru"


def test_the_package_against_a_calendar(monkeypatch):
    days = {date(2027, 3, 10): ("Idulfitri", "public"), date(2027, 12, 25): ("Natal", "public")}
    monkeypatch.setattr(packaged, "holidays_of", lambda year: days)
    rows = [
        {**holiday(date(2027, 3, 9)), "name": "Idulfitri", "source": "Paket holidays 0.70"},
        {**holiday(date(2027, 5, 5)), "name": "Gugur", "source": "Paket holidays 0.70"},
        {**holiday(date(2027, 6, 6)), "name": "Dari SKB", "source": "SKB"},
        {**holiday(date(2027, 12, 25)), "name": "Nama lain", "source": "SKB"},
    ]
    old = definition(holidays=rows)
    found = packaged.updates(old, [2027], date(2026, 11, 24))
    assert [update.key for update in found] == ["2027-03-09>2027-03-10", "2027-05-05>"]
    new = calendars.updated(old, found)
    assert sorted(row["date"] for row in new["holidays"]) == ["2027-03-10", "2027-06-06", "2027-12-25"]
    assert packaged.updates(new, [2027], date(2026, 11, 24)) == []


def test_differences_are_told_in_words():
    old = definition(holidays=[holiday(date(2027, 1, 1))])
    new = definition(name="B", periods=[period("2027-02-08", "2027-03-09")])
    assert differences.words(old, new) == [
        "Nama: A → B",
        "Tambah masa Ramadan 8 Feb 2027–9 Mar 2027: Senin–Jumat 09.00–15.00",
        "Hapus libur 1 Jan 2027 Libur (libur daerah, ditetapkan)",
    ]


def test_gaps_of_next_year(cast):
    today = date(2026, 11, 1)
    calendar = default()
    Calendar.objects.create(code="24x7", name="24 jam", week={"0": [["00:00", "24:00"]]})
    assert [(gap.calendar, gap.step) for gap in yearly.gaps(today)] == [(calendar, "import"), (calendar, "periods")]
    assert yearly.gaps(today - DAY) == []
    row = calendar.holidays.create(date=date(2027, 1, 1), name="X", status="estimated")
    assert [gap.step for gap in yearly.gaps(today)] == ["holidays", "periods"]
    calendar.periods.create(name="Ramadan", first_date=date(2027, 2, 8), last_date=date(2027, 3, 9), week=OTHER)
    row.status = "confirmed"
    row.save()
    assert yearly.gaps(today) == []
