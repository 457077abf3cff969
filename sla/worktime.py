"""Work-time arithmetic: which instants are open in a calendar, and how much open time lies between two.

Pure and exact: no Django, integer microseconds throughout. A calendar is asked thousands of times for each
time it is built, so every local year is laid out once, on first use, as sorted open spans in UTC with their
running total; after that each question is a binary search in one year plus a sum over whole years.

Wall times become instants as follows. An ambiguous wall time (clocks set back) is its first occurrence,
fold=0. A wall time that does not exist (clocks set forward) is the instant of the jump. That mapping never
runs backwards, so spans stay ordered and disjoint, touching spans stay touching, and a span wholly inside
the skipped hour is empty.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Week = Mapping[int, Iterable[tuple[str, str]]]
Period = tuple[date, date, Week]

_Spans = tuple[tuple[int, int], ...]
_ParsedWeek = tuple[_Spans, ...]
_TICK = timedelta(microseconds=1)
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MAX_ORDINAL = date.max.toordinal()
_MIN_YEAR, _MAX_YEAR = date.min.year, date.max.year
_SEARCH_YEARS = 5
# Shorter than any five years, with room for a shift of the zone: below it no exact comparison is needed.
_SURELY_WITHIN = (_SEARCH_YEARS * 365 - 2) * _DAY
_MAX_YEARS_KEPT = 1024  # about 20 kB each
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_OUT_OF_RANGE = "the result lies outside the years 1 to 9999"


@dataclass(frozen=True, slots=True, eq=False)
class _Year:
    """The open time of one local year; every instant is in microseconds since the epoch, UTC."""

    lower: int  # first instant of the year
    upper: int  # first instant of the next year
    starts: "array[int]"
    ends: "array[int]"
    before: "array[int]"  # before[i]: open time of all spans ahead of span i; one entry more than spans
    days: "array[int]"  # ordinals of the dates with open time
    closings: "array[int]"  # end of the last span of each of those dates

    @property
    def total(self) -> int:
        return self.before[-1]

    def open_until(self, instant: int) -> int:
        """Open time of this year ahead of `instant`."""
        index = bisect_right(self.starts, instant) - 1
        if index < 0:
            return 0
        return self.before[index] + min(instant, self.ends[index]) - self.starts[index]


class WorkCalendar:
    """Opening hours of one zone: a week, other weeks for periods (such as Ramadan), and holidays.

    `tz`: IANA name or ZoneInfo. `week`: weekday (0 = Monday to 6) to half-open intervals ("HH:MM", "HH:MM"),
    the end up to "24:00"; missing weekdays are closed. `holidays`: dates that are closed, whatever week
    applies (a mapping gives its keys). `periods`: (first date, last date, week), both ends included; the
    period's week replaces the whole week. Raises ValueError for an unknown zone or weekday, malformed times,
    intervals that overlap or whose end is not after their start, periods that overlap or end before they
    begin, and dates that are not plain dates.

    Immutable (what it is given is copied), equal only to itself, and safe to share between threads: the years
    laid out lazily depend on nothing but the arguments, so building one twice at once is harmless. All
    methods take aware datetimes of any zone (naive ones raise ValueError) and answer in the calendar's zone.
    """

    __slots__ = ("_holidays", "_periods", "_week", "_years", "_zone")

    def __init__(
        self,
        tz: str | ZoneInfo,
        week: Week,
        holidays: Iterable[date] = (),
        periods: Iterable[Period] = (),
    ) -> None:
        self._zone = _parse_zone(tz)
        self._week = _parse_week(week)
        self._holidays = frozenset(_parse_date(day) for day in holidays)
        self._periods = _parse_periods(periods)
        self._years: dict[int, _Year] = {}

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The instant at which `amount` of open time has passed since `start`.

        An amount that ends exactly at closing gives the closing time; amount zero gives `start` when open,
        else the next opening. Raises ValueError for a negative amount and when, before the amount is used
        up, the next opening is more than five years after the instant reached.
        """
        wanted = _span(amount)
        if wanted < 0:
            raise ValueError("amount must not be negative")
        if wanted == 0:
            return self.next_open(start)
        reached = _instant(start)
        if reached + wanted > _LAST_INSTANT:
            raise ValueError(_OUT_OF_RANGE)
        number, year = self._year_at(start.year, reached)
        wanted += year.open_until(reached)
        while wanted > year.total:
            wanted -= year.total
            if year.ends:
                reached = max(reached, year.ends[-1])
            number, year = self._next_open_year(number, reached)
        index = bisect_left(year.before, wanted) - 1
        return self._local(year.starts[index] + wanted - year.before[index])

    def between(self, a: datetime, b: datetime) -> timedelta:
        """Open time in the half-open stretch from `a` to `b`.

        Zero when `b` is not after `a`: no time lies in an empty stretch, so a mark written with an earlier
        time never takes elapsed time away.
        """
        first, last = _instant(a), _instant(b)
        if last <= first:
            return timedelta(0)
        first_number, first_year = self._year_at(a.year, first)
        last_number, last_year = self._year_at(b.year, last)
        open_time = last_year.open_until(last) - first_year.open_until(first)
        for number in range(first_number, last_number):
            open_time += self._year(number).total
        return timedelta(microseconds=open_time)

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is in open time; an opening instant is, a closing instant is not."""
        instant = _instant(at)
        _, year = self._year_at(at.year, instant)
        index = bisect_right(year.starts, instant) - 1
        return index >= 0 and instant < year.ends[index]

    def next_open(self, at: datetime) -> datetime:
        """`at` itself when open, else the next opening.

        Raises ValueError when that is more than five years away.
        """
        return self._local(self._opening(at.year, _instant(at)))

    def add_working_days(self, start: datetime, n: int, end_of_day: bool = True) -> datetime:
        """The n-th working day after the local date of `start`, which is not counted itself.

        A working day is a local date with any open time. The result is that day's closing (the end of its
        last interval), or with `end_of_day=False` the wall time of `start` on that day: kept when open or
        exactly at that day's closing, otherwise moved forward to the next opening. Raises ValueError when
        n < 1 and when the next opening is more than five years after the instant reached.
        """
        if n < 1:
            raise ValueError("n must be at least 1")
        reached = _instant(start)
        local = self._local(reached)
        today = local.toordinal()
        if today + n > _MAX_ORDINAL:
            raise ValueError(_OUT_OF_RANGE)
        number = local.year
        year = self._year(number)
        index = bisect_right(year.days, today) + n - 1
        while index >= len(year.days):
            index -= len(year.days)
            if year.days and year.days[-1] > today:
                reached = year.closings[-1]
            number, year = self._next_open_year(number, reached)
        closing = year.closings[index]
        if end_of_day:
            return self._local(closing)
        moved = self._at_wall(year.days[index], _wall(local))
        return self._local(closing if moved == closing else self._opening(number, moved))

    def _local(self, instant: int) -> datetime:
        try:
            return (_EPOCH + timedelta(microseconds=instant)).astimezone(self._zone)
        except OverflowError as error:
            raise ValueError(_OUT_OF_RANGE) from error

    def _opening(self, near: int, instant: int) -> int:
        """`instant` when open, else the next opening; `near` is its year, give or take one."""
        number, year = self._year_at(near, instant)
        index = bisect_right(year.ends, instant)
        if index == len(year.ends):
            return self._next_open_year(number, instant)[1].starts[0]
        return max(instant, year.starts[index])

    def _year_at(self, near: int, instant: int) -> tuple[int, _Year]:
        """The local year that holds `instant`, which no zone moves by more than one from `near`."""
        year = self._years.get(near) or self._year(near)
        if instant < year.lower and near > _MIN_YEAR:
            return near - 1, self._year(near - 1)
        if instant >= year.upper and near < _MAX_YEAR:
            return near + 1, self._year(near + 1)
        return near, year

    def _next_open_year(self, number: int, reached: int) -> tuple[int, _Year]:
        """The first year after `number` with open time; `reached` is an instant of `number` or its very end.

        Raises ValueError when its first opening is more than five years after `reached`.
        """
        for later in range(number + 1, min(number + 1 + _SEARCH_YEARS, _MAX_YEAR) + 1):
            year = self._year(later)
            if year.starts:
                opening = year.starts[0]
                if opening - reached <= _SURELY_WITHIN or opening <= self._latest_opening(reached):
                    return later, year
                break
        raise ValueError(f"the calendar does not open again within {_SEARCH_YEARS} years")

    def _latest_opening(self, reached: int) -> int:
        """The same local date and wall time five years on (29 February: 1 March)."""
        local = self._local(reached)
        year = local.year + _SEARCH_YEARS
        if year > _MAX_YEAR:
            return _LAST_INSTANT
        leap_day = (local.month, local.day) == (2, 29)
        day = date(year, 3, 1) if leap_day else date(year, local.month, local.day)
        return self._at_wall(day.toordinal(), _wall(local))

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            year = self._lay_out(number)
            if len(self._years) >= _MAX_YEARS_KEPT:
                self._years.clear()
            self._years[number] = year
        return year

    def _lay_out(self, number: int) -> _Year:
        first, last = date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal()
        starts, ends, before = array("q"), array("q"), array("q", [0])
        days, closings = array("q"), array("q")
        for day in range(first, last + 1):
            for begin, end in self._open_spans(day):
                if begin == end:  # wholly inside an hour that clocks skip
                    continue
                if ends and begin == ends[-1]:
                    ends[-1] = end
                    before[-1] += end - begin
                else:
                    starts.append(begin)
                    ends.append(end)
                    before.append(before[-1] + end - begin)
                if not days or days[-1] != day:
                    days.append(day)
                    closings.append(end)
                closings[-1] = end
        lower, upper = self._at_wall(first, 0), self._at_wall(last, _DAY)
        return _Year(lower, upper, starts, ends, before, days, closings)

    def _open_spans(self, day: int) -> list[tuple[int, int]]:
        """Open spans of the date with ordinal `day`, as instants."""
        spans = self._wall_spans(day)
        if not spans:
            return []
        offset = self._constant_offset(day)
        if offset is None:
            return [(self._at_wall(day, begin), self._at_wall(day, end)) for begin, end in spans]
        midnight = (day - _EPOCH_ORDINAL) * _DAY - offset
        return [(midnight + begin, midnight + end) for begin, end in spans]

    def _wall_spans(self, day: int) -> _Spans:
        if day in self._holidays:
            return ()
        week = self._week
        for first, last, other in self._periods:
            if first <= day <= last:
                week = other
                break
        return week[(day - 1) % 7]  # ordinal 1 is a Monday

    def _constant_offset(self, day: int) -> int | None:
        """The UTC offset from midnight to midnight; None when it changes or no next day exists."""
        if day == _MAX_ORDINAL:
            return None
        midnight = datetime.fromordinal(day).replace(tzinfo=self._zone)
        offset = midnight.utcoffset()
        tomorrow = datetime.fromordinal(day + 1).replace(tzinfo=self._zone)
        return _span(offset) if offset == tomorrow.utcoffset() else None

    def _at_wall(self, day: int, wall: int) -> int:
        """The instant of a wall time (microseconds since midnight, up to a full day) on the date `day`."""
        # The end of the very last day has no date; its last microsecond has the same offset.
        shown = wall - 1 if day == _MAX_ORDINAL and wall == _DAY else wall
        clock = (datetime.fromordinal(day) + timedelta(microseconds=shown)).replace(tzinfo=self._zone)
        naive = (day - _EPOCH_ORDINAL) * _DAY + wall
        first, second = _span(clock.utcoffset()), _span(clock.replace(fold=1).utcoffset())
        if first >= second:
            return naive - first
        # The wall time is skipped: the jump lies between its readings by the new and by the old offset.
        low, high = naive - second, naive - first
        return low + bisect_left(range(low, high), True, key=lambda at: self._offset_at(at) != first)

    def _offset_at(self, instant: int) -> int:
        return _span((_EPOCH + timedelta(microseconds=instant)).astimezone(self._zone).utcoffset())


def _span(delta: timedelta | None) -> int:
    """A timedelta in whole microseconds."""
    if not isinstance(delta, timedelta):
        raise TypeError("expected a timedelta")
    return delta // _TICK


def _wall(local: datetime) -> int:
    """Microseconds since midnight on the wall."""
    return ((local.hour * 60 + local.minute) * 60 + local.second) * _SECOND + local.microsecond


def _instant(at: datetime) -> int:
    """An aware datetime in microseconds since the epoch."""
    try:
        return (at - _EPOCH) // _TICK
    except TypeError as error:  # naive datetimes cannot be compared with aware ones
        raise ValueError("an aware datetime is needed") from error


_LAST_INSTANT = _instant(datetime.max.replace(tzinfo=UTC))


def _parse_zone(tz: str | ZoneInfo) -> ZoneInfo:
    if isinstance(tz, ZoneInfo):
        return tz
    if not isinstance(tz, str):
        raise ValueError(f"unknown time zone: {tz!r}")
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError(f"unknown time zone: {tz!r}") from error


def _parse_week(week: Week) -> _ParsedWeek:
    """Seven tuples of sorted wall spans, in microseconds since midnight, touching ones joined."""
    if not isinstance(week, Mapping):
        raise ValueError("a week maps weekdays to intervals")
    for day in week:
        if isinstance(day, bool) or not isinstance(day, int) or not 0 <= day <= 6:
            raise ValueError(f"unknown weekday: {day!r}; 0 is Monday and 6 is Sunday")
    return tuple(_parse_day(week.get(day, ())) for day in range(7))


def _parse_day(intervals: Iterable[tuple[str, str]]) -> _Spans:
    spans: list[tuple[int, int]] = []
    for begin, end in sorted(_parse_interval(interval) for interval in intervals):
        if spans and begin < spans[-1][1]:
            raise ValueError("intervals of one day overlap")
        if spans and begin == spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return tuple(spans)


def _parse_interval(interval: tuple[str, str]) -> tuple[int, int]:
    try:
        first, last = interval
    except (TypeError, ValueError) as error:
        raise ValueError(f"an interval has a start and an end: {interval!r}") from error
    begin, end = _parse_time(first), _parse_time(last)
    if end <= begin:
        raise ValueError(f"the end of an interval must be after its start: {interval!r}")
    return begin, end


def _parse_time(text: str) -> int:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(f"a time is HH:MM, from 00:00 to 24:00: {text!r}")
    return int(text[:2]) * 60 * _MINUTE + int(text[3:]) * _MINUTE


def _parse_date(day: date) -> int:
    if isinstance(day, datetime) or not isinstance(day, date):
        raise ValueError(f"a plain date is needed: {day!r}")
    return day.toordinal()


def _parse_periods(periods: Iterable[Period]) -> tuple[tuple[int, int, _ParsedWeek], ...]:
    parsed: list[tuple[int, int, _ParsedWeek]] = []
    for period in periods:
        try:
            first, last, week = period
        except (TypeError, ValueError) as error:
            raise ValueError("a period is (first date, last date, week)") from error
        parsed.append((_parse_date(first), _parse_date(last), _parse_week(week)))
        if parsed[-1][1] < parsed[-1][0]:
            raise ValueError(f"a period must not end before it begins: {first} to {last}")
    parsed.sort(key=lambda item: item[:2])
    for (_, last_day, _), (first_day, _, _) in pairwise(parsed):
        if first_day <= last_day:
            raise ValueError("periods overlap")
    return tuple(parsed)
