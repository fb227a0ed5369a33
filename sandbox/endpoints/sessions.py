"""/v1/checkout/sessions: https://docs.stripe.com/api/checkout/sessions"""

from django.conf import settings

from sandbox.calls import Call
from sandbox.checkout import expire as expire_session
from sandbox.endpoints.session_rules import check_session, priced
from sandbox.errors import invalid_request
from sandbox.lists import listed, whole_list
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.money import SMALLEST, spoken
from sandbox.records import Body, find, keep, later, load, new_key, now
from sandbox.shapes import shaped

LIFETIME_SECONDS = 24 * 60 * 60

# Stored as given and shown again under the same name.
ECHOED = {
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "integration_identifier",
    "locale",
    "origin_context",
    "submit_type",
    "success_url",
}
SERVED = ECHOED | {
    "adaptive_pricing",
    "automatic_tax",
    "branding_settings",
    "custom_text",
    "customer_creation",
    "expires_at",
    "invoice_creation",
    "line_items",
    "metadata",
    "mode",
    "payment_intent_data",
    "phone_number_collection",
    "ui_mode",
}


def create(call: Call) -> Body:
    call.only(SERVED)
    check_session(call.params)
    items = [_line_item(item, number) for number, item in enumerate(call.params["line_items"])]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid_request("All prices on a Checkout Session must use the same currency.", param="line_items")
    currency = currencies.pop()
    total = sum(item["amount_total"] for item in items)
    _check_total(total, currency)
    body = _session(call.params, items, total, currency)
    inner = {
        "line_items": items,
        "payment_intent_data": _intent_data(call.params.get("payment_intent_data", {})),
        "merchant": (call.params.get("branding_settings") or {}).get("display_name"),
    }
    keep(body, inner)
    later(body["expires_at"] - now(), "expire", body["id"])
    return body


def _line_item(given: Body, number: int) -> Body:
    price, product = priced(given, number)
    amount = price["unit_amount"] * given["quantity"]
    return shaped(
        "item",
        id=new_key("item"),
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency=price["currency"],
        description=product["name"],
        metadata=merged({}, given.get("metadata", {})),
        price=price,
        quantity=given["quantity"],
    )


def _check_total(total: int, currency: str) -> None:
    """https://docs.stripe.com/payments/checkout/no-cost-orders allows 0; else the currency's smallest charge holds."""
    if 0 < total < SMALLEST[currency]:
        least = spoken(SMALLEST[currency], currency)
        message = f"The Checkout Session's total amount due must add up to at least {least} {currency}"
        raise invalid_request(message, code="amount_too_small")


def _intent_data(given: Body) -> Body:
    return {**given, "metadata": merged({}, given.get("metadata", {}), "payment_intent_data[metadata]")}


def _session(given: Body, items: list[Body], total: int, currency: str) -> Body:
    key = new_key("checkout.session")
    guest = "customer" not in given
    return shaped(
        "checkout.session",
        id=key,
        adaptive_pricing={"enabled": given.get("adaptive_pricing", {}).get("enabled", False)},
        amount_subtotal=total,
        amount_total=total,
        branding_settings=_branding(given.get("branding_settings") or {}),
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        created=now(),
        currency=currency,
        custom_fields=[],
        custom_text=_custom_text(given.get("custom_text", {})),
        customer_creation=given.get("customer_creation", "if_required") if guest else None,
        customer_details=_known_customer(given),
        expires_at=given.get("expires_at", now() + LIFETIME_SECONDS),
        invoice_creation=_invoice_creation(),
        livemode=False,
        metadata=merged({}, given.get("metadata", {})),
        mode=given["mode"],
        payment_method_collection="if_required",
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=_offered_methods(given),
        payment_status="unpaid" if total else "no_payment_required",
        phone_number_collection={"enabled": False},
        saved_payment_method_options=None
        if guest
        else {"allow_redisplay_filters": ["always"], "payment_method_remove": "disabled", "payment_method_save": None},
        shipping_options=[],
        status="open",
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode="hosted_page",
        url=f"{settings.SITE}/c/pay/{key}",
        **{name: given.get(name) for name in ECHOED},
    )


def _offered_methods(given: Body) -> list[str]:
    served = ["card", "us_bank_account"] if given.get("mode") == "payment" else ["card"]
    allowed = given.get("allowed_payment_method_types")
    return served if allowed is None else [method for method in served if method in allowed]


def _custom_text(given: Body) -> Body:
    return {
        name: given.get(name) for name in ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    }


def _branding(given: Body) -> Body:
    plain = {
        "background_color": "#ffffff",
        "border_style": "rounded",
        "button_color": "#0074d4",
        "font_family": "default",
    }
    chosen = {name: value for name, value in given.items() if name in plain and value}
    return {
        **plain,
        **chosen,
        "display_name": given.get("display_name") or settings.MERCHANT,
        "icon": None,
        "logo": None,
    }


def _invoice_creation() -> Body:
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    return {"enabled": False, "invoice_data": {**dict.fromkeys(names), "metadata": {}}}


def _known_customer(given: Body) -> Body | None:
    email = given.get("customer_email")
    if key := given.get("customer"):
        email = find("customer", key, param="customer", status=400).body["email"]
    if email is None:
        return None
    unset = dict.fromkeys(("address", "business_name", "individual_name", "name", "phone", "tax_ids"))
    return {**unset, "email": email, "tax_exempt": "none"}


def retrieve(call: Call) -> Body:
    return load("checkout.session", call.key)


def list_sessions(call: Call) -> Body:
    call.only(
        {
            "created",
            "customer",
            "customer_details",
            "ending_before",
            "limit",
            "payment_intent",
            "starting_after",
            "status",
        }
    )
    return listed("checkout.session", "/v1/checkout/sessions", call.params)


def expire(call: Call) -> Body:
    """Only an open session can be expired; https://docs.stripe.com/api/checkout/sessions/expire"""
    session = find("checkout.session", call.key)
    if session.body["status"] != "open":
        raise invalid_request(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session.body['status']}`."
        )
    expire_session(session)
    return session.body


def line_items(call: Call) -> Body:
    session = find("checkout.session", call.key)
    page = line_items_of(session)
    limit = call.params.get("limit", 10)
    page["data"], page["has_more"] = page["data"][:limit], len(page["data"]) > limit
    return page


def line_items_of(session: Resource) -> Body:
    items: list[Body] = session.inner["line_items"]
    return whole_list(items, f"/v1/checkout/sessions/{session.key}/line_items")


def included_line_items(body: Body) -> Body:
    return line_items_of(find("checkout.session", body["id"]))
