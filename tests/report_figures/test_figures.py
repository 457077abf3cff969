"""Every figure against numbers worked out by hand from the week of `conftest`, live and from kept sums."""

import pytest

from reports import sla
from reports.figures import (
    HOLDS,
    Selection,
    agents,
    backlog,
    breach_causes,
    durations,
    heat_map,
    holds,
    stages,
    stays_of,
    tickets_behind,
    trend,
    volume,
)
from reports.figures.measures import upper_bound
from reports.figures.times import at_share
from tests.report_figures.conftest import MARCH, asks, keep_all, local


@pytest.fixture(params=["live", "kept"])
def asked(request, cast, week):
    """What a manager asks about March; kept sums and live counting must tell the same."""
    if request.param == "kept":
        keep_all()
    return asks(cast.pimpinan)


def test_time_to_respond_and_to_resolve(asked):
    (row,) = durations(asked)
    # quick 60, slow 90, back 60
    assert (row.response.number, row.response.mean, row.response.median, row.response.p90) == (3, 70.0, 60, 90)
    # quick 60, slow 150 before the wait and 360 after it; back is open again
    assert (row.resolution.number, row.resolution.mean, row.resolution.median, row.resolution.p90) == (
        2,
        285.0,
        60,
        510,
    )


def test_durations_by_group_name_those_without_one(asked):
    rows = {row.key: row for row in durations(asked, "service")}
    assert set(rows) == {"surel", "jaringan", "-"}
    assert rows["surel"].resolution.mean == 60 and rows["jaringan"].resolution.mean == 510
    assert rows["-"].response.mean == 60 and rows["-"].resolution.mean is None


def test_volume_first_contact_and_reopening(asked):
    (row,) = volume(asked)
    assert (row.created, row.still_open, row.finished, row.resolved) == (4, 2, 2, 2)
    # slow had a word before the solution
    assert (row.first_contact, row.first_contact_rate) == (1, 50.0)
    assert (row.reopened, row.ever_finished, row.reopen_rate) == (1, 3, 33.3)


def test_volume_by_channel_and_month(asked):
    assert [(row.key, row.created) for row in volume(asked, "channel")] == [("web", 3), ("phone", 1)]
    assert [(row.key, row.label, row.created) for row in volume(asked, "month")] == [("2026-03", "Maret 2026", 4)]


def test_hours_of_the_week_are_local(asked):
    found = heat_map(asked)
    assert [len(found), {len(day) for day in found}] == [7, {24}]
    counted = {(day, hour): n for day, row in enumerate(found) for hour, n in enumerate(row) if n}
    assert counted == {(0, 8): 2, (0, 13): 1, (1, 10): 1}


def test_time_by_stage_and_reason_of_waiting(asked):
    (row,) = stages(asked)
    minutes = {each.key: (each.tickets, each.spells, each.seconds // 60) for each in row.places}
    assert minutes == {
        "new": (3, 3, 30 + 120 + 10),
        "active": (3, 5, 30 + 30 + 360 + 10 + 40),
        "waiting:third_party": (1, 1, 270 + 450 + 60),
        "resolved": (1, 1, 60 + 180 + 30),
    }
    (waiting,) = holds(asked)
    assert waiting.label == "Menunggu pihak ketiga" and waiting.mean_minutes == 780 and waiting.key in HOLDS


def test_causes_of_missed_deadlines(asked):
    found = breach_causes(asked)
    assert found.breached == 3
    places = {cause.key: (cause.longest, cause.now) for cause in found.places}
    # slow waited longest; idle is new and back is at work, now
    assert {key: numbers for key, numbers in places.items() if any(numbers)} == {
        "waiting:third_party": (1, 0),
        "new": (0, 1),
        "active": (0, 1),
    }
    assert {cause.key: cause.number for cause in found.teams} == {"meja-layanan": 2, "jaringan": 1}
    assert sum(cause.number for cause in found.places) == found.breached
    seconds = {cause.key: cause.seconds // 60 for cause in found.places}
    assert seconds["waiting:third_party"] == 780 and seconds["active"] == 390 and seconds["new"] == 120


def test_attainment_by_channel(asked, cast):
    rows = sla.attainment(cast.pimpinan, start=MARCH[0], end=MARCH[1], group_by="channel", filters={}, now=asked.now)
    found = {row.key: (row.metrics["resolution"].met, row.metrics["resolution"].breached) for row in rows}
    assert found == {"web": (1, 2), "phone": (0, 1)}


def test_trend_compares_whole_months(asked):
    found = trend(asked)
    assert (found.current.created, found.before.created, found.last_year.created) == (4, 0, 0)
    assert (found.before.start.isoformat(), found.before.end.isoformat()) == ("2026-02-01", "2026-02-28")
    assert (found.last_year.start.isoformat(), found.last_year.end.isoformat()) == ("2025-03-01", "2025-03-31")
    assert found.current.resolution.mean == 285 and found.before.attainment is None


def test_open_tickets_by_age_in_calendar_days(asked, week, at):
    (row,) = backlog(asked)
    assert row.total == 2 and row.ages == {"0-1": 0, "2-7": 2, "8-14": 0, "15-30": 0, "31-90": 0, "91": 0}
    (later,) = backlog(asks(asked.user, now=local(10, 0, 30)))  # Tuesday: eight days after idle, seven after back
    assert later.ages["2-7"] == 1 and later.ages["8-14"] == 1
    assert {row.key: row.total for row in backlog(asked, "team")} == {"meja-layanan": 1, "jaringan": 1}
    assert tickets_behind(Selection("backlog", "2-7", "team", "jaringan"), asked).get() == week.back


def test_load_per_agent(cast, week):
    rows = {row.user_id: (row.open, row.resolved, row.breached) for row in agents(asks(cast.koordinator))}
    assert rows == {cast.agen.pk: (0, 2, 1), cast.teknisi.pk: (1, 0, 1)}


def test_where_the_tickets_of_a_page_were(week, django_assert_num_queries):
    with django_assert_num_queries(3):  # the spells, and two for the calendar
        found = stays_of([week.slow, week.idle], week.now)
    assert [(stay.place, stay.seconds // 60) for stay in found[week.slow.pk]] == [
        ("waiting:third_party", 780), ("active", 390), ("new", 120),
    ]  # fmt: skip
    # Mon 13-16, Tue to Thu 450 each, Fri 07.30-09.00
    assert [(stay.place, stay.seconds // 60) for stay in found[week.idle.pk]] == [("new", 180 + 3 * 450 + 90)]


@pytest.mark.parametrize("minutes, bound", [
    (0, 0), (1, 1), (60, 60), (61, 65), (480, 480), (481, 510), (2400, 2400), (2401, 2520), (9600, 9600), (9601, 10080),
])  # fmt: skip
def test_bands_of_durations(minutes, bound):
    assert upper_bound(minutes) == bound


def test_percentile_is_the_least_bound_that_covers_the_share():
    bands = [(10, 9), (20, 1)]
    assert (
        at_share(bands, 10, 50) == 10 and at_share(bands, 10, 90) == 10 and at_share([(10, 8), (20, 2)], 10, 90) == 20
    )
