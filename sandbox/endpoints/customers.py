"""/v1/customers and /v1/payment_methods: https://docs.stripe.com/api/customers"""

from sandbox.calls import Call, check_email
from sandbox.errors import invalid_request
from sandbox.events import record
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.payment_methods import attach, check_unused, detach, named_method
from sandbox.records import Body, find, keep, load, new_key, now, random_letters, save
from sandbox.shapes import shaped
from sandbox.subscriptions import finish_all_of

PLAIN = {"address", "business_name", "description", "email", "individual_name", "name", "phone", "shipping"}
SERVED = PLAIN | {"invoice_settings", "metadata", "preferred_locales", "tax_exempt"}


def create(call: Call) -> Body:
    call.only(SERVED | {"payment_method"})
    check_email(call.params, "email")
    named = call.params.get("payment_method")
    method = _unused_method(named) if named else None
    body = new_customer(_with_default(call.params, method))
    if method:
        attach(method, body["id"])
    return body


def _with_default(given: Body, method: Resource | None) -> Body:
    """One of Stripe's names for a test card means the same new card in both places of a request."""
    settings = given.get("invoice_settings") or {}
    if method is None or settings.get("default_payment_method") != given["payment_method"]:
        return given
    return {**given, "invoice_settings": {**settings, "default_payment_method": method.key}}


def new_customer(given: Body) -> Body:
    """Create a customer from checked parameters; also for a guest whose card Checkout is asked to save."""
    body = shaped(
        "customer",
        id=new_key("customer"),
        balance=0,
        created=now(),
        delinquent=False,
        invoice_prefix=random_letters(8).upper(),
        invoice_settings=_invoice_settings({}, given.get("invoice_settings")),
        livemode=False,
        metadata=merged({}, given.get("metadata", {})),
        next_invoice_sequence=1,
        preferred_locales=given.get("preferred_locales") or [],
        tax_exempt=given.get("tax_exempt") or "none",
        **{name: given.get(name) for name in PLAIN},
    )
    keep(body)
    record("customer.created", body)
    return body


def retrieve(call: Call) -> Body:
    return load("customer", call.key)


def update(call: Call) -> Body:
    call.only(SERVED)
    check_email(call.params, "email")
    customer = find("customer", call.key)
    if customer.body.get("deleted"):
        raise invalid_request(f"No such customer: '{call.key}'", param="id", code="resource_missing")
    before = dict(customer.body)
    for name in call.params.keys() & (PLAIN | {"preferred_locales", "tax_exempt"}):
        customer.body[name] = call.params[name]
    if "metadata" in call.params:
        customer.body["metadata"] = merged(before["metadata"], call.params["metadata"])
    if "invoice_settings" in call.params:
        customer.body["invoice_settings"] = _invoice_settings(
            before["invoice_settings"], call.params["invoice_settings"]
        )
    save(customer)
    changed = {name: before[name] for name in call.params if before[name] != customer.body[name]}
    if changed:
        record("customer.updated", customer.body, before=changed)
    return customer.body


def _invoice_settings(before: Body, given: Body | None) -> Body:
    empty = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    settings = {**empty, **before, **(given or {})}
    if given and (method := given.get("default_payment_method")):
        find("payment_method", method, param="invoice_settings[default_payment_method]", status=400)
    return settings


def delete(call: Call) -> Body:
    """The customer's subscriptions end at once, and the cards go with it. What was paid keeps its customer id."""
    customer = find("customer", call.key)
    if not customer.body.get("deleted"):
        finish_all_of(call.key)
        record("customer.deleted", customer.body)
        for method in Resource.objects.filter(kind="payment_method", customer=call.key):
            detach(method)
        customer.body = {"id": call.key, "object": "customer", "deleted": True}
        save(customer)
    return customer.body


def list_customers(call: Call) -> Body:
    living = Resource.objects.filter(kind="customer", body__deleted__isnull=True)
    return listed("customer", "/v1/customers", call.params, within=living)


def retrieve_method(call: Call) -> Body:
    return load("payment_method", call.key)


def list_methods(call: Call) -> Body:
    """Only attached methods; without a customer the real API lists those of Issuing, of which there are none."""
    if customer := call.params.get("customer"):
        find("customer", customer, param="customer", status=400)
    attached = Resource.objects.filter(kind="payment_method").exclude(customer="")
    return listed("payment_method", "/v1/payment_methods", call.params, within=attached)


def methods_of_customer(call: Call) -> Body:
    find("customer", call.key, param="customer")
    own = Resource.objects.filter(kind="payment_method", customer=call.key)
    return listed("payment_method", f"/v1/customers/{call.key}/payment_methods", call.params, within=own)


def method_of_customer(call: Call) -> Body:
    find("customer", call.keys[0], param="customer")
    return find("payment_method", call.keys[1]).body


def attach_method(call: Call) -> Body:
    call.only({"customer"})
    if "customer" not in call.params:
        raise invalid_request("Missing required param: customer.", param="customer", code="parameter_missing")
    method = _unused_method(call.key)
    find("customer", call.params["customer"], param="customer", status=400)
    attach(method, call.params["customer"])
    return method.body


def _unused_method(key: str) -> Resource:
    method = named_method(key) or find("payment_method", key)
    if method.body["customer"]:
        raise invalid_request("The payment method you provided has already been attached to a customer.")
    check_unused(method)
    return method


def detach_method(call: Call) -> Body:
    method = find("payment_method", call.key)
    if not method.body["customer"]:
        raise invalid_request(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    detach(method)
    return method.body
