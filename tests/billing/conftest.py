from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import gateway
from billing.models import Purchase, TokenPackage
from tests import stripe_events
from tests.sandbox_process import SandboxProcess, start_sandbox
from tests.stripe_events import money_back

Deliver = Callable[..., HttpResponse]
Sell = Callable[..., Purchase]

WEBHOOK = "/webhooks/stripe/"


def post_event(event: dict[str, Any], client: Client | None = None) -> HttpResponse:
    """Post a signed event as Stripe does."""
    raw = stripe_events.body(event)
    return (client or Client()).generic(  # type: ignore[return-value]
        "POST",
        WEBHOOK,
        raw,
        content_type="application/json",
        headers={"Stripe-Signature": stripe_events.signature(raw)},
    )


@pytest.fixture
def deliver(db: None) -> Deliver:
    """`deliver(event)` posts it, signed, and returns the answer."""
    return post_event


@pytest.fixture
def package(db: None) -> TokenPackage:
    return TokenPackage.objects.get(code="package_50")


@pytest.fixture
def sell(package: TokenPackage, buyer: User) -> Sell:
    """`sell()` writes an open purchase of 50 tokens for $49.00; keywords change its fields."""

    def _sell(**fields: Any) -> Purchase:
        number = Purchase.objects.count() + 1
        purchase = Purchase.objects.create(
            **{
                "user": buyer,
                "package": package,
                "tokens": package.tokens,
                "price_cents": package.price_cents,
                "currency": package.currency,
                "state": Purchase.State.OPEN,
                "stripe_session_id": f"cs_test_{number}",
                "checkout_url": f"https://checkout.stripe.com/c/pay/cs_test_{number}",
                "expires_at": timezone.now() + timedelta(hours=1),
                **fields,
            }
        )
        purchase.refresh_from_db()
        return purchase

    return _sell


@pytest.fixture
def purchase(sell: Sell) -> Purchase:
    return sell()


@pytest.fixture
def signed_in(client: Client, buyer: User) -> Client:
    client.force_login(buyer)
    return client


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    """The admin, with the staff member signed in who may do everything."""
    client.force_login(staff)
    return client


class FakeStripe:
    """What Stripe would answer about sessions, when a test says so; `asked` counts the questions."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.refunds: dict[str, list[gateway.RefundSnapshot]] = {}

    def retrieve(self, session_id: str) -> gateway.PaymentSnapshot:
        self.asked.append(session_id)
        if session_id not in self.sessions:
            raise gateway.StripeUnavailable("retrieve_checkout_session")
        return gateway.of_session(self.sessions[session_id])

    def refunds_of(self, payment: str) -> list[gateway.RefundSnapshot]:
        return self.refunds.get(payment, [])

    def says(self, purchase: Purchase, *, refunded: int = 0, **changes: Any) -> None:
        session = stripe_events.answer(purchase, refunded=refunded, **changes)
        self.sessions[session["id"]] = session
        if refunded:
            known = gateway.of_refund(money_back.refund_object(purchase, refunded))
            self.refunds[known.payment_intent_id] = [known]

    def says_open(self, purchase: Purchase) -> None:
        self.says(purchase, status="open", payment_status="unpaid", payment_intent=None, url=purchase.checkout_url)


@pytest.fixture
def stripe_says(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    """Stand in for the gateway's question about a session; unknown sessions are an outage."""
    fake = FakeStripe()
    monkeypatch.setattr(gateway, "retrieve_checkout_session", fake.retrieve)
    monkeypatch.setattr(gateway, "refunds_of", fake.refunds_of)
    monkeypatch.setattr(gateway, "disputes_of", lambda payment: [])
    return fake


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = start_sandbox(webhook_url="http://127.0.0.1:9/", tmp_path=Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.stop()


@pytest.fixture
def sandbox(_sandbox: SandboxProcess, settings: Any) -> SandboxProcess:
    """An empty Stripe stand-in, in a process of its own; it delivers nothing unless told where to."""
    _sandbox.control("reset", {})
    _sandbox.control("settings", {"mode": "hold"})
    settings.STRIPE_API_BASE = settings.STRIPE_CHECKOUT_ORIGIN = _sandbox.url
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    return _sandbox
