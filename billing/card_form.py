"""The card form on our own page: a payment that its buyer confirms in the browser, and that Stripe alone decides.

The row first, then Stripe under the row's own key, then Stripe's payment onto the row, as with Checkout.
https://docs.stripe.com/payments/accept-a-payment-deferred
"""

from dataclasses import dataclass
from typing import Final

import structlog
from django.utils import timezone

from accounts.models import User
from billing import gateway, orders
from billing.effects import close_now, settle_now
from billing.models import Purchase

logger = structlog.get_logger(__name__)

State = Purchase.State
_SENTENCES: Final = {
    State.PROCESSING: "Your bank is still confirming. Do not pay again: the tokens arrive as soon as it says yes.",
    State.EXPIRED: "This payment has been closed. You were not charged; try again.",
    State.FAILED: "The payment failed. You were not charged.",
    State.MISMATCHED: "What Stripe told us differs from what we sold you. Our staff have been told; do not pay again.",
}


class NoSuchPayment(Exception):
    """The caller has no payment with this id. Nothing was asked, nothing changed."""


@dataclass(frozen=True, slots=True)
class Payable:
    """A purchase and its client secret, with which its buyer can pay it; "" when it is not to be paid (again)."""

    purchase: Purchase
    client_secret: str


def open_purchase(
    *, user: User, package_code: str, save_card: bool, shown_terms: str = "", ip_address: str | None = None
) -> Payable:
    """Return a purchase of `package_code` with what the card form needs to pay it.

    The second call, also at the same moment, returns the same purchase and payment as long as these are open: a
    card that was declined is followed by another one, never by another payment. One that turns out to be paid is
    credited and returned without a client secret, so that nobody pays twice. Locks the buyer's StripeCustomer,
    briefly. Raises NotOnSale, OfferChanged or TooManyTries with nothing done, StripeUnavailable or StripeRefused
    with nothing charged.
    """
    order = orders.Order(user, package_code, Purchase.Way.CARD, save_card, shown_terms, ip_address)
    purchase = orders.begin(order)
    if purchase.stripe_payment_intent_id:
        snapshot, secret = gateway.retrieve_payment_to_pay(purchase.stripe_payment_intent_id)
        purchase = settle_now(snapshot)
        if purchase.state != State.EXPIRED:
            return _payable(purchase, secret)
        purchase = orders.begin(order)
    snapshot, secret = orders.at_stripe(purchase, gateway.create_payment)
    return _payable(settle_now(snapshot), secret)


def confirm(*, user: User, payment_intent_id: str) -> Purchase:
    """Return the buyer's purchase of this payment, brought up to date with what Stripe says about it.

    What the browser says is not believed. The second call changes nothing. Raises NoSuchPayment, also for somebody
    else's, StripeUnavailable or StripeRefused.
    """
    own = Purchase.objects.filter(user=user, stripe_payment_intent_id=payment_intent_id)
    purchase = own.first()
    if purchase is None:
        raise NoSuchPayment
    return purchase if purchase.state == State.PAID else settle_now(gateway.retrieve_payment(payment_intent_id))


def in_words(purchase: Purchase) -> str:
    """Return one sentence for the buyer about how far the purchase has come."""
    if purchase.state == State.PAID:
        return f"Paid: {purchase.tokens:,} tokens are yours."
    if purchase.state == State.FAILED:
        return purchase.state_reason or _SENTENCES[State.FAILED]
    return _SENTENCES.get(State(purchase.state)) or purchase.state_reason or "Not paid yet."


def close(purchase: Purchase) -> Purchase:
    """Close the payment of a purchase of this form at Stripe, so that nobody can pay it any more, and return it.

    One that is paid or closed already is settled as what it is. Raises StripeUnavailable with nothing changed.
    """
    if purchase.way != Purchase.Way.CARD or purchase.decided or not purchase.stripe_payment_intent_id:
        return purchase
    return close_now(purchase.stripe_payment_intent_id)


def close_overdue() -> int:
    """Close every payment whose time is over, and return how many: a payment, unlike a page, never closes by itself.

    When Stripe does not answer, the rest waits for the next run; one that Stripe refuses does not stop the others.
    """
    overdue, closed = Purchase.objects.filter(way=Purchase.Way.CARD, state=State.OPEN), 0
    for purchase in overdue.filter(expires_at__lt=timezone.now()).order_by("expires_at"):
        try:
            close(purchase)
        except gateway.StripeUnavailable:
            break
        except gateway.StripeRefused:
            logger.exception("overdue_payment_not_closed", purchase_id=str(purchase.pk))
        else:
            closed += 1
    return closed


def _payable(purchase: Purchase, secret: str) -> Payable:
    return Payable(purchase, secret if purchase.state == State.OPEN else "")
