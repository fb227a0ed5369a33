"""/v1/payment_intents: https://docs.stripe.com/api/payment_intents"""

from sandbox import intents
from sandbox.calls import Call, check_url
from sandbox.errors import ApiError, invalid_request
from sandbox.intents import Terms
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.money import SMALLEST, check_amount, check_currency, spoken
from sandbox.payment_methods import usable_method
from sandbox.payments import open_intent
from sandbox.records import Body, find, load, save

# Stored as given and shown again under the same name.
ECHOED = {
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
}
CONFIRMING = {"error_on_requires_action", "off_session", "return_url", "use_stripe_sdk"}
CREATED_WITH = ECHOED | {
    "allowed_payment_method_types",
    "amount",
    "automatic_payment_methods",
    "confirm",
    "currency",
    "customer",
    "metadata",
    "payment_method",
}
UPDATED_WITH = ECHOED | {"amount", "currency", "customer", "metadata", "payment_method"}
CONFIRMED_WITH = CONFIRMING | {"payment_method", "receipt_email", "setup_future_usage"}

# What can be changed at any time; everything else only while the buyer has not paid.
ALWAYS_OPEN = {"description", "metadata", "receipt_email", "transfer_group"}


def create(call: Call) -> Body:
    """Create an intent, and with `confirm` pay it at once. Raises CardRefused (402) when that is declined; the intent
    then exists and is named in the error."""
    call.only(CREATED_WITH | CONFIRMING)
    given = {**call.params, "currency": check_currency(call.params["currency"], "currency")}
    _check_new(given)
    method = (
        usable_method(given["payment_method"], customer=given.get("customer")) if "payment_method" in given else None
    )
    intent = open_intent(
        amount=given["amount"],
        currency=given["currency"],
        customer=given.get("customer"),
        given={**given, **offer(given), "metadata": merged({}, given.get("metadata", {}))},
    )
    if method:
        intents.set_method(intent, method)
    if given.get("confirm"):
        return intents.confirm(intent, method or intents.chosen_method(intent, None), terms(given))
    return intent.body


def _check_new(given: Body) -> None:
    """https://docs.stripe.com/api/payment_intents/create, sentence by sentence where the types do not say it."""
    _check_charge(given["amount"], given["currency"])
    for name in sorted(CONFIRMING & given.keys()):
        if not given.get("confirm"):
            message = f"`{name}` can only be used with `confirm` set to `true`."
            raise invalid_request(message, param=name)
    if "automatic_payment_methods" in given and "allowed_payment_method_types" in given:
        message = (
            "You may only specify one of these parameters: automatic_payment_methods, allowed_payment_method_types."
        )
        raise invalid_request(message, param="automatic_payment_methods")
    if customer := given.get("customer"):
        find("customer", customer, param="customer", status=400)
    check_url(given, "return_url")


def _check_charge(amount: int, currency: str) -> None:
    """https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""
    check_amount(amount, "amount")
    if amount < SMALLEST[currency]:
        message = f"Amount must be at least {spoken(SMALLEST[currency], currency)} {currency}"
        raise invalid_request(message, param="amount", code="amount_too_small")


def offer(given: Body) -> Body:
    """Which methods the intent takes. Without a word about it those of the Dashboard:
    https://docs.stripe.com/payments/payment-methods/dynamic-payment-methods"""
    allowed = given.get("allowed_payment_method_types")
    if allowed is not None:
        if "card" not in allowed:
            raise invalid_request("This sandbox takes cards.", param="allowed_payment_method_types")
        return {"payment_method_types": ["card"], "automatic_payment_methods": None}
    asked = given.get("automatic_payment_methods", {"enabled": True})
    automatic = {"allow_redirects": asked.get("allow_redirects", "always"), "enabled": asked["enabled"]}
    return {"payment_method_types": ["card"], "automatic_payment_methods": automatic}


def terms(given: Body) -> Terms:
    """How the buyer can be asked: off session, or when told so, not at all."""
    absent = given.get("off_session") not in (None, False, "false") or given.get("error_on_requires_action")
    return Terms(
        present=not absent, in_page=bool(given.get("use_stripe_sdk")), return_url=given.get("return_url") or None
    )


def retrieve(call: Call) -> Body:
    call.only({"client_secret"})
    intent = load("payment_intent", call.key)
    check_secret(intent, call.params.get("client_secret", intent["client_secret"]))
    return intent


def check_secret(body: Body, secret: str | None) -> None:
    if secret != body["client_secret"]:
        kind = "PaymentIntent" if body["object"] == "payment_intent" else "SetupIntent"
        message = (
            f"The client_secret provided does not match any associated {kind} on this account. Ensure the provided "
            f"client_secret and {kind} exist on this account."
        )
        raise ApiError(400, message, param="client_secret")


def list_intents(call: Call) -> Body:
    return listed("payment_intent", "/v1/payment_intents", call.params)


def update(call: Call) -> Body:
    """Change an intent that is not paid yet; description, metadata and receipt address also afterwards."""
    call.only(UPDATED_WITH)
    intent = find("payment_intent", call.key)
    _check_open(intent, call.params)
    changed = {name: call.params[name] for name in call.params.keys() & (ECHOED | {"amount", "currency", "customer"})}
    if "metadata" in call.params:
        changed["metadata"] = merged(intent.body["metadata"], call.params["metadata"])
    if "currency" in changed:
        changed["currency"] = check_currency(changed["currency"], "currency")
    after = {**intent.body, **changed}
    _check_charge(after["amount"], after["currency"])
    if customer := changed.get("customer"):
        find("customer", customer, param="customer", status=400)
    intent.body.update(changed)
    save(intent)
    if key := call.params.get("payment_method"):
        intents.set_method(intent, usable_method(key, customer=after["customer"]))
    return intent.body


def _check_open(intent: Resource, params: Body) -> None:
    status = intent.body["status"]
    closed = status in ("succeeded", "canceled", "processing")
    if closed and (refused := params.keys() - ALWAYS_OPEN):
        message = (
            f"This PaymentIntent's {min(refused)} could not be updated because it has a status of {status}. You may "
            f"only update the {min(refused)} of a PaymentIntent with one of the following statuses: "
            "requires_payment_method, requires_confirmation, requires_action."
        )
        raise intents.unexpected_state(intent, message)


def confirm(call: Call) -> Body:
    call.only(CONFIRMED_WITH)
    check_url(call.params, "return_url")
    intent = find("payment_intent", call.key)
    agreed = terms(call.params)
    intents.check_confirmable(intent, agreed)
    intent.body.update(
        {name: call.params[name] for name in call.params.keys() & {"receipt_email", "setup_future_usage"}}
    )
    return intents.confirm(intent, intents.chosen_method(intent, call.params.get("payment_method")), agreed)


def cancel(call: Call) -> Body:
    call.only({"cancellation_reason"})
    return intents.cancel(find("payment_intent", call.key), call.params.get("cancellation_reason"))
