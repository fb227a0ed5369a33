"""A Checkout Session on its way from open to complete or expired. No network; every verb writes all or nothing."""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from sandbox import payments, setups, subscribing
from sandbox.cards import Card, card
from sandbox.endpoints.customers import new_customer
from sandbox.events import record
from sandbox.models import Resource
from sandbox.payment_methods import bank_method, card_method, refusal_of
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
    if intent := intent_key(session):
        payments.cancel(find("payment_intent", intent), "expired")
    elif setup := session.body["setup_intent"]:
        setups.cancel(find("setup_intent", setup), "abandoned")
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
        return pay_by_method(key, method, payer)


def pay_by_method(key: str, method: Resource, payer: Payer) -> Outcome:
    """The same with a card that is known already."""
    with writing():
        session = _still_open(key)
        if session is None:
            return Outcome("closed")
        intent = _intent(session, payer)
        if card(str(method.inner["number"])).secure != "never":
            return _ask_bank(session, intent, method, payer)
        return _charged(session, intent, method, payer)


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
            return _unrecognised(intent, method)
        return _charged(session, intent, method, payer, secure=True)


def _ask_bank(session: Resource, intent: Resource, method: Resource, payer: Payer) -> Outcome:
    session.inner["authenticating"] = {"method": method.key, "email": payer.email, "name": payer.name}
    save(session)
    next_action = payments.redirect_to(f"{settings.SITE}/c/pay/{session.key}/authenticate")
    if intent.kind == "setup_intent":
        setups.ask_bank(intent, method, next_action)
    else:
        payments.require_authentication(intent, method.body, next_action)
    return Outcome("authenticate")


def _unrecognised(intent: Resource, method: Resource) -> Outcome:
    if intent.kind == "setup_intent":
        setups.authenticate(intent, recognised=False)
    else:
        payments.refuse_authentication(intent, method.body)
    error = intent.body["last_setup_error" if intent.kind == "setup_intent" else "last_payment_error"]
    return Outcome("declined", error["message"], error["code"])


def pay_by_bank(key: str, payer: Payer, *, settles: str = "", seconds: float = 0) -> Outcome:
    """Order a bank debit: the session completes unpaid, and the bank decides later - by itself after `seconds` when
    `settles` is succeeded or failed, else when told on the control panel."""
    with writing():
        session = _still_open(key)
        if session is None:
            return Outcome("closed")
        method = bank_method(name=payer.name, email=payer.email)
        intent = _intent(session, payer)
        payments.save_method(intent, method)
        payments.await_bank(intent, method.body)
        if settles:
            later(seconds, f"debit_{settles}", intent.key)
        return Outcome("pending", event=_complete(session, payer, payment_status="unpaid"))


def confirm_free(key: str, payer: Payer) -> Outcome:
    """Complete a session whose total is 0: there is no payment intent."""
    with writing():
        session = _still_open(key)
        if session is None or session.body["amount_total"] != 0:
            return Outcome("closed")
        return Outcome("paid", event=_complete(session, payer, payment_status="no_payment_required"))


def settle_debit(intent_key: str, outcome: str) -> bool:
    """The bank has decided about a debit: `succeeded` or `failed`. False if nothing was pending (any more)."""
    with writing():
        intent = find("payment_intent", intent_key)
        if intent.body["status"] != "processing":
            return False
        yes = outcome == "succeeded"
        (payments.bank_said_yes if yes else payments.bank_said_no)(intent)
        session = Resource.objects.filter(kind="checkout.session", payment_intent=intent_key).first()
        if session and yes:
            session.body["payment_status"] = "paid"
            save(session)
        if session:
            record(f"checkout.session.async_payment_{outcome}", session.body)
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
    """The session's setup intent; else its payment intent, made at the first attempt to pay. A guest whose card is to
    be saved becomes a customer: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer_creation"""
    if setup := session.body["setup_intent"]:
        return find("setup_intent", setup)
    if key := intent_key(session):
        return find("payment_intent", key)
    given: Body = session.inner["payment_intent_data"]
    if not session.body["customer"]:
        always = session.body["customer_creation"] == "always"
        if always or given.get("setup_future_usage"):
            session.body["customer"] = new_customer({"email": payer.email, "name": payer.name})["id"]
    if session.body["mode"] == "subscription":
        return subscribing.open_intent(session, session.body["customer"])
    intent = payments.open_intent(
        amount=session.body["amount_total"],
        currency=session.body["currency"],
        customer=session.body["customer"],
        given={**given, "payment_method_types": session.body["payment_method_types"]},
    )
    session.body["payment_intent"] = intent.key
    save(session)
    return intent


def intent_key(session: Resource) -> str:
    """The payment intent of the session; in subscription mode it belongs to the invoice, and the session hides it."""
    return str(session.body["payment_intent"] or session.inner.get("payment_intent") or "")


def _charged(session: Resource, intent: Resource, method: Resource, payer: Payer, *, secure: bool = False) -> Outcome:
    if intent.kind == "setup_intent":
        return _saved(session, intent, method, payer, secure=secure)
    if code := refusal_of(method):
        return Outcome("declined", payments.decline(intent, method.body, code), code)
    payments.save_method(intent, method, secure=secure)
    if session.body["mode"] == "subscription":
        subscribing.subscribe(session, intent, method, secure=secure)
    else:
        payments.succeed(intent, method.body, secure=secure)
    return Outcome("paid", event=_complete(session, payer, payment_status="paid"))


def _saved(session: Resource, setup: Resource, method: Resource, payer: Payer, *, secure: bool) -> Outcome:
    if error := setups.settle(setup, method, secure=secure):
        return Outcome("declined", error["message"], error["decline_code"])
    return Outcome("paid", event=_complete(session, payer, payment_status="no_payment_required"))


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
