"""What a customer can do in the billing portal. No network; every verb writes all or nothing."""

from sandbox import subscriptions
from sandbox.cards import DECLINES, card
from sandbox.checkout import Payer, PrintedCard
from sandbox.events import record
from sandbox.models import Resource
from sandbox.payment_methods import attach, card_method, needs_bank, refusal_of
from sandbox.records import Body, find, save, writing


def plan_end(key: str, customer: str) -> bool:
    """End the subscription with its present period. As in Stripe's portal only `cancel_at` tells so, and
    `cancel_at_period_end` stays false:
    https://docs.stripe.com/billing/subscriptions/billing-mode/compare#scheduled-subscription-cancellation
    False when it is not the customer's, or has ended."""
    with writing():
        subscription = _living(key, customer)
        if subscription is None:
            return False
        planned = subscriptions.planned_end(subscription.body, at_period_end=True)
        subscriptions.change(subscription, **{**planned, "cancel_at_period_end": False})
        return True


def take_back_end(key: str, customer: str) -> bool:
    """Go on after the present period after all. False when it is not the customer's, or has ended."""
    with writing():
        subscription = _living(key, customer)
        if subscription is None:
            return False
        subscriptions.change(subscription, **subscriptions.planned_end(subscription.body, at_period_end=False))
        return True


def _living(key: str, customer: str) -> Resource | None:
    found = Resource.objects.filter(kind="subscription", key=key, customer=customer)
    return found.exclude(body__status="canceled").first()


def offer_card(session: Resource, payer: Payer, printed: PrintedCard) -> tuple[str, str]:
    """Save another card: (`saved`, ""), (`authenticate`, "") when the bank wants to see the customer first, or
    (decline code, sentence)."""
    with writing():
        method = card_method(
            printed.card, exp_month=printed.exp_month, exp_year=printed.exp_year, name=payer.name, email=payer.email
        )
        if needs_bank(method):
            session.inner["authenticating"] = method.key
            save(session)
            return "authenticate", ""
        return _saved(session, method)


def answer_bank(session: Resource, *, recognised: bool) -> tuple[str, str]:
    """The bank's answer about the customer; the same outcomes. Without a question pending the answer is `closed`."""
    with writing():
        key = session.inner.pop("authenticating", None)
        save(session)
        if key is None:
            return "closed", ""
        if not recognised:
            return "unauthenticated", "We are unable to authenticate your card. Please choose a different card."
        method = find("payment_method", str(key))
        method.inner["set_up"] = True
        save(method)
        return _saved(session, method)


def _saved(session: Resource, method: Resource) -> tuple[str, str]:
    code = refusal_of(method)
    if code and not card(str(method.inner["number"])).savable:
        return code, DECLINES[code][1]
    customer = session.body["customer"]
    attach(method, customer)
    _make_default(find("customer", customer), method.key)
    for subscription in Resource.objects.filter(kind="subscription", customer=customer):
        if subscription.body["status"] != "canceled":
            subscriptions.change(subscription, default_payment_method=method.key)
    return "saved", ""


def _make_default(customer: Resource, method: str) -> None:
    before = {"invoice_settings": dict(customer.body["invoice_settings"])}
    customer.body["invoice_settings"]["default_payment_method"] = method
    save(customer)
    record("customer.updated", customer.body, before=before)


def pay_invoice(key: str, customer: str) -> str:
    """Collect an open invoice of the customer now. Returns a sentence about what came of it."""
    with writing():
        invoice = Resource.objects.filter(kind="invoice", key=key, customer=customer, body__status="open").first()
        if invoice is None:
            return "There is nothing to pay on this invoice."
        refusal = subscriptions.pay_now(invoice)
    if refusal == "no_payment_method":
        return "There is no card to charge. Add one first."
    return DECLINES[refusal][1] if refusal else "The invoice is paid."


def default_card(customer: Body) -> Body | None:
    """The card the customer's renewals are charged to."""
    for subscription in Resource.objects.filter(kind="subscription", customer=customer["id"]).order_by("-number"):
        if subscription.body["status"] != "canceled":
            method = subscriptions.method_of(subscription.body)
            return method.body["card"] if method else None
    chosen = subscriptions.default_method(customer["id"])
    return chosen.body["card"] if chosen else None
