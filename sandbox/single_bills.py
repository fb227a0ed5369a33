"""Invoices made by hand, without a subscription, from single items: https://docs.stripe.com/invoicing/integration"""

from sandbox import invoices
from sandbox.events import record
from sandbox.invoice_lines import line_of_item
from sandbox.models import Resource
from sandbox.records import Body, find, keep, new_key, now, save
from sandbox.shapes import shaped


def add_item(customer: str, amount: int, currency: str, given: Body) -> Body:
    """Note something the customer's next invoice shall charge. `amount` in the smallest unit."""
    item = shaped(
        "invoiceitem",
        id=new_key("invoiceitem"),
        amount=amount,
        currency=currency,
        customer=customer,
        date=now(),
        description=given.get("description"),
        discountable=True,
        discounts=[],
        livemode=False,
        metadata=given.get("metadata", {}),
        net_amount=amount,
        period={"start": now(), "end": now()},
        proration=False,
        quantity=1,
        quantity_decimal="1",
        tax_rates=[],
    )
    keep(item)
    record("invoiceitem.created", item)
    return item


def waiting_items(customer: str) -> list[Resource]:
    """Those that no invoice has taken yet, oldest first."""
    found = Resource.objects.filter(kind="invoiceitem", customer=customer, body__invoice=None)
    return list(found.order_by("number"))


def draft(customer: str, items: list[Resource], given: Body) -> Resource:
    """Make an invoice over these items; they belong to it from now on."""
    key = new_key("invoice")
    lines = [line_of_item(item.body, key) for item in items]
    for item in items:
        item.body["invoice"] = key
        save(item)
    return invoices.draft(
        key,
        find("customer", customer).body,
        lines,
        auto_advance=given.get("auto_advance", False),
        billing_reason="manual",
        description=given.get("description"),
        metadata=given.get("metadata", {}),
        period=(now(), now()),
    )
