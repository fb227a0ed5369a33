"""Payment intents and their charges: made, refused, authenticated, paid. No network; all inside `writing()`."""

from typing import Any

from django.conf import settings

from sandbox.balance import money_moved
from sandbox.cards import ADVICE, DECLINES
from sandbox.events import record
from sandbox.models import Resource
from sandbox.records import Body, find, keep, new_key, now, random_letters, save
from sandbox.shapes import shaped


def open_intent(*, amount: int, currency: str, customer: str | None, given: Body) -> Resource:
    """Create a PaymentIntent that waits for a payment method. `given` are the caller's payment_intent_data."""
    key = new_key("payment_intent")
    body = shaped(
        "payment_intent",
        id=key,
        amount=amount,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method=given.get("capture_method", "automatic_async"),
        client_secret=f"{key}_secret_{random_letters(25)}",
        confirmation_method="automatic",
        created=now(),
        currency=currency,
        customer=customer,
        description=given.get("description"),
        livemode=False,
        metadata=given.get("metadata", {}),
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=given.get("payment_method_types", ["card"]),
        receipt_email=given.get("receipt_email"),
        setup_future_usage=given.get("setup_future_usage"),
        statement_descriptor=given.get("statement_descriptor"),
        statement_descriptor_suffix=given.get("statement_descriptor_suffix"),
        status="requires_payment_method",
        transfer_group=given.get("transfer_group"),
    )
    intent = keep(body)
    record("payment_intent.created", body)
    return intent


def require_authentication(intent: Resource, method: Body, url: str) -> None:
    """The bank wants to see its customer first. Nothing is charged."""
    intent.body.update(
        status="requires_action",
        payment_method=method["id"],
        last_payment_error=None,
        next_action={"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}},
    )
    save(intent)
    record("payment_intent.requires_action", intent.body)


def refuse_authentication(intent: Resource, method: Body) -> str:
    """The bank did not recognise its customer: no charge is made. Returns the sentence for the buyer."""
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    error = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://docs.stripe.com/error-codes#payment-intent-authentication-failure",
        "message": message,
        "payment_method": method,
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }
    _wait_for_another_method(intent, error)
    return message


def decline(intent: Resource, method: Body, code: str) -> str:
    """Record the failed charge and wait for another payment method. Returns the sentence for the buyer."""
    error_code, message = DECLINES[code]
    charge = _charge(intent, method, status="failed", failure_code=error_code, failure_message=message)
    charge["outcome"] = {**_outcome("declined_by_network", "issuer_declined"), "reason": code}
    keep(charge)
    intent.body["latest_charge"] = charge["id"]
    error = {
        "advice_code": ADVICE.get(code, "do_not_try_again"),
        "charge": charge["id"],
        "code": error_code,
        "decline_code": code,
        "doc_url": f"https://docs.stripe.com/error-codes#{error_code.replace('_', '-')}",
        "message": message,
        "payment_method": method,
        "type": "card_error",
    }
    record("charge.failed", charge)
    _wait_for_another_method(intent, error)
    return message


def _wait_for_another_method(intent: Resource, error: dict[str, Any]) -> None:
    intent.body.update(
        status="requires_payment_method", last_payment_error=error, payment_method=None, next_action=None
    )
    save(intent)
    record("payment_intent.payment_failed", intent.body)


def succeed(intent: Resource, method: Body, *, secure: bool = False) -> Body:
    """Charge the card: the money is in. Returns the charge."""
    charge = _charge(intent, method, status="succeeded")
    charge["outcome"] = _outcome("approved_by_network", "authorized")
    if secure and charge["payment_method_details"].get("card"):
        charge["payment_method_details"]["card"]["three_d_secure"] = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": None,
            "version": "2.2.0",
        }
    charge["balance_transaction"] = money_moved(charge, "charge", charge["amount"])
    keep(charge)
    record("charge.succeeded", charge)
    _paid(intent, method, charge)
    return charge


def await_bank(intent: Resource, method: Body) -> None:
    """A bank debit was ordered; days may pass before the bank says yes or no."""
    charge = _charge(intent, method, status="pending")
    keep(charge)
    intent.body.update(
        status="processing",
        latest_charge=charge["id"],
        payment_method=method["id"],
        last_payment_error=None,
        processing=None,
    )
    save(intent)
    record("charge.pending", charge)
    record("payment_intent.processing", intent.body)


def bank_said_yes(intent: Resource) -> None:
    charge = find("charge", intent.body["latest_charge"])
    method = find("payment_method", intent.body["payment_method"]).body
    charge.body.update(status="succeeded", paid=True, captured=True, amount_captured=charge.body["amount"])
    charge.body["balance_transaction"] = money_moved(charge.body, "payment", charge.body["amount"])
    save(charge)
    record("charge.succeeded", charge.body)
    _paid(intent, method, charge.body)


def bank_said_no(intent: Resource) -> None:
    message = "The customer's account has insufficient funds to cover this payment."
    charge = find("charge", intent.body["latest_charge"])
    method = find("payment_method", intent.body["payment_method"]).body
    charge.body.update(status="failed", failure_code="insufficient_funds", failure_message=message, captured=False)
    save(charge)
    record("charge.failed", charge.body)
    error = {
        "charge": charge.key,
        "code": "payment_intent_payment_attempt_failed",
        "decline_code": "insufficient_funds",
        "message": message,
        "payment_method": method,
        "type": "card_error",
    }
    _wait_for_another_method(intent, error)


def cancel(intent: Resource, reason: str) -> None:
    """Close an unpaid intent for good. Does nothing to one that is paid or on its way."""
    if intent.body["status"] in ("succeeded", "canceled", "processing"):
        return
    intent.body.update(status="canceled", canceled_at=now(), cancellation_reason=reason, next_action=None)
    save(intent)
    record("payment_intent.canceled", intent.body)


def _paid(intent: Resource, method: Body, charge: Body) -> None:
    intent.body.update(
        status="succeeded",
        amount_received=intent.body["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
        payment_method=method["id"],
    )
    save(intent)
    record("payment_intent.succeeded", intent.body)


def _charge(intent: Resource, method: Body, *, status: str, **facts: Any) -> Body:
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


def _outcome(network_status: str, kind: str) -> Body:
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
