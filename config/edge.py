"""The outermost and the innermost rule for every answer: what never reaches the shop, and what no cache may keep."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

Answer = Callable[[HttpRequest], HttpResponse]
NUL = ("\0", "%00")


class EdgeMiddleware:
    """Answer health probes whatever host they name, and refuse addresses that carry a NUL: PostgreSQL has none.

    Asks nobody, so `/healthz` says that this process can answer, and no more. HEAD is answered with the headers alone:
    Django leaves the body on, and gunicorn drops it with a warning each time.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        return _without_body(response) if request.method == "HEAD" else response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
        if any(nul in part for nul in NUL for part in (request.path, request.META.get("QUERY_STRING", ""))):
            return HttpResponse(render_to_string("400.html"), status=400)
        return self.get_response(request)


def _without_body(response: HttpResponse) -> HttpResponse:
    """Empty an answer. Its headers stay, also the length of what GET would be sent."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    else:
        response.content = b""
    return response


class PrivatePagesMiddleware:
    """Keep every page made for somebody signed in out of caches, unless its view said something else."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and _is_private(request):
            add_never_cache_headers(response)
        return response


def _is_private(request: HttpRequest) -> bool:
    """Whether the page may show somebody's things. Does not load a user that nobody has asked for."""
    return request.path.startswith("/accounts/") or bool(request.session.accessed and request.session.keys())
