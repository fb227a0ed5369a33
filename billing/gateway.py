"""The one door to Stripe: nothing else imports its package. It asks and translates; it decides nothing.

Every call may take STRIPE_TIMEOUT_SECONDS three times over, so none is made inside a transaction. Calls that
create something carry an idempotency key made of our own ids: the second call returns the first one's answer.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import stripe
import structlog
from django.conf import settings
from django.urls import reverse
from stripe.params.checkout import SessionCreateParams

from billing import envelope
from billing.models import Purchase, StripeCustomer

logger = structlog.get_logger(__name__)

API_VERSION: str = stripe.api_version
SIGNATURE_AGE_SECONDS = 300
LONGEST_SESSION_MINUTES = 24 * 60  # https://docs.stripe.com/api/checkout/sessions/create (expires_at)
BANK_REFUSED = "The bank did not make the payment. You were not charged."


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


class BadSignature(Exception):
    """The event is not signed with any of our secrets, or was signed too long ago or in the future."""


class WrongMode(Exception):
    """A test event reached a live shop, or the reverse."""


@dataclass(frozen=True, slots=True)
class CheckoutSnapshot:
    """What Stripe says about one Checkout session, from an answer or from an event. Amounts are in cents.

    `amount_refunded` is None when that was not said: only the answer to a question does. `failure` is the
    sentence for the buyer once the bank has refused for good, else "".
    """

    session_id: str
    purchase_id: UUID | None
    status: str
    payment_status: str
    amount_total: int | None
    amount_refunded: int | None
    currency: str
    payment_intent_id: str | None
    failure: str
    livemode: bool
    url: str
    expires_at: int

    @property
    def complete(self) -> bool:
        """Whether the buyer is through with Checkout, paid or about to be."""
        return self.status == "complete"

    @property
    def paid(self) -> bool:
        """Whether Stripe owes us the money. https://docs.stripe.com/checkout/fulfillment"""
        return self.complete and self.payment_status in {"paid", "no_payment_required"}


def create_customer(customer: StripeCustomer) -> str:
    """Make `customer` known to Stripe and return Stripe's id; the second call returns the same one."""
    with _translated("create_customer"):
        made = _client().v1.customers.create(
            params={"email": customer.email, "metadata": {"user_id": str(customer.user_id)}},
            options={"idempotency_key": f"customer-{customer.pk}"},
        )
    return made.id


def create_checkout_session(purchase: Purchase, stripe_customer_id: str) -> CheckoutSnapshot:
    """Open the Checkout page for `purchase`; the second call returns the same session.

    Everything is taken from the purchase, so that a retry is identical. Raises CustomerGone.
    """
    with _translated("create_checkout_session"):
        session = _client().v1.checkout.sessions.create(
            params=_session_params(purchase, stripe_customer_id),
            options={"idempotency_key": f"purchase-{purchase.pk}-checkout"},
        )
    return snapshot(session.to_dict(for_json=True))


def retrieve_checkout_session(session_id: str) -> CheckoutSnapshot:
    """Return what Stripe says about the session now, refunds of its payment included."""
    expand = ["payment_intent.latest_charge"]  # a session stays "paid" when its payment is refunded
    with _translated("retrieve_checkout_session"):
        session = _client().v1.checkout.sessions.retrieve(session_id, params={"expand": expand})
    return snapshot(session.to_dict(for_json=True))


def receipt_url(payment_intent_id: str) -> str | None:
    """Return the address of Stripe's receipt, or None when there is none on a host of Stripe's."""
    with _translated("receipt_url"):
        intent = _client().v1.payment_intents.retrieve(payment_intent_id, params={"expand": ["latest_charge"]})
    charge = intent.latest_charge
    url = charge.receipt_url if isinstance(charge, stripe.Charge) else None
    return url if url and _is_stripes(url) else None


def read_event(raw: bytes, signature: str) -> dict[str, Any]:
    """Verify a webhook's body and return the event. Raises BadSignature, BadPayload or WrongMode.

    Characters that PostgreSQL cannot keep are replaced by U+FFFD. Touches nothing but the arguments, so that
    a flood of forgeries costs no database.
    """
    _verify(raw, signature)
    event = envelope.opened(raw)
    if event.get("livemode") is not ("_live_" in settings.STRIPE_SECRET_KEY):
        raise WrongMode(event["id"])
    return event


def snapshot(session: Mapping[str, Any], *, event_type: str = "") -> CheckoutSnapshot:
    """Return the snapshot of a Checkout session as Stripe writes it; `event_type` of the event it came in."""
    intent = session.get("payment_intent")
    return CheckoutSnapshot(
        session_id=session["id"],
        purchase_id=_purchase_id(session),
        status=session.get("status") or "",
        payment_status=session.get("payment_status") or "",
        amount_total=session.get("amount_total"),
        amount_refunded=_amount_refunded(intent),
        currency=session.get("currency") or "",
        payment_intent_id=intent["id"] if isinstance(intent, Mapping) else intent,
        failure=BANK_REFUSED if _failed(session, event_type) else "",
        livemode=session.get("livemode") is True,
        url=session.get("url") or "",
        expires_at=session.get("expires_at") or 0,
    )


def _failed(session: Mapping[str, Any], event_type: str) -> bool:
    if event_type == "checkout.session.async_payment_failed":
        return True
    intent = session.get("payment_intent")
    return (
        session.get("status") == "complete"
        and session.get("payment_status") == "unpaid"
        and isinstance(intent, Mapping)
        and intent.get("status") in {"requires_payment_method", "canceled"}
    )


def _amount_refunded(intent: Any) -> int | None:
    """Return how many cents of a payment were given back; None when it came without its charge."""
    charge = intent.get("latest_charge") if isinstance(intent, Mapping) else None
    return charge.get("amount_refunded") if isinstance(charge, Mapping) else None


def _purchase_id(session: Mapping[str, Any]) -> UUID | None:
    """Return our id out of the metadata, which only we write; None when it is not there, or contradicted.

    A reference alone proves nothing: whoever pays by a Payment Link of the same Stripe account may choose it.
    https://docs.stripe.com/payment-links/url-parameters
    """
    metadata, reference = session.get("metadata"), session.get("client_reference_id")
    ours = metadata.get("purchase_id") if isinstance(metadata, Mapping) else None
    try:
        return UUID(ours) if isinstance(ours, str) and reference in (None, ours) else None
    except ValueError:
        return None


def _session_params(purchase: Purchase, stripe_customer_id: str) -> SessionCreateParams:
    ours = {"purchase_id": str(purchase.pk)}
    name = f"{purchase.tokens} tokens"
    params: SessionCreateParams = {
        "mode": "payment",
        "customer": stripe_customer_id,
        "client_reference_id": str(purchase.pk),
        "metadata": ours,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": purchase.currency,
                    "unit_amount": purchase.price_cents,
                    "product_data": {"name": name},
                },
            }
        ],
        # What the buyer was shown is what they pay, whatever the Dashboard says about local prices.
        "adaptive_pricing": {"enabled": False},
        "payment_intent_data": {"description": name, "metadata": ours},
        "success_url": f"{settings.SITE_URL}{reverse('billing:purchase-success')}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{settings.SITE_URL}{reverse('billing:purchase-cancel')}?purchase={purchase.pk}",
        "expires_at": int(purchase.expires_at.timestamp()),
    }
    if purchase.save_card:
        params["payment_intent_data"]["setup_future_usage"] = "off_session"
    return params


def _verify(raw: bytes, signature: str) -> None:
    """Try each configured secret. Stripe's own check lets a time in the future pass, so that is looked at here."""
    if not signature.isascii():
        raise BadSignature("not ASCII")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(raw, signature, secret, SIGNATURE_AGE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        except UnicodeDecodeError as error:
            raise envelope.BadPayload("not UTF-8") from error
        signed_at = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        if signed_at > time.time() + SIGNATURE_AGE_SECONDS:
            raise BadSignature("signed in the future")
        return
    raise BadSignature("no secret fits")


def _is_stripes(url: str) -> bool:
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" in {settings.STRIPE_API_BASE, settings.STRIPE_CHECKOUT_ORIGIN}:
        return True
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "stripe.com" or host.endswith(".stripe.com"))


def _client() -> stripe.StripeClient:
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
def _translated(call: str) -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        status, code, request_id = error.http_status or 0, error.code or "", error.request_id or ""
        said_no = 400 <= status < 500 and status not in {409, 429}
        if not said_no:
            logger.warning("stripe_unavailable", call=call, status=status, request_id=request_id)
            raise StripeUnavailable(call, status=status) from error
        logger.error("stripe_refused", call=call, status=status, code=code, request_id=request_id)
        if code == "resource_missing" and getattr(error, "param", "") == "customer":
            raise CustomerGone(code, request_id) from error
        raise StripeRefused(code, request_id) from error
