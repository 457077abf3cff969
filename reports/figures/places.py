"""Where tickets spend their working time: by stage, and while they wait, by whom they wait for."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from reports.figures.groups import grouped
from reports.figures.measures import SPENT
from reports.figures.source import ALL, Question
from tickets.choices import HoldReason, Stage

APPROVAL = f"{Stage.WAITING}:"
HOLDS = (APPROVAL, *(f"{Stage.WAITING}:{reason}" for reason in HoldReason.values))
PLACES = tuple(place for stage in SPENT for place in (HOLDS if stage == Stage.WAITING else (str(stage),)))
"""Everywhere a ticket can be, in the order of its life: stages, and reasons of waiting ("waiting:" is an approval)."""


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Ended stays of `tickets` in one place, in seconds of working time by the default calendar."""

    key: str
    label: str
    tickets: int
    spells: int
    seconds: int

    @property
    def mean_minutes(self) -> float | None:
        """Per ticket that was there at all."""
        return round(self.seconds / self.tickets / 60, 1) if self.tickets else None


@dataclass(frozen=True, slots=True)
class StageRow:
    """One group, with every place in which its tickets were, in the order of PLACES."""

    key: str
    label: str
    places: list[TimeSpent]

    @property
    def holds(self) -> list[TimeSpent]:
        """Only waiting, by reason."""
        return [each for each in self.places if each.key in HOLDS]


def stages(question: Question, group_by: str = ALL) -> list[StageRow]:
    """Time by stage and reason of waiting of tickets created in the period. Raises ValueError like `tickets_in`."""
    rows = [StageRow(key, label, _places(sums)) for key, label, sums in grouped(question, "spells", group_by)]
    return sorted(rows, key=lambda row: row.key if group_by == "month" else row.label)


def _places(sums: Counter[str]) -> list[TimeSpent]:
    names = ("tickets", "spells", "seconds")
    return [
        TimeSpent(place, place_label(place), *(sums[f"{place}.{name}"] for name in names))
        for place in PLACES
        if sums[f"{place}.spells"]
    ]


def holds(question: Question) -> list[TimeSpent]:
    """Working time that tickets waited, by reason, the longest first."""
    return sorted(stages(question)[0].holds, key=lambda each: (-each.seconds, each.key))


def place_label(place: str) -> str:
    """The Indonesian words for a place. Raises ValueError for one that does not exist."""
    stage, _colon, reason = place.partition(":")
    if stage == Stage.WAITING:
        return str(HoldReason(reason).label) if reason else _("Menunggu persetujuan")
    return str(Stage(stage).label)
