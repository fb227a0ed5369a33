"""Webhook credits per second: signature verified, event kept, tokens credited, committed."""

import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import pgbench
from bench.charges import FIVE
from bench.people import ACCOUNTS, user_id
from bench.report import Figure
from billing import gateway, inbox
from billing.models import Purchase, TokenPackage

EVENTS = 1500


def webhooks(url: str) -> list[Figure]:
    """Return credits per second through `inbox.receive` in one thread, and of duplicates of the same events."""
    deliveries = [delivery(purchase) for purchase in open_purchases(EVENTS + 1, "one-by-one")]
    five = pgbench.transactions_per_second(url, pgbench.FIVE_STATEMENTS, clients=1, seconds=3, accounts=ACCOUNTS)
    with CaptureQueriesContext(connection) as queries:
        inbox.receive(*deliveries.pop())
    credited, duplicates = _per_second(deliveries), _per_second(deliveries)
    paid = Purchase.objects.filter(state=Purchase.State.PAID).count()
    if paid != EVENTS + 1:
        raise RuntimeError(f"{paid} purchases were paid, not {EVENTS + 1}")
    statements = len(queries) - sum(query["sql"] in {"BEGIN", "COMMIT"} for query in queries) + 2
    return [
        Figure("webhook credits, 1 thread", credited, "per second", credited / five, FIVE, 0.40),
        Figure("webhook duplicates, 1 thread", duplicates, "per second", duplicates / five, FIVE),
        Figure(
            "statements per webhook credit, BEGIN and COMMIT included", statements, "statements", None, "", 10, True
        ),
    ]


def _per_second(deliveries: list[tuple[bytes, str]]) -> float:
    began = time.perf_counter()
    for raw, signature in deliveries:
        inbox.receive(raw, signature)
    return len(deliveries) / (time.perf_counter() - began)


def open_purchases(count: int, name: str) -> list[Purchase]:
    """Write purchases that wait for their payment; `name` keeps their sessions apart from those of other runs."""
    package = TokenPackage.objects.filter(catalog=settings.CATALOG)[0]
    return Purchase.objects.bulk_create(
        Purchase(
            user_id=user_id(number % ACCOUNTS + 1),
            package=package,
            tokens=package.tokens,
            price_cents=package.price_cents,
            currency=package.currency,
            state=Purchase.State.OPEN,
            stripe_session_id=f"cs_test_{name}_{number}",
            expires_at=timezone.now() + timedelta(hours=1),
        )
        for number in range(count)
    )


def delivery(purchase: Purchase) -> tuple[bytes, str]:
    """Return the body and the signature of the event that pays `purchase`."""
    session: dict[str, Any] = {
        "id": purchase.stripe_session_id,
        "object": "checkout.session",
        "mode": "payment",
        "client_reference_id": str(purchase.pk),
        "metadata": {"purchase_id": str(purchase.pk)},
        "status": "complete",
        "payment_status": "paid",
        "amount_total": purchase.price_cents,
        "currency": purchase.currency,
        "payment_intent": f"pi_{purchase.pk.hex}",
        "livemode": False,
        "url": None,
        "expires_at": int(purchase.expires_at.timestamp()),
    }
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "checkout.session.completed",
        "api_version": gateway.API_VERSION,
        "livemode": False,
        "data": {"object": session},
    }
    raw = json.dumps(event)
    return raw.encode(), _signature(raw)


def _signature(raw: str) -> str:
    """Sign as Stripe does. https://docs.stripe.com/webhooks#verify-manually"""
    now, secret = int(time.time()), settings.STRIPE_WEBHOOK_SECRETS[0]
    digest = hmac.new(secret.encode(), f"{now}.{raw}".encode(), hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"
