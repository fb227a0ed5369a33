"""The fields each API object has in this version, read from the resource classes of the installed `stripe` package.

`shaped` fills every field of the version, null where unset, and refuses to build an object the version does not
know or that lacks a field it promises - so an upgrade of the package shows at once what changed.
"""

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.stripe_package import annotations, classes

CLASSES = {
    "account": ("_account.py", "Account"),
    "balance": ("_balance.py", "Balance"),
    "balance_transaction": ("_balance_transaction.py", "BalanceTransaction"),
    "billing_portal.configuration": ("billing_portal/_configuration.py", "Configuration"),
    "billing_portal.session": ("billing_portal/_session.py", "Session"),
    "charge": ("_charge.py", "Charge"),
    "checkout.session": ("checkout/_session.py", "Session"),
    "customer": ("_customer.py", "Customer"),
    "event": ("_event.py", "Event"),
    "invoice": ("_invoice.py", "Invoice"),
    "invoice_payment": ("_invoice_payment.py", "InvoicePayment"),
    "invoiceitem": ("_invoice_item.py", "InvoiceItem"),
    "item": ("_line_item.py", "LineItem"),
    "line_item": ("_invoice_line_item.py", "InvoiceLineItem"),
    "payment_intent": ("_payment_intent.py", "PaymentIntent"),
    "payment_method": ("_payment_method.py", "PaymentMethod"),
    "plan": ("_plan.py", "Plan"),
    "price": ("_price.py", "Price"),
    "product": ("_product.py", "Product"),
    "refund": ("_refund.py", "Refund"),
    "setup_intent": ("_setup_intent.py", "SetupIntent"),
    "dispute": ("_dispute.py", "Dispute"),
    "subscription": ("_subscription.py", "Subscription"),
    "subscription_item": ("_subscription_item.py", "SubscriptionItem"),
    "webhook_endpoint": ("_webhook_endpoint.py", "WebhookEndpoint"),
}

# Present only when asked for with `expand`, or only in special cases; never sent as null.
LEFT_OUT = {
    "account": {"company", "controller", "deleted", "external_accounts", "groups", "individual", "requirements"},
    "balance": {"connect_reserved", "instant_available", "issuing", "refund_and_dispute_prefunding"},
    "charge": {"refunds"},
    "checkout.session": {"line_items"},
    "customer": {"cash_balance", "deleted", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"},
    "event": {"account", "context"},
    "price": {"currency_options", "deleted", "tiers"},
    "product": {"deleted"},
    "invoice": {"confirmation_secret", "deleted", "payments"},
    "invoiceitem": {"deleted"},
    "plan": {"deleted", "tiers"},
    "subscription_item": {"deleted"},
    "webhook_endpoint": {"deleted", "secret"},
}
ALWAYS_IN_PAYMENT_METHOD = {"allow_redisplay", "customer", "customer_account", "metadata"}


@dataclass(frozen=True)
class ShapeField:
    optional: bool
    expandable: bool
    listed: bool
    nested: ast.ClassDef | None


def shape(kind: str) -> dict[str, ShapeField]:
    path, name = CLASSES[kind]
    return fields_of(classes(path)[name])


@cache
def fields_of(definition: ast.ClassDef) -> dict[str, ShapeField]:
    inner = {node.name: node for node in definition.body if isinstance(node, ast.ClassDef)}
    return {name: _field(annotation, inner) for name, annotation in annotations(definition).items()}


def _field(annotation: ast.expr, inner: dict[str, ast.ClassDef]) -> ShapeField:
    names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)]
    return ShapeField(
        optional=isinstance(annotation, ast.Subscript) and names[0] == "Optional",
        expandable="ExpandableField" in names,
        listed="ListObject" in names,
        nested=next((inner[name] for name in names if name in inner), None),
    )


def shaped(kind: str, /, **values: Any) -> dict[str, Any]:
    """Return a complete object of this kind. Raises ValueError for a field the version does not have or misses."""
    fields = shape(kind)
    values.setdefault("object", kind)
    if unknown := values.keys() - fields.keys():
        raise ValueError(f"{kind} has no {', '.join(sorted(unknown))} in this API version")
    if missing := {name for name, field in fields.items() if not field.optional} - values.keys():
        raise ValueError(f"{kind} needs {', '.join(sorted(missing))} in this API version")
    empty = {name: None for name in fields if name not in values and not _left_out(kind, name)}
    return dict(sorted({**values, **empty}.items()))


def _left_out(kind: str, name: str) -> bool:
    if kind == "payment_method":
        return name not in ALWAYS_IN_PAYMENT_METHOD
    return name in LEFT_OUT.get(kind, ())
