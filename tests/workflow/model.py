"""What DESIGN section 3 draws, written down by hand: states, stages, edges and who may walk them.

Nothing here is read from `tickets/`, so that the tests that compare the code with it can fail. Whoever changes a
machine on purpose changes this page too.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
SAME = "(same)"
BEFORE_HOLD = "(before the hold)"
BEFORE_MERGE = "(before the merge)"
STAFF = frozenset({"agent", "coordinator"})
HANDLERS = STAFF | {"liaison"}


@dataclass(frozen=True)
class Step:
    """One edge: from `sources` to `target`, by any of the parties in `by`."""

    name: str
    sources: tuple[str, ...]
    target: str
    by: frozenset[str]


@dataclass(frozen=True)
class Drawing:
    """One kind: its first state, the stage of each state, its edges, and after how many working days it closes."""

    initial: str
    stages: dict[str, str]
    steps: tuple[Step, ...]
    closes_after: int | None = None
    by_name: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self):
        self.by_name.update({step.name: step for step in (*self.steps, *self._merging())})

    def _merging(self):
        """Tickets of every kind can be put into another one, and for a day be taken back."""
        unfinished = " ".join(state for state, stage in self.stages.items() if stage != "closed")
        self.stages["merged"] = "closed"
        return _step("merge", unfinished, "merged", STAFF), _step("unmerge", "merged", BEFORE_MERGE, STAFF)


def _stages(**stages: str) -> dict[str, str]:
    return {state: stage for stage, states in stages.items() for state in states.split()}


def _step(name: str, sources: str, target: str, by: frozenset[str] | set[str]) -> Step:
    return Step(name, tuple(sources.split()), target, frozenset(by))


INCIDENT = Drawing(
    initial="new",
    stages=_stages(
        new="new", active="assigned in_progress", waiting="on_hold", resolved="resolved", closed="closed cancelled"
    ),
    closes_after=3,
    steps=(
        _step("assign", "new", "assigned", STAFF | {"system"}),
        _step("start", "new assigned", "in_progress", STAFF | {"system"}),
        _step("reassign", "assigned in_progress on_hold", SAME, STAFF),
        _step("hold", "assigned in_progress", "on_hold", STAFF),
        _step("resume", "on_hold", BEFORE_HOLD, STAFF | {"system"}),
        _step("declare_major", "new assigned in_progress on_hold", SAME, {"coordinator"}),
        _step("update_major", "new assigned in_progress on_hold", SAME, STAFF),
        _step("end_major", "new assigned in_progress on_hold resolved", SAME, STAFF),
        _step("resolve", "assigned in_progress on_hold", "resolved", STAFF),
        _step("close", "resolved", "closed", {"requester", "coordinator", "system"}),
        _step("reopen", "resolved closed", "in_progress", STAFF | {"requester", "system"}),
        _step("cancel", "new assigned", "cancelled", STAFF | {"requester"}),
    ),
)

REQUEST = Drawing(
    initial="new",
    stages=_stages(
        new="new",
        active="approved assigned in_progress",
        waiting="awaiting_approval on_hold",
        resolved="rejected fulfilled",
        closed="closed cancelled",
    ),
    closes_after=3,
    steps=(
        _step("ask_approval", "new assigned in_progress", "awaiting_approval", STAFF | {"system"}),
        _step("ask_again", "awaiting_approval", SAME, STAFF),
        _step("approve", "awaiting_approval", "approved", {"approver"}),
        _step("reject", "awaiting_approval", "rejected", {"approver"}),
        _step("resubmit", "rejected", "awaiting_approval", STAFF | {"requester"}),
        _step("assign", "new approved", "assigned", STAFF | {"system"}),
        _step("start", "new approved assigned", "in_progress", STAFF),
        _step("reassign", "awaiting_approval approved assigned in_progress on_hold", SAME, STAFF),
        _step("hold", "assigned in_progress", "on_hold", STAFF),
        _step("resume", "on_hold", BEFORE_HOLD, STAFF | {"system"}),
        _step("fulfil", "assigned in_progress on_hold", "fulfilled", STAFF),
        _step("close", "fulfilled rejected", "closed", {"requester", "coordinator", "system"}),
        _step("reopen", "fulfilled closed", "in_progress", STAFF | {"requester", "system"}),
        _step("cancel", "new awaiting_approval approved assigned", "cancelled", STAFF | {"requester"}),
    ),
)

PROBLEM = Drawing(
    initial="new",
    stages=_stages(
        new="new",
        active="investigating known_error",
        waiting="fix_pending",
        resolved="resolved",
        closed="closed cancelled",
    ),
    steps=(
        _step("investigate", "new", "investigating", STAFF),
        _step("reassign", "new investigating known_error fix_pending", SAME, STAFF),
        _step("mark_known_error", "investigating", "known_error", STAFF),
        _step("await_fix", "known_error", "fix_pending", STAFF),
        _step("resolve", "investigating known_error fix_pending", "resolved", STAFF),
        _step("close", "resolved", "closed", STAFF | {"system"}),
        _step("reopen", "resolved closed", "investigating", STAFF | {"system"}),
        _step("cancel", "new investigating", "cancelled", STAFF),
    ),
)

BEFORE_WORK = "draft submitted assessed awaiting_approval approved scheduled"
CHANGE = Drawing(
    initial="draft",
    stages=_stages(
        new="draft submitted",
        active="assessed approved scheduled implementing",
        waiting="awaiting_approval",
        resolved="rejected implemented rolled_back failed review",
        closed="closed cancelled",
    ),
    steps=(
        _step("submit", "draft", "submitted", STAFF | {"requester"}),
        _step("reassign", f"{BEFORE_WORK} implementing", SAME, STAFF),
        _step("assess", "submitted", "assessed", STAFF),
        _step("ask_approval", "submitted assessed", "awaiting_approval", STAFF),
        _step("ask_again", "awaiting_approval", SAME, STAFF),
        _step("approve", "awaiting_approval", "approved", {"cab"}),
        _step("reject", "awaiting_approval", "rejected", {"cab"}),
        _step("resubmit", "rejected", "submitted", STAFF | {"requester"}),
        _step("schedule", "approved submitted", "scheduled", STAFF),
        _step("reschedule", "scheduled", "scheduled", STAFF),
        _step("implement", "scheduled", "implementing", STAFF),
        _step("complete", "implementing", "implemented", STAFF),
        _step("roll_back", "implementing", "rolled_back", STAFF),
        _step("fail", "implementing", "failed", STAFF),
        _step("review", "implemented rolled_back failed", "review", STAFF),
        _step("close", "review", "closed", STAFF),
        _step("complete_assessment", "review", SAME, STAFF),
        _step("cancel", BEFORE_WORK, "cancelled", STAFF | {"requester"}),
    ),
)

COMPLAINT = Drawing(
    initial="new",
    stages=_stages(
        new="new",
        active="verified forwarded in_progress",
        waiting="on_hold",
        resolved="responded",
        closed="closed out_of_authority archived",
    ),
    closes_after=10,
    steps=(
        _step("verify", "new", "verified", STAFF),
        _step("forward", "verified forwarded in_progress", "forwarded", HANDLERS),
        _step("start", "verified forwarded", "in_progress", HANDLERS),
        _step("reassign", "new verified forwarded in_progress on_hold", SAME, STAFF),
        _step("hold", "new verified forwarded in_progress", "on_hold", HANDLERS),
        _step("resume", "on_hold", BEFORE_HOLD, HANDLERS | {"system"}),
        _step("respond", "verified forwarded in_progress", "responded", HANDLERS),
        _step("close", "responded", "closed", {"requester", "coordinator", "system"}),
        _step("reopen", "responded closed", "in_progress", STAFF | {"requester", "system"}),
        _step("return_", "forwarded in_progress", "verified", {"liaison"}),
        _step("hand_off", "new verified", "out_of_authority", STAFF),
        _step("archive", "new", "archived", STAFF),
    ),
)

DRAWINGS = {
    "incident": INCIDENT,
    "request": REQUEST,
    "problem": PROBLEM,
    "change": CHANGE,
    "complaint": COMPLAINT,
}
OPEN_STAGES = frozenset({"new", "active", "waiting"})
REOPEN_WORKING_DAYS = 10


SHORT_CUTS = {
    "change": {("submitted", "ask_approval"), ("submitted", "schedule")},
    "request": {("new", "ask_approval")},
}
"""Edges that only emergency and standard changes and guarded services may take."""


def path_to(kind: str, state: str, short_cuts: bool = False) -> list[str]:
    """The shortest list of steps from the first state to that one, without a hold's way back."""
    drawing = DRAWINGS[kind]
    queue, seen = deque([(drawing.initial, [])]), {drawing.initial}
    while queue:
        here, steps = queue.popleft()
        if here == state:
            return steps
        for step in drawing.by_name.values():
            if not short_cuts and (here, step.name) in SHORT_CUTS.get(kind, ()):
                continue
            if here in step.sources and step.target in drawing.stages and step.target not in seen:
                seen.add(step.target)
                queue.append((step.target, [*steps, step.name]))
    raise AssertionError(f"{kind}: no way to {state}")


def close_of_day(day: datetime) -> datetime:
    """When offices close on that day of the ASN week of the test data (no holidays)."""
    return datetime.combine(day.date(), time(16, 30) if day.weekday() == 4 else time(16, 0), tzinfo=WIB)


def working_days_later(start: datetime, days: int) -> datetime:
    """The close of the n-th working day after the day of `start`, counted by hand."""
    day = start.astimezone(WIB)
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return close_of_day(day)
