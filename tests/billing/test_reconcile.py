"""Reconciliation: purchases that nobody told us about are asked at Stripe."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from procrastinate.contrib.django import app as worker

from billing import checkout, gateway, reconcile
from billing.models import Purchase
from tests.billing.conftest import FakeStripe, Sell
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db

State = Purchase.State


def aged(purchase: Purchase, **age: float) -> Purchase:
    Purchase.objects.filter(pk=purchase.pk).update(created_at=timezone.now() - timedelta(**age))
    purchase.refresh_from_db()
    return purchase


def state(purchase: Purchase) -> str:
    return Purchase.objects.get(pk=purchase.pk).state


class TestWhatWebhooksMissed:
    @pytest.mark.parametrize("before", [State.OPEN, State.PROCESSING])
    def test_a_payment_is_credited(self, sell: Sell, stripe_says: FakeStripe, before: str) -> None:
        purchase = aged(sell(state=before), minutes=2)
        stripe_says.says(purchase)
        assert str(reconcile.reconcile()) == "1 compared, 1 changed, 0 failed."
        assert (state(purchase), TokenTransaction.objects.count()) == (State.PAID, 1)

    def test_an_expiry_is_noted(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = aged(sell(), hours=2)
        stripe_says.says(purchase, status="expired", payment_status="unpaid", payment_intent=None)
        reconcile.reconcile()
        assert state(purchase) == State.EXPIRED

    def test_a_refused_debit_is_noted(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = aged(sell(state=State.PROCESSING), days=2)
        intent = {"id": "pi_1", "status": "requires_payment_method"}
        stripe_says.says(purchase, payment_status="unpaid", payment_intent=intent)
        reconcile.reconcile()
        assert state(purchase) == State.FAILED

    def test_one_never_sent_to_stripe_expires_with_its_time(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = sell(
            state=State.CREATED, stripe_session_id=None, checkout_url="", expires_at=timezone.now() - timedelta(1)
        )
        aged(purchase, days=2)
        reconcile.reconcile()
        assert (state(purchase), stripe_says.asked) == (State.EXPIRED, [])


class TestWhatIsLeftAlone:
    def test_the_young(self, purchase: Purchase, stripe_says: FakeStripe) -> None:
        assert reconcile.reconcile(everything=True).compared == 0
        assert stripe_says.asked == []

    @pytest.mark.parametrize("final", [State.FAILED, State.EXPIRED, State.MISMATCHED])
    def test_the_decided(self, sell: Sell, stripe_says: FakeStripe, final: str) -> None:
        aged(sell(state=final), minutes=2)
        assert reconcile.reconcile(everything=True).compared == 0

    def test_the_old_are_asked_about_less_often(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = aged(sell(), minutes=50)
        stripe_says.says_open(purchase)
        for minutes_ago, asked in ((1, 0), (4, 0), (6, 1)):
            Purchase.objects.update(asked_at=timezone.now() - timedelta(minutes=minutes_ago))
            stripe_says.asked.clear()
            reconcile.reconcile()
            assert len(stripe_says.asked) == asked

    def test_but_all_of_them_when_staff_say_so(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = aged(sell(), minutes=50)
        stripe_says.says_open(purchase)
        for _ in range(2):
            assert reconcile.reconcile(everything=True).compared == 1


class TestTrouble:
    def test_an_outage_ends_the_run_politely(self, sell: Sell, stripe_says: FakeStripe) -> None:
        for _ in range(5):
            aged(sell(), minutes=2)
        report = reconcile.reconcile()
        assert str(report) == "0 compared, 0 changed, 3 failed. Stripe does not answer; the rest waits."
        assert len(stripe_says.asked) == 3

    def test_one_that_stripe_never_answers_does_not_stop_the_others(self, sell: Sell, stripe_says: FakeStripe) -> None:
        bad, good = aged(sell(), minutes=3), aged(sell(), minutes=2)
        stripe_says.says(good)
        report = reconcile.reconcile()
        assert (report.compared, report.failed, report.outage) == (1, 1, False)
        assert (state(bad), state(good)) == (State.OPEN, State.PAID)

    def test_one_that_cannot_be_compared_does_not_stop_the_others(
        self, sell: Sell, stripe_says: FakeStripe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad, good = aged(sell(state=State.CREATED, stripe_session_id=None), minutes=3), aged(sell(), minutes=2)
        stripe_says.says(good)

        def refuse(purchase: Purchase) -> Any:
            raise gateway.StripeRefused("parameter_invalid", "req_1")

        monkeypatch.setattr(checkout, "open_at_stripe", refuse)
        report = reconcile.reconcile()
        assert (report.compared, report.failed) == (1, 1)
        assert (state(bad), state(good)) == (State.CREATED, State.PAID)


class TestTheCommandAndTheTask:
    def test_the_command_says_how_many(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = aged(sell(), minutes=2)
        stripe_says.says(purchase)
        out = StringIO()
        call_command("reconcile_purchases", stdout=out)
        assert out.getvalue() == "1 compared, 1 changed, 0 failed.\n"

    def test_the_command_fails_visibly_in_an_outage(self, sell: Sell, stripe_says: FakeStripe) -> None:
        for _ in range(3):
            aged(sell(), minutes=2)
        with pytest.raises(SystemExit, match="1"):
            call_command("reconcile_purchases", stdout=StringIO())

    def test_the_task_runs_each_minute_and_never_twice_at_once(self, purchase: Purchase) -> None:
        task = worker.tasks["billing.reconcile_purchases"]
        periodic = [entry for entry in worker.periodic_registry.periodic_tasks.values() if entry.task is task]
        assert [entry.cron for entry in periodic] == ["* * * * *"]
        assert task.queueing_lock == "billing.reconcile_purchases"
        assert task.func(0) == "0 compared, 0 changed, 0 failed."
