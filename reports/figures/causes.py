"""Why deadlines of resolution were missed: where the time of those tickets went, and who held them.

Of a ticket that is finished, the place (stage, or for whom it waited) and the team with the most working time until it
was solved. Of one that is still open, where it is now: that is whom to ask. Each is counted once by place and once by
team, so both columns add up to the number of missed deadlines.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from accounts.models import Team
from reports.figures.measures import late, place
from reports.figures.places import PLACES, place_label
from reports.figures.source import Question, total
from reports.scope import NONE, raw_of
from tickets.choices import OPEN_STAGES, Stage
from tickets.clocks import default_calendar
from tickets.models import Spell, Ticket

UNKNOWN = "unknown"
"""The place and team of tickets from before such stays were kept."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One place or team. `longest` finished tickets spent most there, `now` open ones are there; `tickets` of the
    finished passed through, for `seconds` of working time in all."""

    key: str
    label: str
    longest: int
    now: int
    tickets: int
    seconds: int

    @property
    def number(self) -> int:
        """Missed deadlines with this cause."""
        return self.longest + self.now


@dataclass(frozen=True, slots=True)
class Causes:
    """Both tables, the most frequent cause first. `breached` is the sum of either."""

    breached: int
    places: list[Cause]
    teams: list[Cause]


def breach_causes(question: Question) -> Causes:
    """The causes of missed deadlines of resolution, of tickets created in the period.

    Raises ValueError like `tickets_in`.
    """
    sums = total(question, "causes")
    places = [_cause(sums, key, key, place_label(key)) for key in PLACES]
    found = {name.split(".")[1] for name in sums if name.startswith("team.")}
    named = {str(pk): (code, name) for pk, code, name in Team.objects.filter(
        pk__in=[pk for pk in found if pk]).values_list("pk", "code", "name")}  # fmt: skip
    nobody = (NONE, _("Belum ada tim"))
    teams = [_cause(sums, f"team.{pk}", *named.get(pk, nobody)) for pk in sorted(found)]
    breached = sums["ended"] + sum(each.now for each in places)
    return Causes(breached, _with_rest(places, breached), _with_rest(teams, breached))


def _cause(sums: Counter[str], name: str, key: str, label: str) -> Cause:
    numbers = (sums[f"{name}.{part}"] for part in ("most", "now", "tickets", "seconds"))
    return Cause(key, label, *numbers)


def _with_rest(found: list[Cause], breached: int) -> list[Cause]:
    rest = breached - sum(each.number for each in found)
    if rest:
        found.append(Cause(UNKNOWN, _("Tidak tercatat"), rest, 0, 0, 0))
    shown = [each for each in found if each.number or each.tickets]
    return sorted(shown, key=lambda each: (each.key == UNKNOWN, -each.number, -each.seconds, each.label))


@dataclass(frozen=True, slots=True)
class Stay:
    """Where one ticket was and for how many seconds of working time, all its stays there together."""

    place: str
    label: str
    team: str
    seconds: int

    @property
    def minutes(self) -> int:
        return self.seconds // 60


def stays_of(tickets: Sequence[Ticket], now: datetime) -> dict[int, list[Stay]]:
    """Id of each ticket → where it spent its time until it was solved, the longest first.

    The present stay counts until `now`. For pages of tickets: one query for all of them, and those for the calendar.
    """
    calendar = default_calendar()
    spent: dict[int, Counter[tuple[str, str]]] = {ticket.pk: Counter() for ticket in tickets}
    for spell in Spell.objects.filter(ticket__in=spent, stage__in=OPEN_STAGES).select_related("team"):
        seconds = spell.work_seconds
        if seconds is None:
            end = max(spell.ended_at or now, spell.started_at)
            seconds = int(calendar.between(spell.started_at, end).total_seconds())
        where = place(spell.stage, spell.hold_reason), spell.team.name if spell.team else ""
        spent[spell.ticket_id][where] += seconds
    return {pk: _longest_first(stays) for pk, stays in spent.items()}


def _longest_first(stays: Counter[tuple[str, str]]) -> list[Stay]:
    found = [Stay(where, place_label(where), team, seconds) for (where, team), seconds in stays.items()]
    return sorted(found, key=lambda each: (-each.seconds, each.place, each.team))


def tickets_of_place(question: Question, key: str, *, only_now: bool = False) -> QuerySet[Ticket]:
    """The missed deadlines counted as `number` of that place, or as `now`. Raises ValueError for one that is none."""
    if key == UNKNOWN:
        return _unplaced(question, only_now)
    place_label(key)
    stage, _colon, reason = key.partition(":")
    now = Q(is_open=True, stage=stage) & (Q(hold_reason=reason) if stage == Stage.WAITING else Q())
    if only_now:
        return late(question.tickets(), question.now).filter(now)
    longest = _longest(["stage", "hold_reason"])
    found = late(question.tickets(), question.now).annotate(longest=Concat(*longest, output_field=CharField()))
    return found.filter(now | Q(is_open=False, longest=f"{stage}{reason}"))


def tickets_of_team(question: Question, key: str, *, only_now: bool = False) -> QuerySet[Ticket]:
    """The missed deadlines counted as `number` of that team (code, NONE or UNKNOWN), or as `now`."""
    if key == UNKNOWN:
        return _unplaced(question, only_now)
    team = None if key == NONE else raw_of("team", key)
    now = Q(is_open=True, team=team)
    if only_now:
        return late(question.tickets(), question.now).filter(now)
    found = late(question.tickets(), question.now).annotate(longest=_longest(["team_id"])[0])
    ended = Q(is_open=False, longest=team) if team else Q(is_open=False, longest=None, pk__in=_placed(question))
    return found.filter(now | ended)


def _unplaced(question: Question, only_now: bool) -> QuerySet[Ticket]:
    ended = _ended(question)
    return ended.none() if only_now else ended.exclude(pk__in=_placed(question))


def _ended(question: Question) -> QuerySet[Ticket]:
    return late(question.tickets(), question.now).filter(is_open=False)


def _placed(question: Question) -> Any:
    """The ids of those of which some stay is known."""
    spells = Spell.objects.filter(ticket__in=_ended(question).values("pk"), stage__in=OPEN_STAGES)
    return spells.filter(work_seconds__isnull=False).values("ticket_id")


def _longest(columns: Sequence[str]) -> list[Subquery]:
    """The columns of the place with the most working time of each ticket; chosen as `causes_sql.spent` ranks them."""
    spells = Spell.objects.filter(ticket=OuterRef("pk"), stage__in=OPEN_STAGES, work_seconds__isnull=False)
    grouped = spells.order_by().values(*columns).annotate(seconds=Sum("work_seconds"))
    ranked = grouped.order_by("-seconds", *(F(column).asc(nulls_last=True) for column in columns))
    return [Subquery(ranked.values(column)[:1]) for column in columns]
