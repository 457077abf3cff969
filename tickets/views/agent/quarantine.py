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
from tickets.errors import InvalidInputs, NotVisible, Stale
from tickets.models import BlockedSender, InboundRecord, Ticket
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
    named = {record.suggested_ticket_id for record in page.rows} - {None}
    visible_by_id = {ticket.pk: ticket for ticket in access.visible_to(request.user).filter(pk__in=named)}
    rows = [(record, visible_by_id.get(record.suggested_ticket_id)) for record in page.rows]
    return render(request, "agent/quarantine.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@workspace
def blocked(request: AgentRequest) -> HttpResponse:
    """The senders whose mail is kept unseen, and the way to let them in again."""
    if not service.may_decide(request.user):
        raise PermissionDenied(_("Karantina diurus petugas meja layanan."))
    if request.method == "POST":
        key = request.POST.get("alamat", "")
        if not key.isascii() or not key.isdigit() or len(key) > 18:
            raise Http404
        address = service.unblock(actor=request.user, pk=int(key))
        messages.success(request, _("Email dari %(address)s diterima lagi.") % {"address": address})
        return redirect("agent:blocked")
    page = queues.keyset_page(
        BlockedSender.objects.select_related("blocked_by"),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    return render(request, "agent/blocked.html", {"page": page})


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
    except InvalidInputs as error:
        form.add_error(None, " ".join([error.message, *(text for texts in error.errors.values() for text in texts)]))
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
    context = {
        "record": record,
        "suggested": suggested,
        "form": form,
        "files": files,
        "can_block": service.can_block(record),
    }
    return render(request, "agent/decide.html", context, status=status)


def _decided(request: AgentRequest, record: InboundRecord) -> HttpResponse:
    if record.message is None:
        said = _("Pesan disingkirkan. Salinannya tetap tersimpan.")
        if record.reason == InboundRecord.Reason.BLOCKED:
            said = _("%(address)s diblokir. Emailnya disimpan tanpa ditampilkan.") % {"address": record.sender_key}
        messages.success(request, said)
        return redirect("agent:quarantine")
    number = record.message.ticket.number
    messages.success(request, _("Pesan masuk ke tiket %(number)s.") % {"number": number})
    return after_change(request, number)
