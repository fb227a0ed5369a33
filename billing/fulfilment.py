"""What becomes of a purchase: the one function that every path uses - webhook, pages, auto-reload, reconciliation.

It believes only what Stripe says about a payment, and only what our own row says was sold. Any number of
callers may come at once and in any order: the row is locked, looked at again, and `paid` is final.
"""

from uuid import UUID

import structlog
from django.db import IntegrityError, connection, transaction

from billing import aftermath, alarms, reload_stops, reversals, tries
from billing.comparison import difference, is_own, names_another_payment
from billing.gateway import PaymentSnapshot
from billing.models import Purchase
from billing.ownership import NotOurs
from tokens import ledger

logger = structlog.get_logger(__name__)

State = Purchase.State
Way = Purchase.Way
REASON_LENGTH = 300


def settle(snapshot: PaymentSnapshot) -> Purchase:
    """Bring the purchase of `snapshot` up to date with Stripe and return it.

    Locks the payment (see `reversals`), the purchase, then, to credit, the buyer's account. Credits the tokens of
    the purchase once, when Stripe has the money and it is exactly what was sold, and takes back in the same
    transaction what is known to have been refunded or disputed; a difference parks the purchase as mismatched,
    with an ERROR in the log and no credit. The second call changes nothing. A payment overrides expired and
    failed, and so does a page that is still open; older news, and an unpaid session or payment that is not the
    purchase's own, change nothing. Raises NotOurs, with nothing changed.
    """
    if snapshot.purchase_id is None:
        raise NotOurs("No purchase of ours.")
    with transaction.atomic(savepoint=False):
        found = _lock(snapshot.purchase_id, snapshot.payment_intent_id or "")
        if found:
            purchase, payment_used_elsewhere = found
            _bring_up_to_date(purchase, snapshot, payment_used_elsewhere=payment_used_elsewhere)
            return purchase
    # Raised only here: inside the block it would spoil the caller's transaction.
    raise NotOurs("No purchase of ours.")


# Written out, like the update below: compiling them took more than half of the time of a webhook. Each column is
# named, so that a statement prepared before a migration that adds one still works after it. The payment is locked
# first: rows are locked last in a plan, and `reversals` locks in the same order.
_FIELDS = [field.attname for field in Purchase._meta.concrete_fields]
_LOCK = f"""
WITH payment AS MATERIALIZED (
    SELECT CASE WHEN %(payment)s <> '' THEN pg_advisory_xact_lock(hashtextextended(%(payment)s, 0)) END
)
SELECT {", ".join(f"purchase.{field.column}" for field in Purchase._meta.concrete_fields)},
    EXISTS (SELECT FROM billing_purchase WHERE stripe_payment_intent_id = %(payment)s AND id <> %(id)s)
    OR EXISTS (SELECT FROM tokens_tokentransaction WHERE stripe_payment_intent_id = %(payment)s AND key <> %(key)s)
        AS payment_used_elsewhere
FROM payment CROSS JOIN billing_purchase AS purchase WHERE id = %(id)s
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


def _bring_up_to_date(purchase: Purchase, snapshot: PaymentSnapshot, *, payment_used_elsewhere: bool) -> None:
    tries.note_decline(purchase, snapshot)
    if purchase.state == State.PAID:
        _note_second_payment(purchase, snapshot)
        return
    if not payment_used_elsewhere:
        _adopt(purchase, snapshot)
    if not (snapshot.complete or is_own(purchase, snapshot)):
        return
    differs = difference(purchase, snapshot, payment_used_elsewhere=payment_used_elsewhere)
    if differs:
        _park(purchase, differs)
    elif snapshot.paid:
        _credit(purchase, snapshot)
    elif snapshot.session_id or purchase.way != Way.CHECKOUT:
        _follow(purchase, snapshot)


def _key(purchase_id: UUID) -> str:
    return f"purchase:{purchase_id}"


def _adopt(purchase: Purchase, snapshot: PaymentSnapshot) -> None:
    """Remember the session or payment if none is known: its creator may have died before it could be stored."""
    if snapshot.session_id and purchase.stripe_session_id is None and purchase.way == Way.CHECKOUT:
        purchase.stripe_session_id = snapshot.session_id
        purchase.checkout_url = snapshot.url
        purchase.save(update_fields=["stripe_session_id", "checkout_url"])
    elif not snapshot.session_id and purchase.stripe_payment_intent_id is None and purchase.way != Way.CHECKOUT:
        purchase.stripe_payment_intent_id = snapshot.payment_intent_id
        purchase.save(update_fields=["stripe_payment_intent_id"])


def _park(purchase: Purchase, difference: str) -> None:
    difference = difference[:REASON_LENGTH]
    if (purchase.state, purchase.state_reason) == (State.MISMATCHED, difference):
        return
    logger.error("purchase_mismatched", purchase_id=str(purchase.pk), reason=difference)
    purchase.state, purchase.state_reason = State.MISMATCHED, difference
    purchase.save(update_fields=["state", "state_reason"])


_PAID = """
UPDATE billing_purchase
SET state = 'paid', state_reason = %s, transaction_id = %s, stripe_payment_intent_id = %s, paid_at = clock_timestamp()
WHERE id = %s
RETURNING paid_at, EXISTS (SELECT FROM billing_refund WHERE stripe_payment_intent_id = %s)
    OR EXISTS (SELECT FROM billing_dispute WHERE stripe_payment_intent_id = %s)
"""


def _credit(purchase: Purchase, snapshot: PaymentSnapshot) -> None:
    purchase.transaction = ledger.credit(
        user_id=purchase.user_id,
        amount=purchase.tokens,
        type=ledger.Type.AUTO_RELOAD if purchase.way == Way.AUTO_RELOAD else ledger.Type.PURCHASE,
        key=_key(purchase.pk),
        description=f"{'Reloaded' if purchase.way == Way.AUTO_RELOAD else 'Bought'} {purchase.tokens} tokens",
        stripe_payment_intent_id=snapshot.payment_intent_id,
        price_paid_cents=purchase.price_cents,
    )
    if not names_another_payment(purchase.state_reason, snapshot):
        purchase.state_reason = ""
    purchase.state = State.PAID
    purchase.stripe_payment_intent_id = snapshot.payment_intent_id
    payment = snapshot.payment_intent_id
    with connection.cursor() as cursor:
        cursor.execute(
            _PAID,
            [purchase.state_reason, purchase.transaction_id, payment, purchase.pk, payment, payment],
        )
        purchase.paid_at, money_went_back = cursor.fetchone()
    if money_went_back:
        reversals.even_up(purchase)
        alarms.of_disputes(payment or "")
        reload_stops.of_person(purchase.user_id)
    aftermath.of_payment(purchase)
    logger.info("purchase_paid", purchase_id=str(purchase.pk), tokens=purchase.tokens)


def _follow(purchase: Purchase, snapshot: PaymentSnapshot) -> None:
    """Note how far an unpaid payment has come. News that is older than what we know changes nothing."""
    before, reason = State(purchase.state), snapshot.failure or snapshot.decline
    state = _next_state(purchase, snapshot)
    if state is None or (state, reason) == (before, purchase.state_reason):
        return
    purchase.state, purchase.state_reason = state, reason[:REASON_LENGTH]
    if not _moved(purchase):
        logger.warning("reload_beside_another", purchase_id=str(purchase.pk), state=state)
        purchase.refresh_from_db()
        return
    logger.info("purchase_moved", purchase_id=str(purchase.pk), state=state)
    aftermath.of_move(purchase, before, snapshot)


def _moved(purchase: Purchase) -> bool:
    """Save it; False when it is a reload that was given up for lost, and comes alive while another is in flight.

    It keeps its state then: should it be paid, it is credited all the same.
    """
    try:
        with transaction.atomic():
            purchase.save(update_fields=["state", "state_reason"])
    except IntegrityError as error:
        if "purchase_one_reload_in_flight" not in str(error):
            raise
        return False
    return True


def _next_state(purchase: Purchase, snapshot: PaymentSnapshot) -> Purchase.State | None:
    """Return where the news takes the purchase; None when it comes too late to take it anywhere."""
    undecided = {State.CREATED, State.OPEN}
    nobody_will_pay = purchase.way == Way.AUTO_RELOAD and snapshot.decline and not snapshot.needs_action
    if snapshot.failure or nobody_will_pay:
        state, may_follow = State.FAILED, undecided | {State.PROCESSING, State.EXPIRED}
    elif snapshot.complete:
        state, may_follow = State.PROCESSING, undecided | {State.EXPIRED}
    elif snapshot.status == "expired":
        state, may_follow = State.EXPIRED, undecided
    elif purchase.way == Way.AUTO_RELOAD:
        state, may_follow = State.OPEN, undecided
    else:  # whatever made it fail, it can be paid: reconciliation must keep asking
        state, may_follow = State.OPEN, undecided | {State.FAILED, State.EXPIRED}
    return state if purchase.state in may_follow else None


def _note_second_payment(purchase: Purchase, snapshot: PaymentSnapshot) -> None:
    """Raise an alarm when a paid purchase is paid by yet another payment: that money is to be given back."""
    payment = snapshot.payment_intent_id
    if not snapshot.paid or payment is None or payment == purchase.stripe_payment_intent_id:
        return
    if payment not in purchase.state_reason:
        reason = f"Paid again by {payment}; give that payment back."
        logger.error("purchase_paid_twice", purchase_id=str(purchase.pk), reason=reason)
        purchase.state_reason = f"{reason} {purchase.state_reason}".strip()[:REASON_LENGTH]
        purchase.save(update_fields=["state_reason"])
