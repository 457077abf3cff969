"""Files of messages. They have no address of their own in the storage; each request asks again who may read."""

import logging
import uuid as uuids

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tickets import access, tracking
from tickets.choices import Direction, Visibility
from tickets.models import Attachment

logger = logging.getLogger(__name__)

# Shown in the page; everything else is downloaded. Browsers do not show PDF inside the sandbox below.
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@require_safe
def attachment(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Send one file to somebody who may read its message; to everybody else it does not exist."""
    found = Attachment.objects.select_related("message__ticket").filter(uuid=uuid).first()
    if found is None or not _may_read(request, found):
        raise Http404(_("Lampiran tidak ditemukan."))
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        logger.error("the file of attachment %s is missing in the storage", found.pk)
        raise Http404(_("Lampiran tidak ditemukan.")) from None
    response = FileResponse(
        content,
        as_attachment=found.content_type not in SHOWN,
        filename=found.name,
        content_type=found.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _may_read(request: HttpRequest, found: Attachment) -> bool:
    """By account, or by the right to the ticket that number and code gave."""
    if access.may_read_attachment(request.user, found):
        return True
    message = found.message
    if message.visibility != Visibility.PUBLIC or message.direction == Direction.NOTE:
        return False
    ticket = tracking.granted(request.session, timezone.now())
    return ticket is not None and access.conversation(ticket, internal=False).filter(pk=message.pk).exists()
