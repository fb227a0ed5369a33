"""/v1/subscriptions: https://docs.stripe.com/api/subscriptions"""

from django.db.models import QuerySet

from sandbox import invoices, subscriptions
from sandbox.calls import Call, one_of
from sandbox.cards import DECLINES
from sandbox.endpoints.session_rules import check_one_interval
from sandbox.errors import ApiError, invalid_request, no_such
from sandbox.lists import listed, whole_list
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.records import Body, find, load

LISTED_BY = {"created", "customer", "ending_before", "limit", "price", "starting_after", "status"}
ENDED = ("canceled", "incomplete_expired")


def create(call: Call) -> Body:
    """Begin a subscription with a card the customer has saved. It is paid at once, or not made at all: what Stripe
    calls payment_behavior error_if_incomplete is the only way here."""
    call.only({"customer", "default_payment_method", "description", "items", "metadata", "payment_behavior"})
    given = {**call.params, "metadata": merged({}, call.params.get("metadata", {}))}
    customer = find("customer", _customer(given), param="customer", status=400)
    if method := given.get("default_payment_method"):
        _check_method(method, customer.key)
    subscription = subscriptions.begin(customer.key, _ordered(given.get("items", [])), given)
    _pay_first(subscription)
    return subscription.body


def _customer(given: Body) -> str:
    if "customer" not in given:
        raise invalid_request("Missing required param: customer.", param="customer", code="parameter_missing")
    return str(given["customer"])


def _check_method(key: str, customer: str) -> None:
    method = find("payment_method", key, param="default_payment_method", status=400)
    if method.body["customer"] != customer:
        message = f"The customer does not have a payment method with the ID {key}. The payment method must be attached."
        raise invalid_request(message, param="default_payment_method", code="resource_missing")


def _ordered(items: list[Body]) -> list[tuple[Body, int]]:
    ordered = [(_price(item, f"items[{place}]"), item.get("quantity", 1)) for place, item in enumerate(items)]
    if not ordered:
        raise invalid_request("Missing required param: items.", param="items", code="parameter_missing")
    check_one_interval([price for price, _ in ordered])
    return ordered


def _price(item: Body, place: str) -> Body:
    one_of(item, "price", "plan", prefix=place, required=True)
    key = item.get("price") or item.get("plan")
    price = find("price", str(key), param=f"{place}[price]", status=400).body
    if not price["recurring"]:
        message = (
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
        )
        raise invalid_request(message, param=f"{place}[price]")
    return price


def _pay_first(subscription: Resource) -> None:
    method = subscriptions.method_of(subscription.body)
    if method is None:
        raise invalid_request(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-"
            "setting#payment-method-priority.",
            code="resource_missing",
        )
    invoice = subscriptions.first_invoice(subscription)
    if refusal := invoices.collect(invoice, method):
        raise refused(refusal)
    subscriptions.set_status(subscription, "active")


def refused(refusal: str) -> ApiError:
    """402 with nothing kept: no subscription, no invoice, no charge."""
    code, message = DECLINES[refusal]
    return ApiError(402, message, type="card_error", code=code, decline_code=refusal)


def retrieve(call: Call) -> Body:
    return load("subscription", call.key)


def list_subscriptions(call: Call) -> Body:
    """Without `status`, all that have not ended: https://docs.stripe.com/api/subscriptions/list"""
    call.only(LISTED_BY)
    params = dict(call.params)
    found = _with_status(Resource.objects.filter(kind="subscription"), params.pop("status", None))
    if price := params.pop("price", None):
        found = found.filter(body__items__data__0__price__id=price)
    return listed("subscription", "/v1/subscriptions", params, within=found)


def _with_status(found: QuerySet[Resource], status: str | None) -> QuerySet[Resource]:
    if status == "all":
        return found
    if status == "ended":
        return found.filter(body__status__in=ENDED)
    return found.filter(body__status=status) if status else found.exclude(body__status__in=ENDED)


def included_subscriptions(customer: Body) -> Body:
    found = Resource.objects.filter(kind="subscription", customer=customer["id"]).exclude(body__status__in=ENDED)
    url = f"/v1/customers/{customer['id']}/subscriptions"
    return whole_list([row.body for row in found.order_by("-number")], url)


def update(call: Call) -> Body:
    """https://docs.stripe.com/api/subscriptions/update; `cancel_at_period_end` false takes any planned end back."""
    call.only({"cancel_at_period_end", "cancellation_details", "default_payment_method", "description", "metadata"})
    subscription, given = find("subscription", call.key), dict(call.params)
    if subscription.body["status"] == "canceled" and given.keys() - {"cancellation_details", "metadata"}:
        raise invalid_request("A canceled subscription can only update its cancellation_details and metadata.")
    changes: Body = {name: given[name] for name in ("default_payment_method", "description") if name in given}
    if "default_payment_method" in changes:
        _check_method(changes["default_payment_method"], subscription.body["customer"])
    if "metadata" in given:
        changes["metadata"] = merged(subscription.body["metadata"], given["metadata"])
    if (ends := given.get("cancel_at_period_end")) is not None:
        changes |= subscriptions.planned_end(subscription.body, at_period_end=ends)
    if "cancellation_details" in given:
        changes["cancellation_details"] = _details(subscription.body, changes, given["cancellation_details"])
    subscriptions.change(subscription, **changes)
    return subscription.body


def _details(body: Body, changes: Body, given: Body | None) -> Body:
    before: Body = {**body, **changes}["cancellation_details"]
    told: Body = {name: value for name, value in (given or {}).items() if name in ("comment", "feedback")}
    return {**before, **told}


def cancel(call: Call) -> Body:
    """End it now, without a bill and without money back: https://docs.stripe.com/api/subscriptions/cancel"""
    call.only({"cancellation_details", "invoice_now", "prorate"})
    for name in ("invoice_now", "prorate"):
        if call.params.get(name):
            raise invalid_request(f"This sandbox does not serve {name}.", param=name)
    subscription = find("subscription", call.key)
    if subscription.body["status"] == "canceled":
        raise no_such("subscription", call.key)
    subscription.body["cancellation_details"] = _details(subscription.body, {}, call.params.get("cancellation_details"))
    subscriptions.finish(subscription, "cancellation_requested")
    return subscription.body
