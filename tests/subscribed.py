"""Somebody who has subscribed already, for tests of what that right gives."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from billing import subscriptions
from billing.models import Plan, Subscription
from tokens import ledger


def subscription_of(user: User, **fields: Any) -> Subscription:
    """An active subscription to Pro as Stripe's events would have left it, and the right it gives; `fields` differ."""
    now = timezone.now()
    paid = fields.get("state", Subscription.State.ACTIVE) == Subscription.State.ACTIVE
    period = {"period_start": now - timedelta(days=1), "period_end": now + timedelta(days=29), **fields}
    subscription = Subscription.objects.create(
        **{
            "user": user,
            "plan": Plan.objects.get(code="pro"),
            "price_cents": 9900,
            "currency": "usd",
            "per_day": 100,
            "state": Subscription.State.ACTIVE,
            "stripe_session_id": f"cs_test_{uuid4().hex}",
            "stripe_subscription_id": f"sub_{uuid4().hex}",
            "period_start": period["period_start"],
            "period_end": period["period_end"],
            "paid_until": period["period_end"] if paid else period["period_start"],
            "started_at": now - timedelta(days=1),
            "expires_at": now,
            "asked_at": now,
            **fields,
        }
    )
    until = subscriptions.unlimited_until(subscription)
    ledger.cover(user_id=user.pk, until=until, per_day=subscription.per_day)
    return subscription
