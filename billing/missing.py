""" "My payment is missing": a buyer's own recent payments, asked at Stripe, credited where that was missed, and told.

Only what belongs to the buyer is looked at and shown: their purchases, and the payments of their customer at Stripe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import structlog
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from billing import gateway, reconcile
from billing.matching import payments
from billing.matching.differences import conclude
from billing.models import Difference, Purchase, StripeCustomer

logger = structlog.get_logger(__name__)

State = Purchase.State
DAYS: Final = 30
MOST_ASKED: Final = 20
TIMES_A_MINUTE: Final = 5
_MINUTE: Final = 60


class AskedTooOften(Exception):
    """The buyer has asked five times within this minute. Nothing was asked, nothing changed."""


class Standing(StrEnum):
    """How a payment stands, as its buyer needs to know it."""

    CREDITED_NOW = "credited_now"
    CREDITED = "credited"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    CONFIRMING = "confirming"
    NEEDS_YOU = "needs_you"
    DECLINED = "declined"
    NOT_PAID = "not_paid"
    UNDER_REVIEW = "under_review"
    SETTLED = "settled"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Finding:
    """One payment of the buyer's and how it stands. `reason` is the bank's sentence, "" if it gave none."""

    standing: Standing
    at: datetime
    amount_cents: int
    currency: str
    purchase: Purchase | None = None
    reason: str = ""


@dataclass(slots=True)
class _Search:
    """One buyer's search: `paid_before` is what was credited when it began, `told` what payments were found for."""

    user: User
    since: datetime
    paid_before: frozenset[UUID]
    told: set[UUID]


def look_for(user: User) -> list[Finding]:
    """Ask Stripe about the buyer's payments of 30 days, credit what was missed, and return how each stands.

    Newest first. Credits once, however often it is called. Raises AskedTooOften with nothing asked,
    StripeUnavailable or StripeRefused with nothing lost: what was credited until then stays credited.
    """
    _count(user.pk)
    since = timezone.now() - timedelta(days=DAYS)
    paid = Purchase.objects.filter(user=user, state=State.PAID).values_list("pk", flat=True)
    search = _Search(user, since, frozenset(paid), set())
    _ask_about_purchases(search)
    findings = [*_of_payments(search), *_of_purchases(search)]
    credited = sum(finding.standing == Standing.CREDITED_NOW for finding in findings)
    logger.info("payments_looked_for", user_id=str(user.pk), found=len(findings), credited=credited)
    return sorted(findings, key=lambda finding: finding.at, reverse=True)


def _count(user_id: UUID) -> None:
    """Take one of the minute's places; a place is taken by one caller alone, however many come at once."""
    minute = int(timezone.now().timestamp()) // _MINUTE
    for place in range(TIMES_A_MINUTE):
        if cache.add(f"missing:{user_id}:{minute}:{place}", 1, timeout=2 * _MINUTE):
            return
    raise AskedTooOften


def _recent(search: _Search) -> Iterator[Purchase]:
    """Yield the buyer's purchases that are not paid, newest first; not those a click is opening right now."""
    ripe = timezone.now() - reconcile.LEFT_ALONE
    unpaid = Purchase.objects.filter(user=search.user, created_at__gte=search.since).exclude(state=State.PAID)
    yield from unpaid.exclude(state=State.CREATED, created_at__gt=ripe).select_related("user")[:MOST_ASKED]


def _ask_about_purchases(search: _Search) -> None:
    for purchase in _recent(search):
        try:
            reconcile.ask_stripe(purchase)
        # It is shown as we know it; the others are asked about all the same.
        except (gateway.StripeRefused, reconcile.NotOpened):
            logger.warning("purchase_not_asked_about", purchase_id=str(purchase.pk))


def _of_payments(search: _Search) -> Iterator[Finding]:
    """Yield how each payment of the buyer's customer stands, after it was settled."""
    customer = StripeCustomer.objects.filter(user=search.user).first()
    if customer is None or not customer.stripe_customer_id:
        return
    since = int(search.since.timestamp())
    for payment in gateway.recent_payments(since=since, stripe_customer_id=customer.stripe_customer_id):
        finding = _of_payment(search, payment)
        if finding:
            yield finding


def _of_payment(search: _Search, payment: gateway.ListedPayment) -> Finding | None:
    """Settle one payment and say how it stands; None for one that concerns somebody else's purchase."""
    purchase = payments.purchases_of([payment]).get(payment.payment_intent_id)
    if purchase and purchase.user_id != search.user.pk:
        return None
    compared = payments.compare(payment, purchase, is_of_invoice=gateway.pays_an_invoice)
    if compared.verdict:
        conclude(payment.payment_intent_id, compared.verdict)
    purchase = payments.purchases_of([payment]).get(payment.payment_intent_id)
    if purchase:
        search.told.add(purchase.pk)
    told = payment.snapshot
    return Finding(
        standing=_standing(search, told, purchase, of_invoice=compared.foreign),
        at=payment.created_at,
        amount_cents=told.amount_total or 0,
        currency=told.currency,
        purchase=purchase,
        reason=told.decline,
    )


def _standing(
    search: _Search, told: gateway.PaymentSnapshot, purchase: Purchase | None, *, of_invoice: bool
) -> Standing:
    if not told.paid:
        return _unpaid(told)
    if payments.went_back(told):
        return Standing.REFUNDED
    if purchase is None:
        return Standing.SUBSCRIPTION if of_invoice else _reviewed(told.payment_intent_id or "")
    if purchase.state != State.PAID or purchase.stripe_payment_intent_id != told.payment_intent_id:
        return _reviewed(told.payment_intent_id or "")
    if told.amount_refunded:
        return Standing.PARTLY_REFUNDED
    return Standing.CREDITED if purchase.pk in search.paid_before else Standing.CREDITED_NOW


def _reviewed(payment_intent_id: str) -> Standing:
    """Whether staff still look at a payment that differs, or have settled it."""
    listed = Difference.objects.filter(subject=payment_intent_id)
    looked_at = listed.exclude(settled_by=None).exists() and not listed.filter(settled_at=None).exists()
    return Standing.SETTLED if looked_at else Standing.UNDER_REVIEW


def _unpaid(told: gateway.PaymentSnapshot) -> Standing:
    if told.complete:
        return Standing.CONFIRMING
    if told.status == "expired":
        return Standing.NOT_PAID
    if told.needs_action:
        return Standing.NEEDS_YOU
    return Standing.DECLINED if told.decline else Standing.NOT_PAID


def _of_purchases(search: _Search) -> Iterator[Finding]:
    """Yield how the purchases stand that no payment was found for."""
    for purchase in _recent(search):
        if purchase.pk not in search.told:
            parked = purchase.state == State.MISMATCHED
            yield Finding(
                standing=_reviewed(purchase.stripe_payment_intent_id or "") if parked else _without_payment(purchase),
                at=purchase.created_at,
                amount_cents=purchase.price_cents,
                currency=purchase.currency,
                purchase=purchase,
                reason="" if parked else purchase.state_reason,
            )


def _without_payment(purchase: Purchase) -> Standing:
    return Standing.CONFIRMING if purchase.state == State.PROCESSING else Standing.NOT_PAID
