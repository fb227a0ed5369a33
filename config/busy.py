"""A long wait for a lock, or a database that is away, becomes a polite "busy, try again"."""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = structlog.get_logger(__name__)
RETRY_AFTER_SECONDS = 5


class BusyMiddleware:
    """Answer 503 with `Retry-After` when PostgreSQL is away or a lock could not be had in time.

    Sits outside the session middleware, so that a session that cannot be read or saved is covered as well.
    Whatever the view had begun was rolled back with its transaction; nothing is half done.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            return busy(error)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            return busy(exception)
        return None


def busy(error: Exception) -> HttpResponse:
    """Return the 503 page. Renders without a request, so that it needs no database."""
    logger.warning("database_busy", reason=type(error.__cause__ or error).__name__)
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
