"""A card that is declined counts, and at the third time in a row it is over; a bank that asks first does not count."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import stripe
from django.core import mail
from django.db.models import F
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing import auto_reload, gateway, reconcile, reload_sweep, standing_order, tasks
from billing.models import AutoReload, Purchase
from tests.billing.reloading import (
    ASKS_THE_BANK,
    DECLINES,
    a_minute_later,
    balance,
    charged_at_stripe,
    close_declined,
    deliver_everything,
    give,
    letters,
    order_of,
    order_reloads,
    save_card,
    send_letters,
    skips,
    states,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def street(sandbox: SandboxProcess, live_server: LiveServer) -> SandboxProcess:
    """The sandbox, holding back its events for this very shop."""
    sandbox.control("settings", {"mode": "hold", "webhook_url": f"{live_server.url}/webhooks/stripe/"})
    return sandbox


class TestADeclinedCard:
    @pytest.fixture
    def refused(self, buyer: User, staff: User, sandbox: SandboxProcess) -> User:
        give(buyer, 9, staff)
        save_card(buyer, DECLINES)
        order_reloads(buyer)
        return buyer

    def test_nothing_is_charged_and_its_owner_is_told_why(self, refused: User, sandbox: SandboxProcess) -> None:
        auto_reload.reload(refused.pk)
        assert (states(refused), balance(refused), order_of(refused).failure_count) == (["failed"], 9, 1)
        close_declined()
        assert charged_at_stripe(sandbox) == [("canceled", 0)]
        send_letters()
        [told] = mail.outbox
        assert told.subject == "Your card was declined: 50 tokens were not reloaded"
        assert "Your card was declined.\n\nNothing was charged. You have 9 tokens." in told.body

    def test_the_third_in_a_row_switches_it_off_and_there_are_three_mails(self, refused: User) -> None:
        for _ in range(3):
            auto_reload.reload(refused.pk)
            a_minute_later()
        order = order_of(refused)
        assert (order.enabled, order.failure_count) == (False, 3)
        assert order.off_because == "The card was declined 3 times in a row: Your card was declined."
        assert letters() == ["reload_declined", "reload_declined", "reload_off"]

    def test_a_declined_card_is_not_tried_again_and_again(self, refused: User, sandbox: SandboxProcess) -> None:
        for _ in range(50):
            reload_sweep.sweep()
            tasks.reload(str(refused.pk))
            a_minute_later()
        assert states(refused) == ["failed"] * 3
        close_declined()
        assert charged_at_stripe(sandbox) == [("canceled", 0)] * 3

    def test_the_event_and_the_answer_count_it_once(self, refused: User, street: SandboxProcess) -> None:
        auto_reload.reload(refused.pk)
        deliver_everything(street)
        assert (states(refused), order_of(refused).failure_count) == (["failed"], 1)
        assert letters() == ["reload_declined"]

    def test_a_reload_that_comes_through_forgets_the_declines(self, refused: User) -> None:
        auto_reload.reload(refused.pk)
        auto_reload.reload(refused.pk)
        a_minute_later()
        auto_reload.reload(refused.pk)
        assert order_of(refused).failure_count == 2
        a_minute_later()
        save_card(refused)
        auto_reload.reload(refused.pk)
        assert (states(refused), order_of(refused).failure_count) == (["failed", "failed", "paid"], 0)
        assert order_of(refused).enabled

    def test_its_payment_cannot_be_paid_beside_the_next_one(self, refused: User, sandbox: SandboxProcess) -> None:
        auto_reload.reload(refused.pk)
        close_declined()
        close_declined()
        payment = Purchase.objects.get().stripe_payment_intent_id or ""
        with pytest.raises(stripe.InvalidRequestError, match="canceled"):
            gateway.client.client().v1.payment_intents.confirm(
                payment, params={"payment_method": save_card(refused).pk}
            )
        assert (states(refused), order_of(refused).failure_count) == (["failed"], 1)

    def test_it_never_switches_itself_on_again(self, refused: User, staff: User) -> None:
        for _ in range(3):
            auto_reload.reload(refused.pk)
            a_minute_later()
        save_card(refused)
        give(refused, 20, staff)
        give(refused, -25, staff)
        reload_sweep.sweep()
        tasks.reload(str(refused.pk))
        reconcile.reconcile(everything=True)
        assert (order_of(refused).enabled, states(refused), balance(refused)) == (False, ["failed"] * 3, 4)


class TestABankThatCannotBeReached:
    @pytest.fixture
    def unreachable(self, buyer: User, staff: User, sandbox: SandboxProcess, bank: Callable[[str, str], None]) -> User:
        give(buyer, 9, staff)
        save_card(buyer, DECLINES)
        order_reloads(buyer)
        bank("processing_error", "processing_error")
        return buyer

    @pytest.fixture
    def bank(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
        """Let what declines a card say another code and decline code."""

        def say(code: str, decline_code: str) -> None:
            error = {"type": "card_error", "code": code, "decline_code": decline_code, "message": "Try again."}
            monkeypatch.setattr(
                "billing.gateway.payments.of_intent",
                lambda intent: gateway.of_intent({**intent, "last_payment_error": error}),
            )

        return say

    @pytest.mark.parametrize(
        ("code", "decline_code", "declines"),
        [
            ("processing_error", "processing_error", 0),
            ("card_declined", "issuer_not_available", 0),
            ("card_declined", "reenter_transaction", 0),
            ("card_declined", "try_again_later", 0),
            ("card_declined", "insufficient_funds", 1),
        ],
    )
    def test_only_what_the_card_can_be_blamed_for_counts(
        self, unreachable: User, bank: Callable[[str, str], None], code: str, decline_code: str, declines: int
    ) -> None:
        bank(code, decline_code)
        auto_reload.reload(unreachable.pk)
        assert (states(unreachable), order_of(unreachable).failure_count) == (["failed"], declines)

    def test_it_switches_nobody_off_and_is_asked_again_after_an_hour(
        self, unreachable: User, sandbox: SandboxProcess
    ) -> None:
        for _ in range(4):
            auto_reload.reload(unreachable.pk)
            a_minute_later()
        assert (states(unreachable), skips(unreachable), letters()) == (["failed"], [("bank_away", 4)], [])
        for _ in range(3):
            AutoReload.objects.update(paused_until=F("paused_until") - timedelta(hours=1))
            auto_reload.reload(unreachable.pk)
            a_minute_later()
        assert (states(unreachable), order_of(unreachable).enabled) == (["failed"] * 4, True)
        close_declined()
        assert charged_at_stripe(sandbox) == [("canceled", 0)] * 4

    def test_whoever_switches_on_again_does_not_wait(self, unreachable: User) -> None:
        auto_reload.reload(unreachable.pk)
        a_minute_later()
        save_card(unreachable)
        order_reloads(unreachable)
        auto_reload.reload(unreachable.pk)
        assert (states(unreachable), balance(unreachable)) == (["failed", "paid"], 59)


class TestABankThatAsksItsCustomer:
    @pytest.fixture
    def asked(self, buyer: User, staff: User, sandbox: SandboxProcess) -> User:
        give(buyer, 9, staff)
        save_card(buyer, ASKS_THE_BANK)
        order_reloads(buyer)
        auto_reload.reload(buyer.pk)
        return buyer

    def test_it_waits_for_its_owner_and_counts_no_decline(self, asked: User) -> None:
        assert (states(asked), order_of(asked).failure_count, balance(asked)) == (["open"], 0, 9)
        assert letters() == ["reload_needs_you"]

    def test_the_mail_leads_to_the_page_that_finishes_it(self, asked: User) -> None:
        send_letters()
        [told] = mail.outbox
        assert told.subject == "Please confirm a payment of $49.00"
        assert f"/purchase/{Purchase.objects.get().pk}/confirm/" in told.body

    def test_no_other_reload_begins_until_then(self, asked: User, sandbox: SandboxProcess) -> None:
        a_minute_later()
        assert (auto_reload.reload(asked.pk), reload_sweep.sweep()) == (None, 0)
        assert (states(asked), skips(asked)) == (["open"], [("in_flight", 1)])
        assert charged_at_stripe(sandbox) == [("requires_payment_method", 0)]

    def test_once_it_is_closed_unconfirmed_another_one_may_begin(self, asked: User, sandbox: SandboxProcess) -> None:
        Purchase.objects.update(expires_at=timezone.now(), created_at=timezone.now() - timedelta(days=3))
        assert reload_sweep.sweep() == 1
        assert (states(asked), charged_at_stripe(sandbox)) == (["expired"], [("canceled", 0)])
        auto_reload.reload(asked.pk)
        assert states(asked) == ["expired", "open"]

    def test_it_is_closed_as_well_when_its_owner_switches_off(self, asked: User) -> None:
        standing_order.switch_off(asked.pk)
        assert reload_sweep.sweep() == 0
        assert (states(asked), balance(asked)) == (["expired"], 9)

    def test_confirmed_while_it_is_being_closed_it_is_paid(
        self, asked: User, street: SandboxProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment = Purchase.objects.get().stripe_payment_intent_id or ""
        card = save_card(asked)
        gateway.client.client().v1.payment_intents.confirm(payment, params={"payment_method": card.pk})
        Purchase.objects.update(expires_at=timezone.now())
        reload_sweep.sweep()
        assert (states(asked), balance(asked)) == (["paid"], 59)
