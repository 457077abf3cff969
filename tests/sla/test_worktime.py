"""Work time: one test for each settled reading of the calendar."""

import random
import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.worktime import WorkCalendar

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")
MON_THU = [("07:30", "12:00"), ("13:00", "16:00")]
FRI = [("07:30", "11:30"), ("13:00", "16:30")]
ASN_WEEK = {0: MON_THU, 1: MON_THU, 2: MON_THU, 3: MON_THU, 4: FRI}
ALWAYS = {day: [("00:00", "24:00")] for day in range(7)}
OFFICE = {day: [("08:00", "16:00")] for day in range(5)}
HOUR = timedelta(hours=1)


def asn(**more):
    return WorkCalendar(tz="Asia/Jakarta", week=ASN_WEEK, **more)


def at(text, zone=JAKARTA, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def same(result, expected):
    """The same instant, compared in UTC: Python never calls times in a repeated hour equal across zones."""
    return result.astimezone(UTC) == expected.astimezone(UTC)


# The ASN week. 23 November 2026 is a Monday.


def test_the_asn_week_is_37_and_a_half_hours():
    assert asn().between(at("2026-11-23"), at("2026-11-30")) == timedelta(hours=37, minutes=30)


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-11-23T09:00", HOUR, "2026-11-23T10:00"),
        ("2026-11-23T11:30", HOUR, "2026-11-23T13:30"),  # over the break
        ("2026-11-23T15:30", HOUR, "2026-11-24T08:00"),  # over the night
        ("2026-11-27T11:00", HOUR, "2026-11-27T13:30"),  # over the Friday break
        ("2026-11-27T16:00", HOUR, "2026-11-30T08:00"),  # over the weekend
        ("2026-11-28T10:00", HOUR, "2026-11-30T08:30"),  # from a closed day
        ("2026-11-23T12:30", HOUR, "2026-11-23T14:00"),  # from the break
    ],
)
def test_add_walks_over_closed_time(start, amount, expected):
    assert asn().add(at(start), amount) == at(expected)


def test_add_that_ends_exactly_at_closing_gives_the_closing_time():
    assert asn().add(at("2026-11-23T07:30"), timedelta(hours=7, minutes=30)) == at("2026-11-23T16:00")
    assert asn().add(at("2026-11-23T07:30"), timedelta(hours=4, minutes=30)) == at("2026-11-23T12:00")
    assert asn().add(at("2026-11-27T15:30"), HOUR) == at("2026-11-27T16:30")


def test_adding_nothing_gives_the_start_when_open_else_the_next_opening():
    nothing = timedelta(0)
    assert asn().add(at("2026-11-23T09:12:13.000014"), nothing) == at("2026-11-23T09:12:13.000014")
    assert asn().add(at("2026-11-23T07:30"), nothing) == at("2026-11-23T07:30")
    assert asn().add(at("2026-11-23T12:00"), nothing) == at("2026-11-23T13:00")
    assert asn().add(at("2026-11-27T16:30"), nothing) == at("2026-11-30T07:30")


def test_intervals_are_half_open():
    assert asn().is_open(at("2026-11-23T07:30"))
    assert asn().is_open(at("2026-11-23T11:59:59.999999"))
    assert not asn().is_open(at("2026-11-23T12:00"))
    assert not asn().is_open(at("2026-11-23T07:29:59.999999"))


def test_next_open():
    assert asn().next_open(at("2026-11-23T09:00")) == at("2026-11-23T09:00")
    assert asn().next_open(at("2026-11-23T12:00")) == at("2026-11-23T13:00")
    assert asn().next_open(at("2026-12-31T16:00")) == at("2027-01-01T07:30")


def test_arithmetic_is_exact_to_the_microsecond():
    tick = timedelta(microseconds=1)
    assert asn().add(at("2026-11-23T11:59:59.999999"), tick) == at("2026-11-23T12:00")
    assert asn().add(at("2026-11-23T11:59:59.999999"), 2 * tick) == at("2026-11-23T13:00:00.000001")
    assert asn().between(at("2026-11-23T11:59:59.999999"), at("2026-11-23T13:00:00.000002")) == 3 * tick


def test_between_is_zero_when_the_end_is_not_after_the_start():
    assert asn().between(at("2026-11-23T10:00"), at("2026-11-23T09:00")) == timedelta(0)
    assert asn().between(at("2026-11-23T10:00"), at("2026-11-23T10:00")) == timedelta(0)


def test_results_are_aware_and_in_the_zone_of_the_calendar():
    start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 09:00 in Jakarta
    for result in (
        asn().add(start, HOUR),
        asn().add(start, timedelta(0)),
        asn().next_open(start),
        asn().add_working_days(start, 1),
    ):
        assert result.tzinfo == JAKARTA
    assert asn().add(start, HOUR).replace(tzinfo=None) == datetime(2026, 11, 23, 10, 0)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_the_turn_of_the_year_is_the_local_one(zone):
    calendar = WorkCalendar(tz=zone, week=ALWAYS, holidays=[date(2027, 1, 1)])
    local = at("2026-12-31T12:00", ZoneInfo(zone))
    for start in (local, local.astimezone(UTC), local.astimezone(ZoneInfo("Pacific/Kiritimati"))):
        for hours in (1, 6, 11):
            assert calendar.between(start, start + hours * HOUR) == hours * HOUR
            assert calendar.between(start + hours * HOUR, start + 20 * HOUR) == (12 - hours) * HOUR
            assert same(calendar.add(start + hours * HOUR, HOUR), start + (hours + 1) * HOUR)
        assert not calendar.is_open(start + 12 * HOUR)


# Periods and holidays


def test_a_period_replaces_the_whole_week():
    ramadan_day = [("08:00", "12:00"), ("12:30", "15:00")]
    ramadan = {0: ramadan_day, 1: ramadan_day, 2: ramadan_day, 3: ramadan_day}
    ramadan[4] = [("08:00", "11:30"), ("12:30", "15:30")]
    calendar = asn(periods=[(date(2026, 2, 18), date(2026, 3, 19), ramadan)])
    assert calendar.between(at("2026-02-23"), at("2026-03-02")) == timedelta(hours=32, minutes=30)
    assert calendar.add(at("2026-02-17T15:00"), 2 * HOUR) == at("2026-02-18T09:00")
    assert calendar.add_working_days(at("2026-02-17T15:00"), 1) == at("2026-02-18T15:00")
    assert calendar.add_working_days(at("2026-03-18T15:00"), 1) == at("2026-03-19T15:00")  # last day included
    assert calendar.add_working_days(at("2026-03-19T15:00"), 1) == at("2026-03-20T16:30")


def test_weekdays_missing_from_a_period_are_closed():
    calendar = asn(periods=[(date(2026, 11, 23), date(2026, 11, 27), {2: [("08:00", "12:00")]})])
    assert calendar.between(at("2026-11-23"), at("2026-11-30")) == 4 * HOUR


def test_holidays_win_over_week_and_period():
    everything_open = [(date(2026, 12, 1), date(2026, 12, 31), ALWAYS)]
    calendar = asn(holidays=[date(2026, 12, 25)], periods=everything_open)
    assert not calendar.is_open(at("2026-12-25T10:00"))
    assert calendar.next_open(at("2026-12-25T10:00")) == at("2026-12-26")


def test_holidays_may_be_any_iterable_or_a_mapping():
    day = date(2026, 11, 23)
    for holidays in ([day], {day}, (each for each in [day]), {day: "Libur"}):
        assert not asn(holidays=holidays).is_open(at("2026-11-23T10:00"))


def test_a_night_shift_is_two_intervals_and_a_holiday_cuts_it_at_midnight_on_both_sides():
    night = {day: [("00:00", "06:00"), ("22:00", "24:00")] for day in range(7)}
    calendar = WorkCalendar(tz="Asia/Jakarta", week=night, holidays=[date(2026, 11, 25)])
    assert calendar.between(at("2026-11-23T20:00"), at("2026-11-24T08:00")) == 8 * HOUR
    assert calendar.between(at("2026-11-24T20:00"), at("2026-11-25T08:00")) == 2 * HOUR
    assert calendar.between(at("2026-11-25T20:00"), at("2026-11-26T08:00")) == 6 * HOUR
    assert calendar.add(at("2026-11-24T22:00"), 2 * HOUR) == at("2026-11-25T00:00")
    assert calendar.next_open(at("2026-11-25T00:00")) == at("2026-11-26T00:00")


def test_the_end_of_the_day_is_24_00():
    calendar = WorkCalendar(tz="Asia/Jakarta", week={0: [("20:00", "24:00")]})
    assert calendar.is_open(at("2026-11-23T23:59:59.999999"))
    assert not calendar.is_open(at("2026-11-24T00:00"))
    assert calendar.add(at("2026-11-23T20:00"), 4 * HOUR) == at("2026-11-24T00:00")
    assert calendar.add_working_days(at("2026-11-22T20:00"), 1) == at("2026-11-24T00:00")


def test_round_the_clock_has_no_seams():
    calendar = WorkCalendar(tz="Asia/Jakarta", week=ALWAYS)
    start = at("2026-12-31T23:59:59.999999")
    assert calendar.is_open(at("2027-01-01"))
    assert calendar.add(start, timedelta(days=400)) == start + timedelta(days=400)
    assert calendar.between(start, start + timedelta(days=1000)) == timedelta(days=1000)


# Working days


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        ("2026-11-23T09:00", 1, "2026-11-24T16:00"),
        ("2026-11-23T00:00", 1, "2026-11-24T16:00"),
        ("2026-11-23T23:59:59", 1, "2026-11-24T16:00"),
        ("2026-11-23T09:00", 4, "2026-11-27T16:30"),
        ("2026-11-27T09:00", 1, "2026-11-30T16:00"),
        ("2026-11-28T09:00", 1, "2026-11-30T16:00"),
        ("2026-12-31T09:00", 2, "2027-01-04T16:00"),
    ],
)
def test_working_days_end_at_the_closing_of_the_nth_following_day(start, n, expected):
    assert asn().add_working_days(at(start), n) == at(expected)


def test_working_days_skip_holidays():
    calendar = asn(holidays=[date(2026, 11, 24), date(2026, 11, 26)])
    assert calendar.add_working_days(at("2026-11-23T09:00"), 2) == at("2026-11-27T16:30")


def test_the_date_of_the_start_is_the_local_one():
    late_on_sunday_in_utc = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # Monday 01:00 in Jakarta
    assert asn().add_working_days(late_on_sunday_in_utc, 1) == at("2026-11-24T16:00")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-11-23T09:15:00.000007", "2026-11-24T09:15:00.000007"),
        ("2026-11-23T06:00", "2026-11-24T07:30"),  # before opening
        ("2026-11-23T12:00", "2026-11-24T13:00"),  # a break's start moves to its end
        ("2026-11-23T12:30", "2026-11-24T13:00"),
        ("2026-11-23T16:00", "2026-11-24T16:00"),  # exactly at closing stays
        ("2026-11-23T16:00:00.000001", "2026-11-25T07:30"),  # after closing: the next opening
        ("2026-11-26T16:10", "2026-11-27T16:10"),  # Friday closes later
        ("2026-11-27T16:10", "2026-12-01T07:30"),
    ],
)
def test_same_wall_time_on_the_nth_working_day(start, expected):
    assert asn().add_working_days(at(start), 1, end_of_day=False) == at(expected)


def test_same_wall_time_at_midnight_of_a_day_open_to_24_00():
    calendar = WorkCalendar(tz="Asia/Jakarta", week=ALWAYS)
    assert calendar.add_working_days(at("2026-11-23T00:00"), 1, end_of_day=False) == at("2026-11-24T00:00")


# Daylight saving time: open time is elapsed time


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # midnight itself does not exist
        ("America/Havana", date(2026, 11, 1), 25),  # midnight itself comes twice
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the whole day was skipped
    ],
)
def test_a_day_round_the_clock_is_as_long_as_it_lasts(zone, day, hours):
    calendar = WorkCalendar(tz=zone, week={day.weekday(): [("00:00", "24:00")]})
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert calendar.between(noon - timedelta(days=3), noon + timedelta(days=3)) == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana"])
def test_round_the_clock_is_elapsed_time_over_every_change_of_the_clocks(zone):
    calendar = WorkCalendar(tz=zone, week=ALWAYS)
    start = datetime(2026, 1, 1, 7, 0, tzinfo=UTC)
    assert calendar.between(start, start + timedelta(days=730)) == timedelta(days=730)
    assert same(calendar.add(start, timedelta(days=730)), start + timedelta(days=730))


def test_adding_over_the_spring_change():
    calendar = WorkCalendar(tz=BERLIN, week=ALWAYS)
    assert same(calendar.add(at("2026-03-28T12:00", BERLIN), 24 * HOUR), at("2026-03-29T13:00", BERLIN))


def test_ambiguous_wall_times_take_their_first_occurrence():
    opens_in_it = WorkCalendar(tz=BERLIN, week={6: [("02:30", "04:00")]})
    first = at("2026-10-25T02:30", BERLIN, fold=0)
    assert same(opens_in_it.next_open(at("2026-10-24T12:00", BERLIN)), first)
    assert opens_in_it.between(first, at("2026-10-26", BERLIN)) == timedelta(hours=2.5)
    assert opens_in_it.is_open(at("2026-10-25T02:10", BERLIN, fold=1))
    closes_in_it = WorkCalendar(tz=BERLIN, week={6: [("00:00", "02:30")]})
    assert same(closes_in_it.add_working_days(at("2026-10-24T12:00", BERLIN), 1), first)
    assert not closes_in_it.is_open(at("2026-10-25T02:10", BERLIN, fold=1))


def test_wall_times_that_do_not_exist_are_the_instant_of_the_jump():
    jump = at("2026-03-29T03:00", BERLIN)
    opens_in_it = WorkCalendar(tz=BERLIN, week={6: [("02:30", "05:00")]})
    assert same(opens_in_it.next_open(at("2026-03-28T12:00", BERLIN)), jump)
    closes_in_it = WorkCalendar(tz=BERLIN, week={6: [("01:00", "02:30")]})
    assert same(closes_in_it.add_working_days(at("2026-03-28T12:00", BERLIN), 1), jump)
    assert closes_in_it.between(at("2026-03-29", BERLIN), at("2026-03-30", BERLIN)) == HOUR
    round_the_clock = WorkCalendar(tz=BERLIN, week=ALWAYS)
    assert same(round_the_clock.add_working_days(at("2026-03-28T02:30", BERLIN), 1, end_of_day=False), jump)


def test_a_date_whose_only_interval_is_skipped_is_no_working_day():
    calendar = WorkCalendar(tz=BERLIN, week={6: [("02:00", "03:00")]})
    assert calendar.between(at("2026-03-29", BERLIN), at("2026-03-30", BERLIN)) == timedelta(0)
    assert same(calendar.add_working_days(at("2026-03-28T12:00", BERLIN), 1), at("2026-04-05T03:00", BERLIN))


# Five years


def only_in(*years):
    """Office hours, but in some years only."""
    periods = [(date(year, 1, 1), date(year, 12, 31), OFFICE) for year in years]
    return WorkCalendar(tz="Asia/Jakarta", week={}, periods=periods)


def one_day(*days):
    return WorkCalendar(tz="Asia/Jakarta", week={}, periods=[(day, day, ALWAYS) for day in days])


def test_an_opening_exactly_five_years_away_is_found_and_a_microsecond_more_is_not():
    calendar = one_day(date(2031, 11, 24))
    at_the_limit = at("2026-11-24T00:00")
    before_it = at_the_limit - timedelta(microseconds=1)
    assert calendar.next_open(at_the_limit) == at("2031-11-24T00:00")
    assert calendar.add(at_the_limit, HOUR) == at("2031-11-24T01:00")
    assert calendar.add_working_days(at_the_limit, 1) == at("2031-11-25T00:00")
    for ask in (
        lambda: calendar.next_open(before_it),
        lambda: calendar.add(before_it, timedelta(0)),
        lambda: calendar.add(before_it, HOUR),
        lambda: calendar.add_working_days(before_it, 1),
    ):
        with pytest.raises(ValueError, match="5 years"):
            ask()


def test_five_years_from_a_leap_day_end_on_the_first_of_march():
    leap_day = at("2028-02-29T00:00")
    assert one_day(date(2033, 3, 1)).next_open(leap_day) == at("2033-03-01T00:00")
    with pytest.raises(ValueError, match="5 years"):
        one_day(date(2033, 3, 2)).next_open(leap_day)


def test_five_years_count_from_the_instant_reached_not_from_the_start():
    calendar = only_in(2026, 2030, 2035)
    start = at("2026-06-01T08:00")
    total = calendar.between(start, at("2036-01-01"))
    assert calendar.add(start, total) == at("2035-12-31T16:00")
    assert calendar.add_working_days(start, 600).year == 2035
    with pytest.raises(ValueError, match="5 years"):
        calendar.add(start, total + timedelta(microseconds=1))


def test_the_gap_is_measured_from_the_last_closing():
    calendar = one_day(date(2026, 1, 1), date(2031, 1, 2))  # closes 2 January 2026 00:00
    assert calendar.add(at("2026-01-01T12:00"), 13 * HOUR) == at("2031-01-02T01:00")
    assert calendar.add_working_days(at("2025-12-31T12:00"), 2) == at("2031-01-03T00:00")
    too_far = one_day(date(2026, 1, 1), date(2031, 1, 3))
    assert too_far.add(at("2026-01-01T12:00"), 12 * HOUR) == at("2026-01-02T00:00")  # no opening needed
    with pytest.raises(ValueError, match="5 years"):
        too_far.add(at("2026-01-01T12:00"), 13 * HOUR)
    with pytest.raises(ValueError, match="5 years"):
        too_far.add_working_days(at("2025-12-31T12:00"), 2)


def test_five_years_from_midnight_at_the_turn_of_the_year():
    calendar = one_day(date(2026, 12, 31), date(2032, 1, 1))  # closes 1 January 2027 00:00
    assert calendar.add(at("2026-12-31T12:00"), 13 * HOUR) == at("2032-01-01T01:00")


def test_five_years_of_working_days_count_from_a_start_after_closing():
    later = {day: [("16:30", "17:00")] for day in range(7)}
    periods = [(date(2026, 11, 24),) * 2 + (OFFICE,), (date(2031, 11, 24),) * 2 + (later,)]
    calendar = WorkCalendar(tz="Asia/Jakarta", week={}, periods=periods)
    assert calendar.add_working_days(at("2026-11-24T16:45"), 1) == at("2031-11-24T17:00")
    with pytest.raises(ValueError, match="5 years"):
        calendar.add_working_days(at("2026-11-24T16:15"), 1)


def test_the_result_itself_may_be_any_number_of_years_away():
    start = at("2026-11-23T07:30")
    due = asn().add(start, timedelta(hours=37.5) * 52 * 20)
    assert due.year == 2046
    assert asn().between(start, due) == timedelta(hours=37.5) * 52 * 20
    assert asn().add_working_days(start, 260 * 20).year == 2046


def test_a_calendar_that_never_opens():
    calendar = WorkCalendar(tz="Asia/Jakarta", week={})
    start = at("2026-11-23T09:00")
    assert not calendar.is_open(start)
    assert calendar.between(start, start + timedelta(days=4000)) == timedelta(0)
    for ask in (
        lambda: calendar.next_open(start),
        lambda: calendar.add(start, timedelta(0)),
        lambda: calendar.add(start, HOUR),
        lambda: calendar.add_working_days(start, 1),
        lambda: calendar.add_working_days(start, 1, end_of_day=False),
    ):
        with pytest.raises(ValueError, match="5 years"):
            ask()


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "America/New_York"])
def test_the_edges_of_the_calendar_give_value_errors(zone):
    calendar = WorkCalendar(tz=zone, week=ALWAYS)
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    for ask in (
        lambda: calendar.add(last, HOUR),
        lambda: calendar.add(last - timedelta(days=2), timedelta(days=3)),
        lambda: calendar.add(at("2026-11-23T09:00"), timedelta.max),
        lambda: calendar.add_working_days(last - timedelta(days=2), 5),
        lambda: calendar.add_working_days(at("2026-11-23T09:00"), 10**12),
    ):
        with pytest.raises(ValueError, match="years"):
            ask()
    assert calendar.between(last - HOUR, last) <= HOUR
    assert calendar.between(first, first + HOUR) <= HOUR
    assert calendar.is_open(last - timedelta(days=1))
    assert calendar.is_open(first + timedelta(days=1))


# What is refused


@pytest.mark.parametrize(
    "week",
    [
        {0: [("08:00", "12:00"), ("11:59", "13:00")]},
        {0: [("08:00", "12:00"), ("08:00", "12:00")]},
        {0: [("08:00", "08:00")]},
        {0: [("16:00", "08:00")]},
        {0: [("24:00", "24:00")]},
        {7: [("08:00", "12:00")]},
        {-1: []},
        {"0": [("08:00", "12:00")]},
        {True: [("08:00", "12:00")]},
        {0: [("8:00", "12:00")]},
        {0: [("08:00", "24:01")]},
        {0: [("08:60", "12:00")]},
        {0: [("08:00:00", "12:00")]},
        {0: [("08:00\n", "12:00")]},
        {0: [("08:00",)]},
        {0: [("08:00", "09:00", "10:00")]},
        {0: ["08:00"]},
        {0: [(8, 12)]},
        {0: [None]},
        [("08:00", "12:00")],
    ],
)
def test_weeks_that_are_refused(week):
    with pytest.raises(ValueError):
        WorkCalendar(tz="Asia/Jakarta", week=week)
    with pytest.raises(ValueError):
        asn(periods=[(date(2026, 1, 1), date(2026, 1, 31), week)])


def test_unsorted_and_touching_intervals_are_fine():
    calendar = WorkCalendar(tz="Asia/Jakarta", week={0: [("13:00", "16:00"), ("08:00", "12:00"), ("12:00", "13:00")]})
    assert calendar.between(at("2026-11-23"), at("2026-11-24")) == 8 * HOUR
    assert calendar.is_open(at("2026-11-23T12:00"))
    assert calendar.add_working_days(at("2026-11-22T12:00"), 1) == at("2026-11-23T16:00")


@pytest.mark.parametrize(
    "periods",
    [
        [(date(2026, 1, 1), date(2026, 1, 31), {}), (date(2026, 1, 31), date(2026, 2, 2), {})],
        [(date(2026, 3, 1), date(2026, 3, 31), {}), (date(2026, 1, 1), date(2026, 12, 31), {})],
        [(date(2026, 1, 2), date(2026, 1, 1), {})],
        [(datetime(2026, 1, 1), date(2026, 1, 2), {})],
        [(date(2026, 1, 1), date(2026, 1, 2))],
        [("2026-01-01", "2026-01-02", {})],
    ],
)
def test_periods_that_are_refused(periods):
    with pytest.raises(ValueError):
        asn(periods=periods)


def test_unsorted_and_touching_periods_are_fine():
    february = (date(2026, 2, 1), date(2026, 2, 28), {0: [("08:00", "09:00")]})
    january = (date(2026, 1, 1), date(2026, 1, 31), {0: [("08:00", "10:00")]})
    calendar = asn(periods=[february, january])
    assert calendar.between(at("2026-01-01"), at("2026-03-01")) == 4 * 2 * HOUR + 4 * HOUR


@pytest.mark.parametrize("holiday", [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01", 5])
def test_holidays_that_are_refused(holiday):
    with pytest.raises(ValueError, match="plain date"):
        asn(holidays=[holiday])


@pytest.mark.parametrize("zone", ["Asia/Pesawaran", "", "../etc/passwd", "Asia", None, 7])
def test_zones_that_are_refused(zone):
    with pytest.raises(ValueError, match="unknown time zone"):
        WorkCalendar(tz=zone, week=ASN_WEEK)


def test_naive_datetimes_are_refused():
    naive, aware = datetime(2026, 11, 23, 9, 0), at("2026-11-23T09:00")
    for ask in (
        lambda: asn().add(naive, HOUR),
        lambda: asn().add(naive, timedelta(0)),
        lambda: asn().between(naive, aware),
        lambda: asn().between(aware, naive),
        lambda: asn().between(naive, naive),
        lambda: asn().is_open(naive),
        lambda: asn().next_open(naive),
        lambda: asn().add_working_days(naive, 1),
    ):
        with pytest.raises(ValueError, match="aware"):
            ask()


def test_negative_amounts_and_day_counts_below_one_are_refused():
    with pytest.raises(ValueError, match="negative"):
        asn().add(at("2026-11-23T09:00"), timedelta(microseconds=-1))
    for n in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            asn().add_working_days(at("2026-11-23T09:00"), n)


# The object


def test_what_was_given_is_copied():
    week, holidays = {0: [("08:00", "12:00")]}, [date(2026, 11, 30)]
    calendar = WorkCalendar(tz="Asia/Jakarta", week=week, holidays=holidays)
    week[0].append(("13:00", "20:00"))
    week[1] = [("00:00", "24:00")]
    holidays.clear()
    assert calendar.between(at("2026-11-23"), at("2026-12-03")) == 4 * HOUR


def test_calendars_are_equal_to_themselves_only():
    first, second = asn(), asn()
    assert first != second
    assert len({first, first, second}) == 2


def test_threads_share_a_calendar(monkeypatch):
    monkeypatch.setattr("sla.worktime._MAX_YEARS_KEPT", 3)  # years are dropped and built again all the time
    shared, alone = asn(), asn()
    pairs = [(at(f"{year}-03-02T09:00"), at(f"{year + 3}-08-05T10:00")) for year in range(2010, 2022)]
    expected = [alone.between(a, b) for a, b in pairs]
    wrong = []

    def ask(seed):
        order = list(range(len(pairs)))
        random.Random(seed).shuffle(order)
        wrong.extend(index for index in order if shared.between(*pairs[index]) != expected[index])

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
