"""The form of a rule: plain fields, and rows of conditions and actions that work without JavaScript."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from tickets.automation import actions, conditions
from tickets.models import AutomationRule

CONDITION = ("field", "operator", "value")
ACTION = ("action", "value", "detail")
SPARE = 2
"""Empty rows below the filled ones."""
MOST = 20


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a rule is called and when it runs."""

    class Meta:
        model = AutomationRule
        fields = ["name", "event", "stops", "is_active"]
        labels = {
            "stops": gettext_lazy("Berhenti di sini: aturan di bawahnya tidak dijalankan bila aturan ini cocok"),
        }


def rows_in(data: QueryDict, prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """Posted rows `<prefix>-<name>`; rows in which nothing is filled in are left out."""
    columns = [data.getlist(f"{prefix}-{name}") for name in names]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=False)]
    return [row for row in rows[:MOST] if any(value.strip() for value in row.values())]


def condition_rows(data: QueryDict) -> list[dict[str, str]]:
    """Conditions as posted; a comparison alone, which its select always has, is no row."""
    return [row for row in rows_in(data, "syarat", CONDITION) if row["field"] or row["value"].strip()]


def action_rows(data: QueryDict) -> list[dict[str, str]]:
    return rows_in(data, "tindakan", ACTION)


def shown_rows(rows: Sequence[Mapping[str, Any]], spare: int = SPARE) -> list[dict[str, str]]:
    """Rows for the page, lists as words between commas, and some empty ones."""
    filled = [
        {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in row.items()}
        for row in rows
    ]
    return [*filled, *({} for _n in range(spare))]


def vocabulary() -> dict[str, Any]:
    """The names of everything that can be chosen, for the selects and for the table beside the form."""
    return {
        "fields": [(code, field.label) for code, field in conditions.FIELDS.items()],
        "operators": list(conditions.OPERATORS.items()),
        "actions": [(code, action.label) for code, action in actions.ACTIONS.items()],
        "values": [
            (field.label, [name for _code, name in field.choices()])
            for field in conditions.FIELDS.values()
            if field.choices
        ],
        "action_values": [
            (action.label, [f"{name} ({code})" if name != code else name for code, name in action.choices()])
            for action in actions.ACTIONS.values()
            if action.choices
        ],
    }


def suggestions(shown: Mapping[str, Any]) -> list[str]:
    """Every value once, offered while typing."""
    names = [name for _label, values in shown["values"] for name in values]
    return list(dict.fromkeys(names))


def action_suggestions() -> list[str]:
    """Codes and names for the values of actions."""
    found = [name for action in actions.ACTIONS.values() if action.choices for _code, name in action.choices()]
    return list(dict.fromkeys(found))
