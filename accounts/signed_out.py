"""What becomes of a request whose session has ended: the way to the sign-in page and back, with nothing lost."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

STOP_POLLING: Final = 286  # htmx's own status: stop the poll that asked

# Keeps what was posted for the page at the path it is given, and returns what is to be said of it, "" for nothing.
Keep = Callable[[HttpRequest, str], str]
View = Callable[..., HttpResponseBase]
_KEEP: Final = "keep_when_signed_out"


def keeping(keep: Keep) -> Callable[[View], View]:
    """Have `keep` called with what is posted to the view by somebody signed out. The view itself is not called."""

    def mark(view: View) -> View:
        vars(view)[_KEEP] = keep
        return view

    return mark


class SignInFirstMiddleware(LoginRequiredMiddleware):
    """Django's own, and what was being written survives: the view's `keeping` puts it into the anonymous session.

    Signing in takes the session over, and `next` leads back to the page. htmx is answered 401 and goes to the sign-in
    page as a whole: a redirect would put that page into a list of messages.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: View) -> HttpResponseRedirect:
        """Return the way to the sign-in page; a form that was posted is kept first, if its view keeps it."""
        keep: Keep | None = getattr(view_func, _KEEP, None)
        page = _page_of(request, posts_to_itself=keep is not None)
        if keep and request.method == "POST" and (kept := keep(request, urlsplit(page).path)):
            messages.info(request, f"You are signed out. Sign in to go on: {kept}")
        to_sign_in = redirect_to_login(page, resolve_url(settings.LOGIN_URL))
        if request.headers.get("HX-Request"):
            to_sign_in.status_code = 401
            to_sign_in["HX-Redirect"] = to_sign_in.url
            del to_sign_in["Location"]
        return to_sign_in


def end_of_poll(request: HttpRequest, headers: dict[str, str] | None = None) -> HttpResponse:
    """Answer a poll whose session has ended: 286, which ends it, with a sentence and the way back. Writes nothing."""
    context: dict[str, Any] = {"page": _page_of(request)}
    response = render(request, "account/_signed_out.html", context, status=STOP_POLLING)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def _page_of(request: HttpRequest, *, posts_to_itself: bool = False) -> str:
    """Return the path, with its query, of the page that the request came from.

    What a browser says of it counts only for this site; a form's own address, which may be for posting alone, is the
    last resort. `posts_to_itself`: the form's address is the page, whatever query the page was opened with.
    """
    if request.headers.get("HX-Request"):
        said = request.headers.get("HX-Current-URL", "")
    else:
        said = request.headers.get("Referer", "") if request.method == "POST" and not posts_to_itself else ""
    if not url_has_allowed_host_and_scheme(said, {request.get_host()}, require_https=request.is_secure()):
        return request.get_full_path()
    parts = urlsplit(said)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return page if url_has_allowed_host_and_scheme(page, None) else request.get_full_path()
