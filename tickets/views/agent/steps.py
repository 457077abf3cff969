"""One transition: its inputs as a page, or as a panel of the ticket page, and its run."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tickets import access, workbench, workflow
from tickets.actors import actor_of
from tickets.choices import ResolutionCode
from tickets.errors import InvalidInputs, NotVisible, Stale, WrongState
from tickets.kinds import machine_of
from tickets.kinds.base import TransitionInfo
from tickets.kinds.inputs import TransitionForm
from tickets.models import Ticket
from tickets.problems.known_errors import workaround_of
from tickets.views.agent.shared import INVALID, AgentRequest, after_change, go, sentence, version_in, workspace


@require_http_methods(["GET", "POST"])
@workspace
def transition(request: AgentRequest, number: str, name: str) -> HttpResponse:
    """Show the inputs of a step, or run it. A refusal keeps what was typed and says what to do."""
    ticket = access.get_visible(request.user, number)
    info = machine_of(ticket.kind).transition(name)
    if info is None:
        raise NotVisible(_("Langkah tidak dikenal."))
    try:
        if request.method == "GET":
            workflow.check(ticket, name, actor_of(request.user))
            return _form(request, ticket, info)
        inputs = _inputs(request, ticket, info)
        workflow.perform(ticket.pk, name, request.user, expected_version=version_in(request), **inputs)
    except InvalidInputs as error:
        return _form(request, ticket, info, error=error.message, status=INVALID)
    except (Stale, WrongState) as error:
        return _refused(request, number, info, error)
    messages.success(request, _("Langkah “%(label)s” sudah dijalankan.") % {"label": info.edge.label})
    return after_change(request, ticket.number)


def _inputs(request: AgentRequest, ticket: Ticket, info: TransitionInfo) -> dict[str, Any]:
    form = workflow.form_of(info, ticket)
    return {name: request.POST.get(name, "") for name in form.fields} if form else {}


def _form(
    request: AgentRequest, ticket: Ticket, info: TransitionInfo, *, error: str = "", status: int = 200
) -> HttpResponse:
    form = workflow.form_of(info, ticket, request.POST if request.method == "POST" else None)
    if form is not None and request.method == "GET":
        _borrow(request, form)
    children = workbench.unfinished_parts(ticket, request.user, info)
    context = {"ticket": ticket, "step": info, "form": form, "error": error, "children": children}
    return render(request, "agent/_step.html" if request.htmx else "agent/step.html", context, status=status)


def _borrow(request: AgentRequest, form: TransitionForm) -> None:
    """Begin with the workaround of the known error that the address names."""
    words = workaround_of(request.user, request.GET.get("solusi", ""))
    if words and "solution" in form.fields:
        form.initial = {**form.initial, "solution": words, "code": ResolutionCode.WORKAROUND}


def _refused(request: AgentRequest, number: str, info: TransitionInfo, error: Stale | WrongState) -> HttpResponse:
    """Typed words are shown again with the fresh version; a step without words only needs the message."""
    ticket = access.get_visible(request.user, number)
    said = sentence(error, ticket, request.user)
    if request.method == "POST" and info.edge.form:
        return _form(request, ticket, info, error=said, status=error.status)
    messages.error(request, said)
    return go(request, "agent:ticket", number=ticket.number)
