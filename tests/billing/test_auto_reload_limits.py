"""What keeps a reload from being made although it is due; each reason is written down for its owner."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from billing import auto_reload, gateway, reload_results, reload_sweep, standing_order
from billing.fulfilment import settle
from billing.models import AutoReload, Consent, Purchase, SavedCard
from tests.billing.reloading import (
    a_minute_later,
    give,
    jobs,
    keep_card,
    letters,
    order_of,
    order_reloads,
    send_letters,
    skips,
    states,
)
from tests.subscribed import subscription_of
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def charged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stripe takes the money of every charge; the list names the purchases that were charged."""
    charges: list[str] = []

    def charge(purchase: Purchase, *_: Any) -> gateway.PaymentSnapshot:
        charges.append(str(purchase.pk))
        return gateway.of_intent(
            {
                "id": f"pi_{purchase.pk.hex}",
                "status": "succeeded",
                "amount": purchase.price_cents,
                "amount_received": purchase.price_cents,
                "currency": purchase.currency,
                "metadata": {"purchase_id": str(purchase.pk)},
            }
        )

    monkeypatch.setattr(gateway, "charge_saved_card", charge)
    return charges


@pytest.fixture
def ready(buyer: User, staff: User, charged: list[str]) -> User:
    """Somebody with 9 tokens and an order to reload 50 for $49.00 below 10, up to $150.00 a month."""
    give(buyer, 9, staff)
    keep_card(buyer)
    order_reloads(buyer, cap=150_00)
    return buyer


def spend_everything(user: User, staff: User) -> None:
    held = TokenAccount.objects.get(pk=user.pk).balance
    if held:
        give(user, -held, staff)


class TestTheCap:
    def test_no_reload_passes_it(self, ready: User, staff: User) -> None:
        for _ in range(5):
            auto_reload.reload(ready.pk)
            spend_everything(ready, staff)
            Purchase.objects.update(created_at=timezone.now() - timedelta(seconds=61))
        assert (states(ready), skips(ready)) == (["paid"] * 3, [("cap", 2)])

    def test_one_that_fits_exactly_is_made(self, ready: User) -> None:
        order_reloads(ready, cap=49_00)
        auto_reload.reload(ready.pk)
        assert states(ready) == ["paid"]

    def test_what_went_last_month_does_not_count(self, ready: User, staff: User) -> None:
        order_reloads(ready, cap=49_00)
        auto_reload.reload(ready.pk)
        last_month = timezone.now().replace(day=1) - timedelta(days=1)
        Purchase.objects.update(created_at=last_month, paid_at=last_month)
        spend_everything(ready, staff)
        auto_reload.reload(ready.pk)
        assert states(ready) == ["paid", "paid"]

    def test_one_begun_last_month_and_charged_in_this_one_counts_in_this_one(
        self, ready: User, staff: User, charged: list[str]
    ) -> None:
        order_reloads(ready, cap=49_00)
        auto_reload.reload(ready.pk)
        Purchase.objects.update(created_at=timezone.now().replace(day=1) - timedelta(days=1))
        spend_everything(ready, staff)
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready), len(charged)) == (["paid"], [("cap", 1)], 1)

    def test_one_that_may_still_be_charged_counts_in_every_month_from_its_own_on(self, ready: User) -> None:
        terms = standing_order.agreed(order_of(ready))
        assert terms is not None
        auto_reload._write_down(order_of(ready), terms, datetime(2031, 1, 31, 23, 59, 59, tzinfo=UTC))
        months = [date(2030, 12, 1), date(2031, 1, 1), date(2031, 2, 1)]
        assert [reload_results.spent_this_month_cents(ready.pk, month) for month in months] == [0, 49_00, 49_00]

    def test_its_owner_hears_of_80_percent_once_and_of_the_end_once(self, ready: User, staff: User) -> None:
        order_reloads(ready, cap=300_00)
        for _ in range(8):
            auto_reload.reload(ready.pk)
            spend_everything(ready, staff)
            Purchase.objects.update(created_at=timezone.now() - timedelta(seconds=61))
        assert letters() == [*["reload_made"] * 5, "reload_cap", "reload_made", "reload_cap"]
        assert [job["facts"]["percent"] for job in jobs("billing.send_mail") if "percent" in job["facts"]] == [80, 100]

    def test_when_the_first_one_fills_it_the_end_is_all_there_is_to_hear_of(self, ready: User) -> None:
        order_reloads(ready, cap=60_00)
        auto_reload.reload(ready.pk)
        send_letters()
        assert [told.subject for told in mail.outbox] == [
            "50 tokens reloaded for $49.00",
            "Your monthly cap for auto-reload is reached",
        ]

    def test_the_month_is_that_of_the_moment_the_attempt_is_written_with(self, ready: User) -> None:
        terms = standing_order.agreed(order_of(ready))
        assert terms is not None
        moment = datetime(2031, 2, 1, 0, 0, 0, tzinfo=UTC)
        attempt = auto_reload._write_down(order_of(ready), terms, moment)
        assert attempt.purchase.created_at == moment
        assert reload_results.spent_this_month_cents(ready.pk, moment.date()) == 49_00
        assert reload_results.spent_this_month_cents(ready.pk, (moment - timedelta(seconds=1)).date()) == 0


class TestTooOften:
    def test_less_than_a_minute_after_the_last_one(self, ready: User, staff: User) -> None:
        auto_reload.reload(ready.pk)
        spend_everything(ready, staff)
        auto_reload.reload(ready.pk)
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready)) == (["paid"], [("throttled", 2)])

    def test_ten_a_day_are_enough(self, ready: User, staff: User) -> None:
        order_reloads(ready, amount=10, cap=10_000_00)
        for _ in range(12):
            auto_reload.reload(ready.pk)
            spend_everything(ready, staff)
            a_minute_later()
        assert (states(ready), skips(ready)) == (["paid"] * 10, [("daily_limit", 2)])

    def test_the_next_day_it_goes_on(self, ready: User, staff: User) -> None:
        order_reloads(ready, amount=10, cap=10_000_00)
        for _ in range(11):
            auto_reload.reload(ready.pk)
            spend_everything(ready, staff)
            a_minute_later()
        Purchase.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
        auto_reload.reload(ready.pk)
        assert states(ready) == ["paid"] * 11


class TestAParkedReload:
    def test_nothing_more_is_charged_before_staff_looked_at_it(
        self, ready: User, staff: User, charged: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        take = gateway.charge_saved_card

        def take_less(*terms: Any) -> gateway.PaymentSnapshot:
            return replace(take(*terms), amount_total=48_00)

        monkeypatch.setattr(gateway, "charge_saved_card", take_less)
        auto_reload.reload(ready.pk)
        a_minute_later()
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready), len(charged)) == (["mismatched"], [("in_flight", 1)], 1)
        assert reload_sweep.sweep() == 0


class TestTheCard:
    def test_without_one_nothing_is_charged(self, ready: User, charged: list[str]) -> None:
        SavedCard.objects.update(removed_at=timezone.now())
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready), charged) == ([], [("no_card", 1)], [])

    def test_an_expired_one_is_not_charged(self, ready: User, charged: list[str]) -> None:
        SavedCard.objects.update(exp_year=2020)
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready), charged) == ([], [("card_expired", 1)], [])

    def test_the_one_added_last_is_charged(self, ready: User, monkeypatch: pytest.MonkeyPatch) -> None:
        newest = keep_card(ready, last4="1881")
        attempt = auto_reload._begin(ready.pk)
        assert attempt is not None
        assert attempt.card.pk == newest.pk

    def test_reasons_in_turn_are_written_down_one_by_one(self, ready: User) -> None:
        SavedCard.objects.update(exp_year=2020)
        auto_reload.reload(ready.pk)
        auto_reload.reload(ready.pk)
        SavedCard.objects.update(removed_at=timezone.now())
        auto_reload.reload(ready.pk)
        assert skips(ready) == [("card_expired", 2), ("no_card", 1)]


class TestSwitchedOff:
    def test_between_the_crossing_and_the_job_nothing_is_charged(self, ready: User, charged: list[str]) -> None:
        standing_order.switch_off(ready.pk)
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready), charged) == ([], [], [])

    def test_it_says_whether_it_was_on(self, ready: User) -> None:
        assert (standing_order.switch_off(ready.pk), standing_order.switch_off(ready.pk)) == (True, False)

    def test_the_mark_is_the_ordinary_one_again(self, ready: User) -> None:
        assert TokenAccount.objects.get(pk=ready.pk).low_mark == 10
        standing_order.switch_off(ready.pk)
        assert TokenAccount.objects.get(pk=ready.pk).low_mark == 5

    def test_a_late_payment_does_not_switch_it_on(self, ready: User) -> None:
        attempt = auto_reload._begin(ready.pk)
        assert attempt is not None
        told = auto_reload._told_by_the_bank(attempt)
        standing_order.switch_off(ready.pk)
        settle(told)
        assert (states(ready), order_of(ready).enabled) == (["paid"], False)

    def test_between_the_attempt_and_its_charge_nothing_is_charged(self, ready: User, charged: list[str]) -> None:
        attempt = auto_reload._begin(ready.pk)
        assert attempt is not None
        standing_order.switch_off(ready.pk)
        left = auto_reload._charge(attempt)
        assert (states(ready), left.state_reason, charged) == (["expired"], auto_reload.CALLED_OFF, [])
        assert letters() == []

    def test_an_attempt_on_terms_that_were_replaced_meanwhile_is_not_charged(
        self, ready: User, charged: list[str]
    ) -> None:
        attempt = auto_reload._begin(ready.pk)
        assert attempt is not None
        standing_order.switch_off(ready.pk)
        order_reloads(ready, amount=10)
        auto_reload._charge(attempt)
        assert (states(ready), charged) == (["expired"], [])

    def test_an_attempt_that_was_given_up_meanwhile_is_not_charged(self, ready: User, charged: list[str]) -> None:
        attempt = auto_reload._begin(ready.pk)
        assert attempt is not None
        Purchase.objects.update(state="expired")
        assert (auto_reload._charge(attempt).state, charged) == ("expired", [])

    def test_somebody_deactivated_is_not_charged(self, ready: User, charged: list[str]) -> None:
        User.objects.filter(pk=ready.pk).update(is_active=False)
        auto_reload.reload(ready.pk)
        assert charged == []

    def test_without_an_order_nothing_happens(self, stranger: User, charged: list[str]) -> None:
        assert auto_reload.reload(stranger.pk) is None
        assert (charged, AutoReload.objects.count()) == ([], 0)


class TestWhileASubscriptionCoversDesigns:
    def test_no_tokens_are_bought(self, ready: User, charged: list[str]) -> None:
        subscription_of(ready)
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready), charged) == ([], [], [])


class TestSwitchingOn:
    def test_what_was_read_is_kept_with_the_address_it_came_from(self, ready: User) -> None:
        consent = Consent.objects.get()
        assert order_of(ready).consent_id == consent.pk
        assert (consent.purpose, consent.ip_address) == ("auto_reload", "203.0.113.9")
        assert consent.wording == (
            "Whenever my balance falls below 10 tokens, buy 50 tokens for $49.00 and charge my saved card without "
            "asking me again, for at most $150.00 in a calendar month (UTC). Each reload is told to me by mail, and I "
            "can switch this off at any time with one click."
        )

    def test_saving_again_is_a_consent_of_its_own(self, ready: User) -> None:
        order_reloads(ready, amount=100)
        assert list(Consent.objects.order_by("agreed_at").values_list("user", flat=True)) == [ready.pk] * 2
        assert (order_of(ready).amount, AutoReload.objects.count()) == (100, 1)

    def test_without_a_card_it_stays_off_and_nothing_is_agreed_to(self, stranger: User) -> None:
        with pytest.raises(standing_order.NoCard):
            order_reloads(stranger)
        assert (AutoReload.objects.filter(pk=stranger.pk).exists(), stranger.consents.count()) == (False, 0)

    def test_it_forgets_earlier_declines(self, ready: User) -> None:
        AutoReload.objects.update(
            enabled=False, failure_count=3, off_because="The card was declined.", paused_until=timezone.now()
        )
        order_reloads(ready)
        order = order_of(ready)
        assert (order.enabled, order.failure_count, order.off_because, order.paused_until) == (True, 0, "", None)
