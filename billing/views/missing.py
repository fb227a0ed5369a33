"""The button "My payment is missing"."""

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing import gateway, missing
from billing.views.request import BuyersRequest

PAGE = "billing/missing.html"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def missing_payment(request: BuyersRequest) -> HttpResponse:
    """Offer to look for the buyer's payments; on POST look, credit what was missed, and say how each one stands."""
    if request.method != "POST":
        return render(request, PAGE)
    try:
        findings = missing.look_for(request.user)
    except missing.AskedTooOften:
        return _later(request, "often", HTTPStatus.TOO_MANY_REQUESTS, seconds=60)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return _later(request, "away", HTTPStatus.SERVICE_UNAVAILABLE, seconds=30)
    request.user.refresh_from_db()  # the balance was read with the user, before any credit
    credited = any(finding.standing == missing.Standing.CREDITED_NOW for finding in findings)
    context = {"findings": findings, "looked": True, "credited": credited, "days": missing.DAYS}
    return render(request, PAGE, context)


def _later(request: BuyersRequest, problem: str, status: HTTPStatus, *, seconds: int) -> HttpResponse:
    response = render(request, PAGE, {"problem": problem}, status=status)
    response["Retry-After"] = str(seconds)
    return response
