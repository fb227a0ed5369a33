"""Money that goes back takes its tokens along; money that returns brings them back.

Per purchase the books show what was granted, reversed and reinstated. What should be gone follows from the
refunds and disputes that are known, whose statuses only ever move on; only the difference to what is gone is
posted. So neither the order nor the number of events matters, nor whether they come before the payment itself.

Locks, always in this order: the payment (an advisory lock, because its purchase may not know it yet), the
purchase, the buyer's account.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum

from accounts.models import User
from billing import alarms, gateway, mails, reload_stops, standing_order
from billing.models import Dispute, Purchase, Refund
from tokens import ledger

logger = structlog.get_logger(__name__)

# Later statuses win, whatever comes last. A refund that succeeded may still come back from the bank; a lost
# dispute may be appealed. https://docs.stripe.com/refunds#failed-refunds https://docs.stripe.com/disputes
_REFUND_RANK: Final = ["pending", "requires_action", "succeeded", "canceled", "failed"]
_DISPUTE_RANK: Final = [
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "prevented",
    "needs_response",
    "under_review",
    "lost",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
]
# While one of these holds, the money is not ours.
REFUNDING: Final = ["pending", "requires_action", "succeeded"]
UNDECIDED: Final = ["needs_response", "under_review", "appeal_needs_response", "appeal_under_review"]
DISPUTED: Final = [*UNDECIDED, "lost"]


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """What is not with us of a purchase's price, in cents: `cents` in all, at most the price."""

    refunded_cents: int
    disputed_cents: int
    cents: int


def note_refund(refund: gateway.RefundSnapshot) -> Purchase | None:
    """Keep what Stripe says about a refund and even up its purchase; None when no purchase has this payment yet.

    Older news than what is known changes nothing. A payment that is credited later is evened up then.
    """
    with transaction.atomic(savepoint=False):
        lock_payment(refund.payment_intent_id)
        known, new = Refund.objects.get_or_create(
            pk=refund.refund_id,
            defaults={
                "stripe_payment_intent_id": refund.payment_intent_id,
                "amount_cents": refund.amount_cents,
                "currency": refund.currency,
                "status": refund.status[:15],
                "created_at": refund.created_at,
                **_who_and_why(refund),
            },
        )
        if _rank(refund.status, _REFUND_RANK) > _rank(known.status, _REFUND_RANK):
            known.status = refund.status
            known.save(update_fields=["status"])
        purchase = _even_up_payment(refund.payment_intent_id)
        if new and known.status in REFUNDING:
            reload_stops.of_payment(refund.payment_intent_id)
        return purchase


def note_dispute(dispute: gateway.DisputeSnapshot) -> Purchase | None:
    """Keep what Stripe says about a dispute and even up its purchase; None when no purchase has this payment yet.

    Staff are alarmed once it is known that the payment is ours: now, when it is credited, or when Stripe has said
    that its payer is a customer of ours.
    """
    with transaction.atomic(savepoint=False):
        lock_payment(dispute.payment_intent_id)
        known, new = Dispute.objects.get_or_create(
            pk=dispute.dispute_id,
            defaults={
                "stripe_payment_intent_id": dispute.payment_intent_id,
                "amount_cents": dispute.amount_cents,
                "currency": dispute.currency,
                "status": dispute.status[:22],
                "reason": dispute.reason[:100],
                "answer_by": dispute.answer_by,
                "created_at": dispute.created_at,
            },
        )
        if new and Purchase.objects.filter(stripe_payment_intent_id=dispute.payment_intent_id).exists():
            alarms.of_disputes(dispute.payment_intent_id)
        opened = new
        if _rank(dispute.status, _DISPUTE_RANK) > _rank(known.status, _DISPUTE_RANK):
            opened = opened or (known.status not in DISPUTED and dispute.status in DISPUTED)
            known.status, known.answer_by = dispute.status, dispute.answer_by or known.answer_by
            known.save(update_fields=["status", "answer_by"])
        purchase = _even_up_payment(dispute.payment_intent_id)
        if opened:
            reload_stops.of_payment(dispute.payment_intent_id)
        return purchase


def follow_payment(payment_intent_id: str) -> Purchase | None:
    """Ask Stripe for every refund and dispute of a payment and note them. Raises StripeUnavailable or StripeRefused."""
    return note_all(*present(payment_intent_id))


def present(payment_intent_id: str) -> tuple[list[gateway.RefundSnapshot], list[gateway.DisputeSnapshot]]:
    """Return what Stripe says about the refunds and disputes of a payment now. Called outside of a transaction."""
    return gateway.refunds_of(payment_intent_id), gateway.disputes_of(payment_intent_id)


def note_all(refunds: list[gateway.RefundSnapshot], disputes: list[gateway.DisputeSnapshot]) -> Purchase | None:
    """Note refunds and disputes of one payment together; return its purchase, None when there is none."""
    with transaction.atomic(savepoint=False):
        purchases = [*map(note_refund, refunds), *map(note_dispute, disputes)]
    return purchases[-1] if purchases else None


def even_up(purchase: Purchase) -> None:
    """Post what is missing so that the tokens left match the money left. The caller holds payment and purchase locked.

    Tokens of a part of the money are rounded down, in the buyer's favour; of all of it, all are taken. What is
    already spent becomes debt. Money in another currency than that of the sale takes no tokens, but raises an alarm.
    Tells the buyer by mail. The second call changes nothing.
    """
    money = money_back(purchase)
    missing = tokens_to_take(purchase, money.cents)
    if missing > 0:
        _take_back(purchase, missing, money)
    elif missing < 0:
        _give_again(purchase, -missing)
    if (missing, money.cents) != (0, purchase.money_back_cents):
        purchase.money_back_cents = money.cents
        purchase.save(update_fields=["money_back_cents", "tokens_reversed", "tokens_reinstated"])


def money_back(purchase: Purchase) -> MoneyBack:
    """Add up what is refunded and what is disputed and not won, as far as it is known."""
    disputes = Dispute.objects.filter(
        stripe_payment_intent_id=purchase.stripe_payment_intent_id or "", status__in=DISPUTED
    )
    refunded, disputed = _sum(refunds_of(purchase), purchase), _sum(disputes, purchase)
    return MoneyBack(refunded, disputed, min(refunded + disputed, purchase.price_cents))


def refunds_of(purchase: Purchase) -> "QuerySet[Refund]":
    """Return the refunds of a purchase that did not come to nothing, newest first."""
    return Refund.objects.filter(stripe_payment_intent_id=purchase.stripe_payment_intent_id or "", status__in=REFUNDING)


def under_dispute(purchase: Purchase) -> bool:
    """Whether a bank has the money of the purchase and has not decided yet who keeps it."""
    payment = purchase.stripe_payment_intent_id or ""
    return Dispute.objects.filter(stripe_payment_intent_id=payment, status__in=UNDECIDED).exists()


def tokens_to_take(purchase: Purchase, back_cents: int) -> int:
    """Return how many more tokens are to be taken once `back_cents` of the price are back; negative: to be given."""
    return purchase.tokens * back_cents // purchase.price_cents - purchase.tokens_gone


def marked(purchases: "QuerySet[Purchase]") -> "QuerySet[Purchase]":
    """Add `disputed` to each purchase: whether a bank has its money, or will have it unless we win."""
    payment = OuterRef("stripe_payment_intent_id")
    return purchases.annotate(
        disputed=Exists(Dispute.objects.filter(stripe_payment_intent_id=payment, status__in=DISPUTED))
    )


def lock_payment(payment_intent_id: str) -> None:
    """Keep others from crediting or reversing this payment until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [payment_intent_id])


def _rank(status: str, order: list[str]) -> int:
    """Return how far a status is; one that Stripe invents later comes before all that we know."""
    return order.index(status) if status in order else -1


def _even_up_payment(payment_intent_id: str) -> Purchase | None:
    paid = Purchase.objects.select_for_update(no_key=True).filter(
        stripe_payment_intent_id=payment_intent_id, state=Purchase.State.PAID
    )
    purchase = paid.first()
    if purchase:
        even_up(purchase)
    return purchase


def _who_and_why(refund: gateway.RefundSnapshot) -> dict[str, Any]:
    """Return what the row says about a refund made here; of one made at Stripe only Stripe's reason.

    A refund of another program may carry words that look like ours: they name nobody who works here.
    """
    staff, form_key = _uuid(refund.requested_by), _uuid(refund.form_key)
    if not (staff and form_key and User.objects.filter(pk=staff, is_staff=True).exists()):
        return {"reason": refund.reason[:300]}
    return {"reason": refund.note[:300], "requested_by_id": staff, "form_key": form_key}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _sum(rows: "QuerySet[Refund] | QuerySet[Dispute]", purchase: Purchase) -> int:
    """Add up the cents of the rows in the purchase's currency; the others raise an alarm: somebody must look."""
    cents: dict[str, int] = dict(rows.order_by().values_list("currency").annotate(Sum("amount_cents")))
    if cents.keys() - {purchase.currency}:
        logger.error("money_back_in_another_currency", purchase_id=str(purchase.pk), currencies=sorted(cents))
    return cents.get(purchase.currency, 0)


def _take_back(purchase: Purchase, tokens: int, money: MoneyBack) -> None:
    purchase.tokens_reversed += tokens
    entry = ledger.reverse(
        user_id=purchase.user_id,
        amount=tokens,
        key=f"purchase:{purchase.pk}:reversed:{purchase.tokens_reversed}",
        description=f"{tokens} of {purchase.tokens} tokens bought, because their money went back",
    )
    logger.warning("purchase_reversed", purchase_id=str(purchase.pk), tokens=tokens, debt=entry.debt_after)
    # The balance has fallen, but money that goes back must not be followed by a charge nobody asked for.
    stopped = standing_order.switch_off(purchase.user_id, because=reload_stops.BECAUSE)
    mails.send_later(
        "tokens_taken_back",
        purchase.user_id,
        purchase_id=str(purchase.pk),
        entry_id=entry.pk,
        tokens=tokens,
        gone=purchase.tokens_gone,
        refunded_cents=money.refunded_cents,
        disputed_cents=money.disputed_cents,
        auto_reload_stopped=stopped,
        why=next((refund.told for refund in refunds_of(purchase) if refund.told), ""),
    )


def _give_again(purchase: Purchase, tokens: int) -> None:
    purchase.tokens_reinstated += tokens
    entry = ledger.credit(
        user_id=purchase.user_id,
        amount=tokens,
        type=ledger.Type.REINSTATED,
        key=f"purchase:{purchase.pk}:reinstated:{purchase.tokens_reinstated}",
        description=f"{tokens} of {purchase.tokens} tokens bought, because their money is with us again",
    )
    logger.warning("purchase_reinstated", purchase_id=str(purchase.pk), tokens=tokens)
    mails.send_later(
        "tokens_given_again", purchase.user_id, purchase_id=str(purchase.pk), entry_id=entry.pk, tokens=tokens
    )
