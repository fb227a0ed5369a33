"""What the views of this app share: who asks, and what is said while Stripe does not answer."""

from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class BuyersRequest(HttpRequest):
    """A request of somebody signed in, perhaps made by htmx."""

    user: User
    htmx: HtmxDetails


def unavailable(request: BuyersRequest, template: str) -> HttpResponse:
    response = render(request, template, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = "30"
    return response


def client_ip(request: HttpRequest) -> str | None:
    """Return where the request comes from, behind as many proxies as are configured; None when that is not known."""
    address = get_adapter().get_client_ip(request)
    return str(address) if address else None
