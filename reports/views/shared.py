"""What the pages of reports share: who may enter, and how a file is handed out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from reports.forms import ReportForm
from reports.pages import READERS
from tickets.errors import Forbidden, NotVisible

INVALID = 422
"""Status of a page that shows what is wrong with the inputs."""
MAX_KEY = 2**63
View = Callable[..., HttpResponse]


class ReaderRequest(HttpRequest):
    """A request by somebody who may read reports."""

    user: User


def only_readers(*methods: str) -> Callable[[View], View]:
    """For signed-in managers, coordinators and administrators; others get the sign-in page or 403.

    What does not exist for the person is 404, what is not theirs to change 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: ReaderRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_role(*READERS):
                raise PermissionDenied
            if kwargs.get("pk", 0) >= MAX_KEY:
                raise Http404
            try:
                return view(request, *args, **kwargs)
            except NotVisible as error:
                raise Http404(error.message) from error
            except Forbidden as error:
                raise PermissionDenied(error.message) from error

        return never_cache(login_required(require_http_methods(methods)(guarded)))

    return decorate


def readers(view: View) -> View:
    """For pages that only show."""
    return only_readers("GET", "HEAD")(view)


def ask_again(request: ReaderRequest, form: ReportForm, template: str = "reports/sla.html") -> HttpResponse:
    """A question that makes no sense gets the form back, saying why."""
    return render(request, template, {"form": form, "presets": form.presets()}, status=INVALID)


def download(content: bytes, kind: str, name: str) -> HttpResponse:
    """A file to keep."""
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
