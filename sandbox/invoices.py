"""Invoices: drawn up, finalized, collected from a card. No network; all inside `writing()`.

An invoice no longer names its payment: https://docs.stripe.com/changelog/basil/2025-03-31/add-support-for-multiple-partial-payments-on-invoices
"""

from typing import Any

from django.conf import settings

from sandbox import payments
from sandbox.events import record
from sandbox.invoice_lines import line_of_subscription
from sandbox.lists import whole_list
from sandbox.models import Resource
from sandbox.payment_methods import needs_bank, refusal_of
from sandbox.records import Body, find, keep, new_key, now, save
from sandbox.shapes import shaped

PURPOSE = {"subscription_create": "Subscription creation", "subscription_cycle": "Subscription update"}


def draw_up(subscription: Body, *, reason: str, period: tuple[int, int], intent: Resource | None = None) -> Resource:
    """Make and finalize the invoice of the subscription's present period: it is open and waits to be collected.
    `period` is what lies behind, `intent` a payment intent that exists already. Stripe leaves a renewal's invoice a
    draft for about an hour first; here it is finalized at once."""
    key = new_key("invoice")
    lines = [line_of_subscription(item, key, subscription) for item in subscription["items"]["data"]]
    parent = _parent(subscription)
    customer = find("customer", subscription["customer"]).body
    invoice = draft(key, customer, lines, billing_reason=reason, parent=parent, period=period)
    finalize(invoice, intent)
    return invoice


def draft(key: str, customer: Body, lines: list[Body], *, period: tuple[int, int], **facts: Any) -> Resource:
    """Make an invoice over these lines, which share a currency. It can still be changed, and cannot be paid yet."""
    total = sum(line["amount"] for line in lines)
    facts = {"auto_advance": True, "metadata": {}, **facts}
    body = shaped(
        "invoice",
        id=key,
        account_country="US",
        account_name=settings.MERCHANT,
        attempt_count=0,
        attempted=False,
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None},
        collection_method="charge_automatically",
        created=now(),
        currency=lines[0]["currency"],
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self", "account": None},
        lines=whole_list(lines, f"/v1/invoices/{key}/lines"),
        livemode=False,
        payment_settings={"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        period_end=period[1],
        period_start=period[0],
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        total_discount_amounts=[],
        total_pretax_credit_amounts=[],
        total_taxes=[],
        **_amounts(total),
        **facts,
    )
    invoice = keep(body)
    record("invoice.created", body)
    return invoice


def _amounts(total: int) -> Body:
    untouched = ("amount_overpaid", "amount_paid", "amount_shipping", "starting_balance")
    notes = ("post_payment_credit_notes_amount", "pre_payment_credit_notes_amount")
    owed = ("amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")
    return {**dict.fromkeys(untouched + notes, 0), **dict.fromkeys(owed, total)}


def _parent(subscription: Body) -> Body:
    """https://docs.stripe.com/api/invoices/object#invoice_object-parent: the metadata are those of this moment."""
    details = {
        "metadata": subscription["metadata"],
        "subscription": subscription["id"],
        "subscription_proration_date": None,
    }
    return {"type": "subscription_details", "subscription_details": details, "quote_details": None}


def _intent(invoice: Body) -> Resource:
    return payments.open_intent(
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        given={
            "description": PURPOSE.get(invoice["billing_reason"], invoice["description"]),
            "setup_future_usage": "off_session" if invoice["parent"] else None,
        },
    )


def finalize(invoice: Resource, intent: Resource | None = None) -> None:
    """Give a draft its number and its payment intent, a new one unless there is one already: now it can be paid."""
    intent = intent or _intent(invoice.body)
    invoice.body.update(
        effective_at=now(),
        ending_balance=0,
        hosted_invoice_url=f"{settings.SITE}/invoices/{invoice.key}",
        number=_next_number(invoice.body["customer"]),
        status="open",
    )
    invoice.body["status_transitions"]["finalized_at"] = now()
    save(invoice)
    keep(_payment(invoice.body, intent.key))
    record("invoice.finalized", invoice.body)


def _next_number(customer_key: str) -> str:
    customer = find("customer", customer_key)
    number = customer.body["next_invoice_sequence"]
    customer.body["next_invoice_sequence"] = number + 1
    save(customer)
    return f"{customer.body['invoice_prefix']}-{number:04}"


def _payment(invoice: Body, intent: str) -> Body:
    """https://docs.stripe.com/api/invoice-payment/object"""
    return shaped(
        "invoice_payment",
        id=new_key("invoice_payment"),
        amount_requested=invoice["amount_due"],
        created=now(),
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        livemode=False,
        payment={"type": "payment_intent", "payment_intent": intent},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )


def payment_of(invoice: str) -> Resource:
    return Resource.objects.get(kind="invoice_payment", body__invoice=invoice)


def payments_of(invoice: Body) -> Body:
    """The list that `expand=payments` asks for."""
    rows = Resource.objects.filter(kind="invoice_payment", body__invoice=invoice["id"]).order_by("-number")
    return whole_list([row.body for row in rows], f"/v1/invoice_payments?invoice={invoice['id']}")


def intent_of(invoice: str) -> Resource:
    return find("payment_intent", payment_of(invoice).body["payment"]["payment_intent"])


def collect(invoice: Resource, method: Resource | None, *, secure: bool = False) -> str:
    """Charge the invoice to a payment method, without the buyer unless `secure` says the bank has just recognised
    him. Returns the decline code, `no_payment_method`, or "" when it is paid."""
    invoice.body.update(attempted=True, attempt_count=invoice.body["attempt_count"] + 1)
    if method is None:
        return "no_payment_method"
    intent = intent_of(invoice.key)
    refusal = "authentication_required" if needs_bank(method) and not secure else refusal_of(method)
    if refusal:
        payments.decline(intent, method.body, refusal)
        return refusal
    payments.succeed(intent, method.body, secure=secure)
    _settle(invoice)
    return ""


def _settle(invoice: Resource) -> None:
    invoice.body.update(
        amount_paid=invoice.body["amount_due"],
        amount_remaining=0,
        auto_advance=False,
        next_payment_attempt=None,
        status="paid",
    )
    invoice.body["status_transitions"]["paid_at"] = now()
    save(invoice)
    payment = payment_of(invoice.key)
    payment.body.update(status="paid", amount_paid=invoice.body["amount_due"])
    payment.body["status_transitions"]["paid_at"] = now()
    save(payment)
    record("invoice.paid", invoice.body)
    record("invoice.payment_succeeded", invoice.body)


def note_failure(invoice: Resource, refusal: str, next_attempt: int | None) -> None:
    """Remember that collecting failed, and when it is tried again; None means never."""
    invoice.body.update(next_payment_attempt=next_attempt, auto_advance=next_attempt is not None)
    save(invoice)
    record("invoice.payment_failed", invoice.body)
    if refusal == "authentication_required":
        record("invoice.payment_action_required", invoice.body)


def stop_collecting(subscription: str) -> None:
    """The subscription has ended: its open invoices stay open, and nobody tries to collect them any more."""
    for invoice in of_subscription(subscription, status="open"):
        invoice.body.update(auto_advance=False, next_payment_attempt=None)
        save(invoice)


def of_subscription(subscription: str, **facts: Any) -> list[Resource]:
    """Its invoices, newest first, narrowed to those whose fields have the given values."""
    wanted = {f"body__{name}": value for name, value in facts.items()}
    wanted["body__parent__subscription_details__subscription"] = subscription
    return list(Resource.objects.filter(kind="invoice", **wanted).order_by("-number"))
