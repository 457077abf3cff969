"""The change calendar, the address of its feed, and the log of a change under way."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tickets import access
from tickets.changes import feed, schedule
from tickets.changes import log as implementation
from tickets.errors import InvalidInputs, Stale, WrongState
from tickets.views.agent.shared import AgentRequest, after_change, sentence, version_in, workspace


@require_GET
@workspace
def calendar(request: AgentRequest) -> HttpResponse:
    """A month or a week of changes and freeze windows."""
    today = timezone.localdate()
    view = schedule.WEEK if request.GET.get("tampilan") == schedule.WEEK else schedule.MONTH
    anchor = schedule.day_of(request.GET.get("tanggal", ""), today)
    context = {
        "calendar": schedule.calendar(request.user, view=view, anchor=anchor, today=today),
        "today": today,
        "feed_address": feed.address_of(request.user),
    }
    return render(request, "agent/changes/calendar.html", context)


@require_POST
@workspace
def renew_feed(request: AgentRequest) -> HttpResponse:
    """A new secret address; programs that use the old one get nothing any more."""
    feed.renew(user=request.user)
    messages.success(request, _("Alamat langganan baru sudah dibuat. Alamat lama tidak berlaku lagi."))
    return redirect("agent:change_calendar")


@require_POST
@workspace
def log(request: AgentRequest, number: str) -> HttpResponse:
    """One line of the implementation log."""
    ticket = access.get_visible(request.user, number)
    text = request.POST.get("text", "")
    try:
        implementation.add(ticket_id=ticket.pk, actor=request.user, text=text, expected_version=version_in(request))
    except InvalidInputs as error:
        messages.error(request, " ".join(error.errors.get("text", [error.message])))
    except (Stale, WrongState) as error:
        messages.error(request, sentence(error, ticket, request.user))
    else:
        messages.success(request, _("Catatan pelaksanaan disimpan."))
    return after_change(request, ticket.number)
