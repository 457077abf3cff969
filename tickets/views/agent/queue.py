"""The queue: every list of tickets an agent works from."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from tickets import claims, queues, rows
from tickets.filters import QueueFilters
from tickets.views.agent.shared import AgentRequest, workspace


@require_GET
@workspace
def queue(request: AgentRequest) -> HttpResponse:
    """One page of one tab. A refresh by htmx gets the tabs and the list alone."""
    now = timezone.now()
    tab = queues.tab_of(request.GET.get("tab", ""))
    filters = QueueFilters(request.GET)
    page = queues.keyset_page(
        rows.columns(queues.tickets_in(request.user, tab, filters, now)),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=tab.newest_first,
    )
    context = {
        "tab": tab,
        "tabs": queues.tab_counts(request.user, tab, filters, now),
        "filters": filters,
        "active_filters": filters.active(request.GET),
        "page": page,
        "rows": rows.rows(page.rows, now),
        "now": now,
        "may_take": bool(request.user.memberships),
    }
    return render(request, "agent/_queue_list.html" if request.htmx else "agent/queue.html", context)


@require_POST
@workspace
def take_many(request: AgentRequest) -> HttpResponse:
    """Assign the ticked tickets to oneself, and say which of them could not be taken."""
    result = claims.take_many(numbers=request.POST.getlist("tiket"), actor=request.user)
    if result.taken:
        count = len(result.taken)
        text = ngettext("%(count)d tiket kini milik Anda.", "%(count)d tiket kini milik Anda.", count)
        messages.success(request, text % {"count": count})
    for number, reason in result.refused:
        messages.warning(request, _("%(number)s tidak diambil: %(reason)s") % {"number": number, "reason": reason})
    if not result.taken and not result.refused:
        messages.warning(request, _("Pilih tiket yang akan diambil."))
    back = request.POST.get("kembali", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        return redirect(back)
    return redirect("agent:queue")
