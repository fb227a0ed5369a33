"""Refunds and disputes at Stripe, and what we know of them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from billing import gateway, reversals
from billing.matching.differences import Compared, Kind, Verdict
from billing.models import Dispute, Purchase, Refund

Told = gateway.RefundSnapshot | gateway.DisputeSnapshot
Known = Refund | Dispute

# While one of these holds, something is still to come, however old it is.
UNFINISHED_REFUNDS = ["pending", "requires_action"]
UNFINISHED_DISPUTES = [
    "warning_needs_response",
    "warning_under_review",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
]


def key_of(told: Told) -> str:
    return told.refund_id if isinstance(told, gateway.RefundSnapshot) else told.dispute_id


def compare(told: Told) -> Compared:
    """Note what is new about a refund or dispute, so that the tokens follow. One of a foreign payment is left alone."""
    known = _known(told)
    if known and _same(known, told):
        return Compared()
    ours = Purchase.objects.filter(stripe_payment_intent_id=told.payment_intent_id or None).exists()
    if known is None and not ours:
        return Compared(foreign=True)
    if isinstance(told, gateway.RefundSnapshot):
        reversals.note_refund(told)
    else:
        reversals.note_dispute(told)
    return _after(known, told)


def unfinished(since: datetime) -> list[Known]:
    """Return our refunds and disputes that are younger, or that something is still to come of."""
    young = Q(created_at__gte=since)
    return [
        *Refund.objects.filter(young | Q(status__in=UNFINISHED_REFUNDS)),
        *Dispute.objects.filter(young | Q(status__in=UNFINISHED_DISPUTES)),
    ]


def compare_known(known: Known) -> Compared:
    """Ask Stripe about a refund or dispute of ours by its payment; say so when Stripe does not know it."""
    payment = known.stripe_payment_intent_id
    listed: Iterable[Told] = gateway.refunds_of(payment) if isinstance(known, Refund) else gateway.disputes_of(payment)
    told = next((one for one in listed if key_of(one) == known.pk), None)
    if told is None:
        return Compared(verdict=_verdict(known, "It is known here, but not at Stripe."))
    return compare(told)


def _known(told: Told) -> Known | None:
    if isinstance(told, gateway.RefundSnapshot):
        return Refund.objects.filter(pk=told.refund_id).first()
    return Dispute.objects.filter(pk=told.dispute_id).first()


def _same(known: Known, told: Told) -> bool:
    return (known.status, known.amount_cents, known.currency) == (told.status, told.amount_cents, told.currency)


def _after(before: Known | None, told: Told) -> Compared:
    after = _known(told)
    if after is None:  # not before the payment is credited
        return Compared()
    repaired = before is None or before.status != after.status
    if _same(after, told):
        return Compared(repaired=repaired)
    here, there = f"{after.status}, {after.amount_cents} cents", f"{told.status}, {told.amount_cents} cents"
    return Compared(repaired=repaired, verdict=_verdict(after, f"Here: {here}. At Stripe: {there}."))


def _verdict(known: Known, detail: str) -> Verdict:
    purchase = Purchase.objects.filter(stripe_payment_intent_id=known.stripe_payment_intent_id).first()
    return Verdict(
        Kind.MONEY_BACK_DIFFERS,
        detail,
        user_id=purchase.user_id if purchase else None,
        purchase=purchase,
        amount_cents=known.amount_cents,
        currency=known.currency,
    )
