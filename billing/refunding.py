"""Money given back on a staff member's word. Stripe gives the money; the tokens follow by `reversals`, as always.

What is asked travels with the refund itself (who, why, from which form), so its event writes the same row when we
die between Stripe's answer and ours.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from accounts.models import User
from billing import gateway, reversals
from billing.models import Purchase, Refund
from billing.templatetags.money import money
from tokens import balance

# A payment under dispute cannot be refunded as well. https://docs.stripe.com/disputes/responding
_DISPUTED: Final = (
    "The buyer's bank disputes this payment. Until that is decided, Stripe refunds nothing: answer the dispute, "
    "or accept it at Stripe."
)
_WHY_STRIPE_REFUSES: Final = {
    "charge_disputed": _DISPUTED,
    "charge_already_refunded": "Stripe has already given all of it back.",
    "idempotency_error": "This form already made another refund. Nothing was given back now; start again.",
}


class NotRefundable(Exception):
    """The money cannot be given back; the sentence, for staff, says why. Nothing changed."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a refund will do: tokens taken, and what the buyer has and owes before and after."""

    tokens: int
    balance: int
    debt: int
    balance_after: int
    debt_after: int


def left_cents(purchase: Purchase) -> int:
    """Return how much of the price can still be given back, in cents."""
    return purchase.price_cents - purchase.money_back_cents if purchase.state == Purchase.State.PAID else 0


def obstacle(purchase: Purchase) -> str:
    """Return why nothing of `purchase` can be refunded now, as a sentence; "" when something can."""
    if purchase.state != Purchase.State.PAID:
        return "Only a paid purchase can be refunded."
    if reversals.under_dispute(purchase):
        return _DISPUTED
    return "" if left_cents(purchase) else "Nothing of its price is left to give back."


def preview(purchase: Purchase, amount_cents: int) -> Preview:
    """Say what giving `amount_cents` back would do, as things are now. Raises NotRefundable."""
    _require_refundable(purchase, amount_cents)
    tokens = max(reversals.tokens_to_take(purchase, purchase.money_back_cents + amount_cents), 0)
    held = balance.read(User.objects.select_related("token_account").get(pk=purchase.user_id))
    net = held.balance - held.debt - tokens
    return Preview(tokens, held.balance, held.debt, max(net, 0), max(-net, 0))


def refund_purchase(*, purchase: Purchase, staff: User, amount_cents: int, reason: str, form_key: UUID) -> Refund:
    """Give `amount_cents` of the price back at Stripe, take their tokens, note it in the admin's log; return the row.

    The second call for the same form gives nothing and returns the first refund, even after a failure in between.
    Asks Stripe, so it is called outside of a transaction. Raises NotRefundable, StripeRefused or StripeUnavailable:
    after the last one the money may be on its way, and the same form may be sent again.
    """
    purchase.refresh_from_db()
    known = Refund.objects.filter(form_key=form_key).first()
    if known:
        return _require_same(known, purchase, amount_cents)
    _require_refundable(purchase, amount_cents)
    told = _ask(purchase, staff, amount_cents, reason, form_key)
    with transaction.atomic():
        reversals.note_refund(told)
        _note(purchase, staff, told, reason)
    return Refund.objects.get(pk=told.refund_id)


def _ask(purchase: Purchase, staff: User, amount_cents: int, reason: str, form_key: UUID) -> gateway.RefundSnapshot:
    try:
        return gateway.refund_payment(
            purchase.stripe_payment_intent_id or "",
            amount_cents=amount_cents,
            note=reason,
            requested_by=staff.pk,
            form_key=form_key,
        )
    except gateway.StripeRefused as refusal:
        if refusal.code in _WHY_STRIPE_REFUSES:
            raise NotRefundable(_WHY_STRIPE_REFUSES[refusal.code]) from refusal
        raise


def _require_refundable(purchase: Purchase, amount_cents: int) -> None:
    problem = obstacle(purchase)
    if problem:
        raise NotRefundable(problem)
    left = left_cents(purchase)
    if not 1 <= amount_cents <= left:
        raise NotRefundable(
            f"Between {money(1, purchase.currency)} and {money(left, purchase.currency)} can be given back."
        )


def _require_same(known: Refund, purchase: Purchase, amount_cents: int) -> Refund:
    if (known.stripe_payment_intent_id, known.amount_cents) != (purchase.stripe_payment_intent_id, amount_cents):
        raise NotRefundable(_WHY_STRIPE_REFUSES["idempotency_error"])
    return known


def _note(purchase: Purchase, staff: User, told: gateway.RefundSnapshot, reason: str) -> None:
    """Write the log entry unless it is there. The payment's lock, still held, keeps a twin out."""
    message = f"Refunded {money(told.amount_cents, told.currency)} ({told.refund_id}): {reason}"
    if not LogEntry.objects.filter(object_id=str(purchase.pk), change_message=message).exists():
        LogEntry.objects.log_actions(staff.pk, [purchase], CHANGE, message, single_object=True)
