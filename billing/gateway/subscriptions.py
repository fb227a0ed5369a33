"""Subscriptions: their Checkout page, their present state, and the portal where their owner changes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from stripe.params import SubscriptionListParams

from billing import clock
from billing.gateway.client import client, translated
from billing.models import Subscription


@dataclass(frozen=True, slots=True)
class SubscriptionSnapshot:
    """A subscription as it is now. `ends_at` is set once it is to end; `ended_at` once it has.

    The period is that of its item. https://docs.stripe.com/api/subscriptions/object
    `paid_until` is the end of the period if its invoice is paid, None if it is not or the answer does not say: a new
    period begins about an hour before its invoice is charged, and the subscription stays `active` meanwhile.
    https://docs.stripe.com/billing/invoices/subscription#subscription-lifecycle
    `asked_at` is PostgreSQL's time just before Stripe was asked: of two answers, the one asked for later is newer.
    """

    stripe_subscription_id: str
    stripe_customer_id: str
    subscription_id: UUID | None
    status: str
    price_cents: int | None
    currency: str
    period_start: datetime | None
    period_end: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    started_at: datetime | None
    paid_until: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """The Checkout page of a subscription. `stripe_subscription_id` is "" until it is paid."""

    session_id: str
    status: str
    url: str
    stripe_subscription_id: str


def of_subscription(body: Mapping[str, Any], *, asked_at: datetime | None = None) -> SubscriptionSnapshot:
    """Return the snapshot of a subscription as Stripe writes it.

    An end planned in the portal is told by `cancel_at` alone, one planned by the API by `cancel_at_period_end`, too.
    https://docs.stripe.com/billing/subscriptions/billing-mode/compare#scheduled-subscription-cancellation
    """
    item: Mapping[str, Any] = next(iter((body.get("items") or {}).get("data") or []), {})
    price, period_end = item.get("price") or {}, _time(item.get("current_period_end"))
    at_period_end = period_end if body.get("cancel_at_period_end") else None
    return SubscriptionSnapshot(
        stripe_subscription_id=body["id"],
        stripe_customer_id=_id(body.get("customer")),
        subscription_id=_ours(body),
        status=body["status"],
        price_cents=price.get("unit_amount"),
        currency=body.get("currency") or "",
        period_start=_time(item.get("current_period_start")),
        period_end=period_end,
        ends_at=_time(body.get("cancel_at")) or at_period_end,
        ended_at=_time(body.get("ended_at")),
        started_at=_time(body.get("start_date")),
        paid_until=period_end if _invoice_is_paid(body.get("latest_invoice")) else None,
        asked_at=asked_at,
    )


def create_subscription_page(subscription: Subscription, stripe_customer_id: str) -> SubscriptionPage:
    """Open the Checkout page of `subscription`; the second call returns the same one. Raises CustomerGone."""
    ours = {"subscription_id": str(subscription.pk), "user_id": str(subscription.user_id)}
    back = f"{settings.SITE_URL}{reverse('billing:subscription')}"
    with translated("create_subscription_page"):
        session = client().v1.checkout.sessions.create(
            params={
                "mode": "subscription",
                "customer": stripe_customer_id,
                "client_reference_id": str(subscription.pk),
                "metadata": ours,
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": subscription.currency,
                            "unit_amount": subscription.price_cents,
                            "recurring": {"interval": "month"},
                            "product_data": {"name": subscription.plan.name},
                        },
                    }
                ],
                "adaptive_pricing": {"enabled": False},
                "subscription_data": {"metadata": ours},
                "success_url": f"{back}?session_id={{CHECKOUT_SESSION_ID}}",
                "cancel_url": back,
                "expires_at": int(subscription.expires_at.timestamp()),
            },
            options={"idempotency_key": f"subscription-{subscription.pk}-checkout"},
        )
    return of_subscription_page(session.to_dict(for_json=True))


def retrieve_subscription_page(session_id: str) -> SubscriptionPage:
    """Return what became of the Checkout page."""
    with translated("retrieve_subscription_page"):
        return of_subscription_page(client().v1.checkout.sessions.retrieve(session_id).to_dict(for_json=True))


def close_subscription_page(session_id: str) -> None:
    """Close an open Checkout page, so that nobody can pay on it any more. Raises StripeRefused when it is not open.

    https://docs.stripe.com/api/checkout/sessions/expire
    """
    with translated("close_subscription_page"):
        client().v1.checkout.sessions.expire(session_id)


def retrieve_subscription(stripe_subscription_id: str) -> SubscriptionSnapshot:
    """Return what the subscription is now. Events about it come in any order, so only this is believed."""
    asked_at = clock.now()
    with translated("retrieve_subscription"):
        found = client().v1.subscriptions.retrieve(stripe_subscription_id, params={"expand": ["latest_invoice"]})
    return of_subscription(found.to_dict(for_json=True), asked_at=asked_at)


def recent_subscriptions(*, since: int) -> Iterator[SubscriptionSnapshot]:
    """Yield all subscriptions begun since then (seconds since 1970), in any state, newest first."""
    asked_at = clock.now()
    params: SubscriptionListParams = {"status": "all", "created": {"gte": since}, "limit": 100}
    with translated("recent_subscriptions"):
        found = client().v1.subscriptions.list(params={**params, "expand": ["data.latest_invoice"]})
        for subscription in found.auto_paging_iter():
            yield of_subscription(subscription.to_dict(for_json=True), asked_at=asked_at)


def portal_url(stripe_customer_id: str) -> str:
    """Return the address of a page of Stripe's where the customer changes card, invoices and subscription.

    https://docs.stripe.com/customer-management
    """
    with translated("portal_url"):
        session = client().v1.billing_portal.sessions.create(
            params={
                "customer": stripe_customer_id,
                "return_url": f"{settings.SITE_URL}{reverse('billing:subscription')}?from=portal",
            }
        )
    return session.url


def of_subscription_page(session: Mapping[str, Any]) -> SubscriptionPage:
    return SubscriptionPage(
        session_id=session["id"],
        status=session.get("status") or "",
        url=session.get("url") or "",
        stripe_subscription_id=_id(session.get("subscription")),
    )


def _ours(body: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID((body.get("metadata") or {})["subscription_id"])
    except (KeyError, ValueError):
        return None


def _invoice_is_paid(invoice: Any) -> bool:
    return isinstance(invoice, Mapping) and invoice.get("status") == "paid"


def _id(reference: Any) -> str:
    return reference["id"] if isinstance(reference, Mapping) else reference or ""


def _time(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
