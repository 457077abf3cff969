"""From a plan to unsaved rows: one ticket with its conversation, history and clocks.

States are set here directly and nowhere else: 100,000 tickets through the workflow would take hours, and the point of
generated volume is to have it in a minute. Every step is taken from the state machines themselves (sources, targets,
labels, stages), and every clock is read by the same replay as in daily work, so that what comes out is what the
workflow would have left behind. Nothing is sent to anybody.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Contact, Office, Team, User
from catalog.models import Service
from servicedesk.volume import clocks
from servicedesk.volume.drafts import Draft, EntryRow, Life, MessageRow, Plan, SpellRow
from servicedesk.volume.lives import COMPLAINT_CLASSES, Step, Story, steps_of
from servicedesk.volume.words import Words
from servicedesk.volume.world import MINUTES_A_DAY, World, choose, requester_class
from sla.models import Metric
from sla.policies import ChosenTarget, Facts
from tickets import timeline
from tickets.choices import OPEN_STAGES, RESTRICTED, Channel, Confidentiality, Direction, Kind, Level, Stage, Visibility
from tickets.kinds import machines
from tickets.kinds.base import Machine, TransitionInfo
from tickets.models import Ticket
from tickets.numbers import ALPHABET, CODE_LENGTH
from tickets.workflow import AUTO_CLOSE_WORKING_DAYS

CHANNELS = {
    Channel.WEB: 45,
    Channel.EMAIL: 20,
    Channel.TELEGRAM: 14,
    Channel.PHONE: 12,
    Channel.WALK_IN: 6,
    Channel.LETTER: 3,
}
TYPED = (Channel.PHONE, Channel.WALK_IN, Channel.LETTER)
LEVELS = {Level.LOW: 25, Level.MEDIUM: 50, Level.HIGH: 20, Level.CRITICAL: 5}
SYSTEM_NAME = "Sistem"
NOBODY = "Petugas"


class Builder:
    """Builds drafts up to the instant `until`, drawing everything from `rng`."""

    def __init__(self, rng: random.Random, words: Words, world: World, until: datetime) -> None:
        self.rng, self.words, self.world, self.until = rng, words, world, until
        self.machines: Mapping[str, type[Machine]] = machines()
        self.infos: dict[tuple[str, str], TransitionInfo] = {
            (kind, info.name): info for kind, machine in self.machines.items() for info in machine.transitions()
        }
        self.step_labels = {key: str(info.edge.label) for key, info in self.infos.items()}
        self.labels = {
            (kind, state): str(label)
            for kind, machine in self.machines.items()
            for state, (label, _stage) in machine.STATES.items()
        }

    def build(self, plan: Plan) -> Draft:
        """One ticket with its whole life up to `until`."""
        requester = self._requester(plan)
        service, office = self._subject_matter(plan, requester)
        team = self._team(plan, service)
        story, level = self._story(plan, service, office, requester)
        ticket = Ticket(
            number=plan.number,
            kind=plan.kind,
            state="new",
            subject=self._subject(plan, story),
            requester=requester,
            requester_class=requester_class(requester),
            channel=self._weighted(CHANNELS),
            service=service,
            confidentiality=plan.confidentiality,
            is_restricted=plan.confidentiality in RESTRICTED,
            access_code="".join(self.rng.choices(ALPHABET, k=CODE_LENGTH)),
            created_at=plan.created_at,
            **level,
        )
        ticket.reply_channel = ticket.channel
        draft = Draft(ticket)
        draft.facts = self._first_facts(plan)
        self._tell(draft, story, self._life(plan, team, office), plan)
        return draft

    def _life(self, plan: Plan, team: Team, office: Office | None) -> Life:
        initial = self.machines[plan.kind].INITIAL
        return Life(plan.kind, initial, self.machines[plan.kind].stage_of(initial), team, office)

    # What the ticket is about

    def _weighted(self, weights: Mapping[Any, int]) -> Any:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _requester(self, plan: Plan) -> Contact:
        citizen_share = {Kind.COMPLAINT: 0.92, Kind.INCIDENT: 0.15}.get(Kind(plan.kind), 0.0)
        pool = self.world.citizens if self.rng.random() < citizen_share else self.world.civil_servants
        return pool[int(self.rng.random() * len(pool))]

    def _subject_matter(self, plan: Plan, requester: Contact) -> tuple[Service | None, Office | None]:
        if plan.kind == Kind.COMPLAINT:
            return None, self.rng.choice(self.world.offices)
        if plan.kind == Kind.REQUEST:
            service = self.rng.choices(self.world.requestable, self.world.request_weights)[0]
        else:
            service = self.rng.choices(self.world.services, self.world.service_weights)[0]
        return service, requester.office

    def _team(self, plan: Plan, service: Service | None) -> Team:
        special = {
            Confidentiality.WHISTLEBLOWING: self.world.whistleblowing,
            Confidentiality.SECRET: self.world.secret,
        }.get(Confidentiality(plan.confidentiality))
        return special or (service.support_team if service else None) or self.world.desk

    def _first_facts(self, plan: Plan) -> dict[str, Any]:
        if plan.kind == Kind.COMPLAINT:
            return {"complaint_class": self._weighted(COMPLAINT_CLASSES)}
        return {}

    def _subject(self, plan: Plan, story: Story) -> str:
        lists = self.words.lists
        if plan.kind in (Kind.COMPLAINT, Kind.PROBLEM, Kind.CHANGE):
            return story.matching(lists[plan.kind]["subjects"])[:120]
        return story.matching(story.topic[plan.kind])[:120]

    def _story(
        self, plan: Plan, service: Service | None, office: Office | None, requester: Contact
    ) -> tuple[Story, dict[str, Any]]:
        impact, urgency = self._weighted(LEVELS), self._weighted(LEVELS)
        priority = self.world.matrix.get((impact, urgency)) or Level((impact + urgency + 1) // 2).value
        facts = Facts(plan.kind, priority, service.pk if service else None, requester_class(requester))
        targets = self.world.targets(facts)
        usual = service or self.world.services[0]
        story = Story(
            rng=self.rng,
            words=self.words,
            topic=self.words.topic(usual),
            office=office.name if office else "kantor kami",
            service=service.name if service else "",
            response=_minutes(targets.get(Metric.RESPONSE.value), 60) * self.rng.lognormvariate(-0.9, 0.75),
            work=_minutes(targets.get(Metric.RESOLUTION.value), 900) * self.rng.lognormvariate(-1.0, 0.75),
            needs_approval=bool(service and service.needs_approval and plan.kind == Kind.REQUEST),
            is_restricted=plan.confidentiality in RESTRICTED,
            stays_open=plan.stays_open,
            case=int(self.rng.random() * 5040),
        )
        return story, {"impact": impact, "urgency": urgency, "priority": priority}

    # What happens to it

    def _tell(self, draft: Draft, story: Story, life: Life, plan: Plan) -> None:
        ticket = draft.ticket
        worker = choose(self.rng, self.world.members.get(life.team.pk, []))
        desk = worker if story.is_restricted else choose(self.rng, self.world.members.get(self.world.desk.pk, []))
        self._open(draft, story, life, desk)
        moment = plan.created_at
        for step in steps_of(plan.kind, story):
            if plan.stays_open and (step.ends or self.rng.random() < 0.12):
                break
            at = self._moment_of(step, moment, life)
            if at is None or at > self.until:
                break
            moment = at
            self._take(draft, step, life, moment, {"staff": worker, "desk": desk})
        self._finish(ticket, life, moment)

    def _moment_of(self, step: Step, moment: datetime, life: Life) -> datetime | None:
        if step.after < 0:
            return life.auto_close_at
        if step.after == 0:
            return moment
        return self.world.calendar.add(moment, timedelta(minutes=step.after))

    def _open(self, draft: Draft, story: Story, life: Life, desk: User | None) -> None:
        ticket = draft.ticket
        at, contact, channel = ticket.created_at, ticket.requester, ticket.channel
        typist = desk if channel in TYPED else None
        name = typist.display_name if typist else str(contact)
        created = {"kind": ticket.kind}
        draft.entries.append(EntryRow(timeline.CREATED, _pk(typist), name, channel, True, at, created))
        bodies = story.words.lists.get(ticket.kind, story.topic)
        key = {Kind.REQUEST: "request_bodies"}.get(Kind(ticket.kind), "bodies")
        text = story.words.report(story.matching(bodies[key]))
        self._say(draft, life, Step(0, "requester", text=text), at, None)
        facts = Facts(
            ticket.kind,
            ticket.priority,
            ticket.service_id,
            ticket.requester_class,
            draft.facts.get("complaint_class", ""),
            life.team.pk,
        )
        self._keep_spell(draft, life, at)
        draft.targets = self.world.targets(facts)
        clocks.follow(draft, life, at)

    def _take(self, draft: Draft, step: Step, life: Life, at: datetime, people: dict[str, User | None]) -> None:
        user = self._user(step, life, people)
        before = (life.state, life.assignee)
        if step.do:
            self._move(draft, step, life, at, user, people)
        if step.text:
            self._say(draft, life, step, at, user)
        if step.do:
            self._record_move(draft, step, life, at, user, before)
        life.version += 1
        self._keep_spell(draft, life, at)
        clocks.follow(draft, life, at)

    def _keep_spell(self, draft: Draft, life: Life, at: datetime) -> None:
        """Begin a spell when the state changed, as `tickets.spells.keep` does."""
        reason = draft.ticket.hold_reason if life.stage == Stage.WAITING else ""
        last = draft.spells[-1] if draft.spells else None
        if last is None or (last.state, last.hold_reason) != (life.state, reason):
            draft.spells.append(SpellRow(life.state, life.stage, reason, life.team.pk, at))

    def _user(self, step: Step, life: Life, people: dict[str, User | None]) -> User | None:
        if step.by in people:
            return people[step.by]
        if step.by == "approver":
            return choose(self.rng, self.world.approvers if life.kind == Kind.CHANGE else self.world.coordinators)
        if step.by == "liaison":
            return choose(self.rng, self.world.liaisons.get(life.office.pk if life.office else 0, [])) or people["desk"]
        return None

    def _move(
        self, draft: Draft, step: Step, life: Life, at: datetime, user: User | None, people: dict[str, User | None]
    ) -> None:
        """Change the state as the machine says, and what hangs on it as the workflow does."""
        info = self.infos[life.kind, step.do]
        if life.state not in info.sources:
            raise ValueError(f"{life.kind}: {step.do} does not leave from {life.state}")
        old = life.state
        if info.target == "resume_state":
            life.state = life.resume_state
        elif info.target is not None:
            life.state = info.target
        if step.do == "hold":
            life.resume_state = old
        life.stage = self.machines[life.kind].stage_of(life.state)
        if life.stage in (Stage.RESOLVED, Stage.CLOSED):
            life.resolved_at = life.resolved_at or at
        else:
            life.resolved_at = life.closed_at = None
        if life.stage == Stage.CLOSED:
            life.closed_at = life.closed_at or at
        days = AUTO_CLOSE_WORKING_DAYS.get(Kind(life.kind)) if life.stage == Stage.RESOLVED else None
        life.auto_close_at = self.world.calendar.add_working_days(at, days) if days else None
        self._put(draft, step.put, life, at, user)
        if step.put.get("assign") or (step.do in {"start", "investigate", "implement"} and life.assignee is None):
            life.assignee = people["staff"]

    def _put(self, draft: Draft, put: Mapping[str, Any], life: Life, at: datetime, user: User | None) -> None:
        for name, value in put.items():
            if name == "reopened":
                life.reopen_count += 1
                draft.ticket.solution = draft.ticket.resolution_code = ""
            elif name == "window":
                start = self.world.calendar.add_working_days(at, 2)
                draft.facts |= {"window_start": start, "window_end": start + timedelta(hours=3)}
            elif name in ("approved_by", "implemented_by"):
                draft.facts[name] = user
            elif name == "forwarded":
                draft.facts["forwarded_to"] = life.office
            elif name in ("solution", "resolution_code", "hold_reason"):
                setattr(draft.ticket, name, value)
            elif name != "assign":
                draft.facts[name] = value

    def _say(self, draft: Draft, life: Life, step: Step, at: datetime, user: User | None) -> None:
        ticket = draft.ticket
        by_requester, by_system = step.by == "requester", step.by == "system"
        direction = Direction.IN if by_requester else Direction.OUT if step.public else Direction.NOTE
        name = str(ticket.requester) if by_requester else self._name(user, by_system)
        channel = ticket.channel if by_requester else Channel.SYSTEM if by_system else Channel.WEB
        message = MessageRow(
            direction=direction,
            visibility=Visibility.PUBLIC if step.public else Visibility.INTERNAL,
            author_user_id=_pk(user),
            author_contact_id=ticket.requester_id if by_requester else None,
            author_name=name,
            is_automatic=by_system,
            channel=channel,
            text=step.text,
            created_at=at,
        )
        draft.messages.append(message)
        code = {Direction.IN: timeline.MESSAGE_IN, Direction.OUT: timeline.MESSAGE_OUT}.get(direction, timeline.NOTE)
        draft.entries.append(EntryRow(code, _pk(user), name, channel, step.public, at, {}, message))
        if direction == Direction.OUT and not by_system:
            life.first_response_at = life.first_response_at or at
            life.last_reply_at = at

    def _record_move(
        self,
        draft: Draft,
        step: Step,
        life: Life,
        at: datetime,
        user: User | None,
        before: tuple[str, User | None],
    ) -> None:
        info = self.infos[life.kind, step.do]
        old, assignee = before
        changes: dict[str, Any] = {
            "transition": step.do,
            "label": self.step_labels[life.kind, step.do],
            "old": self.labels[life.kind, old],
            "new": self.labels[life.kind, life.state],
            "old_state": old,
            "new_state": life.state,
        }
        if life.assignee is not assignee and life.assignee:
            changes["assignee"] = [assignee.display_name if assignee else "", life.assignee.display_name]
        by_requester, by_system = step.by == "requester", step.by == "system"
        name = str(draft.ticket.requester) if by_requester else self._name(user, by_system)
        channel = draft.ticket.channel if by_requester else Channel.SYSTEM if by_system else Channel.WEB
        draft.entries.append(EntryRow(timeline.TRANSITION, _pk(user), name, channel, info.edge.public, at, changes))

    def _name(self, user: User | None, by_system: bool) -> str:
        if by_system:
            return SYSTEM_NAME
        return user.display_name if user else NOBODY

    def _finish(self, ticket: Ticket, life: Life, moment: datetime) -> None:
        """Copy what the story left behind. A fresh row may be given any state; a saved one may not."""
        ticket.__dict__["state"] = life.state
        ticket.stage, ticket.is_open = life.stage, life.stage in OPEN_STAGES
        ticket.team, ticket.office, ticket.assignee = life.team, life.office, life.assignee
        ticket.first_response_at, ticket.last_reply_at = life.first_response_at, life.last_reply_at
        ticket.team_since = ticket.created_at
        ticket.resolved_at, ticket.closed_at = life.resolved_at, life.closed_at
        ticket.auto_close_at = life.auto_close_at
        ticket.resume_state = life.resume_state
        ticket.reopen_count, ticket.version = life.reopen_count, life.version
        ticket.updated_at = moment


def _pk(user: User | None) -> int | None:
    return user.pk if user else None


def _minutes(target: ChosenTarget | None, otherwise: int) -> float:
    """A target as a usual amount of working minutes."""
    if target is None:
        return otherwise
    return target.minutes or (target.working_days or 1) * MINUTES_A_DAY
