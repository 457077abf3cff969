"""Steps of the escalation: list in words, editor, switch, and the log of what fired."""

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sla.models import Escalation, EscalationStep
from tickets import access, queues
from tickets.errors import InvalidInputs
from tickets.escalation import forms, keeping, words
from tickets.views.agent.shared import INVALID, AgentRequest
from tickets.views.agent.sla.shared import keepers

RELATED = ("team", "reassign_to", "rule")


@require_GET
@keepers
def steps(request: AgentRequest) -> HttpResponse:
    """Every step in words, those that are switched off below."""
    found = EscalationStep.objects.select_related(*RELATED).order_by(
        "-is_active", F("percent").asc(nulls_last=True), "offset_minutes", "pk"
    )
    rows = [{"step": step, "text": words.describe(step)} for step in found]
    return render(request, "agent/sla/escalation.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@keepers
def create(request: AgentRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@keepers
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    step = EscalationStep.objects.select_related(*RELATED).filter(pk=pk).first()
    if step is None:
        raise Http404(_("Langkah eskalasi tidak ditemukan."))
    return _edit(request, step)


def _edit(request: AgentRequest, step: EscalationStep | None) -> HttpResponse:
    form = forms.StepForm(request.POST if request.method == "POST" else None, step=step)
    if request.method == "GET":
        return _page(request, step, form)
    if not form.is_valid():
        return _page(request, step, form, INVALID)
    try:
        saved = keeping.save(actor=request.user, pk=step.pk if step else None, **form.values())
    except InvalidInputs as error:
        form.refuse(error.errors)
        return _page(request, step, form, INVALID)
    messages.success(request, _("Disimpan: %(step)s.") % {"step": words.describe(saved)})
    return redirect("agent:sla_escalation")


def _page(request: AgentRequest, step: EscalationStep | None, form: forms.StepForm, status: int = 200) -> HttpResponse:
    context = {
        "step": step,
        "form": form,
        "text": words.describe(step) if step else "",
        "has_fired": bool(step and step.escalation_set.exists()),
    }
    return render(request, "agent/sla/escalation_edit.html", context, status=status)


@require_POST
@keepers
def switch(request: AgentRequest, pk: int) -> HttpResponse:
    """Turn a step on or off."""
    try:
        step = keeping.switch(actor=request.user, pk=pk, on=request.POST.get("on") == "1")
    except InvalidInputs as error:
        messages.error(request, " ".join(text for texts in error.errors.values() for text in texts))
        return redirect("agent:sla_escalation_edit", pk=pk)
    state = _("menyala") if step.is_active else _("mati")
    messages.success(request, _("Langkah kini %(state)s: %(step)s.") % {"state": state, "step": words.describe(step)})
    return redirect("agent:sla_escalation")


@require_GET
@keepers
def log(request: AgentRequest) -> HttpResponse:
    """What fired, newest first, on tickets this person sees."""
    page = queues.keyset_page(
        _fired(request),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    rows = [{"fired": fired, "moment": words.moment(fired.step)} for fired in page.rows]
    return render(request, "agent/sla/escalation_log.html", {"page": page, "rows": rows})


def _fired(request: AgentRequest) -> QuerySet[Escalation]:
    visible = access.visible_to(request.user).values("pk")
    related = ("clock__ticket", "step")
    return Escalation.objects.filter(clock__ticket__in=visible).select_related(*related)
