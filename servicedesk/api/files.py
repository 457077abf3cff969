"""Files and untrimmed words of messages, as visible as the message they belong to."""

import logging
import uuid as uuids

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from servicedesk.api import presentation
from servicedesk.api.base import ApiView, caller
from servicedesk.api.schema import file_response, problems
from tickets import access
from tickets.models import Attachment, Message

logger = logging.getLogger(__name__)


class AttachmentView(ApiView):
    """One file of a message."""

    @extend_schema(
        operation_id="attachments_read",
        summary="Download an attachment",
        responses={**file_response("the file", "application/octet-stream"), **problems(401, 403, 404)},
    )
    def get(self, request: Request, uuid: uuids.UUID) -> HttpResponseBase:
        """The file as a download; to those who may not read its message it does not exist."""
        found = Attachment.objects.select_related("message__ticket").filter(uuid=uuid).first()
        if found is None or not access.may_read_attachment(caller(request), found):
            raise Http404
        try:
            content = found.file.open("rb")
        except FileNotFoundError as error:
            logger.error("the file of attachment %s is missing in the storage", found.pk)
            raise Http404 from error
        response = FileResponse(content, as_attachment=True, filename=found.name, content_type=found.content_type)
        return _harmless(response)


class OriginalView(ApiView):
    """What a sender wrote before quotes and signature were cut off."""

    @extend_schema(
        operation_id="messages_original",
        summary="Read the untrimmed text of a message",
        responses={**file_response("the original words", "text/plain"), **problems(401, 403, 404)},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Plain text; 404 also where the original is the text itself."""
        if pk >= 2**63:
            raise Http404
        entry = Message.objects.select_related("ticket__requester").filter(pk=pk).first()
        if entry is None or not entry.original_text or not presentation.is_original_readable(entry, caller(request)):
            raise Http404
        return _harmless(HttpResponse(entry.original_text, content_type="text/plain; charset=utf-8"))


def _harmless(response: HttpResponseBase) -> HttpResponseBase:
    """Headers that keep the content from running in a browser."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
