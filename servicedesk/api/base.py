"""What all resources share: the caller, bounded bodies, and clean text."""

import json
from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from servicedesk.api.auth import HasScope
from servicedesk.api.problems import TooLarge
from tickets import access
from tickets.errors import NotVisible
from tickets.models import Ticket
from tickets.views.portal.limits import total_upload_bytes


class JsonParser(BaseParser):
    """JSON up to the size Django allows for form data. DRF's own reads a body of any size."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The value of the body. Raises TooLarge, or ParseError for what is not JSON or holds unusable text."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
            usable = all(is_usable(text) for text in _texts(data))
        except (ValueError, RecursionError) as error:
            raise ParseError(_("Isi permintaan bukan JSON yang sah.")) from error
        if not usable:
            raise ParseError(_("Teks memuat karakter yang tidak dapat disimpan."))
        return data


class FormParser(MultiPartParser):
    """A form with files, up to the size that the portal takes altogether."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Fields and files. Raises TooLarge before anything is read."""
        length = stream.META.get("CONTENT_LENGTH") or "0"
        if int(length) > total_upload_bytes() + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        return super().parse(stream, media_type, parser_context)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


def is_usable(text: str) -> bool:
    """Whether a database can hold the text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


class AnyAccept(BaseContentNegotiation):
    """Each resource has one representation and sends it whatever the Accept header prefers."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The first parser for the content type of the request, or None."""
        return DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The only renderer."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """Base of all resources: a token with the right scope, JSON in and out, no OPTIONS."""

    permission_classes = [IsAuthenticated, HasScope]
    content_negotiation_class = AnyAccept
    parser_classes = [JsonParser]
    metadata_class = None
    http_method_names = ["get", "head", "post"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After who and whether: text that no database takes is refused before it reaches one."""
        super().initial(request, *args, **kwargs)
        bad = [name for name, values in request.query_params.lists() if not all(map(is_usable, [name, *values]))]
        if bad:
            sentence = _("Teks memuat karakter yang tidak dapat disimpan.")
            raise ValidationError({name if is_usable(name) else "__all__": [sentence] for name in bad})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What one caller may see must rest in no cache."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "private, no-store"
        return final


def caller(request: Request) -> User:
    """The person whose token this is; `ApiView` has let nobody else in."""
    return cast(User, request.user)


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of the request. Raises ParseError for any other value."""
    if not isinstance(request.data, dict):
        raise ParseError(_("Isi permintaan harus berupa objek JSON."))
    return request.data


def visible_ticket(request: Request, number: str) -> Ticket:
    """The ticket, or NotVisible, which becomes 404 alike for hidden and for missing ones."""
    if len(number) > 40 or not number.isascii() or not number.isprintable():
        raise NotVisible(_("Tiket tidak ditemukan."))
    return access.get_visible(caller(request), number)
