"""Where the signed links in mails lead: they switch something off without signing in.

A GET only asks, because mail programs look at links before people do. The POST needs no CSRF secret: the
signature is the authorisation, and mail programs post by themselves (https://www.rfc-editor.org/rfc/rfc8058).
"""

from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from billing import standing_order, stop_links
from billing.models import AutoReload
from tokens import notices


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def stop_reloads(request: HttpRequest, signature: str) -> HttpResponse:
    """Ask, and on POST switch auto-reload off; the second POST changes nothing. 404 for a link that is not good."""
    user_id = stop_links.owner(stop_links.RELOADS, signature)
    if user_id is None:
        return _dead(request)
    if request.method == "POST":
        standing_order.switch_off(user_id)
    return _page(request, what="auto-reload", on=_reloads(user_id))


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def stop_low_balance_mails(request: HttpRequest, signature: str) -> HttpResponse:
    """Ask, and on POST end mails about a low balance; the second POST changes nothing. 404 for a bad link."""
    user_id = stop_links.owner(stop_links.LOW_BALANCE_MAILS, signature)
    if user_id is None:
        return _dead(request)
    if request.method == "POST":
        notices.choose(user_id=user_id, mail=False)
    return _page(request, what="low-balance", on=notices.opted_in(user_id))


def _reloads(user_id: UUID) -> bool:
    return AutoReload.objects.filter(pk=user_id, enabled=True).exists()


def _page(request: HttpRequest, *, what: str, on: bool) -> HttpResponse:
    return render(request, "billing/stop.html", {"what": what, "on": on})


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "billing/stop_dead.html", status=HTTPStatus.NOT_FOUND)
