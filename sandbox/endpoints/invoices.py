"""/v1/invoices, /v1/invoiceitems and /v1/invoice_payments: https://docs.stripe.com/api/invoices"""

from sandbox import invoices, single_bills, subscriptions
from sandbox.calls import Call
from sandbox.errors import CardRefused, invalid_request, missing_parameter
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.money import check_amount, check_currency
from sandbox.payment_methods import usable_method
from sandbox.records import Body, find, load

LISTED_BY = {
    "collection_method",
    "created",
    "customer",
    "ending_before",
    "limit",
    "starting_after",
    "status",
    "subscription",
}


def create_item(call: Call) -> Body:
    """Only plain amounts, which wait for the customer's next invoice."""
    call.only({"amount", "currency", "customer", "description", "metadata"})
    given = call.params
    for name in ("customer", "amount", "currency"):
        if name not in given:
            raise missing_parameter(name)
    find("customer", given["customer"], param="customer", status=400)
    check_amount(given["amount"], "amount")
    currency = check_currency(given["currency"], "currency")
    told = {**given, "metadata": merged({}, given.get("metadata", {}))}
    return single_bills.add_item(given["customer"], given["amount"], currency, told)


def create(call: Call) -> Body:
    """A draft over the customer's waiting items. Stripe also makes invoices over nothing; the sandbox does not."""
    call.only({"auto_advance", "customer", "description", "metadata", "pending_invoice_items_behavior"})
    given = {**call.params, "metadata": merged({}, call.params.get("metadata", {}))}
    if "customer" not in given:
        raise missing_parameter("customer")
    find("customer", given["customer"], param="customer", status=400)
    items = single_bills.waiting_items(given["customer"])
    if given.get("pending_invoice_items_behavior") != "include" or not items:
        message = "This sandbox makes invoices over waiting items only: pending_invoice_items_behavior is include."
        raise invalid_request(message, param="pending_invoice_items_behavior")
    if len({item.body["currency"] for item in items}) > 1:
        raise invalid_request("All invoice items must have the same currency.", param="currency")
    return single_bills.draft(given["customer"], items, given).body


def finalize(call: Call) -> Body:
    call.only({"auto_advance"})
    invoice = find("invoice", call.key)
    if invoice.body["status"] != "draft":
        raise invalid_request("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    invoices.finalize(invoice)
    return invoice.body


def retrieve(call: Call) -> Body:
    return load("invoice", call.key)


def list_invoices(call: Call) -> Body:
    call.only(LISTED_BY)
    params, found = dict(call.params), Resource.objects.filter(kind="invoice")
    if subscription := params.pop("subscription", None):
        found = found.filter(body__parent__subscription_details__subscription=subscription)
    return listed("invoice", "/v1/invoices", params, within=found)


def pay(call: Call) -> Body:
    """Collect an invoice now, a draft is finalized first; a declined card answers 402 and leaves the invoice open."""
    call.only({"payment_method"})
    invoice = find("invoice", call.key)
    named = call.params.get("payment_method")
    chosen = usable_method(named, customer=invoice.body["customer"]) if named else None
    if invoice.body["status"] == "draft":
        invoices.finalize(invoice)
    if invoice.body["status"] == "paid":
        raise invalid_request("Invoice is already paid", code="invoice_already_paid")
    if invoice.body["status"] != "open":
        raise invalid_request(f"You can only pay an open invoice. This one is {invoice.body['status']}.")
    _refuse(subscriptions.pay_now(invoice, chosen), invoice)
    return invoice.body


def _refuse(refusal: str, invoice: Resource) -> None:
    if refusal == "no_payment_method":
        raise invalid_request(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set a "
            "`default_payment_method` prior to retrying collection."
        )
    if refusal:
        intent = invoices.intent_of(invoice.key).body
        raise CardRefused(intent["last_payment_error"], payment_intent=intent)


def list_payments(call: Call) -> Body:
    call.only({"created", "ending_before", "invoice", "limit", "payment", "starting_after", "status"})
    return listed("invoice_payment", "/v1/invoice_payments", call.params)


def retrieve_payment(call: Call) -> Body:
    return load("invoice_payment", call.key)
