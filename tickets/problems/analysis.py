"""Writing down why a problem happens and how to live with it meanwhile."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.choices import Kind
from tickets.errors import Forbidden, InvalidInputs, NotVisible
from tickets.kinds.problem_inputs import CauseForm, KnownErrorForm
from tickets.models import ProblemDetail, Ticket

KNOWN = ("known_error", "fix_pending")
"""States of a problem whose cause and workaround are known while its fix is still to come."""


def cause_form(problem: Ticket, data: Any = None) -> CauseForm:
    """The form for this problem: a known error may not lose its cause or workaround."""
    form_class = KnownErrorForm if problem.state in KNOWN else CauseForm
    return form_class(data, ticket=problem)


@transaction.atomic
def record_cause(
    *, problem_id: int, actor: Actor | User, expected_version: int | None = None, **inputs: Any
) -> ProblemDetail:
    """Keep root cause, workaround and the five whys of a problem. `inputs` are the fields of `CauseForm`.

    Raises NotVisible, Forbidden, Stale or InvalidInputs; the same facts a second time change nothing.
    """
    who = actor_of(actor)
    problem = workflow.lock(problem_id, who)
    if problem.kind != Kind.PROBLEM:
        raise NotVisible(_("Masalah tidak ditemukan."))
    if not access.allowed(who, Action.EDIT, problem):
        raise Forbidden(_("Anda tidak berwenang mengubah akar masalah ini."))
    workflow.check_version(problem, expected_version)
    form = cause_form(problem, inputs)
    if not form.is_valid():
        errors = {str(name): [str(text) for text in texts] for name, texts in form.errors.items()}
        raise InvalidInputs(_("Periksa isian yang ditandai."), errors)
    detail = ProblemDetail.objects.filter(ticket_id=problem.pk).first() or ProblemDetail(ticket_id=problem.pk)
    changes = _apply(detail, form.cleaned_data)
    if changes:
        at = timezone.now()
        detail.save()
        timeline.record(problem, code=timeline.ANALYSED, actor=who, at=at, changes=changes)
        workflow.save(problem, at)
    return detail


def _apply(detail: ProblemDetail, facts: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in ("root_cause", "workaround", "whys"):
        old, new = getattr(detail, name), facts[name]
        if old != new:
            setattr(detail, name, new)
            changes[name] = [old, new]
    return changes
