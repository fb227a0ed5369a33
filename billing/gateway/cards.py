"""Saved cards: kept at Stripe, known here by brand, last four digits and expiry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from billing.gateway.client import StripeRefused, client, translated


@dataclass(frozen=True, slots=True)
class CardSnapshot:
    """A card as Stripe describes it. `stripe_customer_id` is "" once it is detached."""

    payment_method_id: str
    stripe_customer_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


def of_payment_method(method: Mapping[str, Any]) -> CardSnapshot | None:
    """Return the card; None when the payment method is something else."""
    card, customer = method.get("card"), method.get("customer")
    if not isinstance(card, Mapping):
        return None
    return CardSnapshot(
        payment_method_id=method["id"],
        stripe_customer_id=customer["id"] if isinstance(customer, Mapping) else customer or "",
        brand=card.get("display_brand") or card["brand"],
        last4=card["last4"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
    )


def card_of_payment(payment_intent_id: str) -> CardSnapshot | None:
    """Return the card a payment was made with; None when it was not a card."""
    with translated("card_of_payment"):
        intent = client().v1.payment_intents.retrieve(payment_intent_id, params={"expand": ["payment_method"]})
    method = intent.to_dict(for_json=True).get("payment_method")
    return of_payment_method(method) if isinstance(method, Mapping) else None


def open_card_page(
    *, stripe_customer_id: str, user_id: UUID, consent_id: UUID, currency: str, replaces: str = ""
) -> str:
    """Return the address of a page of Stripe's where a card is saved and nothing is charged.

    `replaces` is the payment method the new one stands in for. The second call for the same consent returns the
    same page. https://docs.stripe.com/payments/save-and-reuse
    """
    back = f"{settings.SITE_URL}{reverse('billing:cards')}"
    ours = {"user_id": str(user_id), "consent_id": str(consent_id)} | ({"replaces": replaces} if replaces else {})
    with translated("open_card_page"):
        session = client().v1.checkout.sessions.create(
            params={
                "mode": "setup",
                "customer": stripe_customer_id,
                "currency": currency,
                "client_reference_id": str(consent_id),
                "metadata": ours,
                "setup_intent_data": {"metadata": ours},
                "success_url": f"{back}?session_id={{CHECKOUT_SESSION_ID}}",
                "cancel_url": back,
            },
            options={"idempotency_key": f"consent-{consent_id}-setup"},
        )
    return session.url or ""


@dataclass(frozen=True, slots=True)
class CardPage:
    """What came of a page that saves a card. `card` is None until it is saved."""

    user_id: str
    consent_id: str
    replaces: str
    card: CardSnapshot | None


def retrieve_card_page(session_id: str) -> CardPage:
    """Return what came of the page. Raises StripeRefused when there is none with this id."""
    with translated("retrieve_card_page"):
        session = client().v1.checkout.sessions.retrieve(session_id, params={"expand": ["setup_intent.payment_method"]})
    body = session.to_dict(for_json=True)
    setup, metadata = body.get("setup_intent"), body.get("metadata") or {}
    saved = isinstance(setup, Mapping) and setup.get("status") == "succeeded"
    method = setup.get("payment_method") if isinstance(setup, Mapping) and saved else None
    return CardPage(
        user_id=metadata.get("user_id", ""),
        consent_id=metadata.get("consent_id", ""),
        replaces=metadata.get("replaces", ""),
        card=of_payment_method(method) if isinstance(method, Mapping) else None,
    )


def cards_of(stripe_customer_id: str) -> list[CardSnapshot]:
    """Return the cards Stripe keeps for a customer."""
    with translated("cards_of"):
        found = client().v1.payment_methods.list(params={"customer": stripe_customer_id, "type": "card", "limit": 100})
    cards = [of_payment_method(method.to_dict(for_json=True)) for method in found.data]
    return [card for card in cards if card]


def forget_card(payment_method_id: str) -> None:
    """Detach a card for good: it can never be charged again. Raises StripeRefused, also when it is detached already."""
    with translated("forget_card"):
        client().v1.payment_methods.detach(payment_method_id)


def keeps_card(payment_method_id: str) -> bool:
    """Whether Stripe keeps the card for a customer; not once it is detached, or if there never was one."""
    try:
        with translated("keeps_card"):
            return client().v1.payment_methods.retrieve(payment_method_id).customer is not None
    except StripeRefused as refusal:
        if refusal.code == "resource_missing":
            return False
        raise
