"""What every page knows."""

from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.roles import Role
from tickets import access


def site(request: HttpRequest) -> dict[str, Any]:
    """`org_name`, `site_name`, and `workspace` with the parts of the workspace this person may open."""
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    return {
        "org_name": settings.SITE_ORG,
        "site_name": settings.SITE_NAME,
        "workspace": SimpleNamespace(
            agent=signed_in and user.is_workspace_user,  # type: ignore[union-attr]
            coordinator=signed_in and user.has_role(Role.COORDINATOR, Role.ADMINISTRATOR),  # type: ignore[union-attr]
            # Asked by the menu of the workspace alone, so that other pages need no look at the teams.
            automation=lambda: signed_in and access.may_automate(user),  # type: ignore[arg-type]
            administrator=signed_in and user.has_role(Role.ADMINISTRATOR),  # type: ignore[union-attr]
            manager=signed_in and user.has_role(Role.MANAGER, Role.COORDINATOR, Role.ADMINISTRATOR),  # type: ignore[union-attr]
        ),
    }
