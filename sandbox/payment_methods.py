"""Cards and bank accounts a payment was made with, and their bond with a customer."""

import datetime

from sandbox.cards import NAMED, Card, card, expired
from sandbox.errors import invalid_request
from sandbox.events import record
from sandbox.models import Resource
from sandbox.records import Body, find, keep, new_key, now, save
from sandbox.shapes import shaped

# The expiry of the cards Stripe has names for.
LASTING_YEAR = 2034


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


def named_method(key: str) -> Resource | None:
    """A new PaymentMethod for one of Stripe's names for test cards, such as pm_card_visa; None for any other key."""
    if key not in NAMED:
        return None
    return card_method(card(NAMED[key]), exp_month=12, exp_year=LASTING_YEAR, name="", email="")


def usable_method(key: str, *, customer: str | None, param: str = "payment_method") -> Resource:
    """The method a payment or a setup refers to. Raises ApiError (400) for one that does not exist, is saved on another
    customer, or is used up: https://docs.stripe.com/api/payment_methods"""
    method = named_method(key) or find("payment_method", key, param=param, status=400)
    owner = method.body["customer"]
    if owner and customer is None:
        message = (
            f"The PaymentMethod {key} belongs to a Customer. Please include the Customer in the `customer` parameter."
        )
        raise invalid_request(message, param=param)
    if owner and owner != customer:
        message = f"The customer does not have a payment method with the ID {key}. The payment method must be attached."
        raise invalid_request(message, param=param, code="resource_missing")
    check_unused(method)
    return method


def check_unused(method: Resource) -> None:
    """Raise ApiError (400) for a method that was detached, or paid once without being saved."""
    if not method.body["customer"] and (method.inner.get("detached") or method.inner.get("used")):
        raise invalid_request(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )


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


def expire_card(method: Resource) -> Body:
    """Let the card's printed date be last month: from now on every charge is declined as expired."""
    card_shown = method.body["card"]
    before = {"card": {name: card_shown[name] for name in ("exp_month", "exp_year")}}
    last_month = datetime.datetime.fromtimestamp(now(), tz=datetime.UTC).replace(day=1) - datetime.timedelta(days=1)
    card_shown.update(exp_month=last_month.month, exp_year=last_month.year)
    save(method)
    record("payment_method.updated", method.body, before=before)
    return method.body


def refusal_of(method: Resource) -> str | None:
    """The decline code a charge of this method meets now, or None if it pays."""
    if method.body["type"] != "card":
        return None
    printed = method.body["card"]
    today = datetime.datetime.fromtimestamp(now(), tz=datetime.UTC).date()
    if expired(printed["exp_month"], printed["exp_year"], today):
        return "expired_card"
    return card(str(method.inner["number"])).decline


def needs_bank(method: Resource) -> bool:
    """Whether the bank wants to see its customer first. A card of the "once" kind that was authenticated while it was
    saved is let through: https://docs.stripe.com/testing#three-ds-cards"""
    if method.body["type"] != "card":
        return False
    secure = card(str(method.inner["number"])).secure
    return secure == "always" or (secure == "once" and not method.inner.get("set_up"))
