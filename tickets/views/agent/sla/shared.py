"""Who may keep the SLA settings."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from tickets import access
from tickets.errors import Forbidden
from tickets.views.agent.shared import AgentRequest, View, workspace


def keepers(view: View) -> View:
    """For those who keep the settings that act on everybody's tickets; others of the workspace get 403."""

    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not access.may_automate(request.user):
            raise Forbidden(_("Pengaturan SLA dikelola koordinator meja layanan dan administrator."))
        if kwargs.get("pk", 0) >= 2**63:
            raise Http404
        return view(request, *args, **kwargs)

    return workspace(guarded)
