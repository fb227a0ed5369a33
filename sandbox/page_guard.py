"""What protects the sandbox's pages: a strict content policy, no caching, and a plain page for refused forms."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


class PageGuard:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response.setdefault("Cache-Control", "no-store")
        response["X-Content-Type-Options"] = "nosniff"
        response["Referrer-Policy"] = "same-origin"
        return response


def allow_form_to_leave(response: HttpResponse, url: str) -> HttpResponse:
    """Let the form of this page end, by redirect, on the origin of `url`: browsers hold form-action against the whole
    chain of redirects, and the payment page sends the buyer back to the shop."""
    parts = urlsplit(url)
    if re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", parts.netloc):
        response["Content-Security-Policy"] = f"{POLICY} {parts.scheme}://{parts.netloc}"
    return response


def allow_to_be_framed(response: HttpResponse, *, form_leads_to: str = "") -> HttpResponse:
    """Let a page of this machine embed this one, and let its own scripts ask the sandbox: the card fields and the
    bank's question stand inside the shop's page. A form may end, by redirect, on the origin of `form_leads_to`."""
    parts = urlsplit(form_leads_to)
    leaves = re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", parts.netloc)
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; frame-ancestors 'self' http://127.0.0.1:* http://localhost:*; form-action 'self'"
    ) + (f" {parts.scheme}://{parts.netloc}" if leaves else "")
    return response


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form without a valid CSRF token: most often one left open while the cookie was cleared."""
    return render(request, "sandbox/form_refused.html", status=403)
