"""What the five state machines share: parties, the metadata of an edge, and what a transition may say."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.functional import Promise

from tickets.choices import OPEN_STAGES, Stage
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor

type_label = str | Promise


class Party(StrEnum):
    """The part somebody has in one ticket; `tickets.access.parties` tells which."""

    REQUESTER = "requester"
    AGENT = "agent"
    COORDINATOR = "coordinator"
    LIAISON = "liaison"
    APPROVER = "approver"
    CAB = "cab"
    SYSTEM = "system"


STAFF = (Party.AGENT, Party.COORDINATOR)

Guard = Callable[[Ticket, "Actor"], str | None]
"""Returns the Indonesian reason of a refusal, or None."""

Companions = Callable[[int, Mapping[str, Any]], Iterable[int]]
"""From the ticket's id and the raw inputs: the ids of the other tickets that the step changes along with it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Metadata of one transition; screens, API, bot and docs are generated from it.

    `public`: the requester sees the event in the timeline. `stops`: metrics whose clock ends here, besides what the
    stage of the target state implies. `confirm`: the screen asks again because it cannot be undone. `settles`: of a
    vote, the state it leads to once enough people have voted; until then the ticket stays where it is. `companions`:
    the other tickets it changes; all are locked together, the older first.
    """

    label: type_label
    by: tuple[Party, ...]
    form: type[forms.Form] | None = None
    public: bool = True
    stops: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    confirm: bool = False
    settles: str = ""
    companions: Companions | None = None

    def as_custom(self) -> dict[str, "Edge"]:
        return {"edge": self}


def edge(label: type_label, by: Sequence[Party], form: type[forms.Form] | None = None, **more: Any) -> dict[str, Edge]:
    """The `custom=` argument of a django-fsm transition."""
    return Edge(label=label, by=tuple(by), form=form, **more).as_custom()


@dataclass(frozen=True, slots=True)
class Say:
    """What a transition adds to the conversation: to the requester when `public`, else as an internal note."""

    text: str
    public: bool = True


@dataclass(frozen=True, slots=True)
class TransitionInfo:
    """One transition of a kind, flattened for screens, API and docs."""

    name: str
    sources: tuple[str, ...]
    target: str | None
    edge: Edge


class Machine:
    """Mixin of the proxies: names the states and reads the transitions.

    `STATES` maps each state to (Indonesian label, stage).
    """

    STATES: ClassVar[Mapping[str, tuple[type_label, Stage]]]
    PREFIX: ClassVar[str]
    INITIAL: ClassVar[str] = "new"

    @classmethod
    def label_of(cls, state: str) -> type_label:
        return cls.STATES[state][0] if state in cls.STATES else state

    @classmethod
    def stage_of(cls, state: str) -> Stage:
        return cls.STATES[state][1]

    @classmethod
    def open_states(cls) -> list[str]:
        return [state for state, (_label, stage) in cls.STATES.items() if stage in OPEN_STAGES]

    @classmethod
    def transitions(cls) -> Iterator[TransitionInfo]:
        """Every transition, in the order of the class body."""
        for name in cls._transition_names():
            fsm = getattr(cls, name)._django_fsm
            first = next(iter(fsm.transitions.values()))
            edge_ = first.custom["edge"]
            is_fixed = isinstance(first.target, str) or first.target is None
            target = first.target if is_fixed else edge_.settles or "resume_state"
            yield TransitionInfo(name, tuple(fsm.transitions), target, edge_)

    @classmethod
    def _transition_names(cls) -> list[str]:
        names: list[str] = []
        for klass in reversed(cls.__mro__):
            names += [n for n, value in vars(klass).items() if hasattr(value, "_django_fsm") and n not in names]
        return names

    @classmethod
    def transition(cls, name: str) -> TransitionInfo | None:
        return next((info for info in cls.transitions() if info.name == name), None)
