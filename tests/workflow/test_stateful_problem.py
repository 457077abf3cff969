import pytest

from tests.workflow.machine import run


@pytest.mark.slow
def test_whatever_people_try_with_a_problem_it_stays_as_drawn(cast, monkeypatch):
    run("problem", cast, monkeypatch)
