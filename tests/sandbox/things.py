"""What the tests buy and pay with."""

from typing import Any

import stripe

CARD = {"email": "ann@example.com", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Ann"}


def card(number: str) -> dict[str, str]:
    return {**CARD, "number": number, "pay": "card"}


def session_params(amount: int = 4900, **more: Any) -> dict[str, Any]:
    return {
        "mode": "payment",
        "success_url": "http://127.0.0.1:8000/bought?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:8000/tokens/",
        "client_reference_id": "purchase-1",
        "metadata": {"purchase": "1"},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "50 tokens"}},
            }
        ],
        "adaptive_pricing": {"enabled": False},
        **more,
    }


def open_session(api: stripe.StripeClient, amount: int = 4900, **more: Any) -> stripe.checkout.Session:
    params: Any = session_params(amount, **more)
    return api.v1.checkout.sessions.create(params=params)


def pay_path(session: stripe.checkout.Session) -> str:
    return f"/c/pay/{session.id}"


def statuses(api: stripe.StripeClient) -> tuple[list[str], list[str]]:
    """Of all payment intents and of all charges, newest first."""
    intents, charges = api.v1.payment_intents.list().data, api.v1.charges.list().data
    return [one.status for one in intents], [one.status for one in charges]


def intent_params(amount: int = 4900, **more: Any) -> dict[str, Any]:
    return {
        "amount": amount,
        "currency": "usd",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"purchase": "1"},
        **more,
    }


def save_card(api: stripe.StripeClient, customer: str, name: str) -> str:
    """Save one of Stripe's named test cards on the customer, without asking its bank; returns the method's id."""
    return api.v1.payment_methods.attach(name, params={"customer": customer}).id


def off_session(api: stripe.StripeClient, customer: str, method: str, *, key: str = "") -> stripe.PaymentIntent:
    """Charge a saved card while its owner is away."""
    params: Any = intent_params(customer=customer, payment_method=method, off_session=True, confirm=True)
    return api.v1.payment_intents.create(params=params, options={"idempotency_key": key} if key else {})


def intent_statuses(api: stripe.StripeClient) -> list[str]:
    return [intent.status for intent in api.v1.payment_intents.list().data]


def held_intent(refusal: stripe.StripeError) -> stripe.PaymentIntent:
    """The payment intent named in a refusal."""
    assert refusal.error is not None
    assert refusal.error.payment_intent is not None
    return refusal.error.payment_intent
