"""Transition bodies that several kinds share. They change fields; states are changed by the decorated methods."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, transition

from tickets.choices import HoldReason, Stage
from tickets.kinds import guards
from tickets.kinds.base import STAFF, Say, edge, type_label
from tickets.kinds.inputs import MergeForm

if TYPE_CHECKING:
    from tickets.actors import Actor
    from tickets.models.ticket import Ticket

MERGED = "merged"
MERGED_STATE = (_("Digabung"), Stage.CLOSED)
"""Label and stage of the state that every kind has for tickets that live on in another one."""


def put_assignment(ticket: "Ticket", *, team: Any = None, assignee: Any = None, note: str = "") -> Say | None:
    """Set team and assignee; a change of team without a named person empties the assignee."""
    if team is not None:
        if ticket.team_id != team.pk and assignee is None:
            ticket.assignee = None
        ticket.team = team
    if assignee is not None:
        ticket.assignee = assignee
    return Say(note, public=False) if note else None


def put_hold(ticket: "Ticket", *, reason: str, note: str) -> Say:
    """Remember why and from where; a question to the requester is public, other reasons stay internal."""
    ticket.hold_reason = reason
    ticket.resume_state = ticket.state
    return Say(note, public=reason == HoldReason.REQUESTER)


def end_hold(ticket: "Ticket") -> None:
    ticket.hold_reason = ""


def reopened(ticket: "Ticket", at: datetime) -> None:
    """Undo what resolving set; the old solution stays readable in the conversation and the timeline."""
    ticket.resolved_at = ticket.closed_at = ticket.auto_close_at = None
    ticket.resolution_code = ""
    ticket.solution = ""
    ticket.reopen_count += 1
    ticket.updated_at = at


def plan_work(ticket: "Ticket") -> None:
    """The work of a request is cleared to begin: its tasks are laid out, once."""
    from tickets.operations import tasks

    tasks.plan(ticket, timezone.now())


def merge_step(states: Mapping[str, tuple[type_label, Stage]]) -> Any:
    """The transition by which a ticket of this kind is put into another one; from every state that is not closed."""

    def merge(self: "Ticket", *, target: str, actor: "Actor") -> Say:
        from tickets.operations import merging

        return merging.move(self, number=target, actor=actor)

    custom = edge(_("Gabungkan"), STAFF, MergeForm, confirm=True, companions=_survivor)
    return transition("state", _mergeable(states), MERGED, custom=custom)(merge)


def _survivor(_ticket_id: int, inputs: Mapping[str, Any]) -> Iterable[int]:
    """The ticket that a merge puts this one into."""
    from tickets.models.ticket import Ticket

    return Ticket.objects.filter(number=str(inputs.get("target") or "").strip().upper()).values_list("pk", flat=True)


def unmerge_step(states: Mapping[str, tuple[type_label, Stage]]) -> Any:
    """The way back, for a day, to the state the ticket was merged from."""

    def unmerge(self: "Ticket", *, actor: "Actor") -> None:
        from tickets.operations import merging

        merging.move_back(self, actor=actor)

    target = GET_STATE(lambda self, **_kw: _state_before_merge(self), _mergeable(states))
    custom = edge(_("Batalkan penggabungan"), STAFF, guards=(guards.merge_can_be_undone,), public=False)
    return transition("state", [MERGED], target, custom=custom)(unmerge)


def _mergeable(states: Mapping[str, tuple[type_label, Stage]]) -> list[str]:
    return [str(state) for state, (_label, stage) in states.items() if stage != Stage.CLOSED]


def _state_before_merge(ticket: "Ticket") -> str:
    from tickets.models.work import Merge

    return str(Merge.objects.filter(source_id=ticket.pk).latest("at", "pk").moved["state"])
