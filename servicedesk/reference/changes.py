"""Change enablement: the risk questionnaire with its limits, and templates of standard changes."""

from typing import Any

from accounts.models import Team
from catalog.models import Service
from servicedesk.reference.store import Store
from tickets.choices import Level
from tickets.models import ChangeTemplate, RiskBand, RiskChoice, RiskQuestion


def load(store: Store) -> None:
    document = store.document("perubahan.toml")
    for position, row in enumerate(document["question"], start=1):
        _put_question(store, row, position * 10)
    _load_bands(store, document["band"])
    teams, services = Team.objects.in_bulk(field_name="code"), Service.objects.in_bulk(field_name="code")
    for row in document["template"]:
        facts = {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}
        facts["risk"] = Level.from_code(row["risk"]).value
        facts["team"] = teams.get(row.get("team", ""))
        facts["service"] = services.get(row.get("service", ""))
        store.put(ChangeTemplate, {"code": facts.pop("code")}, facts)


def _put_question(store: Store, row: dict[str, Any], position: int) -> None:
    """Choices come with a new question only, or with `update`: one that an officer removed stays removed."""
    values = {"text": row["text"], "position": position}
    question, created = store.put(RiskQuestion, {"code": row["code"]}, values)
    if not created and not store.update:
        return
    for number, (label, score) in enumerate(row["choices"], start=1):
        store.put(RiskChoice, {"question": question, "label": label}, {"score": score, "position": number * 10})


def _load_bands(store: Store, rows: list[dict[str, Any]]) -> None:
    """Once limits exist they belong to the officers, as a county may want fewer levels."""
    if RiskBand.objects.exists() and not store.update:
        store.tally(RiskBand).kept += RiskBand.objects.count()
        return
    for row in rows:
        store.put(RiskBand, {"level": Level.from_code(row["level"]).value}, {"from_score": row["from_score"]})
