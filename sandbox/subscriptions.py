"""A subscription's life: begun, renewed, behind with its payments, cancelled, ended. All inside `writing()`."""

from typing import Any

from sandbox import invoices
from sandbox.events import record
from sandbox.lists import whole_list
from sandbox.models import Resource, Timer
from sandbox.periods import next_end
from sandbox.records import Body, at, find, keep, new_key, now, save
from sandbox.shapes import shaped

DAY_SECONDS = 24 * 60 * 60
# After a failed renewal it is tried again after so many days, three times; then the subscription ends, on day 21.
# Stripe's own pauses are chosen case by case: https://docs.stripe.com/billing/revenue-recovery/smart-retries
RETRY_DAYS = (5, 7, 9)


def begin(customer: str, ordered: list[tuple[Body, int]], given: Body) -> Resource:
    """Make a subscription to prices in quantities. It is incomplete until `activate`; its first period runs already."""
    key, start = new_key("subscription"), now()
    end = next_end(start, ordered[0][0]["recurring"], start)
    items = [_item(key, price, quantity, start, end) for price, quantity in ordered]
    subscription = keep(_subscription(key, customer, items, given, start))
    at(end, "end_period", key)
    record("customer.subscription.created", subscription.body)
    return subscription


def _item(subscription: str, price: Body, quantity: int, start: int, end: int) -> Body:
    return shaped(
        "subscription_item",
        id=new_key("subscription_item"),
        created=start,
        current_period_end=end,
        current_period_start=start,
        discounts=[],
        metadata={},
        plan=_plan(price),
        price=price,
        quantity=quantity,
        subscription=subscription,
        tax_rates=[],
    )


def _plan(price: Body) -> Body:
    """The price in its old form, which subscription items still carry: https://docs.stripe.com/api/plans"""
    same = ("active", "billing_scheme", "created", "currency", "id", "livemode", "metadata", "nickname", "product")
    recurring = ("interval", "interval_count", "meter", "trial_period_days", "usage_type")
    return shaped(
        "plan",
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        **{name: price[name] for name in same},
        **{name: price["recurring"][name] for name in recurring},
    )


def _subscription(key: str, customer: str, items: list[Body], given: Body, start: int) -> Body:
    return shaped(
        "subscription",
        id=key,
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
        billing_cycle_anchor=start,
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": start},
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details=dict.fromkeys(("comment", "feedback", "feedback_option", "reason")),
        collection_method="charge_automatically",
        created=start,
        currency=items[0]["price"]["currency"],
        customer=customer,
        default_payment_method=given.get("default_payment_method"),
        default_tax_rates=[],
        description=given.get("description"),
        discounts=[],
        invoice_settings={
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self", "account": None},
        },
        items=whole_list(items, f"/v1/subscription_items?subscription={key}"),
        livemode=False,
        metadata=given.get("metadata", {}),
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        start_date=start,
        status="incomplete",
        trial_settings={"end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": "create_invoice"}},
    )


def first_invoice(subscription: Resource, intent: Resource | None = None) -> Resource:
    """Draw up the invoice of the first period. `intent` is the payment intent Checkout has tried already."""
    invoice = invoices.draw_up(subscription.body, reason="subscription_create", period=(now(), now()), intent=intent)
    subscription.body["latest_invoice"] = invoice.key
    save(subscription)
    return invoice


def set_status(subscription: Resource, status: str) -> None:
    """Does nothing when that is the status already."""
    if subscription.body["status"] != status:
        change(subscription, status=status)


def change(subscription: Resource, **changes: Any) -> None:
    """Change fields, and tell what they were before."""
    before = {name: subscription.body[name] for name in changes if subscription.body[name] != changes[name]}
    subscription.body.update(changes)
    save(subscription)
    if before:
        record("customer.subscription.updated", subscription.body, before=before)


def period_of(body: Body) -> tuple[int, int]:
    """Start and end of the present period, which all items share here."""
    item = body["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def planned_end(body: Body, *, at_period_end: bool) -> Body:
    """The changes that plan an end with the present period, or take a planned end back. By this way of the API
    `cancel_at_period_end` is true; the portal's sets only `cancel_at`."""
    return {
        "cancel_at": period_of(body)[1] if at_period_end else None,
        "cancel_at_period_end": at_period_end,
        "canceled_at": now() if at_period_end else None,
        "cancellation_details": {
            **body["cancellation_details"],
            "reason": "cancellation_requested" if at_period_end else None,
        },
    }


def end_period(key: str) -> None:
    """The present period is over: the subscription ends if that was wanted, else the next period begins and is paid
    with the saved card, or not."""
    subscription = find("subscription", key)
    if subscription.body["status"] == "canceled":
        return
    if subscription.body["cancel_at_period_end"] or subscription.body["cancel_at"]:
        finish(subscription, "cancellation_requested")
        return
    behind = period_of(subscription.body)
    _begin_next_period(subscription)
    invoice = invoices.draw_up(subscription.body, reason="subscription_cycle", period=behind)
    subscription.body["latest_invoice"] = invoice.key
    save(subscription)
    _collect(subscription, invoice)


def _begin_next_period(subscription: Resource) -> None:
    body = subscription.body
    start = period_of(body)[1]
    items = [dict(item) for item in body["items"]["data"]]
    end = next_end(body["billing_cycle_anchor"], items[0]["price"]["recurring"], start)
    for item in items:
        item.update(current_period_start=start, current_period_end=end)
    at(end, "end_period", subscription.key)
    change(subscription, items={**body["items"], "data": items})


def collect_again(key: str) -> None:
    """Try once more to collect an open invoice; the last failure ends the subscription."""
    invoice = find("invoice", key)
    subscription = find("subscription", subscription_of(invoice.body))
    if invoice.body["status"] == "open" and subscription.body["status"] != "canceled":
        _collect(subscription, invoice)


def subscription_of(invoice: Body) -> str:
    """The id of the subscription it bills; "" for an invoice made by hand."""
    return str(invoice["parent"]["subscription_details"]["subscription"]) if invoice["parent"] else ""


def _collect(subscription: Resource, invoice: Resource) -> None:
    refusal = invoices.collect(invoice, method_of(subscription.body))
    if not refusal:
        set_status(subscription, "active")
        return
    again = _next_attempt(invoice)
    invoices.note_failure(invoice, refusal, again)
    if again is None:
        finish(subscription, "payment_failed")
    else:
        at(again, "collect_again", invoice.key)
        set_status(subscription, "past_due")


def _next_attempt(invoice: Resource) -> int | None:
    """Attempts that somebody asked for do not count against the plan."""
    made = int(invoice.body["attempt_count"]) - int(invoice.inner.get("asked", 0))
    return now() + RETRY_DAYS[made - 1] * DAY_SECONDS if made <= len(RETRY_DAYS) else None


def pay_now(invoice: Resource, chosen: Resource | None = None) -> str:
    """The buyer or the shop asks to collect an open invoice now, beside the planned attempts. Returns "" when paid,
    else the decline code."""
    key = subscription_of(invoice.body)
    subscription = find("subscription", key) if key else None
    saved = method_of(subscription.body) if subscription else default_method(invoice.body["customer"])
    refusal = invoices.collect(invoice, chosen or saved)
    if refusal:
        invoice.inner["asked"] = invoice.inner.get("asked", 0) + 1
        invoices.note_failure(invoice, refusal, invoice.body["next_payment_attempt"])
    elif subscription and subscription.body["status"] == "past_due":
        set_status(subscription, "active")
    return refusal


def method_of(subscription: Body) -> Resource | None:
    """The card it is paid with: its own, else the customer's default one; None when neither is still attached.
    https://docs.stripe.com/api/subscriptions/object#subscription_object-default_payment_method"""
    customer = subscription["customer"]
    return _attached(subscription["default_payment_method"], customer) or default_method(customer)


def default_method(customer: str) -> Resource | None:
    """https://docs.stripe.com/api/customers/object#customer_object-invoice_settings-default_payment_method"""
    settings = find("customer", customer).body.get("invoice_settings") or {}
    return _attached(settings.get("default_payment_method"), customer)


def _attached(key: str | None, customer: str) -> Resource | None:
    return Resource.objects.filter(kind="payment_method", key=key or "", customer=customer).first()


def finish(subscription: Resource, reason: str) -> None:
    """End it now and for good. Does nothing the second time."""
    if subscription.body["status"] == "canceled":
        return
    details = {**subscription.body["cancellation_details"], "reason": reason}
    subscription.body.update(
        canceled_at=subscription.body["canceled_at"] or now(),
        cancellation_details=details,
        ended_at=now(),
        status="canceled",
    )
    save(subscription)
    Timer.objects.filter(verb="end_period", subject=subscription.key).delete()
    invoices.stop_collecting(subscription.key)
    record("customer.subscription.deleted", subscription.body)


def finish_all_of(customer: str) -> None:
    """The customer is deleted: https://docs.stripe.com/api/customers/delete cancels its subscriptions at once."""
    for subscription in Resource.objects.filter(kind="subscription", customer=customer):
        finish(subscription, "cancellation_requested")
