"""Sign-in by email, user name or NIP."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.normalize import nip_digits


class LoginBackend(AuthenticationBackend):
    """allauth's backend, which also takes the 18 digits of a NIP (spaces allowed) where it takes a user name."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        login = credentials.get("username") or credentials.get("login") or ""
        nip = nip_digits(login)
        if nip:
            username = User.objects.filter(nip=nip).values_list("username", flat=True).first()
            if username:
                credentials["username"] = username
        return super().authenticate(request, **credentials)
