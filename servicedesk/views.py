"""Pages that belong to no app."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from accounts.roles import Role


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere; the page says how to go on."""
    return render(request, "403_csrf.html", status=403)


def after_login(request: HttpRequest) -> HttpResponse:
    """Each person to the page of their daily work."""
    user = request.user
    if isinstance(user, User):
        if user.has_role(Role.MANAGER) and not user.has_role(Role.AGENT, Role.COORDINATOR):
            return redirect("reports:sla")
        if user.is_workspace_user:
            return redirect("agent:queue")
        return redirect("portal:my_tickets")
    return redirect("account_login")
