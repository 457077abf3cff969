"""Reports taken by telephone, at the counter or from a letter."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tickets import access, intake, notices
from tickets.agent_forms import ReportForm
from tickets.models import InboundRecord, Ticket
from tickets.quarantine import may_decide
from tickets.views.agent.shared import INVALID, AgentRequest, after_change, workspace

RECEIPT = "agent_receipt"
"""Session key of the ticket whose access code is still to be shown."""


@require_http_methods(["GET", "POST"])
@workspace
def create(request: AgentRequest) -> HttpResponse:
    """The form, and the report by the same door as every other message."""
    if request.method == "GET":
        return render(request, "agent/create.html", {"form": ReportForm()})
    form = ReportForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "agent/create.html", {"form": form}, status=INVALID)
    result = intake.receive(form.message(request.user))
    if result.ticket is None or result.message is None:
        return _kept_aside(request, result.record)
    if result.ticket.messages.order_by("id").first() == result.message:
        request.session[RECEIPT] = result.ticket.pk
        return redirect("agent:receipt")
    # The report named a ticket of this reporter: no receipt, for its access code went to whoever opened it.
    messages.success(request, _("Laporan ditambahkan ke tiket yang disebut dalam perihalnya."))
    return after_change(request, result.ticket.number)


def _kept_aside(request: AgentRequest, record: InboundRecord) -> HttpResponse:
    """The subject names a ticket this reporter takes no part in: the service desk decides where it belongs."""
    messages.warning(
        request,
        _("Perihal menyebut tiket lain yang bukan milik pelapor ini. Laporan disimpan di karantina untuk diputuskan."),
    )
    if may_decide(request.user) and record.state == InboundRecord.State.QUARANTINED:
        return redirect("agent:decide", pk=record.pk)
    return redirect("agent:queue")


@require_GET
@workspace
def receipt(request: AgentRequest) -> HttpResponse:
    """Number and access code for the reporter, shown once and ready to print."""
    pk = request.session.pop(RECEIPT, None)
    # Not by `visible_to`: whoever took a secret report hands over its receipt and does not see it again.
    ticket = Ticket.objects.filter(pk=pk).first() if pk else None
    if ticket is None:
        messages.info(request, _("Tanda terima hanya ditampilkan sekali, sesudah laporan dicatat."))
        return redirect("agent:create")
    may_open = access.visible_to(request.user).filter(pk=ticket.pk).exists()
    context = {"ticket": ticket, "may_open": may_open, "track_url": notices.tracking_url(ticket)}
    return render(request, "agent/receipt.html", context)
