"""Bearer tokens of the REST API. A token is shown once, when it is made; the database keeps its SHA-256 alone."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken, User

PREFIX = "spbe_"
"""Lets people and secret scanners recognise a token that ended up where it does not belong."""

USE_NOTED_EVERY = timedelta(minutes=1)


def issue(user: User, name: str, scopes: Iterable[str], expires_in: timedelta | None) -> str:
    """Make a token for that person and return it in plain text, for the first and last time.

    `scopes` are values of ApiToken.Scope, `expires_in` None means that it never expires. Raises ValueError for no
    scope, an unknown one, or a lifetime that is not positive.
    """
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(ApiToken.Scope.values):
        raise ValueError(f"scopes must be some of {', '.join(ApiToken.Scope.values)}")
    if expires_in is not None and expires_in <= timedelta(0):
        raise ValueError("the lifetime of a token is positive")
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user,
        name=name[:100],
        digest=digest_of(token),
        scopes=wanted,
        expires_at=timezone.now() + expires_in if expires_in is not None else None,
    )
    return token


def authenticate(token: str) -> ApiToken | None:
    """The valid token of an active person, with its user; None for anything else. Notes the use once a minute."""
    found = ApiToken.objects.select_related("user").filter(digest=digest_of(token)).first()
    now = timezone.now()
    if found is None or not found.user.is_active or (found.expires_at is not None and found.expires_at <= now):
        return None
    if found.last_used_at is None or found.last_used_at < now - USE_NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=found.pk).update(last_used_at=now)
    return found


def digest_of(token: str) -> str:
    """SHA-256 in hex. A slow hash would add nothing: the token is 256 random bits, not a word somebody chose."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
