"""Problem management: known errors, candidates, the cause of a problem, and the incidents it explains."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.models import Service
from tickets import access, queues
from tickets.access import Action
from tickets.choices import Kind
from tickets.errors import InvalidInputs, NotVisible, Stale, WrongState
from tickets.models import CandidateRule, Ticket
from tickets.problems import analysis, candidates, linking
from tickets.problems import known_errors as known
from tickets.problems.forms import SearchForm
from tickets.problems.results import Row
from tickets.views.agent.shared import INVALID, AgentRequest, after_change, safe_back, sentence, version_in, workspace


@require_GET
@workspace
def known_errors(request: AgentRequest) -> HttpResponse:
    """Search in the known errors, newest first."""
    form = SearchForm(request.GET)
    form.is_valid()
    data = form.cleaned_data
    page = queues.keyset_page(
        known.search(request.user, data.get("q", ""), data.get("service")),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    return render(request, "agent/problems/known_errors.html", {"form": form, "page": page})


@require_http_methods(["GET", "POST"])
@workspace
def candidate_list(request: AgentRequest) -> HttpResponse:
    """Services whose incidents repeat, and the button that makes a problem of one."""
    now = timezone.now()
    if request.method == "POST":
        service = get_object_or_404(Service, code=request.POST.get("service", "")[:80])
        return _create(request, service)
    context = {
        "candidates": candidates.candidates(request.user, now),
        "rules": CandidateRule.objects.select_related("service").order_by("service__name"),
        "may_create": candidates.may_create(request.user),
    }
    return render(request, "agent/problems/candidates.html", context)


def _create(request: AgentRequest, service: Service) -> HttpResponse:
    try:
        problem, rows = candidates.create_problem(service_id=service.pk, actor=request.user, now=timezone.now())
    except WrongState as error:
        messages.warning(request, error.message)
        return redirect("agent:candidates")
    _say(request, rows)
    return after_change(request, problem.number)


@require_http_methods(["GET", "POST"])
@workspace
def cause(request: AgentRequest, number: str) -> HttpResponse:
    """Root cause, five whys and workaround. A refusal keeps what was typed."""
    problem = _problem(request, number)
    if not access.can(request.user, Action.EDIT, problem):
        raise PermissionDenied(_("Anda tidak berwenang mengubah akar masalah ini."))
    if request.method == "GET":
        return _cause_page(request, problem)
    form = analysis.cause_form(problem, request.POST)
    inputs = {name: request.POST.get(name, "") for name in form.fields}
    try:
        analysis.record_cause(problem_id=problem.pk, actor=request.user, expected_version=version_in(request), **inputs)
    except InvalidInputs:
        return _cause_page(request, problem, status=INVALID)
    except Stale as error:
        fresh = _problem(request, number)
        return _cause_page(request, fresh, error=sentence(error, fresh, request.user), status=error.status)
    messages.success(request, _("Akar masalah dan solusi sementara disimpan."))
    return after_change(request, problem.number)


def _problem(request: AgentRequest, number: str) -> Ticket:
    problem = access.get_visible(request.user, number)
    if problem.kind != Kind.PROBLEM:
        raise NotVisible(_("Masalah tidak ditemukan."))
    return problem


def _cause_page(request: AgentRequest, problem: Ticket, *, error: str = "", status: int = 200) -> HttpResponse:
    form = analysis.cause_form(problem, request.POST if request.method == "POST" else None)
    context = {"ticket": problem, "form": form, "error": error}
    return render(request, "agent/problems/cause.html", context, status=status)


@require_POST
@workspace
def link_incidents(request: AgentRequest, number: str) -> HttpResponse:
    """Link the typed incidents to the problem, and say which of them could not be."""
    problem = _problem(request, number)
    numbers = linking.numbers_in(request.POST.get("numbers", ""))
    try:
        rows = linking.link_incidents(problem_id=problem.pk, numbers=numbers, actor=request.user)
    except (InvalidInputs, WrongState) as error:
        messages.warning(request, error.message)
    else:
        _say(request, rows)
    if "kembali" in request.POST:
        return redirect(safe_back(request, request.POST["kembali"]))
    return after_change(request, problem.number)


def _say(request: AgentRequest, rows: Sequence[Row]) -> None:
    done = sum(row.is_done for row in rows)
    if done:
        text = ngettext("%(count)d gangguan tertaut.", "%(count)d gangguan tertaut.", done)
        messages.success(request, text % {"count": done})
    for row in rows:
        if not row.is_done:
            facts = {"number": row.number, "reason": row.reason}
            messages.warning(request, _("%(number)s tidak tertaut: %(reason)s") % facts)
