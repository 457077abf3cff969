"""The tickets a signed-in person reported or takes part in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.contacts import Identity
from accounts.models import Contact, User
from tickets import access
from tickets.actors import Actor
from tickets.choices import Channel
from tickets.errors import Forbidden, NotVisible
from tickets.models import Participant, Ticket
from tickets.queues import keyset_page
from tickets.views.portal import limits, ticket_page
from tickets.views.portal.ticket_page import Visit

PAGE_SIZE = 20
View = Callable[..., HttpResponse]


def refusals(view: View) -> View:
    """What does not exist for the person is 404, what is not theirs to do 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotVisible as error:
            raise Http404(error.message) from error
        except Forbidden as error:
            raise PermissionDenied(error.message) from error

    return guarded


def own_tickets(user: User) -> QuerySet[Ticket]:
    """Tickets this person reported or takes part in; what they see as staff is not among them."""
    contact = Contact.objects.filter(user=user).first()
    if contact is None:
        return Ticket.objects.none()
    taking_part = Participant.objects.filter(contact=contact, via=None).values("ticket_id")
    return access.visible_to(user).filter(Q(requester=contact) | Q(pk__in=taking_part))


@never_cache
@login_required
@require_safe
def my_tickets(request: HttpRequest) -> HttpResponse:
    """Newest first, in keyset pages, open or finished ones."""
    chosen = request.GET.get("tampil", "")
    user = cast(User, request.user)
    tickets = own_tickets(user).select_related("service", "office")
    if chosen == "terbuka":
        tickets = tickets.filter(is_open=True)
    elif chosen == "selesai":
        tickets = tickets.filter(is_open=False)
    page = keyset_page(
        tickets,
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
        size=PAGE_SIZE,
    )
    context = {
        "tickets": page.rows,
        "tabs": [("", _("Semua")), ("terbuka", _("Terbuka")), ("selesai", _("Selesai"))],
        "chosen": chosen,
        "is_unproven": not EmailAddress.objects.filter(user=user, verified=True).exists(),
        "prev_url": _page_url(chosen, "sebelum", page.previous),
        "next_url": _page_url(chosen, "sesudah", page.next),
    }
    return render(request, "portal/my_tickets.html", context)


def _page_url(chosen: str, side: str, cursor: str) -> str:
    if not cursor:
        return ""
    return "?" + urlencode(({"tampil": chosen} if chosen else {}) | {side: cursor})


@never_cache
@login_required
@limits.accepts_uploads
@require_http_methods(["GET", "HEAD", "POST"])
@refusals
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """One own ticket; POST adds a reply. A merged one leads to its survivor, when that is one's own too."""
    visit = _visit(request, number)
    survivor = access.survivor_of(visit.ticket)
    if request.method == "POST":
        return ticket_page.reply(request, visit)
    if survivor.pk != visit.ticket.pk and own_tickets(cast(User, request.user)).filter(pk=survivor.pk).exists():
        numbers = {"old": visit.ticket.number, "number": survivor.number}
        messages.info(request, _("Tiket %(old)s sudah digabung dengan tiket ini, %(number)s.") % numbers)
        return redirect("portal:ticket", number=survivor.number)
    return ticket_page.show(request, visit)


@never_cache
@login_required
@require_POST
@refusals
def ticket_step(request: HttpRequest, number: str, name: str) -> HttpResponse:
    return ticket_page.run(request, _visit(request, number), name)


def _visit(request: HttpRequest, number: str) -> Visit:
    user = cast(User, request.user)
    related = ("requester", "service", "office", "team")
    found = own_tickets(user).select_related(*related).filter(number=number.strip().upper()).first()
    if found is None:
        raise NotVisible(_("Tiket tidak ditemukan."))
    return Visit(
        ticket=found,
        actor=Actor(user=user, contact=Contact.objects.get(user=user), channel=Channel.WEB),
        sender=Identity(user=user),
        page=reverse("portal:ticket", args=[found.number]),
        step=lambda name: reverse("portal:ticket_step", args=[found.number, name]),
        by_code=False,
    )
