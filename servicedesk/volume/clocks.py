"""The clocks of a generated ticket, as `sla.clocks.sync` would keep them after each step of its life."""

from datetime import datetime
from typing import cast

from servicedesk.volume.drafts import Cycle, Draft, Life
from sla.models import Metric
from sla.replay import Run
from tickets.choices import Stage
from tickets.clocks import wanted_runs
from tickets.models import Ticket


def follow(draft: Draft, life: Life, at: datetime) -> None:
    """Mark what changed. Priority and team of a generated ticket never do, so that targets stay."""
    effective = life.resume_state if life.stage == Stage.WAITING and life.resume_state else life.state
    runs = wanted_runs(cast(Ticket, life), verified=effective != "new")
    newest = {cycle.metric: cycle for cycle in draft.cycles}
    for metric in draft.targets:
        run, cycle = runs.get(metric), newest.get(metric)
        if metric == Metric.UPDATE:
            cycle = _to_next_word(draft, cycle, life.last_reply_at, run, at)
        elif cycle is None and run is not None:
            cycle = _begin(draft, metric, None, draft.ticket.created_at, Run.RUNNING)
        if cycle is not None and run is not None and cycle.run != run:
            cycle.marks.append((at, run))


def _to_next_word(
    draft: Draft, cycle: Cycle | None, said_at: datetime | None, run: Run | None, at: datetime
) -> Cycle | None:
    """Each word to the requester ends the cycle that led to it and begins the next."""
    if cycle is not None and cycle.run != Run.STOPPED and (run is None or cycle.opened_at != said_at):
        cycle.marks.append((at if run is None or said_at is None else min(said_at, at), Run.STOPPED))
    if run is None or said_at is None or (cycle is not None and cycle.opened_at == said_at):
        return cycle
    begin = Run.STOPPED if said_at < at else Run.RUNNING  # said with the solution of a ticket that is reopened now
    return _begin(draft, Metric.UPDATE.value, cycle, said_at, begin)


def _begin(draft: Draft, metric: str, before: Cycle | None, at: datetime, run: Run) -> Cycle:
    cycle = Cycle(metric, before.number + 1 if before else 1, draft.targets[metric], [(at, run)])
    draft.cycles.append(cycle)
    return cycle
