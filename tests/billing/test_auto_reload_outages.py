"""Stripe does not answer, or nobody knows what became of the charge: nobody is paused, nothing is charged twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing import auto_reload, gateway, reconcile, saved_cards
from billing.models import Purchase
from tests.billing.reloading import (
    a_minute_later,
    balance,
    charged_at_stripe,
    deliver_everything,
    give,
    letters,
    order_of,
    order_reloads,
    save_card,
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


@pytest.fixture
def ready(buyer: User, staff: User, sandbox: SandboxProcess) -> User:
    """Somebody with 9 tokens, a card that pays, and an order to reload 50 below 10."""
    give(buyer, 9, staff)
    save_card(buyer)
    order_reloads(buyer)
    return buyer


class TestStripeIsAway:
    def test_an_outage_pauses_nobody(self, ready: User, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 500})
        purchase = auto_reload.reload(ready.pk)
        assert purchase is not None
        assert (states(ready), skips(ready), letters()) == (["created"], [("stripe_away", 1)], [])
        assert (order_of(ready).enabled, order_of(ready).failure_count) == (True, 0)
        sandbox.control("faults", {})
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=6))
        reconcile.reconcile(everything=True)
        assert states(ready) == ["expired"]
        auto_reload.reload(ready.pk)
        assert (states(ready), balance(ready)) == (["expired", "paid"], 59)

    def test_an_outage_of_a_day_does_not_use_up_the_daily_limit(
        self, ready: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def be_away(*_: Any) -> gateway.PaymentSnapshot:
            raise gateway.StripeUnavailable("charge_saved_card")

        with monkeypatch.context() as patched:
            patched.setattr(gateway, "charge_saved_card", be_away)
            for _ in range(auto_reload.PER_DAY + 1):
                auto_reload.reload(ready.pk)
                Purchase.objects.update(state="expired")
                a_minute_later()
        assert skips(ready) == [("stripe_away", 11)]
        auto_reload.reload(ready.pk)
        assert balance(ready) == 59

    def test_a_mistake_of_ours_fails_the_attempt_and_counts_no_decline(
        self, ready: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> gateway.PaymentSnapshot:
            raise gateway.StripeRefused("parameter_unknown", "req_1")

        monkeypatch.setattr(gateway, "charge_saved_card", refuse)
        auto_reload.reload(ready.pk)
        order = order_of(ready)
        assert (states(ready), skips(ready), letters()) == (["failed"], [("our_fault", 1)], [])
        assert (order.enabled, order.failure_count) == (True, 0)

    def test_a_card_that_stripe_forgot_is_forgotten_here_and_its_owner_told(self, ready: User) -> None:
        [card] = saved_cards.kept(ready.pk)
        gateway.forget_card(card.pk)
        auto_reload.reload(ready.pk)
        assert (states(ready), saved_cards.kept(ready.pk)) == (["failed"], [])
        assert (order_of(ready).enabled, letters()) == (False, ["reload_off_without_card"])

    def test_after_a_time_out_behind_the_charge_the_retry_finds_it(
        self, ready: User, sandbox: SandboxProcess, settings: Any
    ) -> None:
        settings.STRIPE_TIMEOUT_SECONDS = 2
        sandbox.control("faults", {"kind": "timeout_after", "calls": 1, "path": "/v1/payment_intents", "seconds": 3})
        auto_reload.reload(ready.pk)
        assert sandbox.control("state")["faults"] == []
        assert (states(ready), balance(ready)) == (["paid"], 59)
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]


class TestAHostWhoseClockIsWrong:
    @pytest.mark.parametrize("minutes", [6, -6, 60 * 24 * 40])
    def test_it_neither_gives_up_what_another_host_is_charging_nor_charges_again(
        self, ready: User, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, minutes: int
    ) -> None:
        charge = gateway.charge_saved_card

        def charge_slowly(*terms: Any) -> gateway.PaymentSnapshot:
            monkeypatch.setattr(gateway, "charge_saved_card", charge)
            with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):  # the other host
                reconcile.reconcile(everything=True)
                auto_reload.reload(ready.pk)
            return charge(*terms)

        monkeypatch.setattr(gateway, "charge_saved_card", charge_slowly)
        auto_reload.reload(ready.pk)
        assert (states(ready), balance(ready)) == (["paid"], 59)
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]

    def test_it_is_throttled_like_the_others_and_writes_down_the_same_time(
        self, ready: User, staff: User, sandbox: SandboxProcess
    ) -> None:
        auto_reload.reload(ready.pk)
        give(ready, -59, staff)
        with time_machine.travel(timezone.now() + timedelta(days=40)):
            auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready)) == (["paid"], [("throttled", 1)])
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        with time_machine.travel(timezone.now() + timedelta(days=40)):
            purchase = auto_reload.reload(ready.pk)
        assert purchase is not None
        assert purchase.paid_at is not None
        assert abs(purchase.paid_at - timezone.now()) < timedelta(minutes=1)


class TestNobodyKnowsWhatBecameOfTheCharge:
    """Stripe has the money, but the worker never heard of it, or died before it could write it down."""

    @pytest.fixture
    def charged(self, ready: User, street: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> User:
        def die(*_: Any) -> Purchase:
            raise SystemExit

        with monkeypatch.context() as patched:
            patched.setattr(auto_reload, "settle_now", die)
            with pytest.raises(SystemExit):
                auto_reload.reload(ready.pk)
        assert (states(ready), charged_at_stripe(street)) == (["created"], [("succeeded", 4900)])
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        return ready

    @pytest.mark.parametrize("order", ["webhook", "reconciliation", "webhook first", "reconciliation first"])
    def test_it_is_credited_once_by_whoever_comes(self, charged: User, street: SandboxProcess, order: str) -> None:
        ways: dict[str, Callable[[], object]] = {
            "webhook": lambda: deliver_everything(street),
            "reconciliation": lambda: reconcile.reconcile(everything=True),
        }
        first = order.removesuffix(" first")
        turns = [first] if first == order else [first, *(ways.keys() - {first})]
        for turn in turns:
            ways[turn]()
        assert (states(charged), balance(charged), letters()) == (["paid"], 59, ["reload_made"])
        assert charged_at_stripe(street) == [("succeeded", 4900)]

    def test_meanwhile_no_other_reload_begins(self, charged: User, street: SandboxProcess) -> None:
        auto_reload.reload(charged.pk)
        assert (states(charged), skips(charged)) == (["created"], [("in_flight", 1)])
        assert charged_at_stripe(street) == [("succeeded", 4900)]

    def test_after_time_outs_only_reconciliation_finds_the_one_charge(
        self, ready: User, sandbox: SandboxProcess, settings: Any
    ) -> None:
        settings.STRIPE_TIMEOUT_SECONDS = 1
        sandbox.control("faults", {"kind": "timeout_after", "calls": 3, "path": "/v1/payment_intents", "seconds": 2})
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready)) == (["created"], [("stripe_away", 1)])
        sandbox.control("faults", {})
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        reconcile.reconcile(everything=True)
        assert (states(ready), balance(ready)) == (["paid"], 59)
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]

    def test_a_worker_that_was_frozen_for_minutes_does_not_charge_any_more(
        self, ready: User, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_down = auto_reload._write_down

        def long_ago(order: Any, terms: Any, now: Any) -> auto_reload.Attempt:
            return write_down(order, terms, now - timedelta(minutes=4))

        monkeypatch.setattr(auto_reload, "_write_down", long_ago)
        auto_reload.reload(ready.pk)
        assert (states(ready), charged_at_stripe(sandbox)) == (["created"], [])
