import pytest

from tickets.automation import rules
from tickets.models import AutomationRule


@pytest.fixture
def rule(cast):
    """Make a rule the way the screen does."""

    def make(event="created", actions=(), conditions=(), **values):
        values.setdefault("name", "Aturan")
        return rules.save(
            actor=cast.admin, event=event, conditions=list(conditions), actions=list(actions), **values
        )  # fmt: skip

    return make


def when(field, value, operator="is"):
    return {"field": field, "operator": operator, "value": value}


def do(action, value, detail=""):
    return {"action": action, "value": value, "detail": detail}


def runs(**filters):
    from tickets.models import AutomationRun

    return AutomationRun.objects.filter(**filters).order_by("pk")


def stored(pk):
    return AutomationRule.objects.get(pk=pk)
