"""A subscription at Stripe and ours: what is new is followed, what we do not know is listed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from billing import gateway, subscribing, subscriptions
from billing.matching.differences import Compared, Kind, Verdict
from billing.models import StripeCustomer, Subscription
from billing.ownership import NotOurs
from billing.templatetags.money import money

State = Subscription.State
ENDED: Final = {"canceled", "incomplete_expired"}
# A page younger than this is still in the hands of the request that opens it.
LEFT_ALONE: Final = timedelta(minutes=1)


def at_stripe(since: int) -> Iterator[gateway.SubscriptionSnapshot]:
    """Yield those begun since then (seconds since 1970), and every one that runs; some come twice."""
    yield from gateway.recent_subscriptions(since=since)
    yield from gateway.running_subscriptions()


def running_here() -> list[str]:
    """Return Stripe's ids of all that are alive as far as we know."""
    alive = Subscription.objects.filter(state__in=Subscription.LIVE).exclude(stripe_subscription_id=None)
    return [str(known) for known in alive.values_list("stripe_subscription_id", flat=True)]


def pages_here() -> list[Subscription]:
    """Return those whose Checkout page was opened and has come to no end that we know of."""
    return list(
        Subscription.objects.filter(
            ~Q(stripe_session_id=None),
            stripe_subscription_id=None,
            state__in=[State.CREATED, State.OPEN],
            created_at__lt=timezone.now() - LEFT_ALONE,
        )
    )


def compare(now: gateway.SubscriptionSnapshot) -> Compared:
    """Follow a subscription as it is now. The second call changes nothing.

    The walk's list may be minutes old: where we have asked since, what it says of the state is not held against us.
    """
    before = _ours(now)
    if before is None:
        return _unknown(now)
    if _same(before, now):
        return Compared(verdict=_verdict(before, now))
    subscriptions.follow(now)
    after = Subscription.objects.get(pk=before.pk)
    return Compared(repaired=_what_counts(after) != _what_counts(before), verdict=_verdict(after, now))


def compare_by_id(stripe_subscription_id: str) -> Compared:
    """Ask Stripe about one of ours, and compare; say so when Stripe does not know it."""
    try:
        now = gateway.retrieve_subscription(stripe_subscription_id)
    except gateway.StripeRefused as refusal:
        if refusal.code != "resource_missing":
            raise
        ours = Subscription.objects.filter(stripe_subscription_id=stripe_subscription_id).first()
        return Compared(verdict=_differs(ours, "It runs here, but Stripe does not know it.") if ours else None)
    return compare(now)


def compare_page(subscription: Subscription) -> Compared:
    """Ask Stripe what became of the page of `subscription`, and follow that."""
    before = subscription.state
    try:
        after = subscribing.ask_stripe(subscription)
    except NotOurs:
        return Compared(verdict=_differs(subscription, "Its page says that it is another's."))
    return Compared(repaired=after.state != before)


def whose(now: gateway.SubscriptionSnapshot) -> UUID | None:
    """Return the id of the user whose customer it is; None when it is nobody's of ours."""
    customer = StripeCustomer.objects.filter(stripe_customer_id=now.stripe_customer_id or None).first()
    return customer.user_id if customer else None


def _ours(now: gateway.SubscriptionSnapshot) -> Subscription | None:
    by_their_id = Subscription.objects.filter(stripe_subscription_id=now.stripe_subscription_id).first()
    by_ours = Q(pk=now.subscription_id, stripe_subscription_id=None)
    return by_their_id or (Subscription.objects.filter(by_ours).first() if now.subscription_id else None)


def _unknown(now: gateway.SubscriptionSnapshot) -> Compared:
    user_id = whose(now)
    if user_id is None:
        return Compared(foreign=True)
    if now.status in ENDED:
        return Compared()
    price = money(now.price_cents or 0, now.currency)
    detail = f"A customer of ours pays {price} a month for it ({now.status}); generations cost them tokens."
    return Compared(verdict=Verdict(Kind.SUBSCRIPTION_UNKNOWN, detail, user_id, None, now.price_cents, now.currency))


def _what_counts(ours: Subscription) -> tuple[str, str | None, datetime | None, datetime | None]:
    return ours.state, ours.stripe_subscription_id, ours.period_end, ours.ends_at


def _same(ours: Subscription, now: gateway.SubscriptionSnapshot) -> bool:
    state = subscriptions.STATE_AT_STRIPE.get(now.status)
    if ours.state == State.CANCELED:
        return state == State.CANCELED
    return _what_counts(ours) == (state, now.stripe_subscription_id, now.period_end, now.ends_at)


def _verdict(ours: Subscription, now: gateway.SubscriptionSnapshot) -> Verdict | None:
    if not _same(ours, now) and not subscriptions.outdated(now, ours):
        return _differs(ours, f"Here it is {ours.state}, at Stripe {now.status}.")
    if ours.state != State.CANCELED and (now.price_cents, now.currency) != (ours.price_cents, ours.currency):
        here, there = money(ours.price_cents, ours.currency), money(now.price_cents or 0, now.currency)
        return _differs(ours, f"It was sold for {here} a month; Stripe takes {there}.")
    return None


def _differs(ours: Subscription, detail: str) -> Verdict:
    return Verdict(Kind.SUBSCRIPTION_DIFFERS, detail, ours.user_id, None, ours.price_cents, ours.currency)
