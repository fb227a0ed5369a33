"""The lines of an invoice: of a subscription's items, or of single items put on it by hand."""

from typing import Any

from sandbox.records import Body, find, new_key
from sandbox.shapes import shaped


def line_of_subscription(item: Body, invoice: str, subscription: Body) -> Body:
    """What a subscription item costs in its present period."""
    price, quantity = item["price"], item["quantity"]
    product = find("product", price["product"]).body
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return _line(
        invoice,
        price["unit_amount"] * quantity,
        description=f"{quantity} x {product['name']}",
        currency=price["currency"],
        metadata=subscription["metadata"],
        parent={
            "type": "subscription_item_details",
            "subscription_item_details": details,
            "invoice_item_details": None,
        },
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing={
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=subscription["id"],
    )


def line_of_item(item: Body, invoice: str) -> Body:
    """What an invoice item costs."""
    details = {
        "invoice_item": item["id"],
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    return _line(
        invoice,
        item["amount"],
        description=item["description"],
        currency=item["currency"],
        metadata=item["metadata"],
        parent={"type": "invoice_item_details", "invoice_item_details": details, "subscription_item_details": None},
        period=item["period"],
        quantity=1,
        quantity_decimal="1",
    )


def _line(invoice: str, amount: int, **facts: Any) -> Body:
    return shaped(
        "line_item",
        id=new_key("line_item"),
        amount=amount,
        discount_amounts=[],
        discountable=True,
        discounts=[],
        invoice=invoice,
        livemode=False,
        pretax_credit_amounts=[],
        subtotal=amount,
        taxes=[],
        **facts,
    )
