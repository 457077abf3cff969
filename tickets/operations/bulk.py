"""One act on many tickets of the queue: each on its own, so that one refusal leaves the others done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from tickets import access, claims, workflow
from tickets.errors import InvalidInputs, TicketError, WrongState
from tickets.filters import NUMBER
from tickets.kinds import as_kind, machines
from tickets.kinds.inputs import NoteForm
from tickets.models import Ticket
from tickets.operations import tagging
from tickets.operations.forms import BulkAssignForm, BulkNoteForm, TagForm
from tickets.problems import linking as problem_links
from tickets.problems.forms import ProblemNumberForm

MAX_AT_ONCE = 50
STEP = "langkah:"
"""Prefix of the actions that run a transition."""

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done to the ticked tickets; `form` asks for its inputs, which `run` gets as cleaned values."""

    label: Any
    run: Callable[[Ticket, User, Inputs], object]
    form: type[forms.Form] | None = None


def _take(ticket: Ticket, user: User, inputs: Inputs) -> object:
    return claims.take(ticket_id=ticket.pk, actor=user)


def _assign(ticket: Ticket, user: User, inputs: Inputs) -> object:
    """The transition by which tickets of this kind are assigned in this state."""
    step = next((info.name for info in workflow.available(as_kind(ticket), user) if info.name in claims.ASSIGNING), "")
    if not step:
        raise WrongState(_("Tiket ini tidak dapat ditugaskan sekarang."))
    given = {name: inputs.get(name, "") for name in ("team", "assignee", "note")}
    return workflow.perform(ticket.pk, step, user, **given)


def _tag(ticket: Ticket, user: User, inputs: Inputs) -> object:
    return tagging.add(ticket_id=ticket.pk, actor=user, name=str(inputs.get("tag", "")))


def _explain(ticket: Ticket, user: User, inputs: Inputs) -> object:
    return problem_links.link_to_number(ticket, user, str(inputs.get("problem", "")))


ACTIONS: dict[str, Action] = {
    "ambil": Action(gettext_lazy("Tugaskan ke saya"), _take),
    "tugaskan": Action(gettext_lazy("Tugaskan ke tim atau petugas"), _assign, BulkAssignForm),
    "label": Action(gettext_lazy("Beri label"), _tag, TagForm),
    "masalah": Action(gettext_lazy("Tautkan ke masalah"), _explain, ProblemNumberForm),
}
"""Action code → what it does. Another part of the desk adds its own act on many tickets here."""


@cache
def steps() -> dict[str, str]:
    """Transitions that fit many tickets at once: without inputs or with a note alone, and not final. Name → label."""
    found: dict[str, set[str]] = {}
    for machine in machines().values():
        for info in machine.transitions():
            if info.edge.form in (None, NoteForm) and not info.edge.confirm and info.name != "unmerge":
                found.setdefault(info.name, set()).add(str(info.edge.label))
    return {name: " / ".join(sorted(labels)) for name, labels in sorted(found.items())}


def action_of(code: str) -> Action:
    """The action of that code. Raises InvalidInputs for one that nobody knows."""
    if code in ACTIONS:
        return ACTIONS[code]
    name = code.removeprefix(STEP)
    labels = steps()
    if code.startswith(STEP) and name in labels:
        return Action(labels[name], _step(name), BulkNoteForm)
    reason = _("Pilih apa yang dilakukan dengan tiket yang dicentang.")
    raise InvalidInputs(reason, {"aksi": [reason]})


def _step(name: str) -> Callable[[Ticket, User, Inputs], object]:
    return lambda ticket, user, inputs: workflow.perform(ticket.pk, name, user, note=inputs.get("note", ""))


def choices() -> list[tuple[str, str]]:
    """Every action as the bulk bar offers it."""
    return [(code, str(action.label)) for code, action in ACTIONS.items()] + [
        (f"{STEP}{name}", label) for name, label in steps().items()
    ]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticket; `reason` is empty when it was done, `is_known` says that the actor sees it."""

    number: str
    reason: str = ""
    is_known: bool = True

    @property
    def is_done(self) -> bool:
        return not self.reason


def run(*, action: str, numbers: Iterable[str], actor: User, inputs: Inputs | None = None) -> list[Result]:
    """Do the action to each of these tickets that the actor sees, each in its own transaction, in the given order.

    Numbers that do not exist for the actor are told so, alike for hidden and for missing ones. Raises InvalidInputs
    for an unknown action and for more than MAX_AT_ONCE tickets; then nothing was done.
    """
    act = action_of(action).run
    wanted = list(dict.fromkeys(number.strip().upper() for number in numbers if NUMBER.match(number.strip())))
    if len(wanted) > MAX_AT_ONCE:
        reason = _("Paling banyak %(count)d tiket sekaligus.") % {"count": MAX_AT_ONCE}
        raise InvalidInputs(reason, {"tiket": [reason]})
    found = {ticket.number: ticket for ticket in access.visible_to(actor).filter(number__in=wanted)}
    return [_one(number, found.get(number), act, actor, inputs or {}) for number in wanted]


def _one(
    number: str, ticket: Ticket | None, act: Callable[[Ticket, User, Inputs], object], actor: User, inputs: Inputs
) -> Result:
    if ticket is None:
        return Result(number, _("Tiket tidak ditemukan."), is_known=False)
    try:
        act(ticket, actor, inputs)
    except InvalidInputs as error:
        return Result(number, next((text for texts in error.errors.values() for text in texts), error.message))
    except TicketError as error:
        return Result(number, error.message)
    return Result(number)
