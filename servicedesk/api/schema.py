"""The OpenAPI description: the token scheme, and the parts that many operations share."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from servicedesk.api.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from servicedesk.api.problems import MEDIA_TYPE, ProblemSerializer

REASONS = {
    400: "Something in the request is wrong; see `errors`.",
    401: "No token, or one that is unknown, withdrawn or expired.",
    403: "The token lacks the scope, or its owner may not do this.",
    404: "There is no such thing for the caller.",
    409: "Not from the present state, or changed meanwhile.",
    413: "The body is too large.",
    415: "The content type is not supported.",
    422: "The `Idempotency-Key` was used for another request.",
}
PAGE = [
    OpenApiParameter("cursor", str, description="taken from `next` or `previous`"),
    OpenApiParameter("page_size", int, description=f"{PAGE_SIZE} unless told, at most {MAX_PAGE_SIZE}"),
]
ORDERING = OpenApiParameter(
    "ordering",
    str,
    enum=[sign + name for name in ("created_at", "updated_at", "due_at", "priority") for sign in ("", "-")],
    default="-created_at",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A repeat within 24 hours gets the first answer, marked `Idempotency-Replayed: true`.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The `ETag` of the ticket that the change is based on."
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How `servicedesk.api.auth.TokenAuthentication` looks in OpenAPI."""

    target_class = "servicedesk.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `manage.py create_token USERNAME`. Reading needs its scope `read`, "
            "everything else `write`.",
        }


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The problem documents an operation may answer with."""
    return {(status, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, REASONS[status]) for status in statuses}


def page_of(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """A cursor page of that shape."""
    name = shape.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": shape(many=True),
        },
    )


def file_response(description: str, media_type: str) -> dict[tuple[int, str], OpenApiResponse]:
    """A body of bytes."""
    return {(200, media_type): OpenApiResponse(OpenApiTypes.BINARY, description)}
