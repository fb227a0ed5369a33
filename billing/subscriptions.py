"""Subscriptions: Stripe's present state written down, and "unlimited until" written down to the books.

Events come in any order, so callers fetch what is true now and pass it here. Tokens are never touched.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from billing import gateway, mails
from billing.models import Subscription
from billing.ownership import NotOurs
from tokens import ledger

logger = structlog.get_logger(__name__)

State = Subscription.State
# How long generations stay free while a renewal fails and is tried again.
GRACE: Final = timedelta(days=7)
# A renewal's invoice is finalised about an hour after the period; news of it may be late.
# https://docs.stripe.com/billing/invoices/subscription#subscription-lifecycle
RENEWAL_SLACK: Final = timedelta(days=1)

_STATE_AT_STRIPE: Final = {
    "incomplete": State.INCOMPLETE,
    "incomplete_expired": State.CANCELED,
    "trialing": State.ACTIVE,
    "active": State.ACTIVE,
    "past_due": State.PAST_DUE,
    "canceled": State.CANCELED,
    "unpaid": State.UNPAID,
    "paused": State.PAUSED,
}


def follow(now: gateway.SubscriptionSnapshot) -> Subscription:
    """Bring our row up to date with what Stripe says now, and the books with our row; return the row.

    Locks the subscription, then the account. A canceled one stays canceled. Mails are written when it becomes
    active, when its renewal fails, when it is canceled and when it ends. The second call changes nothing.
    Raises NotOurs.
    """
    with transaction.atomic(savepoint=False):
        subscription = _find(now)
        if subscription and subscription.state != State.CANCELED:
            _bring_up_to_date(subscription, now)
    if subscription is None:
        raise NotOurs("No subscription of ours.")
    return subscription


def follow_page(page: gateway.SubscriptionPage, now: gateway.SubscriptionSnapshot | None) -> Subscription:
    """Bring our row up to date with its Checkout page, and with the subscription if there is one. Raises NotOurs."""
    if now is not None:
        return follow(now)
    with transaction.atomic(savepoint=False):
        rows = Subscription.objects.select_for_update(no_key=True)
        subscription = rows.filter(stripe_session_id=page.session_id).first()
        if subscription and page.status == "expired" and subscription.state in {State.CREATED, State.OPEN}:
            subscription.state = State.EXPIRED
            subscription.save(update_fields=["state"])
    if subscription is None:
        raise NotOurs("No subscription of ours.")
    return subscription


def unlimited_until(subscription: Subscription) -> datetime | None:
    """Return until when the subscription, as written down, lets generations cost nothing; None for not at all."""
    if subscription.state == State.ACTIVE and subscription.period_end:
        return subscription.ends_at or subscription.period_end + RENEWAL_SLACK
    if subscription.state == State.PAST_DUE and subscription.period_start:
        return subscription.period_start + GRACE
    return None


def _find(now: gateway.SubscriptionSnapshot) -> Subscription | None:
    """Return our row, locked: by Stripe's id, or by ours if Stripe's is not known yet."""
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",)).select_related("plan")
    found = rows.filter(stripe_subscription_id=now.stripe_subscription_id).first()
    if found is None and now.subscription_id:
        found = rows.filter(pk=now.subscription_id, stripe_subscription_id=None).first()
    return found


def _bring_up_to_date(subscription: Subscription, now: gateway.SubscriptionSnapshot) -> None:
    before, was_ending = State(subscription.state), subscription.ends_at is not None
    subscription.stripe_subscription_id = now.stripe_subscription_id
    subscription.state = _STATE_AT_STRIPE.get(now.status, before)
    subscription.period_start, subscription.period_end = now.period_start, now.period_end
    subscription.started_at = subscription.started_at or now.started_at
    subscription.ends_at = now.ends_at
    if subscription.state == State.CANCELED:
        subscription.ended_at = now.ended_at or timezone.now()
    subscription.save()
    ledger.cover(user_id=subscription.user_id, until=unlimited_until(subscription), per_day=subscription.per_day)
    if (before, was_ending) != (subscription.state, subscription.ends_at is not None):
        logger.info("subscription_moved", subscription_id=str(subscription.pk), state=subscription.state)
        _tell(subscription, before, was_ending=was_ending)


def _tell(subscription: Subscription, before: Subscription.State, *, was_ending: bool) -> None:
    letter = _letter(subscription, before, was_ending=was_ending)
    if letter:
        mails.send_later(letter, subscription.user_id, subscription_id=str(subscription.pk))


def _letter(subscription: Subscription, before: Subscription.State, *, was_ending: bool) -> str:
    """Return which mail the change is worth, "" for none."""
    state = subscription.state
    if state == State.CANCELED:
        return "subscription_ended" if before in {State.ACTIVE, State.PAST_DUE, State.UNPAID, State.PAUSED} else ""
    if state == State.PAST_DUE and before != State.PAST_DUE:
        return "subscription_renewal_failed"
    if state == State.ACTIVE and before not in {State.ACTIVE, State.PAST_DUE}:
        return "subscription_active"
    return "subscription_canceled" if subscription.ends_at and not was_ending else ""
