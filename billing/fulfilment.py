"""What becomes of a purchase: the one function that every path uses - webhook, return page, reconciliation, staff.

It believes only what Stripe says about a session, and only what our own row says was sold. Any number of
callers may come at once and in any order: the row is locked, looked at again, and `paid` is final.
"""

from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils import timezone

from billing.gateway import CheckoutSnapshot
from billing.models import Purchase
from tokens import ledger

logger = structlog.get_logger(__name__)

State = Purchase.State
REASON_LENGTH = 300


class NotOurs(Exception):
    """The session belongs to no purchase of ours: the Stripe account is shared, or our row is lost."""


def settle(snapshot: CheckoutSnapshot) -> Purchase:
    """Bring the purchase of `snapshot` up to date with Stripe and return it.

    Locks the purchase, then, to credit, the buyer's account. Credits the tokens of the purchase once, when
    Stripe has the money, it is exactly what was sold, and none of it was given back; a difference parks the
    purchase as mismatched, with an ERROR in the log and no credit. The second call changes nothing. A payment
    overrides expired and failed, and so does a page that is still open; older news, and an unpaid session that
    is not the purchase's own, change nothing. Raises NotOurs, with nothing changed.
    """
    if snapshot.purchase_id is None:
        raise NotOurs(snapshot.session_id)
    with transaction.atomic(savepoint=False):
        found = _lock(snapshot.purchase_id, snapshot.payment_intent_id or "")
        if found:
            purchase, payment_used_elsewhere = found
            _bring_up_to_date(purchase, snapshot, payment_used_elsewhere=payment_used_elsewhere)
            return purchase
    # Raised only here: inside the block it would spoil the caller's transaction.
    raise NotOurs(snapshot.session_id)


# Written out, like the update below: compiling them took more than half of the time of a webhook. Each column is
# named, so that a statement prepared before a migration that adds one still works after it.
_FIELDS = [field.attname for field in Purchase._meta.concrete_fields]
_LOCK = f"""
SELECT {", ".join(f"purchase.{field.column}" for field in Purchase._meta.concrete_fields)},
    EXISTS (SELECT FROM billing_purchase WHERE stripe_payment_intent_id = %(payment)s AND id <> %(id)s)
    OR EXISTS (SELECT FROM tokens_tokentransaction WHERE stripe_payment_intent_id = %(payment)s AND key <> %(key)s)
        AS payment_used_elsewhere
FROM billing_purchase AS purchase WHERE id = %(id)s
FOR NO KEY UPDATE OF purchase
"""  # noqa: S608 - our own column names


def _lock(purchase_id: UUID, payment_intent_id: str) -> tuple[Purchase, bool] | None:
    """Return the purchase, locked, and whether the payment belongs to another sale; None if it is not ours."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"id": purchase_id, "payment": payment_intent_id, "key": _key(purchase_id)})
        row = cursor.fetchone()
    if row is None:
        return None
    *values, payment_used_elsewhere = row
    return Purchase.from_db(connection.alias, _FIELDS, values), payment_used_elsewhere


def _bring_up_to_date(purchase: Purchase, snapshot: CheckoutSnapshot, *, payment_used_elsewhere: bool) -> None:
    if purchase.state == State.PAID:
        _note_second_payment(purchase, snapshot)
        return
    _adopt_session(purchase, snapshot)
    own = snapshot.session_id == purchase.stripe_session_id
    if not own and not snapshot.complete:
        return
    if own:
        _note_refund(purchase, snapshot)
    difference = _difference(purchase, snapshot, payment_used_elsewhere=payment_used_elsewhere)
    if difference:
        _park(purchase, difference)
    elif snapshot.paid:
        _credit(purchase, snapshot)
    else:
        _follow(purchase, snapshot)


def _key(purchase_id: UUID) -> str:
    return f"purchase:{purchase_id}"


def _adopt_session(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    """Remember the session if none is known: its creator may have died before it could be stored."""
    if purchase.stripe_session_id is None:
        purchase.stripe_session_id = snapshot.session_id
        purchase.checkout_url = snapshot.url
        purchase.save(update_fields=["stripe_session_id", "checkout_url"])


def _note_refund(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    """Remember what Stripe gave back, for events to come: they do not say it."""
    if snapshot.amount_refunded not in {None, purchase.refunded_cents}:
        purchase.refunded_cents = snapshot.amount_refunded or 0
        purchase.save(update_fields=["refunded_cents"])


def _difference(purchase: Purchase, snapshot: CheckoutSnapshot, *, payment_used_elsewhere: bool) -> str:
    """Return in words how a completed session differs from what was sold; "" when it does not."""
    if not snapshot.complete:
        return ""
    if snapshot.session_id != purchase.stripe_session_id:
        payment = snapshot.payment_intent_id or "no payment"
        return f"Session {snapshot.session_id} ({payment}) is not the one of this purchase."
    if (snapshot.amount_total, snapshot.currency) != (purchase.price_cents, purchase.currency):
        return (
            f"Sold for {purchase.price_cents} {purchase.currency}, "
            f"but Stripe says {snapshot.amount_total} {snapshot.currency or '-'}."
        )
    if snapshot.paid and snapshot.payment_intent_id is None:
        return "Stripe calls it paid but names no payment."
    if payment_used_elsewhere:
        return f"Payment {snapshot.payment_intent_id} already belongs to another sale."
    if purchase.refunded_cents:
        return f"Already refunded: {purchase.refunded_cents} {purchase.currency} of {snapshot.payment_intent_id}."
    return ""


def _park(purchase: Purchase, difference: str) -> None:
    difference = difference[:REASON_LENGTH]
    if (purchase.state, purchase.state_reason) == (State.MISMATCHED, difference):
        return
    logger.error("purchase_mismatched", purchase_id=str(purchase.pk), reason=difference)
    purchase.state, purchase.state_reason = State.MISMATCHED, difference
    purchase.save(update_fields=["state", "state_reason"])


_PAID = """
UPDATE billing_purchase
SET state = 'paid', state_reason = %s, transaction_id = %s, stripe_payment_intent_id = %s, paid_at = %s
WHERE id = %s
"""


def _credit(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    purchase.transaction = ledger.credit(
        user_id=purchase.user_id,
        amount=purchase.tokens,
        type=ledger.Type.PURCHASE,
        key=_key(purchase.pk),
        description=f"Bought {purchase.tokens} tokens",
        stripe_payment_intent_id=snapshot.payment_intent_id,
        price_paid_cents=purchase.price_cents,
    )
    if not _names_another_payment(purchase.state_reason, snapshot):
        purchase.state_reason = ""
    purchase.state, purchase.paid_at = State.PAID, timezone.now()
    purchase.stripe_payment_intent_id = snapshot.payment_intent_id
    values = [purchase.state_reason, purchase.transaction_id, snapshot.payment_intent_id, purchase.paid_at, purchase.pk]
    with connection.cursor() as cursor:
        cursor.execute(_PAID, values)
    logger.info("purchase_paid", purchase_id=str(purchase.pk), tokens=purchase.tokens)


def _names_another_payment(reason: str, snapshot: CheckoutSnapshot) -> bool:
    """Whether the reason for which a purchase was parked is about money that is still to be given back."""
    return "pi_" in reason and (snapshot.payment_intent_id or "") not in reason


def _follow(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    """Note how far an unpaid session has come. News that is older than what we know changes nothing."""
    undecided = {State.CREATED, State.OPEN}
    if snapshot.failure:
        state, may_follow = State.FAILED, undecided | {State.PROCESSING, State.EXPIRED}
    elif snapshot.complete:
        state, may_follow = State.PROCESSING, undecided | {State.EXPIRED}
    elif snapshot.status == "expired":
        state, may_follow = State.EXPIRED, undecided
    else:  # whatever made it fail, its page can be paid: reconciliation must keep asking
        state, may_follow = State.OPEN, {State.CREATED, State.FAILED, State.EXPIRED}
    if purchase.state not in may_follow:
        return
    purchase.state, purchase.state_reason = state, snapshot.failure
    purchase.save(update_fields=["state", "state_reason"])
    logger.info("purchase_moved", purchase_id=str(purchase.pk), state=state)


def _note_second_payment(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    """Raise an alarm when a paid purchase is paid by yet another payment: that money is to be given back."""
    payment = snapshot.payment_intent_id
    if not snapshot.paid or payment is None or payment == purchase.stripe_payment_intent_id:
        return
    if payment not in purchase.state_reason:
        reason = f"Paid again by {payment}; give that payment back."
        logger.error("purchase_paid_twice", purchase_id=str(purchase.pk), reason=reason)
        purchase.state_reason = f"{reason} {purchase.state_reason}".strip()[:REASON_LENGTH]
        purchase.save(update_fields=["state_reason"])
