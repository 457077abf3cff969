"""Why a ticket has the targets it has, and how each of its clocks came to read what it reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from core.templatetags.ui import target_sla
from sla import calendars
from sla.models import Calendar, Clock, ClockSegment, Escalation, Metric, Policy
from sla.policies import Facts, by_weight, fits
from tickets.agreements.document import Applied, applied_to
from tickets.clocks import ClockView, facts_of, view_of
from tickets.models import Ticket
from tickets.targets import words
from tickets.targets.choosing import UsualCalendars


@dataclass(frozen=True, slots=True)
class Stretch:
    """One segment: what the clock did, and the working time that counted (None: none counts here)."""

    start: datetime
    end: datetime | None
    run: str
    label: str
    target: str
    calendar: str
    zone: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Rival:
    """A policy that fits the ticket too, and why its target is not the one."""

    policy: Policy
    conditions: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fired:
    """An escalation step that was carried out."""

    moment: str
    at: datetime
    planned_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One run of one clock."""

    view: ClockView
    cycle: int
    team: str
    started_at: datetime
    stopped_at: datetime | None
    policy: Policy | None
    conditions: str
    why: str
    rivals: list[Rival]
    calendar: str
    calendar_why: str
    stretches: list[Stretch]
    fired: list[Fired] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything the page tells. `facts` are (name, value) of what policies look at."""

    opened_at: datetime
    facts: list[tuple[str, str]]
    clocks: list[Explained]
    agreement: Applied | None


def explain(ticket: Ticket, now: datetime) -> Explanation:
    """The explanation of a visible ticket, in a constant number of queries for the same calendars."""
    facts = facts_of(ticket)
    rows = list(
        Clock.objects.filter(ticket_id=ticket.pk)
        .select_related("policy", "policy__service", "policy__team", "policy__calendar", "team", "calendar")
        .prefetch_related("segments__calendar", "escalations__step")
    )
    rows.sort(key=lambda row: (Metric.values.index(row.metric), row.cycle))
    matching = _matching(facts)
    usual = UsualCalendars.read()
    return Explanation(
        opened_at=ticket.created_at,
        facts=_facts_in_words(ticket, facts),
        clocks=[_explained(row, ticket, matching, usual, now) for row in rows],
        agreement=applied_to(ticket),
    )


def _matching(facts: Facts) -> list[Policy]:
    """As `sla.policies.matching`, with what the words need."""
    found = Policy.objects.filter(is_active=True, kind__in=["", facts.kind])
    related = found.select_related("service", "team", "calendar").prefetch_related("targets")
    return by_weight(policy for policy in related if fits(policy, facts))


def _facts_in_words(ticket: Ticket, facts: Facts) -> list[tuple[str, str]]:
    """The ticket's own values under the names that conditions have."""
    like = Policy(
        kind=facts.kind,
        priority=facts.priority,
        service=ticket.service,
        requester_class=facts.requester_class,
        complaint_class=facts.complaint_class,
        team=ticket.team,
    )
    return words.conditions(like)


def _explained(
    row: Clock, ticket: Ticket, matching: Sequence[Policy], usual: UsualCalendars, now: datetime
) -> Explained:
    marks = list(row.segments.all())
    view = view_of(row, now)
    return Explained(
        view=view,
        cycle=row.cycle,
        team=row.team.name if row.team else "",
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        policy=row.policy,
        conditions=words.sentence(row.policy) if row.policy else "",
        why=_why(row, matching),
        rivals=_rivals(row, matching),
        calendar=marks[-1].calendar.name,
        calendar_why=_calendar_why(row, marks[-1].calendar, ticket, usual),
        stretches=_stretches(marks, now),
        fired=[_fired(each) for each in row.escalations.all()],
    )


def _why(row: Clock, matching: Sequence[Policy]) -> str:
    """Why this policy gave the target."""
    naming = [policy for policy in matching if _names(policy, row.metric)]
    if row.policy is None:
        return _("Kebijakan yang memberi target ini sudah tidak tersimpan.")
    if not naming or naming[0].pk != row.policy.pk:
        if row.is_stopped:
            return _("Target dipilih ketika tiket masih lain keadaannya; jam yang selesai tetap pada targetnya.")
        return _("Target dipilih dari keadaan tiket sebelumnya dan diperbarui pada perubahan tiket berikutnya.")
    if len(naming) == 1:
        return _("Satu-satunya kebijakan yang cocok dan memuat ukuran ini.")
    return _("Syaratnya paling khusus di antara kebijakan yang cocok.")


def _rivals(row: Clock, matching: Sequence[Policy]) -> list[Rival]:
    """The other policies that fit, most specific first."""
    found = []
    for policy in matching:
        if policy.pk == row.policy_id:
            continue
        if not _names(policy, row.metric):
            reason = _("tidak memuat target untuk ukuran ini")
        elif row.policy and _conditions(policy) == _conditions(row.policy):
            reason = _("syaratnya persis sama; yang dibuat lebih dulu yang dipakai")
        elif row.policy and by_weight([policy, row.policy])[0] is policy:
            reason = _("lebih khusus, tetapi baru cocok setelah target dipilih")
        else:
            reason = _("syaratnya kurang khusus")
        found.append(Rival(policy, words.sentence(policy), reason))
    return found


def _conditions(policy: Policy) -> tuple[object, ...]:
    return tuple(getattr(policy, name) for name in Policy.CONDITIONS)


def _names(policy: Policy, metric: str) -> bool:
    return any(target.metric == metric for target in policy.targets.all())


def _calendar_why(row: Clock, calendar: Calendar, ticket: Ticket, usual: UsualCalendars) -> str:
    """Where the calendar of the last segment comes from: the policy, the team, an office, or the default."""
    if row.policy and row.policy.calendar_id == calendar.pk:
        return _("ditetapkan kebijakan")
    if ticket.team_id in usual.teams and usual.teams[ticket.team_id] == calendar.pk:
        return _("kalender tim %(team)s") % {"team": ticket.team}
    office = usual.office_with_calendar(ticket.office_id)
    if office is not None and usual.offices[office] == calendar.pk:
        return _("kalender perangkat daerah")
    if calendar.pk == usual.default:
        return _("kalender bawaan")
    return _("kalender yang berlaku ketika jam ini terakhir berubah")


def _stretches(marks: Sequence[ClockSegment], now: datetime) -> list[Stretch]:
    """Segments as rows of a table. What follows a stop within the same run is counted like any other stretch."""
    loaded = {calendar_id: calendars.load(calendar_id) for calendar_id in {mark.calendar_id for mark in marks}}
    ends = [mark.started_at for mark in marks[1:]] + [max(now, marks[-1].started_at)]
    found = []
    for position, (mark, end) in enumerate(zip(marks, ends, strict=True)):
        is_last = position == len(marks) - 1
        is_running = mark.run == ClockSegment.Run.RUNNING
        worked = loaded[mark.calendar_id].between(mark.started_at, end) if is_running else None
        found.append(
            Stretch(
                start=mark.started_at,
                end=None if is_last else end,
                run=mark.run,
                label=str(mark.get_run_display()),
                target=target_sla(mark),
                calendar=mark.calendar.name,
                zone=mark.calendar.timezone,
                minutes=int(worked.total_seconds() // 60) if worked is not None else None,
            )
        )
    return found


def _fired(row: Escalation) -> Fired:
    return Fired(moment(row), row.fired_at, row.planned_at, row.is_late)


def moment(row: Escalation) -> str:
    """When a step comes, in words."""
    step = row.step
    if step.percent is not None:
        return _("%(percent)d%% target terpakai") % {"percent": step.percent}
    minutes = step.offset_minutes or 0
    amount = target_sla(_Minutes(abs(minutes)))
    if minutes < 0:
        return _("%(amount)s sebelum tenggat") % {"amount": amount}
    return _("%(amount)s setelah tenggat") % {"amount": amount} if minutes else _("tepat pada tenggat")


@dataclass(frozen=True, slots=True)
class _Minutes:
    minutes: int
