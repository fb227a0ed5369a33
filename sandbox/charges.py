"""The charge of a payment: what was taken from which card or account, and what the network said."""

from typing import Any

from django.conf import settings

from sandbox.models import Resource
from sandbox.records import Body, new_key, now
from sandbox.shapes import shaped


def charge_of(intent: Resource, method: Body, *, status: str, **facts: Any) -> Body:
    """A charge of the intent's amount to this method, not stored yet."""
    body = intent.body
    paid = status == "succeeded"
    key = new_key("charge")
    return shaped(
        "charge",
        id=key,
        amount=body["amount"],
        amount_captured=body["amount"] if paid else 0,
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor=settings.MERCHANT.upper()[:22],
        captured=paid,
        created=now(),
        currency=body["currency"],
        customer=body["customer"],
        description=body["description"],
        disputed=False,
        fraud_details={},
        livemode=False,
        metadata=body["metadata"],
        paid=paid,
        payment_intent=body["id"],
        payment_method=method["id"],
        payment_method_details=_details(method, body["amount"] if paid else None),
        radar_options={},
        receipt_email=body["receipt_email"],
        receipt_url=f"{settings.SITE}/receipts/{key}",
        refunded=False,
        status=status,
        **facts,
    )


# Shown on the charge as on the payment method.
KEPT_OF_CARD = (
    "brand",
    "country",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "last4",
    "regulated_status",
    "wallet",
)
KEPT_OF_BANK = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")


def _details(method: Body, authorized: int | None) -> Body:
    if method["type"] != "card":
        bank = {name: method["us_bank_account"][name] for name in KEPT_OF_BANK}
        unset = dict.fromkeys(("expected_debit_date", "mandate", "payment_reference"))
        return {"type": "us_bank_account", "us_bank_account": {**bank, **unset}}
    card = method["card"]
    unset = dict.fromkeys(("authorization_code", "installments", "mandate", "network_transaction_id", "three_d_secure"))
    return {
        "type": "card",
        "card": {
            **{name: card[name] for name in KEPT_OF_CARD},
            **unset,
            "amount_authorized": authorized,
            "checks": card["checks"],
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "multicapture": {"status": "unavailable"},
            "network": card["brand"],
            "network_token": {"used": False},
        },
    }


def outcome(network_status: str, kind: str) -> Body:
    approved = kind == "authorized"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete."
        if approved
        else "The bank did not return any further details with this decline.",
        "type": kind,
    }


def authenticated() -> Body:
    """What 3-D Secure left on a charge whose cardholder was recognised."""
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
