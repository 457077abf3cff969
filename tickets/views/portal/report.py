"""Reporting without an account, and its receipt."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sla.agreements import agreement_for
from tickets import intake, tracking
from tickets.agreements import promises
from tickets.portal_forms import KINDS, ReportForm
from tickets.views.portal import limits

# An office of forty people, or a whole village behind one mobile gateway, shares an address.
REPORTS_PER_HOUR = 30
PENDING = "laporan_terkirim"
PENDING_LIFE = 12 * 3600


@limits.accepts_uploads
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """First which kind, then the form; on success a redirect to the receipt."""
    wanted = request.POST.get("jenis") or request.GET.get("jenis", "")
    if wanted not in KINDS:
        service = request.GET.get("layanan", "")
        return render(request, "portal/report_kind.html", {"kinds": KINDS.items(), "service": service})
    form = _form(request, wanted)
    if request.method != "POST":
        response = _page(request, form)
        response.set_cookie(
            PENDING, str(form.initial["submission"]), max_age=PENDING_LIFE, path=request.path,
            secure=settings.HTTPS, httponly=True, samesite="Lax",
        )  # fmt: skip
        return response
    if not form.is_valid():
        return _page(request, form, status=422)
    if not limits.spend("report", limits.sender_of(request), limit=REPORTS_PER_HOUR):
        form.add_error(
            None,
            _("Sudah terlalu banyak laporan dari jaringan ini dalam satu jam. Coba lagi nanti, atau telepon kami."),
        )
        return _page(request, form, status=429)
    return _accept(request, form)


def _form(request: HttpRequest, kind: str) -> ReportForm:
    data: Any = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return ReportForm(
        *data, kind=kind, user=request.user, submission=pending(request), service=request.GET.get("layanan", "")
    )


def pending(request: HttpRequest) -> uuid.UUID:
    """The number of the report being written.

    It stays the same until we know that the receipt arrived: whoever loses the line after sending, opens the form
    anew and sends the same words, gets the receipt of the first report.
    """
    try:
        return uuid.UUID(request.COOKIES.get(PENDING, ""))
    except ValueError:
        return uuid.uuid4()


def _page(request: HttpRequest, form: ReportForm, status: int = 200) -> HttpResponse:
    title, hint = KINDS[form.kind]
    context = {"form": form, "title": title, "hint": hint, **_promise(form)}
    return render(request, "portal/report.html", context, status=status)


def _promise(form: ReportForm) -> dict[str, Any]:
    """What is promised for the chosen service, or in general while none is chosen."""
    today = timezone.localdate()
    service = form.chosen_service()
    return {
        "service": service,
        "promises": promises.promises_of(service, [form.kind], today, form.requester_class),
        "agreement": agreement_for(service.pk, today) if service else None,
    }


def _accept(request: HttpRequest, form: ReportForm) -> HttpResponse:
    ticket = intake.receive(form.message()).ticket
    if ticket is None:
        raise RuntimeError("a validated web report ended without a ticket")
    tracking.keep_receipt(request.session, ticket, timezone.now())
    return redirect("portal:received")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def received(request: HttpRequest) -> HttpResponse:
    """Number and access code of the report just sent. POST: the reader has kept them, so forget them here."""
    if request.method == "POST":
        tracking.forget_receipt(request.session)
        return redirect("portal:home")
    receipt = tracking.receipt(request.session, timezone.now())
    if receipt is None:
        return redirect("portal:track")
    response = render(request, "portal/received.html", {"receipt": receipt})
    response.delete_cookie(PENDING, path=reverse("portal:report"), samesite="Lax")
    return response
