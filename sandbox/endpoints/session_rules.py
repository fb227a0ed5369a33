"""What Checkout asks of a new session beyond types; from https://docs.stripe.com/api/checkout/sessions/create
unless another page is named."""

import time

from sandbox.calls import check_email, check_url, one_of
from sandbox.endpoints.catalog import new_price
from sandbox.errors import invalid_request, missing_parameter
from sandbox.metadata import merged
from sandbox.records import Body, find

SHORTEST_LIFE_SECONDS = 30 * 60
LONGEST_LIFE_SECONDS = 24 * 60 * 60
MOST_LINE_ITEMS = 100
LONGEST_REFERENCE = 200
MODES = ("payment", "setup", "subscription")
# Parameters of one mode only. Stripe takes a currency in every mode; here the prices say it, where there are any.
BELONGS_TO = {
    "currency": "setup",
    "customer_creation": "payment",
    "invoice_creation": "payment",
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "subscription_data": "subscription",
}
RECURRING_IN_PAYMENT_MODE = (
    "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only "
    "one-time prices."
)


def check_session(given: Body) -> None:
    """Raise ApiError (400) for a session the real Checkout would refuse, or that the sandbox does not serve."""
    _check_mode(given)
    _check_content(given)
    check_url(given, "success_url")
    check_url(given, "cancel_url")
    check_email(given, "customer_email")
    one_of(given, "customer", "customer_email")
    one_of(given, "customer", "customer_creation")
    if len(given.get("client_reference_id", "")) > LONGEST_REFERENCE:
        message = f"Invalid string: client_reference_id must be at most {LONGEST_REFERENCE} characters."
        raise invalid_request(message, param="client_reference_id")
    if customer := given.get("customer"):
        find("customer", customer, param="customer", status=400)
    merged({}, given.get("metadata", {}))
    _check_expiry(given.get("expires_at"))
    _check_unserved_parts(given)


def _check_mode(given: Body) -> None:
    if "mode" not in given:
        raise missing_parameter("mode")
    if given["mode"] not in MODES:
        raise invalid_request(f"Invalid mode: must be one of {', '.join(MODES)}", param="mode")
    for name, mode in BELONGS_TO.items():
        if name in given and given["mode"] != mode:
            raise invalid_request(f"You can only specify `{name}` in `{mode}` mode.", param=name)
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid_request("This sandbox serves ui_mode hosted_page only.", param="ui_mode")


def _check_content(given: Body) -> None:
    """In setup mode nothing is sold, and the currency decides which methods can be saved."""
    sold = "currency" if given["mode"] == "setup" else "line_items"
    for name in ("success_url", sold):
        if not given.get(name):
            raise missing_parameter(name)
    if sold == "currency" and "line_items" in given:
        raise invalid_request("`line_items` are not supported in `setup` mode.", param="line_items")


def _check_expiry(expires_at: int | None) -> None:
    if expires_at is None:
        return
    left = expires_at - int(time.time())  # the caller cannot know how far this sandbox's clock was moved
    if left < SHORTEST_LIFE_SECONDS:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid_request(message, param="expires_at")
    if left > LONGEST_LIFE_SECONDS:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise invalid_request(message, param="expires_at")


def _check_unserved_parts(given: Body) -> None:
    for name in ("automatic_tax", "invoice_creation", "phone_number_collection"):
        if given.get(name, {}).get("enabled"):
            raise invalid_request(f"This sandbox does not serve {name}.", param=f"{name}[enabled]")
    allowed = given.get("allowed_payment_method_types")
    if allowed is not None and not {"card", "us_bank_account"} & set(allowed):
        message = "This sandbox offers card and us_bank_account; none of them is allowed by this request."
        raise invalid_request(message, param="allowed_payment_method_types")
    if given.get("payment_intent_data", {}).get("capture_method") == "manual":
        raise invalid_request("This sandbox captures at once.", param="payment_intent_data[capture_method]")


def priced(given: Body, number: int, mode: str) -> tuple[Body, Body]:
    """Return the price and the product of one line item, created when `price_data` describes them."""
    place = f"line_items[{number}]"
    if number >= MOST_LINE_ITEMS:
        raise invalid_request(f"A Checkout Session can have up to {MOST_LINE_ITEMS} line items.", param="line_items")
    one_of(given, "price", "price_data", prefix=place, required=True)
    if "quantity" not in given:
        raise invalid_request(f"Quantity is required. Add `quantity` to `{place}`.", param=f"{place}[quantity]")
    if given["quantity"] < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid_request(message, param=f"{place}[quantity]", code="parameter_invalid_integer")
    if "price" in given:
        price = _listed_price(given["price"], place, mode)
    else:
        price = _described_price(given["price_data"], place, mode)
    return price, find("product", price["product"]).body


def _listed_price(key: str, place: str, mode: str) -> Body:
    price = find("price", key, param=f"{place}[price]", status=400).body
    if not price["active"]:
        message = f"The price specified is inactive. This field only accepts active prices: {key}"
        raise invalid_request(message, param=f"{place}[price]")
    _check_recurring(price["recurring"], mode, f"{place}[price]")
    return price


def _described_price(given: Body, place: str, mode: str) -> Body:
    place = f"{place}[price_data]"
    one_of(given, "product", "product_data", prefix=place, required=True)
    _check_recurring(given.get("recurring"), mode, f"{place}[recurring]")
    if product := given.get("product"):
        find("product", product, param=f"{place}[product]", status=400)
    return new_price(given, active=False, prefix=place)


def _check_recurring(recurring: Body | None, mode: str, param: str) -> None:
    if recurring and mode == "payment":
        raise invalid_request(RECURRING_IN_PAYMENT_MODE, param=param)
    if not recurring and mode == "subscription":
        raise invalid_request("This sandbox serves recurring prices only in `subscription` mode.", param=param)
    if recurring and recurring.get("usage_type", "licensed") != "licensed":
        raise invalid_request("This sandbox serves licensed prices only, none by usage.", param=param)


def check_one_interval(prices: list[Body]) -> None:
    """Raise ApiError unless all prices recur alike. Stripe allows more, the sandbox bills all items together."""
    rhythms = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in prices}
    if len(rhythms) > 1:
        raise invalid_request("This sandbox serves one billing interval for all prices.", param="line_items")


def check_subscription(given: Body) -> None:
    """What is served of `subscription_data`, and what a subscription costs at least: something."""
    if unserved := given.keys() - {"description", "metadata"}:
        name = f"subscription_data[{min(unserved)}]"
        raise invalid_request(f"This sandbox does not serve the parameter {name}.", param=name)
