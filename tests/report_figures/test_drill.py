"""The tickets behind a figure are as many as it says, and none that the reader may not see."""

import pytest

from reports import sla
from reports.figures import (
    PLACES,
    Selection,
    agents,
    breach_causes,
    durations,
    heat_map,
    stages,
    tickets_behind,
    volume,
)
from tests.report_figures.conftest import asks
from tickets.errors import Forbidden

pytestmark = pytest.mark.slow

FIGURES = {
    "created": "created", "open": "still_open", "finished": "finished", "resolved": "resolved", "reopened": "reopened",
    "ever_finished": "ever_finished", "first_contact": "first_contact",
}  # fmt: skip


@pytest.mark.parametrize(
    "group_by", ["kind", "service", "office", "team", "priority", "channel", "requester_class", "month"]
)
def test_figures_of_volume(cast, week, group_by):
    asked = asks(cast.pimpinan)
    rows = volume(asked, group_by)
    assert sum(row.created for row in rows) == 4
    for row in rows:
        for figure, name in FIGURES.items():
            behind = tickets_behind(Selection(figure, "", group_by, row.key), asked)
            assert behind.count() == getattr(row, name), (figure, row.key)


def test_durations(cast, week):
    asked = asks(cast.pimpinan)
    for row in durations(asked, "service"):
        for metric in ("response", "resolution"):
            behind = tickets_behind(Selection(f"duration.{metric}", "", "service", row.key), asked)
            assert behind.count() == getattr(row, metric).number


def test_clocks(cast, week):
    asked = asks(cast.pimpinan)
    scope = {"start": asked.start, "end": asked.end, "now": asked.now}
    for row in sla.attainment(cast.pimpinan, group_by="team", **scope):
        for metric, counts in row.metrics.items():
            for result in sla.RESULTS:
                behind = tickets_behind(Selection(f"clock.{result}", metric, "team", row.key), asked)
                assert behind.count() == getattr(counts, result), (metric, result)


def test_stages(cast, week):
    asked = asks(cast.pimpinan)
    (row,) = stages(asked)
    counted = {each.key: each.tickets for each in row.places}
    for place in PLACES:
        assert tickets_behind(Selection("place", place), asked).count() == counted.get(place, 0)


def test_hours(cast, week):
    asked = asks(cast.pimpinan)
    assert set(tickets_behind(Selection("hour", "8"), asked)) == {week.quick, week.slow}
    for day, hours in enumerate(heat_map(asked)):
        for hour, number in enumerate(hours):
            assert tickets_behind(Selection("hour", str(24 * day + hour)), asked).count() == number


def test_causes(cast, week):
    asked = asks(cast.pimpinan)
    found = breach_causes(asked)
    for cause in found.places:
        assert tickets_behind(Selection("cause", cause.key), asked).count() == cause.number, cause
        assert tickets_behind(Selection("cause.now", cause.key), asked).count() == cause.now, cause
    for cause in found.teams:
        assert tickets_behind(Selection("cause_team", cause.key), asked).count() == cause.number, cause
        assert tickets_behind(Selection("cause_team.now", cause.key), asked).count() == cause.now, cause
    assert tickets_behind(Selection("cause", "waiting:third_party"), asked).get() == week.slow


def test_tickets_from_before_stays_were_kept_have_no_cause(cast, week):
    week.slow.spells.all().delete()
    asked = asks(cast.pimpinan)
    found = breach_causes(asked)
    assert found.breached == 3
    for figure, causes in {"cause": found.places, "cause_team": found.teams}.items():
        assert [(cause.key, cause.number) for cause in causes][-1] == ("unknown", 1)
        assert tickets_behind(Selection(figure, "unknown"), asked).get() == week.slow


def test_agents(cast, week):
    asked = asks(cast.koordinator)
    for row in agents(asked):
        for result in ("open", "resolved", "breached"):
            behind = tickets_behind(Selection(f"agent.{result}", str(row.user_id)), asked)
            assert behind.count() == getattr(row, result)
    with pytest.raises(Forbidden):
        tickets_behind(Selection("agent.open", str(cast.agen.pk)), asks(cast.pimpinan))


@pytest.mark.parametrize("selection", [
    Selection("nonsense"), Selection("place", "nowhere"), Selection("hour", "noon"), Selection("backlog", "7"),
    Selection("clock.met", "height"), Selection("clock.lost", "response"), Selection("cause.soon", "new"),
    Selection("created", "", "month", "2026-13"), Selection("cause", "waiting:godot"), Selection("agent.fired", "1"),
])  # fmt: skip
def test_what_cannot_be_is_an_error(cast, selection):
    with pytest.raises(ValueError):
        list(tickets_behind(selection, asks(cast.koordinator)))
