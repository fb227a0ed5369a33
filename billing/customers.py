"""Who a buyer is at Stripe: the row first, then Stripe, outside any transaction, then Stripe's id onto the row."""

from http import HTTPStatus

from accounts.models import User
from billing import gateway
from billing.models import StripeCustomer


def of(user: User, *, lock: bool = False) -> StripeCustomer:
    """Return the row of `user` as a customer, made if there is none; whoever comes second finds the first one's.

    The row may be replaced at any moment (see below), so it is looked for by its user, again if need be.
    """
    rows = StripeCustomer.objects.select_for_update(no_key=True) if lock else StripeCustomer.objects.all()
    while (found := rows.filter(user=user).first()) is None:
        StripeCustomer.objects.bulk_create([StripeCustomer(user=user, email=user.email)], ignore_conflicts=True)
    return found


def known_to_stripe(user: User) -> str:
    """Return the buyer's id at Stripe, which is asked for one if there is none yet.

    After a 500 the row is replaced, because Stripe would replay the 500 for its key, for a day. After no
    answer it stays: the customer may be made, and the same key finds it.
    """
    while (customer := of(user)).stripe_customer_id is None:
        unmade = StripeCustomer.objects.filter(pk=customer.pk, stripe_customer_id=None)
        try:
            unmade.update(stripe_customer_id=gateway.create_customer(customer))
        except gateway.StripeUnavailable as outage:
            if outage.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                unmade.delete()
            raise
    return customer.stripe_customer_id


def forget(stripe_customer_id: str) -> None:
    """Forget a customer that was deleted at Stripe, so that the next call makes another one."""
    StripeCustomer.objects.filter(stripe_customer_id=stripe_customer_id).delete()
