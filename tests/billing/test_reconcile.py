"""Reconciliation: purchases that nobody told us about are asked at Stripe."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django import app as worker
from procrastinate.exceptions import AlreadyEnqueued

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

    def test_a_payment_given_back_meanwhile_leaves_no_tokens(self, sell: Sell, stripe_says: FakeStripe) -> None:
        purchase = aged(sell(), minutes=2)
        stripe_says.says(purchase, refunded=4900)
        reconcile.reconcile()
        assert (state(purchase), TokenTransaction.objects.latest("number").balance_after) == (State.PAID, 0)

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

    def test_openings_that_stripe_refuses_over_and_over_do_not_look_like_an_outage(
        self, sell: Sell, stripe_says: FakeStripe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A 500 is replayed for its key, as long as the page could be opened at all."""
        for _ in range(4):
            aged(sell(state=State.CREATED, stripe_session_id=None), minutes=3)
        good = aged(sell(), minutes=2)
        stripe_says.says(good)

        def replay(purchase: Purchase) -> Any:
            raise gateway.StripeUnavailable("create_checkout_session", status=500)

        monkeypatch.setattr(checkout, "open_at_stripe", replay)
        report = reconcile.reconcile()
        assert (report.compared, report.failed, report.outage) == (1, 4, False)
        assert state(good) == State.PAID

    def test_openings_that_nobody_answers_do(
        self, sell: Sell, stripe_says: FakeStripe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(4):
            aged(sell(state=State.CREATED, stripe_session_id=None), minutes=3)

        def silence(purchase: Purchase) -> Any:
            raise gateway.StripeUnavailable("create_checkout_session")

        monkeypatch.setattr(checkout, "open_at_stripe", silence)
        report = reconcile.reconcile()
        assert (report.failed, report.outage) == (3, True)

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


class TestStripeIsSlow:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch, stripe_says: FakeStripe) -> None:
        """Each question takes eight seconds."""
        monkeypatch.setattr(reconcile, "monotonic", lambda: 8.0 * len(stripe_says.asked))

    def test_a_run_ends_with_its_time_and_the_next_one_begins_with_what_remained(
        self, sell: Sell, stripe_says: FakeStripe, clock: None
    ) -> None:
        for purchase in (aged(sell(), minutes=30) for _ in range(6)):
            stripe_says.says_open(purchase)
        report = reconcile.reconcile(seconds=30)
        assert str(report) == "4 compared, 0 changed, 0 failed. Time is up; the rest waits."
        assert reconcile.reconcile(seconds=30).compared == 2
        assert sorted(stripe_says.asked) == sorted(stripe_says.sessions)

    def test_none_starves_however_often_the_others_are_due(
        self, sell: Sell, stripe_says: FakeStripe, clock: None
    ) -> None:
        for purchase in [aged(sell(), minutes=30) for _ in range(10)]:
            stripe_says.says_open(purchase)
        for _ in range(3):
            reconcile.reconcile(seconds=30)
            Purchase.objects.filter(asked_at__isnull=False).update(asked_at=F("asked_at") - timedelta(minutes=4))
        assert set(stripe_says.asked) == set(stripe_says.sessions)

    def test_the_task_gives_a_run_thirty_seconds(self, sell: Sell, stripe_says: FakeStripe, clock: None) -> None:
        for purchase in [aged(sell(), minutes=30) for _ in range(6)]:
            stripe_says.says_open(purchase)
        done = worker.tasks["billing.reconcile_purchases"].func(0)
        assert done == "4 compared, 0 changed, 0 failed. Time is up; the rest waits."


class TestTheQueue:
    """A slow run takes one slot of a worker, not each one that becomes free."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def take(self, transactional_db: None) -> Iterator[Callable[[], str | None]]:
        """`take()` does what a worker's free slot does: it returns the name of the job it was given."""
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
            worker_id = cursor.fetchone()[0]

        def _take() -> str | None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT task_name FROM procrastinate_fetch_job_v2(NULL, %s)", [worker_id])
                name: str | None = cursor.fetchone()[0]
            return name

        yield _take

    def test_a_run_waits_for_the_one_before_and_lets_other_work_pass(self, take: Callable[[], str | None]) -> None:
        task = worker.tasks["billing.reconcile_purchases"]
        task.defer(timestamp=1)
        assert take() == "billing.reconcile_purchases"
        task.defer(timestamp=2)
        assert take() is None
        worker.tasks["config.forget_old_jobs"].defer(timestamp=2)
        assert (take(), take()) == ("config.forget_old_jobs", None)

    def test_runs_do_not_queue_up(self, transactional_db: None) -> None:
        task = worker.tasks["billing.reconcile_purchases"]
        task.defer(timestamp=1)
        with pytest.raises(AlreadyEnqueued):
            task.defer(timestamp=2)

    def test_the_sweep_goes_first_and_designs_come_after(self, take: Callable[[], str | None]) -> None:
        names = ["generations.paint", "billing.reconcile_purchases", "generations.expire_overdue"]
        worker.tasks["generations.paint"].defer(generation_id="x")
        for name in names[1:]:
            worker.tasks[name].defer(timestamp=1)
        assert [take() for _ in names] == names[::-1]


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

    def test_the_task_runs_each_minute_in_a_queue_of_its_own(self, purchase: Purchase) -> None:
        task = worker.tasks["billing.reconcile_purchases"]
        periodic = [entry for entry in worker.periodic_registry.periodic_tasks.values() if entry.task is task]
        assert [entry.cron for entry in periodic] == ["* * * * *"]
        assert task.queue == "billing"
        assert task.func(0) == "0 compared, 0 changed, 0 failed."
