"""Checkout in subscription mode: a paid session begins a subscription. All inside `writing()`."""

from sandbox import invoices, payments, subscriptions
from sandbox.models import Resource
from sandbox.records import Body, save


def open_intent(session: Resource, customer: str) -> Resource:
    """The payment of the first invoice, made before the invoice itself: a declined attempt leaves no subscription
    behind, and the session never names the intent."""
    intent = payments.open_intent(
        amount=session.body["amount_total"],
        currency=session.body["currency"],
        customer=customer,
        given={"description": invoices.PURPOSE["subscription_create"], "setup_future_usage": "off_session"},
    )
    session.inner["payment_intent"] = intent.key
    save(session)
    return intent


def subscribe(session: Resource, intent: Resource, method: Resource, *, secure: bool) -> None:
    """Begin the subscription and pay its first invoice with a card the bank has already agreed to."""
    subscription = subscriptions.begin(
        intent.body["customer"],
        [(item["price"], item["quantity"]) for item in session.inner["line_items"]],
        {**session.inner["subscription_data"], "default_payment_method": method.key},
    )
    invoice = subscriptions.first_invoice(subscription, intent)
    invoices.collect(invoice, method, secure=secure)
    subscriptions.set_status(subscription, "active")
    session.body.update(subscription=subscription.key, invoice=invoice.key)
    save(session)


def interval_spoken(recurring: Body) -> str:
    """`month`, or `3 months`: what follows "every"."""
    count, interval = recurring["interval_count"], recurring["interval"]
    return str(interval) if count == 1 else f"{count} {interval}s"
