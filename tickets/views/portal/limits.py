"""Limits of the public pages: how often somebody may try, and how much they may send at once."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect

HOUR = 3600
View = Callable[..., HttpResponse]


def client_address(request: HttpRequest) -> str:
    """The address of the visitor: what our own proxy saw when there is one, else the peer."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "")
        # Only the last entry was written by our proxy; the ones before it are claims of the visitor.
        last = forwarded.rsplit(",", 1)[-1].strip()
        if last:
            return last
    return str(request.META.get("REMOTE_ADDR", ""))


def sender_of(request: HttpRequest) -> str:
    """Who is counted: the account, or the address for visitors without one."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{client_address(request)}"


def spend(what: str, who: str, *, limit: int, seconds: int = HOUR) -> bool:
    """Count one use and tell whether it is still within `limit` uses per `seconds`. The cache holds no address."""
    key = _key(what, who)
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= limit
    except ValueError:  # it expired between the two calls
        cache.set(key, 1, seconds)
        return True


def is_spent(what: str, who: str, *, limit: int) -> bool:
    """Whether the limit is used up, without counting."""
    return int(cache.get(_key(what, who), 0)) >= limit


def _key(what: str, who: str) -> str:
    return f"limit:{what}:{hashlib.sha256(who.encode()).hexdigest()}"


def total_upload_bytes() -> int:
    """How much one form may send altogether: two files of the greatest size."""
    return 2 * settings.ATTACHMENT_MAX_BYTES


def accepts_uploads(view: View) -> View:
    """For forms with files: whatever is too much is answered with a page that says what to do.

    Django parses the form inside its CSRF check, where a page could no longer answer. So the check is done here,
    after the form was parsed.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            if _declared_length(request) > total_upload_bytes() + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                return _refuse(request)
            try:
                _ = request.POST
            except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
                return _refuse(request)
            except (MultiPartParserError, UnreadablePostError):
                return render(request, "portal/upload_broken.html", status=400)
        return csrf_protect(view)(request, *args, **kwargs)

    return guarded


def _declared_length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdigit() else 0


def _refuse(request: HttpRequest) -> HttpResponse:
    context = {
        "max_count": settings.ATTACHMENT_MAX_COUNT,
        "max_mb": settings.ATTACHMENT_MAX_BYTES // 1024 // 1024,
        "total_mb": total_upload_bytes() // 1024 // 1024,
    }
    return render(request, "portal/upload_too_large.html", context, status=413)
