"""A payment at Stripe and the purchase it pays: what is missing is settled, what differs is said."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db.models import Q, Sum

from billing import gateway, repairs, reversals
from billing.effects import settle_now
from billing.matching.differences import Compared, Kind, Verdict
from billing.models import Purchase, StripeCustomer
from billing.templatetags.money import money

State = Purchase.State


def purchases_of(payments: Iterable[gateway.ListedPayment]) -> dict[str, Purchase]:
    """Return the purchase of each payment that has one, by the payment's id: the one it paid, or the one it names."""
    wanted = list(payments)
    named = {payment.snapshot.purchase_id for payment in wanted} - {None}
    paid = [payment.payment_intent_id for payment in wanted]
    found = list(Purchase.objects.filter(Q(stripe_payment_intent_id__in=paid) | Q(pk__in=named)))
    by_id: dict[UUID | None, Purchase] = {purchase.pk: purchase for purchase in found}
    by_payment = {purchase.stripe_payment_intent_id: purchase for purchase in found}
    matched = {
        payment.payment_intent_id: by_id.get(payment.snapshot.purchase_id) or by_payment.get(payment.payment_intent_id)
        for payment in wanted
    }
    return {payment: purchase for payment, purchase in matched.items() if purchase}


def compare(
    payment: gateway.ListedPayment, purchase: Purchase | None, *, is_of_invoice: Callable[[str], bool]
) -> Compared:
    """Compare a payment with its purchase; settle or rebuild the purchase if that is safe.

    May ask Stripe, so it is called outside of a transaction. Raises StripeUnavailable or StripeRefused.
    """
    told = payment.snapshot
    if purchase is None:
        return _without_purchase(payment, is_of_invoice)
    if not _has_news(purchase, told):
        return Compared(verdict=_verdict(purchase, told))
    before = _what_counts(purchase)
    after = _settled(purchase, told)
    repaired = _what_counts(after) != before and after.state != State.MISMATCHED
    return Compared(repaired=repaired, verdict=_verdict(after, told))


def went_back(told: gateway.PaymentSnapshot) -> bool:
    """Whether all the money of the payment was refunded."""
    return bool(told.amount_refunded) and (told.amount_refunded or 0) >= (told.amount_total or 0)


def _has_news(purchase: Purchase, told: gateway.PaymentSnapshot) -> bool:
    if purchase.state != State.PAID:
        return told.paid
    if purchase.stripe_payment_intent_id != told.payment_intent_id:
        return told.paid and (told.payment_intent_id or "") not in purchase.state_reason
    return (told.amount_refunded or 0) > _refunded_cents(purchase) or bool(told.disputed)


def _settled(purchase: Purchase, told: gateway.PaymentSnapshot) -> Purchase:
    if told.purchase_id is not None:
        settle_now(told)
    else:  # it was sold before payments named their purchase; only money that went back can be news
        reversals.follow_payment(told.payment_intent_id or "")
    return Purchase.objects.get(pk=purchase.pk)


def _what_counts(purchase: Purchase) -> tuple[str, int]:
    return purchase.state, purchase.money_back_cents


def _refunded_cents(purchase: Purchase) -> int:
    return reversals.refunds_of(purchase).aggregate(cents=Sum("amount_cents"))["cents"] or 0


def _verdict(purchase: Purchase, told: gateway.PaymentSnapshot) -> Verdict | None:
    """Return how the two differ now; None when they do not, or the money is all with its owner again."""
    differs = _of_the_paid(purchase, told) if purchase.state == State.PAID else _of_the_unpaid(purchase, told)
    if differs is None:
        return None
    kind, detail = differs
    return Verdict(kind, detail, purchase.user_id, purchase, told.amount_total, told.currency)


def _of_the_paid(purchase: Purchase, told: gateway.PaymentSnapshot) -> tuple[Kind, str] | None:
    if purchase.stripe_payment_intent_id != told.payment_intent_id:
        if not told.paid or went_back(told):
            return None
        paid_by = purchase.stripe_payment_intent_id
        return Kind.PAID_TWICE, f"The purchase was paid by {paid_by} already; this money is the buyer's."
    if not told.paid:
        return Kind.CREDIT_WITHOUT_PAYMENT, f"{purchase.tokens} tokens were credited, but Stripe has no money for them."
    if (told.amount_total, told.currency) != (purchase.price_cents, purchase.currency):
        return Kind.AMOUNT_DIFFERS, _amounts(purchase, told)
    if (told.amount_refunded or 0) > _refunded_cents(purchase):
        refunded = money(told.amount_refunded or 0, told.currency)
        return Kind.MONEY_BACK_DIFFERS, f"Stripe says {refunded} were refunded, but lists fewer refunds."
    return None


def _of_the_unpaid(purchase: Purchase, told: gateway.PaymentSnapshot) -> tuple[Kind, str] | None:
    if not told.paid or went_back(told):
        return None
    if (told.amount_total, told.currency) != (purchase.price_cents, purchase.currency):
        return Kind.AMOUNT_DIFFERS, _amounts(purchase, told)
    return Kind.PAYMENT_NOT_CREDITED, purchase.state_reason or f"The purchase is: {purchase.get_state_display()}."


def _amounts(purchase: Purchase, told: gateway.PaymentSnapshot) -> str:
    sold, paid = money(purchase.price_cents, purchase.currency), money(told.amount_total or 0, told.currency)
    return f"{purchase.tokens} tokens were sold for {sold}, and {paid} were paid."


def _without_purchase(payment: gateway.ListedPayment, is_of_invoice: Callable[[str], bool]) -> Compared:
    """Rebuild the purchase the payment names; a customer's payment that names none is listed, anybody else's is not."""
    told = payment.snapshot
    if not told.paid or went_back(told):
        return Compared(foreign=told.purchase_id is None)
    if told.purchase_id is not None:
        try:
            rebuilt = repairs.rebuild(payment)
        except repairs.CannotRebuild as obstacle:
            return Compared(verdict=_orphan(payment, str(obstacle)))
        return Compared(repaired=rebuilt.state == State.PAID, verdict=_verdict(rebuilt, told))
    ours = StripeCustomer.objects.filter(stripe_customer_id=payment.stripe_customer_id).exists()
    if not payment.stripe_customer_id or not ours or is_of_invoice(payment.payment_intent_id):
        return Compared(foreign=True)
    return Compared(verdict=_orphan(payment, "It is a customer's of ours, but names no purchase."))


def _orphan(payment: gateway.ListedPayment, detail: str) -> Verdict:
    customer = StripeCustomer.objects.filter(stripe_customer_id=payment.stripe_customer_id or None).first()
    told = payment.snapshot
    return Verdict(
        Kind.PAYMENT_WITHOUT_PURCHASE,
        detail,
        user_id=customer.user_id if customer else None,
        amount_cents=told.amount_total,
        currency=told.currency,
    )
