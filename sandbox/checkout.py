"""A Checkout Session on its way from open to complete or expired. No network; every verb writes all or nothing."""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from sandbox import payments
from sandbox.cards import Card, card
from sandbox.endpoints.customers import new_customer
from sandbox.events import record
from sandbox.models import Resource
from sandbox.payment_methods import attach, bank_method, card_method
from sandbox.records import Body, find, later, now, save, writing


@dataclass(frozen=True)
class Payer:
    email: str
    name: str


@dataclass(frozen=True)
class PrintedCard:
    card: Card
    exp_month: int
    exp_year: int


@dataclass(frozen=True)
class Outcome:
    """`closed` means the session was not open any more: nothing was done, above all nothing was charged twice."""

    kind: Literal["paid", "pending", "declined", "authenticate", "closed"]
    message: str = ""
    code: str = ""
    event: str = ""


def open_session(key: str) -> Resource:
    """Return the session, expired first if its time is over though the clock's thread has not seen it yet."""
    session = find("checkout.session", key)
    if session.body["status"] == "open" and session.body["expires_at"] <= now():
        with writing():
            session = find("checkout.session", key)
            expire(session)
    return session


def expire(session: Resource) -> None:
    """Close an open session unpaid, and cancel its payment intent. Does nothing to a session that is not open."""
    if session.body["status"] != "open":
        return
    session.body.update(status="expired", url=None)
    save(session)
    if intent := session.body["payment_intent"]:
        payments.cancel(find("payment_intent", intent), "expired")
    record("checkout.session.expired", session.body)


def pay_by_card(key: str, payer: Payer, printed: PrintedCard) -> Outcome:
    """Try to pay an open session: paid, declined, or sent to the bank for authentication first."""
    with writing():
        session = _still_open(key)
        if session is None:
            return Outcome("closed")
        method = card_method(
            printed.card, exp_month=printed.exp_month, exp_year=printed.exp_year, name=payer.name, email=payer.email
        )
        intent = _intent(session, payer)
        if printed.card.secure != "never":
            session.inner["authenticating"] = {"method": method.key, "email": payer.email, "name": payer.name}
            save(session)
            payments.require_authentication(intent, method.body, f"{settings.SITE}/c/pay/{key}/authenticate")
            return Outcome("authenticate")
        return _charged(session, intent, method, printed.card, payer)


def authenticate(key: str, *, recognised: bool) -> Outcome:
    """The bank's answer about the buyer. Without a pending authentication nothing happens."""
    with writing():
        session = _still_open(key)
        waiting = session.inner.get("authenticating") if session else None
        if session is None or not isinstance(waiting, dict):
            return Outcome("closed")
        payer = Payer(email=str(waiting["email"]), name=str(waiting["name"]))
        method = find("payment_method", str(waiting["method"]))
        session.inner["authenticating"] = None
        save(session)
        intent = _intent(session, payer)
        if not recognised:
            message = payments.refuse_authentication(intent, method.body)
            return Outcome("declined", message, "payment_intent_authentication_failure")
        return _charged(session, intent, method, card(str(method.inner["number"])), payer, secure=True)


def pay_by_bank(key: str, payer: Payer, *, settles: str = "", seconds: float = 0) -> Outcome:
    """Order a bank debit: the session completes unpaid, and the bank decides later - by itself after `seconds` when
    `settles` is succeeded or failed, else when told on the control panel."""
    with writing():
        session = _still_open(key)
        if session is None:
            return Outcome("closed")
        method = bank_method(name=payer.name, email=payer.email)
        intent = _intent(session, payer)
        _save_method(intent, method)
        payments.await_bank(intent, method.body)
        if settles:
            later(seconds, f"debit_{settles}", intent.key)
        return Outcome("pending", event=_complete(session, payer, payment_status="unpaid"))


def confirm_free(key: str, payer: Payer) -> Outcome:
    """Complete a session whose total is 0: there is no payment intent."""
    with writing():
        session = _still_open(key)
        if session is None or session.body["amount_total"]:
            return Outcome("closed")
        return Outcome("paid", event=_complete(session, payer, payment_status="no_payment_required"))


def settle_debit(intent_key: str, outcome: str) -> bool:
    """The bank has decided about a debit: `succeeded` or `failed`. False if nothing was pending (any more)."""
    with writing():
        intent = find("payment_intent", intent_key)
        if intent.body["status"] != "processing":
            return False
        session = Resource.objects.get(kind="checkout.session", payment_intent=intent_key)
        if outcome == "succeeded":
            payments.bank_said_yes(intent)
            session.body["payment_status"] = "paid"
            save(session)
            record("checkout.session.async_payment_succeeded", session.body)
        else:
            payments.bank_said_no(intent)
            record("checkout.session.async_payment_failed", session.body)
        return True


def misstate(key: str, *, amount_total: int | None, currency: str | None) -> None:
    """Make the session's total something else than was asked for, as no honest Stripe would. For tests of the shop."""
    with writing():
        session = find("checkout.session", key)
        if amount_total is not None:
            session.body.update(amount_total=amount_total, amount_subtotal=amount_total)
        if currency is not None:
            session.body["currency"] = currency
        save(session)


def _still_open(key: str) -> Resource | None:
    session = open_session(key)
    return session if session.body["status"] == "open" else None


def _intent(session: Resource, payer: Payer) -> Resource:
    """The session's payment intent, made at the first attempt to pay. A guest whose card is to be saved becomes a
    customer: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer_creation"""
    if key := session.body["payment_intent"]:
        return find("payment_intent", key)
    given: Body = session.inner["payment_intent_data"]
    if not session.body["customer"]:
        always = session.body["customer_creation"] == "always"
        if always or given.get("setup_future_usage"):
            session.body["customer"] = new_customer({"email": payer.email, "name": payer.name})["id"]
    intent = payments.open_intent(
        amount=session.body["amount_total"],
        currency=session.body["currency"],
        customer=session.body["customer"],
        given={**given, "payment_method_types": session.body["payment_method_types"]},
    )
    session.body["payment_intent"] = intent.key
    save(session)
    return intent


def _charged(
    session: Resource, intent: Resource, method: Resource, used: Card, payer: Payer, *, secure: bool = False
) -> Outcome:
    if used.decline:
        message = payments.decline(intent, method.body, used.decline)
        return Outcome("declined", message, used.decline)
    _save_method(intent, method)
    payments.succeed(intent, method.body, secure=secure)
    return Outcome("paid", event=_complete(session, payer, payment_status="paid"))


def _save_method(intent: Resource, method: Resource) -> None:
    customer = intent.body["customer"]
    if customer and intent.body["setup_future_usage"]:
        attach(method, customer)
    else:
        method.inner["used"] = True
        save(method)


def _complete(session: Resource, payer: Payer, *, payment_status: str) -> str:
    unset = dict.fromkeys(("business_name", "individual_name", "phone"))
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    session.body.update(
        customer_details={
            **unset,
            "address": address,
            "email": payer.email,
            "name": payer.name,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        payment_status=payment_status,
        status="complete",
        url=None,
    )
    save(session)
    return record("checkout.session.completed", session.body)
