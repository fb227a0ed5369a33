"""Every address of the API the sandbox serves, with the parameters it takes and the endpoint that answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.calls import Call
from sandbox.endpoints import catalog, customers, happenings, payments, sessions
from sandbox.errors import unknown_url
from sandbox.expansion import Included
from sandbox.records import Body


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    parameters: str
    answer: Callable[[Call], Body]


def _route(method: str, path: str, parameters: str, answer: Callable[[Call], Body]) -> Route:
    return Route(method, re.compile(path.replace("*", r"([A-Za-z0-9_-]{1,200})")), parameters, answer)


ROUTES = [
    _route("GET", "balance", "balance_retrieve", payments.retrieve_balance),
    _route("GET", "balance_transactions", "balance_transaction_list", payments.list_balance_transactions),
    _route("GET", "balance_transactions/*", "balance_transaction_retrieve", payments.retrieve_balance_transaction),
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
    _route("GET", "events", "event_list", happenings.list_events),
    _route("GET", "events/*", "event_retrieve", happenings.retrieve),
    _route("GET", "payment_intents", "payment_intent_list", payments.list_intents),
    _route("GET", "payment_intents/*", "payment_intent_retrieve", payments.retrieve_intent),
    _route("GET", "payment_methods", "payment_method_list", customers.list_methods),
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
]

# Lists an object leaves out unless expanded.
INCLUDED: Included = {
    ("checkout.session", "line_items"): sessions.included_line_items,
    ("charge", "refunds"): payments.included_refunds,
}


def route_to(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route and the identifiers in the address. Raises ApiError (404) if nothing is served there."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groups()
    raise unknown_url(method, f"/v1/{path}")
