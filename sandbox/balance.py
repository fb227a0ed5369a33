"""The merchant's balance with Stripe: what came in, what went back, and the fees."""

from collections import defaultdict

from sandbox.models import Resource
from sandbox.records import Body, keep, new_key, now
from sandbox.shapes import shaped

FEE_FIXED_CENTS = 30
FEE_PERCENT = 2.9


def money_moved(source: Body, kind: str, amount: int, *, fee: int | None = None, category: str = "") -> str:
    """Enter a movement of the merchant's balance, cents, and return its id. Without a `fee` what comes in costs the
    usual one, and what goes out gives none back."""
    if fee is None:
        fee = round(amount * FEE_PERCENT / 100) + FEE_FIXED_CENTS if amount > 0 else 0
    entry = shaped(
        "balance_transaction",
        id=new_key("balance_transaction"),
        amount=amount,
        available_on=now(),
        balance_type="payments",
        created=now(),
        currency=source["currency"],
        description=source["description"],
        fee=fee,
        fee_details=[
            {
                "amount": fee,
                "application": None,
                "currency": source["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ]
        if fee
        else [],
        net=amount - fee,
        reporting_category=category or kind,
        source=source["id"],
        status="available",
        type=kind,
    )
    keep(entry)
    return str(entry["id"])


def balance() -> Body:
    """The sum of all movements after fees, per currency, in cents. Everything is available at once here."""
    sums: dict[str, int] = defaultdict(int)
    for entry in Resource.objects.filter(kind="balance_transaction").values_list("body", flat=True):
        body: Body = entry
        sums[body["currency"]] += body["net"]
    amounts = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(sums.items())
    ] or [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
    pending = [{"amount": 0, "currency": one["currency"], "source_types": {"card": 0}} for one in amounts]
    return shaped("balance", available=amounts, livemode=False, pending=pending)
