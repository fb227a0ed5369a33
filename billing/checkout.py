"""Opening a Checkout page: the row first, then Stripe, outside any transaction, then the session onto the row.

Whoever dies in between is made good by the next click or by reconciliation: the call to Stripe derives from
the row alone and carries its id as idempotency key.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing import catalog, customers, gateway
from billing.fulfilment import settle
from billing.models import Purchase, TokenPackage

logger = structlog.get_logger(__name__)

State = Purchase.State
REFUSED = "The payment page could not be opened. You were not charged."
# Stripe counts a session's shortest life from its own clock, after our row was written.
OPENING_SLACK = timedelta(minutes=2)
LONGEST_LIFE = timedelta(minutes=gateway.LONGEST_SESSION_MINUTES - 1)
WORTH_REUSING = timedelta(minutes=1)
# Longer ago, the other click has failed, perhaps for good: Stripe replays a 500 for the same key for a day.
SAME_CLICK = timedelta(minutes=1)


class OfferChanged(Exception):
    """The package is on sale, but on other terms than the buyer was shown. Nothing changed."""


def open_purchase(*, user: User, package_code: str, save_card: bool, shown_terms: str = "") -> Purchase:
    """Return a purchase of `package_code` whose `checkout_url` takes the buyer to Stripe.

    `shown_terms` are the `TokenPackage.terms` the buyer saw, "" if unknown. A second click, also at the same
    moment, returns the first one's purchase while its page is open; once that one is paid or closed, a new
    one. Locks the buyer's StripeCustomer, briefly. Raises NotOnSale or OfferChanged with nothing done,
    StripeUnavailable or StripeRefused with nothing charged.
    """
    package = catalog.package_on_sale(package_code)
    if shown_terms not in {"", package.terms}:
        raise OfferChanged(package_code)
    purchase = _begin(user, package, save_card=save_card)
    while purchase.state == State.OPEN:
        purchase = settle(gateway.retrieve_checkout_session(purchase.stripe_session_id or ""))
        if purchase.state == State.OPEN:
            return purchase
        purchase = _begin(user, package, save_card=save_card)
    return open_at_stripe(purchase)


def open_at_stripe(purchase: Purchase) -> Purchase:
    """Open the Checkout page of a purchase that has none yet, and return it with its session.

    The second call gets the same session. When Stripe refuses, the purchase fails: nobody can pay it.
    """
    try:
        stripe_customer_id = customers.known_to_stripe(purchase.user)
        return settle(gateway.create_checkout_session(purchase, stripe_customer_id))
    except gateway.StripeRefused as refusal:
        if isinstance(refusal, gateway.CustomerGone):
            customers.forget(stripe_customer_id)
        Purchase.objects.filter(pk=purchase.pk, state=State.CREATED).update(state=State.FAILED, state_reason=REFUSED)
        raise


def _begin(user: User, package: TokenPackage, *, save_card: bool) -> Purchase:
    """Return the buyer's unfinished purchase of the same thing, or write a new one: what is shown now is sold.

    The lock on the customer makes two clicks at once one purchase.
    """
    now = timezone.now()
    with transaction.atomic():
        customers.of(user, lock=True)
        unfinished = Purchase.objects.filter(
            Q(state=State.OPEN, expires_at__gt=now + WORTH_REUSING)
            | Q(state=State.CREATED, created_at__gt=now - SAME_CLICK),
            user=user,
            package=package,
            tokens=package.tokens,
            price_cents=package.price_cents,
            currency=package.currency,
            save_card=save_card,
        ).first()
        return unfinished or Purchase.objects.create(
            user=user,
            package=package,
            tokens=package.tokens,
            price_cents=package.price_cents,
            currency=package.currency,
            save_card=save_card,
            expires_at=_expiry(now),
        )


def _expiry(now: datetime) -> datetime:
    life = timedelta(minutes=settings.CHECKOUT_LIFETIME_MINUTES) + OPENING_SLACK
    return now + min(life, LONGEST_LIFE)
