"""Who calls, and with which rights of the token."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User

KEYWORD = b"bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. Nothing else signs in here, no session either, so there is no CSRF to guard."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The person and the token, or None without the header. Raises AuthenticationFailed for a bad token."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD:
            return None
        try:
            # A header with several words decodes to a token that cannot exist.
            token = tokens.authenticate(b" ".join(parts[1:]).decode("ascii"))
        except UnicodeDecodeError:
            token = None
        if token is None:
            raise AuthenticationFailed(_("Token tidak dikenal, sudah dicabut, atau kedaluwarsa."))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401; it tells a bad token from a missing one (RFC 6750)."""
        challenge = 'Bearer realm="api"'
        return f'{challenge}, error="invalid_token"' if get_authorization_header(request) else challenge


class HasScope(BasePermission):
    """Reading needs the scope `read`, everything else `write`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = ApiToken.Scope.READ if request.method in SAFE_METHODS else ApiToken.Scope.WRITE
        if isinstance(request.auth, ApiToken) and scope not in request.auth.scopes:
            raise PermissionDenied(
                _("Token ini tidak punya cakupan “%(scope)s”.") % {"scope": scope}, code="insufficient_scope"
            )
        return True
