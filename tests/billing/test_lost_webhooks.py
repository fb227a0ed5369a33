"""Every event of a day is lost; one walk puts everything right, and a second one finds nothing to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import auto_reload, card_form, gateway, matching, subscriptions
from billing.models import Difference, Dispute, Plan, Purchase, ReconcileRun, Refund, StripeEvent, Subscription
from tests.billing import reloading
from tests.sandbox_process import SandboxProcess
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture
def deaf(sandbox: SandboxProcess) -> SandboxProcess:
    """The sandbox, whose events are made and never delivered."""
    sandbox.control("settings", {"mode": "drop"})
    return sandbox


def api() -> Any:
    return gateway.client.client().v1


def walk(**since: Any) -> matching.Report:
    """Walk through the last two days, as if everything had been begun a while ago."""
    Purchase.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    Subscription.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    return matching.walk(since=timezone.now() - timedelta(**(since or {"days": 2})))


def counts(report: matching.Report) -> tuple[int, int, int]:
    return report.run.repaired, report.run.differing, report.run.failed


def click(browser: Client, package: str = "package_50") -> Purchase:
    answer = browser.post("/purchase/checkout/", {"package": package})
    assert answer.status_code == 303
    return Purchase.objects.get(checkout_url=answer.headers["Location"])


def pays_by_checkout(browser: Client, deaf: SandboxProcess, package: str = "package_50") -> Purchase:
    purchase = click(browser, package)
    assert deaf.control(f"pay/{purchase.stripe_session_id}", {})["outcome"] == "paid"
    return purchase


def pays_by_card(user: User) -> Purchase:
    """Confirm the payment at Stripe and close the window: our own page hears nothing of it."""
    purchase = card_form.open_purchase(user=user, package_code="package_100", save_card=False).purchase
    api().payment_intents.confirm(
        purchase.stripe_payment_intent_id,
        params={"payment_method": "pm_card_visa", "return_url": "https://shop.example.com/"},
    )
    return purchase


def payment_of(deaf: SandboxProcess, purchase: Purchase) -> str:
    [found] = [
        str(one["id"])
        for one in deaf.control("truth")["payment_intents"]
        if one["metadata"].get("purchase_id") == str(purchase.pk)
    ]
    return found


def now(row: Any) -> Any:
    row.refresh_from_db()
    return row


def balance(user: User) -> int:
    return sum(TokenAccount.objects.filter(user=user).values_list("balance", flat=True))


def subscribe(browser: Client, deaf: SandboxProcess) -> Subscription:
    answer = browser.post("/account/subscription/start/", {"plan": "pro", "shown": Plan.objects.get(pk="pro").terms})
    subscription = Subscription.objects.get(checkout_url=answer.headers["Location"])
    assert deaf.control(f"pay/{subscription.stripe_session_id}", {})["outcome"] == "paid"
    return subscription


class TestADayWithoutEvents:
    def test_every_purchase_is_credited_once_and_every_refund_dispute_and_subscription_is_right(
        self, signed_in: Client, buyer: User, stranger: User, staff: User, deaf: SandboxProcess
    ) -> None:
        by_checkout = pays_by_checkout(signed_in, deaf)
        by_card = pays_by_card(buyer)
        refunded = pays_by_checkout(signed_in, deaf, "package_250")
        deaf.control("refunds", {"payment_intent": payment_of(deaf, refunded), "amount": refunded.price_cents // 2})
        disputed = pays_by_checkout(signed_in, deaf, "package_500")
        deaf.control("disputes", {"payment_intent": payment_of(deaf, disputed)})
        subscription = subscribe(signed_in, deaf)
        reloaded = self.reloaded_without_an_answer(stranger, deaf)

        assert counts(walk())[1:] == (0, 0)

        purchases = (by_checkout, by_card, refunded, disputed, reloaded)
        assert [now(purchase).state for purchase in purchases] == ["paid"] * 5
        assert [purchase.tokens_gone for purchase in purchases] == [0, 0, 125, 500, 0]
        assert (balance(buyer), balance(stranger)) == (50 + 100 + 125, 50)
        assert (now(subscription).state, TokenAccount.objects.get(user=buyer).unlimited_until) == (
            "active",
            subscriptions.unlimited_until(subscription),
        )
        assert (Refund.objects.get().status, Dispute.objects.get().status) == ("succeeded", "needs_response")
        assert (StripeEvent.objects.count(), Difference.objects.count()) == (0, 0)

        before = list(TokenTransaction.objects.values_list("pk", flat=True))
        assert counts(walk()) == (0, 0, 0)
        assert list(TokenTransaction.objects.values_list("pk", flat=True)) == before

    def reloaded_without_an_answer(self, user: User, deaf: SandboxProcess) -> Purchase:
        """A reload whose charge is made at Stripe, and whose answer is lost on the way."""
        reloading.save_card(user)
        reloading.order_reloads(user)
        deaf.control("faults", {"kind": "cut", "method": "POST", "path": "/v1/payment_intents", "calls": 3})
        auto_reload.reload(user.pk)
        deaf.control("faults", {})
        reloaded = Purchase.objects.get(user=user)
        assert (reloaded.way, reloaded.state) == ("auto_reload", "created")
        return reloaded

    def test_what_changed_later_at_stripe_is_followed(
        self, signed_in: Client, buyer: User, deaf: SandboxProcess
    ) -> None:
        purchase, subscription = pays_by_checkout(signed_in, deaf), subscribe(signed_in, deaf)
        walk()
        payment = payment_of(deaf, purchase)
        dispute = deaf.control("disputes", {"payment_intent": payment})["dispute"]
        api().subscriptions.cancel(now(subscription).stripe_subscription_id)
        assert counts(walk()) == (2, 0, 0)
        assert (balance(buyer), now(subscription).state) == (0, "canceled")
        deaf.control(f"disputes/{dispute['id']}/close", {"status": "won"})
        assert counts(walk()) == (1, 0, 0)
        assert (balance(buyer), now(purchase).tokens_gone) == (50, 0)
        assert counts(walk()) == (0, 0, 0)

    def test_an_old_dispute_and_an_old_subscription_are_followed_by_a_walk_through_the_last_hour(
        self, signed_in: Client, buyer: User, deaf: SandboxProcess
    ) -> None:
        purchase, subscription = pays_by_checkout(signed_in, deaf), subscribe(signed_in, deaf)
        dispute = deaf.control("disputes", {"payment_intent": payment_of(deaf, purchase)})["dispute"]
        walk()
        deaf.control("clock/advance", {"days": 3})
        deaf.control(f"disputes/{dispute['id']}/close", {"status": "won"})
        api().subscriptions.update(now(subscription).stripe_subscription_id, params={"cancel_at_period_end": True})
        assert counts(matching.walk(since=timezone.now() + timedelta(days=3, hours=-1))) == (2, 0, 0)
        assert (balance(buyer), now(subscription).ends_at is None) == (50, False)

    def test_a_payment_of_another_program_is_left_alone(self, deaf: SandboxProcess) -> None:
        api().payment_intents.create(
            params={
                "amount": 1000,
                "currency": "usd",
                "confirm": True,
                "payment_method": "pm_card_visa",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        report = walk()
        assert (report.run.compared, counts(report)) == (1, (0, 0, 0))
        assert (Purchase.objects.count(), Difference.objects.count()) == (0, 0)


class TestADatabaseRestoredToAnHourAgo:
    """The purchase, and with it the credit, was written after the backup: it never existed here."""

    def never_existed(self, purchase: Purchase) -> None:
        Purchase.objects.filter(pk=purchase.pk).delete()

    def test_a_payment_is_credited_once_from_what_stripe_knows(
        self, signed_in: Client, buyer: User, deaf: SandboxProcess
    ) -> None:
        lost = pays_by_checkout(signed_in, deaf)
        self.never_existed(lost)
        assert counts(walk()) == (1, 0, 0)
        again = Purchase.objects.get()
        assert (again.pk, again.state, again.way, again.tokens, again.price_cents, again.package_id) == (
            lost.pk,
            "paid",
            "checkout",
            50,
            4900,
            "package_50",
        )
        assert counts(walk()) == (0, 0, 0)
        assert (balance(buyer), TokenTransaction.objects.count()) == (50, 1)

    def test_a_payment_by_card_too(self, buyer: User, deaf: SandboxProcess) -> None:
        self.never_existed(pays_by_card(buyer))
        assert counts(walk()) == (1, 0, 0)
        assert (balance(buyer), Purchase.objects.get().way) == (100, "card")

    def test_a_reload_counts_against_the_cap_again(self, buyer: User, deaf: SandboxProcess) -> None:
        reloading.save_card(buyer)
        reloading.order_reloads(buyer, cap=50_00)
        deaf.control("faults", {"kind": "cut", "method": "POST", "path": "/v1/payment_intents", "calls": 3})
        auto_reload.reload(buyer.pk)
        deaf.control("faults", {})
        self.never_existed(Purchase.objects.get())
        assert counts(walk()) == (1, 0, 0)
        again = Purchase.objects.get()
        assert (again.way, again.monthly_cap_cents, balance(buyer)) == ("auto_reload", 50_00, 50)

    def test_a_reload_whose_order_is_lost_is_credited_as_a_payment_by_card(
        self, buyer: User, deaf: SandboxProcess
    ) -> None:
        reloading.save_card(buyer)
        order = reloading.order_reloads(buyer)
        deaf.control("faults", {"kind": "cut", "method": "POST", "path": "/v1/payment_intents", "calls": 3})
        auto_reload.reload(buyer.pk)
        deaf.control("faults", {})
        self.never_existed(Purchase.objects.get())
        order.delete()
        assert counts(walk()) == (1, 0, 0)
        again = Purchase.objects.get()
        assert (again.way, again.package_id, balance(buyer)) == ("card", "package_50", 50)

    def test_what_was_refunded_meanwhile_is_taken_back(
        self, signed_in: Client, buyer: User, deaf: SandboxProcess
    ) -> None:
        lost = pays_by_checkout(signed_in, deaf)
        deaf.control("refunds", {"payment_intent": payment_of(deaf, lost), "amount": 2450})
        self.never_existed(lost)
        assert counts(walk()) == (1, 0, 0)
        assert (balance(buyer), Purchase.objects.get().tokens_gone) == (25, 25)

    def test_a_late_event_of_the_same_payment_credits_nothing_more(
        self, signed_in: Client, buyer: User, deaf: SandboxProcess, live_server: Any
    ) -> None:
        lost = pays_by_checkout(signed_in, deaf)
        self.never_existed(lost)
        walk()
        deaf.control("settings", {"webhook_url": f"{live_server.url}/webhooks/stripe/"})
        [event] = deaf.control("events?type=checkout.session.completed")["events"]
        [attempt] = deaf.control(f"events/{event['id']}/deliver", {})["attempts"]
        assert (attempt["status"], balance(buyer)) == (200, 50)


class TestARunThatDoesNotComeToItsEnd:
    def test_an_outage_ends_it_politely_and_the_next_run_begins_where_it_did(self, deaf: SandboxProcess) -> None:
        first = matching.walk(since=timezone.now() - DAY)
        since = matching.next_since()
        assert since == first.run.started_at - DAY
        deaf.control("faults", {"kind": "error_500", "calls": 50})
        report = matching.walk(since=since)
        assert (report.ending, report.run.ended_at) == ("Stripe does not answer; the rest waits.", None)
        assert (ReconcileRun.objects.count(), matching.next_since()) == (2, since)

    def test_when_time_is_up_what_was_repaired_stays_repaired(
        self, signed_in: Client, buyer: User, deaf: SandboxProcess
    ) -> None:
        pays_by_checkout(signed_in, deaf)
        report = matching.walk(since=timezone.now() - DAY, seconds=0)
        assert (report.ending, report.run.ended_at, balance(buyer)) == ("Time is up; the rest waits.", None, 0)
        assert counts(walk()) == (1, 0, 0)
        assert balance(buyer) == 50
