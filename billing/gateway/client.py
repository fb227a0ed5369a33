"""The client of this process, and Stripe's refusals in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http import HTTPStatus

import stripe
import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)

API_VERSION: str = stripe.api_version


class StripeUnavailable(Exception):
    """Stripe could not be reached or asked us to wait. Ask again: the idempotency key makes that safe.

    `status` is that of the answer, 0 when there was none. A 500 is replayed for the same key, for a day or more.
    """

    def __init__(self, call: str, *, status: int = 0) -> None:
        super().__init__(call)
        self.status = status


class StripeRefused(Exception):
    """Stripe understood and said no: our mistake or our settings. Logged with the request id; never shown."""

    def __init__(self, code: str, request_id: str) -> None:
        super().__init__(f"{code or 'refused'} ({request_id or 'no request id'})")
        self.code = code
        self.request_id = request_id


class CustomerGone(StripeRefused):
    """Somebody deleted the customer at Stripe; another one is needed."""


class CardDeclined(Exception):
    """The bank said no to an off-session charge, or wants its customer to confirm it. Nothing was charged.

    `payment_intent_id` is the payment, which stays at Stripe and can still be paid by its owner.
    https://docs.stripe.com/payments/save-and-reuse#charge-saved-payment-method
    """

    def __init__(self, *, payment_intent_id: str) -> None:
        super().__init__(payment_intent_id)
        self.payment_intent_id = payment_intent_id


def client() -> stripe.StripeClient:
    """Return the client for the present settings."""
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT_SECONDS)


@lru_cache(maxsize=4)
def _client_for(key: str, base: str, timeout_seconds: int) -> stripe.StripeClient:
    """Make the process's client, safe across threads. Without the explicit number it would never retry."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        stripe_version=API_VERSION,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=timeout_seconds),
    )


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Raise our own exceptions instead of the package's, and log what Stripe said. `call` names it in the log."""
    try:
        yield
    except stripe.CardError as error:
        intent = getattr(error.error, "payment_intent", None)
        if intent is None:
            raise StripeRefused(error.code or "card_error", error.request_id or "") from error
        raise CardDeclined(payment_intent_id=intent["id"]) from error
    except stripe.StripeError as error:
        raise _in_our_words(call, error) from error


def _in_our_words(call: str, error: stripe.StripeError) -> Exception:
    status, code, request_id = error.http_status or 0, error.code or "", error.request_id or ""
    asked_to_wait = status in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
    if not 400 <= status < 500 or asked_to_wait:
        logger.warning("stripe_unavailable", call=call, status=status, request_id=request_id)
        return StripeUnavailable(call, status=status)
    logger.error("stripe_refused", call=call, status=status, code=code, request_id=request_id)
    gone = code == "resource_missing" and getattr(error, "param", "") == "customer"
    return CustomerGone(code, request_id) if gone else StripeRefused(code, request_id)
