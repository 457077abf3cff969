"""Values between drawing and writing. The rows have the column names of their models, without a model's cost."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import Office, Team, User
from sla.policies import ChosenTarget
from sla.replay import Run
from tickets.models import Ticket


@dataclass(slots=True)
class Plan:
    """What is drawn before the rest, so that numbers follow the order of creation."""

    created_at: datetime
    kind: str
    confidentiality: str
    stays_open: bool
    number: str = ""


@dataclass(slots=True)
class MessageRow:
    """A row of tickets.Message."""

    direction: str
    visibility: str
    author_user_id: int | None
    author_contact_id: int | None
    author_name: str
    is_automatic: bool
    channel: str
    text: str
    created_at: datetime
    id: int = 0
    ticket_id: int = 0
    external_id: str = ""
    original_text: str = ""
    html: str = ""
    origin_id: int | None = None


@dataclass(slots=True)
class EntryRow:
    """A row of tickets.TimelineEntry. `message` is the message it tells of, whose id comes later."""

    code: str
    actor_user_id: int | None
    actor_name: str
    channel: str
    is_public: bool
    at: datetime
    changes: dict[str, Any]
    message: MessageRow | None = None
    id: int = 0
    ticket_id: int = 0
    position: int = 0
    previous: str = ""
    digest: str = ""


@dataclass(slots=True)
class ClockRow:
    """A row of sla.Clock."""

    metric: str
    state: str
    is_stopped: bool
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    breached_at: datetime | None
    target_seconds: int
    elapsed_seconds: int
    next_event_at: datetime | None
    policy_id: int
    calendar_id: int
    team_id: int | None
    created_at: datetime
    updated_at: datetime
    cycle: int = 1
    target_version: int = 1
    id: int = 0
    ticket_id: int = 0


@dataclass(slots=True)
class SegmentRow:
    """A row of sla.ClockSegment."""

    clock_id: int
    position: int
    started_at: datetime
    run: str
    calendar_id: int
    minutes: int | None
    working_days: int | None
    id: int = 0


@dataclass(slots=True)
class SpellRow:
    """A row of tickets.Spell."""

    state: str
    stage: str
    hold_reason: str
    team_id: int | None
    started_at: datetime
    ended_at: datetime | None = None
    work_seconds: int | None = None
    id: int = 0
    ticket_id: int = 0


@dataclass(slots=True)
class Cycle:
    """One clock: what it measures and the instants at which its run changed; the first is its beginning."""

    metric: str
    number: int
    target: ChosenTarget
    marks: list[tuple[datetime, Run]]

    @property
    def run(self) -> Run:
        return self.marks[-1][1]

    @property
    def opened_at(self) -> datetime:
        return self.marks[0][0]


@dataclass(slots=True)
class Draft:
    """Unsaved rows of one ticket. `targets`: per metric; `cycles`: its clocks, in the order of their beginning."""

    ticket: Ticket
    messages: list[MessageRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    targets: dict[str, ChosenTarget] = field(default_factory=dict)
    cycles: list[Cycle] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    spells: list[SpellRow] = field(default_factory=list)


@dataclass(slots=True)
class Life:
    """The moving parts of a ticket while its story is told; read by `wanted_runs` like a ticket."""

    kind: str
    state: str
    stage: str
    team: Team
    office: Office | None
    assignee: User | None = None
    first_response_at: datetime | None = None
    last_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    auto_close_at: datetime | None = None
    resume_state: str = ""
    version: int = 2
    reopen_count: int = 0

    @property
    def assignee_id(self) -> int | None:
        return self.assignee.pk if self.assignee else None
