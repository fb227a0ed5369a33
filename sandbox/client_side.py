"""What Stripe.js may ask with the publishable key and a client secret: confirm one intent, and look at it.

The secret key is never in a browser, so an answer shows only what the buyer may know: no customer, no metadata.
https://docs.stripe.com/api/payment_intents/object#payment_intent_object-client_secret
"""

import datetime
import hmac
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from sandbox import intents, setups
from sandbox.calls import Call, check_url
from sandbox.cards import card, digits, expired, passes_luhn
from sandbox.endpoints.intents import check_secret
from sandbox.errors import ApiError, missing_parameter, wrong_key
from sandbox.form_encoding import Form
from sandbox.intents import Terms
from sandbox.models import Resource
from sandbox.payment_methods import card_method
from sandbox.records import Body, find, now
from sandbox.schema import Choice, Field, Group, Plain

SHOWN = {
    "amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "id",
    "last_payment_error",
    "last_setup_error",
    "livemode",
    "next_action",
    "object",
    "payment_method",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "status",
    "usage",
}


@dataclass(frozen=True)
class Written(Group):
    """A group of parameters the `stripe` package does not describe, because only browsers send it."""

    written: "tuple[tuple[str, Field], ...]" = ()

    def fields(self) -> dict[str, Field]:
        return dict(self.written)


def _group(**fields: Field) -> Field:
    return Field(Written("", "", tuple(fields.items())), required=False)


def _text(*, required: bool = False) -> Field:
    return Field(Plain("text"), required=required)


_ADDRESS = {name: _text() for name in ("city", "country", "line1", "line2", "postal_code", "state")}
_ASKED = {"key": _text(required=True), "client_secret": _text(required=True)}
_CARD = {"number": _text(), "exp_month": Field(Plain("whole"), False), "exp_year": Field(Plain("whole"), False)}
RETRIEVED_WITH = _ASKED
CONFIRMED_WITH = {
    **_ASKED,
    "payment_method": _text(),
    "payment_method_data": _group(
        type=Field(Choice(("card",)), required=True),
        card=_group(**_CARD, cvc=_text()),
        billing_details=_group(name=_text(), email=_text(), phone=_text(), address=_group(**_ADDRESS)),
    ),
    "return_url": _text(),
}


def is_asking(form: Form) -> bool:
    """Whether this form comes from a browser: it carries its key itself, as a form sent across origins must."""
    return "key" in form


def check_publishable_key(form: Form) -> None:
    key = str(form["key"])
    if not hmac.compare_digest(key.encode(), settings.PUBLISHABLE_KEY.encode()):
        raise wrong_key(key)


def retrieve_payment(call: Call) -> Body:
    return _shown(_intent("payment_intent", call).body)


def retrieve_setup(call: Call) -> Body:
    return _shown(_intent("setup_intent", call).body)


def confirm_payment(call: Call) -> Body:
    """Pay with the card typed in, or with a saved one. Raises CardRefused (402) as the API does, showing less."""
    intent = _intent("payment_intent", call)
    agreed = _terms(call.params)
    try:
        intents.check_confirmable(intent, agreed)
        method = _typed_card(call.params) or intents.chosen_method(intent, call.params.get("payment_method"))
        return _shown(intents.confirm(intent, method, agreed))
    except ApiError as refusal:
        refusal.facts["payment_intent"] = _shown(intent.body)
        raise


def confirm_setup(call: Call) -> Body:
    """Save the card typed in. Raises CardRefused (402) as the API does, showing less."""
    setup = _intent("setup_intent", call)
    try:
        setups.check_confirmable(setup)
        method = _typed_card(call.params) or setups.chosen_method(setup, call.params.get("payment_method"))
        return _shown(setups.confirm(setup, method, _terms(call.params)))
    except ApiError as refusal:
        refusal.facts["setup_intent"] = _shown(setup.body)
        raise


def _intent(kind: str, call: Call) -> Resource:
    intent = find(kind, call.key)
    check_secret(intent.body, call.params["client_secret"])
    return intent


def _terms(given: Body) -> Terms:
    check_url(given, "return_url")
    return Terms(in_page=True, return_url=given.get("return_url"))


def _shown(body: Body) -> Body:
    return {name: value for name, value in body.items() if name in SHOWN}


def _typed_card(given: Body) -> Resource | None:
    """The card of `payment_method_data`, remembered as a new PaymentMethod; None when none was typed. Raises ApiError
    (402) for a number, date or code no card can have: https://docs.stripe.com/error-codes"""
    if "payment_method_data" not in given:
        return None
    asked: dict[str, Any] = given["payment_method_data"]
    typed, person = asked.get("card", {}), asked.get("billing_details", {})
    for name in ("number", "exp_month", "exp_year", "cvc"):
        if name not in typed:
            raise missing_parameter(f"payment_method_data[card][{name}]")
    number, year = digits(typed["number"]), typed["exp_year"] % 100 + 2000
    _check_card(number, typed["exp_month"], year, typed["cvc"])
    return card_method(
        card(number),
        exp_month=typed["exp_month"],
        exp_year=year,
        name=person.get("name", ""),
        email=person.get("email", ""),
    )


def _check_card(number: str, month: int, year: int, cvc: str) -> None:
    if not passes_luhn(number):
        raise _wrong("number", "incorrect_number", "Your card number is incorrect.")
    if not 1 <= month <= 12:
        raise _wrong("exp_month", "invalid_expiry_month", "Your card's expiration month is invalid.")
    if expired(month, year, datetime.datetime.fromtimestamp(now(), tz=datetime.UTC).date()):
        raise _wrong("exp_year", "invalid_expiry_year", "Your card's expiration year is invalid.")
    if not re.fullmatch(r"[0-9]{3,4}", cvc):
        raise _wrong("cvc", "invalid_cvc", "Your card's security code is invalid.")


def _wrong(param: str, code: str, message: str) -> ApiError:
    return ApiError(402, message, type="card_error", code=code, param=param)
