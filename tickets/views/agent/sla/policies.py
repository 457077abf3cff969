"""Policies: list, editor with a trial on last month's tickets, versions, and the overview of what holds where."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from sla.models import Policy
from tickets.errors import InvalidInputs, Stale
from tickets.targets import forms, history, keeping, listing, matrix
from tickets.targets.choosing import current_policies
from tickets.targets.simulation import Simulation, simulate
from tickets.views.agent.shared import INVALID, AgentRequest
from tickets.views.agent.sla.shared import keepers


@require_GET
@keepers
def policies(request: AgentRequest) -> HttpResponse:
    """Every policy in force, by kind, and what is amiss among them."""
    filters = forms.ListFilters(request.GET)
    filters.is_valid()
    found = current_policies()
    overview = matrix.matrix(found, matrix.View())
    context = {
        "filters": filters,
        "groups": listing.groups(found, filters.cleaned_data),
        "any": bool(found),
        "gaps": overview.gaps,
        "ties": overview.ties,
    }
    return render(request, "agent/sla/policies.html", context)


@require_http_methods(["GET", "POST"])
@keepers
def create(request: AgentRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@keepers
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    policy = _policy(pk)
    if policy.valid_until is not None and request.method == "GET":
        messages.info(request, _("Versi ini sudah tidak berlaku. Yang berlaku tercantum paling atas."))
        return redirect("agent:sla_policy_history", pk=pk)
    return _edit(request, policy)


def _policy(pk: int) -> Policy:
    related = Policy.objects.select_related("service", "team", "calendar").prefetch_related("targets")
    policy = related.filter(pk=pk).first()
    if policy is None:
        raise Http404(_("Kebijakan tidak ditemukan."))
    return policy


def _edit(request: AgentRequest, policy: Policy | None) -> HttpResponse:
    """Show the form, try it on last month's tickets, or bring it into force."""
    if request.method == "GET":
        return _page(request, policy, forms.PolicyForm(policy=policy))
    form = forms.PolicyForm(request.POST, policy=policy)
    if not form.is_valid():
        return _page(request, policy, form, status=INVALID)
    proposal = form.proposal()
    try:
        if "test" in request.POST:
            keeping.check(proposal, is_edit=False)
            tried = simulate(user=request.user, policy=policy, proposal=proposal, now=timezone.now())
            return _page(request, policy, form, tried=tried)
        also_open = form.cleaned_data.get("also_open", False)
        made, revision = keeping.publish(policy=policy, proposal=proposal, by=request.user, also_open=also_open)
    except InvalidInputs as error:
        form.refuse(error.errors)
        return _page(request, policy, form, status=INVALID)
    except Stale as error:
        form.add_error(None, error.message)
        return _page(request, policy, form, status=error.status)
    text = _("Kebijakan “%(name)s” versi %(number)d berlaku untuk tiket baru.")
    messages.success(request, text % {"name": made.name, "number": made.number})
    if revision is not None:
        return redirect("agent:sla_revision", pk=revision.pk)
    return redirect("agent:sla_policy_history", pk=made.pk)


def _page(
    request: AgentRequest,
    policy: Policy | None,
    form: forms.PolicyForm,
    *,
    tried: Simulation | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"policy": policy, "form": form, "tried": tried}
    return render(request, "agent/sla/policy_edit.html", context, status=status)


@require_GET
@keepers
def versions(request: AgentRequest, pk: int) -> HttpResponse:
    """What a policy was and is, newest first."""
    found = history.versions(_policy(pk))
    return render(request, "agent/sla/policy_history.html", {"policy": found[0].policy, "versions": found})


@require_http_methods(["GET", "POST"])
@keepers
def retire(request: AgentRequest, pk: int) -> HttpResponse:
    """End a policy, after asking why."""
    policy = _policy(pk)
    if policy.valid_until is not None:
        messages.info(request, _("Kebijakan ini sudah diakhiri atau diganti."))
        return redirect("agent:sla_policy_history", pk=pk)
    form = forms.RetireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.retire(policy=policy, note=form.cleaned_data["note"], by=request.user)
            messages.success(request, _("Kebijakan “%(name)s” tidak berlaku lagi.") % {"name": policy.name})
        except Stale as error:
            messages.error(request, error.message)
        return redirect("agent:sla_policies")
    context = {"policy": policy, "form": form, "back": reverse("agent:sla_policy_edit", args=(pk,))}
    return render(request, "agent/sla/policy_retire.html", context, status=INVALID if form.errors else 200)


@require_GET
@keepers
def overview(request: AgentRequest) -> HttpResponse:
    """Which target holds for which ticket."""
    filters = forms.MatrixFilters(request.GET)
    found = matrix.matrix(current_policies(), filters.view())
    return render(request, "agent/sla/policy_matrix.html", {"filters": filters, "matrix": found})
