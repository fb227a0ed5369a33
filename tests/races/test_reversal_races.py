"""Money that goes back at the very moment it is credited, or from many sides at once."""

from collections.abc import Callable
from functools import partial
from threading import Event
from time import sleep
from typing import Any

import pytest

from billing import aftermath, fulfilment, reversals
from billing.models import Purchase
from tests import stripe_events
from tests.billing.conftest import Sell, package, post_event, sell  # noqa: F401 - fixtures
from tests.stripe_events.money_back import dispute, refund
from tests.together import dawdling, together
from tokens import audit
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)

DAWDLE_SECONDS = 0.5


@pytest.fixture
def purchase(sell: Sell) -> Purchase:  # noqa: F811
    return sell()


@pytest.fixture
def no_payment_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither who credits nor who reverses locks the payment."""
    monkeypatch.setattr(reversals, "lock_payment", lambda payment: None)
    unlocked = fulfilment._LOCK.replace("pg_advisory_xact_lock(hashtextextended(%(payment)s, 0))", "NULL")
    assert unlocked != fulfilment._LOCK
    monkeypatch.setattr(fulfilment, "_LOCK", unlocked)


def then_dawdle(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Event:
    """Let whoever comes to the end of `module.name` stay in its transaction for a while; the event tells when."""
    real, there = getattr(module, name), Event()

    def dawdle(*arguments: Any) -> Any:
        result = real(*arguments)
        there.set()
        sleep(DAWDLE_SECONDS)
        return result

    monkeypatch.setattr(module, name, dawdle)
    return there


def once(there: Event, call: Callable[[], Any]) -> Any:
    assert there.wait(timeout=30)
    return call()


def books(purchase: Purchase) -> tuple[int, int, int]:
    """Tokens taken back, the balance, and the debt."""
    purchase.refresh_from_db()
    account = TokenAccount.objects.get(pk=purchase.user_id)
    return purchase.tokens_gone, account.balance, account.debt


def wrong() -> set[str]:
    return {found.check for found in audit.discrepancies()}


class TestARefundWhileItsPaymentIsCredited:
    def heard_during_the_credit(self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch) -> None:
        credited = then_dawdle(monkeypatch, aftermath, "of_payment")
        late = partial(once, credited, partial(post_event, refund(purchase, 4900)))
        answers = together(partial(post_event, stripe_events.completed(purchase)), late)
        assert [answer.status_code for answer in answers] == [200, 200]

    def credited_during_the_refund(self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch) -> None:
        looked = then_dawdle(monkeypatch, reversals, "_even_up_payment")
        late = partial(once, looked, partial(post_event, stripe_events.completed(purchase)))
        answers = together(partial(post_event, refund(purchase, 4900)), late)
        assert [answer.status_code for answer in answers] == [200, 200]

    @pytest.mark.parametrize("order", ["heard_during_the_credit", "credited_during_the_refund"])
    def test_it_is_taken_back(self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
        getattr(self, order)(purchase, monkeypatch)
        assert books(purchase) == (50, 0, 0)

    @pytest.mark.breaks_the_books
    @pytest.mark.parametrize("order", ["heard_during_the_credit", "credited_during_the_refund"])
    def test_without_the_lock_the_buyer_keeps_both_and_the_audit_knows(
        self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch, no_payment_lock: None, order: str
    ) -> None:
        getattr(self, order)(purchase, monkeypatch)
        assert books(purchase) == (0, 50, 0)
        assert wrong() == {"purchase_tokens_match_its_money"}


class TestManyRefundsAndADisputeAtOnce:
    def everything(self, purchase: Purchase) -> list[Any]:
        parts = [refund(purchase, 490, name=str(number)) for number in range(4)]
        opened, won = dispute(purchase, 2940, "needs_response"), dispute(purchase, 2940, "won")
        return together(*[partial(post_event, event) for event in [*parts, opened, won, *parts]])

    @pytest.fixture
    def bought(self, purchase: Purchase) -> Purchase:
        post_event(stripe_events.completed(purchase))
        return purchase

    def test_each_is_taken_once(self, bought: Purchase) -> None:
        assert {answer.status_code for answer in self.everything(bought)} == {200}
        assert books(bought) == (20, 30, 0)

    @pytest.mark.breaks_the_books
    def test_without_the_locks_some_are_counted_from_a_sum_that_is_old(
        self, bought: Purchase, monkeypatch: pytest.MonkeyPatch, no_payment_lock: None
    ) -> None:
        def unlocked(payment: str) -> Purchase:
            purchase = Purchase.objects.get(stripe_payment_intent_id=payment)
            reversals.even_up(purchase)
            return purchase

        monkeypatch.setattr(reversals, "money_back", dawdling(reversals.money_back, 0.2))
        monkeypatch.setattr(reversals, "_even_up_payment", unlocked)
        # Each once: a second delivery would count again, and could put it right by chance.
        parts = [refund(bought, 490, name=str(number)) for number in range(5)]
        answers = together(*[partial(post_event, event) for event in parts])
        refused = [answer for answer in answers if isinstance(answer, Exception) or answer.status_code != 200]
        assert refused or wrong()
