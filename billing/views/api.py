"""Paying and balance for programs, first of all for our own card form: JSON in, JSON out, with the site's session.

Signed out is 401, what is not understood or not on offer 422 with a sentence, too much
at once 413, too many tries 429, Stripe away 503.
"""

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from billing import card_form, catalog, gateway, orders, tries
from billing.forms import CardPaymentForm, ConfirmForm
from billing.models import Purchase
from billing.templatetags.money import money, price_per_token
from billing.views.request import BuyersRequest, client_ip, seconds_until
from tokens import balance

STRIPE_AWAY_SECONDS = 30
CHARGED_NOTHING = "Stripe does not answer at the moment. You were not charged; try again in a minute."
STATE_UNKNOWN = "We cannot ask Stripe about your payment at the moment. If you have paid, do not pay again."
NOT_ON_SALE = "That package is not on sale any more. Nothing was charged; choose another one."
OFFER_CHANGED = "The offer has just changed. Nothing was charged; look again before you buy."
TOO_MANY = "Too many tries within an hour. Nothing was charged; try again after {:%H:%M} UTC."

Answer = Callable[[BuyersRequest], JsonResponse]


class _Refused(Exception):
    """The request cannot be granted; the sentence says why."""


def _for_members(answer: Answer) -> Callable[[HttpRequest], HttpResponse]:
    """Let only people who are signed in come to `answer`, and put what it raises into JSON."""

    @login_not_required
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return _refusal("Sign in.", HTTPStatus.UNAUTHORIZED)
        try:
            return answer(cast(BuyersRequest, request))
        except _Refused as refusal:
            return _refusal(str(refusal), HTTPStatus.UNPROCESSABLE_ENTITY)
        except RequestDataTooBig:
            return _refusal("Send less: an order is a few words.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except tries.TooManyTries as limit:
            refused = _refusal(TOO_MANY.format(limit.again_at), HTTPStatus.TOO_MANY_REQUESTS, again_at=limit.again_at)
            return _after(seconds_until(limit.again_at), refused)

    return view


@require_POST
@never_cache
@_for_members
def create_payment_intent(request: BuyersRequest) -> JsonResponse:
    """Open a payment for `package`, on the terms `shown`, or find the caller's open one; `save_card` is consent."""
    wanted = _read(request, CardPaymentForm)
    try:
        payable = card_form.open_purchase(user=request.user, ip_address=client_ip(request), **wanted)
    except catalog.NotOnSale as refusal:
        raise _Refused(NOT_ON_SALE) from refusal
    except orders.OfferChanged as refusal:
        raise _Refused(OFFER_CHANGED) from refusal
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return _away(CHARGED_NOTHING)
    purchase = payable.purchase
    return JsonResponse(
        {
            **_state(purchase),
            "payment_intent": purchase.stripe_payment_intent_id,
            "client_secret": payable.client_secret,
            "publishable_key": settings.STRIPE_PUBLISHABLE_KEY,
            "amount": purchase.price_cents,
            "currency": purchase.currency,
            "return_url": f"{settings.SITE_URL}{purchase.get_absolute_url()}",
        }
    )


@require_POST
@never_cache
@_for_members
def confirm_payment(request: BuyersRequest) -> JsonResponse:
    """Ask Stripe about the caller's `payment_intent`, credit it if Stripe has the money, and answer the state."""
    wanted = _read(request, ConfirmForm)
    try:
        purchase = card_form.confirm(user=request.user, payment_intent_id=wanted["payment_intent"])
    except card_form.NoSuchPayment:
        return _refusal("You have no such payment.", HTTPStatus.NOT_FOUND)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return _away(STATE_UNKNOWN)
    held = balance.read(User.objects.select_related("token_account").get(pk=request.user.pk))  # after the credit
    return JsonResponse({**_state(purchase), "balance": held.balance})


@require_safe
@never_cache
@_for_members
def packages(request: BuyersRequest) -> JsonResponse:
    """Tell what is on sale. `terms` goes back as `shown` with an order, so that nobody buys what they did not see."""
    return JsonResponse(
        {
            "packages": [
                {
                    "code": package.code,
                    "name": package.name,
                    "tokens": package.tokens,
                    "price_cents": package.price_cents,
                    "currency": package.currency,
                    "price": money(package.price_cents, package.currency),
                    "price_per_token": price_per_token(package),
                    "badge": package.badge,
                    "terms": package.terms,
                }
                for package in catalog.packages_on_sale()
            ]
        }
    )


def _state(purchase: Purchase) -> dict[str, str]:
    return {
        "purchase": str(purchase.pk),
        "state": purchase.state,
        "message": card_form.in_words(purchase),
        "url": purchase.get_absolute_url(),
    }


def _read(request: HttpRequest, form_class: type[Form]) -> dict[str, Any]:
    """Return what was sent as a JSON object, or as a form, checked."""
    form = form_class(_sent(request))
    if not form.is_valid():
        raise _Refused(" ".join(f"{name}: {errors[0]}" for name, errors in form.errors.items()))
    return form.cleaned_data


def _sent(request: HttpRequest) -> Any:
    if request.content_type != "application/json":
        return request.POST
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise _Refused("Send a JSON object.") from error
    if not isinstance(sent, dict):
        raise _Refused("Send a JSON object.")
    return sent


def _refusal(sentence: str, status: HTTPStatus, **facts: Any) -> JsonResponse:
    return JsonResponse({"error": sentence, **facts}, status=status)


def _away(sentence: str) -> JsonResponse:
    return _after(STRIPE_AWAY_SECONDS, _refusal(sentence, HTTPStatus.SERVICE_UNAVAILABLE))


def _after(seconds: int, response: JsonResponse) -> JsonResponse:
    response["Retry-After"] = str(seconds)
    return response
