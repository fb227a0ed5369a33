"""Many callers about one payment at the same moment: one credit. Each race is shown to go wrong without its lock."""

from collections.abc import Callable, Iterator
from functools import partial
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from accounts.models import User
from billing import checkout, fulfilment, gateway, inbox, reconcile
from billing.models import Purchase, StripeCustomer, StripeEvent, TokenPackage
from tests import stripe_events
from tests.billing.conftest import FakeStripe, post_event
from tests.together import together
from tokens import audit, ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

State = Purchase.State


@pytest.fixture
def no_purchase_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the purchase as `settle` does, but without the row lock, and dawdle before deciding."""

    def read(purchase_id: UUID, payment_intent_id: str) -> tuple[Purchase, bool]:
        purchase = Purchase.objects.get(pk=purchase_id)
        sleep(0.1)
        return purchase, False

    monkeypatch.setattr(fulfilment, "_lock", read)


@pytest.fixture
def keys_that_differ(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away what still stands when the lock is gone: the one key per purchase, and the one credit per payment."""
    real, names = ledger.credit, iter(range(1000))

    def credit(**arguments: Any) -> TokenTransaction:
        return real(**{**arguments, "key": f"{arguments['key']}:{next(names)}"})

    monkeypatch.setattr(ledger, "credit", credit)
    name = "token_transaction_payment_credited_once"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE tokens_tokentransaction DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE billing_purchase, tokens_tokentransaction CASCADE")
        cursor.execute("DELETE FROM tokens_tokenaccount")
        cursor.execute(f"ALTER TABLE tokens_tokentransaction ADD CONSTRAINT {name} UNIQUE (stripe_payment_intent_id)")


def credited() -> int:
    return TokenTransaction.objects.count()


class TestOneEventDeliveredAtOnce:
    def test_twenty_deliveries_credit_once(self, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        answers = together(*[partial(post_event, event) for _ in range(20)])
        assert sorted(answer.content for answer in answers) == [b"applied\n"] + [b"duplicate\n"] * 19
        assert {answer.status_code for answer in answers} == {200}
        assert credited() == 1
        assert StripeEvent.objects.get().attempts == 1

    def test_without_the_events_row_only_the_purchase_lock_and_the_key_prevent_a_second_credit(
        self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inbox, "_keep", lambda *_, **__: True)
        event = stripe_events.completed(purchase)
        answers = together(*[partial(post_event, event) for _ in range(5)])
        assert [answer.content for answer in answers] == [b"applied\n"] * 5
        assert credited() == 1


class TestSeveralEventsOfOnePaymentAtOnce:
    def test_they_credit_once(self, purchase: Purchase) -> None:
        events = [
            stripe_events.unpaid(purchase),
            stripe_events.completed(purchase),
            stripe_events.async_succeeded(purchase),
            stripe_events.async_succeeded(purchase),
            stripe_events.expired(purchase),
        ]
        answers = together(*[partial(post_event, event) for event in events * 2])
        assert {answer.status_code for answer in answers} == {200}
        purchase.refresh_from_db()
        assert (purchase.state, credited()) == (State.PAID, 1)

    def test_without_the_purchase_lock_only_the_key_prevents_a_second_credit(
        self, purchase: Purchase, no_purchase_lock: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attempts: list[str] = []
        real = ledger.credit

        def credit(**given: Any) -> TokenTransaction:
            attempts.append(given["key"])
            return real(**given)

        monkeypatch.setattr(ledger, "credit", credit)
        TokenAccount.objects.create(user=purchase.user)
        together(*[partial(post_event, stripe_events.completed(purchase)) for _ in range(5)])
        assert len(attempts) > 1
        assert credited() == 1

    @pytest.mark.breaks_the_books
    def test_without_lock_and_keys_the_payment_is_credited_again_and_the_audit_knows(
        self, purchase: Purchase, no_purchase_lock: None, keys_that_differ: None
    ) -> None:
        TokenAccount.objects.create(user=purchase.user)
        together(*[partial(post_event, stripe_events.completed(purchase)) for _ in range(5)])
        assert credited() > 1
        found = {discrepancy.check for discrepancy in audit.discrepancies()}
        assert {"purchase_payment_credited_once", "purchase_credit_has_a_paid_purchase"} <= found


class TestWebhookReturnPageAndReconciliationAtOnce:
    def race(self, purchase: Purchase, buyer: User, stripe_says: FakeStripe) -> list[Any]:
        stripe_says.says(purchase)
        Purchase.objects.filter(pk=purchase.pk).update(created_at="2020-01-01T00:00Z")
        browser = Client()
        browser.force_login(buyer)
        page = partial(browser.get, purchase.get_absolute_url())
        webhook = partial(post_event, stripe_events.completed(purchase))
        return together(webhook, page, reconcile.reconcile, webhook, partial(reconcile.ask_stripe, purchase), webhook)

    def test_they_credit_once(self, purchase: Purchase, buyer: User, stripe_says: FakeStripe) -> None:
        webhook, page, report, *_ = self.race(purchase, buyer, stripe_says)
        assert (webhook.status_code, page.status_code, report.failed) == (200, 200, 0)
        assert "50 tokens are yours" in page.content.decode()
        purchase.refresh_from_db()
        assert (purchase.state, credited()) == (State.PAID, 1)

    @pytest.mark.breaks_the_books
    def test_without_lock_and_keys_the_payment_is_credited_again(
        self, purchase: Purchase, buyer: User, stripe_says: FakeStripe, no_purchase_lock: None, keys_that_differ: None
    ) -> None:
        TokenAccount.objects.create(user=buyer)
        self.race(purchase, buyer, stripe_says)
        assert credited() > 1


class TestTwoPurchasesForOnePayment:
    def test_at_most_one_is_credited(self, sell: Any) -> None:
        purchases = [sell() for _ in range(6)]
        events = [stripe_events.completed(purchase, payment_intent="pi_shared") for purchase in purchases]
        first = together(*[partial(post_event, event) for event in events])
        assert {answer.status_code for answer in first} <= {200, 500}
        second = [post_event(event) for event in events]
        assert {answer.status_code for answer in second} == {200}
        states = sorted(Purchase.objects.values_list("state", flat=True))
        assert states == [State.MISMATCHED] * 5 + [State.PAID]
        assert credited() == 1


class TestTwoClicksAtOnce:
    @pytest.fixture
    def stripe_opens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stripe answers the same idempotency key with the same session."""

        def create(purchase: Purchase, customer: str) -> gateway.PaymentSnapshot:
            session = stripe_events.session(
                purchase, status="open", payment_status="unpaid", payment_intent=None, url=f"https://x/{purchase.pk}"
            )
            return gateway.of_session({**session, "id": f"cs_test_{purchase.pk.hex}"})

        monkeypatch.setattr(gateway, "create_customer", lambda customer: f"cus_{customer.pk.hex}")
        monkeypatch.setattr(gateway, "create_checkout_session", create)
        monkeypatch.setattr(
            gateway, "retrieve_checkout_session", lambda key: create(Purchase.objects.get(stripe_session_id=key), "")
        )

    def click(self, buyer: User) -> Any:
        return checkout.open_purchase(user=buyer, package_code="package_50", save_card=False)

    def test_ten_clicks_are_one_purchase(self, buyer: User, package: TokenPackage, stripe_opens: None) -> None:
        purchases = together(*[partial(self.click, buyer) for _ in range(10)])
        assert {purchase.checkout_url for purchase in purchases} == {f"https://x/{Purchase.objects.get().pk}"}
        assert StripeCustomer.objects.count() == 1

    def test_without_the_customer_lock_they_are_several(
        self, buyer: User, package: TokenPackage, stripe_opens: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        StripeCustomer.objects.create(user=buyer, email=buyer.email)
        monkeypatch.setattr(StripeCustomer.objects, "select_for_update", lambda **_: StripeCustomer.objects.all())
        real = Purchase.objects.create

        def dawdle(**fields: Any) -> Purchase:
            sleep(0.1)
            return real(**fields)

        monkeypatch.setattr(Purchase.objects, "create", dawdle)
        together(*[partial(self.click, buyer) for _ in range(5)])
        assert Purchase.objects.count() > 1


class TestAMigrationAddsAColumnMeanwhile:
    """Prepared statements outlive it, so none may say `SELECT *`."""

    @pytest.fixture
    def add_columns(self) -> Iterator[Callable[[], None]]:
        tables = ("billing_purchase", "billing_stripeevent")

        def change(what: str) -> None:
            migration = connection.copy()  # another process, as in a deployment
            with migration.cursor() as cursor:
                for table in tables:
                    cursor.execute(f"ALTER TABLE {table} {what}")
            migration.close()

        yield lambda: change("ADD COLUMN new_column integer")
        change("DROP COLUMN IF EXISTS new_column")

    def test_events_are_applied_as_before(self, sell: Any, add_columns: Callable[[], None]) -> None:
        for _ in range(connection.settings_dict["OPTIONS"]["prepare_threshold"] + 3):
            assert post_event(stripe_events.completed(sell())).content == b"applied\n"
        add_columns()
        assert post_event(stripe_events.completed(sell())).content == b"applied\n"


class TestTheNegativeControlsThemselves:
    def test_the_database_refuses_a_second_credit_of_one_payment(self, purchase: Purchase, buyer: User) -> None:
        post_event(stripe_events.completed(purchase))
        with pytest.raises((IntegrityError, ledger.PaymentAlreadyCredited)):
            ledger.credit(
                user_id=buyer.pk,
                amount=50,
                type=ledger.Type.PURCHASE,
                key="another",
                description="Again",
                stripe_payment_intent_id=f"pi_{purchase.pk.hex}",
            )

    def test_an_event_is_applied_in_one_transaction_with_its_mark(self, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inbox, "_have", lambda effect, event_id: effect() and 1 / 0)
            assert post_event(event).status_code == 500
        assert credited() == 0
        assert post_event(event).content == b"applied\n"
