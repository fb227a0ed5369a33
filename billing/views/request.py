"""What the views of this app share: who asks, and what is said while Stripe does not answer."""

from datetime import datetime
from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from billing import tries


class BuyersRequest(HttpRequest):
    """A request of somebody signed in, perhaps made by htmx."""

    user: User
    htmx: HtmxDetails


def unavailable(request: BuyersRequest, template: str) -> HttpResponse:
    response = render(request, template, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = "30"
    return response


def too_many(request: BuyersRequest, limit: tries.TooManyTries) -> HttpResponse:
    """Say that somebody tried to pay too often, and when they may go on."""
    context = {"again_at": limit.again_at}
    response = render(request, "billing/purchase_too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds_until(limit.again_at))
    return response


def seconds_until(moment: datetime) -> int:
    """Return how many whole seconds it is until then, at least 1."""
    return max(1, int((moment - timezone.now()).total_seconds()) + 1)


def client_ip(request: HttpRequest) -> str | None:
    """Return where the request comes from, behind as many proxies as are configured; None when that is not known."""
    address = get_adapter().get_client_ip(request)
    return str(address) if address else None
