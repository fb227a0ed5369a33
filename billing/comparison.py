"""How a payment at Stripe differs from what was sold, in words for staff; "" when it does not."""

from billing.gateway import PaymentSnapshot
from billing.models import Purchase


def difference(purchase: Purchase, snapshot: PaymentSnapshot, *, payment_used_elsewhere: bool) -> str:
    """Compare a completed payment with the purchase it names. Money that went back is not compared but evened up."""
    if not snapshot.complete:
        return ""
    payment = snapshot.payment_intent_id or "no payment"
    if not is_own(purchase, snapshot):
        subject = f"Session {snapshot.session_id} ({payment})" if snapshot.session_id else f"Payment {payment}"
        return f"{subject} is not the one of this purchase."
    if (snapshot.amount_total, snapshot.currency) != (purchase.price_cents, purchase.currency):
        return (
            f"Sold for {purchase.price_cents} {purchase.currency}, "
            f"but Stripe says {snapshot.amount_total} {snapshot.currency or '-'}."
        )
    if snapshot.paid and snapshot.payment_intent_id is None:
        return "Stripe calls it paid but names no payment."
    if payment_used_elsewhere:
        return f"Payment {snapshot.payment_intent_id} already belongs to another sale."
    return ""


def is_own(purchase: Purchase, snapshot: PaymentSnapshot) -> bool:
    """Whether the snapshot is of the session or payment that was opened for this purchase."""
    if snapshot.session_id:
        return snapshot.session_id == purchase.stripe_session_id
    return purchase.stripe_payment_intent_id in {None, snapshot.payment_intent_id}


def names_another_payment(reason: str, snapshot: PaymentSnapshot) -> bool:
    """Whether the reason for which a purchase was parked is about money that is still to be given back."""
    return "pi_" in reason and (snapshot.payment_intent_id or "") not in reason
