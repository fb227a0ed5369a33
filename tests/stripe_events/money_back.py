"""Refunds, disputes and bare payments as Stripe tells of them, built for a purchase."""

import time
from typing import Any

from billing.models import Purchase
from tests import stripe_events

Event = dict[str, Any]


def payment(purchase: Purchase) -> str:
    """The id of the payment that pays `purchase` in these events."""
    return purchase.stripe_payment_intent_id or f"pi_{purchase.pk.hex}"


def paid(purchase: Purchase, **changes: Any) -> Event:
    """`payment_intent.succeeded`, as it comes beside the session's event or instead of one."""
    intent = {
        "id": payment(purchase),
        "object": "payment_intent",
        "amount": purchase.price_cents,
        "amount_received": purchase.price_cents,
        "currency": purchase.currency,
        "livemode": False,
        "metadata": {"purchase_id": str(purchase.pk)},
        "status": "succeeded",
    }
    return stripe_events.event("payment_intent.succeeded", {**intent, **changes})


def refund(purchase: Purchase, cents: int, status: str = "succeeded", *, name: str = "one", **changes: Any) -> Event:
    """News of the refund `name` of the purchase's payment."""
    kind = {"failed": "refund.failed", "pending": "refund.created"}.get(status, "refund.updated")
    return stripe_events.event(kind, refund_object(purchase, cents, status, name=name, **changes))


def refund_object(
    purchase: Purchase, cents: int, status: str = "succeeded", *, name: str = "one", **changes: Any
) -> dict[str, Any]:
    return {
        "id": f"re_{name}_{purchase.pk.hex}",
        "object": "refund",
        "amount": cents,
        "created": int(time.time()),
        "currency": purchase.currency,
        "metadata": {},
        "payment_intent": payment(purchase),
        "reason": "requested_by_customer",
        "status": status,
        **changes,
    }


def dispute(purchase: Purchase, cents: int, status: str, *, name: str = "one", **changes: Any) -> Event:
    """News of the dispute `name` about the purchase's payment."""
    closed = {"won", "lost", "warning_closed", "prevented"}
    kind = "charge.dispute.closed" if status in closed else "charge.dispute.updated"
    told = {
        "id": f"du_{name}_{purchase.pk.hex}",
        "object": "dispute",
        "amount": cents,
        "created": int(time.time()),
        "currency": purchase.currency,
        "evidence_details": {"due_by": int(time.time()) + 9 * 24 * 3600},
        "payment_intent": payment(purchase),
        "reason": "fraudulent",
        "status": status,
    }
    return stripe_events.event(kind, {**told, **changes})
