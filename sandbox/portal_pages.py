"""The billing portal and the hosted invoice. The sandbox's own pages, in the manner of Stripe's; no JavaScript."""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sandbox import portal
from sandbox.cards import KNOWN
from sandbox.checkout_form import CardForm, sample
from sandbox.invoices import intent_of
from sandbox.models import Resource
from sandbox.money import spoken
from sandbox.records import Body, find
from sandbox.subscribing import interval_spoken
from sandbox.subscriptions import period_of

CARDS = ["4242424242424242", "5555555555554444", "4000002500003155", "4000000000000341", "4000000000000002"]
STATES = {"active": "Active", "past_due": "Payment failed", "canceled": "Ended", "incomplete": "Not paid yet"}


def _with_session(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Find the portal session; an unknown address, or one of a deleted customer, is a 404 page."""

    def found(request: HttpRequest, key: str, **keys: str) -> HttpResponse:
        session = Resource.objects.filter(kind="billing_portal.session", key=key).first()
        customer = session and Resource.objects.filter(key=session.body["customer"]).first()
        if session is None or customer is None or customer.body.get("deleted"):
            return render(request, "sandbox/not_found.html", {"what": "billing portal"}, status=404)
        return view(request, session, **keys)

    return found


@require_safe
@_with_session
def overview(request: HttpRequest, session: Resource) -> HttpResponse:
    customer = find("customer", session.body["customer"]).body
    own = {"customer": customer["id"]}
    subscriptions = Resource.objects.filter(kind="subscription", **own).order_by("-number")
    invoices = Resource.objects.filter(kind="invoice", **own).order_by("-number")
    context = {
        **_frame(session),
        "email": customer["email"],
        "subscriptions": [subscription_row(row.body) for row in subscriptions],
        "card": portal.default_card(customer),
        "invoices": [_invoice_row(row.body) for row in invoices],
    }
    return render(request, "sandbox/portal.html", context)


def _frame(session: Resource) -> Body:
    return {"portal": session.key, "merchant": settings.MERCHANT, "back": session.body["return_url"]}


def subscription_row(body: Body) -> Body:
    """A subscription as people read it."""
    items = body["items"]["data"]
    names = [str(find("product", item["price"]["product"]).body["name"]) for item in items]
    total = sum(item["price"]["unit_amount"] * item["quantity"] for item in items)
    planned = body["cancel_at"] if body["status"] != "canceled" else None
    return {
        "id": body["id"],
        "name": ", ".join(names),
        "price": f"{spoken(total, body['currency'])} per {interval_spoken(items[0]['price']['recurring'])}",
        "status": body["status"],
        "state": STATES.get(body["status"], body["status"]),
        "ends": moment(planned) if planned else None,
        "renews": moment(period_of(body)[1]),
        "ended": moment(body["ended_at"]) if body["ended_at"] else None,
    }


def moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)


def _invoice_row(body: Body) -> Body:
    return {
        "id": body["id"],
        "number": body["number"],
        "at": moment(body["created"]),
        "amount": spoken(body["total"], body["currency"]),
        "status": body["status"],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@_with_session
def cancel(request: HttpRequest, session: Resource, subscription: str) -> HttpResponse:
    """Ask whether it is meant; the second step plans the end with the present period."""
    customer = session.body["customer"]
    found = Resource.objects.filter(kind="subscription", key=subscription, customer=customer).first()
    if found is None:
        return render(request, "sandbox/not_found.html", {"what": "subscription"}, status=404)
    if request.method != "POST":
        return render(
            request,
            "sandbox/portal_cancel.html",
            {**_frame(session), "subscription": subscription_row(found.body)},
        )
    if portal.plan_end(subscription, customer):
        messages.info(request, "Your subscription will end with the present period.")
    return redirect("portal", key=session.key)


@require_POST
@_with_session
def keep(request: HttpRequest, session: Resource, subscription: str) -> HttpResponse:
    if portal.take_back_end(subscription, session.body["customer"]):
        messages.info(request, "Your subscription goes on.")
    return redirect("portal", key=session.key)


@require_POST
@_with_session
def pay(request: HttpRequest, session: Resource, invoice: str) -> HttpResponse:
    messages.info(request, portal.pay_invoice(invoice, session.body["customer"]))
    return redirect("portal", key=session.key)


@require_http_methods(["GET", "HEAD", "POST"])
@_with_session
def card(request: HttpRequest, session: Resource) -> HttpResponse:
    """The form for another card; a test card's button fills it in."""
    email = find("customer", session.body["customer"]).body["email"]
    if number := request.POST.get("fill"):
        typed = {name: str(request.POST[name]) for name in ("email", "name") if name in request.POST}
        return _card_page(request, session, CardForm(initial=sample(number, typed), fixed_email=email))
    if request.method != "POST":
        return _card_page(request, session, CardForm(fixed_email=email))
    form = CardForm(request.POST, fixed_email=email)
    if not form.is_valid():
        return _card_page(request, session, form, status=422)
    outcome, sentence = portal.offer_card(session, form.payer(), form.printed())
    if outcome == "authenticate":
        return redirect("portal-authenticate", key=session.key)
    if outcome != "saved":
        form.declined(outcome, sentence)
        return _card_page(request, session, form, status=402)
    messages.info(request, "Your card is saved.")
    return redirect("portal", key=session.key)


def _card_page(request: HttpRequest, session: Resource, form: CardForm, status: int = 200) -> HttpResponse:
    context = {**_frame(session), "card_form": form, "test_cards": [KNOWN[number] for number in CARDS]}
    return render(request, "sandbox/portal_card.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@_with_session
def authenticate(request: HttpRequest, session: Resource) -> HttpResponse:
    """The bank's own page before it lets a card be saved."""
    if request.method == "POST":
        outcome, sentence = portal.answer_bank(session, recognised="complete" in request.POST)
        if outcome == "saved":
            messages.info(request, "Your card is saved.")
        elif sentence:
            messages.error(request, sentence)
        return redirect("portal", key=session.key)
    waiting = session.inner.get("authenticating")
    if not waiting:
        return redirect("portal", key=session.key)
    method = find("payment_method", str(waiting)).body
    return render(request, "sandbox/authenticate.html", {**_frame(session), "total": "", "card": method["card"]})


@require_safe
def invoice(request: HttpRequest, key: str) -> HttpResponse:
    """The page `hosted_invoice_url` of an invoice points to. Opened from its customer's portal, it leads back there."""
    found = Resource.objects.filter(kind="invoice", key=key).first()
    if found is None:
        return render(request, "sandbox/not_found.html", {"what": "invoice"}, status=404)
    body = found.body
    paid = body["status"] == "paid" and intent_of(key).body["latest_charge"]
    charge = Resource.objects.filter(key=paid or "").first()
    context = {
        **_invoice_row(body),
        "merchant": settings.MERCHANT,
        "portal": _portal_of(body["customer"], request.GET.get("portal", "")),
        "customer": body["customer_email"],
        "lines": [_line_row(line) for line in body["lines"]["data"]],
        "receipt": charge.body["receipt_url"] if charge else "",
    }
    return render(request, "sandbox/invoice.html", context)


def _portal_of(customer: str, key: str) -> str:
    """The key, if it is one of the customer's own portal sessions; else nothing."""
    found = Resource.objects.filter(kind="billing_portal.session", key=key, body__customer=customer)
    return key if found.exists() else ""


def _line_row(line: Body) -> Body:
    return {
        "name": line["description"],
        "amount": spoken(line["amount"], line["currency"]),
        "start": moment(line["period"]["start"]),
        "end": moment(line["period"]["end"]),
    }
