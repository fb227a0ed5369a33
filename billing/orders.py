"""The beginning of a sale, whichever way it is paid: our row, before Stripe hears of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing import catalog, consents, customers, gateway, tries
from billing.models import Consent, Purchase, TokenPackage

State = Purchase.State
Opened = TypeVar("Opened")
REFUSED: Final = "The payment page could not be opened. You were not charged."
# Stripe counts a session's shortest life from its own clock, after our row was written.
OPENING_SLACK: Final = timedelta(minutes=2)
LONGEST_LIFE: Final = timedelta(minutes=gateway.LONGEST_SESSION_MINUTES - 1)
WORTH_REUSING: Final = timedelta(minutes=1)
# Longer ago, the other click has failed, perhaps for good: Stripe replays a 500 for the same key for a day.
SAME_CLICK: Final = timedelta(minutes=1)


class OfferChanged(Exception):
    """The package is on sale, but on other terms than the buyer was shown. Nothing changed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants to buy, as they were shown it, and how they want to pay.

    `shown_terms` are the `TokenPackage.terms` the buyer saw, "" if unknown. `save_card` says that they agreed to
    the words of `consents.KEEP_CARD`, at `ip_address`.
    """

    user: User
    package_code: str
    way: Purchase.Way
    save_card: bool
    shown_terms: str
    ip_address: str | None


def begin(order: Order) -> Purchase:
    """Return the buyer's unfinished purchase of the same thing, or write a new one: what is shown now is sold.

    Locks the buyer's StripeCustomer, so two clicks at once are one purchase. A new one whose card is to be kept
    records the consent. Raises NotOnSale, OfferChanged or TooManyTries, with nothing done.
    """
    package = catalog.package_on_sale(order.package_code)
    if order.shown_terms not in {"", package.terms}:
        raise OfferChanged(order.package_code)
    now = timezone.now()
    with transaction.atomic():
        customers.of(order.user, lock=True)
        tries.check_declines(order.user.pk)
        return _unfinished(order, package, now) or _written(order, package, now)


def at_stripe(purchase: Purchase, open_it: Callable[[Purchase, str], Opened]) -> Opened:
    """Return the answer of `open_it(purchase, stripe_customer_id)`, a call to Stripe.

    When Stripe refuses, the purchase fails: nobody can pay it. Raises StripeUnavailable or StripeRefused.
    """
    stripe_customer_id = ""
    try:
        stripe_customer_id = customers.known_to_stripe(purchase.user)
        return open_it(purchase, stripe_customer_id)
    except gateway.StripeRefused as refusal:
        if isinstance(refusal, gateway.CustomerGone):
            customers.forget(stripe_customer_id)
        Purchase.objects.filter(pk=purchase.pk, state=State.CREATED).update(state=State.FAILED, state_reason=REFUSED)
        raise


def _unfinished(order: Order, package: TokenPackage, now: datetime) -> Purchase | None:
    return Purchase.objects.filter(
        Q(state=State.OPEN, expires_at__gt=now + WORTH_REUSING)
        | Q(state=State.CREATED, created_at__gt=now - SAME_CLICK),
        user=order.user,
        way=order.way,
        package=package,
        tokens=package.tokens,
        price_cents=package.price_cents,
        currency=package.currency,
        save_card=order.save_card,
    ).first()


def _written(order: Order, package: TokenPackage, now: datetime) -> Purchase:
    tries.check_opened(order.user.pk)
    return Purchase.objects.create(
        user=order.user,
        way=order.way,
        package=package,
        tokens=package.tokens,
        price_cents=package.price_cents,
        currency=package.currency,
        save_card=order.save_card,
        consent=_consent(order),
        expires_at=_expiry(now),
    )


def _consent(order: Order) -> Consent | None:
    if not order.save_card:
        return None
    purpose, wording = Consent.Purpose.SAVE_CARD, consents.KEEP_CARD
    return consents.record(user=order.user, purpose=purpose, wording=wording, ip_address=order.ip_address)


def _expiry(now: datetime) -> datetime:
    life = timedelta(minutes=settings.CHECKOUT_LIFETIME_MINUTES) + OPENING_SLACK
    return now + min(life, LONGEST_LIFE)
