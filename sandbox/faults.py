"""Make the API fail on purpose for the next calls, in the ways a caller has to survive.

Before (nothing is done): error_500, error_429, error_409, timeout, down.
After (it is done, but the caller does not learn it): error_500_after (kept for the idempotency key, and replayed),
timeout_after and cut (the key replays the true answer).
"""

import socket
import time
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from sandbox.errors import ApiError
from sandbox.models import Fault
from sandbox.records import writing

LONGEST_WAIT_SECONDS = 120
BEFORE = {
    Fault.Kind.ERROR_500: (500, "api_error", None, "An unknown error occurred"),
    Fault.Kind.ERROR_429: (429, "invalid_request_error", "rate_limit", "Too many requests in a short period."),
    Fault.Kind.ERROR_409: (
        409,
        "invalid_request_error",
        "lock_timeout",
        "This object cannot be accessed right now because another API request or Stripe process is accessing it.",
    ),
}
SERVER_ERROR: dict[str, Any] = {"error": {"message": "An unknown error occurred", "type": "api_error"}}


class HungUp(Exception):
    """The connection ends without an answer."""


def take(method: str, path: str) -> Fault | None:
    """Use up one call of the oldest fault that matches this request, or return None."""
    if not Fault.objects.exists():
        return None
    with writing():
        for fault in Fault.objects.order_by("pk"):
            if fault.method in ("", method) and path.startswith(fault.path):
                fault.remaining -= 1
                if fault.remaining:
                    fault.save()
                else:
                    Fault.objects.filter(pk=fault.pk).delete()
                return fault
    return None


def strike_before(fault: Fault) -> None:
    """Raise ApiError or HungUp for the faults that happen before anything is done."""
    if fault.kind == Fault.Kind.TIMEOUT:
        wait(fault)
    if fault.kind in (Fault.Kind.TIMEOUT, Fault.Kind.DOWN):
        raise HungUp
    if fault.kind in BEFORE:
        status, error_type, code, message = BEFORE[Fault.Kind(fault.kind)]
        raise ApiError(status, message, type=error_type, code=code)


def wait(fault: Fault) -> None:
    time.sleep(min(fault.seconds, LONGEST_WAIT_SECONDS))


def hang_up(request: HttpRequest) -> HttpResponse:
    """Close the connection under the server; what this returns is never seen by anybody."""
    _close(request)
    return HttpResponse(status=500)


def cut_short(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """Send the headers and half of the body, then hang up."""
    content = response.content

    def half() -> Iterator[bytes]:
        yield content[: len(content) // 2]
        _close(request)

    broken = StreamingHttpResponse(half(), status=response.status_code, headers=dict(response.items()))
    broken["Content-Length"] = str(len(content))
    return broken


def _close(request: HttpRequest) -> None:
    connection = request.META.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
