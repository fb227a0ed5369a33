"""/v1/payment_pages: Checkout's own page as Stripe's command line tool drives it. Not documented by Stripe; these are
the two addresses the tool's fixtures call: https://docs.stripe.com/cli/trigger"""

from sandbox import checkout
from sandbox.calls import Call
from sandbox.checkout import Outcome, Payer
from sandbox.errors import CardRefused, invalid_request
from sandbox.payment_methods import usable_method
from sandbox.records import Body, find, load
from sandbox.schema import Field, Plain

CONFIRMED_WITH = {
    "payment_method": Field(Plain("text"), required=True),
    "expected_amount": Field(Plain("whole"), required=True),
}


def retrieve(call: Call) -> Body:
    return checkout.open_session(call.key).body


def confirm(call: Call) -> Body:
    """Pay the session with a payment method that exists already. Raises CardRefused (402) when it is declined."""
    session = checkout.open_session(call.key)
    if session.body["status"] != "open":
        raise invalid_request(f"This Checkout Session is {session.body['status']} and cannot be paid.")
    if call.params["expected_amount"] != session.body["amount_total"]:
        message = f"The amount to pay is {session.body['amount_total']}, not {call.params['expected_amount']}."
        raise invalid_request(message, param="expected_amount", code="checkout_amount_mismatch")
    method = usable_method(call.params["payment_method"], customer=session.body["customer"])
    details = method.body["billing_details"]
    payer = Payer(email=details["email"] or "stripe@example.com", name=details["name"] or "")
    _refuse(call.key, checkout.pay_by_method(call.key, method, payer))
    return load("checkout.session", call.key)


def _refuse(key: str, outcome: Outcome) -> None:
    if outcome.kind == "declined":
        intent = find("payment_intent", checkout.intent_key(find("checkout.session", key))).body
        raise CardRefused(intent["last_payment_error"], payment_intent=intent)
