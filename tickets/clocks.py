"""What the clocks of a ticket should do, given the ticket; and how they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from sla import calendars, clocks
from sla.models import Clock, Metric
from sla.policies import Facts
from sla.replay import ClockState, Run
from sla.worktime import WorkCalendar
from tickets.choices import Kind, Stage
from tickets.models import ComplaintDetail, Ticket
from tickets.models.ticket import NO_DUE


def default_calendar() -> WorkCalendar:
    """The calendar of the county's working hours. Raises ImproperlyConfigured when none is loaded."""
    calendar_id = calendars.default_calendar_id()
    if calendar_id is None:
        raise ImproperlyConfigured(_("Belum ada kalender kerja bawaan. Jalankan: manage.py load_reference"))
    return calendars.load(calendar_id)


def facts_of(ticket: Ticket) -> Facts:
    complaint_class = ""
    if ticket.kind == Kind.COMPLAINT:
        detail = ComplaintDetail.objects.filter(ticket_id=ticket.pk).values_list("complaint_class", flat=True)
        complaint_class = detail.first() or ""
    return Facts(
        kind=ticket.kind,
        priority=ticket.priority,
        service_id=ticket.service_id,
        requester_class=ticket.requester_class,
        complaint_class=complaint_class,
        team_id=ticket.team_id,
        office_id=ticket.office_id,
        opened_at=ticket.created_at,
    )


def wanted_runs(ticket: Ticket, verified: bool) -> dict[str, Run]:
    """Metric → run, from stage, words to the requester, assignee and (complaints) verification. Pure."""
    finished = ticket.stage in (Stage.RESOLVED, Stage.CLOSED)
    waiting = Run.PAUSED if ticket.stage == Stage.WAITING else Run.RUNNING
    wanted = {
        Metric.RESPONSE.value: Run.STOPPED if ticket.first_response_at or finished else waiting,
        Metric.RESOLUTION.value: Run.STOPPED if finished else waiting,
    }
    if ticket.kind == Kind.COMPLAINT:
        wanted[Metric.VERIFICATION.value] = Run.STOPPED if verified or finished else waiting
    wanted[Metric.ASSIGNMENT.value] = Run.STOPPED if ticket.assignee_id or finished else waiting
    if ticket.last_reply_at and not finished:  # whoever has the solution waits for no more words
        wanted[Metric.UPDATE.value] = waiting
    return wanted


def wanted_clocks(ticket: Ticket, verified: bool) -> dict[str, clocks.Wanted]:
    """Metric → the cycle that should exist and its run. Pure.

    A team's own clock begins when it gets the ticket, and the time to the next word with the last one; all others
    begin with the ticket.
    """
    begins = {Metric.ASSIGNMENT.value: ticket.team_since, Metric.UPDATE.value: ticket.last_reply_at}
    return {
        metric: clocks.Wanted(
            run, begins.get(metric) or ticket.created_at, ticket.team_id if metric == Metric.ASSIGNMENT else None
        )
        for metric, run in wanted_runs(ticket, verified).items()
    }


def sync_clocks(ticket: Ticket, at: datetime) -> list[Clock]:
    """Bring the clocks in line and cache the next deadline on the ticket. The caller saves the ticket."""
    rows = clocks.sync(ticket_id=ticket.pk, facts=facts_of(ticket), wanted=wanted_now(ticket), at=at)
    put_due(ticket, rows)
    return rows


def wanted_now(ticket: Ticket) -> dict[str, clocks.Wanted]:
    """`wanted_clocks` of the ticket as it is; a complaint is verified once it has left its first state."""
    effective = ticket.resume_state if ticket.stage == Stage.WAITING and ticket.resume_state else ticket.state
    return wanted_clocks(ticket, effective != "new")


def put_due(ticket: Ticket, rows: Iterable[Clock]) -> None:
    """The earliest deadline among unfinished clocks; without one the ticket sorts last.

    What a team owes another team is no promise to the requester and does not hurry the ticket.
    """
    dues = [row.due_at for row in rows if not row.is_stopped and row.due_at and row.metric != Metric.ASSIGNMENT]
    ticket.due_at = min(dues, default=None)
    ticket.sort_due_at = ticket.due_at or NO_DUE


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock as screens and API show it; minutes are working minutes, negative remaining is overrun."""

    metric: str
    label: str
    state: str
    due_at: datetime | None
    target_minutes: int
    elapsed_minutes: int
    remaining_minutes: int
    is_stopped: bool
    policy_name: str
    working_days: int | None = None
    """The target as it was set, when it is one in working days."""
    zone: str = ""
    """The time zone of the calendar by which it is due."""


def readings(ticket: Ticket, now: datetime) -> list[ClockView]:
    """Every clock of the ticket, replayed to `now`, in the order of the metrics."""
    rows = Clock.objects.filter(ticket_id=ticket.pk).select_related("policy", "calendar").prefetch_related("segments")
    rows = rows.order_by("cycle")  # the newest of each metric stays
    by_metric = {row.metric: row for row in rows}
    return [view_of(by_metric[metric], now) for metric in Metric.values if metric in by_metric]


def promises(ticket: Ticket, now: datetime) -> list[ClockView]:
    """The unfinished clocks that the requester is told of; what teams owe each other is none of them."""
    return [each for each in readings(ticket, now) if not each.is_stopped and each.metric != Metric.ASSIGNMENT]


def view_of(row: Clock, now: datetime) -> ClockView:
    """One clock at `now`. Read with its policy, calendar and segments."""
    marks = list(row.segments.all())
    target, elapsed = float(row.target_seconds), float(row.elapsed_seconds)
    remaining, state, due_at = target - elapsed, row.state, row.due_at
    if not row.is_stopped:  # what was measured stays measured, whatever became of the calendar since
        shown = clocks.reading(row, now, marks)
        target, elapsed = shown.target.total_seconds(), shown.elapsed.total_seconds()
        remaining = shown.remaining.total_seconds()
        state, due_at = ClockState(shown.state).value, shown.due_at
    return ClockView(
        metric=row.metric,
        label=str(row.get_metric_display()),
        state=state,
        due_at=due_at,
        target_minutes=int(target // 60),
        elapsed_minutes=int(elapsed // 60),
        remaining_minutes=int(remaining // 60),
        is_stopped=row.is_stopped,
        policy_name=row.policy.name if row.policy else "",
        working_days=marks[-1].working_days if marks else None,
        zone=row.calendar.timezone if row.calendar else "",
    )
