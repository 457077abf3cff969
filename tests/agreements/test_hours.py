"""Opening hours in words."""

from datetime import date

import pytest

from sla.hours import hours_of, short, week_lines
from sla.models import Calendar, CalendarPeriod, CalendarWeek, Holiday
from tests import factories

WORKDAY = [["07:30", "12:00"], ["13:00", "16:00"]]
NEVER = {str(day): [["00:00", "24:00"]] for day in range(7)}


@pytest.mark.parametrize(
    ("week", "lines", "line"),
    [
        (
            factories.ASN_WEEK,
            ["Senin–Kamis 07.30–16.00, istirahat 12.00–13.00", "Jumat 07.30–16.30, istirahat 11.30–13.00"],
            "Senin–Kamis 07.30–16.00, Jumat 07.30–16.30",
        ),
        (NEVER, ["Setiap hari 24 jam"], "setiap hari 24 jam"),
        ({}, [], "tutup"),
        ({"5": [["00:00", "24:00"]]}, ["Sabtu 24 jam"], "Sabtu 24 jam"),
        # equal days that do not touch are two lines; touching intervals are no break; order does not matter
        (
            {"0": [["08:00", "10:00"], ["10:00", "12:00"]], "2": [["08:00", "12:00"]]},
            ["Senin 08.00–12.00", "Rabu 08.00–12.00"],
            "Senin 08.00–12.00, Rabu 08.00–12.00",
        ),
        ({"6": [["13:00", "16:00"], ["07:30", "12:00"]]}, ["Minggu 07.30–16.00, istirahat 12.00–13.00"], None),
        (
            {"0": [["07:00", "09:00"], ["09:15", "12:00"], ["13:00", "15:00"]]},
            ["Senin 07.00–15.00, istirahat 09.00–09.15 dan 12.00–13.00"],
            None,
        ),
    ],
)
def test_a_week_in_words(week, lines, line):
    if lines is not None:
        assert week_lines(week) == lines
    if line is not None:
        assert short(week) == line


def test_what_holds_on_a_date_and_what_comes(db):
    calendar = factories.calendar()
    CalendarWeek.objects.create(calendar=calendar, valid_from=date(2026, 3, 1), week={"0": WORKDAY})
    CalendarWeek.objects.create(calendar=calendar, valid_from=date(2027, 1, 1), week={"1": WORKDAY})
    for name, first, last in (("Lalu", 1, 9), ("Ramadan", 10, 20)):
        CalendarPeriod.objects.create(
            calendar=calendar, name=name, first_date=date(2026, 6, first), last_date=date(2026, 6, last),
            week={"4": [["08:00", "11:30"]]},
        )  # fmt: skip
    before = hours_of([calendar.pk], date(2026, 2, 28))[calendar.pk]
    assert before.lines[0].startswith("Senin–Kamis") and before.lines[0].endswith("WIB")
    found = hours_of([calendar.pk], date(2026, 6, 15))[calendar.pk]
    assert found.lines == ["Senin 07.30–16.00, istirahat 12.00–13.00 WIB"]
    assert found.notes == [
        "Mulai 1 Jan 2027: Selasa 07.30–16.00, istirahat 12.00–13.00.",
        "Ramadan (10 Jun 2026–20 Jun 2026): Jumat 08.00–11.30.",
    ]


def test_holidays_close_only_calendars_that_have_some(db):
    office, always = factories.calendar(), Calendar.objects.create(code="24x7", name="24 jam", week=NEVER)
    Holiday.objects.create(calendar=office, date=date(2026, 8, 17), name="Kemerdekaan")
    found = hours_of([office.pk, always.pk], date(2026, 6, 15))
    assert "hari libur nasional" in found[office.pk].notes[-1]
    assert found[always.pk].notes == ["Tetap berjalan pada hari libur."]
    assert found[always.pk].short == "setiap hari 24 jam WIB"


def test_the_number_of_queries_does_not_depend_on_the_calendars(db, django_assert_num_queries):
    made = [Calendar.objects.create(code=f"k{n}", name=f"K{n}", week=NEVER).pk for n in range(6)]
    for some in (made[:1], made):
        with django_assert_num_queries(4):
            hours_of(some, date(2026, 6, 15))
