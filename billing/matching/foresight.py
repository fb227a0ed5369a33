"""What a repair would do, told to staff before they order it. Asks Stripe; changes nothing."""

from billing import gateway
from billing.matching.mending import NotPossible, possible
from billing.models import Difference
from billing.templatetags.money import money
from tokens import balance

Lines = list[tuple[str, str]]


def of_refund(difference: Difference) -> Lines:
    """Return what `mending.refund` would give back now. Raises NotPossible, StripeUnavailable or StripeRefused."""
    _require_fitting(difference, "refund")
    payment = gateway.look_up_payment(difference.subject)
    paid, back = (payment.snapshot.amount_total or 0, payment.snapshot.amount_refunded or 0) if payment else (0, 0)
    if payment is None or not payment.snapshot.paid or paid <= back:
        raise NotPossible("Nothing is left to refund.")
    currency = payment.snapshot.currency
    return [
        ("Payment", difference.subject),
        ("Of", str(difference.user or "a customer who is not known here")),
        ("Paid", money(paid, currency)),
        ("Given back already", money(back, currency)),
        ("Given back now", money(paid - back, currency)),
        ("Tokens", "Not touched."),
    ]


def of_giving(difference: Difference) -> Lines:
    """Return what `mending.give` would add now. Raises NotPossible."""
    _require_fitting(difference, "give")
    purchase = difference.purchase
    if purchase is None:
        raise NotPossible("No purchase says how many tokens.")
    held = balance.read(purchase.user)
    net = held.balance - held.debt + purchase.tokens
    debt = f", {max(-net, 0):,} owed" if held.debt else ""
    return [
        ("Person", str(purchase.user)),
        ("Tokens given", f"{purchase.tokens:,}, as an adjustment in your name"),
        ("Balance", f"{held.balance:,} now, {max(net, 0):,} after{debt}"),
        ("Sold for", money(purchase.price_cents, purchase.currency)),
        ("Money", "Stays as it is; a later refund takes no tokens back by itself."),
    ]


def _require_fitting(difference: Difference, order: str) -> None:
    if order not in possible(difference):
        raise NotPossible("This repair does not fit.")
