"""A machine that does everything in any order, beside a model too simple to be wrong; audited after every step.

It buys, delivers events twice, late and in the wrong order, charges, finishes, fails, sweeps and adjusts.
The model keeps three numbers a person and what Stripe has already said about each purchase.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from billing import fulfilment, inbox
from billing.models import Purchase, TokenPackage
from generations import studio
from generations.models import Generation
from tests import stripe_events
from tests.generations.engines import painting
from tokens import audit, ledger
from tokens.ledger import InsufficientTokens, Type
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

PAINTING = painting()
_numbers = count(1)


@dataclass
class Person:
    """What the model believes somebody holds."""

    user: User
    balance: int = 0
    trial: int = 0
    bought: int = 0
    unlimited: bool = False


@dataclass
class Sale:
    """What the model knows of a purchase: whose, what, and whether Stripe ever said that it was paid."""

    person: Person
    purchase: Purchase
    paid: bool = False


@dataclass
class Design:
    """What the model knows of a generation: how it was paid, and whether it has ended."""

    person: Person
    id: UUID
    form_key: UUID
    source: str
    leases: list[studio.Lease] = field(default_factory=list)
    state: str = "queued"


class Shop(RuleBasedStateMachine):
    """The real shop on a real PostgreSQL, and the model."""

    people = Bundle("people")
    events = Bundle("events")
    designs = Bundle("designs")

    @initialize(target=people)
    def two_people(self) -> object:
        self.everybody = [Person(User.objects.create_user(f"{uuid4()}@example.com")) for _ in range(2)]
        self.staff = User.objects.create_user(f"{uuid4()}@example.com", is_staff=True)
        self.sales: list[Sale] = []
        self.all_designs: list[Design] = []
        for person in self.everybody:
            ledger.credit(
                user_id=person.user.pk, amount=3, type=Type.TRIAL, key=f"trial:{person.user.pk}", description="Trial"
            )
            person.trial = 3
        return multiple(*self.everybody)

    @rule(
        target=events,
        person=people,
        story=st.sampled_from(["card", "debit-paid", "debit-refused", "abandoned", "wrong-amount", "wrong-currency"]),
    )
    def buy(self, person: Person, story: str) -> object:
        """Open a purchase; its events go into the bundle, to be delivered in any order or never."""
        package = TokenPackage.objects.get(pk="package_50")
        purchase = Purchase.objects.create(
            user=person.user,
            package=package,
            tokens=package.tokens,
            price_cents=package.price_cents,
            currency=package.currency,
            state=Purchase.State.OPEN,
            stripe_session_id=f"cs_test_{uuid4().hex}",
            expires_at=timezone.now() + timedelta(hours=1),
        )
        sale = Sale(person, purchase)
        self.sales.append(sale)
        return multiple(*[(sale, pays, event) for pays, event in _story(purchase, story)])

    @rule(event=events, times=st.integers(1, 3))
    def deliver(self, event: tuple[Sale, bool, dict[str, Any]], times: int) -> None:
        sale, pays, told = event
        raw = stripe_events.body(told)
        for _ in range(times):
            inbox.receive(raw, stripe_events.signature(raw))
        if pays and not sale.paid:
            sale.paid = True
            sale.person.balance += sale.purchase.tokens
            sale.person.bought += sale.purchase.tokens

    @rule(target=designs, person=people)
    def start(self, person: Person) -> object:
        form_key = uuid4()
        try:
            generation = self._start(person, form_key)
        except InsufficientTokens as refused:
            assert (refused.available, refused.trial_available) == (person.balance, person.trial)
            assert person.balance + person.trial == 0
            assert not person.unlimited
            return multiple()
        if person.unlimited:
            source = "subscription"
        elif person.trial:
            source, person.trial = "trial", person.trial - 1
        else:
            source, person.balance = "token", person.balance - 1
        assert generation.source == source
        design = Design(person, generation.pk, form_key, source)
        self.all_designs.append(design)
        return design

    @rule(design=designs)
    def send_the_form_again(self, design: Design) -> None:
        assert self._start(design.person, design.form_key).pk == design.id

    @rule(design=designs)
    def take_lease(self, design: Design) -> None:
        lease = studio.take_lease(design.id)
        assert (lease is not None) == (design.state == "queued")
        if lease:
            design.leases.append(lease)
            design.state = "running"

    @rule(design=designs)
    def finish(self, design: Design) -> None:
        for lease in design.leases:
            accepted = studio.finish(lease, PAINTING, engine="test")
            assert accepted == (design.state == "running")
            if accepted:
                design.state = "succeeded"

    @rule(design=designs)
    def fail(self, design: Design) -> None:
        ended = studio.fail(design.id, reason="It failed.")
        assert ended == (design.state in {"queued", "running"})
        if ended:
            self._returned(design)

    @rule(minutes=st.integers(0, 30))
    def sweep(self, minutes: int) -> None:
        """Everything unfinished is overdue later on; by whatever reason the sweep ended it, it was refunded."""
        studio.expire_overdue(timezone.now() + timedelta(minutes=minutes))
        ended = set(
            Generation.objects.filter(
                state="failed", pk__in=[design.id for design in self.all_designs if design.state != "failed"]
            ).values_list("pk", flat=True)
        )
        for design in self.all_designs:
            if design.id in ended:
                assert design.state in {"queued", "running"}
                self._returned(design)

    @rule(person=people, amount=st.integers(-20, 20).filter(bool), again=st.booleans())
    def adjust(self, person: Person, amount: int, again: bool) -> None:
        key = f"adjustment:{uuid4()}"
        try:
            for _ in range(1 + again):
                ledger.adjust(
                    user_id=person.user.pk, amount=amount, reason="Goodwill", adjusted_by_id=self.staff.pk, key=key
                )
        except InsufficientTokens:
            assert person.balance + amount < 0
        else:
            person.balance += amount
            assert person.balance >= 0

    @rule(person=people)
    def subscribe_or_lapse(self, person: Person) -> None:
        person.unlimited = not person.unlimited
        until = timezone.now() + timedelta(days=1 if person.unlimited else -1)
        TokenAccount.objects.filter(pk=person.user.pk).update(unlimited_until=until)

    @rule(event=consumes(events))
    def lose_an_event(self, event: object) -> None:
        """Some events never come."""

    @invariant()
    def the_shop_holds_what_the_model_holds(self) -> None:
        for person in getattr(self, "everybody", []):
            account = TokenAccount.objects.get(pk=person.user.pk)
            held = (account.balance, account.trial_balance, account.total_purchased)
            assert held == (person.balance, person.trial, person.bought)

    @invariant()
    def the_books_are_right(self) -> None:
        assert [str(found) for found in audit.discrepancies()] == []

    def teardown(self) -> None:
        for sale in getattr(self, "sales", []):
            sale.purchase.refresh_from_db()
            assert (sale.purchase.state == Purchase.State.PAID) == sale.paid

    def _start(self, person: Person, form_key: UUID) -> Generation:
        return studio.start(user=person.user, form_key=form_key, area="patio", style="japanese-zen", prompt="")

    def _returned(self, design: Design) -> None:
        design.state = "failed"
        if design.source == "trial":
            design.person.trial += 1
        elif design.source == "token":
            design.person.balance += 1


def _story(purchase: Purchase, story: str) -> list[tuple[bool, dict[str, Any]]]:
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


def test_the_books_are_right_whatever_happens_in_any_order() -> None:
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.breaks_the_books
@pytest.mark.parametrize("bug", ["no look for the key", "refund without claim", "what was paid is not compared"])
def test_the_machine_finds_a_planted_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine itself is tested: with a bug planted, it must fail."""
    _plant(bug, monkeypatch)
    with pytest.raises(Exception):  # noqa: B017 - whatever way the machine or PostgreSQL complains
        run_state_machine_as_test(
            Shop,
            settings=settings(
                max_examples=60,
                stateful_step_count=30,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )


def _plant(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real_post = ledger._post

    def post_under_a_new_key(account: ledger._LockedAccount, entry: TokenTransaction) -> TokenTransaction:
        entry.key = f"{entry.key}:{time.monotonic_ns()}:{next(_numbers)}"
        return real_post(account, entry)

    if bug == "no look for the key":
        monkeypatch.setattr(ledger, "_post", post_under_a_new_key)
    elif bug == "refund without claim":
        monkeypatch.setattr(Generation, "has_ended", property(lambda self: False))
    else:
        monkeypatch.setattr(fulfilment, "_difference", lambda *args, **kwargs: "")
