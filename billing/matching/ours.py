"""What we know and Stripe has not told of, and single looks at what was found before."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from billing import gateway
from billing.matching import money_back, payments, subscriptions
from billing.matching.differences import Compared, Kind, Verdict
from billing.models import Difference, Dispute, Purchase, Refund
from tokens.models import TokenTransaction

State = Purchase.State
_CREDIT: Final = "credit "
_CREDITS: Final = [TokenTransaction.Type.PURCHASE, TokenTransaction.Type.AUTO_RELOAD]
# A refund may fail at the bank for 30 days. https://docs.stripe.com/refunds#failed-refunds
_IN_DOUBT: Final = timedelta(days=45)


def paid_since(since: datetime) -> QuerySet[Purchase]:
    return Purchase.objects.filter(state=State.PAID, created_at__gte=since)


def parked() -> QuerySet[Purchase]:
    """Return the purchases that need a look and have not been listed yet, however old."""
    return Purchase.objects.filter(state=State.MISMATCHED, differences=None)


def repaired_lately() -> set[str]:
    """Return what a repair was begun for, also by somebody who died over it, and may still have come to nothing."""
    since = timezone.now() - _IN_DOUBT
    repaired = Difference.objects.filter(settled_at__isnull=False, stays_settled=False, repair_begun_at__gte=since)
    return set(repaired.values_list("subject", flat=True))


def credits_without_purchase(since: datetime) -> QuerySet[TokenTransaction]:
    """Return the credits for a payment that no purchase points at."""
    return TokenTransaction.objects.filter(type__in=_CREDITS, purchase=None, created_at__gte=since)


def subject_of(entry: TokenTransaction) -> str:
    return f"{_CREDIT}{entry.pk}"


def compare_credit(entry: TokenTransaction) -> Compared:
    """Say that nobody bought what was credited."""
    detail = f"{entry.amount} tokens were credited ({entry.key}), but there is no purchase for them."
    return Compared(verdict=Verdict(Kind.CREDIT_WITHOUT_PAYMENT, detail, user_id=entry.account_id))


def compare_parked(purchase: Purchase) -> Compared:
    """Compare a purchase with its payment; without one, list it under its own id."""
    payment_id = purchase.stripe_payment_intent_id
    if payment_id is None and purchase.stripe_session_id:
        payment_id = gateway.retrieve_checkout_session(purchase.stripe_session_id).payment_intent_id
    payment = gateway.look_up_payment(payment_id) if payment_id else None
    if payment is None:
        return Compared(verdict=_of_parked(purchase))
    compared = payments.compare(payment, purchase, is_of_invoice=_of_no_invoice)
    return replace(compared, subject=payment.payment_intent_id)


def look_up(subject: str) -> Compared:
    """Ask Stripe about one thing of which only the id is known, and compare it.

    Raises StripeUnavailable or StripeRefused.
    """
    if subject.startswith("pi_"):
        return _look_up_payment(subject)
    if subject.startswith("sub_"):
        return subscriptions.compare_by_id(subject)
    if subject.startswith(_CREDIT):
        entry = TokenTransaction.objects.filter(pk=subject.removeprefix(_CREDIT), purchase=None).first()
        return compare_credit(entry) if entry else Compared()
    known = Refund.objects.filter(pk=subject).first() or Dispute.objects.filter(pk=subject).first()
    return money_back.compare_known(known) if known else _look_up_own(subject)


def _look_up_payment(payment_intent_id: str) -> Compared:
    payment = gateway.look_up_payment(payment_intent_id)
    if payment is None:
        return Compared(verdict=_credited_without(payment_intent_id))
    purchase = payments.purchases_of([payment]).get(payment_intent_id)
    return payments.compare(payment, purchase, is_of_invoice=_of_no_invoice)


def _of_no_invoice(payment_intent_id: str) -> bool:
    """A payment that was listed as nobody's was no invoice's then, and never becomes one."""
    return False


def _credited_without(payment_intent_id: str) -> Verdict | None:
    purchase = Purchase.objects.filter(stripe_payment_intent_id=payment_intent_id, state=State.PAID).first()
    if purchase is None:
        return None
    detail = f"{purchase.tokens} tokens were credited, but Stripe does not know the payment."
    return Verdict(
        Kind.CREDIT_WITHOUT_PAYMENT, detail, purchase.user_id, purchase, purchase.price_cents, purchase.currency
    )


def _look_up_own(subject: str) -> Compared:
    try:
        purchase = Purchase.objects.filter(pk=UUID(subject), state=State.MISMATCHED).first()
    except ValueError:
        purchase = None
    return compare_parked(purchase) if purchase else Compared()


def _of_parked(purchase: Purchase) -> Verdict:
    return Verdict(
        Kind.PAYMENT_NOT_CREDITED,
        purchase.state_reason or "It needs a look, but no payment is known.",
        purchase.user_id,
        purchase,
        purchase.price_cents,
        purchase.currency,
    )
