"""Work time against a naive reference that looks at the wall clock minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sla.worktime import WorkCalendar

MINUTE = timedelta(minutes=1)
# Zones with the days around which their clocks change (and one that never changes).
AROUND = {
    "Asia/Jakarta": [date(2026, 11, 24), date(2026, 12, 31)],
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "Africa/Cairo": [date(2026, 4, 24), date(2026, 10, 29)],
    "America/Havana": [date(2026, 3, 8), date(2026, 11, 1)],
}


def text(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class Reference:
    """The same calendar, read off the wall: plain, slow, and written without looking at the real one."""

    def __init__(self, tz, week, holidays, periods):
        self.zone, self.week, self.holidays, self.periods = ZoneInfo(tz), week, holidays, periods
        self.seen = {}

    def hours_of(self, day):
        week = self.week
        for first, last, other in self.periods:
            if first <= day <= last:
                week = other
        return [] if day in self.holidays else week.get(day.weekday(), [])

    def is_open(self, at):
        """Whether the minute that begins at the UTC instant `at` is open."""
        if at not in self.seen:
            local = at.astimezone(self.zone)
            while local.fold:
                # The second pass through a repeated hour goes on with what the first pass ended with.
                following = (local.astimezone(UTC) + MINUTE).astimezone(self.zone)
                if not following.fold:
                    break
                local = following
            clock = text(local.hour * 60 + local.minute)
            self.seen[at] = any(first <= clock < last for first, last in self.hours_of(local.date()))
        return self.seen[at]

    def between(self, a, b):
        minutes = 0
        while a < b:
            minutes += self.is_open(a)
            a += MINUTE
        return minutes * MINUTE


@st.composite
def weeks(draw):
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    week = {}
    for day in sorted(days):
        marks = draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(sorted))
        week[day] = [(text(first * 15), text(last * 15)) for first, last in zip(marks[::2], marks[1::2], strict=False)]
    return week


@st.composite
def situations(draw):
    """A calendar, its reference, and an instant (a whole minute, UTC) near a change of the clocks."""
    tz = draw(st.sampled_from(sorted(AROUND)))
    middle = draw(st.sampled_from(AROUND[tz]))
    near = st.integers(-4, 4).map(lambda days: middle + timedelta(days=days))
    week = draw(st.one_of(st.just({day: [("00:00", "24:00")] for day in range(7)}), weeks()))
    holidays = draw(st.sets(near, max_size=2))
    bounds = sorted(draw(st.lists(near, min_size=2, max_size=2)))
    periods = draw(st.sampled_from([[], [(bounds[0], bounds[1], draw(weeks()))]]))
    calendar = WorkCalendar(tz=tz, week=week, holidays=holidays, periods=periods)
    midnight = datetime(middle.year, middle.month, middle.day, tzinfo=ZoneInfo(tz)).astimezone(UTC)
    start = midnight + draw(st.integers(-2000, 2000)) * MINUTE
    return calendar, Reference(tz, week, holidays, periods), start


MINUTES = st.integers(0, 3 * 24 * 60)
MOMENTS = st.integers(0, 10**12).map(lambda value: timedelta(microseconds=value))  # up to 11 days


def utc(at):
    return at.astimezone(UTC)


@settings(max_examples=120, deadline=None)
@given(situations(), MINUTES)
def test_between_and_is_open_agree_with_the_wall_clock(situation, minutes):
    calendar, reference, start = situation
    end = start + minutes * MINUTE
    assert calendar.between(start, end) == reference.between(start, end)
    assert calendar.is_open(end) == reference.is_open(end)


@settings(max_examples=120, deadline=None)
@given(situations(), MINUTES)
def test_add_agrees_with_the_wall_clock(situation, minutes):
    calendar, reference, start = situation
    wanted = reference.between(start, start + minutes * MINUTE)
    result, walked, at = utc(calendar.add(start, wanted)), timedelta(0), start
    if not wanted:
        assert reference.between(start, result) == timedelta(0)
        assert reference.is_open(result)
        return
    while walked < wanted:
        walked += reference.is_open(at) * MINUTE
        at += MINUTE
    assert result == at


@settings(max_examples=200, deadline=None)
@given(situations(), MOMENTS, MOMENTS)
def test_splitting_a_stretch_never_changes_its_open_time(situation, first, second):
    calendar, _, start = situation
    middle, end = start + first, start + first + second
    whole = calendar.between(start, end)
    assert calendar.between(start, middle) + calendar.between(middle, end) == whole
    assert timedelta(0) <= whole <= end - start


@settings(max_examples=200, deadline=None)
@given(situations(), MOMENTS)
def test_between_undoes_add_and_add_is_the_first_such_instant(situation, amount):
    calendar, _, start = situation
    try:
        result = utc(calendar.add(start, amount))
    except ValueError:
        assume(False)  # it only ever opens on holidays, or inside one period
    assert calendar.between(start, result) == amount
    assert result >= start
    if amount:
        assert calendar.between(start, result - timedelta(microseconds=1)) < amount


@settings(max_examples=200, deadline=None)
@given(situations(), MOMENTS, MOMENTS, MOMENTS)
def test_add_never_runs_backwards(situation, later, amount, more):
    calendar, _, start = situation
    try:
        far = utc(calendar.add(start + later, amount + more))
    except ValueError:
        assume(False)
    assert utc(calendar.add(start, amount)) <= utc(calendar.add(start, amount + more)) <= far
    assert utc(calendar.add(start, amount)) <= utc(calendar.add(start + later, amount)) <= far


@settings(max_examples=150, deadline=None)
@given(situations(), MOMENTS)
def test_next_open_is_the_first_open_instant(situation, later):
    calendar, _, start = situation
    at = start + later
    try:
        opening = utc(calendar.next_open(at))
    except ValueError:
        assume(False)
    assert opening >= at
    assert calendar.is_open(opening)
    assert calendar.between(at, opening) == timedelta(0)
    assert utc(calendar.add(at, timedelta(0))) == opening


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(1, 8))
def test_working_days_agree_with_counting_dates(situation, n):
    calendar, reference, start = situation
    day = start.astimezone(reference.zone).date()
    left = n
    for _ in range(200):
        day += timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=reference.zone).astimezone(UTC)
        tomorrow = day + timedelta(days=1)
        end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=reference.zone).astimezone(UTC)
        if reference.hours_of(day) and reference.between(midnight, end):
            left -= 1
        if not left:
            break
    assume(not left)
    closing = end
    while not reference.is_open(closing - MINUTE):
        closing -= MINUTE
    assert utc(calendar.add_working_days(start, n)) == closing


@pytest.mark.parametrize("tz", ["Asia/Jakarta", "Europe/Berlin"])
@settings(max_examples=40, deadline=None)
@given(weeks(), st.integers(0, 4000), st.integers(0, 4000), st.integers(0, 86399))
@example({0: [("00:00", "24:00")]}, 0, 3650, 0)
def test_years_add_up_from_days(tz, week, first, days, second):
    calendar = WorkCalendar(tz=tz, week=week, holidays=[date(2027, 1, 1), date(2028, 2, 29)])
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=first, seconds=second)
    end = start + timedelta(days=days)
    daily = (start + timedelta(days=day) for day in range(days))
    open_time = sum((calendar.between(day, day + timedelta(days=1)) for day in daily), timedelta(0))
    assert calendar.between(start, end) == open_time
    if open_time:
        assert utc(calendar.add(start, open_time)) <= end
        assert calendar.between(start, calendar.add(start, open_time)) == open_time
