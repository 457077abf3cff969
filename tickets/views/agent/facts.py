"""Facts of a ticket: service, office, priority, assets, confidentiality; and the requester's identity."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tickets import access, edits, workbench
from tickets.access import Action
from tickets.agent_forms import EditForm, IdentityForm, assets_matching
from tickets.errors import InvalidInputs, Stale
from tickets.models import Ticket
from tickets.priorities import priority_of
from tickets.views.agent.shared import INVALID, AgentRequest, after_change, sentence, workspace


@require_http_methods(["GET", "POST"])
@workspace
def edit(request: AgentRequest, number: str) -> HttpResponse:
    """Change facts. A refusal keeps what was typed; a stale page gets the fresh version to look at."""
    ticket = _editable(request, number)
    by_matrix = priority_of(ticket.impact, ticket.urgency)
    form = EditForm(request.POST if request.method == "POST" else None, ticket=ticket, by_matrix=by_matrix)
    if request.method == "GET":
        return _page(request, ticket, form)
    if not form.is_valid():
        return _page(request, ticket, form, status=INVALID)
    try:
        edits.change(ticket_id=ticket.pk, actor=request.user, **form.facts())
    except InvalidInputs as error:
        for name, texts in error.errors.items():
            for text in texts:
                form.add_error(name if name in form.fields else None, text)
        return _page(request, ticket, form, status=INVALID)
    except Stale as error:
        fresh = _editable(request, number)
        again = request.POST.copy()
        again["version"] = str(fresh.version)
        form = EditForm(again, ticket=fresh, by_matrix=by_matrix)
        return _page(request, fresh, form, error=sentence(error, fresh, request.user), status=error.status)
    messages.success(request, _("Data tiket disimpan."))
    return after_change(request, ticket.number)


def _editable(request: AgentRequest, number: str) -> Ticket:
    ticket = access.get_visible(request.user, number)
    if not access.can(request.user, Action.EDIT, ticket):
        raise PermissionDenied(_("Anda tidak berwenang mengubah data tiket ini."))
    return ticket


def _page(request: AgentRequest, ticket: Ticket, form: EditForm, *, error: str = "", status: int = 200) -> HttpResponse:
    options = assets_matching("", ticket)
    context = {"ticket": ticket, "form": form, "error": error, "options": options}
    return render(request, "agent/edit.html", context, status=status)


@require_GET
@workspace
def assets(request: AgentRequest, number: str) -> HttpResponse:
    """Suggestions for the asset field, as the options of its list."""
    ticket = _editable(request, number)
    words = request.GET.get("add_asset", "").rsplit(",", 1)[-1]
    return render(request, "agent/_asset_options.html", {"options": assets_matching(words, ticket)})


@require_POST
@workspace
def identity(request: AgentRequest, number: str) -> HttpResponse:
    """Show the requester's identity once, after writing down who looked and why."""
    ticket = access.get_visible(request.user, number)
    form = IdentityForm(request.POST)
    if not access.can(request.user, Action.VIEW_IDENTITY, ticket):
        raise PermissionDenied(_("Anda tidak berwenang melihat identitas pelapor ini."))
    is_valid = form.is_valid()
    requester = (
        workbench.open_identity(ticket, request.user, form.cleaned_data["reason"])
        if is_valid
        else workbench.requester(ticket, request.user)
    )
    context = {"ticket": ticket, "requester": requester, "identity_form": form}
    template = "agent/_requester.html" if request.htmx else "agent/identity.html"
    return render(request, template, context, status=200 if is_valid else INVALID)
