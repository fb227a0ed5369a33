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


class NotOurs(Exception):
    """The session belongs to no purchase of ours: the Stripe account is shared, or our row is lost."""


def settle(snapshot: CheckoutSnapshot) -> Purchase:
    """Bring the purchase of `snapshot` up to date with Stripe and return it.

    Locks the purchase, then, to credit, the buyer's account. Credits the tokens of the purchase once, when
    Stripe has the money and it is exactly what was sold; a difference parks the purchase as mismatched, with
    an ERROR in the log and no credit. The second call changes nothing. A payment overrides expired and
    failed; older news changes nothing. Raises NotOurs, with nothing changed.
    """
    if snapshot.purchase_id is None:
        raise NotOurs(snapshot.session_id)
    with transaction.atomic(savepoint=False):
        found = _lock(snapshot.purchase_id, snapshot.payment_intent_id or "")
        for purchase, payment_used_elsewhere in found:
            _bring_up_to_date(purchase, snapshot, payment_used_elsewhere=payment_used_elsewhere)
            return purchase
    # Raised only here: inside the block it would spoil the caller's transaction.
    raise NotOurs(snapshot.session_id)


# Written out, like the update below: compiling them took more than half of the time of a webhook.
_LOCK = """
SELECT purchase.*,
    EXISTS (SELECT FROM billing_purchase WHERE stripe_payment_intent_id = %(payment)s AND id <> %(id)s)
    OR EXISTS (SELECT FROM tokens_tokentransaction WHERE stripe_payment_intent_id = %(payment)s AND key <> %(key)s)
        AS payment_used_elsewhere
FROM billing_purchase AS purchase WHERE id = %(id)s
FOR NO KEY UPDATE OF purchase
"""


def _lock(purchase_id: UUID, payment_intent_id: str) -> list[tuple[Purchase, bool]]:
    """Return the purchase, locked, if it is ours, and whether the payment belongs to another sale."""
    values = {"id": purchase_id, "payment": payment_intent_id, "key": _key(purchase_id)}
    return [(found, vars(found)["payment_used_elsewhere"]) for found in Purchase.objects.raw(_LOCK, values)]


def _bring_up_to_date(purchase: Purchase, snapshot: CheckoutSnapshot, *, payment_used_elsewhere: bool) -> None:
    if purchase.state == State.PAID:
        _note_second_payment(purchase, snapshot)
        return
    _adopt_session(purchase, snapshot)
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


def _difference(purchase: Purchase, snapshot: CheckoutSnapshot, *, payment_used_elsewhere: bool) -> str:
    """Return in words how a completed session differs from what was sold; "" when it does not."""
    if not snapshot.complete:
        return ""
    if snapshot.session_id != purchase.stripe_session_id:
        return f"Session {snapshot.session_id} is not the one of this purchase."
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


def _park(purchase: Purchase, difference: str) -> None:
    if (purchase.state, purchase.state_reason) == (State.MISMATCHED, difference):
        return
    logger.error("purchase_mismatched", purchase_id=str(purchase.pk), reason=difference)
    purchase.state, purchase.state_reason = State.MISMATCHED, difference
    purchase.save(update_fields=["state", "state_reason"])


_PAID = """
UPDATE billing_purchase
SET state = 'paid', state_reason = '', transaction_id = %s, stripe_payment_intent_id = %s, paid_at = %s
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
    purchase.state, purchase.state_reason = State.PAID, ""
    purchase.stripe_payment_intent_id = snapshot.payment_intent_id
    purchase.paid_at = timezone.now()
    values = [purchase.transaction_id, purchase.stripe_payment_intent_id, purchase.paid_at, purchase.pk]
    with connection.cursor() as cursor:
        cursor.execute(_PAID, values)
    logger.info("purchase_paid", purchase_id=str(purchase.pk), tokens=purchase.tokens)


def _follow(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    """Note how far an unpaid session has come. News that is older than what we know changes nothing."""
    undecided = {State.CREATED, State.OPEN}
    if snapshot.failure:
        state, may_follow = State.FAILED, undecided | {State.PROCESSING, State.EXPIRED}
    elif snapshot.complete:
        state, may_follow = State.PROCESSING, undecided | {State.EXPIRED}
    elif snapshot.status == "expired":
        state, may_follow = State.EXPIRED, undecided
    else:
        state, may_follow = State.OPEN, {State.CREATED}
    if purchase.state not in may_follow:
        return
    purchase.state, purchase.state_reason = state, snapshot.failure
    purchase.save(update_fields=["state", "state_reason"])
    logger.info("purchase_moved", purchase_id=str(purchase.pk), state=state)


def _note_second_payment(purchase: Purchase, snapshot: CheckoutSnapshot) -> None:
    """Raise an alarm when a paid purchase is paid by yet another payment: that money is to be given back."""
    if not snapshot.paid or snapshot.payment_intent_id == purchase.stripe_payment_intent_id:
        return
    reason = f"Paid again by {snapshot.payment_intent_id}; give that payment back."
    if purchase.state_reason != reason:
        logger.error("purchase_paid_twice", purchase_id=str(purchase.pk), reason=reason)
        purchase.state_reason = reason
        purchase.save(update_fields=["state_reason"])
