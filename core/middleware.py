"""The last net for bad input."""

import logging
from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

logger = logging.getLogger(__name__)


class OutOfRange:
    """What Python or the database cannot hold is bad input, wherever it is met: numbers, dates, NUL in a text.

    Forms refuse what they know the range of. Filters of admin pages and dates near the ends of time get the page for
    unreadable requests instead of a failure of the server.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OverflowError | DataError):
            return None
        logger.warning("out of range: %s %s", request.method, request.path, exc_info=exception)
        return bad_request(request, exception)
