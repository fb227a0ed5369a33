"""What is at Stripe, in lists: payments with what they say about their sale, and subscriptions that have not ended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stripe.params import InvoicePaymentListParamsPayment, PaymentIntentListParams

from billing import clock
from billing.gateway.client import StripeRefused, client, translated
from billing.gateway.snapshots import PaymentSnapshot, of_intent
from billing.gateway.subscriptions import SubscriptionSnapshot, of_subscription


@dataclass(frozen=True, slots=True)
class ListedPayment:
    """A payment, whose it is ("" for nobody's), and what our secret key once wrote onto it (`metadata`)."""

    snapshot: PaymentSnapshot
    stripe_customer_id: str
    created_at: datetime
    metadata: Mapping[str, str]

    @property
    def payment_intent_id(self) -> str:
        return self.snapshot.payment_intent_id or ""


def recent_payments(*, since: int, stripe_customer_id: str = "") -> Iterator[ListedPayment]:
    """Yield the payments younger than `since` (seconds since 1970), newest first; all, or those of one customer.

    Refunds and disputes are told with each. https://docs.stripe.com/api/payment_intents/list
    """
    params: PaymentIntentListParams = {"created": {"gte": since}, "limit": 100, "expand": ["data.latest_charge"]}
    if stripe_customer_id:
        params["customer"] = stripe_customer_id
    with translated("recent_payments"):
        for intent in client().v1.payment_intents.list(params=params).auto_paging_iter():
            yield _listed(intent.to_dict(for_json=True))


def look_up_payment(payment_intent_id: str) -> ListedPayment | None:
    """Return one payment as it is now; None when Stripe does not know it."""
    try:
        with translated("look_up_payment"):
            found = client().v1.payment_intents.retrieve(payment_intent_id, params={"expand": ["latest_charge"]})
    except StripeRefused as refusal:
        if refusal.code == "resource_missing":
            return None
        raise
    return _listed(found.to_dict(for_json=True))


def payments_of_invoices(*, since: int) -> set[str]:
    """Return the ids of the payments since then (seconds since 1970) that pay an invoice, as subscriptions make them.

    https://docs.stripe.com/api/invoice-payment/list
    """
    with translated("payments_of_invoices"):
        found = client().v1.invoice_payments.list(params={"created": {"gte": since}, "limit": 100})
        return {str(one.payment.payment_intent) for one in found.auto_paging_iter() if one.payment.payment_intent}


def pays_an_invoice(payment_intent_id: str) -> bool:
    """Whether this one payment pays an invoice."""
    payment: InvoicePaymentListParamsPayment = {"type": "payment_intent", "payment_intent": payment_intent_id}
    with translated("pays_an_invoice"):
        found = client().v1.invoice_payments.list(params={"payment": payment, "limit": 1})
    return bool(found.data)


def running_subscriptions() -> Iterator[SubscriptionSnapshot]:
    """Yield every subscription that has not ended, however old. https://docs.stripe.com/api/subscriptions/list"""
    asked_at = clock.now()
    with translated("running_subscriptions"):
        listed = client().v1.subscriptions.list(params={"limit": 100, "expand": ["data.latest_invoice"]})
        for found in listed.auto_paging_iter():
            yield of_subscription(found.to_dict(for_json=True), asked_at=asked_at)


def _listed(intent: Mapping[str, Any]) -> ListedPayment:
    customer = intent.get("customer")
    return ListedPayment(
        snapshot=of_intent(intent),
        stripe_customer_id=customer["id"] if isinstance(customer, Mapping) else customer or "",
        created_at=datetime.fromtimestamp(intent["created"], UTC),
        metadata=intent.get("metadata") or {},
    )
