"""The rules of the automation: list, editor with dry run, and the log of what fired."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tickets import access, queues
from tickets.automation import actions, conditions, forms, rules
from tickets.automation.dryrun import DryRun, dry_run
from tickets.errors import Forbidden, InvalidInputs
from tickets.models import AutomationRule, AutomationRun
from tickets.views.agent.shared import INVALID, AgentRequest, View, workspace


def keepers(view: View) -> View:
    """For those who keep the rules; others of the workspace get 403."""

    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not access.may_automate(request.user):
            raise Forbidden(_("Aturan otomasi diatur koordinator meja layanan dan administrator."))
        if kwargs.get("pk", 0) >= 2**63:
            raise Http404
        return view(request, *args, **kwargs)

    return workspace(guarded)


@require_GET
@keepers
def listing(request: AgentRequest) -> HttpResponse:
    """Every rule in the order in which it runs."""
    found = [
        {
            "rule": rule,
            "conditions": [conditions.describe(row) for row in rule.conditions],
            "actions": [actions.describe(row) for row in rule.actions],
        }
        for rule in AutomationRule.objects.order_by("position", "pk")
    ]
    return render(request, "agent/automation/list.html", {"rows": found})


@require_http_methods(["GET", "POST"])
@keepers
def create(request: AgentRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@keepers
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    return _edit(request, _rule(pk))


def _rule(pk: int) -> AutomationRule:
    rule = AutomationRule.objects.filter(pk=pk).first()
    if rule is None:
        raise Http404(_("Aturan tidak ditemukan."))
    return rule


def _edit(request: AgentRequest, rule: AutomationRule | None) -> HttpResponse:
    """Show the form, add empty rows, try the rule on past tickets, or save it."""
    if request.method == "GET":
        shown = rule or AutomationRule(event=AutomationRule.Event.CREATED)
        return _page(request, rule, forms.RuleForm(instance=shown), shown.conditions, shown.actions)
    form = forms.RuleForm(request.POST, instance=AutomationRule())
    wanted = forms.condition_rows(request.POST)
    deeds = forms.action_rows(request.POST)
    if "more" in request.POST:
        return _page(request, rule, forms.RuleForm(initial=_typed(request)), wanted, deeds, spare=6)
    if not form.is_valid():
        return _page(request, rule, form, wanted, deeds, status=INVALID)
    values = {**form.cleaned_data, "conditions": wanted, "actions": deeds}
    try:
        if "test" in request.POST:
            tried = AutomationRule(**values)
            rules.check(tried)
            return _page(request, rule, form, wanted, deeds, tried=dry_run(tried, request.user))
        saved = rules.save(actor=request.user, pk=rule.pk if rule else None, **values)
    except InvalidInputs as error:
        return _page(request, rule, form, wanted, deeds, errors=error.errors, status=INVALID)
    messages.success(request, _("Aturan “%(name)s” disimpan.") % {"name": saved.name})
    return redirect("agent:automation")


def _typed(request: AgentRequest) -> dict[str, Any]:
    post = request.POST
    return {
        "name": post.get("name", ""),
        "event": post.get("event", ""),
        "stops": "stops" in post,
        "is_active": "is_active" in post,
    }


def _page(
    request: AgentRequest,
    rule: AutomationRule | None,
    form: forms.RuleForm,
    wanted: list[Any],
    deeds: list[Any],
    *,
    errors: Any = None,
    tried: DryRun | None = None,
    spare: int = forms.SPARE,
    status: int = 200,
) -> HttpResponse:
    words = forms.vocabulary()
    context = {
        "rule": rule,
        "form": form,
        "conditions": forms.shown_rows(wanted, spare),
        "actions": forms.shown_rows(deeds, spare),
        "errors": errors or {},
        "tried": tried,
        "words": words,
        "suggestions": forms.suggestions(words),
        "action_suggestions": forms.action_suggestions(),
    }
    return render(request, "agent/automation/edit.html", context, status=status)


@require_POST
@keepers
def switch(request: AgentRequest, pk: int) -> HttpResponse:
    """Turn a rule on or off."""
    rule = rules.switch(actor=request.user, pk=pk, on=request.POST.get("on") == "1")
    state = _("menyala") if rule.is_active else _("mati")
    messages.success(request, _("Aturan “%(name)s” kini %(state)s.") % {"name": rule.name, "state": state})
    return redirect("agent:automation")


@require_POST
@keepers
def move(request: AgentRequest, pk: int) -> HttpResponse:
    """One place up or down."""
    rules.move(actor=request.user, pk=pk, up=request.POST.get("to") == "up")
    return redirect("agent:automation")


@require_http_methods(["GET", "POST"])
@keepers
def delete(request: AgentRequest, pk: int) -> HttpResponse:
    """Remove a rule, after asking."""
    rule = _rule(pk)
    if request.method == "POST":
        name = rules.delete(actor=request.user, pk=pk)
        messages.success(request, _("Aturan “%(name)s” dihapus.") % {"name": name})
        return redirect("agent:automation")
    return render(request, "agent/automation/delete.html", {"rule": rule, "back": reverse("agent:automation")})


@require_GET
@keepers
def log(request: AgentRequest) -> HttpResponse:
    """What fired, newest first."""
    page = queues.keyset_page(
        _runs(request),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    return render(request, "agent/automation/log.html", {"page": page})


def _runs(request: AgentRequest) -> QuerySet[AutomationRun]:
    """Runs on tickets this person sees: one that became restricted since is not told of."""
    visible = access.visible_to(request.user).values("pk")
    return AutomationRun.objects.filter(ticket__in=visible, ticket__is_restricted=False).select_related("ticket")
