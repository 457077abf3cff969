"""Every refusal as a problem document (RFC 9457), with Indonesian sentences fit for the caller's screen."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tickets.errors import InvalidInputs, Stale, TicketError, WrongState

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
ALL_FIELDS = "__all__"
"""Key of the errors that belong to no single field."""

TITLES = {
    400: gettext_lazy("Permintaan tidak sah"),
    401: gettext_lazy("Token diperlukan"),
    403: gettext_lazy("Tidak berwenang"),
    404: gettext_lazy("Tidak ditemukan"),
    405: gettext_lazy("Metode tidak didukung"),
    409: gettext_lazy("Bertentangan dengan keadaan sekarang"),
    413: gettext_lazy("Permintaan terlalu besar"),
    415: gettext_lazy("Jenis isi tidak didukung"),
    422: gettext_lazy("Kunci idempotensi sudah dipakai"),
    500: gettext_lazy("Galat di server"),
}
BLANK = "about:blank"
STALE = "urn:spbe:problem:stale"
WRONG_STATE = "urn:spbe:problem:wrong-state"
INVALID = "urn:spbe:problem:invalid-inputs"
KEY_REUSED = "urn:spbe:problem:idempotency-key-reused"
SCOPE = "urn:spbe:problem:insufficient-scope"


class KeyReused(exceptions.APIException):
    """An `Idempotency-Key` came back with another request."""

    status_code = 422
    default_detail = gettext_lazy("Idempotency-Key ini sudah dipakai untuk permintaan lain. Pakai kunci baru.")
    default_code = "idempotency_key_reused"


class TooLarge(exceptions.APIException):
    """The body is larger than we read."""

    status_code = 413
    default_detail = gettext_lazy("Isi permintaan terlalu besar.")
    default_code = "too_large"


class ProblemSerializer(serializers.Serializer[Any]):
    """An RFC 9457 problem document."""

    type = serializers.CharField(
        help_text="`about:blank`, or a URN that tells problems of one status apart: "
        + ", ".join(f"`{urn}`" for urn in (INVALID, STALE, WRONG_STATE, KEY_REUSED, SCOPE))
    )
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Field (nested ones with dots, `__all__` for the whole) to sentences; else empty.",
    )


def document(status: int, detail: str, path: str, *, kind: str = BLANK, errors: Any = None) -> dict[str, Any]:
    """The members of a problem document."""
    return {
        "type": kind,
        "title": str(TITLES.get(status, TITLES[500] if status >= 500 else TITLES[400])),
        "status": status,
        "detail": detail,
        "instance": path,
        "errors": errors or {},
    }


def handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: whatever a view raises becomes a problem document."""
    request = context["request"]
    set_rollback()
    headers: dict[str, str] = {}
    if isinstance(exc, TicketError):
        answer = _of_ticket_error(exc, request.path)
    else:
        api_error = _as_api_error(exc)
        if api_error is None:
            return _unexpected(exc, context)
        headers = _headers(api_error)
        answer = _of_api_error(api_error, request.path)
    return Response(answer, status=answer["status"], headers=headers, content_type=MEDIA_TYPE)


def not_found(request: HttpRequest) -> HttpResponse:
    """The answer for an address that is none of ours."""
    answer = document(404, _("Tidak ada sumber daya di alamat ini."), request.path)
    return HttpResponse(JSONRenderer().render(answer), status=404, content_type=MEDIA_TYPE)


def _of_ticket_error(exc: TicketError, path: str) -> dict[str, Any]:
    errors = exc.errors if isinstance(exc, InvalidInputs) else {}
    kinds: dict[type[TicketError], str] = {InvalidInputs: INVALID, Stale: STALE, WrongState: WRONG_STATE}
    return document(exc.status, exc.message, path, kind=kinds.get(type(exc), BLANK), errors=errors)


def _as_api_error(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound(_("Tidak ditemukan."))
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied(str(exc) or None)
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, OverflowError | DataError):
        logger.warning("out of range", exc_info=exc)
        return exceptions.ParseError(_("Ada angka atau tanggal di luar jangkauan."))
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError(_("Permintaan tidak dapat dibaca."))
    return None


def _of_api_error(exc: exceptions.APIException, path: str) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        detail = _("Ada isian yang tidak sah. Lihat errors.")
        return document(exc.status_code, detail, path, kind=INVALID, errors=_merged(exc.detail))
    kinds = {"idempotency_key_reused": KEY_REUSED, "insufficient_scope": SCOPE}
    code = str(getattr(exc.detail, "code", ""))
    return document(exc.status_code, _sentence(exc), path, kind=kinds.get(code, BLANK))


def _sentence(exc: exceptions.APIException) -> str:
    """DRF's own sentences are partly English; ours replace those that callers meet."""
    if isinstance(exc, exceptions.NotAuthenticated):
        return _("Sertakan token: Authorization: Bearer TOKEN.")
    if isinstance(exc, exceptions.MethodNotAllowed):
        return _("Metode ini tidak didukung di alamat ini.")
    if isinstance(exc, exceptions.UnsupportedMediaType):
        return _("Kirim isi sebagai application/json; pesan berlampiran juga sebagai multipart/form-data.")
    return str(exc.detail)


def _merged(detail: Any) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name, text in _flat(detail, ""):
        errors.setdefault(name or ALL_FIELDS, []).append(text)
    return errors


def _flat(detail: Any, name: str) -> Iterator[tuple[str, str]]:
    """(dotted field name, sentence) pairs of DRF's nested errors."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            own = "" if key == "non_field_errors" else str(key)
            yield from _flat(value, ".".join(part for part in (name, own) if part))
    elif isinstance(detail, list | tuple):
        for position, value in enumerate(detail):
            is_nested = isinstance(value, Mapping | list | tuple)
            yield from _flat(value, f"{name}.{position}" if is_nested else name)
    else:
        yield name, str(detail)


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    challenge = getattr(exc, "auth_header", None)
    if exc.status_code == 401 and challenge:
        return {"WWW-Authenticate": challenge}
    if getattr(exc.detail, "code", "") == "insufficient_scope":
        return {"WWW-Authenticate": 'Bearer realm="api", error="insufficient_scope"'}
    return {}


def _unexpected(exc: Exception, context: Mapping[str, Any]) -> Response:
    """A defect of ours: logged and signalled as Django does for its own pages, and answered in the agreed form."""
    request = context["request"]
    logger.error("unexpected failure at %s %s", request.method, request.path, exc_info=exc)
    got_request_exception.send(sender=type(context.get("view")), request=request)
    detail = _("Terjadi galat di server. Coba lagi nanti.")
    return Response(document(500, detail, request.path), status=500, content_type=MEDIA_TYPE)
