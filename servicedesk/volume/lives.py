"""What happens to a generated ticket: the steps of one life, as plain values."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from servicedesk.volume.words import Words
from tickets.choices import ComplaintClass, HoldReason, Kind, ResolutionCode


@dataclass(slots=True)
class Step:
    """After `after` working minutes, `by` runs the transition `do` (or says `text`, or both).

    `by`: desk, staff, requester, approver, liaison, system. `put`: fields of the ticket this sets. `ends` marks the
    first step that a ticket left open never reaches. `after` below zero: when the time to object has passed.
    """

    after: float
    by: str
    do: str = ""
    text: str = ""
    public: bool = True
    put: Mapping[str, Any] = field(default_factory=dict)
    ends: bool = False


@dataclass(slots=True)
class Story:
    """What a life is made from: `response` and `work` are working minutes until the first answer and the end."""

    rng: random.Random
    words: Words
    topic: Mapping[str, Sequence[str]]
    office: str
    service: str
    response: float
    work: float
    needs_approval: bool = False
    is_restricted: bool = False
    stays_open: bool = False
    case: int = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, choices: Sequence[str]) -> str:
        return self.words.pick(choices, self.office, self.service)

    def matching(self, choices: Sequence[str]) -> str:
        """The sentence of this ticket's case: equal positions in the lists of a topic fit together."""
        return self.words.fill(choices[self.case % len(choices)], self.office, self.service)


def steps_of(kind: str, story: Story) -> list[Step]:
    """The whole life; a ticket left open breaks it off before the step that `ends`."""
    return list(LIVES[kind](story))


def _first_reply(story: Story, by: str = "staff") -> Step:
    return Step(story.response * 0.6, by, text=story.words.say("first_replies"))


def _hold(story: Story) -> Iterator[Step]:
    """Now and then somebody else is waited for; what the requester answers resumes the work."""
    drawn = story.rng.random() * (0.4 if story.stays_open else 1.0)
    if drawn < 0.12:
        put = {"hold_reason": HoldReason.REQUESTER}
        yield Step(story.work * 0.2, "staff", "hold", story.words.say("questions"), put=put)
        yield Step(story.work * 0.4, "requester", text=story.words.say("answers"), ends=story.stays_open)
        yield Step(0, "system", "resume", put={"hold_reason": ""})
    elif drawn < 0.18:
        put = {"hold_reason": HoldReason.THIRD_PARTY}
        yield Step(story.work * 0.2, "staff", "hold", story.words.say("thirds"), public=False, put=put)
        note = story.words.say("resume_notes")
        released = {"hold_reason": ""}
        yield Step(story.work * 0.8, "staff", "resume", note, public=False, put=released, ends=story.stays_open)
    elif drawn < 0.35:
        yield Step(story.work * 0.2, "staff", text=story.words.say("notes"), public=False)


def _end(story: Story) -> Step:
    """Closed by the requester, or (`after` below zero) by itself when the time to object has passed."""
    if story.chance(0.3):
        return Step(60 + 300 * story.rng.random(), "requester", "close")
    return Step(-1, "system", "close")


def _incident(story: Story) -> Iterator[Step]:
    if story.chance(0.03):
        yield Step(story.response, "requester", "cancel", story.words.say("cancels"), ends=True)
        return
    if story.chance(0.7):
        yield Step(story.response * 0.4, "desk", "assign", put={"assign": True})
    yield _first_reply(story)
    yield Step(story.work * 0.1, "staff", "start")
    yield from _hold(story)
    yield _resolve(story, 0.7)
    if story.chance(0.04):
        yield Step(200 * story.rng.random(), "requester", text=story.words.say("reopens"))
        yield Step(0, "system", "reopen", put={"reopened": True})
        yield _resolve(story, 0.3)
    yield _end(story)


def _resolve(story: Story, share: float) -> Step:
    solution = story.matching(story.topic["solutions"])
    code = ResolutionCode.FIXED if story.chance(0.8) else ResolutionCode.WORKAROUND
    put = {"solution": solution, "resolution_code": code}
    return Step(story.work * share, "staff", "resolve", solution, put=put, ends=True)


def _request(story: Story) -> Iterator[Step]:
    if story.needs_approval:
        yield Step(0, "system", "ask_approval")
        if story.chance(0.1):
            yield Step(story.work * 0.5, "approver", "reject", story.words.say("rejects"), ends=True)
            yield Step(-1, "system", "close")
            return
        yield Step(story.work * 0.3, "approver", "approve")
    yield Step(story.response * 0.4, "desk", "assign", put={"assign": True})
    yield _first_reply(story)
    yield Step(story.work * 0.2, "staff", "start")
    yield from _hold(story)
    result = story.matching(story.topic["results"])
    yield Step(story.work * 0.5, "staff", "fulfil", result, put={"solution": result}, ends=True)
    yield _end(story)


def _complaint(story: Story) -> Iterator[Step]:
    if not story.is_restricted and story.chance(0.07):
        yield Step(story.response, "desk", "archive", story.words.say("archives"), ends=True)
        return
    if not story.is_restricted and story.chance(0.06):
        put = {"handed_off_to": story.words.say("authorities")}
        yield Step(story.response, "desk", "hand_off", story.words.say("hand_offs"), put=put, ends=True)
        return
    yield Step(story.response * 0.5, "desk", "verify")
    handler = "desk" if story.is_restricted else "liaison"
    if not story.is_restricted:
        yield Step(30, "desk", "forward", put={"forwarded": True})
    yield _first_reply(story, handler)
    yield Step(story.work * 0.2, handler, "start")
    answer = story.matching(story.words.lists["complaint"]["answers"])
    yield Step(story.work * 0.7, handler, "respond", answer, put={"solution": answer}, ends=True)
    yield _end(story)


def _problem(story: Story) -> Iterator[Step]:
    lists = story.words.lists["problem"]
    yield _first_reply(story)
    yield Step(story.response * 0.3, "staff", "investigate", put={"assign": True})
    if story.chance(0.6):
        put = {"root_cause": story.matching(lists["causes"]), "workaround": story.matching(lists["workarounds"])}
        yield Step(story.work * 0.4, "staff", "mark_known_error", put=put)
    solution = story.matching(lists["solutions"])
    put = {"solution": solution, "resolution_code": ResolutionCode.FIXED}
    yield Step(story.work * 0.6, "staff", "resolve", solution, put=put, ends=True)
    yield Step(900, "staff", "close")


def _change(story: Story) -> Iterator[Step]:
    lists = story.words.lists["change"]
    yield Step(30, "desk", "submit")
    yield _first_reply(story)
    assessment = {
        "risk": 1 + int(story.rng.random() * 3),
        "impact_note": "Layanan terhenti singkat di luar jam pelayanan.",
        "plan": story.pick(lists["plans"]),
        "back_out_plan": story.pick(lists["back_outs"]),
        "test_plan": story.pick(lists["tests"]),
    }
    yield Step(story.work * 0.1, "staff", "assess", put=assessment)
    yield Step(20, "staff", "ask_approval")
    yield Step(story.work * 0.2, "approver", "approve", put={"approved_by": True})
    yield Step(60, "staff", "schedule", put={"window": True})
    yield Step(story.work * 0.3, "staff", "implement", put={"implemented_by": True})
    note = story.pick(lists["outcomes"])
    outcome = {"outcome": "implemented"}
    yield Step(120, "staff", "complete", note, public=False, put=outcome, ends=True)
    yield Step(450, "staff", "review", put={"review": story.pick(lists["reviews"])})
    yield Step(60, "staff", "close")


LIVES: dict[str, Callable[[Story], Iterator[Step]]] = {
    Kind.INCIDENT: _incident,
    Kind.REQUEST: _request,
    Kind.COMPLAINT: _complaint,
    Kind.PROBLEM: _problem,
    Kind.CHANGE: _change,
}

COMPLAINT_CLASSES = {
    ComplaintClass.ORDINARY: 55,
    ComplaintClass.INFORMATION: 25,
    ComplaintClass.SUPERVISORY: 8,
    ComplaintClass.ASPIRATION: 12,
}
