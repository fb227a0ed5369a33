"""Somebody who subscribes, for the tests of subscriptions, clock and portal."""

from dataclasses import dataclass
from typing import Any

import stripe

from tests.sandbox.conftest import client
from tests.sandbox.things import session_params
from tests.sandbox_process import SandboxProcess

PRO: dict[str, Any] = {
    "currency": "usd",
    "unit_amount": 9900,
    "recurring": {"interval": "month"},
    "product_data": {"name": "Pro"},
}


def subscription_params(**more: Any) -> dict[str, Any]:
    return {
        **session_params(),
        "mode": "subscription",
        "line_items": [{"quantity": 1, "price_data": PRO}],
        "subscription_data": {"metadata": {"user": "7"}, "description": "Pro plan"},
        **more,
    }


def open_subscription_session(api: stripe.StripeClient, **more: Any) -> stripe.checkout.Session:
    params: Any = subscription_params(**more)
    return api.v1.checkout.sessions.create(params=params)


@dataclass(frozen=True)
class Subscriber:
    """A customer with one subscription, begun through Checkout."""

    sandbox: SandboxProcess
    api: stripe.StripeClient
    customer: str
    key: str

    def now(self) -> stripe.Subscription:
        return self.api.v1.subscriptions.retrieve(self.key)

    def period(self) -> tuple[int, int]:
        item = self.now()["items"].data[0]
        return item.current_period_start, item.current_period_end

    def invoices(self) -> list[stripe.Invoice]:
        """Newest first."""
        return self.api.v1.invoices.list(params={"subscription": self.key, "limit": 100}).data

    def method(self) -> str:
        return str(self.now().default_payment_method)

    def save_card(self, name: str) -> str:
        """Save one of Stripe's named test cards, and let the subscription be paid with it."""
        method = self.api.v1.payment_methods.attach(name, params={"customer": self.customer})
        self.api.v1.subscriptions.update(self.key, params={"default_payment_method": method.id})
        return method.id

    def advance(self, **by: float) -> dict[str, Any]:
        return self.sandbox.control("clock/advance", by)

    def advance_to_renewal(self) -> None:
        left = self.period()[1] - self.sandbox.control("clock")["now"]
        self.advance(seconds=left + 2)


def subscribe(sandbox: SandboxProcess, **order: Any) -> Subscriber:
    api = client(sandbox)
    customer = api.v1.customers.create(params={"email": "ann@example.com", "name": "Ann"}).id
    session = open_subscription_session(api, customer=customer)
    paid = sandbox.control(f"pay/{session.id}", order)["session"]
    return Subscriber(sandbox, api, customer, paid["subscription"])


def happened(sandbox: SandboxProcess) -> list[str]:
    """The types of all events, oldest first."""
    return [event["type"] for event in reversed(sandbox.control("events?limit=1000")["events"])]
