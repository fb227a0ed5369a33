"""/v1/products and /v1/prices: https://docs.stripe.com/api/prices"""

from sandbox.calls import Call, one_of
from sandbox.errors import ApiError, invalid_request
from sandbox.events import record
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.money import check_amount, check_currency
from sandbox.records import Body, find, keep, load, new_key, now, save
from sandbox.shapes import shaped

PRODUCT_PLAIN = {"description", "shippable", "statement_descriptor", "tax_code", "unit_label", "url"}
PRODUCT_SERVED = PRODUCT_PLAIN | {"active", "id", "images", "metadata", "name", "type"}
PRICE_SERVED = {
    "active",
    "currency",
    "lookup_key",
    "metadata",
    "nickname",
    "product",
    "product_data",
    "recurring",
    "tax_behavior",
    "unit_amount",
    "unit_amount_decimal",
}


def create_product(call: Call) -> Body:
    call.only(PRODUCT_SERVED)
    if "id" in call.params and Resource.objects.filter(key=call.params["id"]).exists():
        raise ApiError(400, f"Product already exists: {call.params['id']}", code="resource_already_exists", param="id")
    body = new_product(call.params, active=call.params.get("active", True))
    record("product.created", body)
    return body


def new_product(given: Body, *, active: bool) -> Body:
    body = shaped(
        "product",
        id=given.get("id") or new_key("product"),
        active=active,
        created=now(),
        images=given.get("images", []),
        livemode=False,
        marketing_features=[],
        metadata=merged({}, given.get("metadata", {})),
        name=given["name"],
        type=given.get("type", "service"),
        updated=now(),
        **{name: given.get(name) for name in PRODUCT_PLAIN},
    )
    keep(body)
    return body


def update_product(call: Call) -> Body:
    call.only(PRODUCT_PLAIN | {"active", "images", "metadata", "name"})
    return _updated(find("product", call.key), call.params, "product.updated")


def update_price(call: Call) -> Body:
    call.only({"active", "metadata", "nickname"})
    return _updated(find("price", call.key), call.params, "price.updated")


def _updated(resource: Resource, given: Body, event: str) -> Body:
    before = dict(resource.body)
    changes = dict(given)
    if "metadata" in given:
        changes["metadata"] = merged(before["metadata"], given["metadata"])
    resource.body.update(changes)
    if "updated" in before:
        resource.body["updated"] = now()
    save(resource)
    record(event, resource.body, before={name: before[name] for name in changes})
    return resource.body


def retrieve_product(call: Call) -> Body:
    return load("product", call.key)


def list_products(call: Call) -> Body:
    return listed("product", "/v1/products", call.params)


def create_price(call: Call) -> Body:
    call.only(PRICE_SERVED)
    one_of(call.params, "product", "product_data", required=True)
    if product := call.params.get("product"):
        find("product", product, param="product", status=400)
    body = new_price(call.params, active=call.params.get("active", True))
    record("price.created", body)
    return body


def new_price(given: Body, *, active: bool, prefix: str = "") -> Body:
    """Create a price, and its product when `product_data` describes one. `prefix` names the place for refusals."""
    one_of(given, "unit_amount", "unit_amount_decimal", prefix=prefix, required=True)
    blamed = f"{prefix}[unit_amount]" if prefix else "unit_amount"
    amount = _whole_amount(given, blamed)
    check_amount(amount, blamed)
    currency = check_currency(given["currency"], f"{prefix}[currency]" if prefix else "currency")
    product = given.get("product") or new_product(given["product_data"], active=active)["id"]
    recurring = given.get("recurring")
    body = shaped(
        "price",
        id=new_key("price"),
        active=active,
        billing_scheme="per_unit",
        created=now(),
        currency=currency,
        livemode=False,
        lookup_key=given.get("lookup_key"),
        metadata=merged({}, given.get("metadata", {})),
        nickname=given.get("nickname"),
        product=product,
        recurring=_recurring(recurring) if recurring else None,
        tax_behavior=given.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    keep(body)
    return body


def _whole_amount(given: Body, blamed: str) -> int:
    if (amount := given.get("unit_amount")) is not None:
        return int(amount)
    decimal = str(given["unit_amount_decimal"])
    if not decimal.isdigit():
        raise invalid_request("This sandbox serves whole amounts of the smallest unit only.", param=blamed)
    return int(decimal)


def _recurring(given: Body) -> Body:
    empty = {"interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed"}
    return {**empty, **given}


def retrieve_price(call: Call) -> Body:
    return load("price", call.key)


def list_prices(call: Call) -> Body:
    return listed("price", "/v1/prices", call.params)
