"""Two people who plan for one server at the same moment, on a database with row locks."""

from collections import Counter

import pytest

from tests import factories
from tests.changes.factories import asset, detail, relate, schedule, standard
from tests.races import errors, together
from tickets.changes import windows
from tickets.errors import InvalidInputs

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


@pytest.fixture
def people():
    return factories.cast()


def pair(people, number):
    """Two changes whose assets rest on one another."""
    server, application = asset(f"server-{number}"), asset(f"aplikasi-{number}")
    relate(application, server)
    return standard(people.agen, server), standard(people.agen, application)


def both_schedule(people, number):
    first, second = pair(people, number)
    results = together(lambda: schedule(first, people.agen), lambda: schedule(second, people.koordinator))
    taken = [each for each in (first, second) if detail(each).window_start]
    return results, taken


def test_of_two_schedules_for_assets_that_depend_on_each_other_one_passes(people):
    for number in range(ROUNDS):
        results, taken = both_schedule(people, number)
        assert [type(error) for error in errors(results)] == [InvalidInputs]
        assert len(taken) == 1


def test_without_the_locks_both_would_pass(people, monkeypatch):
    """Shows that the locks are what decides, not luck."""
    monkeypatch.setattr(windows, "lock_surroundings", lambda ticket: None)
    passed = Counter()
    for number in range(ROUNDS * 4):
        _results, taken = both_schedule(people, number)
        passed[len(taken)] += 1
    assert passed[2] > 0
