"""Opening a Checkout page: the row first, then Stripe, outside any transaction, then the session onto the row.

Whoever dies in between is made good by the next click or by reconciliation: the call to Stripe derives from
the row alone and carries its id as idempotency key.
"""

from accounts.models import User
from billing import gateway, orders
from billing.effects import settle_now
from billing.fulfilment import settle
from billing.models import Purchase

State = Purchase.State


def open_purchase(
    *, user: User, package_code: str, save_card: bool, shown_terms: str = "", ip_address: str | None = None
) -> Purchase:
    """Return a purchase of `package_code` whose `checkout_url` takes the buyer to Stripe.

    See `orders.Order` for what is asked. A second click, also at the same moment, returns the first one's purchase
    while its page is open; once that one is paid or closed, a new one. Locks the buyer's StripeCustomer, briefly.
    Raises NotOnSale, OfferChanged or TooManyTries with nothing done, StripeUnavailable or StripeRefused with
    nothing charged.
    """
    order = orders.Order(user, package_code, Purchase.Way.CHECKOUT, save_card, shown_terms, ip_address)
    purchase = orders.begin(order)
    while purchase.state == State.OPEN:
        purchase = settle_now(gateway.retrieve_checkout_session(purchase.stripe_session_id or ""))
        if purchase.state == State.OPEN:
            return purchase
        purchase = orders.begin(order)
    return open_at_stripe(purchase)


def open_at_stripe(purchase: Purchase) -> Purchase:
    """Open the Checkout page of a purchase that has none yet, and return it with its session.

    The second call gets the same session. When Stripe refuses, the purchase fails: nobody can pay it.
    """
    return settle(orders.at_stripe(purchase, gateway.create_checkout_session))
