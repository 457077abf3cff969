"""What the queue shows of a ticket: one row, as finished text.

Fifty rows make a page that agents open all day. So they are read as plain tuples of the columns a row shows, without
a model object each, and a template asks them for nothing that takes more than an attribute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.ui import badge_priority, badge_state, icon, ikon_kanal, sisa_waktu, tenggat, waktu_relatif
from sla import calendars
from sla.models import Clock, Metric
from sla.worktime import WorkCalendar
from tickets.choices import CONCEALING, Channel, Confidentiality, Kind, Level
from tickets.clocks import ClockView
from tickets.kinds import machines
from tickets.models import Ticket

FIELDS = (
    "pk", "number", "kind", "state", "stage", "subject", "priority", "channel", "confidentiality", "is_restricted",
    "created_at", "sort_due_at", "requester__name", "team__name", "office__name", "assignee__username",
    "assignee__first_name", "assignee__last_name", "incident_detail__is_major",
)  # fmt: skip
CLOCK_FIELDS = (
    "ticket_id", "metric", "state", "due_at", "started_at", "target_seconds", "elapsed_seconds",
    "policy__name", "calendar_id", "calendar__timezone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of the queue."""

    pk: int
    number: str
    url: str
    subject: str
    about: str
    channel_icon: SafeString
    secrecy: str
    """The kind of confidentiality of a restricted ticket, "" for the others."""
    is_major: bool
    state_badge: SafeString
    priority_badge: SafeString
    assignee: str
    team: str
    clock: ClockView | None
    left: dict[str, str]
    due: str
    """When the clock is due, in the zone of its calendar; "" without a clock that has a due."""
    created: str
    age: str


def columns(tickets: QuerySet[Ticket]) -> QuerySet[Any]:
    """The same tickets as named tuples of `FIELDS`."""
    return tickets.values_list(*FIELDS, named=True)


def rows(found: Sequence[Any], now: datetime) -> list[Row]:
    """Rows for tickets read through `columns`, in a constant number of queries."""
    clocks = _next_clocks(each.pk for each in found)
    loaded = _calendars(clocks.values())
    words = _words()
    return [_row(each, _view(clocks.get(each.pk), loaded, words, now), words, now) for each in found]


def _words() -> dict[str, dict[Any, str]]:
    """The labels of choices in the language of this page, looked up once and not once a row."""
    states = {kind: {name: str(each.label_of(name)) for name in each.STATES} for kind, each in machines().items()}
    choices = {"kind": Kind, "priority": Level, "channel": Channel, "secrecy": Confidentiality, "metric": Metric}
    return {**states, **{name: {value: str(label) for value, label in each.choices} for name, each in choices.items()}}


def _row(found: Any, clock: ClockView | None, words: dict[str, dict[Any, str]], now: datetime) -> Row:
    kind, requester = words["kind"][found.kind], requester_name(found.confidentiality, found.requester__name)
    full_name = f"{found.assignee__first_name or ''} {found.assignee__last_name or ''}".strip()
    return Row(
        pk=found.pk,
        number=found.number,
        url=reverse("agent:ticket", args=(found.number,)),
        subject=found.subject,
        about="\u00a0· ".join(filter(None, (kind, requester, found.office__name))),
        channel_icon=icon(ikon_kanal(found.channel), "", words["channel"][found.channel]),
        is_major=bool(found.incident_detail__is_major),
        secrecy=words["secrecy"][found.confidentiality] if found.is_restricted else "",
        state_badge=badge_state(words[found.kind].get(found.state, found.state), found.stage),
        priority_badge=badge_priority(found.priority, words["priority"][found.priority]),
        assignee=full_name or found.assignee__username or "",
        team=found.team__name or "",
        clock=clock,
        left=sisa_waktu(clock) if clock else {},
        due=tenggat(clock, now).replace(" ", "\u00a0", 2),  # the date stays on one line
        created=found.created_at.isoformat(timespec="seconds"),
        age=waktu_relatif(found.created_at, now),
    )


def requester_name(confidentiality: str, name: str) -> str:
    """The requester as lists show them. Lists hide the anonymous from everybody, whoever may open the identity."""
    if confidentiality in CONCEALING:
        return _("Anonim")
    return name or _("Tanpa nama")


def _next_clocks(ticket_ids: Iterable[int]) -> dict[int, Any]:
    """By ticket, the unfinished clock that ends first; a paused one without a deadline comes last.

    What a team owes another team is no promise to the requester: `tickets.clocks.put_due` leaves it out as well.
    """
    unfinished = Clock.objects.filter(is_stopped=False, ticket__in=list(ticket_ids)).exclude(metric=Metric.ASSIGNMENT)
    found: dict[int, Any] = {}
    for clock in unfinished.values_list(*CLOCK_FIELDS, named=True):
        known = found.get(clock.ticket_id)
        if known is None or _end(clock) < _end(known):
            found[clock.ticket_id] = clock
    return found


def _end(clock: Any) -> tuple[bool, datetime]:
    return clock.due_at is None, clock.due_at or clock.started_at


def _calendars(clocks: Iterable[Any]) -> dict[int | None, WorkCalendar]:
    """The calendars these clocks run on, each loaded once; None is the default calendar."""
    ids = {clock.calendar_id for clock in clocks}
    default = calendars.default_calendar_id() if None in ids else None
    found = {calendar_id: calendar_id or default for calendar_id in ids}
    return {key: calendars.load(pk) for key, pk in found.items() if pk}


def _view(
    clock: Any | None, loaded: dict[int | None, WorkCalendar], words: dict[str, dict[Any, str]], now: datetime
) -> ClockView | None:
    """The clock at `now`, from its cached facts: a list cannot afford to replay every clock."""
    if clock is None:
        return None
    state, left = clock.state, clock.target_seconds - clock.elapsed_seconds
    if clock.due_at is not None and state != Clock.State.PAUSED:
        calendar = loaded.get(clock.calendar_id)
        early, late = sorted((now, clock.due_at))
        spread = int((calendar.between(early, late) if calendar else late - early).total_seconds())
        is_over = clock.due_at < now
        state, left = (Clock.State.BREACHED, -spread) if is_over else (Clock.State.RUNNING, spread)
    return ClockView(
        metric=clock.metric,
        label=words["metric"][clock.metric],
        state=str(state),
        due_at=clock.due_at,
        target_minutes=clock.target_seconds // 60,
        elapsed_minutes=(clock.target_seconds - left) // 60,
        remaining_minutes=left // 60,
        is_stopped=False,
        policy_name=clock.policy__name or "",
        zone=clock.calendar__timezone or "",
    )
