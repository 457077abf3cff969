"""A year of a desk in a while: every clock equals a naive reference, and every escalation fired exactly once.

Tickets live random lives on whole minutes: they are entered late, wait, resume, change priority, service, team and
kind, are answered, merged, solved and reopened. Meanwhile holidays are declared and moved, Ramadan and new hours come,
a team gets and loses its own calendar, policies get new versions, escalation raises priorities, sweeps stand still for
days, and workers die between two statements. What must come of it is counted in `tests.sla.paper`.

SIMULATED_TICKETS says how many. They are played in parts of PART, each a year of its own, so that the parts can run
beside each other: `SIMULATED_TICKETS=20000 pytest -n 2 -m slow tests/sla/test_simulated_year.py`.
"""

import os
import random
from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from notify.models import Delivery
from sla import calendars, clocks, definitions, versions
from sla.models import (
    Calendar,
    CalendarUse,
    Clock,
    Escalation,
    EscalationNotice,
    EscalationStep,
    Policy,
    Revision,
)
from sla.replay import Target
from tests import factories
from tests.sla.paper import BEGIN, FINISH, JAKARTA, MINUTE, Mark, Paper, Step, Wall, firings, read
from tickets import edits, escalation, revisions, workflow
from tickets.choices import OPEN_STAGES
from tickets.errors import TicketError
from tickets.models import Ticket
from tickets.operations.converting import convert

TICKETS = int(os.environ.get("SIMULATED_TICKETS", "40"))
PART = 2500
END = datetime(2027, 1, 1, tzinfo=JAKARTA)
TARGETS = {1: 1800, 2: 900, 3: 450, 4: 240}
NETWORK_TARGET, REQUEST_DAYS, RESPONSE = 600, 4, 60
STAGES = {
    "new": "new", "in_progress": "active", "on_hold": "waiting", "resolved": "resolved", "fulfilled": "resolved",
}  # fmt: skip
FULL = {**{day: [(450, 720), (780, 960)] for day in range(4)}, 4: [(450, 690), (780, 990)]}
"""Weekday → open minutes of the day, as of `factories.ASN_WEEK`."""
RAMADAN = {**{day: [(480, 720), (750, 900)] for day in range(4)}, 4: [(480, 690), (750, 930)]}
LONGER = {day: [(450, 720), (780, 990)] for day in range(5)}
SIX_DAYS = {day: [(420, 840)] for day in range(6)}
MAY = {
    "new": ("work", "work", "hurry", "move", "answer", "service", "convert", "merge"),
    "in_progress": ("hold", "hold", "solve", "solve", "hurry", "move", "answer", "service", "convert", "merge"),
    "on_hold": ("resume", "resume", "resume", "hurry", "move", "service", "convert", "solve"),
    "resolved": ("reopen", "reopen", "hurry", "service"),
    "fulfilled": ("reopen", "reopen", "hurry", "service"),
}


class Killed(BaseException):
    """The worker is gone."""


class Hours:
    """A calendar on paper."""

    def __init__(self, week):
        self.week, self.later, self.periods, self.holidays = week, [], [], set()

    def of(self, day):
        if day in self.holidays:
            return []
        week = self.week
        for first, hours in self.later:
            week = hours if first <= day else week
        for first, last, hours in self.periods:
            week = hours if first <= day <= last else week
        return week.get(day.weekday(), [])


def stored(week):
    def clock(minute):
        return f"{minute // 60:02}:{minute % 60:02}"

    return {str(day): [[clock(first), clock(last)] for first, last in hours] for day, hours in week.items()}


class Year:
    """The lives of some tickets, and what is known of them without the desk."""

    def __init__(self, cast, wall, seed, count):
        self.cast, self.wall = cast, wall
        self.rng, self.rng_of_workers = random.Random(seed), random.Random(seed + 1)
        self.hours = {"asn": Hours(FULL), "six": Hours(SIX_DAYS)}
        self.walls = {name: Wall(hours.of) for name, hours in self.hours.items()}
        self.past_walls = [(0, dict(self.walls))]
        self.network_hours = "six"
        self.policies = {priority: [(BEGIN, minutes)] for priority, minutes in TARGETS.items()}
        self.turn, self.sweeps = 0, []
        self.papers = {}
        self.tickets, self.raised, self.alive = {}, set(), []
        self.last_escalation = 0
        self.events = sorted(
            ((at, number, first) for number in range(count) for at, first in self._life()), key=lambda each: each[:2]
        )

    def _life(self):
        at = BEGIN + self.rng.randrange(180, int((END - BEGIN) / MINUTE) - 2) * MINUTE
        yield at, True
        for _each in range(self.rng.randrange(1, 7)):
            at += int(self.rng.expovariate(1 / 900)) * MINUTE
            if at >= END:
                return
            yield at, False

    def next_turn(self):
        self.turn += 1
        return self.turn

    # The tickets

    def play(self, at, number, is_first):
        self.wall.now = at
        if is_first:
            self._open(at, number)
        else:
            ticket = Ticket.objects.get(pk=self.tickets[number])
            event = self.rng.choice(MAY.get(ticket.state, ("hurry",)))
            getattr(self, f"_{event}", self._walk)(ticket, event)
            self._note(number, Ticket.objects.get(pk=ticket.pk), at, self.next_turn())
        connection.run_on_commit.clear()  # nobody listens, and one list for the whole year grows too long

    def _open(self, at, number):
        created_at = at - self.rng.choice((0, 0, 0, 0, self.rng.randrange(180))) * MINUTE
        ticket = Ticket.objects.create(
            number=f"SIM-{number}", kind=self.rng.choice(("incident", "incident", "request")), subject="Simulasi",
            requester=self.requester, channel="phone", reply_channel="web", priority=self.rng.choice(list(TARGETS)),
            team=self.cast.desk, created_at=created_at, access_code="x", service=self.rng.choice(self.services),
        )  # fmt: skip
        self.tickets[number] = ticket.pk
        workflow.save(ticket, at)
        for metric in ("response", "resolution"):
            self.papers[number, metric] = Paper(at)
        self.alive.append(number)
        self._note(number, ticket, created_at, self.next_turn())

    def _walk(self, ticket, event):
        solved = "resolved" if ticket.kind == "incident" else "fulfilled"
        state = {"work": "in_progress", "hold": "on_hold", "resume": "in_progress", "solve": solved,
                 "reopen": "in_progress"}[event]  # fmt: skip
        ticket.__dict__["state"] = state
        ticket.stage = STAGES[state]
        ticket.is_open = ticket.stage in OPEN_STAGES
        ticket.hold_reason = "third_party" if state == "on_hold" else ""
        ticket.resume_state = "in_progress" if state == "on_hold" else ticket.resume_state
        workflow.save(ticket, self.wall.now)

    def _hurry(self, ticket, _event):
        ticket.priority = self.rng.choice(list(TARGETS))
        workflow.save(ticket, self.wall.now)

    def _move(self, ticket, _event):
        ticket.team = self.rng.choice([self.cast.desk, self.cast.network])
        workflow.save(ticket, self.wall.now)

    def _answer(self, ticket, _event):
        ticket.first_response_at = ticket.first_response_at or self.wall.now
        workflow.save(ticket, self.wall.now)

    def _service(self, ticket, _event):
        edits.change(ticket_id=ticket.pk, actor=self.cast.koordinator, service=self.rng.choice(self.services))

    def _convert(self, ticket, _event):
        kind = "request" if ticket.kind == "incident" else "incident"
        convert(ticket_id=ticket.pk, actor=self.cast.koordinator, kind=kind)

    def _merge(self, ticket, _event):
        target = f"SIM-{self.rng.choice(self.alive[-9:])}"
        try:
            workflow.perform(ticket.pk, "merge", self.cast.koordinator, target=target)
        except TicketError:  # with itself, with one that is merged
            return

    # What is known of them

    def _promise(self, ticket, metric):
        hours = self.network_hours if ticket.team_id == self.cast.network.pk else "asn"
        if metric == "response":
            return hours, ("minutes", RESPONSE)
        if ticket.service_id:
            return hours, ("minutes", NETWORK_TARGET)
        if ticket.kind == "request":
            return hours, ("days", REQUEST_DAYS)
        held = [minutes for since, minutes in self.policies[ticket.priority] if since <= ticket.created_at]
        return hours, ("minutes", held[-1])

    def _note(self, number, ticket, at, turn):
        run = {"waiting": "paused", "resolved": "stopped", "closed": "stopped"}.get(ticket.stage, "running")
        for metric in ("response", "resolution"):
            mine = "stopped" if metric == "response" and ticket.first_response_at else run
            hours, target = self._promise(ticket, metric)
            self.papers[number, metric].put(Mark(turn, at, mine, hours, target, ticket.kind), self.walls)

    def retarget(self):
        """A policy or the users of a calendar changed, also for open tickets."""
        turn = self.next_turn()
        rows = Ticket.objects.in_bulk(self.tickets.values())
        for (number, metric), paper in self.papers.items():
            last, promise = paper.marks[-1], self._promise(rows[self.tickets[number]], metric)
            if not paper.is_stopped and last.promise != promise:
                paper.put(Mark(turn, self.wall.now, last.run, *promise, last.kind), self.walls)

    def rebuild(self, name):
        self.walls[name] = Wall(self.hours[name].of)
        self.past_walls.append((self.next_turn(), dict(self.walls)))

    def walls_at(self, turn):
        return next(walls for since, walls in reversed(self.past_walls) if since <= turn)

    # The desk around them

    def sweep(self, at, limit=9):
        self.wall.now = at
        turn = self.next_turn()
        self.sweeps.append((turn, at))
        self.through(lambda: escalation.run_due(limit=limit))
        new = Escalation.objects.filter(pk__gt=self.last_escalation).order_by("pk").select_related("clock__ticket")
        for fired in new:
            self.last_escalation = fired.pk
            self.turn_of[fired.pk] = turn
            ticket = fired.clock.ticket
            if fired.step_id == self.raising.pk and fired.clock_id not in self.raised:
                self.raised.add(fired.clock_id)
                self._note(int(ticket.number.removeprefix("SIM-")), ticket, at, turn + 0.5)

    def through(self, work):
        """Repeat work until nothing is left, by workers of which some die between two statements."""
        done = 1
        while done:
            left = self.rng_of_workers.randrange(1, 400)

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
                calendars._build.cache_clear()  # another process
                done = 1

    def revise(self, **change):
        """Propose, try, apply and work through, by workers that die and are taken over."""
        revision = revisions.propose(summary="Perubahan", by=self.cast.admin, **change)
        self.through(lambda: revisions.work(limit=7, size=50))
        revisions.apply(revision.pk, by=self.cast.admin)
        self.through(lambda: revisions.work(limit=7, size=50))
        revision.refresh_from_db()
        assert revision.state == Revision.State.DONE
        connection.run_on_commit.clear()

    def edit(self, name, change):
        """A change of a calendar, on its definition and on paper."""
        calendar = Calendar.objects.get(code=name)
        definition = definitions.of(calendar)
        change(definition, self.hours[name])
        self.revise(kind=Revision.Kind.CALENDAR, calendar=calendar, payload=definition)
        self.rebuild(name)

    def publish(self, priority, minutes, *, also_open):
        old = Policy.objects.get(name=f"Prioritas {priority}", valid_until=None)
        new = versions.publish(
            policy=old, conditions=versions.Conditions.of(old), targets={"resolution": Target(minutes=minutes)},
            calendar=None, name=old.name, note="Lebih cepat", by=self.cast.admin, at=self.wall.now,
        )  # fmt: skip
        self.policies[priority].append((self.wall.now, minutes))
        if also_open:
            payload = {"policy": new.pk, "replaces": old.pk}
            self.revise(kind=Revision.Kind.POLICY, policy=new, payload=payload)
            self.policies[priority] = [(BEGIN - timedelta(days=1), minutes)]
            self.retarget()

    def lend(self, teams):
        six = Calendar.objects.get(code="six")
        payload = {"teams": [team.pk for team in teams], "offices": []}
        self.revise(kind=Revision.Kind.USE, calendar=six, payload=payload)
        self.network_hours = "six" if teams else "asn"
        self.retarget()


def free(*days):
    def change(definition, hours):
        for day in days:
            definition["holidays"].append(
                {"date": day.isoformat(), "name": "Libur", "kind": "local", "status": "confirmed", "source": ""}
            )
        hours.holidays |= set(days)

    return change


def moved(day, to):
    def change(definition, hours):
        definition["holidays"] = [row for row in definition["holidays"] if row["date"] != day.isoformat()]
        hours.holidays.discard(day)
        free(to)(definition, hours)

    return change


def ramadan(definition, hours):
    first, last = date(2026, 2, 18), date(2026, 3, 19)
    definition["periods"].append(
        {"name": "Ramadan", "first_date": first.isoformat(), "last_date": last.isoformat(), "week": stored(RAMADAN),
         "source": ""}
    )  # fmt: skip
    hours.periods.append((first, last, RAMADAN))


def longer(definition, hours):
    first = date(2026, 9, 1)
    definition["weeks"].append({"valid_from": first.isoformat(), "week": stored(LONGER), "source": ""})
    hours.later.append((first, LONGER))


EDITS = (
    (date(2026, 2, 10), lambda year: year.edit("asn", ramadan)),
    (date(2026, 3, 2), lambda year: year.edit("asn", free(date(2026, 3, 17), date(2026, 3, 20)))),
    (date(2026, 4, 9), lambda year: year.publish(2, 750, also_open=False)),
    (date(2026, 5, 4), lambda year: year.edit("six", free(date(2026, 5, 14)))),
    (date(2026, 6, 1), lambda year: year.edit("asn", free(date(2026, 6, 17)))),
    (date(2026, 6, 10), lambda year: year.edit("asn", moved(date(2026, 6, 17), date(2026, 6, 18)))),
    (date(2026, 7, 1), lambda year: year.lend([])),
    (date(2026, 8, 3), lambda year: year.edit("asn", longer)),
    (date(2026, 8, 20), lambda year: year.lend([year.cast.network])),
    (date(2026, 9, 10), lambda year: year.publish(3, 390, also_open=True)),
    (date(2026, 10, 1), lambda year: year.edit("asn", free(date(2026, 10, 16)))),
    (date(2026, 12, 1), lambda year: year.edit("asn", free(date(2026, 12, 24), date(2026, 12, 25)))),
)


def desk(cast, wall, part):
    for priority, minutes in TARGETS.items():
        factories.policy(f"Prioritas {priority}", targets={"resolution": minutes}, kind="incident", priority=priority)
    network = factories.service("jaringan")
    factories.policy("Permintaan", days={"resolution": REQUEST_DAYS}, kind="request")
    factories.policy("Layanan jaringan", targets={"resolution": NETWORK_TARGET}, service=network)
    six = Calendar.objects.create(code="six", name="Enam hari", week=stored(SIX_DAYS))
    CalendarUse.objects.create(calendar=six, team=cast.network)
    quiet = {"notify_assignee": False, "notify_coordinator": False}
    EscalationStep.objects.filter(percent=80).update(metric="resolution", **quiet)
    before = EscalationStep.objects.create(metric="resolution", offset_minutes=-60, notify_team=True, **quiet)
    raising = EscalationStep.objects.create(
        metric="resolution", kind="incident", offset_minutes=240, raise_priority=True
    )
    on_the_wall = EscalationStep.objects.create(metric="response", offset_minutes=30, outside_hours=True, **quiet)
    wall.now = BEGIN
    requester = factories.ticket(requester=cast.asn).requester
    Clock.objects.all().update(next_event_at=None)
    year = Year(cast, wall, 20260101 + part, min(PART, TICKETS - part * PART))
    year.requester, year.raising, year.turn_of = requester, raising, {}
    year.services = [network, None, None]
    percents = EscalationStep.objects.filter(percent__isnull=False)
    year.steps = [
        *(Step(step.pk, step.metric, lambda target, share=step.percent: target * share / 100) for step in percents),
        Step(before.pk, "resolution", lambda target: target - 60),
        Step(raising.pk, "resolution", lambda target: target + 240, kind="incident"),
        Step(on_the_wall.pk, "response", lambda _target: 30, wall=True),
    ]
    return year


@pytest.mark.slow
@pytest.mark.parametrize("part", range(-(-TICKETS // PART)))
def test_a_year(cast, wall, part):
    year = desk(cast, wall, part)
    rng, edits_to_come = year.rng_of_workers, list(EDITS)
    swept_at = BEGIN
    for at, number, is_first in year.events:
        while edits_to_come and edits_to_come[0][0] <= at.date():
            wall.now = datetime.combine(edits_to_come[0][0], datetime.min.time(), JAKARTA)
            edits_to_come.pop(0)[1](year)
        if at - swept_at > timedelta(hours=rng.choice((1, 3, 12, 90))):
            swept_at = at
            year.sweep(at)
        year.play(at, number, is_first)
    year.sweep(FINISH, limit=50)
    check(year)


def check(year):
    fired = defaultdict(dict)
    for row in Escalation.objects.all():
        assert (row.step_id, row.target_version) not in fired[row.clock_id]
        fired[row.clock_id][row.step_id, row.target_version] = (year.turn_of[row.pk], row.is_late)
    rows = {
        (each.ticket_id, each.metric): each
        for each in Clock.objects.filter(ticket__number__startswith="SIM-").prefetch_related("segments")
    }
    assert len(rows) == len(year.papers)
    lookup, dues = clocks.Lookup(), defaultdict(list)
    for (number, metric), paper in year.papers.items():
        clock = rows[year.tickets[number], metric]
        shown = read(paper.marks, paper.walls or year.walls, FINISH)
        told = paper.marks
        if clock.is_stopped:
            measured = (clock.elapsed_seconds, clock.target_seconds, clock.breached_at)
        else:
            now = clocks.replay(lookup.segments(clock.segments.all()), FINISH)
            measured = (now.elapsed.total_seconds(), now.target.total_seconds(), now.breached_at)
            assert clock.due_at == now.due_at == shown.due, told
            dues[number].append(shown.due)
        assert clock.is_stopped == paper.is_stopped, told
        assert measured == (shown.elapsed * 60, shown.target * 60, shown.late_since), told
        expected = firings(paper, metric, year.steps, year.sweeps, year.walls_at)
        assert fired[clock.pk] == expected, (metric, told)
    check_rest(year, dues)


def check_rest(year, dues):
    for ticket in Ticket.objects.filter(number__startswith="SIM-").iterator():
        known = [due for due in dues[int(ticket.number.removeprefix("SIM-"))] if due]
        assert ticket.due_at == min(known, default=None)
    assert not EscalationNotice.objects.filter(told_at=None).exists()
    keys = list(Delivery.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) and keys
