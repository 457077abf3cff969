"""A ticket in the hands of random people: whatever they try, in any order, at any time, it stays what the drawing says.

`HYPOTHESIS_PROFILE=thorough` looks much longer and at other orders each time (see CONTRIBUTING.md).
"""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, ClassVar

from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.contacts import Identity
from notify.models import Delivery
from sla.models import Clock, ClockSegment
from tests import factories
from tests.workflow import cases, model
from tickets import edits, intake, messages, sweeps, timeline
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale, TicketError, WrongState
from tickets.models import (
    ApprovalRound,
    ApprovalStep,
    ChangeDetail,
    ChangeTemplate,
    ComplaintDetail,
    IncidentDetail,
    Merge,
    Message,
    ProblemDetail,
    Task,
    Ticket,
    TicketLink,
    TimelineEntry,
    Vote,
)
from tickets.workflow import perform

_COMMON = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}
PROFILES = {
    "quick": settings(
        max_examples=4, stateful_step_count=14, derandomize=True, database=None, phases=[Phase.generate], **_COMMON
    ),
    "thorough": settings(max_examples=300, stateful_step_count=60, **_COMMON),
}
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""09.00 WIB of an ordinary Monday: each run starts here, so that it is the same every time."""

ALL_TABLES = (
    Ticket, TimelineEntry, Message, Delivery, Clock, ClockSegment, ApprovalRound, ApprovalStep, Vote, Task, TicketLink,
    Merge, IncidentDetail, ProblemDetail, ChangeDetail, ComplaintDetail,
)  # fmt: skip


def contents() -> dict[Any, list[Any]]:
    """Every row of every table that a ticket touches; by plain SQL, because it is read after each step."""
    found = {}
    with connection.cursor() as cursor:
        for table in ALL_TABLES:
            cursor.execute(f'SELECT * FROM "{table._meta.db_table}" ORDER BY id')
            found[table] = cursor.fetchall()
    return found


class Time:
    """The present moment, which only ever moves forward."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def world_of(cast: SimpleNamespace) -> SimpleNamespace:
    """The cast with a second change approver, the services of a request, and clocks on every ticket."""
    factories.policy(targets={"verification": 240, "response": 60, "resolution": 960})
    cast.cab_dua = factories.user("cab_dua", "change_approver", office=factories.office("kominfo"))
    cast.dukcapil = factories.office("dukcapil")
    cast.free = factories.service("surel", requestable=True, support_team=cast.desk)
    cast.template = ChangeTemplate.objects.create(
        code="tambah-akun", name="Tambah akun", plan="Buat.", back_out_plan="Hapus.", test_plan="Masuk."
    )
    cast.guarded = factories.service(
        "vpn", requestable=True, needs_approval=True, owner_office=cast.dukcapil, support_team=cast.network
    )
    return cast


def run(kind: str, cast: SimpleNamespace, monkeypatch: Any) -> None:
    """Play the machine of that kind with the chosen profile; raises with the shortest story that breaks a rule."""
    time = Time()
    monkeypatch.setattr(timezone, "now", time)
    world = world_of(cast)
    profile = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "quick")]
    played = type(f"{kind.title()}Story", (TicketStory,), {"kind": kind})
    run_state_machine_as_test(lambda: played(world, time), settings=profile)


class TicketStory(RuleBasedStateMachine):
    """One ticket, its model, and everything people may try with it.

    `state`, `hold`, `before_hold`, ... are the model: they follow `tests.workflow.model` and what was done, and are
    never read back from the ticket. Team, assignee, office and confidentiality are read: they say who has which part.
    """

    kind: ClassVar[str]

    def __init__(self, cast: SimpleNamespace, time: Time) -> None:
        super().__init__()
        self.cast, self.time = cast, time
        self.drawing = model.DRAWINGS[self.kind]
        time.now = MONDAY
        self.around = transaction.atomic()
        self.around.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    # --- the beginning -------------------------------------------------------------------------------------------

    @initialize(
        requester=st.sampled_from(["warga", "asn", "koordinator"]),
        guarded=st.booleans(),
        change_type=st.sampled_from(["normal", "standard", "emergency"]),
        office=st.sampled_from(["dukcapil", "dinkes"]),
    )
    def report(self, requester: str, guarded: bool, change_type: str, office: str) -> None:
        self.requester, self.change_type = requester, change_type
        self.needs_approval = self.kind == "request" and guarded
        service = (self.cast.guarded if guarded else self.cast.free) if self.kind == "request" else None
        more = {"service": service, "office": factories.office(office)}
        self.other = factories.ticket(self.kind, requester=self.cast.warga, **more)
        self.a_change = factories.ticket("change", requester=self.cast.asn)
        self.pk = factories.ticket(self.kind, requester=getattr(self.cast, requester), **more).pk
        self.has_template = change_type == "standard" and not guarded
        template = self.cast.template if self.has_template else None
        # Set by hand: the intake refuses a standard change without its template, an older one may still have none.
        ChangeDetail.objects.filter(ticket_id=self.pk).update(change_type=change_type, template=template)
        self.state = self.drawing.initial
        self.hold = self.before_hold = self.before_merge = ""
        self.closed_at = self.closes_at = self.merged_at = None
        self.is_assessed = self.is_approved = False
        self.major = ""
        self.voters: set[str] = set()
        self.approvers: set[str] = set()
        self.assignee_at_approval = ""
        if self.needs_approval:
            self.state = "awaiting_approval"
            self.voters = {"penghubung"}
        self.look()

    # --- what people try -----------------------------------------------------------------------------------------

    @rule(data=st.data())
    def walk(self, data: st.DataObject) -> None:
        """A few steps that the drawing allows to somebody; the ends of a story are chosen less often."""
        for _ in range(data.draw(st.integers(2, 5))):
            self.stride(data)
            self.check()

    def stride(self, data: st.DataObject) -> None:
        options = []
        for step in self.drawing.by_name.values():
            people = [who for who in cases.ACTORS if self.refusal(step, who) is None]
            if people:
                rare = step.target in self.drawing.stages and self.drawing.stages[step.target] == "closed"
                options += [(step, people)] * (1 if rare or step.target == model.SAME else 4)
        if not options:
            return
        step, people = data.draw(st.sampled_from(options))
        self.attempt(step.name, data.draw(st.sampled_from(people)), data.draw(self.inputs(step.name)), True)

    @rule(data=st.data(), who=st.sampled_from(cases.ACTORS), is_valid=st.booleans())
    def try_any(self, data: st.DataObject, who: str, is_valid: bool) -> None:
        """Any step by anybody, allowed or not."""
        name = data.draw(st.sampled_from([*self.drawing.by_name, "terbang", "save", "delete"]))
        wrong = cases.invalid(name, self.facts)
        if is_valid or not wrong:
            self.attempt(name, who, data.draw(self.inputs(name)), True)
        else:
            self.attempt(name, who, data.draw(st.sampled_from(wrong)), False)

    @rule(data=st.data())
    def try_wrong_inputs(self, data: st.DataObject) -> None:
        """A step that would be allowed, with inputs that are not."""
        options = [
            (step.name, who, wrong)
            for step in self.drawing.by_name.values()
            for who in cases.ACTORS
            for wrong in cases.invalid(step.name, self.facts)
            if self.refusal(step, who) is None
        ]
        if options:
            self.attempt(*data.draw(st.sampled_from(options)), False)

    @rule(data=st.data(), who=st.sampled_from(["agen", "koordinator", "warga"]), behind=st.integers(1, 3))
    def try_stale(self, data: st.DataObject, who: str, behind: int) -> None:
        """A step by somebody who looked at the ticket before the last change."""
        name = data.draw(st.sampled_from(list(self.drawing.by_name)))
        inputs = data.draw(self.inputs(name))
        expected = Stale if cases.sees(who, self.facts) else NotVisible
        self.act(
            expected,
            lambda: perform(self.pk, name, self.user(who), expected_version=self.row.version - behind, **inputs),
        )

    @rule(
        who=st.sampled_from(cases.PEOPLE), internal=st.booleans(), text=st.sampled_from(["Halo.", "Bagaimana?", "  "])
    )
    def say(self, who: str, internal: bool, text: str) -> None:
        """A reply or a note; the requester's words resume a hold for them and reopen what was thought done."""
        parts = cases.parties(who, self.facts)
        staff = parts - {"requester"}
        may_write = bool(parts & {"agent", "coordinator"}) or "liaison" in parts
        speaks_as_requester = not internal and "requester" in parts
        expected: type[TicketError] | None = None
        if not cases.sees(who, self.facts):
            expected = NotVisible
        elif (internal and not (staff or self.judges(who))) or (
            not internal and not (may_write or speaks_as_requester)
        ):
            expected = Forbidden
        elif self.state == "merged" and not speaks_as_requester:
            expected = WrongState
        elif not text.strip():
            expected = InvalidInputs
        visibility = "internal" if internal else "public"
        done = self.act(
            expected, lambda: messages.post(ticket_id=self.pk, actor=self.user(who), text=text, visibility=visibility)
        )
        if done and speaks_as_requester and self.state != "merged":
            self.requester_spoke()

    @rule(data=st.data(), again=st.booleans())
    def hear_twice(self, data: st.DataObject, again: bool) -> None:
        """The requester's mail, once or twice: it is one message."""
        person = getattr(self.cast, self.requester)
        arrival = factories.message(
            "Dari surel.", channel="telegram", sender=Identity(user=person, email=person.email),
            trusted_ticket_id=self.pk, received_at=timezone.now(), external_id=str(data.draw(st.integers(0, 3))),
        )  # fmt: skip
        before = Message.objects.count()
        outcomes = [intake.receive(arrival).outcome for _ in range(1 + again)]
        assert set(outcomes[1:]) <= {intake.Outcome.DUPLICATE}
        added = Message.objects.count() - before
        if outcomes[0] == intake.Outcome.APPENDED and self.state != "merged":
            self.requester_spoke()
        elif outcomes[0] == intake.Outcome.CREATED:
            assert not self.still_takes_words(), "a message that its ticket could take opened another one"
        assert added <= 2
        self.look()

    @rule(data=st.data(), who=st.sampled_from(cases.PEOPLE))
    def edit(self, data: st.DataObject, who: str) -> None:
        """Facts are changed by staff: weights, and of complaints and incidents the confidentiality."""
        fields: dict[str, Any] = data.draw(
            st.sampled_from(
                [
                    {"impact": 4, "urgency": 4},
                    {"impact": 1, "urgency": 2},
                    {"subject": "Perihal lain"},
                    {"priority": 4, "priority_reason": "Pelayanan berhenti."},
                    {"warna": "merah"},
                    *([{"confidentiality": c} for c in self.confidentialities()]),
                ]
            )
        )
        wanted = fields.get("confidentiality")
        expected: type[TicketError] | None = None
        parts = cases.parties(who, self.facts)
        if not cases.sees(who, self.facts):
            expected = NotVisible
        elif not parts & {"agent", "coordinator"}:
            expected = Forbidden
        elif "warna" in fields:
            expected = InvalidInputs
        elif wanted and self.may_not_lower(who, wanted):
            expected = Forbidden
        reason = {"reason": "Diminta pelapor."} if wanted else {}
        self.act(expected, lambda: edits.change(ticket_id=self.pk, actor=self.user(who), **fields, **reason))

    @rule(hours=st.sampled_from([0.1, 3, 24, 24 * 4, 24 * 20]))
    def wait(self, hours: float) -> None:
        """Time passes and the sweeps run, twice: what they do they do once."""
        self.time.now += timedelta(hours=hours)
        now = self.time.now
        sweeps.run_due()
        if self.closes_at and now >= self.closes_at:
            self.arrive("closed")
        self.look()
        before = contents()
        entries = TimelineEntry.objects.count()
        sweeps.run_due()
        assert (TimelineEntry.objects.count(), Delivery.objects.count()) == (entries, len(before[Delivery]))
        self.look()

    # --- the model -----------------------------------------------------------------------------------------------

    @property
    def facts(self) -> cases.Facts:
        row = self.row
        return cases.Facts(
            kind=self.kind,
            requester=self.requester,
            team=row.team.code if row.team else "",
            assignee=row.assignee.username if row.assignee else "",
            office=row.office.code if row.office else "",
            owner_office="dukcapil" if self.needs_approval else "",
            is_restricted=row.is_restricted,
            voters=frozenset(self.voters if self.state == "awaiting_approval" else ()),
        )

    def user(self, who: str) -> Any:
        return None if who == "system" else getattr(self.cast, who)

    def judges(self, who: str) -> bool:
        """Change approvers write notes on changes at any time, those who were asked to approve a request on that."""
        if self.row.is_restricted:
            return False
        return (self.kind == "change" and who in ("cab", "cab_dua")) or (self.needs_approval and who == "penghubung")

    def confidentialities(self) -> list[str]:
        return ["normal", "anonymous", "secret", "whistleblowing"] if self.kind in ("complaint", "incident") else []

    def may_not_lower(self, who: str, wanted: str) -> bool:
        """Only a confidential officer, or the reporter, takes the cover off somebody who asked to stay unnamed."""
        order = ["normal", "anonymous", "secret", "whistleblowing"]
        lowers = order.index(wanted) < order.index(self.row.confidentiality)
        return (
            lowers
            and self.row.confidentiality in ("anonymous", "whistleblowing")
            and who not in ("inspektorat", self.requester)
        )

    def inputs(self, name: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.sampled_from(cases.valid(name, self.facts, self.a_change.number, self.other.number))

    def refusal(self, step: model.Step, who: str) -> type[TicketError] | None:
        """How this attempt with good inputs must be refused, or None."""
        if not cases.sees(who, self.facts):
            return NotVisible
        if not cases.parties(who, self.facts) & step.by:
            return Forbidden
        if self.state not in step.sources or not self.condition(step.name, who):
            return WrongState
        return InvalidInputs if step.name == "merge" and not self.can_merge(who) else None

    def can_merge(self, who: str) -> bool:
        """The other ticket is an ordinary one of the service desk, and all its team's people work on it."""
        may = cases.parties(who, self.other_facts) & model.STAFF
        return bool(may) and self.row.confidentiality == "normal" and self.other.stage != "closed"

    @property
    def other_facts(self) -> cases.Facts:
        other = self.other
        return cases.Facts(
            kind=self.kind,
            requester="warga",
            team=other.team.code if other.team else "",
            office=other.office.code if other.office else "",
        )

    def condition(self, name: str, who: str) -> bool:
        """The conditions of the drawing beyond state and part."""
        if name == "reopen" and self.kind != "problem" and not self.in_time():
            return False
        rule_of = getattr(self, f"_{self.kind}_condition")
        if name == "unmerge":
            return self.time.now - self.merged_at <= timedelta(hours=24)
        return rule_of(name, who)

    def in_time(self) -> bool:
        return self.closed_at is None or self.time.now <= model.working_days_later(
            self.closed_at, model.REOPEN_WORKING_DAYS
        )

    def _incident_condition(self, name: str, who: str) -> bool:
        if name == "declare_major":
            return not self.major and not self.row.is_restricted
        if name in ("update_major", "end_major"):
            leads = who == self.major or "coordinator" in cases.parties(who, self.facts)
            return bool(self.major) and leads and not (name == "update_major" and self.row.is_restricted)
        return True

    def _complaint_condition(self, name: str, who: str) -> bool:
        return not (name == "forward" and self.row.is_restricted)

    def _problem_condition(self, name: str, who: str) -> bool:
        return True

    def _request_condition(self, name: str, who: str) -> bool:
        missing = self.needs_approval and not self.is_approved
        if name == "ask_approval":
            return missing
        if name in ("assign", "start", "fulfil", "reopen"):
            return not missing
        return True

    def _change_condition(self, name: str, who: str) -> bool:
        if name in ("submit", "schedule") and self.change_type == "standard" and not self.has_template:
            return False
        if name == "ask_approval":
            return self.is_assessed or self.change_type == "emergency"
        if name in ("approve", "reject"):
            return who not in (self.requester, self.facts.assignee)
        if name == "schedule" and self.state == "submitted":
            return self.change_type == "standard"
        if name == "implement":
            return who not in self.approvers
        if name == "close":
            return self.is_assessed or self.change_type == "standard"
        return True

    def attempt(self, name: str, who: str, inputs: dict[str, Any], is_valid: bool) -> None:
        step = self.drawing.by_name.get(name)
        if step is None:
            expected: type[TicketError] | None = NotVisible
        else:
            expected = self.refusal(step, who) or (None if is_valid else InvalidInputs)
        if self.act(expected, lambda: perform(self.pk, name, self.user(who), **inputs)):
            self.follow(step, who, inputs)

    def follow(self, step: model.Step, who: str, inputs: dict[str, Any]) -> None:
        """Do to the model what the step does to the ticket."""
        name, source = step.name, self.state
        if name in ("ask_approval", "ask_again") or (name == "resubmit" and self.kind == "request"):
            self.ask()
        if name in ("approve", "reject") and not self.vote(name, who):
            return
        if name == "hold":
            self.hold, self.before_hold = inputs["reason"], source
        if name in ("resume", "resolve", "fulfil"):
            self.hold = ""
        if name in ("assess", "complete_assessment"):
            self.is_assessed = True
        if name == "resubmit" and self.kind == "change":
            self.is_approved = False
            self.approvers = set()
        if name == "declare_major":
            self.major = inputs["coordinator"]
        if name == "end_major":
            self.major = ""
        if name == "merge":
            self.before_merge, self.merged_at = source, self.time.now
        target = {model.SAME: source, model.BEFORE_HOLD: self.before_hold, model.BEFORE_MERGE: self.before_merge}
        self.arrive(target.get(step.target, step.target))

    def ask(self) -> None:
        self.is_approved, self.approvers = False, set()
        self.voters = {"cab", "cab_dua"} if self.kind == "change" else {"penghubung"}
        if self.row.is_restricted:
            self.voters = {"inspektorat"}
        self.voters -= {self.requester, self.facts.assignee}

    def vote(self, name: str, who: str) -> bool:
        """Whether this vote decides: one approval does, a refusal only once nobody is left to approve."""
        self.voters.discard(who)
        if name == "approve":
            self.is_approved = True
            self.approvers.add(who)
            self.assignee_at_approval = self.facts.assignee
            return True
        return not self.voters

    def arrive(self, state: str) -> None:
        """The model is now in `state`, since this moment."""
        at = self.row_updated_at()
        was, self.state = self.drawing.stages[self.state], state
        stage = self.drawing.stages[state]
        if stage == "closed":
            self.closed_at = self.closed_at or at
        elif stage != "resolved" or was == "closed":
            self.closed_at = None
        days = self.drawing.closes_after if stage == "resolved" else None
        self.closes_at = model.working_days_later(at, days) if days else None

    def row_updated_at(self) -> datetime:
        return Ticket.objects.values_list("updated_at", flat=True).get(pk=self.pk)

    def requester_spoke(self) -> None:
        stage = self.drawing.stages[self.state]
        if stage == "waiting" and self.hold == "requester":
            self.hold = ""
            self.arrive(self.before_hold)
        elif self.still_takes_words() and stage in ("resolved", "closed") and "reopen" in self.drawing.by_name:
            step = self.drawing.by_name["reopen"]
            if self.state in step.sources and self.condition("reopen", "system"):
                self.arrive(step.target)

    def still_takes_words(self) -> bool:
        step = self.drawing.by_name.get("reopen")
        if self.drawing.stages[self.state] != "closed":
            return True
        return bool(step and self.state in step.sources and self.condition("reopen", "system"))

    # --- looking at the ticket -----------------------------------------------------------------------------------

    def act(self, expected: type[TicketError] | None, action: Any) -> bool:
        """Run the action; a refusal must be the expected one and change nothing. Whether it was done."""
        before = contents()
        try:
            action()
        except TicketError as error:
            assert type(error) is expected, f"expected {expected}, got {type(error).__name__}: {error.message}"
            assert contents() == before, "a refusal changed something"
            return False
        assert expected is None, f"should have been refused with {expected}"
        self.no_doubled_delivery(before)
        self.row = Ticket.objects.select_related("team", "assignee", "office").get(pk=self.pk)
        return True

    def no_doubled_delivery(self, before: dict[Any, list[Any]]) -> None:
        """One event tells one person one thing once."""
        known = {row[0] for row in before[Delivery]}
        new = Delivery.objects.exclude(pk__in=known).values_list("recipient", "channel", "subject", "text")
        assert max(Counter(new).values(), default=0) <= 1

    def look(self) -> None:
        self.row = Ticket.objects.select_related("team", "assignee", "office").get(pk=self.pk)

    @invariant()
    def the_ticket_is_what_the_model_says(self) -> None:
        if hasattr(self, "pk"):
            self.check()

    def check(self) -> None:
        self.look()
        row, stage = self.row, self.drawing.stages[self.state]
        assert (row.state, row.stage) == (self.state, stage)
        assert row.is_open == (stage in model.OPEN_STAGES)
        assert bool(row.closed_at) == (stage == "closed")
        assert row.auto_close_at == self.closes_at
        self.clocks_fit(stage)
        self.history_holds()
        self.approval_was_given()
        doubled = Counter(Delivery.objects.exclude(cause="").values_list("cause", "recipient", "topic"))
        assert max(doubled.values(), default=0) <= 1
        if row.is_restricted:
            assert row.team is None or row.team.is_confidential
            assert row.assignee is None or row.assignee.username == "inspektorat"

    def clocks_fit(self, stage: str) -> None:
        clocks = list(Clock.objects.filter(ticket_id=self.pk))
        assert clocks, "no clock, nothing to check"
        if stage in ("resolved", "closed"):
            assert all(clock.is_stopped for clock in clocks)
            assert self.row.due_at is None
        else:
            runs = {clock.segments.order_by("-position").first().run for clock in clocks if not clock.is_stopped}
            assert runs <= {"paused" if stage == "waiting" else "running"}

    def history_holds(self) -> None:
        assert timeline.first_broken(self.pk) is None
        entries = list(TimelineEntry.objects.filter(ticket_id=self.pk).order_by("position"))
        assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
        moves = [entry for entry in entries if entry.code == timeline.TRANSITION]
        assert (moves[-1].changes["new_state"] if moves else self.drawing.initial) == self.row.state
        for earlier, later in pairwise(moves):
            assert earlier.changes["new_state"] == later.changes["old_state"]

    def approval_was_given(self) -> None:
        """Whatever way the ticket took, it is not worked on without a yes of somebody who may give it."""
        worked_on = {
            "change": {"approved", "scheduled", "implementing", "implemented", "rolled_back", "failed", "review"},
            "request": {"approved", "assigned", "in_progress", "fulfilled"},
        }.get(self.kind, set())
        is_free = self.change_type == "standard" if self.kind == "change" else not self.needs_approval
        if is_free or self.state not in worked_on:
            return
        votes = Vote.objects.filter(step__round__ticket_id=self.pk, decision="approve", step__round__state="approved")
        names = set(votes.values_list("decided_by__username", flat=True))
        assert names, f"{self.state} without an approval"
        assert names <= {"cab", "cab_dua", "inspektorat"} if self.kind == "change" else {"penghubung", "inspektorat"}
        assert self.requester not in names and self.row.assignee_id not in votes.values_list("decided_by", flat=True)
        detail = ChangeDetail.objects.filter(ticket_id=self.pk).select_related("implemented_by").first()
        assert detail is None or detail.implemented_by is None or detail.implemented_by.username not in names
