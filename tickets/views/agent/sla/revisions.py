"""The page of a revision: its dry run, its confirmation, its progress and its result."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sla import calendars as work_calendars
from sla import definitions
from sla.models import Revision, RevisionMove
from sla.worktime import WorkCalendar
from tickets import access, queues, revisions
from tickets.errors import Stale, WrongState
from tickets.queues import Page
from tickets.views.agent.shared import AgentRequest
from tickets.views.agent.sla.shared import keepers

BUSY = (Revision.State.PREVIEWING, Revision.State.APPLYING)


@require_GET
@keepers
def listing(request: AgentRequest) -> HttpResponse:
    """Every change of calendars, their users and policies, newest first."""
    page = queues.keyset_page(
        Revision.objects.select_related("made_by", "applied_by").defer("payload"),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    return render(request, "agent/sla/revisions.html", {"page": page})


def _revision(pk: int) -> Revision:
    found = Revision.objects.filter(pk=pk).select_related("calendar", "policy", "made_by", "applied_by").first()
    if found is None:
        raise Http404(_("Perubahan tidak ditemukan."))
    return found


@require_GET
@keepers
def revision(request: AgentRequest, pk: int) -> HttpResponse:
    """All of a revision. While it is worked on, htmx asks for the part that changes; a plain reload does too."""
    found = _revision(pk)
    result = found.payload.get("result") or {}
    context: dict[str, Any] = {
        "revision": found,
        "is_busy": found.state in BUSY,
        "percent": _percent(found),
        "lines": found.summary.splitlines(),
        "farthest_minutes": abs(result.get("farthest", 0)) // 60,
        "is_later": result.get("farthest", 0) >= 0,
        "result": result,
    }
    if found.state in (Revision.State.READY, Revision.State.DONE):
        page = queues.keyset_page(
            _moves(request, found),
            after=request.GET.get("sesudah", ""),
            before=request.GET.get("sebelum", ""),
            newest_first=True,
        )
        context |= {"page": page, "moves": _shifts(found, page)}
    partial = request.htmx and request.GET.get("bagian") == "1"
    return render(request, "agent/sla/_revision.html" if partial else "agent/sla/revision.html", context)


def _percent(found: Revision) -> int:
    return min(99, found.checked * 100 // found.total) if found.total else 0


def _moves(request: AgentRequest, found: Revision) -> QuerySet[RevisionMove]:
    """Deadlines of tickets this person sees."""
    visible = access.visible_to(request.user).values("pk")
    return found.moves.filter(clock__ticket__in=visible).select_related("clock__ticket", "clock__calendar")


def _shifts(found: Revision, page: Page) -> list[dict[str, Any]]:
    """Each move with how much working time lies between both deadlines, by the hours in which that time is open."""
    loaded: dict[tuple[int, bool], WorkCalendar] = {}

    def calendar(pk: int, is_later: bool) -> WorkCalendar:
        if (pk, is_later) not in loaded:
            edited = found.kind == Revision.Kind.CALENDAR and pk == found.calendar_id
            side = "old" if is_later else "new"
            loaded[pk, is_later] = definitions.build(found.payload[side]) if edited else work_calendars.load(pk)
        return loaded[pk, is_later]

    rows = []
    for move in page.rows:
        minutes = None
        if move.old_due_at and move.new_due_at and move.clock.calendar_id:
            is_later = move.new_due_at > move.old_due_at
            first, last = sorted((move.old_due_at, move.new_due_at))
            worked = calendar(move.clock.calendar_id, is_later).between(first, last)
            minutes = int(worked.total_seconds() // 60) * (1 if is_later else -1)
        rows.append({"move": move, "minutes": minutes})
    return rows


@require_http_methods(["GET", "POST"])
@keepers
def apply(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask once more, then carry it out."""
    found = _revision(pk)
    if request.method == "POST":
        try:
            revisions.apply(pk, by=request.user)
        except (Stale, WrongState) as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("Perubahan diterapkan. Tenggat tiket terbuka sedang dihitung ulang."))
        return redirect("agent:sla_revision", pk=pk)
    back = reverse("agent:sla_revision", args=[pk])
    return render(request, "agent/sla/revision_apply.html", {"revision": found, "back": back})


@require_POST
@keepers
def discard(request: AgentRequest, pk: int) -> HttpResponse:
    """Throw a proposal away."""
    found = _revision(pk)
    try:
        revisions.discard(pk, by=request.user)
    except WrongState as error:
        messages.error(request, error.message)
        return redirect("agent:sla_revision", pk=pk)
    messages.success(request, _("Usulan dibuang. Tidak ada yang berubah."))
    return redirect("agent:sla_calendar", pk=found.calendar_id) if found.calendar_id else redirect("agent:sla")
