"""Payment intents as the API and Stripe.js drive them: confirmed, authenticated, cancelled. No network; all inside
`writing()`. The rules are those of https://docs.stripe.com/payments/paymentintents/lifecycle"""

from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings

from sandbox import payments
from sandbox.errors import ApiError, CardRefused, invalid_request
from sandbox.models import Resource
from sandbox.payment_methods import needs_bank, refusal_of, usable_method
from sandbox.records import Body, find, save

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")
NEEDS_RETURN_URL = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
    "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want "
    "to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)


@dataclass(frozen=True)
class Terms:
    """How a confirmation is made. `present` is whether the buyer is there to be asked by the bank; `in_page` that
    Stripe.js asks on the shop's own page, without a redirect."""

    present: bool = True
    in_page: bool = False
    return_url: str | None = None


def confirm(intent: Resource, method: Resource, terms: Terms) -> Body:
    """Pay the intent, or ask the bank first (status requires_action). Returns its body. Raises CardRefused (402), with
    the failed charge stored, when the bank says no; ApiError (400) when the intent cannot be confirmed."""
    check_confirmable(intent, terms)
    if not needs_bank(method):
        return _charged(intent, method)
    if not terms.present:
        _refuse(intent, method, "authentication_required")
    intent.inner.update(return_url=terms.return_url, in_page=terms.in_page)
    payments.require_authentication(intent, method.body, bank_page("payment_intents", intent.body, terms))
    return intent.body


def check_confirmable(intent: Resource, terms: Terms) -> None:
    """Raise ApiError (400) for an intent that is paid, under way, cancelled or Checkout's own, or for terms that leave
    a redirecting payment method nowhere to return to."""
    status = intent.body["status"]
    check_not_of_checkout(intent, "confirm")
    if status == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
        )
        raise unexpected_state(intent, message)
    if status not in CONFIRMABLE:
        message = (
            f"You cannot confirm this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one "
            f"of the following statuses may be confirmed: {', '.join(CONFIRMABLE)}."
        )
        raise unexpected_state(intent, message)
    if may_redirect(intent.body) and not terms.return_url:
        raise invalid_request(NEEDS_RETURN_URL, param="return_url")


def may_redirect(body: Body) -> bool:
    """Whether the methods of this intent may lead the buyer away: https://docs.stripe.com/payments/payment-methods"""
    automatic = body["automatic_payment_methods"]
    return bool(automatic and automatic["enabled"] and automatic["allow_redirects"] == "always")


def chosen_method(intent: Resource, key: str | None) -> Resource:
    """The method named, or the one the intent already has. Raises ApiError (400) when there is none."""
    key = key or intent.body["payment_method"]
    if not key:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken."
        )
        raise unexpected_state(intent, message)
    return usable_method(key, customer=intent.body["customer"])


def bank_page(collection: str, body: Body, terms: Terms) -> Body:
    """The next_action that leads to the bank: within the shop's page, or by redirect when there is a way back."""
    url = f"{settings.SITE}/3ds/{collection}/{body['id']}?client_secret={body['client_secret']}"
    if terms.in_page or not terms.return_url:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
    return payments.redirect_to(url, terms.return_url)


def authenticate(intent: Resource, *, recognised: bool) -> None:
    """The bank's answer about the buyer. A refusal is kept on the intent; unless asked, the bank's answer changes
    nothing."""
    if intent.body["status"] != "requires_action":
        return
    method = find("payment_method", intent.body["payment_method"])
    if not recognised:
        payments.refuse_authentication(intent, method.body)
    elif code := refusal_of(method):
        payments.decline(intent, method.body, code)
    else:
        payments.save_method(intent, method, secure=True)
        payments.succeed(intent, method.body, secure=True)


def cancel(intent: Resource, reason: str | None) -> Body:
    """Close an unpaid intent for good. Raises ApiError (400) when it is paid, under way or already cancelled."""
    status = intent.body["status"]
    check_not_of_checkout(intent, "cancel")
    if status not in CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one "
            f"of the following statuses may be canceled: {', '.join(CANCELABLE)}."
        )
        raise unexpected_state(intent, message)
    payments.cancel(intent, reason)
    return intent.body


def check_not_of_checkout(intent: Resource, verb: str) -> None:
    """Checkout alone moves the payment intent of a session that is still open:
    https://docs.stripe.com/api/payment_intents/cancel"""
    own = Resource.objects.filter(kind="checkout.session", payment_intent=intent.key, body__status="open")
    if own.exists():
        message = (
            f"You cannot {verb} this PaymentIntent because it was created by a Checkout Session that is still open."
        )
        raise unexpected_state(intent, message)


def unexpected_state(intent: Resource, message: str) -> ApiError:
    return ApiError(400, message, code="payment_intent_unexpected_state", payment_intent=intent.body)


def _charged(intent: Resource, method: Resource) -> Body:
    if code := refusal_of(method):
        _refuse(intent, method, code)
    payments.save_method(intent, method)
    if method.body["type"] == "card":
        payments.succeed(intent, method.body)
    else:
        payments.await_bank(intent, method.body)
    return intent.body


def _refuse(intent: Resource, method: Resource, code: str) -> NoReturn:
    payments.decline(intent, method.body, code)
    raise CardRefused(intent.body["last_payment_error"], payment_intent=intent.body)


def set_method(intent: Resource, method: Resource) -> None:
    """Hang a method on an unconfirmed intent."""
    intent.body.update(payment_method=method.key, status="requires_confirmation")
    save(intent)
