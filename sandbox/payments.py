"""Payment intents and their charges: made, refused, authenticated, paid. No network; all inside `writing()`."""

from typing import Any

from sandbox.balance import money_moved
from sandbox.cards import ADVICE, DECLINES, KNOWN
from sandbox.charges import authenticated, charge_of, outcome
from sandbox.events import record
from sandbox.models import Resource
from sandbox.payment_methods import attach
from sandbox.records import Body, find, keep, later, new_key, now, random_letters, save
from sandbox.shapes import shaped

# How long after the payment the holder of a disputing test card goes to the bank, in seconds.
DISPUTE_SECONDS = 1.0


def open_intent(*, amount: int, currency: str, customer: str | None, given: Body) -> Resource:
    """Create a PaymentIntent that waits for a payment method. `given` are the caller's payment_intent_data, or the
    parameters of payment_intents.create."""
    key = new_key("payment_intent")
    body = shaped(
        "payment_intent",
        id=key,
        amount=amount,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        allowed_payment_method_types=given.get("allowed_payment_method_types"),
        automatic_payment_methods=given.get("automatic_payment_methods"),
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
        shipping=given.get("shipping"),
        statement_descriptor=given.get("statement_descriptor"),
        statement_descriptor_suffix=given.get("statement_descriptor_suffix"),
        status="requires_payment_method",
        transfer_group=given.get("transfer_group"),
    )
    intent = keep(body)
    record("payment_intent.created", body)
    return intent


def require_authentication(intent: Resource, method: Body, next_action: Body) -> None:
    """The bank wants to see its customer first. Nothing is charged."""
    intent.body.update(
        status="requires_action", payment_method=method["id"], last_payment_error=None, next_action=next_action
    )
    save(intent)
    record("payment_intent.requires_action", intent.body)


def redirect_to(url: str, return_url: str | None = None) -> Body:
    return {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}


def refuse_authentication(intent: Resource, method: Body) -> str:
    """The bank did not recognise its customer: no charge is made. Returns the sentence for the buyer."""
    error = authentication_error(method, "payment_intent_authentication_failure")
    _wait_for_another_method(intent, error)
    return str(error["message"])


def authentication_error(method: Body, code: str) -> Body:
    return {
        "code": code,
        "doc_url": f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}",
        "message": "We are unable to authenticate your payment method. Please choose a different payment method and "
        "try again.",
        "payment_method": method,
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }


def decline(intent: Resource, method: Body, code: str) -> str:
    """Record the failed charge and wait for another payment method. Returns the sentence for the buyer."""
    error_code, message = DECLINES[code]
    charge = charge_of(intent, method, status="failed", failure_code=error_code, failure_message=message)
    charge["outcome"] = {**outcome("declined_by_network", "issuer_declined"), "reason": code}
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
    charge = charge_of(intent, method, status="succeeded")
    charge["outcome"] = outcome("approved_by_network", "authorized")
    if secure and charge["payment_method_details"].get("card"):
        charge["payment_method_details"]["card"]["three_d_secure"] = authenticated()
    charge["balance_transaction"] = money_moved(charge, "charge", charge["amount"])
    keep(charge)
    record("charge.succeeded", charge)
    _paid(intent, method, charge)
    _foresee_dispute(charge)
    return charge


def _foresee_dispute(charge: Body) -> None:
    """The holders of some test cards dispute what they paid, a moment later."""
    method = find("payment_method", charge["payment_method"])
    known = KNOWN.get(str(method.inner.get("number", "")))
    if known and known.dispute:
        later(DISPUTE_SECONDS, known.dispute, charge["id"])


def save_method(intent: Resource, method: Resource, *, secure: bool = False) -> None:
    """After a payment: save the method on the customer if the intent says so, else it is used up. `secure` says that
    the cardholder was authenticated, which lets later off-session charges of a "once" card through."""
    if method.body["customer"] is None and not (intent.body["customer"] and intent.body["setup_future_usage"]):
        method.inner["used"] = True
    elif secure and intent.body["setup_future_usage"]:
        method.inner["set_up"] = True
    save(method)
    if intent.body["customer"] and intent.body["setup_future_usage"]:
        attach(method, intent.body["customer"])


def await_bank(intent: Resource, method: Body) -> None:
    """A bank debit was ordered; days may pass before the bank says yes or no."""
    charge = charge_of(intent, method, status="pending")
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


def cancel(intent: Resource, reason: str | None) -> None:
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
