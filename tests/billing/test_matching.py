"""What does not match: found, listed once, repaired by one click, and settled when it matches again."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import comparison, customers, fulfilment, gateway, matching, repairs, tasks
from billing.effects import settle_now
from billing.matching import mending
from billing.models import Difference, Purchase, ReconcileRun, Refund, Subscription, TokenPackage
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tests.sandbox_process import SandboxProcess
from tests.subscribed import subscription_of
from tests.together import dawdling, together
from tokens import ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

Kind = Difference.Kind
STATES = [{}, {"state": "open"}, {"state": "settled"}]


@pytest.fixture(autouse=True)
def _nothing_is_delivered(sandbox: SandboxProcess) -> None:
    sandbox.control("settings", {"mode": "drop"})


def api() -> Any:
    return gateway.client.client().v1


def charge(user: User | None, amount: int = 1000, **metadata: str) -> str:
    """Take money at Stripe past the shop; return the payment's id."""
    params: dict[str, Any] = {
        "amount": amount,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_visa",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": metadata,
    }
    if user:
        params["customer"] = customers.known_to_stripe(user)
    return str(api().payment_intents.create(params=params).id)


def sale(user: User, **changes: str) -> dict[str, str]:
    """The metadata of a payment whose purchase was lost."""
    return {
        "purchase_id": str(uuid4()),
        "user_id": str(user.pk),
        "way": "card",
        "tokens": "50",
        "package": "package_50",
        **changes,
    }


def walk() -> matching.Report:
    Purchase.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    return matching.walk(since=timezone.now() - timedelta(days=2))


def listed() -> list[tuple[str, str]]:
    """The kind and subject of what is open."""
    return list(Difference.objects.filter(settled_at=None).values_list("kind", "subject").order_by("kind"))


def balance(user: User) -> int:
    return sum(TokenAccount.objects.filter(user=user).values_list("balance", flat=True))


def refunded_cents(sandbox: SandboxProcess, payment: str) -> int:
    [found] = [one["amount_refunded"] for one in sandbox.control("truth")["payment_intents"] if one["id"] == payment]
    return int(found)


class TestAPaymentWithoutAPurchase:
    def test_a_customers_is_listed_once_however_often_it_is_found(self, buyer: User) -> None:
        payment = charge(buyer)
        assert [walk().run.differing, walk().run.differing] == [1, 1]
        assert listed() == [(Kind.PAYMENT_WITHOUT_PURCHASE, payment)]
        found = Difference.objects.get()
        assert (found.user, found.amount_cents, found.currency) == (buyer, 1000, "usd")

    def test_it_is_refunded_once_by_one_click(self, buyer: User, staff: User, sandbox: SandboxProcess) -> None:
        payment = charge(buyer)
        walk()
        difference = Difference.objects.get()
        outcome = mending.refund(difference, by=staff)
        assert (outcome.startswith("$10.00 refunded"), refunded_cents(sandbox, payment)) == (True, 1000)
        difference.refresh_from_db()
        assert (difference.settled_by, listed()) == (staff, [])
        with pytest.raises(mending.NotPossible):
            mending.refund(difference, by=staff)
        assert (refunded_cents(sandbox, payment), walk().run.differing) == (1000, 0)

    def test_one_that_was_refunded_at_stripe_is_settled_by_the_next_walk(self, buyer: User) -> None:
        payment = charge(buyer)
        walk()
        api().refunds.create(params={"payment_intent": payment})
        assert (walk().run.differing, listed()) == (0, [])
        assert Difference.objects.get().outcome == "It does not differ any more."

    def test_that_of_a_subscription_is_no_purchases(self, buyer: User, sandbox: SandboxProcess) -> None:
        subscribe_at_stripe(sandbox, customers.known_to_stripe(buyer))
        walk()
        assert [kind for kind, _ in listed()] == [Kind.SUBSCRIPTION_UNKNOWN]

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"user_id": str(uuid4())}, "It names a purchase of somebody we do not know."),
            ({"user_id": "nobody"}, "It names a purchase of somebody we do not know."),
            ({"tokens": "0"}, "It names a purchase, but no plausible number of tokens."),
            ({"tokens": "1000001"}, "It names a purchase, but no plausible number of tokens."),
            ({"tokens": "-50"}, "It names a purchase, but no plausible number of tokens."),
            ({"tokens": "\u0665\u0660"}, "It names a purchase, but no plausible number of tokens."),
        ],
    )
    def test_one_that_says_too_little_is_listed_and_not_credited(
        self, buyer: User, changes: dict[str, str], sentence: str
    ) -> None:
        charge(buyer, 4900, **sale(buyer, **changes))
        walk()
        assert (Difference.objects.get().detail, Purchase.objects.count()) == (sentence, 0)

    def test_one_of_one_person_that_names_the_purchase_of_another_is_not_credited(
        self, buyer: User, stranger: User
    ) -> None:
        charge(stranger, 4900, **sale(buyer))
        walk()
        sentence = "It names a purchase of one person, but is the payment of another."
        assert (Difference.objects.get().detail, balance(buyer), balance(stranger)) == (sentence, 0, 0)

    def test_one_whose_package_is_gone_is_credited_with_the_tokens_it_names(self, buyer: User) -> None:
        charge(buyer, 4321, **sale(buyer, tokens="77", package="withdrawn"))
        walk()
        again = Purchase.objects.get()
        assert (again.tokens, again.price_cents, again.package_id, balance(buyer)) == (77, 4321, "package_50", 77)


class TestAPurchaseThatWasNotCredited:
    @pytest.fixture
    def parked(self, sell: Sell, buyer: User) -> Difference:
        """$48.00 were paid for what was sold for $49.00."""
        purchase = sell(way="card", stripe_session_id=None, state="created")
        charge(buyer, 4800, **sale(buyer, purchase_id=str(purchase.pk)))
        walk()
        return Difference.objects.get()

    def test_it_is_listed_with_both_amounts(self, parked: Difference) -> None:
        assert (parked.kind, parked.detail, parked.purchase is not None) == (
            Kind.AMOUNT_DIFFERS,
            "50 tokens were sold for $49.00, and $48.00 were paid.",
            True,
        )

    def test_its_tokens_are_given_once_by_one_click(self, parked: Difference, staff: User, buyer: User) -> None:
        assert mending.give(parked, by=staff) == "50 tokens given."
        parked.refresh_from_db()
        with pytest.raises(mending.NotPossible):
            mending.give(parked, by=staff)
        assert (balance(buyer), TokenTransaction.objects.get().adjusted_by_id) == (50, staff.pk)
        assert (walk().run.differing, listed()) == (0, [])

    def test_its_tokens_are_shown_before_they_are_given(self, desk: Client, parked: Difference, buyer: User) -> None:
        address = f"/admin/billing/difference/{parked.pk}/repair/"
        page = desk.post(address, {"order": "give"}).content.decode()
        assert ("50, as an adjustment in your name" in page, "0 now, 50 after" in page) == (True, True)
        assert (balance(buyer), Difference.objects.get().settled_at) == (0, None)
        assert (desk.post(address, {"order": "give", "confirm": ""}).status_code, balance(buyer)) == (302, 50)

    def test_nobody_gives_tokens_to_themselves(self, parked: Difference, buyer: User) -> None:
        with pytest.raises(mending.NotPossible, match="ask a colleague"):
            mending.give(parked, by=buyer)
        assert balance(buyer) == 0

    def test_or_its_money_is_refunded(self, parked: Difference, staff: User, sandbox: SandboxProcess) -> None:
        mending.refund(parked, by=staff)
        assert (refunded_cents(sandbox, parked.subject), walk().run.differing) == (4800, 0)

    def test_one_without_any_payment_is_listed_under_its_own_id(self, sell: Sell) -> None:
        purchase = sell(way="card", stripe_session_id=None, state="mismatched", state_reason="Odd.")
        walk()
        assert (listed(), Difference.objects.get().detail) == ([(Kind.PAYMENT_NOT_CREDITED, str(purchase.pk))], "Odd.")
        assert walk().run.differing == 1


class TestAPurchasePaidTwice:
    def test_the_second_payment_is_listed_and_given_back(
        self, sell: Sell, buyer: User, staff: User, sandbox: SandboxProcess
    ) -> None:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        first, second = (charge(buyer, 4900, **sale(buyer, purchase_id=str(purchase.pk))) for _ in range(2))
        settle_now(gateway.retrieve_payment(first))
        walk()
        assert listed() == [(Kind.PAID_TWICE, second)]
        mending.refund(Difference.objects.get(), by=staff)
        assert (refunded_cents(sandbox, first), refunded_cents(sandbox, second), balance(buyer)) == (0, 4900, 50)
        assert (walk().run.differing, listed()) == (0, [])


class TestTheOtherWayRound:
    def test_a_credit_whose_payment_stripe_does_not_know_is_listed(self, purchase: Purchase) -> None:
        post_event(stripe_events.completed(purchase))
        walk()
        assert listed() == [(Kind.CREDIT_WITHOUT_PAYMENT, f"pi_{purchase.pk.hex}")]

    @pytest.mark.breaks_the_books
    def test_a_credit_that_nobody_bought_is_listed(self, purchase: Purchase) -> None:
        post_event(stripe_events.completed(purchase))
        entry = TokenTransaction.objects.get()
        Purchase.objects.update(state="failed", paid_at=None, transaction=None)
        walk()
        assert listed() == [(Kind.CREDIT_WITHOUT_PAYMENT, f"credit {entry.pk}")]

    def test_a_refund_that_stripe_does_not_know_is_listed(self, sell: Sell, buyer: User) -> None:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        settle_now(gateway.retrieve_payment(charge(buyer, 4900, **sale(buyer, purchase_id=str(purchase.pk)))))
        purchase.refresh_from_db()
        body = {"id": "re_1", "object": "refund", "amount": 4900, "currency": "usd", "status": "succeeded"}
        told = {**body, "payment_intent": purchase.stripe_payment_intent_id, "created": int(timezone.now().timestamp())}
        post_event(stripe_events.event("refund.created", told))
        assert Refund.objects.count() == 1
        walk()
        assert listed() == [(Kind.MONEY_BACK_DIFFERS, "re_1")]
        assert mending.compare_again(Difference.objects.get()) is True

    def test_a_subscription_that_stripe_does_not_know_is_listed(self, buyer: User) -> None:
        ours = subscription_of(buyer)
        walk()
        assert listed() == [(Kind.SUBSCRIPTION_DIFFERS, ours.stripe_subscription_id)]


def subscribe_at_stripe(sandbox: SandboxProcess, customer: str, cents: int = 9900) -> str:
    """Begin a subscription past the shop; return its id."""
    price = {"currency": "usd", "unit_amount": cents, "recurring": {"interval": "month"}, "product_data": {"name": "P"}}
    session = api().checkout.sessions.create(
        params={
            "mode": "subscription",
            "customer": customer,
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "https://shop.example.com/",
        }
    )
    return str(sandbox.control(f"pay/{session.id}", {})["session"]["subscription"])


class TestASubscriptionWeDoNotKnow:
    def test_it_is_taken_over_by_one_click(self, buyer: User, staff: User, sandbox: SandboxProcess) -> None:
        theirs = subscribe_at_stripe(sandbox, customers.known_to_stripe(buyer))
        walk()
        assert listed() == [(Kind.SUBSCRIPTION_UNKNOWN, theirs)]
        assert mending.take_over(Difference.objects.get(), by=staff) == "Taken over as Pro."
        ours = Subscription.objects.get()
        assert (ours.user, ours.state, ours.stripe_subscription_id) == (buyer, "active", theirs)
        assert TokenAccount.objects.get(user=buyer).unlimited_until is not None
        assert (walk().run.differing, listed()) == (0, [])

    def test_not_one_at_a_price_of_no_plan(self, buyer: User, staff: User, sandbox: SandboxProcess) -> None:
        subscribe_at_stripe(sandbox, customers.known_to_stripe(buyer), cents=1234)
        walk()
        with pytest.raises(mending.NotPossible, match="No plan"):
            mending.take_over(Difference.objects.get(), by=staff)
        assert Subscription.objects.count() == 0

    def test_nor_a_second_one(self, buyer: User, staff: User, sandbox: SandboxProcess) -> None:
        for _ in range(2):
            subscribe_at_stripe(sandbox, customers.known_to_stripe(buyer))
        walk()
        first, second = Difference.objects.all()
        mending.take_over(first, by=staff)
        with pytest.raises(mending.NotPossible, match="another subscription"):
            mending.take_over(second, by=staff)
        assert Subscription.objects.count() == 1


@pytest.fixture
def credits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The key of each credit that is asked for, the first first; whoever asks for one dawdles before it is given."""
    asked: list[str] = []
    credit = ledger.credit

    def dawdle(**given: Any) -> TokenTransaction:
        asked.append(given["key"])
        sleep(0.2)
        return credit(**given)

    monkeypatch.setattr(ledger, "credit", dawdle)
    return asked


@pytest.fixture
def no_purchase_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the purchase as fulfilment does, but let everybody read it at once."""
    monkeypatch.setattr(fulfilment, "_lock", lambda purchase_id, _: (Purchase.objects.get(pk=purchase_id), False))


class TestManyAtOnce:
    def race(self, buyer: User, *, already_written_again: bool = False) -> None:
        """Two walks and two events learn at once of a payment whose purchase was lost."""
        told = sale(buyer)
        payment = charge(buyer, 4900, **told)
        if already_written_again:
            package = TokenPackage.objects.get(code="package_50")
            sold = {"tokens": 50, "price_cents": 4900, "currency": "usd", "expires_at": timezone.now()}
            Purchase.objects.create(pk=told["purchase_id"], user=buyer, way="card", package=package, **sold)
        intent = api().payment_intents.retrieve(payment).to_dict(for_json=True)
        events = [stripe_events.event("payment_intent.succeeded", intent) for _ in range(2)]
        together(walk, walk, *(partial(post_event, event) for event in events))

    def test_a_lost_purchase_is_credited_once(self, buyer: User, credits: list[str]) -> None:
        self.race(buyer)
        assert (balance(buyer), Purchase.objects.count(), TokenTransaction.objects.count()) == (50, 1, 1)
        assert len(credits) == 1

    def test_without_the_purchases_lock_only_the_key_prevents_a_second_credit(
        self, buyer: User, credits: list[str], no_purchase_lock: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fulfilment, "difference", dawdling(comparison.difference, 0.2))
        self.race(buyer, already_written_again=True)
        assert (len(credits) > 1, len(set(credits)), balance(buyer)) == (True, 1, 50)

    def test_a_payment_that_was_rebuilt_under_one_id_is_not_credited_under_another(self, buyer: User) -> None:
        """What is left when the purchase's own id does not hold: the payment belongs to one sale."""
        payment = gateway.look_up_payment(charge(buyer, 4900, **sale(buyer, way="checkout")))
        assert payment is not None
        twin = replace(payment, snapshot=replace(payment.snapshot, purchase_id=uuid4()))
        states = [repairs.rebuild(one).state for one in (payment, twin)]
        assert (states, balance(buyer), TokenTransaction.objects.count()) == (["paid", "mismatched"], 50, 1)


class TestByItself:
    def test_every_hour_and_every_night_the_worker_walks(self, buyer: User) -> None:
        charge(buyer, 4900, **sale(buyer))
        said = [tasks.match_recent(timestamp=0), tasks.match_month(timestamp=0)]
        assert said == ["1 compared, 1 repaired, 0 differ.", "1 compared, 0 repaired, 0 differ."]
        hourly, nightly = ReconcileRun.objects.order_by("started_at")
        assert [(run.started_at - run.since).days for run in (hourly, nightly)] == [30, 30]
        assert (matching.next_since(), balance(buyer)) == (nightly.started_at - timedelta(days=1), 50)


class TestTheCommand:
    def test_it_says_how_many_were_compared_and_what_differs(
        self, buyer: User, capsys: pytest.CaptureFixture[str]
    ) -> None:
        payment = charge(buyer)
        with pytest.raises(SystemExit) as ended:
            call_command("reconcile", "--days", "1")
        lines = capsys.readouterr().out.splitlines()
        assert (ended.value.code, lines) == (
            1,
            [
                "1 compared, 0 repaired, 1 differs.",
                f"- A payment at Stripe without a purchase here: {payment}: "
                "It is a customer's of ours, but names no purchase.",
            ],
        )

    def test_it_ends_well_when_all_matches(self, buyer: User, capsys: pytest.CaptureFixture[str]) -> None:
        charge(buyer, 4900, **sale(buyer))
        call_command("reconcile", "--everything")
        assert capsys.readouterr().out == "1 compared, 1 repaired, 0 differ.\n"
        run = ReconcileRun.objects.get()
        assert (run.compared, run.repaired, run.differing, run.failed, run.ended_at is not None) == (1, 1, 0, 0, True)
