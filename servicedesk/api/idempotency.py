"""`Idempotency-Key`: a request repeated after a lost answer gets the first answer and changes nothing.

The key is claimed in the transaction of the change. A second request with the same key waits for the first one at
the unique constraint (on SQLite at the write lock) and then finds its answer. A request that is refused leaves no
trace, so it may be corrected and sent again with the same key.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from servicedesk.api.base import caller, visible_ticket
from servicedesk.api.problems import KeyReused
from servicedesk.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
MAX_LENGTH = 255
REPLAYED = "Idempotency-Replayed"
REPEATED_HEADERS = ("ETag", "Location")
FORGET_AT_ONCE = 1000


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Run `act`, or give the answer it gave when this key came first.

    Raises KeyReused (422) for a known key with another method, path or body.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    _check(key)
    user, digest = caller(request), _digest(request)
    with transaction.atomic():
        expired = timezone.now() - KEPT
        IdempotencyKey.objects.filter(user=user, key=key, created_at__lt=expired).delete()
        row, is_first = IdempotencyKey.objects.get_or_create(
            user=user,
            key=key,
            defaults={"method": request.method or "", "path": request.path[:300], "request_hash": digest},
        )
        if not is_first:
            _check_right(request, row)
            return _replay(row, digest)
        response = act()
        row.status = response.status_code
        row.headers = {name: response[name] for name in REPEATED_HEADERS if name in response}
        row.body = json.loads(JSONRenderer().render(response.data))
        row.save()
        return response


def forget_expired() -> int:
    """Delete keys older than a day, at most FORGET_AT_ONCE at a time; how many there were."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("created_at")
    deleted, _per_model = IdempotencyKey.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:FORGET_AT_ONCE])
    ).delete()
    return deleted


def _check(key: str) -> None:
    if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        raise ValidationError({HEADER: [_("Tulis 1 sampai 255 karakter ASCII yang tercetak.")]})


def _digest(request: Request) -> str:
    """SHA-256 of method, path and body; of a form with files their contents, since boundaries differ each time."""
    body: Any = request.data
    if isinstance(body, QueryDict):
        fields = [(name, values) for name, values in body.lists() if name not in request.FILES]
        body = [sorted(fields), [(name, each.name, _content_digest(each)) for name, each in _files(request)]]
    facts = json.dumps([request.method, request.path, body], sort_keys=True)
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()


def _files(request: Request) -> list[tuple[str, Any]]:
    return [(name, each) for name in sorted(request.FILES) for each in request.FILES.getlist(name)]


def _content_digest(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _check_right(request: Request, row: IdempotencyKey) -> None:
    """Raise as for an unknown ticket when the caller may no longer see the one that the first answer is about."""
    named: Any = (request.parser_context or {}).get("kwargs", {}).get("number")
    number = named or (row.body.get("number") if isinstance(row.body, dict) else None)
    if number:
        visible_ticket(request, str(number))


def _replay(row: IdempotencyKey, digest: str) -> Response:
    if row.request_hash != digest:
        raise KeyReused
    return Response(row.body, status=row.status, headers={**row.headers, REPLAYED: "true"})
