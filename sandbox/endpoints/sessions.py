"""/v1/checkout/sessions: https://docs.stripe.com/api/checkout/sessions"""

from django.conf import settings

from sandbox.calls import Call
from sandbox.checkout import expire as expire_session
from sandbox.clock import ahead
from sandbox.endpoints.session_rules import check_one_interval, check_session, check_subscription, priced
from sandbox.errors import invalid_request
from sandbox.lists import listed, whole_list
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.money import SMALLEST, check_currency, spoken
from sandbox.records import Body, find, keep, later, load, new_key, now
from sandbox.setups import open_setup
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
    "currency",
    "custom_text",
    "customer_creation",
    "expires_at",
    "invoice_creation",
    "line_items",
    "metadata",
    "mode",
    "payment_intent_data",
    "phone_number_collection",
    "setup_intent_data",
    "subscription_data",
    "ui_mode",
}


def create(call: Call) -> Body:
    call.only(SERVED)
    check_session(call.params)
    mode = call.params["mode"]
    if mode == "setup":
        return _kept(_setup_session(call.params), {})
    items = [_line_item(item, number, mode) for number, item in enumerate(call.params["line_items"])]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid_request("All prices on a Checkout Session must use the same currency.", param="line_items")
    currency = currencies.pop()
    total = sum(item["amount_total"] for item in items)
    _check_total(total, currency)
    if mode == "subscription":
        _check_subscription(call.params, items, total)
    body = _session(call.params, total, currency)
    inner = {
        "line_items": items,
        "payment_intent_data": _intent_data(call.params.get("payment_intent_data", {}), mode),
        "subscription_data": _with_metadata(call.params.get("subscription_data", {}), "subscription_data[metadata]"),
    }
    return _kept(body, inner)


def _kept(body: Body, inner: Body) -> Body:
    merchant = body["branding_settings"]["display_name"]
    keep(body, {"line_items": [], "payment_intent_data": {}, "merchant": merchant, **inner})
    later(body["expires_at"] - now(), "expire", body["id"])
    return body


def _setup_session(given: Body) -> Body:
    """Setup mode: nothing is sold. The setup intent exists from the start."""
    setup = open_setup(
        customer=given.get("customer"),
        given=_with_metadata(given.get("setup_intent_data", {}), "setup_intent_data[metadata]"),
    )
    currency = check_currency(given["currency"], "currency")
    return {**_session(given, None, currency), "setup_intent": setup.key}


def _check_subscription(given: Body, items: list[Body], total: int) -> None:
    check_subscription(given.get("subscription_data", {}))
    check_one_interval([item["price"] for item in items])
    if total == 0:
        raise invalid_request("This sandbox serves no free subscriptions.", param="line_items")


def _line_item(given: Body, number: int, mode: str) -> Body:
    price, product = priced(given, number, mode)
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


def _intent_data(given: Body, mode: str) -> Body:
    """In subscription mode the card is always saved, for the renewals."""
    saving = {"setup_future_usage": "off_session"} if mode == "subscription" else {}
    return _with_metadata({**given, **saving}, "payment_intent_data[metadata]")


def _with_metadata(given: Body, param: str) -> Body:
    return {**given, "metadata": merged({}, given.get("metadata", {}), param)}


def _session(given: Body, total: int | None, currency: str) -> Body:
    """`total` is None when nothing is sold."""
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
        customer_creation=_customer_creation(given) if guest else None,
        customer_details=_known_customer(given),
        expires_at=_expires_at(given.get("expires_at")),
        invoice_creation=_invoice_creation() if given["mode"] == "payment" else None,
        livemode=False,
        metadata=merged({}, given.get("metadata", {})),
        mode=given["mode"],
        payment_method_collection="always" if given["mode"] == "subscription" else "if_required",
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=_offered_methods(given),
        payment_status="unpaid" if total else "no_payment_required",
        phone_number_collection={"enabled": False},
        saved_payment_method_options=None
        if guest
        else {"allow_redisplay_filters": ["always"], "payment_method_remove": "disabled", "payment_method_save": None},
        shipping_options=[],
        status="open",
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if total is not None else None,
        ui_mode="hosted_page",
        url=f"{settings.SITE}/c/pay/{key}",
        **{name: given.get(name) for name in ECHOED},
    )


def _customer_creation(given: Body) -> str:
    return "always" if given["mode"] == "subscription" else str(given.get("customer_creation", "if_required"))


def _expires_at(given: int | None) -> int:
    """The caller counts from the machine's time; here it is as far off in the sandbox's own."""
    return now() + LIFETIME_SECONDS if given is None else given + round(ahead())


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
            "subscription",
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
