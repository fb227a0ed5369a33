"""/v1/setup_intents: https://docs.stripe.com/api/setup_intents"""

from sandbox import setups
from sandbox.calls import Call, check_url
from sandbox.endpoints.intents import check_secret, offer, terms
from sandbox.errors import invalid_request
from sandbox.intents import NEEDS_RETURN_URL, Terms, may_redirect
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.payment_methods import usable_method
from sandbox.records import Body, find, load

CREATED_WITH = {
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "confirm",
    "customer",
    "description",
    "metadata",
    "payment_method",
    "return_url",
    "usage",
    "use_stripe_sdk",
}


def create(call: Call) -> Body:
    """Create an intent, and with `confirm` save the card at once. Raises CardRefused (402) when the bank refuses."""
    call.only(CREATED_WITH)
    given = call.params
    check_url(given, "return_url")
    if customer := given.get("customer"):
        find("customer", customer, param="customer", status=400)
    if "return_url" in given and not given.get("confirm"):
        raise invalid_request("`return_url` can only be used with `confirm` set to `true`.", param="return_url")
    method = (
        usable_method(given["payment_method"], customer=given.get("customer")) if "payment_method" in given else None
    )
    setup = setups.open_setup(
        customer=given.get("customer"),
        given={**given, **offer(given), "metadata": merged({}, given.get("metadata", {}))},
    )
    if method:
        setup.body.update(payment_method=method.key, status="requires_confirmation")
        setup.save()
    if given.get("confirm"):
        return _confirmed(setup, method or setups.chosen_method(setup, None), terms(given))
    return setup.body


def _confirmed(setup: Resource, method: Resource, agreed: Terms) -> Body:
    if may_redirect(setup.body) and not agreed.return_url:
        raise invalid_request(NEEDS_RETURN_URL, param="return_url")
    return setups.confirm(setup, method, agreed)


def retrieve(call: Call) -> Body:
    call.only({"client_secret"})
    setup = load("setup_intent", call.key)
    check_secret(setup, call.params.get("client_secret", setup["client_secret"]))
    return setup


def list_setups(call: Call) -> Body:
    return listed("setup_intent", "/v1/setup_intents", call.params)


def confirm(call: Call) -> Body:
    call.only({"payment_method", "return_url", "use_stripe_sdk"})
    check_url(call.params, "return_url")
    setup = find("setup_intent", call.key)
    setups.check_confirmable(setup)
    return _confirmed(setup, setups.chosen_method(setup, call.params.get("payment_method")), terms(call.params))


def cancel(call: Call) -> Body:
    call.only({"cancellation_reason"})
    return setups.cancel(find("setup_intent", call.key), call.params.get("cancellation_reason"))
