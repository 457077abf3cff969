"""The queue: every list of tickets an agent works from."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from tickets import queues, rows
from tickets.errors import InvalidInputs
from tickets.filters import QueueFilters
from tickets.operations import bulk, tagging
from tickets.views.agent.shared import AgentRequest, safe_back, workspace


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
        "bulk_actions": [choice for choice in bulk.choices() if choice[0] != "ambil"],
        "offered_tags": tagging.offered(request.user),
    }
    return render(request, "agent/_queue_list.html" if request.htmx else "agent/queue.html", context)


@require_POST
@workspace
def take_many(request: AgentRequest) -> HttpResponse:
    """Assign the ticked tickets to oneself, and say which of them could not be taken."""
    back = safe_back(request, request.POST.get("kembali", ""))
    try:
        results = bulk.run(action="ambil", numbers=request.POST.getlist("tiket"), actor=request.user)
    except InvalidInputs as error:
        messages.warning(request, error.message)
        return redirect(back)
    taken = sum(each.is_done for each in results)
    if taken:
        text = ngettext("%(count)d tiket kini milik Anda.", "%(count)d tiket kini milik Anda.", taken)
        messages.success(request, text % {"count": taken})
    refused = [each for each in results if not each.is_done and each.is_known]
    for each in refused:
        facts = {"number": each.number, "reason": each.reason}
        messages.warning(request, _("%(number)s tidak diambil: %(reason)s") % facts)
    if not taken and not refused:
        messages.warning(request, _("Pilih tiket yang akan diambil."))
    return redirect(back)
