"""Selling tokens: customers, Checkout sessions, and payments without one.

What creates something carries an idempotency key made of our own ids: the second call returns the first one's
answer. A payment's metadata name the sale, so that it can be written down again should our row be lost.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from django.urls import reverse
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from billing.gateway.client import client, translated
from billing.gateway.snapshots import PaymentSnapshot, of_intent, of_session
from billing.models import Purchase, StripeCustomer

LONGEST_SESSION_MINUTES = 24 * 60  # https://docs.stripe.com/api/checkout/sessions/create (expires_at)


def create_customer(customer: StripeCustomer) -> str:
    """Make `customer` known to Stripe and return Stripe's id; the second call returns the same one."""
    with translated("create_customer"):
        made = client().v1.customers.create(
            params={"email": customer.email, "metadata": {"user_id": str(customer.user_id)}},
            options={"idempotency_key": f"customer-{customer.pk}"},
        )
    return made.id


def create_checkout_session(purchase: Purchase, stripe_customer_id: str) -> PaymentSnapshot:
    """Open the Checkout page for `purchase`; the second call returns the same session.

    Everything is taken from the purchase, so that a retry is identical. Raises CustomerGone.
    """
    with translated("create_checkout_session"):
        session = client().v1.checkout.sessions.create(
            params=_session_params(purchase, stripe_customer_id),
            options={"idempotency_key": f"purchase-{purchase.pk}-checkout"},
        )
    return of_session(session.to_dict(for_json=True))


def retrieve_checkout_session(session_id: str) -> PaymentSnapshot:
    """Return what Stripe says about the session now, refunds of its payment included."""
    expand = ["payment_intent.latest_charge"]  # a session stays "paid" when its payment is refunded
    with translated("retrieve_checkout_session"):
        session = client().v1.checkout.sessions.retrieve(session_id, params={"expand": expand})
    return of_session(session.to_dict(for_json=True))


def create_payment(purchase: Purchase, stripe_customer_id: str) -> tuple[PaymentSnapshot, str]:
    """Open a payment that the buyer confirms in the card form; return it with its client secret.

    The second call returns the same payment. Raises CustomerGone.
    https://docs.stripe.com/payments/accept-a-payment-deferred
    """
    params = _payment_params(purchase, stripe_customer_id)
    params["automatic_payment_methods"] = {"enabled": True}
    if purchase.save_card:
        params["setup_future_usage"] = "off_session"
    with translated("create_payment"):
        intent = client().v1.payment_intents.create(
            params=params, options={"idempotency_key": f"purchase-{purchase.pk}-payment"}
        )
    return of_intent(intent.to_dict(for_json=True)), intent.client_secret or ""


def charge_saved_card(purchase: Purchase, stripe_customer_id: str, payment_method_id: str) -> PaymentSnapshot:
    """Charge a saved card while its owner is away; the second call charges nothing and returns the same payment.

    Raises CardDeclined, with the payment, when the bank says no or wants its customer to confirm.
    https://docs.stripe.com/payments/save-and-reuse#charge-saved-payment-method
    """
    params = _payment_params(purchase, stripe_customer_id)
    params |= {
        "payment_method": payment_method_id,
        "off_session": True,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    with translated("charge_saved_card"):
        intent = client().v1.payment_intents.create(
            params=params, options={"idempotency_key": f"purchase-{purchase.pk}-reload"}
        )
    return of_intent(intent.to_dict(for_json=True))


def retrieve_payment(payment_intent_id: str) -> PaymentSnapshot:
    """Return what Stripe says about the payment now, refunds and disputes included."""
    with translated("retrieve_payment"):
        intent = client().v1.payment_intents.retrieve(payment_intent_id, params={"expand": ["latest_charge"]})
    return of_intent(intent.to_dict(for_json=True))


def retrieve_payment_to_pay(payment_intent_id: str) -> tuple[PaymentSnapshot, str]:
    """Return what Stripe says about the payment now, and its client secret, with which its buyer can confirm it."""
    with translated("retrieve_payment_to_pay"):
        intent = client().v1.payment_intents.retrieve(payment_intent_id, params={"expand": ["latest_charge"]})
    return of_intent(intent.to_dict(for_json=True)), intent.client_secret or ""


def client_secret(payment_intent_id: str) -> str:
    """Return what the card form needs to let its buyer confirm the payment. It is theirs alone; never logged."""
    with translated("client_secret"):
        return client().v1.payment_intents.retrieve(payment_intent_id).client_secret or ""


def cancel_payment(payment_intent_id: str) -> PaymentSnapshot:
    """Close a payment so that nobody can pay it any more. Raises StripeRefused when it is paid or closed already."""
    with translated("cancel_payment"):
        intent = client().v1.payment_intents.cancel(payment_intent_id)
    return of_intent(intent.to_dict(for_json=True))


def payments_of(stripe_customer_id: str, *, since: int) -> Iterator[PaymentSnapshot]:
    """Yield a customer's payments younger than `since` (seconds since 1970), newest first."""
    with translated("payments_of"):
        found = client().v1.payment_intents.list(
            params={
                "customer": stripe_customer_id,
                "created": {"gte": since},
                "limit": 100,
                "expand": ["data.latest_charge"],
            }
        )
        for intent in found.auto_paging_iter():
            yield of_intent(intent.to_dict(for_json=True))


def receipt_url(payment_intent_id: str) -> str | None:
    """Return the address of Stripe's receipt, or None when there is none on a host of Stripe's."""
    with translated("receipt_url"):
        intent = client().v1.payment_intents.retrieve(payment_intent_id, params={"expand": ["latest_charge"]})
    charge = intent.latest_charge
    url = charge.receipt_url if isinstance(charge, stripe.Charge) else None
    return url if url and _is_stripes(url) else None


def metadata_of(purchase: Purchase) -> dict[str, str]:
    """Return what a payment says about its sale: enough to write the row again after a restore."""
    return {
        "purchase_id": str(purchase.pk),
        "user_id": str(purchase.user_id),
        "way": purchase.way,
        "tokens": str(purchase.tokens),
        "package": purchase.package_id or "",
    }


def _payment_params(purchase: Purchase, stripe_customer_id: str) -> PaymentIntentCreateParams:
    return {
        "amount": purchase.price_cents,
        "currency": purchase.currency,
        "customer": stripe_customer_id,
        "description": f"{purchase.tokens} tokens",
        "metadata": metadata_of(purchase),
    }


def _session_params(purchase: Purchase, stripe_customer_id: str) -> SessionCreateParams:
    name = f"{purchase.tokens} tokens"
    params: SessionCreateParams = {
        "mode": "payment",
        "customer": stripe_customer_id,
        "client_reference_id": str(purchase.pk),
        "metadata": {"purchase_id": str(purchase.pk)},
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
        "payment_intent_data": {"description": name, "metadata": metadata_of(purchase)},
        "success_url": f"{settings.SITE_URL}{reverse('billing:purchase-success')}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{settings.SITE_URL}{reverse('billing:purchase-cancel')}?purchase={purchase.pk}",
        "expires_at": int(purchase.expires_at.timestamp()),
    }
    if purchase.save_card:
        params["payment_intent_data"]["setup_future_usage"] = "off_session"
    return params


def _is_stripes(url: str) -> bool:
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" in {settings.STRIPE_API_BASE, settings.STRIPE_CHECKOUT_ORIGIN}:
        return True
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "stripe.com" or host.endswith(".stripe.com"))
