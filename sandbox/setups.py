"""Setup intents: a card is saved for later payments, and the bank is asked now so that it need not be asked then.
Nothing is charged. All inside `writing()`. https://docs.stripe.com/payments/setupintents/lifecycle"""

from sandbox import payments
from sandbox.cards import DECLINES, card
from sandbox.errors import ApiError, CardRefused
from sandbox.events import record
from sandbox.intents import CONFIRMABLE, Terms, bank_page
from sandbox.models import Resource
from sandbox.payment_methods import attach, needs_bank, refusal_of, usable_method
from sandbox.records import Body, find, keep, new_key, now, random_letters, save
from sandbox.shapes import shaped


def open_setup(*, customer: str | None, given: Body) -> Resource:
    """Create a SetupIntent that waits for a card. `given` are checked parameters of setup_intents.create."""
    key = new_key("setup_intent")
    body = shaped(
        "setup_intent",
        id=key,
        allowed_payment_method_types=given.get("allowed_payment_method_types"),
        automatic_payment_methods=given.get("automatic_payment_methods"),
        client_secret=f"{key}_secret_{random_letters(25)}",
        created=now(),
        customer=customer,
        description=given.get("description"),
        livemode=False,
        metadata=given.get("metadata", {}),
        payment_method_options={
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        payment_method_types=["card"],
        status="requires_payment_method",
        usage=given.get("usage", "off_session"),
    )
    setup = keep(body)
    record("setup_intent.created", body)
    return setup


def confirm(setup: Resource, method: Resource, terms: Terms) -> Body:
    """Save the card, or ask the bank first (status requires_action). Returns the intent's body. Raises CardRefused
    (402) when the bank does not want it saved; ApiError (400) when the intent is over."""
    check_confirmable(setup)
    if needs_bank(method):
        setup.inner.update(return_url=terms.return_url, in_page=terms.in_page)
        ask_bank(setup, method, bank_page("setup_intents", setup.body, terms))
    elif error := settle(setup, method):
        raise CardRefused(error, setup_intent=setup.body)
    return setup.body


def check_confirmable(setup: Resource) -> None:
    status = setup.body["status"]
    if status not in CONFIRMABLE:
        message = (
            f"You cannot confirm this SetupIntent because it has a status of {status}. Only a SetupIntent with one of "
            f"the following statuses may be confirmed: {', '.join(CONFIRMABLE)}."
        )
        raise unexpected_state(setup, message)


def chosen_method(setup: Resource, key: str | None) -> Resource:
    """The method named, or the one the intent already has. Raises ApiError (400) when there is none."""
    key = key or setup.body["payment_method"]
    if not key:
        message = (
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again."
        )
        raise unexpected_state(setup, message)
    return usable_method(key, customer=setup.body["customer"])


def unexpected_state(setup: Resource, message: str) -> ApiError:
    return ApiError(400, message, code="setup_intent_unexpected_state", setup_intent=setup.body)


def _refusal(method: Resource) -> str | None:
    """As for a charge, but some cards let themselves be saved and fail only when charged."""
    savable = card(str(method.inner.get("number", ""))).savable
    return None if savable else refusal_of(method)


def ask_bank(setup: Resource, method: Resource, next_action: Body) -> None:
    """The bank wants to see its customer first. Nothing is saved."""
    setup.body.update(
        status="requires_action", payment_method=method.key, last_setup_error=None, next_action=next_action
    )
    save(setup)
    record("setup_intent.requires_action", setup.body)


def settle(setup: Resource, method: Resource, *, secure: bool = False) -> Body | None:
    """Save the card on the customer, if there is one; or return why the bank does not want it, kept on the intent.
    `secure` says that the cardholder was authenticated."""
    if code := _refusal(method):
        return _fail(setup, _declined(method.body, code))
    method.inner["set_up"] = secure or method.inner.get("set_up", False)
    save(method)
    setup.body.update(status="succeeded", payment_method=method.key, last_setup_error=None, next_action=None)
    save(setup)
    if customer := setup.body["customer"]:
        attach(method, customer)
    record("setup_intent.succeeded", setup.body)
    return None


def authenticate(setup: Resource, *, recognised: bool) -> None:
    """The bank's answer about the cardholder. Refusals are kept on the intent; without a pending question nothing
    happens."""
    if setup.body["status"] != "requires_action":
        return
    method = find("payment_method", setup.body["payment_method"])
    if recognised:
        settle(setup, method, secure=True)
    else:
        _fail(setup, payments.authentication_error(method.body, "setup_intent_authentication_failure"))


def cancel(setup: Resource, reason: str | None) -> Body:
    """Close an intent that saved nothing. Raises ApiError (400) when it is over already."""
    status = setup.body["status"]
    if status not in CONFIRMABLE:
        message = f"You cannot cancel this SetupIntent because it has a status of {status}."
        raise unexpected_state(setup, message)
    setup.body.update(status="canceled", cancellation_reason=reason, next_action=None)
    save(setup)
    record("setup_intent.canceled", setup.body)
    return setup.body


def _fail(setup: Resource, error: Body) -> Body:
    setup.body.update(status="requires_payment_method", last_setup_error=error, payment_method=None, next_action=None)
    save(setup)
    record("setup_intent.setup_failed", setup.body)
    return error


def _declined(method: Body, code: str) -> Body:
    error_code, message = DECLINES[code]
    return {
        "code": error_code,
        "decline_code": code,
        "doc_url": f"https://docs.stripe.com/error-codes#{error_code.replace('_', '-')}",
        "message": message,
        "payment_method": method,
        "type": "card_error",
    }
