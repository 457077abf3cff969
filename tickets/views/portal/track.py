"""Following a ticket with its number and access code."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.contacts import Identity
from tickets import access, tracking
from tickets.actors import Actor
from tickets.choices import Channel
from tickets.errors import Forbidden, NotVisible
from tickets.models import Ticket
from tickets.portal_forms import TrackForm
from tickets.views.portal import limits, ticket_page
from tickets.views.portal.ticket_page import Visit

TRIES_PER_ADDRESS = 30
# Far too few for a code of 49 bits, far enough for somebody who reads their own receipt badly.
TRY_PERIOD = 1800


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Number and code open the ticket. A wrong number and a wrong code get the same answer."""
    if request.method != "POST":
        form = TrackForm(initial={"number": request.GET.get("nomor", "")[:40]})
        current = tracking.granted(request.session, timezone.now())
        return render(request, "portal/track.html", {"form": form, "current": current})
    form = TrackForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/track.html", {"form": form}, status=422)
    number, code = form.cleaned_data["number"], form.cleaned_data["code"]
    # Counted by visitor alone: a limit by ticket would let anybody lock its reporter out.
    if limits.is_spent("track", limits.client_address(request), limit=TRIES_PER_ADDRESS):
        form.add_error(None, _("Terlalu banyak percobaan. Tunggu setengah jam, lalu coba lagi."))
        return render(request, "portal/track.html", {"form": form}, status=429)
    ticket = access.by_code(number, code)
    if ticket is None:
        limits.spend("track", limits.client_address(request), limit=TRIES_PER_ADDRESS, seconds=TRY_PERIOD)
        form.add_error(None, _("Nomor tiket atau kode akses tidak cocok. Periksa keduanya pada tanda terima."))
        return render(request, "portal/track.html", {"form": form}, status=422)
    tracking.grant(request.session, ticket, timezone.now())
    return redirect("portal:tracked")


@never_cache
@limits.accepts_uploads
@require_http_methods(["GET", "HEAD", "POST"])
def tracked(request: HttpRequest) -> HttpResponse:
    """The ticket this visitor proved their right to; POST adds a reply."""
    visit = _visit(request)
    if visit is None:
        return _ask_again(request)
    try:
        return ticket_page.reply(request, visit) if request.method == "POST" else ticket_page.show(request, visit)
    except (NotVisible, Forbidden) as error:
        raise Http404(error.message) from error


@never_cache
@require_POST
def tracked_step(request: HttpRequest, name: str) -> HttpResponse:
    visit = _visit(request)
    if visit is None:
        return _ask_again(request)
    try:
        return ticket_page.run(request, visit, name)
    except (NotVisible, Forbidden) as error:
        raise Http404(error.message) from error


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Give up the right to the ticket, as on a shared computer."""
    tracking.revoke(request.session)
    messages.success(request, _("Anda sudah keluar dari tiket. Nomor dan kode tidak tersimpan di perangkat ini."))
    return redirect("portal:track")


def _visit(request: HttpRequest) -> Visit | None:
    ticket = tracking.granted(request.session, timezone.now())
    return visit_of(ticket) if ticket else None


def visit_of(ticket: Ticket) -> Visit:
    """Whoever has the code speaks as the requester, on this ticket only; hence a sender without any address."""
    return Visit(
        ticket=ticket,
        actor=Actor(contact=ticket.requester, channel=Channel.WEB),
        sender=Identity(),
        page=reverse("portal:tracked"),
        step=lambda name: reverse("portal:tracked_step", args=[name]),
        by_code=True,
    )


def _ask_again(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Masukkan nomor tiket dan kode akses untuk melanjutkan."))
    return redirect("portal:track")
