"""The dossier of a ticket as a file to print and sign."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tickets import access
from tickets.access import Action
from tickets.audit import dossier
from tickets.audit.forms import DossierForm
from tickets.errors import Forbidden
from tickets.views.agent.shared import INVALID, AgentRequest, workspace


@require_http_methods(["GET", "POST"])
@workspace
def export(request: AgentRequest, number: str) -> HttpResponse:
    """Ask which variant, then give the PDF. A POST, because it is recorded in the history."""
    shown = access.get_visible(request.user, number)
    if not access.can(request.user, Action.SEE_INTERNAL, shown):
        raise Forbidden(_("Berkas perkara hanya untuk petugas yang menangani tiket ini."))
    may_open = access.can(request.user, Action.VIEW_IDENTITY, shown)
    form = DossierForm(request.POST or None, may_open=may_open)
    if not form.is_valid():
        context = {"ticket": shown, "form": form}
        return render(request, "agent/dossier.html", context, status=INVALID if form.is_bound else 200)
    made = dossier.export(
        ticket_id=shown.pk,
        actor=request.user,
        internal=form.cleaned_data["variant"] == DossierForm.FULL,
        reason=form.cleaned_data.get("reason", ""),
    )
    return HttpResponse(
        made.content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{made.name}"'},
    )
