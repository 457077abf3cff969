"""Agreements on services: list, document, editor, signing, new version, and end."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.models import Service
from sla.models import Agreement
from tickets.agreements import document, forms, keeping, pdf, promises
from tickets.errors import InvalidInputs, Stale, WrongState
from tickets.views.agent.shared import INVALID, AgentRequest
from tickets.views.agent.sla.shared import keepers


@require_GET
@keepers
def agreements(request: AgentRequest) -> HttpResponse:
    """Every version of every agreement, what needs looking at first."""
    rows = document.listed(Agreement.objects.all(), timezone.localdate())
    return render(request, "agent/sla/agreements.html", {"rows": rows})


@require_GET
@keepers
def agreement(request: AgentRequest, pk: int) -> HttpResponse:
    """One version as people read it, with what can be done about it."""
    shown = document.document_of(_agreement(pk), with_nip=True)
    return render(request, "agent/sla/agreement.html", {"document": shown, "drift": document.drift(shown)})


@require_http_methods(["GET", "POST"])
@keepers
def create(request: AgentRequest) -> HttpResponse:
    """First for which service, then the draft with the targets that would be promised."""
    chosen = forms.ServiceForm(request.GET if "layanan" in request.GET else None)
    if not chosen.is_valid():
        return render(request, "agent/sla/agreement_service.html", {"form": chosen})
    service: Service = chosen.cleaned_data["layanan"]
    draft = Agreement.objects.filter(service=service, status=Agreement.Status.DRAFT).first()
    if draft:
        messages.info(request, _("Layanan ini sudah punya rancangan. Lanjutkan di sini."))
        return redirect("agent:sla_agreement_edit", pk=draft.pk)
    if request.method == "GET":
        form = forms.AgreementForm(initial=forms.start_of(service, service.owner_office))
        return _editor(request, service, None, form, [])
    return _save(request, service, None)


@require_http_methods(["GET", "POST"])
@keepers
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    draft = _agreement(pk)
    if draft.status != Agreement.Status.DRAFT:
        messages.info(request, _("Perjanjian yang sudah ditandatangani tidak dapat diubah. Buat versi baru."))
        return redirect("agent:sla_agreement", pk=pk)
    if request.method == "GET":
        form = forms.AgreementForm(initial=forms.values_of(draft))
        return _editor(request, draft.service, draft, form, draft.signatories)
    return _save(request, draft.service, draft)


def _save(request: AgentRequest, service: Service, draft: Agreement | None) -> HttpResponse:
    form, people = forms.AgreementForm(request.POST), forms.signatories_in(request.POST)
    if not form.is_valid():
        return _editor(request, service, draft, form, people, status=INVALID)
    values: dict[str, Any] = {**form.facts(), "signatories": people}
    try:
        if draft:
            saved = keeping.change(actor=request.user, pk=draft.pk, seen=request.POST.get("seen"), **values)
        else:
            saved = keeping.create(actor=request.user, service_id=service.pk, **values)
    except InvalidInputs as error:
        form.refuse(error.errors)
        return _editor(request, service, draft, form, people, status=INVALID)
    except (WrongState, Stale) as error:
        form.add_error(None, error.message)
        return _editor(request, service, draft and _agreement(draft.pk), form, people, status=error.status)
    messages.success(request, _("Rancangan %(number)s disimpan.") % {"number": saved.number})
    return redirect("agent:sla_agreement", pk=saved.pk)


def _editor(
    request: AgentRequest,
    service: Service,
    draft: Agreement | None,
    form: forms.AgreementForm,
    people: list[dict[str, str]],
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "service": service,
        "draft": draft,
        "seen": keeping.edition(draft) if draft else "",
        "form": form,
        "people": forms.shown_signatories(people),
        "offer": promises.offer_of(service, timezone.localdate()),
    }
    return render(request, "agent/sla/agreement_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@keepers
def sign(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask once more, because signing cannot be undone; or say what is still missing."""
    draft = _agreement(pk)
    if draft.status != Agreement.Status.DRAFT:
        messages.info(request, _("Perjanjian ini sudah ditandatangani."))
        return redirect("agent:sla_agreement", pk=pk)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            signed = keeping.sign(actor=request.user, pk=pk, seen=request.POST.get("seen"))
        except InvalidInputs as error:
            errors = error.errors
        except Stale:
            messages.error(
                request, _("Rancangan ini diubah sejak Anda membukanya. Periksa lagi sebelum menandatangani.")
            )
            return redirect("agent:sla_agreement_sign", pk=pk)
        except WrongState as error:
            messages.error(request, error.message)
            return redirect("agent:sla_agreement", pk=pk)
        else:
            messages.success(request, _("Perjanjian %(number)s ditandatangani.") % {"number": signed.number})
            return redirect("agent:sla_agreement", pk=pk)
    else:
        errors = keeping.missing(draft, timezone.localdate())
    context = {
        "document": document.document_of(draft, with_nip=True),
        "errors": errors,
        "hidden": [("seen", keeping.edition(draft))],
        "back": reverse("agent:sla_agreement", args=[pk]),
    }
    refused = request.method == "POST" and errors
    return render(request, "agent/sla/agreement_sign.html", context, status=INVALID if refused else 200)


@require_POST
@keepers
def renew(request: AgentRequest, pk: int) -> HttpResponse:
    """A draft of the next version."""
    try:
        draft = keeping.renew(actor=request.user, pk=pk)
    except WrongState as error:
        messages.error(request, error.message)
        return redirect("agent:sla_agreement", pk=pk)
    messages.success(request, _("Rancangan versi %(version)d siap diubah.") % {"version": draft.version})
    return redirect("agent:sla_agreement_edit", pk=draft.pk)


@require_http_methods(["GET", "POST"])
@keepers
def end(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose the last day, knowing that no new promise follows by itself."""
    shown = _agreement(pk)
    form = forms.EndForm(request.POST if request.method == "POST" else None, initial={"on": timezone.localdate()})
    status = 200
    if request.method == "POST":
        status = INVALID
        if form.is_valid():
            try:
                keeping.end(actor=request.user, pk=pk, on=form.cleaned_data["on"])
            except InvalidInputs as error:
                form.add_error("on", error.message)
            except WrongState as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, _("Perjanjian %(number)s diakhiri.") % {"number": shown.number})
                return redirect("agent:sla_agreement", pk=pk)
    context = {"agreement": shown, "form": form, "back": reverse("agent:sla_agreement", args=[pk])}
    return render(request, "agent/sla/agreement_end.html", context, status=status)


@require_GET
@keepers
def download(request: AgentRequest, pk: int) -> HttpResponse:
    """The version as PDF, drafts too, marked as such."""
    shown = document.document_of(_agreement(pk), with_nip=True)
    return HttpResponse(
        pdf.render(shown),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{pdf.file_name(shown)}"'},
    )


def _agreement(pk: int) -> Agreement:
    found = Agreement.objects.select_related("service__category", "owner").filter(pk=pk).first()
    if found is None:
        raise Http404(_("Perjanjian tidak ditemukan."))
    return found
