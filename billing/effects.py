"""What each type of event does here. To prepare may ask Stripe; the effect itself happens in the inbox's transaction.

Where events of one thing come in any order (subscriptions), or do not say enough, Stripe is asked what is true
now instead of believing the event's copy.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from billing import gateway, reversals, saved_cards, subscriptions
from billing.fulfilment import settle
from billing.models import Purchase
from billing.ownership import NotOurs

Effect = Callable[[], object]
Object = Mapping[str, Any]


def prepare(event: dict[str, Any], *, late: bool) -> Effect:
    """Return the event's effect, to be called in a transaction; it raises NotOurs before it writes anything.

    A `late` event that would credit is not believed: what it tells of may be refunded by now. Asks Stripe where
    that is needed, so it is called outside of a transaction. Raises StripeUnavailable or StripeRefused.
    """
    kind, subject = event["type"], event["data"]["object"]
    return _MAKERS[kind](kind, subject, late) if kind in ACTED_ON else _foreign


def settle_now(snapshot: gateway.PaymentSnapshot) -> Purchase:
    """Settle what Stripe has just answered, its refunds and disputes known first: so nobody spends what is gone.

    Asks Stripe for these if there are any, so it is called outside of a transaction. Raises NotOurs,
    StripeUnavailable or StripeRefused.
    """
    return settle(_with_money_back_known(snapshot))


def close_now(payment_intent_id: str) -> Purchase:
    """Close a payment at Stripe, so that nobody can pay it any more, and settle its purchase.

    One that is paid or closed already is settled as what it is. Called outside of a transaction. Raises NotOurs,
    StripeUnavailable or StripeRefused with nothing changed.
    """
    try:
        closed = gateway.cancel_payment(payment_intent_id)
    except gateway.StripeRefused:
        closed = gateway.retrieve_payment(payment_intent_id)
    return settle_now(closed)


def _with_money_back_known(snapshot: gateway.PaymentSnapshot) -> gateway.PaymentSnapshot:
    if snapshot.money_went_back and snapshot.payment_intent_id:
        reversals.follow_payment(snapshot.payment_intent_id)
    return snapshot


def _of_session(kind: str, session: Object, late: bool) -> Effect:
    if session.get("mode") == "subscription":
        return _of_subscription_page(session)
    if session.get("mode") == "setup":
        return partial(saved_cards.remember_from_page, gateway.retrieve_card_page(session["id"]))
    told = gateway.of_session(session, event_type=kind)
    if late and _would_credit(told):
        return partial(settle, _with_money_back_known(gateway.retrieve_checkout_session(told.session_id)))
    return partial(settle, told)


def _of_payment(kind: str, intent: Object, late: bool) -> Effect:
    told = gateway.of_intent(intent)
    if late and _would_credit(told):
        return partial(settle, _with_money_back_known(gateway.retrieve_payment(intent["id"])))
    return partial(settle, told)


def _would_credit(told: gateway.PaymentSnapshot) -> bool:
    """Whether a purchase of ours waits for this payment. What is credited is final, so nobody needs to ask."""
    if not told.paid or told.purchase_id is None:
        return False
    return Purchase.objects.filter(pk=told.purchase_id, transaction=None).exists()


def _of_refund(kind: str, refund: Object, late: bool) -> Effect:
    told = gateway.of_refund(refund)
    return partial(reversals.note_refund, told) if told.payment_intent_id else _foreign


def _of_dispute(kind: str, dispute: Object, late: bool) -> Effect:
    told = gateway.of_dispute(dispute)
    return partial(reversals.note_dispute, told) if told.payment_intent_id else _foreign


def _of_charge(kind: str, charge: Object, late: bool) -> Effect:
    """A charge was refunded: it says how much in all, but not by which refunds. Only our payments are asked about."""
    payment = charge.get("payment_intent")
    if not Purchase.objects.filter(stripe_payment_intent_id=payment).exclude(stripe_payment_intent_id=None).exists():
        return _foreign
    return partial(reversals.note_all, *reversals.present(str(payment)))


def _of_subscription_page(session: Object) -> Effect:
    page = gateway.of_subscription_page(session)
    now = gateway.retrieve_subscription(page.stripe_subscription_id) if page.stripe_subscription_id else None
    return partial(subscriptions.follow_page, page, now)


def _of_subscription(kind: str, subscription: Object, late: bool) -> Effect:
    return partial(subscriptions.follow, gateway.retrieve_subscription(subscription["id"]))


def _of_invoice(kind: str, invoice: Object, late: bool) -> Effect:
    """An invoice names its subscription in `parent`. https://docs.stripe.com/api/invoices/object"""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    if not details.get("subscription"):
        return _foreign
    return partial(subscriptions.follow, gateway.retrieve_subscription(details["subscription"]))


def _of_card(kind: str, method: Object, late: bool) -> Effect:
    if kind == "payment_method.detached":
        return partial(saved_cards.note_removed, method["id"])
    card = gateway.of_payment_method(method)
    return partial(saved_cards.note_changed, card) if card else _foreign


def _foreign() -> None:
    raise NotOurs("Nothing of ours.")


_MAKERS: dict[str, Callable[[str, Object, bool], Effect]] = {
    **dict.fromkeys(
        [
            "checkout.session.completed",
            "checkout.session.async_payment_succeeded",
            "checkout.session.async_payment_failed",
            "checkout.session.expired",
        ],
        _of_session,
    ),
    **dict.fromkeys(
        [
            "payment_intent.succeeded",
            "payment_intent.payment_failed",
            "payment_intent.processing",
            "payment_intent.requires_action",
            "payment_intent.canceled",
        ],
        _of_payment,
    ),
    **dict.fromkeys(["refund.created", "refund.updated", "refund.failed"], _of_refund),
    "charge.refunded": _of_charge,
    **dict.fromkeys(
        [
            "charge.dispute.created",
            "charge.dispute.updated",
            "charge.dispute.closed",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_reinstated",
        ],
        _of_dispute,
    ),
    **dict.fromkeys(
        [
            "customer.subscription.created",
            "customer.subscription.updated",
            "customer.subscription.deleted",
            "customer.subscription.paused",
            "customer.subscription.resumed",
        ],
        _of_subscription,
    ),
    **dict.fromkeys(["invoice.paid", "invoice.payment_failed"], _of_invoice),
    **dict.fromkeys(
        ["payment_method.detached", "payment_method.updated", "payment_method.automatically_updated"], _of_card
    ),
}
# What the webhook endpoint at Stripe must be subscribed to.
ACTED_ON = frozenset(_MAKERS)
