"""Writing lost rows again from what Stripe knows: after a restored backup, every payment is credited all the same.

A payment's metadata are written by our secret key alone, so they may be believed, within reason.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction

from accounts.models import User
from billing import clock, gateway, reload_results
from billing.effects import settle_now
from billing.models import AutoReload, Purchase, StripeCustomer, TokenPackage

logger = structlog.get_logger(__name__)

Way = Purchase.Way
MOST_TOKENS = 1_000_000
MOST_CENTS = 2_147_483_647  # what the column of a price holds
WRITTEN_AGAIN = "Written again from its payment at Stripe: our row was lost."


class CannotRebuild(Exception):
    """The payment does not say enough to write its purchase again; the sentence says why. Nothing changed."""


def rebuild(payment: gateway.ListedPayment) -> Purchase:
    """Write the purchase of a paid payment again, as a restored backup needs it, settle it and return it.

    Tokens come from the metadata, the price is what was received. Credits once: the row keeps its id, and with it
    the credit its key. The second call settles what the first wrote. Asks Stripe about refunds and disputes.
    Raises CannotRebuild, StripeUnavailable or StripeRefused.
    """
    purchase = _written_from(payment)
    with transaction.atomic():
        Purchase.objects.bulk_create([purchase], ignore_conflicts=True)
        StripeCustomer.objects.bulk_create(_customer(purchase, payment), ignore_conflicts=True)
    logger.warning("purchase_rebuilt", purchase_id=str(purchase.pk), payment=payment.payment_intent_id)
    return settle_now(payment.snapshot)


def _written_from(payment: gateway.ListedPayment) -> Purchase:
    """Return the purchase as `expired`, which a payment overrides and which keeps no other one waiting."""
    told = payment.snapshot
    tokens = _tokens(payment)
    if not told.amount_total:
        raise CannotRebuild("It names a purchase, but nothing was received.")
    if told.amount_total > MOST_CENTS:
        raise CannotRebuild("It names a purchase, but no plausible price was received.")
    purchase = Purchase(
        pk=told.purchase_id,
        user=_buyer(payment),
        way=Way.CHECKOUT if payment.metadata.get("way") == Way.CHECKOUT else Way.CARD,
        package=_package(payment.metadata.get("package", ""), tokens),
        tokens=tokens,
        price_cents=told.amount_total,
        currency=told.currency,
        state=Purchase.State.EXPIRED,
        state_reason=WRITTEN_AGAIN,
        created_at=payment.created_at,
        expires_at=payment.created_at + timedelta(days=1),
    )
    if payment.metadata.get("way") == Way.AUTO_RELOAD:
        _make_a_reload(purchase)
    return purchase


def _tokens(payment: gateway.ListedPayment) -> int:
    text = payment.metadata.get("tokens", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MOST_TOKENS):
        raise CannotRebuild("It names a purchase, but no plausible number of tokens.")
    return int(text)


def _buyer(payment: gateway.ListedPayment) -> User:
    """Return the user the payment names, unless its customer is somebody else's."""
    try:
        user = User.objects.filter(pk=UUID(payment.metadata.get("user_id", ""))).first()
    except ValueError:
        user = None
    if user is None:
        raise CannotRebuild("It names a purchase of somebody we do not know.")
    owner = StripeCustomer.objects.filter(stripe_customer_id=payment.stripe_customer_id or None).first()
    if owner and owner.user_id != user.pk:
        raise CannotRebuild("It names a purchase of one person, but is the payment of another.")
    return user


def _package(code: str, tokens: int) -> TokenPackage:
    """Return the package that was sold; if that is unknown too, the largest one that is not larger."""
    package = (
        TokenPackage.objects.filter(pk=code).first()
        or TokenPackage.objects.filter(tokens__lte=tokens).order_by("-tokens").first()
        or TokenPackage.objects.order_by("tokens").first()
    )
    if package is None:
        raise CannotRebuild("It names a purchase, but there is no package to sell.")
    return package


def _make_a_reload(purchase: Purchase) -> None:
    """Let it count against the cap of the standing order, if that is still known and leaves room for it this month.

    It is credited now, so it counts now. Without one it stays a payment by card: what its owner agreed to is lost,
    but not what they paid.
    """
    order = AutoReload.objects.filter(user=purchase.user, consent__isnull=False).first()
    if order is None:
        return
    spent = reload_results.spent_this_month_cents(purchase.user_id, clock.now().date())
    if spent + purchase.price_cents <= order.monthly_cap_cents:
        purchase.way, purchase.package = Way.AUTO_RELOAD, None
        purchase.consent, purchase.monthly_cap_cents = order.consent, order.monthly_cap_cents


def _customer(purchase: Purchase, payment: gateway.ListedPayment) -> list[StripeCustomer]:
    if not payment.stripe_customer_id:
        return []
    user = purchase.user
    return [StripeCustomer(user=user, email=user.email, stripe_customer_id=payment.stripe_customer_id)]
