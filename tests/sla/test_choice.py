"""Which hours and which targets hold: weeks that change, calendars of teams and offices, versions of policies."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Office
from sla import calendars, policies
from sla.models import Calendar, CalendarPeriod, CalendarUse, CalendarWeek, Clock, Policy, PolicyTarget
from sla.replay import Threshold
from tests import factories
from tickets import edits

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
OFFSETS = st.integers(0, 60).map(lambda days: FIRST + days * DAY)


@st.composite
def special_periods(draw):
    """Some periods that do not overlap."""
    edges = sorted(draw(st.sets(OFFSETS, max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [(first, last - DAY, {0: [("10:00", f"1{number}:00")]}) for number, (first, last) in enumerate(pairs, 1)]


@given(st.dictionaries(OFFSETS, st.integers(1, 9), max_size=5), special_periods())
def test_hours_that_change_are_cut_around_special_periods(starts, special):
    weeks = [(first, {1: [("08:00", f"0{hour}:30")]}) for first, hour in starts.items()]
    found = calendars.stretches(weeks, special)
    for offset in range(-5, 70):
        day = FIRST + offset * DAY
        holding = [week for first, last, week in found if first <= day <= last]
        expected = [week for first, last, week in special if first <= day <= last] or [
            week for first, week in sorted(weeks, key=lambda new: new[0]) if first <= day
        ][-1:]
        assert holding == expected, day


def test_new_hours_hold_from_their_date_on_and_ramadan_within_them(db, wall):
    calendar = factories.calendar()
    CalendarWeek.objects.create(calendar=calendar, valid_from="2026-11-24", week={"1": [["08:00", "09:00"]]})
    CalendarPeriod.objects.create(
        calendar=calendar,
        name="Khusus",
        first_date="2026-12-01",
        last_date="2026-12-01",
        week={"1": [["10:00", "11:00"]]},
    )
    calendars.touch(calendar.pk)
    hours = calendars.load(calendar.pk)
    assert hours.is_open(wall.at("23 15:00"))
    assert not hours.is_open(wall.at("24 15:00")) and hours.is_open(wall.at("24 08:30"))
    assert hours.is_open(wall.at("2026-12-01 10:30")) and not hours.is_open(wall.at("2026-12-01 08:30"))
    assert hours.is_open(wall.at("2026-12-08 08:30"))


def test_the_calendar_of_the_team_goes_before_that_of_the_office(cast):
    usual = Calendar.objects.get(is_default=True).pk
    six_days, always = (Calendar.objects.create(code=code, name=code, week={}).pk for code in ("enam-hari", "24x7"))
    below = Office.objects.create(code="uptd", name="UPTD", parent=factories.office("dinkes"))
    CalendarUse.objects.create(calendar_id=six_days, office=factories.office("dinkes"))
    assert calendars.calendar_of(cast.desk.pk, below.pk) == six_days
    assert calendars.calendar_of(cast.desk.pk, cast.asn.office_id) == usual
    assert calendars.calendar_of(None, None) == usual
    CalendarUse.objects.create(calendar_id=always, team=cast.desk)
    assert calendars.calendar_of(cast.desk.pk, below.pk) == always


def test_a_policys_own_calendar_goes_before_all(cast):
    always = Calendar.objects.create(code="24x7", name="24 jam", week={})
    CalendarUse.objects.create(calendar=Calendar.objects.get(is_default=True), team=cast.desk)
    factories.policy("Kritis", targets={"response": 5}, priority=4, calendar=always)
    facts = policies.Facts(kind="incident", priority=4, team_id=cast.desk.pk)
    assert policies.targets_for(facts)["response"].calendar_id == always.pk
    assert policies.targets_for(facts)["resolution"].calendar_id != always.pk


def test_a_ticket_keeps_the_version_of_its_opening(cast, wall):
    old = factories.policy("Gangguan", targets={"resolution": 300}, kind="incident")
    urgent = factories.policy("Gangguan kritis", targets={"resolution": 60}, kind="incident", priority=4)
    before = factories.ticket(kind="incident", requester=cast.asn, team=cast.desk)
    wall.set("23 10:00")
    for each, minutes in ((old, 120), (urgent, 30)):
        Policy.objects.filter(pk=each.pk).update(valid_until=wall.now)
        conditions = {name: getattr(each, name) for name in Policy.CONDITIONS}
        newer = Policy.objects.create(name=each.name, number=2, replaces=each, valid_from=wall.now, **conditions)
        PolicyTarget.objects.create(policy=newer, metric="resolution", minutes=minutes)
    wall.set("23 10:01")
    after = factories.ticket(kind="incident", requester=cast.asn, team=cast.desk)
    edits.change(ticket_id=before.pk, actor=cast.koordinator, subject="Perihal lain")
    seconds = dict(Clock.objects.filter(metric="resolution").values_list("ticket", "target_seconds"))
    assert seconds == {before.pk: 300 * 60, after.pk: 120 * 60}
    edits.change(ticket_id=before.pk, actor=cast.koordinator, priority=4, priority_reason="Mendesak.")
    assert Clock.objects.get(ticket=before, metric="resolution").target_seconds == 60 * 60


@pytest.mark.parametrize(
    "wrong",
    [{}, {"fraction": 0.5, "offset": DAY}, {"fraction": 0}, {"fraction": -1.0}, {"fraction": 0.5, "wall": True}],
)
def test_moments_that_are_refused(wrong):
    with pytest.raises(ValueError, match=r"threshold|positive"):
        Threshold(**wrong)
