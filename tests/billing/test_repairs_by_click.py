"""A repair that came to nothing is found again; what staff marked as settled is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing import customers, gateway, matching
from billing.effects import settle_now
from billing.matching import differences, mending
from billing.models import Difference, Purchase, Refund
from tests.billing.conftest import Sell
from tests.billing.test_matching import api, balance, charge, listed, sale, walk
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

Kind = Difference.Kind
FAILS_AT_THE_BANK = "pm_card_refundFail"  # https://docs.stripe.com/testing#refunds


@pytest.fixture(autouse=True)
def _nothing_is_delivered(sandbox: SandboxProcess) -> None:
    sandbox.control("settings", {"mode": "drop"})


def charge_what_cannot_be_refunded(user: User, amount: int, **metadata: str) -> str:
    """Take money at Stripe whose refund succeeds at first, and fails at the bank days later."""
    params: dict[str, Any] = {
        "amount": amount,
        "currency": "usd",
        "confirm": True,
        "customer": customers.known_to_stripe(user),
        "payment_method": FAILS_AT_THE_BANK,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": metadata,
    }
    return str(api().payment_intents.create(params=params).id)


class TestARefundThatFailsAtTheBank:
    def nobodys(self, buyer: User, sell: Sell) -> str:
        charge_what_cannot_be_refunded(buyer, 1000)
        return Kind.PAYMENT_WITHOUT_PURCHASE

    def paid_otherwise_than_sold(self, buyer: User, sell: Sell) -> str:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        charge_what_cannot_be_refunded(buyer, 4800, **sale(buyer, purchase_id=str(purchase.pk)))
        return Kind.AMOUNT_DIFFERS

    def not_credited(self, buyer: User, sell: Sell) -> str:
        purchase = sell(way="card", stripe_session_id=None, state="created", stripe_payment_intent_id="pi_another")
        charge_what_cannot_be_refunded(buyer, 4900, **sale(buyer, purchase_id=str(purchase.pk)))
        return Kind.PAYMENT_NOT_CREDITED

    def paid_twice(self, buyer: User, sell: Sell) -> str:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        names = sale(buyer, purchase_id=str(purchase.pk))
        settle_now(gateway.retrieve_payment(charge(buyer, 4900, **names)))
        charge_what_cannot_be_refunded(buyer, 4900, **names)
        return Kind.PAID_TWICE

    @pytest.mark.parametrize("begun", ["nobodys", "paid_otherwise_than_sold", "not_credited", "paid_twice"])
    @pytest.mark.parametrize("days", [2, -1])
    def test_is_listed_again_and_may_be_refunded_anew(
        self, buyer: User, staff: User, sell: Sell, sandbox: SandboxProcess, begun: str, days: int
    ) -> None:
        kind = getattr(self, begun)(buyer, sell)
        walk()
        [(found, payment)] = listed()
        assert found == kind
        mending.refund(Difference.objects.get(), by=staff)
        assert (walk().run.differing, listed()) == (0, [])
        sandbox.control("clock/advance", {"days": 3})
        # Also when the payment is too old for the walk to come by it: here, because it looks from tomorrow on.
        matching.walk(since=timezone.now() - timedelta(days=days))
        assert listed() == [(kind, payment)]
        again = Difference.objects.get(settled_at=None)
        assert mending.refund(again, by=staff).startswith("$")
        assert (listed(), Refund.objects.filter(requested_by=staff).count()) == ([], 2)


class TestWhatStaysSettled:
    def test_what_was_marked_so_and_what_tokens_were_given_for(self, buyer: User, staff: User, sell: Sell) -> None:
        charge(buyer)
        purchase = sell(way="card", stripe_session_id=None, state="created")
        charge(buyer, 4800, **sale(buyer, purchase_id=str(purchase.pk)))
        walk()
        differences.settle(
            Difference.objects.get(kind=Kind.PAYMENT_WITHOUT_PURCHASE), outcome="A gift, says its owner.", by=staff
        )
        mending.give(Difference.objects.get(kind=Kind.AMOUNT_DIFFERS), by=staff)
        assert [walk().run.differing for _ in range(2)] == [0, 0]
        assert (listed(), balance(buyer)) == ([], 50)


class TestAnUnansweredRepair:
    def test_may_be_sent_again_but_no_other_until_it_shows_what_came_of_it(
        self, buyer: User, staff: User, sell: Sell, sandbox: SandboxProcess
    ) -> None:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        charge(buyer, 4800, **sale(buyer, purchase_id=str(purchase.pk)))
        walk()
        sandbox.control("faults", {"kind": "down", "method": "POST", "path": "/v1/refunds", "calls": 50})
        with pytest.raises(gateway.StripeUnavailable):
            mending.refund(Difference.objects.get(), by=staff)
        sandbox.control("faults", {})
        with pytest.raises(mending.NotPossible, match="under way"):
            mending.give(Difference.objects.get(), by=staff)
        assert mending.refund(Difference.objects.get(), by=staff).startswith("$48.00 refunded")
        assert balance(buyer) == 0

    def test_one_that_does_not_fit_keeps_nobody_waiting(self, buyer: User, staff: User, sell: Sell) -> None:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        charge(buyer, 4800, **sale(buyer, purchase_id=str(purchase.pk)))
        walk()
        with pytest.raises(mending.NotPossible, match="ask a colleague"):
            mending.give(Difference.objects.get(), by=buyer)
        assert mending.give(Difference.objects.get(), by=staff) == "50 tokens given."


class TestAPaymentTooLargeToBeOurs:
    def test_that_names_a_lost_purchase_is_listed_and_the_walk_is_complete(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment = gateway.look_up_payment(charge(buyer, 4900, **sale(buyer)))
        assert payment is not None
        huge = replace(payment, snapshot=replace(payment.snapshot, amount_total=2_500_000_000))
        monkeypatch.setattr(gateway, "recent_payments", lambda since: iter([huge]))
        report = walk()
        assert (report.run.failed, report.run.differing, Purchase.objects.count()) == (0, 1, 0)
        assert Difference.objects.get().amount_cents == 2_500_000_000
