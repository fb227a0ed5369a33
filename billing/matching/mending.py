"""What staff may order for a difference. Each looks again first: what has come right by itself is left alone.

A repair takes the difference for itself before it asks Stripe, so that of two orders at once only one is obeyed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid5

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from billing import catalog, gateway, reversals, subscriptions
from billing.matching import differences, ours
from billing.matching.differences import Kind
from billing.models import Difference, Plan, Purchase, Subscription
from billing.templatetags.money import money
from tokens.adjusting import LIMIT, OwnAccount, adjust_once

logger = structlog.get_logger(__name__)

# No repair takes longer: a few calls to Stripe, each of which may take its time-out three times over.
REPAIR_TAKES: Final = timedelta(minutes=5)
UNPAID_FOR = {Kind.PAYMENT_NOT_CREDITED, Kind.AMOUNT_DIFFERS}


class NotPossible(Exception):
    """The repair does not fit (any more); the sentence says why. Nothing changed."""


def compare_again(difference: Difference) -> bool:
    """Look at one difference again now, repair what is safe, and return whether it still differs.

    Raises StripeUnavailable or StripeRefused.
    """
    compared = ours.look_up(difference.subject)
    return differences.conclude(difference.subject, compared.verdict)


def possible(difference: Difference) -> list[str]:
    """Return the names of the repairs that fit: `compare`, `refund`, `give`, `take_over`; none for a settled one."""
    if difference.settled_at:
        return []
    fitting = ["compare"]
    unpaid = difference.purchase is not None and difference.purchase.state != Purchase.State.PAID
    if difference.kind in UNPAID_FOR and unpaid:
        fitting.append("give")
    gives_back = {Kind.PAYMENT_WITHOUT_PURCHASE, Kind.PAID_TWICE} | (UNPAID_FOR if unpaid else set())
    if difference.kind in gives_back and difference.subject.startswith("pi_"):
        fitting.append("refund")
    if difference.kind == Kind.SUBSCRIPTION_UNKNOWN and difference.user_id:
        fitting.append("take_over")
    return fitting


def refund(difference: Difference, *, by: User) -> str:
    """Give back all that is left of a payment nobody owes us, and return a sentence about it.

    The second call gives nothing. A refund that fails at the bank later is found by the walk, which lists the payment
    again. Raises NotPossible, StripeUnavailable or StripeRefused.
    """
    with _alone(difference, "refund", by):
        return _refund(difference, by)


def _refund(difference: Difference, by: User) -> str:
    payment = gateway.look_up_payment(difference.subject)
    left = (payment.snapshot.amount_total or 0) - (payment.snapshot.amount_refunded or 0) if payment else 0
    if payment is None or not payment.snapshot.paid or left < 1:
        raise NotPossible("Nothing is left to refund.")
    told = gateway.refund_payment(
        difference.subject,
        amount_cents=left,
        note=f"{difference.get_kind_display()}: {difference.pk}",
        requested_by=by.pk,
        form_key=uuid5(difference.pk, str(left)),
    )
    reversals.note_refund(told)
    amount = money(left, payment.snapshot.currency)
    return _settled(difference, f"{amount} refunded ({told.refund_id}).", by)


def give(difference: Difference, *, by: User) -> str:
    """Adjust the buyer's balance by the tokens of a purchase that was paid otherwise than sold; return a sentence.

    The purchase stays as it is: what was paid is not what was sold, so the books do not call it a purchase. The
    second call gives nothing. Raises NotPossible, StripeUnavailable or StripeRefused.
    """
    with _alone(difference, "give", by), transaction.atomic():  # never given, but still offered for a refund
        return _give(difference, by)


def _give(difference: Difference, by: User) -> str:
    purchase = difference.purchase
    if purchase is None or purchase.tokens > LIMIT:
        raise NotPossible(f"More than {LIMIT:,} tokens are not given by hand.")
    reason = f"Payment {difference.subject} for {purchase.tokens} tokens: {difference.detail}"
    try:
        adjust_once(user=purchase.user, staff=by, amount=purchase.tokens, reason=reason[:200], key=difference.pk)
    except OwnAccount as own:
        raise NotPossible("Nobody gives tokens to themselves; ask a colleague.") from own
    return _settled(difference, f"{purchase.tokens} tokens given.", by, stays_settled=True)


def take_over(difference: Difference, *, by: User) -> str:
    """Write a subscription that runs at Stripe down as its customer's, on the plan of its price; return a sentence.

    From then on it is followed like any other. Raises NotPossible, StripeUnavailable or StripeRefused.
    """
    with _alone(difference, "take_over", by):
        return _take_over(difference, by)


def _take_over(difference: Difference, by: User) -> str:
    user, now = difference.user, gateway.retrieve_subscription(difference.subject)
    plan = _plan_of(now)
    if user is None or Subscription.objects.filter(user=user, state__in=Subscription.LIVE).exists():
        raise NotPossible("The person has another subscription; cancel one of the two at Stripe.")
    with transaction.atomic():
        Subscription.objects.create(
            user=user,
            plan=plan,
            price_cents=plan.price_cents,
            currency=plan.currency,
            per_day=plan.per_day,
            state=Subscription.State.OPEN,
            stripe_subscription_id=now.stripe_subscription_id,
            expires_at=timezone.now(),
        )
        subscriptions.follow(now)
    return _settled(difference, f"Taken over as {plan.name}.", by)


def _plan_of(now: gateway.SubscriptionSnapshot) -> Plan:
    plans = catalog.plans_on_sale()
    plan = next((plan for plan in plans if (plan.price_cents, plan.currency) == (now.price_cents, now.currency)), None)
    if plan is None:
        raise NotPossible("No plan on sale has its price.")
    return plan


@contextmanager
def _alone(difference: Difference, order: str, by: User) -> Iterator[None]:
    """Take a difference that still differs for one repair. Raises NotPossible, also while a colleague repairs it.

    Whoever began may send the same order again at once: it is done once. When Stripe did not answer, the repair may
    have been done all the same, so everything else waits until it shows; after any other failure nobody waits.
    """
    claim = f"Being repaired ({order}) by {by}"[:300]
    unclaimed = Q(repair_begun_at=None) | Q(repair_begun_at__lt=Now() - REPAIR_TAKES) | Q(outcome=claim)
    open_ones = Difference.objects.filter(pk=difference.pk, settled_at=None)
    if order not in possible(difference):
        raise NotPossible("This repair does not fit.")
    if not open_ones.filter(unclaimed).update(repair_begun_at=Now(), outcome=claim):
        raise NotPossible("Another repair of this is under way, or has just been made. Look again in five minutes.")
    try:
        _still_differs(difference, order)
        yield
    except gateway.StripeUnavailable:
        raise
    except Exception:
        open_ones.filter(outcome=claim).update(repair_begun_at=None, outcome="")
        raise


def _still_differs(difference: Difference, order: str) -> None:
    if not compare_again(difference):
        raise NotPossible("It does not differ any more. Nothing was done.")
    difference.refresh_from_db()
    if order not in possible(difference):
        raise NotPossible("Something else differs now; look again.")


def _settled(difference: Difference, outcome: str, by: User, *, stays_settled: bool = False) -> str:
    differences.settle(difference, outcome=outcome, by=by, stays_settled=stays_settled)
    logger.warning("difference_repaired", difference_id=str(difference.pk), outcome=outcome, staff_id=str(by.pk))
    return outcome
