"""Whoever's money goes back, or whose bank asks about it, is not charged by itself any more; once for each time."""

from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from billing import auto_reload, gateway, reload_stops, reversals, tasks
from billing.models import Purchase, StripeCustomer
from tests import stripe_events
from tests.billing.conftest import post_event
from tests.billing.reloading import (
    balance,
    charged_at_stripe,
    give,
    jobs,
    keep_card,
    letters,
    order_of,
    order_reloads,
    save_card,
    send_letters,
    states,
)
from tests.sandbox_process import SandboxProcess
from tests.stripe_events import money_back

pytestmark = pytest.mark.django_db(transaction=True)

ALONE = ["reload_off_money_back"]


@pytest.fixture
def bought(buyer: User, purchase: Purchase) -> Purchase:
    """50 tokens for $49.00 of somebody who has auto-reload."""
    keep_card(buyer)
    post_event(stripe_events.completed(purchase))
    purchase.refresh_from_db()
    order_reloads(buyer)
    return purchase


class TestAPaymentForTokens:
    @pytest.mark.parametrize(
        ("cents", "status", "currency"),
        [
            (49_00, "warning_needs_response", "usd"),
            (49_00, "warning_closed", "usd"),
            (45_00, "needs_response", "eur"),
            (97, "needs_response", "usd"),
        ],
    )
    def test_a_dispute_that_takes_no_tokens_stops_it_too(
        self, buyer: User, bought: Purchase, cents: int, status: str, currency: str
    ) -> None:
        post_event(money_back.dispute(bought, cents, status, currency=currency))
        order = order_of(buyer)
        assert (order.enabled, order.off_because, balance(buyer)) == (False, reload_stops.BECAUSE, 50)
        assert letters() == ALONE

    def test_a_refund_worth_less_than_a_token_stops_it_too(self, buyer: User, bought: Purchase) -> None:
        post_event(money_back.refund(bought, 97))
        assert (order_of(buyer).enabled, balance(buyer), letters()) == (False, 50, ALONE)

    def test_a_dispute_after_everything_was_refunded_stops_it_again(self, buyer: User, bought: Purchase) -> None:
        post_event(money_back.refund(bought, 49_00))
        order_reloads(buyer)
        post_event(money_back.dispute(bought, 49_00, "needs_response"))
        assert (order_of(buyer).enabled, letters()) == (False, ["tokens_taken_back", *ALONE])

    def test_where_tokens_are_taken_that_mail_says_it_and_there_is_no_other(
        self, buyer: User, bought: Purchase
    ) -> None:
        post_event(money_back.dispute(bought, 49_00, "needs_response"))
        assert (order_of(buyer).enabled, letters()) == (False, ["tokens_taken_back"])
        send_letters()
        assert "Auto-reload is switched off" in mail.outbox[0].body

    def test_further_news_of_the_same_leaves_it_on_for_whoever_switched_it_on_again(
        self, buyer: User, bought: Purchase
    ) -> None:
        post_event(money_back.refund(bought, 97, "pending"))
        post_event(money_back.dispute(bought, 45_00, "needs_response", currency="eur"))
        order_reloads(buyer)
        post_event(money_back.refund(bought, 97, "succeeded"))
        post_event(money_back.dispute(bought, 45_00, "under_review", currency="eur"))
        post_event(money_back.dispute(bought, 45_00, "won", currency="eur"))
        assert (order_of(buyer).enabled, letters()) == (True, ALONE)

    def test_an_inquiry_that_becomes_a_dispute_stops_it_once_more(self, buyer: User, bought: Purchase) -> None:
        post_event(money_back.dispute(bought, 45_00, "warning_needs_response", currency="eur"))
        order_reloads(buyer)
        post_event(money_back.dispute(bought, 45_00, "needs_response", currency="eur"))
        assert (order_of(buyer).enabled, letters()) == (False, ALONE * 2)

    def test_a_refund_that_came_to_nothing_before_we_heard_of_it_stops_nothing(
        self, buyer: User, bought: Purchase
    ) -> None:
        post_event(money_back.refund(bought, 49_00, "failed"))
        assert (order_of(buyer).enabled, letters()) == (True, [])

    def test_news_before_the_payment_stop_it_when_the_payment_comes(self, buyer: User, purchase: Purchase) -> None:
        keep_card(buyer)
        order_reloads(buyer)
        post_event(money_back.dispute(purchase, 49_00, "warning_needs_response"))
        assert order_of(buyer).enabled
        post_event(stripe_events.completed(purchase))
        assert (order_of(buyer).enabled, balance(buyer), letters()) == (False, 50, ALONE)

    def test_the_mail_says_that_it_is_off_and_where_to_switch_it_on(self, buyer: User, bought: Purchase) -> None:
        post_event(money_back.refund(bought, 97))
        send_letters()
        [told] = mail.outbox
        assert told.subject == "Auto-reload is off: a payment of yours was refunded or is disputed"
        assert "You have 50 tokens." in told.body
        assert "/account/auto-reload/" in told.body


class TestAnAttemptThatIsAboutToBeCharged:
    def test_is_not_charged_any_more(
        self, buyer: User, staff: User, purchase: Purchase, sandbox: SandboxProcess
    ) -> None:
        save_card(buyer)
        post_event(stripe_events.completed(purchase))
        purchase.refresh_from_db()
        give(buyer, -45, staff)
        order_reloads(buyer)
        attempt = auto_reload._begin(buyer.pk)
        assert attempt is not None
        post_event(money_back.dispute(purchase, 49_00, "needs_response"))
        auto_reload._charge(attempt)
        assert (states(buyer), charged_at_stripe(sandbox)) == (["expired"], [])


class TestAPaymentWithoutAPurchase:
    @pytest.fixture
    def invoiced(self, buyer: User, staff: User, sandbox: SandboxProcess) -> str:
        """What somebody with auto-reload paid for a subscription: no purchase knows it, Stripe does."""
        give(buyer, 100, staff)
        card = save_card(buyer)
        order_reloads(buyer)
        payment = gateway.client.client().v1.payment_intents.create(
            params={
                "amount": 99_00,
                "currency": "usd",
                "customer": StripeCustomer.objects.get(user=buyer).stripe_customer_id or "",
                "payment_method": card.pk,
                "confirm": True,
                "off_session": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        return payment.id

    def dispute(self, payment: str) -> Any:
        foreign = Purchase(currency="usd", stripe_payment_intent_id=payment)
        return post_event(money_back.dispute(foreign, 99_00, "needs_response"))

    def test_a_worker_asks_stripe_whose_it_is_and_stops_it(self, buyer: User, invoiced: str) -> None:
        self.dispute(invoiced)
        assert jobs(reload_stops.STOP) == [{"payment_intent_id": invoiced}]
        tasks.stop_reloads(invoiced)
        tasks.stop_reloads(invoiced)
        assert (order_of(buyer).enabled, letters()) == (False, ALONE)

    def test_stripe_away_is_asked_again_later(self, buyer: User, invoiced: str, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 20})
        with pytest.raises(gateway.StripeUnavailable):
            tasks.stop_reloads(invoiced)
        assert order_of(buyer).enabled

    def test_of_nobody_we_know_nothing_follows(self, buyer: User, invoiced: str) -> None:
        StripeCustomer.objects.filter(user=buyer).update(stripe_customer_id="cus_other")
        tasks.stop_reloads(invoiced)
        tasks.stop_reloads("pi_unheard_of")
        assert (order_of(buyer).enabled, letters()) == (True, [])

    def test_a_walk_over_all_of_it_asks_once(self, buyer: User, invoiced: str) -> None:
        told = gateway.of_refund(
            money_back.refund_object(Purchase(currency="usd", stripe_payment_intent_id=invoiced), 99_00)
        )
        reversals.note_refund(told)
        reversals.note_refund(told)
        assert jobs(reload_stops.STOP) == [{"payment_intent_id": invoiced}]
