"""Events as Stripe sends them (API 2026-10-28.endive), built for a purchase and really signed."""

import json
import time
from typing import Any
from uuid import uuid4

import stripe

from billing.gateway import API_VERSION
from billing.models import Purchase

SECRET = "whsec_sandbox"


def session(purchase: Purchase, **changes: Any) -> dict[str, Any]:
    """The Checkout session of `purchase`, complete and paid unless `changes` say otherwise."""
    return {
        "id": purchase.stripe_session_id or f"cs_test_{purchase.pk.hex}",
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": purchase.price_cents,
        "amount_total": purchase.price_cents,
        "cancel_url": "http://localhost:8000/purchase/cancel/",
        "client_reference_id": str(purchase.pk),
        "created": int(time.time()) - 60,
        "currency": purchase.currency,
        "customer": "cus_test",
        "customer_details": {"email": "buyer@example.com", "name": "Test Buyer"},
        "expires_at": int(purchase.expires_at.timestamp()),
        "livemode": False,
        "metadata": {"purchase_id": str(purchase.pk)},
        "mode": "payment",
        "payment_intent": f"pi_{purchase.pk.hex}",
        "payment_status": "paid",
        "status": "complete",
        "ui_mode": "hosted_page",
        "url": None,
        **changes,
    }


def answer(purchase: Purchase, *, refunded: int = 0, **changes: Any) -> dict[str, Any]:
    """The session as Stripe answers a question about it: with its payment, and that with its charge."""
    charge = {"id": f"ch_{purchase.pk.hex}", "object": "charge", "amount_refunded": refunded}
    intent = {"id": f"pi_{purchase.pk.hex}", "object": "payment_intent", "status": "succeeded", "latest_charge": charge}
    return session(purchase, **{"payment_intent": intent, **changes})


def late(event: dict[str, Any], *, seconds: int = 600) -> dict[str, Any]:
    """The same event, of `seconds` ago."""
    return {**event, "created": int(time.time()) - seconds}


def completed(purchase: Purchase, **changes: Any) -> dict[str, Any]:
    return event("checkout.session.completed", session(purchase, **changes))


def unpaid(purchase: Purchase) -> dict[str, Any]:
    """The buyer is through with Checkout, but a bank debit takes its time."""
    return completed(purchase, payment_status="unpaid")


def async_succeeded(purchase: Purchase) -> dict[str, Any]:
    return event("checkout.session.async_payment_succeeded", session(purchase))


def async_failed(purchase: Purchase) -> dict[str, Any]:
    return event("checkout.session.async_payment_failed", session(purchase, payment_status="unpaid"))


def expired(purchase: Purchase) -> dict[str, Any]:
    return event(
        "checkout.session.expired",
        session(purchase, status="expired", payment_status="unpaid", payment_intent=None),
    )


def event(type: str, obj: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event of `type` about `obj`, with an id of its own."""
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": obj},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type,
        **changes,
    }


def body(event: Any) -> bytes:
    return json.dumps(event, indent=2).encode()


def signature(raw: bytes, *, secret: str = SECRET, seconds_ago: int = 0) -> str:
    """The `Stripe-Signature` header of `raw`, made by Stripe's own code."""
    header: str = stripe.WebhookSignature.generate_signature_header(
        raw.decode(), secret, int(time.time()) - seconds_ago
    )
    return header
