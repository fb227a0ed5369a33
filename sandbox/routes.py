"""Every address of the API the sandbox serves, with the parameters it takes and the endpoint that answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox import client_side
from sandbox.calls import Call
from sandbox.endpoints import (
    card_tokens,
    catalog,
    customers,
    disputes,
    happenings,
    intents,
    invoices,
    merchant,
    payment_pages,
    payments,
    portal,
    sessions,
    setups,
    subscriptions,
    webhook_endpoints,
)
from sandbox.errors import unknown_url
from sandbox.expansion import Included
from sandbox.invoices import payments_of
from sandbox.records import Body
from sandbox.schema import Field


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    parameters: "str | dict[str, Field]"
    answer: Callable[[Call], Body]


def _route(method: str, path: str, parameters: "str | dict[str, Field]", answer: Callable[[Call], Body]) -> Route:
    return Route(method, re.compile(path.replace("*", r"([A-Za-z0-9_-]{1,200})")), parameters, answer)


PORTAL = "billing_portal/"

ROUTES = [
    _route("GET", "account", "account_retrieve_current", merchant.retrieve),
    _route("GET", "balance", "balance_retrieve", payments.retrieve_balance),
    _route("GET", "balance_transactions", "balance_transaction_list", payments.list_balance_transactions),
    _route("GET", "balance_transactions/*", "balance_transaction_retrieve", payments.retrieve_balance_transaction),
    _route("POST", "billing_portal/configurations", PORTAL + "configuration_create", portal.create_configuration),
    _route("GET", "billing_portal/configurations", PORTAL + "configuration_list", portal.list_configurations),
    _route("GET", "billing_portal/configurations/*", PORTAL + "configuration_retrieve", portal.retrieve_configuration),
    _route("POST", "billing_portal/sessions", PORTAL + "session_create", portal.create_session),
    _route("GET", "charges", "charge_list", payments.list_charges),
    _route("GET", "charges/*", "charge_retrieve", payments.retrieve_charge),
    _route("POST", "checkout/sessions", "checkout/session_create", sessions.create),
    _route("GET", "checkout/sessions", "checkout/session_list", sessions.list_sessions),
    _route("GET", "checkout/sessions/*", "checkout/session_retrieve", sessions.retrieve),
    _route("POST", "checkout/sessions/*/expire", "checkout/session_expire", sessions.expire),
    _route("GET", "checkout/sessions/*/line_items", "checkout/session_line_item_list", sessions.line_items),
    _route("POST", "customers", "customer_create", customers.create),
    _route("GET", "customers", "customer_list", customers.list_customers),
    _route("GET", "customers/*", "customer_retrieve", customers.retrieve),
    _route("POST", "customers/*", "customer_update", customers.update),
    _route("DELETE", "customers/*", "customer_delete", customers.delete),
    _route("GET", "customers/*/payment_methods", "customer_payment_method_list", customers.methods_of_customer),
    _route("GET", "customers/*/payment_methods/*", "customer_payment_method_retrieve", customers.method_of_customer),
    _route("GET", "disputes", "dispute_list", disputes.list_disputes),
    _route("GET", "disputes/*", "dispute_retrieve", disputes.retrieve),
    _route("POST", "disputes/*", "dispute_update", disputes.update),
    _route("POST", "disputes/*/close", "dispute_close", disputes.close),
    _route("GET", "events", "event_list", happenings.list_events),
    _route("GET", "events/*", "event_retrieve", happenings.retrieve),
    _route("POST", "payment_intents", "payment_intent_create", intents.create),
    _route("GET", "invoice_payments", "invoice_payment_list", invoices.list_payments),
    _route("GET", "invoice_payments/*", "invoice_payment_retrieve", invoices.retrieve_payment),
    _route("POST", "invoiceitems", "invoice_item_create", invoices.create_item),
    _route("POST", "invoices", "invoice_create", invoices.create),
    _route("GET", "invoices", "invoice_list", invoices.list_invoices),
    _route("GET", "invoices/*", "invoice_retrieve", invoices.retrieve),
    _route("POST", "invoices/*/finalize", "invoice_finalize_invoice", invoices.finalize),
    _route("POST", "invoices/*/pay", "invoice_pay", invoices.pay),
    _route("GET", "payment_intents", "payment_intent_list", intents.list_intents),
    _route("GET", "payment_intents/*", "payment_intent_retrieve", intents.retrieve),
    _route("POST", "payment_intents/*", "payment_intent_update", intents.update),
    _route("POST", "payment_intents/*/confirm", "payment_intent_confirm", intents.confirm),
    _route("POST", "payment_intents/*/cancel", "payment_intent_cancel", intents.cancel),
    _route("POST", "payment_methods", "payment_method_create", card_tokens.create_method),
    _route("GET", "payment_methods", "payment_method_list", customers.list_methods),
    _route("GET", "payment_pages/*", {}, payment_pages.retrieve),
    _route("POST", "payment_pages/*/confirm", payment_pages.CONFIRMED_WITH, payment_pages.confirm),
    _route("GET", "payment_methods/*", "payment_method_retrieve", customers.retrieve_method),
    _route("POST", "payment_methods/*/attach", "payment_method_attach", customers.attach_method),
    _route("POST", "payment_methods/*/detach", "payment_method_detach", customers.detach_method),
    _route("POST", "prices", "price_create", catalog.create_price),
    _route("GET", "prices", "price_list", catalog.list_prices),
    _route("GET", "prices/*", "price_retrieve", catalog.retrieve_price),
    _route("POST", "prices/*", "price_update", catalog.update_price),
    _route("POST", "products", "product_create", catalog.create_product),
    _route("GET", "products", "product_list", catalog.list_products),
    _route("GET", "products/*", "product_retrieve", catalog.retrieve_product),
    _route("POST", "products/*", "product_update", catalog.update_product),
    _route("POST", "refunds", "refund_create", payments.create_refund),
    _route("GET", "refunds", "refund_list", payments.list_refunds),
    _route("GET", "refunds/*", "refund_retrieve", payments.retrieve_refund),
    _route("POST", "subscriptions", "subscription_create", subscriptions.create),
    _route("GET", "subscriptions", "subscription_list", subscriptions.list_subscriptions),
    _route("GET", "subscriptions/*", "subscription_retrieve", subscriptions.retrieve),
    _route("POST", "subscriptions/*", "subscription_update", subscriptions.update),
    _route("DELETE", "subscriptions/*", "subscription_cancel", subscriptions.cancel),
    _route("POST", "webhook_endpoints", "webhook_endpoint_create", webhook_endpoints.create),
    _route("GET", "webhook_endpoints", "webhook_endpoint_list", webhook_endpoints.list_endpoints),
    _route("GET", "webhook_endpoints/*", "webhook_endpoint_retrieve", webhook_endpoints.retrieve),
    _route("POST", "webhook_endpoints/*", "webhook_endpoint_update", webhook_endpoints.update),
    _route("DELETE", "webhook_endpoints/*", "webhook_endpoint_delete", webhook_endpoints.delete),
    _route("POST", "setup_intents", "setup_intent_create", setups.create),
    _route("GET", "setup_intents", "setup_intent_list", setups.list_setups),
    _route("GET", "setup_intents/*", "setup_intent_retrieve", setups.retrieve),
    _route("POST", "setup_intents/*/confirm", "setup_intent_confirm", setups.confirm),
    _route("POST", "setup_intents/*/cancel", "setup_intent_cancel", setups.cancel),
]

# What a browser may ask with the publishable key and a client secret.
CLIENT_ROUTES = [
    _route("GET", "payment_intents/*", client_side.RETRIEVED_WITH, client_side.retrieve_payment),
    _route("POST", "payment_intents/*/confirm", client_side.CONFIRMED_WITH, client_side.confirm_payment),
    _route("GET", "setup_intents/*", client_side.RETRIEVED_WITH, client_side.retrieve_setup),
    _route("POST", "setup_intents/*/confirm", client_side.CONFIRMED_WITH, client_side.confirm_setup),
]

# Lists an object leaves out unless expanded.
INCLUDED: Included = {
    ("checkout.session", "line_items"): sessions.included_line_items,
    ("charge", "refunds"): payments.included_refunds,
    ("customer", "subscriptions"): subscriptions.included_subscriptions,
    ("invoice", "payments"): payments_of,
}


def route_to(method: str, path: str, *, client: bool = False) -> tuple[Route, tuple[str, ...]]:
    """Return the route and the identifiers in the address. Raises ApiError (404) if nothing is served there; to a
    browser (`client`) that is nearly everything."""
    for route in CLIENT_ROUTES if client else ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groups()
    raise unknown_url(method, f"/v1/{path}")
