"""Settling a purchase: what is credited, what is parked, and what is final."""

from dataclasses import replace
from typing import Any

import pytest

from accounts.models import User
from billing import gateway
from billing.fulfilment import NotOurs, settle
from billing.models import Purchase, TokenPackage
from tests import stripe_events
from tests.billing.conftest import Sell
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db

State = Purchase.State


def snapshot(purchase: Purchase, **changes: Any) -> gateway.CheckoutSnapshot:
    return gateway.snapshot(stripe_events.session(purchase, **changes))


def alarms(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    return [record.levelname for record in caplog.records if event in record.getMessage()]


class TestAPaymentThatDiffersFromTheSale:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"amount_total": 4899}, "Sold for 4900 usd, but Stripe says 4899 usd."),
            ({"amount_total": 49000}, "Sold for 4900 usd, but Stripe says 49000 usd."),
            ({"amount_total": None}, "Sold for 4900 usd, but Stripe says None usd."),
            ({"currency": "eur"}, "Sold for 4900 usd, but Stripe says 4900 eur."),
            (
                {"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": None},
                "Sold for 4900 usd, but Stripe says 0 usd.",
            ),
            (
                {"payment_status": "no_payment_required", "payment_intent": None},
                "Stripe calls it paid but names no payment.",
            ),
            ({"id": "cs_test_other"}, "Session cs_test_other is not the one of this purchase."),
        ],
    )
    def test_it_is_parked_with_an_alarm_and_no_credit(
        self, purchase: Purchase, changes: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        settled = settle(snapshot(purchase, **changes))
        assert (settled.state, settled.state_reason) == (State.MISMATCHED, reason)
        assert TokenTransaction.objects.count() == 0
        assert [record.levelname for record in caplog.records if "purchase_mismatched" in record.getMessage()] == [
            "ERROR"
        ]

    def test_a_payment_of_another_sale_is_not_credited_twice(self, sell: Sell) -> None:
        first, second = sell(), sell()
        settle(snapshot(first))
        settled = settle(snapshot(second, payment_intent=f"pi_{first.pk.hex}"))
        assert settled.state == State.MISMATCHED
        assert settled.state_reason == f"Payment pi_{first.pk.hex} already belongs to another sale."
        assert TokenTransaction.objects.count() == 1

    def test_the_right_payment_credits_it_after_all(self, purchase: Purchase) -> None:
        settle(snapshot(purchase, amount_total=1))
        assert settle(snapshot(purchase)).state == State.PAID

    def test_a_session_that_is_still_open_is_not_judged(self, purchase: Purchase) -> None:
        assert settle(snapshot(purchase, status="open", amount_total=1)).state == State.OPEN


class TestAPaidPurchase:
    def test_settling_again_changes_nothing(self, purchase: Purchase) -> None:
        first = settle(snapshot(purchase))
        again = settle(snapshot(purchase))
        assert (again.state, again.paid_at, again.transaction_id) == (State.PAID, first.paid_at, first.transaction_id)

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "expired"},
            {"payment_status": "unpaid"},
            {"amount_total": 1},
            {"status": "open"},
            {"currency": "eur"},
        ],
    )
    def test_nothing_takes_it_back(self, purchase: Purchase, changes: dict[str, Any]) -> None:
        settle(snapshot(purchase))
        assert settle(snapshot(purchase, **changes)).state == State.PAID

    def test_a_second_payment_for_it_raises_an_alarm(
        self, purchase: Purchase, caplog: pytest.LogCaptureFixture
    ) -> None:
        settle(snapshot(purchase))
        settled = settle(snapshot(purchase, payment_intent="pi_again"))
        assert settled.state_reason == "Paid again by pi_again; give that payment back."
        assert TokenTransaction.objects.count() == 1
        assert [record.levelname for record in caplog.records if "purchase_paid_twice" in record.getMessage()] == [
            "ERROR"
        ]


class TestTheOfferChangesAfterTheClick:
    def test_the_buyer_gets_and_pays_what_was_shown(self, purchase: Purchase, package: TokenPackage) -> None:
        package.tokens, package.price_cents, package.on_sale = 10, 9900, False
        package.save()
        settle(snapshot(purchase))
        entry = TokenTransaction.objects.get()
        assert (entry.amount, entry.price_paid_cents) == (50, 4900)


class TestSnapshots:
    def test_an_answer_and_an_event_say_the_same(self, purchase: Purchase) -> None:
        raw = stripe_events.session(purchase)
        expanded = {**raw, "payment_intent": {"id": raw["payment_intent"], "status": "succeeded"}}
        assert gateway.snapshot(raw) == gateway.snapshot(expanded)

    @pytest.mark.parametrize(
        ("intent_status", "state"),
        [("processing", State.PROCESSING), ("requires_payment_method", State.FAILED), ("canceled", State.FAILED)],
    )
    def test_an_answer_tells_a_bank_that_refused_from_one_that_takes_its_time(
        self, purchase: Purchase, intent_status: str, state: str
    ) -> None:
        intent = {"id": "pi_1", "status": intent_status}
        assert settle(snapshot(purchase, payment_status="unpaid", payment_intent=intent)).state == state

    def test_a_session_of_nobody_is_not_ours(self, purchase: Purchase) -> None:
        with pytest.raises(NotOurs):
            settle(replace(snapshot(purchase), purchase_id=None))

    def test_the_buyer_of_the_purchase_is_credited_whoever_pays(
        self, purchase: Purchase, stranger: User, buyer: User
    ) -> None:
        settle(snapshot(purchase, customer="cus_of_the_stranger"))
        assert TokenTransaction.objects.get().account_id == buyer.pk
