"""What the pages of the workspace share: who may enter, and how a refusal becomes an answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from tickets import access, workflow
from tickets.agent_forms import VersionedForm
from tickets.errors import Forbidden, NotVisible, Stale, TicketError, WrongState
from tickets.models import Ticket

INVALID = 422
"""Status of a page that shows what is wrong with the inputs; htmx puts such answers in place."""

View = Callable[..., HttpResponse]


class AgentRequest(HttpRequest):
    """A request that passed `workspace`: somebody of the staff is signed in."""

    user: User
    htmx: Any


def workspace(view: View) -> View:
    """For signed-in people with a role in the workspace; others get the sign-in page or 403.

    A ticket that does not exist for the person is 404, an act that is not theirs 403.
    """

    @wraps(view)
    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_workspace_user:
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except NotVisible as error:
            raise Http404(error.message) from error
        except Forbidden as error:
            raise PermissionDenied(error.message) from error

    return never_cache(login_required(guarded))


def go(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Redirect; a request by htmx moves the whole page instead of the part that asked."""
    target = redirect(*args, **kwargs)
    return HttpResponseClientRedirect(target["Location"]) if request.htmx else target


def sentence(error: TicketError, ticket: Ticket, user: User) -> str:
    """The refusal for the screen. Who changed a ticket stays unsaid where that could be the hidden requester."""
    if isinstance(error, Stale | WrongState) and access.hides_requester(user, ticket):
        return _("Tiket sudah diubah sejak Anda membukanya. Periksa keadaannya, lalu kirim lagi.")
    if isinstance(error, Stale):
        name = workflow.last_actor(ticket)
        return _("Tiket sudah diubah oleh %(name)s. Periksa keadaannya, lalu kirim lagi.") % {"name": name}
    return error.message


def safe_back(request: AgentRequest, path: str) -> str:
    """The page of ours to go back to; the queue for anything else."""
    is_ours = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    if is_ours and path.startswith("/") and path.isprintable():  # else `redirect` takes it for the name of a view
        return path
    return reverse("agent:queue")


def version_in(request: AgentRequest) -> int | None:
    """The version of the ticket that the posted form was made from; None when the form names none.

    What is no number fits no version, so that the change is refused as stale.
    """
    form = VersionedForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else workflow.NO_VERSION


def after_change(request: AgentRequest, number: str) -> HttpResponse:
    """Back to the ticket, or to the queue when the change took it out of this person's sight."""
    if access.visible_to(request.user).filter(number=number).exists():
        return go(request, "agent:ticket", number=number)
    messages.info(
        request, _("Tiket %(number)s kini ditangani pihak lain dan tidak tampil lagi untuk Anda.") % {"number": number}
    )
    return go(request, "agent:queue")
