"""Why a ticket has its targets."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tickets import access
from tickets.targets.explain import explain as explained
from tickets.views.agent.shared import AgentRequest, workspace


@require_GET
@workspace
def explain(request: AgentRequest, number: str) -> HttpResponse:
    """Targets, calendars, segments and escalations of a ticket, for everybody who sees it in the workspace."""
    ticket = access.get_visible(request.user, number)
    context = {
        "ticket": ticket,
        "explanation": explained(ticket, timezone.now()),
        "may_keep": access.may_automate(request.user),
    }
    return render(request, "agent/sla/explain.html", context)
