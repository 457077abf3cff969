"""The five kinds of work, one proxy and one state machine each."""

from functools import cache
from typing import cast

from tickets.choices import Kind
from tickets.kinds.base import Companions, Machine
from tickets.models.ticket import Ticket


def machines() -> "dict[str, type[Machine]]":
    """Kind → proxy class with its machine."""
    from tickets.kinds.change import Change
    from tickets.kinds.complaint import Complaint
    from tickets.kinds.incident import Incident
    from tickets.kinds.problem import Problem
    from tickets.kinds.request import Request

    return {
        Kind.COMPLAINT: Complaint,
        Kind.INCIDENT: Incident,
        Kind.PROBLEM: Problem,
        Kind.REQUEST: Request,
        Kind.CHANGE: Change,
    }


def machine_of(kind: str) -> "type[Machine]":
    return machines()[kind]


@cache
def companions_of(transition: str) -> "tuple[Companions, ...]":
    """How a transition of that name, in whatever kind, finds the other tickets it changes."""
    infos = (each.transition(transition) for each in machines().values())
    return tuple({info.edge.companions for info in infos if info and info.edge.companions})


def as_kind(ticket: Ticket) -> Ticket:
    """The same object seen as the proxy of its kind, so that the transition methods are at hand."""
    ticket.__class__ = cast("type[Ticket]", machine_of(ticket.kind))
    return ticket
