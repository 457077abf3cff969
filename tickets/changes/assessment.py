"""Risk by questionnaire, and what else is hit when an asset is changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch

from assets.models import Asset, AssetRelation
from catalog.models import Service
from tickets.choices import Level
from tickets.models.changes import RiskBand, RiskChoice, RiskQuestion

PREFIX = "risk_"
"""Of the input that holds the answer to a question: `risk_<code of the question>` = pk of the choice."""

MAX_DEPTH = 10
"""Steps along the relations of assets; a longer chain is a fault of the data."""

CARRYING = (AssetRelation.Type.RUNS_ON, AssetRelation.Type.DEPENDS_ON)
"""Relations along which an effect travels from the target to the source."""

Answers = Mapping[RiskQuestion, RiskChoice]


def questions() -> list[RiskQuestion]:
    """The active questions that can be answered, in order, with their choices; two queries."""
    choices = Prefetch("choices", RiskChoice.objects.order_by("position", "pk"))
    asked = RiskQuestion.objects.filter(is_active=True).order_by("position", "pk").prefetch_related(choices)
    return [question for question in asked if question.choices.all()]


def score_of(answers: Answers) -> int:
    """The sum of the points of the answers."""
    return sum(choice.score for choice in answers.values())


def snapshot(answers: Answers) -> list[dict[str, Any]]:
    """The answers as they were worded and weighed when they were given."""
    return [
        {"question": question.text, "answer": choice.label, "score": choice.score}
        for question, choice in answers.items()
    ]


def bands() -> list[RiskBand]:
    return list(RiskBand.objects.order_by("from_score"))


def level_of(score: int, limits: Sequence[RiskBand]) -> int | None:
    """The level of a score: that of the highest limit it reaches, or Low below them all; None without limits."""
    if not limits:
        return None
    reached = [band for band in limits if band.from_score <= score]
    return max(reached, key=lambda band: band.from_score).level if reached else int(Level.LOW)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of some assets reaches besides themselves, by name."""

    assets: list[Asset] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.assets or self.services)


def impacted(assets: Iterable[Asset]) -> Impact:
    """Assets that run on or depend on these, however far, and the services of all of them."""
    own = {asset.pk for asset in assets}
    reached = dependents(own)
    return Impact(
        assets=list(Asset.objects.filter(pk__in=reached - own).order_by("name", "pk")) if reached - own else [],
        services=list(Service.objects.filter(assets__in=reached).distinct().order_by("name", "pk")) if own else [],
    )


def dependents(ids: Iterable[int]) -> set[int]:
    """These assets and all that run on or depend on them; one query a step, ten steps at most."""
    return _closure(ids, from_field="target_id", to_field="source_id")


def foundations(ids: Iterable[int]) -> set[int]:
    """These assets and all that they run on or depend on; one query a step, ten steps at most."""
    return _closure(ids, from_field="source_id", to_field="target_id")


def _closure(ids: Iterable[int], *, from_field: str, to_field: str) -> set[int]:
    found = set(ids)
    edge = set(found)
    for _depth in range(MAX_DEPTH):
        if not edge:
            break
        relations = AssetRelation.objects.filter(type__in=CARRYING, **{f"{from_field}__in": edge})
        edge = set(relations.values_list(to_field, flat=True)) - found
        found |= edge
    return found
