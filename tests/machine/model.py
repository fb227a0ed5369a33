"""The model: what a person holds and what is known of purchases and designs, in numbers too simple to be wrong."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import User
from billing.models import Purchase
from generations import studio
from tests import stripe_events


@dataclass
class Person:
    """What the model believes somebody holds: `net` are tokens, below zero when they are owed."""

    user: User
    net: int = 0
    trial: int = 0
    bought: int = 0
    unlimited: bool = False

    @property
    def balance(self) -> int:
        return max(self.net, 0)

    @property
    def debt(self) -> int:
        return max(-self.net, 0)


@dataclass
class Sale:
    """What the model knows of a purchase: whose, what, whether it is paid, and how far its refunds and disputes are."""

    person: Person
    purchase: Purchase
    paid: bool = False
    gone: int = 0
    money_back: dict[str, tuple[int, int]] = field(default_factory=dict)

    def even_up(self) -> None:
        """Take what went back by now from the person, or give it again: each story counts as far as it ever got."""
        back = sum(cents for furthest, cents in self.money_back.values() if furthest in (0, 1))
        gone = self.purchase.tokens * min(back, self.purchase.price_cents) // self.purchase.price_cents
        if self.paid:
            self.person.net -= gone - self.gone
            self.gone = gone


@dataclass
class Design:
    """What the model knows of a generation: how it was paid, whether it has ended, and what tried it again.

    `form_key` and `areas` are those of the form that ordered it; another try was ordered by none.
    """

    person: Person
    id: UUID
    form_key: UUID | None
    areas: list[str]
    source: str
    leases: list[studio.Lease] = field(default_factory=list)
    state: str = "queued"
    retry: UUID | None = None


def story_of(purchase: Purchase, story: str) -> list[tuple[bool, dict[str, Any]]]:
    """Return the events of one way a purchase can go, each with whether it says that the money came."""
    stories = {
        "card": [(True, stripe_events.completed(purchase))],
        "debit-paid": [(False, stripe_events.unpaid(purchase)), (True, stripe_events.async_succeeded(purchase))],
        "debit-refused": [(False, stripe_events.unpaid(purchase)), (False, stripe_events.async_failed(purchase))],
        "abandoned": [(False, stripe_events.expired(purchase))],
        "wrong-amount": [(False, stripe_events.completed(purchase, amount_total=purchase.price_cents - 1))],
        "wrong-currency": [(False, stripe_events.completed(purchase, currency="eur"))],
    }
    return stories[story]
