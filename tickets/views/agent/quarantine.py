"""Messages that no rule could place: the service desk decides."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tickets import access, queues
from tickets import quarantine as service
from tickets.agent_forms import DecisionForm
from tickets.errors import NotVisible, Stale
from tickets.models import InboundRecord, Ticket
from tickets.views.agent.shared import INVALID, AgentRequest, after_change, workspace


def _waiting(request: AgentRequest) -> QuerySet[InboundRecord]:
    if not service.may_decide(request.user):
        raise PermissionDenied(_("Karantina diurus petugas meja layanan."))
    return InboundRecord.objects.filter(state=InboundRecord.State.QUARANTINED)


@require_GET
@workspace
def quarantine(request: AgentRequest) -> HttpResponse:
    """Messages that wait for a decision, newest first."""
    page = queues.keyset_page(
        _waiting(request).defer("raw", "payload", "text"),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    return render(request, "agent/quarantine.html", {"page": page})


@require_http_methods(["GET", "POST"])
@workspace
def decide(request: AgentRequest, pk: int) -> HttpResponse:
    """One message and the decision on it."""
    waiting = _waiting(request)
    if pk >= 2**63:
        raise Http404
    record = waiting.select_related("suggested_ticket").defer("raw").filter(pk=pk).first()
    if record is None:
        if request.method == "GET" or not InboundRecord.objects.filter(pk=pk).exists():
            raise Http404(_("Pesan karantina tidak ditemukan."))
        messages.error(request, _("Pesan ini sudah diputuskan oleh petugas lain."))
        return redirect("agent:quarantine")
    suggested = _suggestion(request, record)
    if request.method == "GET":
        return _page(
            request, record, suggested, DecisionForm(initial={"number": suggested.number if suggested else ""})
        )
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, record, suggested, form, status=INVALID)
    try:
        decided = service.decide(
            record_id=pk,
            actor=request.user,
            decision=form.cleaned_data["decision"],
            number=form.cleaned_data["number"].strip(),
        )
    except NotVisible as error:
        form.add_error("number", error.message)
        return _page(request, record, suggested, form, status=INVALID)
    except Stale as error:
        messages.error(request, error.message)
        return redirect("agent:quarantine")
    return _decided(request, decided)


def _suggestion(request: AgentRequest, record: InboundRecord) -> Ticket | None:
    """The ticket the message names, if this person sees it (it may have become secret since)."""
    suggested = record.suggested_ticket_id
    return access.visible_to(request.user).filter(pk=suggested).first() if suggested else None


def _page(
    request: AgentRequest, record: InboundRecord, suggested: Ticket | None, form: DecisionForm, *, status: int = 200
) -> HttpResponse:
    files = [upload["name"] for upload in record.payload.get("uploads", ())]
    context = {"record": record, "suggested": suggested, "form": form, "files": files}
    return render(request, "agent/decide.html", context, status=status)


def _decided(request: AgentRequest, record: InboundRecord) -> HttpResponse:
    if record.message is None:
        messages.success(request, _("Pesan disingkirkan. Salinannya tetap tersimpan."))
        return redirect("agent:quarantine")
    number = record.message.ticket.number
    messages.success(request, _("Pesan masuk ke tiket %(number)s.") % {"number": number})
    return after_change(request, number)
