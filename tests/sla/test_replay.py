"""Clocks by replay: pauses, new targets, reopening, and the exact instant of a breach."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla.replay import ClockState, Run, Segment, Target, Threshold, next_event, reached_at, replay
from sla.worktime import WorkCalendar

JAKARTA = ZoneInfo("Asia/Jakarta")
MON_THU = [("07:30", "12:00"), ("13:00", "16:00")]
ASN = WorkCalendar(
    tz="Asia/Jakarta",
    week={0: MON_THU, 1: MON_THU, 2: MON_THU, 3: MON_THU, 4: [("07:30", "11:30"), ("13:00", "16:30")]},
    holidays=[date(2026, 11, 25)],
)
ALWAYS = WorkCalendar(tz="Asia/Jakarta", week={day: [("00:00", "24:00")] for day in range(7)})
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
NOTHING = timedelta(0)


def at(day_and_time):
    """ "23 09:00" is that day of November 2026; the 23rd is a Monday, the 25th a holiday."""
    return datetime.strptime(f"2026-11-{day_and_time}", "%Y-%m-%d %H:%M").replace(tzinfo=JAKARTA)


def clock(*marks, minutes=None, days=None, calendar=ASN):
    """Segments from (when, run); a third item is another target, a fourth another calendar."""
    segments, target = [], Target(minutes=minutes, working_days=days)
    for when, run, *other in marks:
        target = other[0] if other else target
        calendar = other[1] if len(other) > 1 else calendar
        segments.append(Segment(at(when) if isinstance(when, str) else when, Run(run), calendar, target))
    return segments


def show(segments, now):
    return replay(segments, at(now) if isinstance(now, str) else now)


# Running


def test_a_running_clock():
    reading = show(clock(("23 09:00", "running"), minutes=240), "23 10:00")
    assert reading.state == ClockState.RUNNING
    assert (reading.elapsed, reading.target) == (60 * MINUTE, 240 * MINUTE)
    assert reading.remaining == 180 * MINUTE
    assert reading.due_at == at("23 14:00")
    assert reading.breached_at is None


def test_a_due_at_closing_is_not_moved_to_the_next_opening():
    assert show(clock(("23 15:00", "running"), minutes=60), "23 15:10").due_at == at("23 16:00")


def test_the_clock_is_breached_as_soon_as_the_due_has_passed():
    segments = clock(("23 15:00", "running"), minutes=60)
    in_time, late = show(segments, at("23 16:00")), show(segments, at("23 16:00") + TICK)
    assert (in_time.state, in_time.breached_at, in_time.remaining) == (ClockState.RUNNING, None, NOTHING)
    assert (late.state, late.breached_at, late.due_at) == (ClockState.BREACHED, at("23 16:00"), at("23 16:00"))
    assert late.remaining == NOTHING
    assert show(segments, "24 08:00").remaining == -30 * MINUTE
    assert show(segments, "24 08:00").breached_at == at("23 16:00")


def test_working_days_are_due_exactly_when_the_calendar_says():
    for start in ("23 09:00", "23 05:00", "21 12:00", "23 16:00", "27 12:15"):
        for n in (1, 2, 14):
            reading = show(clock((start, "running"), days=n), start)
            assert reading.due_at == ASN.add_working_days(at(start), n)


def test_working_days_and_pauses_share_one_basis():
    paused = clock(("23 09:00", "running"), ("23 10:00", "paused"), ("23 14:00", "running"), days=2)
    # Tuesday and, over the holiday, Thursday; three open hours were spent waiting.
    assert ASN.add_working_days(at("23 09:00"), 2) == at("26 16:00")
    assert show(paused, "23 15:00").due_at == at("27 10:30")


def test_results_are_in_the_zone_of_the_calendar():
    start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    reading = replay(clock((start, "running"), minutes=60), start)
    assert reading.due_at.tzinfo == JAKARTA


# Pauses and stops


def test_a_pause_stops_elapsed_time_and_hides_the_due():
    segments = clock(("23 09:00", "running"), ("23 10:00", "paused"), minutes=240)
    reading = show(segments, "27 10:00")
    assert (reading.state, reading.elapsed, reading.due_at) == (ClockState.PAUSED, 60 * MINUTE, None)


def test_resuming_gives_the_time_that_was_left():
    segments = clock(("23 09:00", "running"), ("23 10:00", "paused"), ("24 10:00", "running"), minutes=240)
    assert show(segments, "24 11:00").due_at == at("24 14:00")


def test_two_pauses_at_the_same_instant_are_fine():
    twice = clock(
        ("23 09:00", "running"),
        ("23 10:00", "paused"),
        ("23 10:00", "running"),
        ("23 10:00", "paused"),
        ("23 11:00", "running"),
        minutes=240,
    )
    once = clock(("23 09:00", "running"), ("23 10:00", "paused"), ("23 11:00", "running"), minutes=240)
    assert show(twice, "23 11:30") == show(once, "23 11:30")


def test_a_breach_outlives_a_pause():
    segments = clock(("23 09:00", "running"), ("23 11:00", "paused"), minutes=60)
    reading = show(segments, "24 09:00")
    assert (reading.state, reading.due_at, reading.breached_at) == ("breached", at("23 10:00"), at("23 10:00"))


@pytest.mark.parametrize(
    ("stopped_at", "state"),
    [
        ("23 15:00", "met"),
        ("23 16:00", "met"),  # exactly at the due
        ("23 16:01", "breached"),  # that evening is late, although no open time has passed
        ("24 07:30", "breached"),
        ("24 07:31", "breached"),
    ],
)
def test_stopping(stopped_at, state):
    segments = clock(("23 14:00", "running"), (stopped_at, "stopped"), minutes=120)
    reading = show(segments, "30 10:00")
    assert (reading.state, reading.due_at) == (state, at("23 16:00"))
    assert reading.breached_at == (at("23 16:00") if state == "breached" else None)
    assert reading.elapsed == ASN.between(at("23 14:00"), at(stopped_at))


def test_a_clock_stopped_out_of_a_pause_with_nothing_left_is_met():
    segments = clock(("23 14:00", "running"), ("23 16:00", "paused"), ("24 09:00", "stopped"), minutes=120)
    assert show(segments, "24 09:00").state == ClockState.MET


def test_reopening_goes_on_with_the_elapsed_time():
    segments = clock(("23 09:00", "running"), ("23 10:00", "stopped"), ("24 09:00", "running"), minutes=90)
    reading = show(segments, "24 09:10")
    assert (reading.state, reading.elapsed, reading.due_at) == ("running", 70 * MINUTE, at("24 09:30"))
    assert show(segments, "24 09:31").breached_at == at("24 09:30")


def test_reopening_does_not_wash_off_a_breach():
    segments = clock(("23 09:00", "running"), ("23 11:00", "stopped"), ("24 09:00", "running"), minutes=90)
    assert show(segments, "24 09:10").breached_at == at("23 10:30")


def test_stopping_twice_keeps_the_first_stop():
    once = clock(("23 05:00", "running"), ("23 06:00", "stopped"), minutes=60)
    twice = clock(("23 05:00", "running"), ("23 06:00", "stopped"), ("23 10:00", "stopped"), minutes=60)
    assert show(once, "24 09:00") == show(twice, "24 09:00")
    assert show(twice, "24 09:00").due_at == at("23 08:30")


# Nothing left


def test_a_clock_paused_exactly_at_its_due_is_not_late():
    segments = clock(("23 15:00", "running"), ("23 16:00", "paused"), minutes=60)
    reading = show(segments, "24 12:00")
    assert (reading.state, reading.remaining, reading.due_at) == ("paused", NOTHING, None)


def test_resumed_with_nothing_left_it_is_due_when_open_time_would_run():
    evening = clock(("23 15:00", "running"), ("23 16:00", "paused"), ("23 20:00", "running"), minutes=60)
    assert show(evening, "23 21:00").state == ClockState.RUNNING
    assert show(evening, "23 21:00").due_at == at("24 07:30")
    assert show(evening, "24 07:31").breached_at == at("24 07:30")
    office_hours = clock(("23 15:00", "running"), ("23 16:00", "paused"), ("24 09:00", "running"), minutes=60)
    assert show(office_hours, "24 09:00").state == ClockState.RUNNING
    assert show(office_hours, "24 09:01").breached_at == at("24 09:00")


def test_a_mark_at_the_due_without_a_pause_keeps_the_due():
    segments = clock(("23 15:00", "running"), ("23 16:00", "running"), minutes=60)
    assert show(segments, "23 16:00").due_at == at("23 16:00")
    assert show(segments, "23 16:01").breached_at == at("23 16:00")


# New targets and calendars


def test_a_new_target_counts_from_the_beginning_and_keeps_pauses():
    segments = clock(
        ("23 09:00", "running"),
        ("23 10:00", "paused"),
        ("23 13:00", "running"),
        ("23 14:00", "running", Target(minutes=180)),
        minutes=480,
    )
    reading = show(segments, "23 14:30")
    assert (reading.elapsed, reading.target, reading.due_at) == (150 * MINUTE, 180 * MINUTE, at("23 15:00"))


def test_a_smaller_target_may_have_been_overrun_in_the_past():
    segments = clock(
        ("23 09:00", "running"),
        ("23 10:00", "paused"),
        ("23 11:00", "running"),
        ("23 15:00", "running", Target(minutes=90)),
        minutes=480,
    )
    assert show(segments[:-1], "23 15:00").state == ClockState.RUNNING
    reading = show(segments, "23 15:00")
    assert (reading.state, reading.breached_at) == (ClockState.BREACHED, at("23 11:30"))
    assert reading.remaining == -150 * MINUTE  # 240 elapsed: 60, 60 up to noon, 120 after the break


def test_a_larger_target_makes_room_again():
    segments = clock(("23 09:00", "running"), ("23 11:00", "running", Target(working_days=1)), minutes=60)
    assert show(segments[:1], "23 11:00").state == ClockState.BREACHED
    reading = show(segments, "23 11:00")
    assert (reading.state, reading.breached_at, reading.due_at) == ("running", None, at("24 16:00"))


def test_each_segment_is_measured_by_its_own_calendar():
    minutes = Target(minutes=600)
    segments = clock(("23 15:00", "running"), ("24 07:00", "running", minutes, ALWAYS), minutes=600)
    reading = show(segments, "24 09:00")
    assert reading.elapsed == 180 * MINUTE
    assert reading.due_at == at("24 16:00")


def test_a_target_in_days_is_measured_by_the_latest_calendar_from_the_first_mark():
    segments = clock(("23 09:00", "running"), ("23 10:00", "running", Target(working_days=1), ALWAYS), days=5)
    assert show(segments, "23 10:00").due_at == at("25 00:00")


# Now, order, and what is refused


def test_now_before_the_last_mark_is_read_as_that_mark():
    segments = clock(("23 09:00", "running"), ("23 11:00", "paused"), minutes=240)
    assert show(segments, "23 08:00") == show(segments, "23 11:00")


def test_segments_are_compared_as_instants_when_clocks_are_set_back():
    berlin = ZoneInfo("Europe/Berlin")
    calendar = WorkCalendar(tz=berlin, week={day: [("00:00", "24:00")] for day in range(7)})
    first = datetime(2026, 10, 25, 2, 50, tzinfo=berlin)
    later = datetime(2026, 10, 25, 2, 10, tzinfo=berlin, fold=1)  # twenty minutes later
    segments = clock((first, "running"), (later, "paused"), minutes=15, calendar=calendar)
    reading = replay(segments, later)
    assert reading.elapsed == 20 * MINUTE
    assert reading.breached_at.astimezone(UTC) == datetime(2026, 10, 25, 1, 5, tzinfo=UTC)
    with pytest.raises(ValueError, match="order"):
        replay([segments[1], segments[0]], later)


def test_no_segments_and_naive_times_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        replay([], at("23 09:00"))
    with pytest.raises(ValueError, match="aware"):
        replay(clock(("23 09:00", "running"), minutes=1), datetime(2026, 11, 23, 9, 0))
    with pytest.raises(ValueError, match="aware"):
        replay(clock((datetime(2026, 11, 23), "running"), minutes=1), at("23 09:00"))


@pytest.mark.parametrize("wrong", [{}, {"minutes": 5, "working_days": 1}, {"minutes": 0}, {"working_days": -1}])
def test_targets_that_are_refused(wrong):
    with pytest.raises(ValueError, match="either minutes or working days"):
        Target(**wrong)


# The next event


def shares(*fractions):
    return [Threshold(fraction=each) for each in fractions]


def test_events_come_in_order_and_in_working_time():
    segments = clock(("23 15:00", "running"), minutes=120)
    now, events = at("23 15:00"), []
    while now := next_event(segments, now, shares(1.25, 0.5, 0.8, 1.0)):
        events.append(now)
    half, most, due, over = at("23 16:00"), at("24 08:06"), at("24 08:30"), at("24 09:00")
    assert events == [half, most, due, due + TICK, over]
    assert all(event.tzinfo == JAKARTA for event in events)


def test_the_due_is_an_event_without_any_fraction_and_is_followed_by_the_breach():
    segments = clock(("23 09:00", "running"), minutes=60)
    assert next_event(segments, at("23 09:00"), shares()) == at("23 10:00")
    breach = next_event(segments, at("23 10:00"), shares())
    assert show(segments, at("23 10:00")).state == ClockState.RUNNING
    assert replay(segments, breach).state == ClockState.BREACHED
    assert next_event(segments, breach, shares()) is None


def test_events_count_the_time_of_earlier_segments():
    segments = clock(("23 09:00", "running"), ("23 10:00", "paused"), ("23 13:00", "running"), minutes=120)
    assert next_event(segments, at("23 13:00"), shares(0.5, 0.75)) == at("23 13:30")


@pytest.mark.parametrize("run", ["paused", "stopped"])
def test_a_clock_that_does_not_run_has_no_next_event(run):
    segments = clock(("23 09:00", "running"), ("23 09:30", run), minutes=120)
    assert next_event(segments, at("23 09:30"), shares(0.5, 1.0)) is None


def test_fractions_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        next_event(clock(("23 09:00", "running"), minutes=60), at("23 09:00"), shares(0.5, 0))


# Properties

RUNS = st.sampled_from(list(Run))
MARKS = st.lists(st.tuples(st.integers(0, 900), RUNS), max_size=6)
TARGETS = st.one_of(
    st.integers(1, 1500).map(lambda minutes: Target(minutes=minutes)),
    st.integers(1, 3).map(lambda days: Target(working_days=days)),
)


@st.composite
def lives(draw):
    """Segments on whole minutes from some time on Monday on, and a `now` after them."""
    when = at("23 05:00") + draw(st.integers(0, 800)) * MINUTE
    segments = [Segment(when, draw(RUNS), draw(st.sampled_from([ASN, ALWAYS])), draw(TARGETS))]
    for gap, run in draw(MARKS):
        when += gap * MINUTE
        same = draw(st.booleans())
        calendar = segments[-1].calendar if same else draw(st.sampled_from([ASN, ALWAYS]))
        target = segments[-1].target if same else draw(TARGETS)
        segments.append(Segment(when, run, calendar, target))
    return segments, when + draw(st.integers(0, 1500)) * MINUTE


def by_the_minute(segments, now):
    """(elapsed, breach) by walking every minute: the reference."""
    last, first = segments[-1], segments[0].started_at
    target = last.target.amount(last.calendar, first)
    ends = [*(segment.started_at for segment in segments[1:]), now]
    elapsed, breach, used_up = NOTHING, None, None
    for segment, end in zip(segments, ends, strict=True):
        minute = segment.started_at
        while segment.run == Run.RUNNING and minute < end:
            is_open = segment.calendar.is_open(minute)
            # Late is to run on right after the time was used up, or to run in open time with none left.
            if breach is None and elapsed == target and (is_open or used_up == minute):
                breach = minute
            elapsed += is_open * MINUTE
            minute += MINUTE
            if elapsed == target and is_open:
                used_up = minute
    return elapsed, breach


@settings(max_examples=150, deadline=None)
@given(lives())
def test_replay_agrees_with_walking_every_minute(life):
    segments, now = life
    reading = replay(segments, now)
    assert (reading.elapsed, reading.breached_at) == by_the_minute(segments, now)
    assert reading.remaining == reading.target - reading.elapsed
    assert (reading.state == ClockState.BREACHED) == (reading.breached_at is not None)
    assert reading.breached_at is not None or reading.remaining >= NOTHING
    if reading.state == ClockState.RUNNING:
        assert reading.due_at >= now
        assert by_the_minute(segments, reading.due_at)[1] is None
        assert by_the_minute(segments, reading.due_at + MINUTE)[1] == reading.due_at


@settings(max_examples=150, deadline=None)
@given(lives(), st.data())
def test_splitting_a_segment_changes_nothing(life, data):
    segments, now = life
    index = data.draw(st.integers(0, len(segments) - 1))
    end = segments[index + 1].started_at if index + 1 < len(segments) else now
    length = int((end - segments[index].started_at) / MINUTE)
    whole = segments[index]
    middle = whole.started_at + data.draw(st.integers(0, length)) * MINUTE
    again = Segment(middle, whole.run, whole.calendar, whole.target)
    split = [*segments[: index + 1], again, *segments[index + 1 :]]
    assert replay(split, now) == replay(segments, now)


@settings(max_examples=150, deadline=None)
@given(lives(), st.integers(0, 2000), st.integers(0, 2000))
def test_pausing_never_brings_a_deadline_nearer(life, before, length):
    segments, now = life
    last = segments[-1]
    assume(last.run == Run.RUNNING)
    pause = last.started_at + before * MINUTE
    resume = pause + length * MINUTE
    paused = [
        *segments,
        Segment(pause, Run.PAUSED, last.calendar, last.target),
        Segment(resume, Run.RUNNING, last.calendar, last.target),
    ]
    now = max(now, resume)
    without, with_pause = replay(segments, now), replay(paused, now)
    assert with_pause.due_at >= without.due_at
    assert with_pause.elapsed <= without.elapsed
    if not length:
        assert with_pause == without


@settings(max_examples=150, deadline=None)
@given(lives(), st.lists(st.sampled_from([0.25, 0.5, 0.8, 1.0, 1.5]), max_size=3))
def test_the_next_event_is_the_first_instant_at_which_something_changes(life, fractions):
    segments, now = life
    event = next_event(segments, now, shares(*fractions))
    reading = replay(segments, now)
    if segments[-1].run != Run.RUNNING:
        assert event is None
        return

    def seen(when):
        shown = replay(segments, when)
        return [shown.state, *(shown.elapsed >= shown.target * fraction for fraction in fractions)]

    if event is None:
        assert reading.state == ClockState.BREACHED
        assert seen(now) == seen(now + timedelta(days=30))
        return
    assert event > now
    assert seen(max(now, event - TICK)) == seen(now)
    assert seen(event + TICK) != seen(now)


# Moments


def test_offsets_from_the_due_are_open_time_or_wall_time():
    segments = clock(("23 15:00", "running"), minutes=120)  # due on the 24th at 08.30
    before, after = Threshold(offset=-30 * MINUTE), Threshold(offset=8 * 60 * MINUTE)
    night = Threshold(offset=8 * 60 * MINUTE, wall=True)
    assert next_event(segments, at("23 15:00"), [before, after, night]) == at("24 08:00")
    assert next_event(segments, at("24 09:00"), [before, after, night]) == at("24 16:30")
    assert next_event(segments, at("24 16:30"), [before, after, night]) == at("26 09:00")


def test_when_a_moment_was_reached():
    segments = clock(("23 15:00", "running"), ("24 08:00", "paused"), ("24 14:00", "running"), minutes=120)
    now = at("26 12:00")
    assert reached_at(segments, at("24 13:59"), Threshold(fraction=1.0)) is None
    assert reached_at(segments, now, Threshold(fraction=0.5)) == at("23 16:00")
    assert reached_at(segments, now, Threshold(fraction=1.0)) == at("24 14:30")
    assert reached_at(segments, now, Threshold(offset=60 * MINUTE)) == at("24 15:30")
    assert reached_at(segments, now, Threshold(offset=-130 * MINUTE)) is None
    wall = Threshold(offset=60 * 24 * MINUTE, wall=True)
    assert reached_at(segments, at("25 14:29"), wall) is None
    assert reached_at(segments, at("25 14:30"), wall) == at("25 14:30")


@settings(max_examples=150, deadline=None)
@given(lives(), st.sampled_from([0.1, 0.5, 1.0, 1.7]))
def test_a_moment_is_reached_exactly_when_the_elapsed_time_is(life, fraction):
    segments, now = life
    when = reached_at(segments, now, Threshold(fraction=fraction))
    reading = replay(segments, now)
    assert (when is not None) == (reading.elapsed >= reading.target * fraction)
    if when is not None:
        history = [segment for segment in segments if segment.started_at <= when]
        target = segments[-1].target
        then = [Segment(each.started_at, each.run, each.calendar, target) for each in history]
        assert replay(then, when).elapsed >= reading.target * fraction
        assert replay(then, max(when - TICK, then[-1].started_at)).elapsed <= reading.target * fraction
