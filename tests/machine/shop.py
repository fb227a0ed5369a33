"""A machine that does everything in any order, beside a model too simple to be wrong; audited after every step.

It buys, reloads, delivers events twice, late and in the wrong order, refunds, disputes, orders one design or several,
sends messages, finishes, fails, cancels, tries again, sweeps and adjusts. The model keeps three numbers a person and
what Stripe has already said about each purchase.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from accounts.models import User
from billing import inbox
from billing.models import Consent, Purchase, Subscription, TokenPackage
from generations import studio
from generations.engines import ChatRequest, Reply
from generations.models import Generation
from tests import stripe_events
from tests.generations.engines import painting
from tests.machine.model import Design, Person, Sale, story_of
from tests.stripe_events import money_back
from tests.subscribed import subscription_of
from tokens import audit, ledger
from tokens.ledger import InsufficientTokens, Type
from tokens.models import TokenAccount

PAINTING = painting()
REPLY = Reply("In autumn.", "By rules.")


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
        session = f"cs_test_{uuid4().hex}"
        sale = self._sold(person, package=package, state=Purchase.State.OPEN, stripe_session_id=session)
        return multiple(*[(sale, pays, event) for pays, event in story_of(sale.purchase, story)])

    @rule(target=events, person=people)
    def reload(self, person: Person) -> object:
        """Charge a saved card, unless a reload is in flight; nobody may know yet what became of it."""
        undecided = [sale for sale in self.sales if sale.purchase.way == "auto_reload" and not sale.paid]
        if person in [sale.person for sale in undecided]:
            return multiple()
        consent = Consent.objects.create(user=person.user, purpose=Consent.Purpose.AUTO_RELOAD, wording="Yes.")
        sale = self._sold(person, way=Purchase.Way.AUTO_RELOAD, consent=consent, monthly_cap_cents=10**9)
        return (sale, True, money_back.paid(sale.purchase))

    def _sold(self, person: Person, **fields: Any) -> Sale:
        until = timezone.now() + timedelta(hours=1)
        terms = {"tokens": 50, "price_cents": 4900, "currency": "usd", "expires_at": until}
        sale = Sale(person, Purchase.objects.create(user=person.user, **terms, **fields))
        self.sales.append(sale)
        return sale

    @rule(data=st.data(), cents=st.sampled_from([98, 2450, 4900]), name=st.sampled_from("ab"), step=st.integers(0, 2))
    def money_goes_back(self, data: st.DataObject, cents: int, name: str, step: int) -> None:
        """Hear of a refund or dispute: begun, on its way, or come to nothing; steps may be left out or come late."""
        if self.sales:
            self._money_goes_back(data.draw(st.sampled_from(self.sales)), cents, name, step)

    @rule(person=people, spent=st.integers(1, 50))
    def buy_spend_and_have_the_money_back(self, person: Person, spent: int) -> None:
        """What leads to debt, at once: in any order of the other rules it is rare."""
        package = TokenPackage.objects.get(pk="package_50")
        session = f"cs_test_{uuid4().hex}"
        sale = self._sold(person, package=package, state=Purchase.State.OPEN, stripe_session_id=session)
        self._deliver(sale, True, stripe_events.completed(sale.purchase), times=1)
        self._adjust(person, -min(spent, max(person.balance, 1)), again=False)
        self._money_goes_back(sale, 4900, "a", 1)

    def _money_goes_back(self, sale: Sale, cents: int, name: str, step: int) -> None:
        statuses = {"a": ["pending", "succeeded", "failed"], "b": ["needs_response", "under_review", "won"]}[name]
        furthest, cents = sale.money_back.get(name, (step, cents))
        make = money_back.refund if name == "a" else money_back.dispute
        raw = stripe_events.body(make(sale.purchase, cents, statuses[step]))
        inbox.receive(raw, stripe_events.signature(raw))
        sale.money_back[name] = (max(furthest, step), cents)
        sale.even_up()

    @rule(event=events, times=st.integers(1, 3))
    def deliver(self, event: tuple[Sale, bool, dict[str, Any]], times: int) -> None:
        self._deliver(*event, times)

    def _deliver(self, sale: Sale, pays: bool, told: dict[str, Any], times: int) -> None:
        raw = stripe_events.body(told)
        for _ in range(times):
            inbox.receive(raw, stripe_events.signature(raw))
        if pays and not sale.paid:
            sale.paid = True
            sale.person.net += sale.purchase.tokens
            sale.person.bought += sale.purchase.tokens
            sale.even_up()

    @rule(target=designs, person=people, areas=st.sampled_from([["patio"], ["front-yard", "walkway", "patio"]]))
    def start(self, person: Person, areas: list[str]) -> object:
        form_key = uuid4()
        try:
            generations = self._start(person, form_key, areas)
        except InsufficientTokens as refused:
            self._refused_rightly(person, refused, len(areas))
            return multiple()
        return multiple(*[self._paid(person, generation, form_key, areas) for generation in generations])

    @rule(target=designs, person=people)
    def say(self, person: Person) -> object:
        """Begin a conversation: a message is paid and settled as a design is."""
        try:
            message = studio.start_message(user=person.user, form_key=uuid4(), text="Roses?")
        except InsufficientTokens as refused:
            self._refused_rightly(person, refused, 1)
            return multiple()
        return self._paid(person, message)

    @rule(design=designs)
    def send_the_form_again(self, design: Design) -> None:
        """Whatever became of the designs, and whatever is left to pay with, these are the same ones."""
        if design.form_key:
            again = self._start(design.person, design.form_key, design.areas)
            assert design.id in [each.pk for each in again]
            assert len(again) == len(design.areas)

    @rule(design=designs)
    def cancel(self, design: Design) -> None:
        cancelled = studio.cancel(design.id)
        assert cancelled == (design.state == "queued")
        if cancelled:
            self._returned(design, "cancelled")

    @rule(target=designs, design=designs, times=st.integers(1, 2))
    def try_again(self, design: Design, times: int) -> object:
        """Twice is once; what was tried again already leads to that try and costs nothing."""
        failed = Generation.objects.get(pk=design.id)
        try:
            tried = {studio.retry(failed).pk for _ in range(times)}
        except studio.NothingToRetry:
            assert design.state not in {"failed", "cancelled"}
            return multiple()
        except InsufficientTokens as refused:
            assert design.retry is None
            self._refused_rightly(design.person, refused, 1)
            return multiple()
        assert design.state in {"failed", "cancelled"}
        if design.retry is not None:
            assert tried == {design.retry}
            return multiple()
        (design.retry,) = tried
        return self._paid(design.person, Generation.objects.get(pk=design.retry))

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
            is_message = isinstance(lease.commission.request, ChatRequest)
            accepted = studio.finish(lease, REPLY if is_message else PAINTING, engine="test")
            assert accepted == (design.state == "running")
            if accepted:
                design.state = "succeeded"

    @rule(design=designs)
    def fail(self, design: Design) -> None:
        ended = studio.fail(design.id, reason="It failed.")
        assert ended == (design.state in {"queued", "running"})
        if ended:
            self._returned(design, "failed")

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
                self._returned(design, "failed")

    @rule(person=people, amount=st.integers(-20, 20).filter(bool), again=st.booleans())
    def adjust(self, person: Person, amount: int, again: bool) -> None:
        self._adjust(person, amount, again=again)

    def _adjust(self, person: Person, amount: int, *, again: bool) -> None:
        key = f"adjustment:{uuid4()}"
        try:
            for _ in range(1 + again):
                ledger.adjust(
                    user_id=person.user.pk, amount=amount, reason="Goodwill", adjusted_by_id=self.staff.pk, key=key
                )
        except InsufficientTokens:
            assert person.balance + amount < 0
        else:
            assert amount > 0 or person.balance + amount >= 0
            person.net += amount

    @rule(person=people)
    def subscribe_or_lapse(self, person: Person) -> None:
        person.unlimited = not person.unlimited
        if not Subscription.objects.filter(user=person.user).exists():
            subscription_of(person.user)
        until = timezone.now() + timedelta(days=1) if person.unlimited else None
        ledger.cover(user_id=person.user.pk, until=until)

    @rule(event=consumes(events))
    def lose_an_event(self, event: object) -> None:
        """Some events never come."""

    @invariant()
    def the_shop_holds_what_the_model_holds(self) -> None:
        for person in getattr(self, "everybody", []):
            account = TokenAccount.objects.get(pk=person.user.pk)
            held = (account.balance, account.debt, account.trial_balance, account.total_purchased)
            assert held == (person.balance, person.debt, person.trial, person.bought)

    @invariant()
    def the_books_are_right(self) -> None:
        assert [str(found) for found in audit.discrepancies()] == []

    def teardown(self) -> None:
        for sale in getattr(self, "sales", []):
            sale.purchase.refresh_from_db()
            assert (sale.purchase.state == Purchase.State.PAID) == sale.paid

    def _start(self, person: Person, form_key: UUID, areas: list[str]) -> list[Generation]:
        return studio.start_designs(user=person.user, form_key=form_key, areas=areas, style="japanese-zen", prompt="")

    def _refused_rightly(self, person: Person, refused: InsufficientTokens, count: int) -> None:
        assert (refused.available, refused.trial_available) == (person.balance, person.trial)
        assert (refused.needed, refused.debt) == (count, person.debt)
        assert person.balance + person.trial < count
        assert not person.unlimited

    def _paid(
        self, person: Person, generation: Generation, form_key: UUID | None = None, areas: list[str] | None = None
    ) -> Design:
        """Take from the model what the next design takes, and know it from now on."""
        if person.unlimited:
            source = "subscription"
        elif person.trial:
            source, person.trial = "trial", person.trial - 1
        else:
            source, person.net = "token", person.net - 1
        assert generation.source == source
        design = Design(person, generation.pk, form_key, areas or [], source)
        self.all_designs.append(design)
        return design

    def _returned(self, design: Design, state: str) -> None:
        design.state = state
        if design.source == "trial":
            design.person.trial += 1
        elif design.source == "token":
            design.person.net += 1
