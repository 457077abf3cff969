"""Putting drafts into the database: few statements, the hash chain and the cached clocks as the services make them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, cast

from django.db import transaction
from django.db.models import Model

from servicedesk.volume import tables
from servicedesk.volume.drafts import ClockRow, Cycle, Draft, EntryRow, SegmentRow, SpellRow
from servicedesk.volume.world import World
from sla.models import Clock, ClockSegment, Metric
from sla.policies import ChosenTarget
from sla.replay import Run, Segment, Target, look
from tickets import triggers
from tickets.choices import Kind
from tickets.clocks import put_due
from tickets.models import (
    ChangeDetail,
    ComplaintDetail,
    IncidentDetail,
    Message,
    ProblemDetail,
    Spell,
    Ticket,
    TimelineEntry,
)
from tickets.timeline import digest_of

DETAILS: dict[Kind, type[Model]] = {
    Kind.INCIDENT: IncidentDetail,
    Kind.COMPLAINT: ComplaintDetail,
    Kind.CHANGE: ChangeDetail,
    Kind.PROBLEM: ProblemDetail,
}


@transaction.atomic(savepoint=False)  # a savepoint has SQLite keep a second copy of every page that is changed
def write(drafts: Sequence[Draft], world: World, until: datetime) -> None:
    """Insert the drafts: tickets get their ids first, because conversation, history and clocks refer to them."""
    clocks = [[_clock(draft, cycle, world, until) for cycle in draft.cycles] for draft in drafts]
    tables.number(Ticket, [draft.ticket for draft in drafts])
    for draft, own in zip(drafts, clocks, strict=True):
        put_due(draft.ticket, cast(list[Clock], own))
        draft.ticket.history_length = len(draft.entries)
        for message in draft.messages:
            message.ticket_id = draft.ticket.pk
        for clock in own:
            clock.ticket_id = draft.ticket.pk
        for spell in draft.spells:
            spell.ticket_id = draft.ticket.pk
    tables.insert(Ticket, [draft.ticket for draft in drafts])
    _add(Message, [message for draft in drafts for message in draft.messages])
    _add(Clock, [clock for own in clocks for clock in own])
    segments = [
        row
        for draft, own in zip(drafts, clocks, strict=True)
        for cycle, clock in zip(draft.cycles, own, strict=True)
        for row in _segment_rows(cycle, clock)
    ]
    _add(ClockSegment, segments)
    _add(Spell, [spell for draft in drafts for spell in spells(draft, world)])
    with triggers.loading():
        _add(TimelineEntry, [entry for draft in drafts for entry in chain(draft)])
    for kind, model in DETAILS.items():
        _add(model, [_detail(model, draft) for draft in drafts if draft.ticket.kind == kind and _has_detail(draft)])


def _add(model: type[Model], rows: Sequence[Any]) -> None:
    tables.number(model, rows)
    tables.insert(model, rows)


def _detail(model: type[Model], draft: Draft) -> Model:
    return model(ticket_id=draft.ticket.pk, **draft.facts)


def _has_detail(draft: Draft) -> bool:
    """A problem gets its details with its root cause, the other kinds when they are made."""
    return bool(draft.facts) or draft.ticket.kind != Kind.PROBLEM


def chain(draft: Draft) -> Iterator[EntryRow]:
    """The history of a numbered ticket, each entry with the digest of the one before."""
    previous = ""
    for position, entry in enumerate(draft.entries, start=1):
        entry.ticket_id, entry.position, entry.previous = draft.ticket.pk, position, previous
        if entry.message:
            entry.changes = {"message": entry.message.id}
        entry.digest = previous = digest_of(cast(TimelineEntry, entry))
        yield entry


def spells(draft: Draft, world: World) -> list[SpellRow]:
    """Where the ticket spent its time: each spell ends where the next one begins."""
    for spell, following in pairwise(draft.spells):
        spell.ended_at = following.started_at
        spell.work_seconds = int(world.calendar.between(spell.started_at, following.started_at).total_seconds())
    return draft.spells


def _clock(draft: Draft, cycle: Cycle, world: World, until: datetime) -> ClockRow:
    """A clock with everything `sla.clocks.refresh` would cache on it."""
    metric, target, marks = cycle.metric, cycle.target, cycle.marks
    segments = _segments(target, marks, world)
    shown, upcoming = look(segments, until, world.thresholds(metric))
    stopped = marks[-1][1] == Run.STOPPED
    return ClockRow(
        metric=metric,
        state=shown.state.value,
        is_stopped=stopped,
        started_at=marks[0][0],
        stopped_at=marks[-1][0] if stopped else None,
        due_at=shown.due_at,
        breached_at=shown.breached_at,
        target_seconds=int(shown.target.total_seconds()),
        elapsed_seconds=int(shown.elapsed.total_seconds()),
        next_event_at=upcoming,
        policy_id=target.policy_id,
        calendar_id=target.calendar_id,
        team_id=draft.ticket.team_id if metric == Metric.ASSIGNMENT else None,
        created_at=marks[0][0],
        updated_at=marks[-1][0],
        cycle=cycle.number,
    )


def _segments(target: ChosenTarget, marks: Sequence[tuple[datetime, Run]], world: World) -> list[Segment]:
    calendar = world.calendars[target.calendar_id]
    wanted = Target(minutes=target.minutes, working_days=target.working_days)
    return [Segment(started_at=at, run=run, calendar=calendar, target=wanted) for at, run in marks]


def _segment_rows(cycle: Cycle, clock: ClockRow) -> Iterator[SegmentRow]:
    target = cycle.target
    for position, (at, run) in enumerate(cycle.marks):
        yield SegmentRow(
            clock_id=clock.id,
            position=position,
            started_at=at,
            run=run.value,
            calendar_id=target.calendar_id,
            minutes=target.minutes,
            working_days=target.working_days,
        )
