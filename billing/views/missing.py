"""The button "My payment is missing"."""

from http import HTTPStatus
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing import gateway, missing
from billing.missing import Standing
from billing.views.request import BuyersRequest

PAGE = "billing/missing.html"
TOLD_FIRST: Final = [Standing.CREDITED_NOW, Standing.UNDER_REVIEW, Standing.NEEDS_YOU, Standing.CONFIRMING]


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
    context = {"findings": findings, "looked": True, "outcome": _outcome(findings), "days": missing.DAYS}
    return render(request, PAGE, context)


def _outcome(findings: list[missing.Finding]) -> str:
    """Return what the page says above the findings: the one of them that matters most to the buyer."""
    standings = {finding.standing for finding in findings}
    return next((standing for standing in TOLD_FIRST if standing in standings), "nothing_missing")


def _later(request: BuyersRequest, problem: str, status: HTTPStatus, *, seconds: int) -> HttpResponse:
    response = render(request, PAGE, {"problem": problem}, status=status)
    response["Retry-After"] = str(seconds)
    return response
