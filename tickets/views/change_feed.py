"""The change calendar for calendar programs, which sign in with nothing but their secret address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import http_date, parse_etags
from django.views.decorators.http import require_safe

from tickets.changes import feed


@require_safe
def change_feed(request: HttpRequest, key: str) -> HttpResponse:
    """The calendar, or 404 for an unknown key and for a person who has left.

    Only the ETag answers "not modified": a change that has become secret must leave the program, and nothing that is
    still in the calendar would be younger for it.
    """
    found = feed.owner_of(key)
    if found is None:
        raise Http404
    shown = feed.document(found, timezone.now())
    tags = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
    if tags & {shown.etag, "*"}:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(shown.body, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="perubahan.ics"'
        response["Last-Modified"] = http_date(shown.modified.timestamp())
    response["ETag"] = shown.etag
    patch_cache_control(response, private=True, no_cache=True)
    return response
