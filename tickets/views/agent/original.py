"""One mail of a ticket in full."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tickets import access, originals
from tickets.choices import Direction
from tickets.models import Message, Ticket
from tickets.views.agent.shared import AgentRequest, workspace


@require_GET
@workspace
def original(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """The whole mail, or with ?bentuk=eml the file as it came."""
    ticket = access.get_visible(request.user, number)
    message = _readable(request, ticket, pk)
    if request.GET.get("bentuk") == "eml":
        return _download(message, f"{ticket.number}-{message.pk}.eml")
    context = {
        "ticket": ticket,
        "message": message,
        "html": originals.html_of(message),
        "has_raw": message.inbound.filter(raw__isnull=False).exists(),
    }
    return render(request, "agent/original.html", context)


def _readable(request: AgentRequest, ticket: Ticket, pk: int) -> Message:
    """What a hidden reporter wrote in full may give them away: a signature, a quotation, a header."""
    found = None
    if pk < 2**63:
        found = Message.objects.prefetch_related("attachments").filter(pk=pk, ticket_id=ticket.pk).first()
    if found is None or not access.may_read(request.user, found):
        raise Http404(_("Pesan tidak ditemukan."))
    if found.direction == Direction.IN and access.hides_requester(request.user, ticket):
        raise Http404(_("Pesan tidak ditemukan."))
    return found


def _download(message: Message, name: str) -> HttpResponse:
    raw = originals.raw_of(message)
    if not raw:
        raise Http404(_("Pesan mentah tidak disimpan lagi."))
    response = HttpResponse(raw, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
