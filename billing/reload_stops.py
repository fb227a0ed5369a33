"""Auto-reload stops when money goes back or a bank asks about it: nobody who wants money back is charged by itself.

That holds for any payment of theirs - of tokens or of a subscription, in any currency, of any amount - and for an
inquiry, which moves no money. Once per refund or dispute: whoever switches on again afterwards stays on.
"""

from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from billing import alarms, errands, gateway, mails, standing_order
from billing.models import Purchase, StripeCustomer

logger = structlog.get_logger(__name__)

STOP: Final = "billing.stop_reloads"
BECAUSE: Final = "A payment of yours was refunded or is disputed."


def of_payment(payment_intent_id: str) -> None:
    """Switch the payer's auto-reload off. Neither refunds nor disputes name them, but a purchase does.

    Of a payment that no purchase has, such as a subscription's, a worker asks Stripe whose it is. Locks the
    account, then the order. https://docs.stripe.com/api/disputes/object https://docs.stripe.com/api/refunds/object
    """
    purchase = Purchase.objects.filter(stripe_payment_intent_id=payment_intent_id).first()
    if purchase:
        of_person(purchase.user_id)
    else:
        errands.later(STOP, payment_intent_id=payment_intent_id)


def of_person(user_id: UUID) -> None:
    """Switch somebody's auto-reload off and tell them; nothing when it is off. Called in a transaction."""
    if standing_order.switch_off(user_id, because=BECAUSE):
        mails.send_later("reload_off_money_back", user_id)


def of_unknown_payer(payment_intent_id: str) -> None:
    """Ask Stripe whose payment it is; if a customer's of ours, alarm staff of disputes and switch auto-reload off.

    Called outside of a transaction. Raises StripeUnavailable or StripeRefused with nothing changed.
    """
    payment = gateway.look_up_payment(payment_intent_id)
    customers = StripeCustomer.objects.filter(stripe_customer_id=payment.stripe_customer_id) if payment else []
    for customer in customers:
        alarms.of_disputes(payment_intent_id)
        with transaction.atomic():
            of_person(customer.user_id)
