"""The hosted payment page. The sandbox's own, in the manner of Stripe Checkout; works without JavaScript."""

import datetime
import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from sandbox import checkout
from sandbox.cards import KNOWN, OFFERED
from sandbox.checkout_form import BankForm, CardForm, PayerForm, sample
from sandbox.errors import ApiError
from sandbox.events import behaviour
from sandbox.models import Attempt, Behaviour, Resource
from sandbox.money import spoken
from sandbox.page_guard import allow_form_to_leave
from sandbox.records import Body, find
from sandbox.subscribing import interval_spoken

RETURN_WAIT_SECONDS = 5.0


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, key: str) -> HttpResponse:
    """Show the session, or try to pay it. A second submit of a paid session goes where the first one went."""
    try:
        session = checkout.open_session(key)
    except ApiError:
        return render(request, "sandbox/not_found.html", {"what": "payment page"}, status=404)
    if request.method != "POST":
        return _page(request, session) if session.body["status"] == "open" else _closed_page(request, session)
    if session.body["status"] != "open":
        return _leave(session)
    return _attempt(request, session)


def _attempt(request: HttpRequest, session: Resource) -> HttpResponse:
    email = _fixed_email(session.body)
    typed = request.POST.dict()
    if number := typed.get("fill"):
        return _page(
            request, session, card_form=CardForm(initial=sample(str(number), _texts(typed)), fixed_email=email)
        )
    if "free" in typed:
        form = PayerForm(request.POST, fixed_email=email)
        return _free(request, session, form)
    if "bank" in typed and "us_bank_account" in session.body["payment_method_types"]:
        return _bank(request, session, BankForm(request.POST, prefix="bank", fixed_email=email))
    return _card(request, session, CardForm(request.POST, fixed_email=email))


def _texts(typed: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if isinstance(value, str)}


def _card(request: HttpRequest, session: Resource, form: CardForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, session, card_form=form, status=422)
    outcome = checkout.pay_by_card(session.key, form.payer(), form.printed())
    if outcome.kind == "authenticate":
        return redirect("authenticate", key=session.key)
    if outcome.kind == "declined":
        form.declined(outcome.code, outcome.message)
        return _page(request, session, card_form=form, status=402)
    return _leave(session, outcome.event)


def _bank(request: HttpRequest, session: Resource, form: BankForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, session, bank_form=form, status=422)
    settles, seconds = form.decided()
    outcome = checkout.pay_by_bank(session.key, form.payer(), settles=settles, seconds=seconds)
    return _leave(session, outcome.event)


def _free(request: HttpRequest, session: Resource, form: PayerForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, session, free_form=form, status=422)
    return _leave(session, checkout.confirm_free(session.key, form.payer()).event)


@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, key: str) -> HttpResponse:
    """The bank's own page in the middle of a payment: recognise the buyer, or not."""
    try:
        session = checkout.open_session(key)
    except ApiError:
        return render(request, "sandbox/not_found.html", {"what": "payment page"}, status=404)
    waiting = session.inner.get("authenticating")
    if request.method == "POST":
        outcome = checkout.authenticate(key, recognised="complete" in request.POST)
        if outcome.kind == "declined":
            messages.error(request, outcome.message)
            return redirect("pay", key=key)
        return _leave(checkout.open_session(key), outcome.event)
    if session.body["status"] != "open" or not isinstance(waiting, dict):
        return redirect("pay", key=key)
    method = find("payment_method", str(waiting["method"]))
    page = render(request, "sandbox/authenticate.html", {**_shown(session), "card": method.body["card"]})
    return allow_form_to_leave(page, session.body["success_url"])


def _page(
    request: HttpRequest,
    session: Resource,
    *,
    card_form: CardForm | None = None,
    bank_form: BankForm | None = None,
    free_form: PayerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    email = _fixed_email(session.body)
    forms: list[PayerForm | None] = [card_form, bank_form, free_form]
    context = {
        **_shown(session),
        "card_form": card_form or CardForm(fixed_email=email),
        "bank_form": bank_form or BankForm(prefix="bank", fixed_email=email),
        "free_form": free_form or PayerForm(fixed_email=email),
        "refused_form": next((form for form in forms if form is not None and form.errors), None),
        "bank_open": bank_form is not None,
        "test_cards": [KNOWN[number] for number in OFFERED],
        "more_cards": [card for number, card in KNOWN.items() if number not in OFFERED],
    }
    page = render(request, "sandbox/pay.html", context, status=status)
    return allow_form_to_leave(page, session.body["success_url"])


def _shown(session: Resource) -> Body:
    body, given = session.body, session.inner["payment_intent_data"]
    lines = [
        {
            "name": item["description"],
            "detail": (item["price"]["nickname"] or ""),
            "quantity": item["quantity"],
            "amount": spoken(item["amount_total"], item["currency"]),
        }
        for item in session.inner["line_items"]
    ]
    return {
        "session": body,
        "merchant": session.inner["merchant"] or settings.MERCHANT,
        "lines": lines,
        "total": "" if body["amount_total"] is None else spoken(body["amount_total"], body["currency"]),
        "only_saves": body["mode"] == "setup",
        "free": body["amount_total"] == 0,
        "takes_card": "card" in body["payment_method_types"],
        "takes_bank": "us_bank_account" in body["payment_method_types"],
        "saves_card": bool(given.get("setup_future_usage")),
        "every": _rhythm(session),
        "back": body["cancel_url"],
        "onward": _success_url(body),
    }


def _rhythm(session: Resource) -> str:
    """What follows "every" when the session begins a subscription, else ""."""
    if session.body["mode"] != "subscription":
        return ""
    return interval_spoken(session.inner["line_items"][0]["price"]["recurring"])


def _fixed_email(body: Body) -> str | None:
    if body["customer_email"]:
        return str(body["customer_email"])
    details = body["customer_details"]
    return str(details["email"]) if details and details["email"] else None


def _closed_page(request: HttpRequest, session: Resource) -> HttpResponse:
    intent = Resource.objects.filter(key=checkout.intent_key(session)).first()
    charge = Resource.objects.filter(key=(intent.body["latest_charge"] or "") if intent else "").first()
    context = {**_shown(session), "receipt": charge.body["receipt_url"] if charge else None}
    return render(request, "sandbox/closed.html", context)


def _success_url(body: Body) -> str:
    return str(body["success_url"]).replace("{CHECKOUT_SESSION_ID}", body["id"])


def _leave(session: Resource, event: str = "") -> HttpResponse:
    """Send the browser back to the shop - after the first delivery attempt, when the panel says so (at most 5 s)."""
    if session.body["status"] == "expired":
        return redirect("pay", key=session.key)
    if event and behaviour().return_order == Behaviour.ReturnOrder.WEBHOOK_FIRST:
        patience = time.monotonic() + RETURN_WAIT_SECONDS
        while time.monotonic() < patience and not Attempt.objects.filter(event=event).exists():
            time.sleep(0.05)
    return HttpResponseRedirect(_success_url(session.body))


@require_safe
def receipt(request: HttpRequest, key: str) -> HttpResponse:
    """The page `receipt_url` of a charge points to."""
    charge = Resource.objects.filter(kind="charge", key=key).first()
    if charge is None or charge.body["status"] == "failed":
        return render(request, "sandbox/not_found.html", {"what": "receipt"}, status=404)
    body = charge.body
    session = Resource.objects.filter(kind="checkout.session", payment_intent=body["payment_intent"]).first()
    context = {
        "charge": body,
        "at": datetime.datetime.fromtimestamp(body["created"], tz=datetime.UTC),
        "merchant": (session and session.inner["merchant"]) or settings.MERCHANT,
        "lines": _shown(session)["lines"] if session else [],
        "amount": spoken(body["amount"], body["currency"]),
        "status": _receipt_status(body),
        "method": _method_spoken(body["payment_method_details"]),
    }
    return render(request, "sandbox/receipt.html", context)


def _receipt_status(charge: Body) -> str:
    if charge["amount_refunded"]:
        return f"{spoken(charge['amount_refunded'], charge['currency'])} refunded"
    return "Waiting for the bank" if charge["status"] == "pending" else "Paid"


def _method_spoken(details: Body) -> str:
    kept = details[details["type"]]
    return f"{kept.get('brand', 'bank account').capitalize()} ending in {kept['last4']}"
