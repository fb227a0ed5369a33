"""Settling a purchase: what is credited, what is parked, and what is final."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing import gateway
from billing.effects import settle_now
from billing.fulfilment import settle
from billing.models import Purchase, TokenPackage
from billing.ownership import NotOurs
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tests.billing.reloading import balance, give, keep_card, order_reloads
from tests.stripe_events import money_back
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db

State = Purchase.State


def snapshot(purchase: Purchase, **changes: Any) -> gateway.PaymentSnapshot:
    return gateway.of_session(stripe_events.session(purchase, **changes))


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
            (
                {"id": "cs_test_other", "payment_intent": "pi_other"},
                "Session cs_test_other (pi_other) is not the one of this purchase.",
            ),
            ({"amount_total": 10**400}, f"Sold for 4900 usd, but Stripe says {10**400}"[:300]),
        ],
    )
    def test_it_is_parked_with_an_alarm_and_no_credit(
        self, purchase: Purchase, changes: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        settled = settle(snapshot(purchase, **changes))
        assert (settled.state, settled.state_reason) == (State.MISMATCHED, reason)
        assert TokenTransaction.objects.count() == 0
        assert alarms(caplog, "purchase_mismatched") == ["ERROR"]

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

    def test_a_payment_that_is_to_be_given_back_stays_noted(self, purchase: Purchase) -> None:
        settle(snapshot(purchase, id="cs_test_other", payment_intent="pi_other"))
        settled = settle(snapshot(purchase))
        assert settled.state == State.PAID
        assert settled.state_reason == "Session cs_test_other (pi_other) is not the one of this purchase."
        settled = settle(snapshot(purchase, id="cs_test_third", payment_intent="pi_third"))
        assert settled.state_reason == (
            "Paid again by pi_third; give that payment back. "
            "Session cs_test_other (pi_other) is not the one of this purchase."
        )
        purchase.refresh_from_db()
        assert purchase.state_reason == settled.state_reason

    def test_a_session_that_is_still_open_is_not_judged(self, purchase: Purchase) -> None:
        assert settle(snapshot(purchase, status="open", amount_total=1)).state == State.OPEN


class TestASessionThatIsNotThePurchasesOwn:
    @pytest.mark.parametrize("status", ["open", "expired"])
    @pytest.mark.parametrize("before", [State.OPEN, State.PROCESSING, State.FAILED, State.EXPIRED, State.MISMATCHED])
    def test_unless_complete_it_changes_nothing(self, sell: Sell, before: str, status: str) -> None:
        purchase = sell(state=before, state_reason="As it was.")
        settle(snapshot(purchase, id="cs_test_other", status=status, payment_status="unpaid", payment_intent=None))
        purchase.refresh_from_db()
        assert (purchase.state, purchase.state_reason, purchase.stripe_session_id) == (
            before,
            "As it was.",
            "cs_test_1",
        )

    def test_its_refund_is_not_the_refund_of_ours(self, purchase: Purchase) -> None:
        theirs = stripe_events.answer(purchase, refunded=4900, id="cs_test_other")
        theirs["payment_intent"]["id"] = "pi_other"
        assert settle(gateway.of_session(theirs)).state == State.MISMATCHED
        assert settle(snapshot(purchase)).state == State.PAID


class TestAPageThatIsStillOpen:
    """Somebody may pay there, so reconciliation must go on asking."""

    @pytest.mark.parametrize("before", [State.CREATED, State.FAILED, State.EXPIRED])
    @pytest.mark.parametrize("known", [True, False])
    def test_it_opens_the_purchase_again(self, sell: Sell, before: str, known: bool) -> None:
        purchase = sell(state=before, stripe_session_id="cs_test_1" if known else None, state_reason="It failed.")
        url = "https://checkout.stripe.com/c/pay/cs_test_1"
        still_open = {"status": "open", "payment_status": "unpaid", "payment_intent": None, "url": url}
        settled = settle(snapshot(purchase, id="cs_test_1", **still_open))
        assert (settled.state, settled.state_reason, settled.checkout_url) == (State.OPEN, "", url)

    @pytest.mark.parametrize("before", [State.PROCESSING, State.MISMATCHED])
    def test_old_news_of_it_changes_nothing(self, sell: Sell, before: str) -> None:
        purchase = sell(state=before)
        assert settle(snapshot(purchase, status="open", payment_status="unpaid", payment_intent=None)).state == before


class TestAPaymentGivenBackBeforeItWasCredited:
    """What Stripe says has gone back is known before the credit, so nobody spends what is gone."""

    @pytest.fixture
    def refunded(self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Purchase]:
        """`refunded(cents)` settles with an answer that mentions a refund, which Stripe is then asked about."""

        def settled(cents: int, status: str = "succeeded") -> Purchase:
            known = gateway.of_refund(money_back.refund_object(purchase, cents, status))
            monkeypatch.setattr(gateway, "refunds_of", lambda payment: [known])
            monkeypatch.setattr(gateway, "disputes_of", lambda payment: [])
            return settle_now(gateway.of_session(stripe_events.answer(purchase, refunded=cents)))

        return settled

    @pytest.mark.parametrize(("cents", "left"), [(1, 50), (980, 40), (4900, 0)])
    def test_it_is_credited_and_taken_back_in_one_transaction(
        self, refunded: Callable[..., Purchase], cents: int, left: int
    ) -> None:
        settled = refunded(cents)
        assert (settled.state, settled.state_reason, settled.money_back_cents) == (State.PAID, "", cents)
        assert settled.tokens - settled.tokens_gone == left
        assert TokenTransaction.objects.latest("number").balance_after == left

    def test_an_event_that_does_not_know_of_it_changes_nothing(
        self, refunded: Callable[..., Purchase], purchase: Purchase
    ) -> None:
        refunded(4900)
        assert settle(snapshot(purchase)).tokens_gone == 50
        assert TokenTransaction.objects.count() == 2

    def test_a_refund_that_failed_takes_nothing(self, refunded: Callable[..., Purchase]) -> None:
        assert (refunded(4900, "failed").tokens_gone, TokenTransaction.objects.count()) == (0, 1)

    def test_without_an_answer_about_it_nothing_is_credited(
        self, purchase: Purchase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(payment: str) -> list[gateway.RefundSnapshot]:
            raise gateway.StripeUnavailable("refunds_of")

        monkeypatch.setattr(gateway, "refunds_of", away)
        with pytest.raises(gateway.StripeUnavailable):
            settle_now(gateway.of_session(stripe_events.answer(purchase, refunded=4900)))
        assert not TokenTransaction.objects.exists()


class TestAReloadThatComesAliveBesideAnother:
    """It was given up for lost, another one was begun, and now Stripe says that the bank is confirming it."""

    @pytest.fixture
    def lost(self, buyer: User, staff: User) -> Purchase:
        give(buyer, 9, staff)
        keep_card(buyer)
        order = order_reloads(buyer)
        fields = {"way": "auto_reload", "tokens": 50, "price_cents": 4900, "currency": "usd", "user": buyer}
        agreed = {"consent": order.consent, "monthly_cap_cents": 500_00, "expires_at": timezone.now()}
        Purchase.objects.create(state=State.CREATED, **fields, **agreed)
        return Purchase.objects.create(state=State.EXPIRED, **fields, **agreed)

    def told(self, lost: Purchase, status: str) -> dict[str, Any]:
        return money_back.paid(lost, status=status, amount_received=4900 if status == "succeeded" else 0)

    def test_it_stays_as_it_is_and_is_credited_when_it_is_paid(
        self, lost: Purchase, caplog: pytest.LogCaptureFixture
    ) -> None:
        confirming = {**self.told(lost, "processing"), "type": "payment_intent.processing"}
        assert post_event(confirming).content == b"applied\n"
        lost.refresh_from_db()
        assert (lost.state, alarms(caplog, "reload_beside_another")) == (State.EXPIRED, ["WARNING"])
        assert post_event(self.told(lost, "succeeded")).content == b"applied\n"
        lost.refresh_from_db()
        assert (lost.state, balance(lost.user)) == (State.PAID, 59)

    def test_alone_it_is_followed(self, lost: Purchase) -> None:
        Purchase.objects.filter(state=State.CREATED).update(state=State.EXPIRED)
        post_event({**self.told(lost, "processing"), "type": "payment_intent.processing"})
        lost.refresh_from_db()
        assert lost.state == State.PROCESSING


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
        assert alarms(caplog, "purchase_paid_twice") == ["ERROR"]


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
        assert gateway.of_session(raw) == gateway.of_session(expanded)

    @pytest.mark.parametrize(
        ("intent_status", "state"),
        [("processing", State.PROCESSING), ("requires_payment_method", State.FAILED), ("canceled", State.FAILED)],
    )
    def test_an_answer_tells_a_bank_that_refused_from_one_that_takes_its_time(
        self, purchase: Purchase, intent_status: str, state: str
    ) -> None:
        intent = {"id": "pi_1", "status": intent_status}
        assert settle(snapshot(purchase, payment_status="unpaid", payment_intent=intent)).state == state

    @pytest.mark.parametrize(
        "changes",
        [
            {"metadata": {}},
            {"metadata": None},
            {"metadata": []},
            {"metadata": {"purchase_id": 1}},
            {"client_reference_id": "somebody-else"},
            {"client_reference_id": ["x"]},
        ],
    )
    def test_a_session_without_our_metadata_or_contradicting_it_is_not_ours(
        self, purchase: Purchase, changes: dict[str, Any]
    ) -> None:
        """A payer can choose the reference on a Payment Link, but not the metadata."""
        with pytest.raises(NotOurs):
            settle(snapshot(purchase, **changes))

    def test_a_session_with_our_metadata_alone_is_ours(self, purchase: Purchase) -> None:
        assert settle(snapshot(purchase, client_reference_id=None)).state == State.PAID

    def test_a_session_of_nobody_is_not_ours(self, purchase: Purchase) -> None:
        with pytest.raises(NotOurs):
            settle(replace(snapshot(purchase), purchase_id=None))

    def test_the_buyer_of_the_purchase_is_credited_whoever_pays(
        self, purchase: Purchase, stranger: User, buyer: User
    ) -> None:
        settle(snapshot(purchase, customer="cus_of_the_stranger"))
        assert TokenTransaction.objects.get().account_id == buyer.pk
