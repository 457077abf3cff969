"""A year of a desk in a minute: every clock equals a naive reference, and every escalation fired exactly once.

Tickets live random lives on whole minutes: they wait, resume, change priority and team, are solved and reopened.
Meanwhile holidays are declared, sweeps stand still for days, and workers die between two statements. The reference
shares nothing with `sla`: it looks at every minute of the year on the wall and adds up.

SIMULATED_TICKETS says how many (a year of 20,000 takes about half an hour).
"""

import os
import random
from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from notify.models import Delivery
from sla import definitions
from sla.clocks import refresh, segments_of, threshold_of
from sla.models import Calendar, Clock, Escalation, EscalationNotice, EscalationStep, Revision
from sla.replay import reached_at
from tests import factories
from tickets import escalation, revisions, workflow
from tickets.choices import OPEN_STAGES
from tickets.models import Ticket

TICKETS = int(os.environ.get("SIMULATED_TICKETS", "40"))
JAKARTA = ZoneInfo("Asia/Jakarta")
MINUTE = timedelta(minutes=1)
BEGIN, END = datetime(2026, 1, 1, tzinfo=JAKARTA), datetime(2027, 1, 1, tzinfo=JAKARTA)
LOOK_AHEAD = 120
"""Days after the year that a deadline may fall into."""
TARGETS = {1: 1800, 2: 900, 3: 450, 4: 240}
STAGES = {"new": "new", "in_progress": "active", "on_hold": "waiting", "resolved": "resolved"}
HOURS = {**{day: [(450, 720), (780, 960)] for day in range(4)}, 4: [(450, 690), (780, 990)]}
"""Weekday → open minutes of the day, as of `factories.ASN_WEEK`."""
EDITS = {date(2026, month, 1): date(2026, month, 17) for month in (3, 6, 8, 10)}
"""Declared on the first, free on the 17th."""


class Killed(BaseException):
    """The worker is gone."""


class Wall:
    """Open minutes since the beginning of the year, by looking at each."""

    def __init__(self, holidays):
        minutes = int((END - BEGIN) / MINUTE) + LOOK_AHEAD * 1440
        self.sums = [0, *accumulate(self._is_open(number, holidays) for number in range(minutes))]

    def _is_open(self, number, holidays):
        days, minute = divmod(number, 1440)
        day = date(2026, 1, 1) + timedelta(days=days)
        return day not in holidays and any(first <= minute < last for first, last in HOURS.get(day.weekday(), []))

    def between(self, start, end):
        return self.sums[self._index(end)] - self.sums[self._index(start)]

    def add(self, start, minutes):
        """The end of the minute in which so many have passed; for none, the next open minute."""
        if minutes == 0:
            return BEGIN + (bisect_right(self.sums, self.sums[self._index(start)]) - 1) * MINUTE
        return BEGIN + bisect_left(self.sums, self.sums[self._index(start)] + minutes) * MINUTE

    def _index(self, at):
        return int((at - BEGIN) / MINUTE)


class Year:
    """The lives of all tickets, and what is known of them without the desk."""

    def __init__(self, cast, wall, rng):
        self.cast, self.wall, self.rng = cast, wall, rng
        self.holidays, self.walls = set(), {}
        self.events = sorted((at, number, event) for number in range(TICKETS) for at, event in self._life())
        self.tickets, self.marks = {}, {}

    def _life(self):
        at = BEGIN + self.rng.randrange(int((END - BEGIN) / MINUTE) - 2) * MINUTE
        yield at, "open"
        for _each in range(self.rng.randrange(2, 9)):
            at += int(self.rng.expovariate(1 / 900)) * MINUTE
            if at >= END:
                return
            yield at, self.rng.choice(("work", "hold", "resume", "hurry", "move", "solve", "reopen"))

    def now_on_the_wall(self):
        key = frozenset(self.holidays)
        if key not in self.walls:
            self.walls[key] = Wall(key)
        return self.walls[key]

    def play(self, at, number, event):
        self.wall.now = at
        if event == "open":
            priority = self.rng.choice(list(TARGETS))
            ticket = Ticket.objects.create(
                number=f"SIM-{number}", kind="incident", subject="Simulasi", requester=self.requester, channel="web",
                reply_channel="web", priority=priority, team=self.cast.desk, created_at=at, access_code="x",
            )  # fmt: skip
            self.tickets[number] = ticket.pk
            self.marks[number] = [(at, "running", priority, self.now_on_the_wall())]
        else:
            ticket = Ticket.objects.get(pk=self.tickets[number])
            self._change(ticket, event)
            self._note(number, ticket, at)
        workflow.save(ticket, at)

    def _change(self, ticket, event):
        moves = {
            ("work", "new"): "in_progress", ("hold", "in_progress"): "on_hold", ("resume", "on_hold"): "in_progress",
            ("solve", "in_progress"): "resolved", ("reopen", "resolved"): "in_progress",
        }  # fmt: skip
        state = moves.get((event, ticket.state), ticket.state)
        ticket.__dict__["state"] = state
        ticket.stage = STAGES[state]
        ticket.is_open = ticket.stage in OPEN_STAGES
        ticket.hold_reason = "third_party" if state == "on_hold" else ""
        if event == "hurry":
            ticket.priority = self.rng.choice(list(TARGETS))
        if event == "move":
            ticket.team = self.rng.choice([self.cast.desk, self.cast.network])

    def _note(self, number, ticket, at):
        run = {"waiting": "paused", "resolved": "stopped"}.get(ticket.stage, "running")
        _at, last, priority, wall = self.marks[number][-1]
        if run == "stopped":
            # What was measured stays measured: the calendar of that day, the target it ran against.
            mark = (at, run, priority, wall if last == "stopped" else self.now_on_the_wall())
        else:
            mark = (at, run, ticket.priority, self.now_on_the_wall())
        self.marks[number].append(mark)

    def expected(self, number):
        """(elapsed minutes, target minutes, due) of the resolution clock at the end of the year."""
        marks = self.marks[number]
        _at, run, priority, wall = marks[-1]
        if run != "stopped":
            wall = self.now_on_the_wall()
        elapsed, target, due = 0, TARGETS[priority], None
        changes = [mark for last, mark in pairwise([(None, ""), *marks]) if mark[1] != last[1]]
        for (start, doing, *_facts), (end, *_more) in pairwise([*changes, (END, "")]):
            if doing != "running":
                continue
            passed = wall.between(start, end)
            if due is None and elapsed + passed >= target:
                # Late is a clock that still ran after its due, even if the office was closed in between.
                used_up = wall.add(start, target - elapsed)
                due = used_up if end > used_up else None
            elapsed += passed
        return elapsed, target, due


def declare(year, day, rng):
    """A decree: one more day is free. The job is killed again and again, and taken over each time."""
    calendar = Calendar.objects.get(is_default=True)
    definition = definitions.of(calendar)
    definition["holidays"].append(
        {"date": day.isoformat(), "name": "Libur", "kind": "local", "status": "confirmed", "source": ""}
    )
    revision = revisions.propose(
        kind=Revision.Kind.CALENDAR, calendar=calendar, payload=definition, summary="Libur baru", by=year.cast.admin
    )
    through(lambda: revisions.work(limit=7), rng)
    revisions.apply(revision.pk, by=year.cast.admin)
    through(lambda: revisions.work(limit=7), rng)
    revision.refresh_from_db()
    assert revision.state == Revision.State.DONE
    year.holidays.add(day)


def through(work, rng):
    """Repeat work until nothing is left, by workers of which some die between two statements."""
    done = 1
    while done:
        left = rng.randrange(1, 400)

        def statement(execute, sql, params, many, context):
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(statement):
                done = work()
        except Killed:
            done = 1


@pytest.fixture
def year(cast, wall):
    rng = random.Random(20260101)
    for priority, minutes in TARGETS.items():
        factories.policy(f"Prioritas {priority}", targets={"resolution": minutes}, kind="incident", priority=priority)
    EscalationStep.objects.create(metric="resolution", offset_minutes=-60, notify_team=True)
    EscalationStep.objects.create(metric="resolution", offset_minutes=240)
    wall.now = BEGIN
    made = Year(cast, wall, rng)
    made.requester = factories.ticket(requester=cast.asn).requester
    made.rng_of_workers = random.Random(7)
    return made


@pytest.mark.slow
def test_a_year(year, wall):
    rng, edits = year.rng_of_workers, dict(EDITS)
    swept_at = BEGIN
    for at, number, event in year.events:
        for day in [day for day in edits if day <= at.date()]:
            wall.now = at
            declare(year, edits.pop(day), rng)
        if at - swept_at > timedelta(hours=rng.choice((1, 3, 12, 90))):
            wall.now = swept_at = at
            through(lambda: escalation.run_due(limit=9), rng)
        year.play(at, number, event)
    wall.now = END
    through(lambda: escalation.run_due(limit=50), rng)

    for number, pk in year.tickets.items():
        clock = Clock.objects.get(ticket=pk, metric="resolution")
        rows = list(clock.segments.all())
        elapsed, target, due = year.expected(number)
        if not clock.is_stopped:
            refresh(clock, rows, END)
        assert (clock.elapsed_seconds, clock.target_seconds) == (elapsed * 60, target * 60), year.marks[number]
        assert clock.breached_at == due, year.marks[number]
        check_escalations(clock, rows)
    told = EscalationNotice.objects.all()
    assert not told.filter(told_at=None).exists()
    keys = list(Delivery.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) and keys


def check_escalations(clock, rows):
    """Every step that the present target has reached fired once, and nothing fired before its time."""
    fired = list(Escalation.objects.filter(clock=clock, target_version=clock.target_version))
    assert len({each.step_id for each in fired}) == len(fired)
    if clock.is_stopped:
        return
    segments = segments_of(rows)
    reached = {
        step.pk
        for step in EscalationStep.objects.filter(is_active=True, metric__in=["", "resolution"])
        if reached_at(segments, END, threshold_of(step))
    }
    assert {each.step_id for each in fired} >= reached
