"""Cards and bank accounts a payment was made with, and their bond with a customer."""

from sandbox.cards import Card
from sandbox.events import record
from sandbox.models import Resource
from sandbox.records import Body, keep, new_key, now, save
from sandbox.shapes import shaped


def card_method(card: Card, *, exp_month: int, exp_year: int, name: str, email: str) -> Resource:
    """Remember a card as a PaymentMethod. The number itself stays inside the sandbox, in `inner`."""
    body = _method("card", name, email)
    body["card"] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": {"amex": "american_express"}.get(card.brand, card.brand),
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return keep(body, {"number": card.number})


def bank_method(*, name: str, email: str) -> Resource:
    """The test bank account of https://docs.stripe.com/payments/ach-direct-debit#test-account-numbers"""
    body = _method("us_bank_account", name, email)
    body["us_bank_account"] = {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": "FFDMA0xfhBjWSZLu",
        "last4": "6789",
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }
    return keep(body)


def _method(kind: str, name: str, email: str) -> Body:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return shaped(
        "payment_method",
        id=new_key("payment_method"),
        allow_redisplay="limited",
        billing_details={
            "address": address,
            "email": email or None,
            "name": name or None,
            "phone": None,
            "tax_id": None,
        },
        created=now(),
        livemode=False,
        metadata={},
        type=kind,
    )


def attach(method: Resource, customer: str) -> None:
    """Save the method on the customer, for later payments. The second time changes nothing."""
    if method.body["customer"] == customer:
        return
    method.body["customer"] = customer
    save(method)
    record("payment_method.attached", method.body)


def detach(method: Resource) -> None:
    """Take the method off its customer; it can never be used again."""
    before = {"customer": method.body["customer"]}
    method.body["customer"] = None
    method.inner["detached"] = True
    save(method)
    record("payment_method.detached", method.body, before=before)
