"""The tickets behind a figure: exactly those that were counted."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from reports.figures import ages, causes, load
from reports.figures.expressions import HourOfWeek
from reports.figures.measures import DURATIONS, IS_FIRST_CONTACT, IS_REOPENED, IS_RESOLVED, RESULTS, finished
from reports.figures.places import place_label
from reports.figures.source import ALL, Question
from reports.scope import has_clock, in_group
from sla.models import Metric
from tickets.choices import Stage
from tickets.models import Spell, Ticket

CONDITIONS: dict[str, Q] = {
    "created": Q(),
    "open": Q(is_open=True),
    "finished": Q(is_open=False),
    "resolved": IS_RESOLVED,
    "reopened": IS_REOPENED,
    "ever_finished": Q(is_open=False) | IS_REOPENED,
    "first_contact": IS_FIRST_CONTACT,
    **{f"duration.{metric}": finished(metric) for metric in DURATIONS},
}
"""Figures that are conditions on a ticket created in the period."""
WAYS = {"cause": causes.tickets_of_place, "cause_team": causes.tickets_of_team}


@dataclass(frozen=True, slots=True)
class Selection:
    """One figure: its name, what it is about (`item`), and the group; what is empty does not narrow.

    figure            item
    of CONDITIONS     -
    clock.met, clock.breached, clock.running: the metric, or all
    place             key of PLACES: tickets with an ended stay there
    hour              0 to 167, Monday from midnight on
    cause, cause_team key of a `Cause`; with ".now" only those that are there now
    backlog           key of AGES
    agent.open, agent.resolved, agent.breached: id of the person
    """

    figure: str = "created"
    item: str = ""
    group_by: str = ALL
    key: str = ""


def tickets_behind(selection: Selection, question: Question) -> QuerySet[Ticket]:
    """Raises ValueError for a figure, item or key that cannot be one, Forbidden for agents that are not to be seen."""
    figure, item = selection.figure, selection.item
    if figure == "backlog":
        if item and item not in ages.AGES:
            raise ValueError(item)
        return ages.tickets_of_age(question, item, selection.group_by, selection.key)
    if figure.startswith("agent."):
        return load.tickets_of_agent(question, int(item), figure.removeprefix("agent."))
    found = _in_period(figure, item, question)
    return found.filter(in_group(selection.group_by, selection.key)) if selection.key else found


def _in_period(figure: str, item: str, question: Question) -> QuerySet[Ticket]:
    if figure in CONDITIONS:
        return question.tickets().filter(CONDITIONS[figure])
    kind, _dot, result = figure.partition(".")
    if kind == "clock" and result in RESULTS:
        return question.tickets().filter(has_clock(Metric(item) if item else "", result, question.now))
    if figure == "place":
        place_label(item)
        stage, _colon, reason = item.partition(":")
        spells = Spell.objects.filter(stage=stage, work_seconds__isnull=False)
        spells = spells.filter(hold_reason=reason) if stage == Stage.WAITING else spells
        return question.tickets().filter(pk__in=spells.values("ticket_id"))
    if figure == "hour":
        return question.tickets().annotate(hour=HourOfWeek("created_at")).filter(hour=int(item))
    if kind in WAYS and result in ("", "now"):
        return WAYS[kind](question, item, only_now=bool(result))
    raise ValueError(figure)
