"""Subscriptions with a Stripe stand-in in its own process: subscribe, design, cancel, lapse; and news that is lost."""

import urllib.request
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing import gateway, lapses, subscribing
from billing.models import Consent, Plan, StripeCustomer, StripeEvent, Subscription
from billing.subscriptions import GRACE
from generations import studio
from tests.billing.conftest import post_event
from tests.sandbox_process import SandboxProcess
from tests.subscribed import subscription_of
from tokens import ledger
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)

State = Subscription.State
PAGE = "/account/subscription/"
MONTH_AND_A_DAY = {"days": 32}
DECLINES_LATER = "pm_card_chargeCustomerFail"


@pytest.fixture
def street(sandbox: SandboxProcess, live_server: LiveServer, settings: Any) -> SandboxProcess:
    """The sandbox, delivering its events to this very shop."""
    settings.STRIPE_PORTAL_ORIGIN = sandbox.url
    sandbox.control("settings", {"mode": "auto", "webhook_url": f"{live_server.url}/webhooks/stripe/"})
    return sandbox


def click(browser: Client) -> Subscription:
    plan = Plan.objects.get(code="pro")
    answer = browser.post(f"{PAGE}start/", {"plan": "pro", "shown": plan.terms})
    assert answer.status_code == 303
    return Subscription.objects.get(checkout_url=answer.headers["Location"])


def delivered(street: SandboxProcess) -> None:
    """Wait until everything is delivered, each event with effect or without need."""
    assert street.control("wait", {"seconds": 30})["undelivered"] == 0
    assert list(StripeEvent.objects.filter(state="failed").values_list("type", "reason")) == []


def pay(street: SandboxProcess, subscription: Subscription) -> None:
    assert street.control(f"pay/{subscription.stripe_session_id}", {})["outcome"] == "paid"


def advance(street: SandboxProcess, **by: float) -> None:
    street.control("clock/advance", by)


def api() -> Any:
    return gateway.client.client().v1


def now(subscription: Subscription) -> Subscription:
    subscription.refresh_from_db()
    return subscription


def text(browser: Client, address: str = PAGE) -> str:
    return " ".join(browser.get(address).content.decode().split())


def design(user: User) -> str:
    return studio.start_designs(user=user, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0].source


@pytest.fixture
def tokens(buyer: User) -> None:
    """The buyer holds five tokens."""
    ledger.adjust(user_id=buyer.pk, amount=5, reason="Given", adjusted_by_id=buyer.pk, key="given")


def balance(user: User) -> int:
    return TokenAccount.objects.get(pk=user.pk).balance


@pytest.fixture
def running(signed_in: Client, street: SandboxProcess, tokens: None) -> Subscription:
    """A subscription that was paid and told about."""
    subscription = click(signed_in)
    pay(street, subscription)
    delivered(street)
    return now(subscription)


def card_that_fails(subscription: Subscription) -> None:
    """Let the next renewal be declined."""
    customer = StripeCustomer.objects.get(user=subscription.user).stripe_customer_id
    method = api().payment_methods.attach(DECLINES_LATER, params={"customer": customer})
    key = subscription.stripe_subscription_id
    api().subscriptions.update(key, params={"default_payment_method": method.id})


def cancel_in_the_portal(street: SandboxProcess, browser: Client, subscription: Subscription) -> None:
    """Go to the portal as the button does, and plan the end there in its two steps."""
    answer = browser.post(f"{PAGE}portal/")
    assert (answer.status_code, answer.headers["Location"].startswith(street.url)) == (303, True)
    address = f"{answer.headers['Location']}/cancel/{subscription.stripe_subscription_id}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    asked = opener.open(address).read().decode()
    secret = asked.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    opener.open(address, data=f"csrfmiddlewaretoken={secret}".encode())


class TestAMonthAndItsEnd:
    def test_twenty_designs_cost_nothing_and_after_the_end_tokens_pay(
        self, signed_in: Client, buyer: User, street: SandboxProcess, running: Subscription
    ) -> None:
        assert running.state == State.ACTIVE
        assert [design(buyer) for _ in range(20)] == ["subscription"] * 20
        cancel_in_the_portal(street, signed_in, running)
        delivered(street)
        assert now(running).ends_at == running.period_end
        assert design(buyer) == "subscription"
        advance(street, **MONTH_AND_A_DAY)
        delivered(street)
        assert (now(running).state, balance(buyer)) == (State.CANCELED, 5)
        assert (design(buyer), balance(buyer)) == ("token", 4)
        assert "Your 4 tokens are still there." in text(signed_in)

    def test_it_renews_month_after_month(self, street: SandboxProcess, running: Subscription) -> None:
        first = running.period_end
        assert first is not None
        for _ in range(2):
            advance(street, days=31)
            delivered(street)
        renewed = now(running)
        assert renewed.period_end is not None
        assert (renewed.state, (renewed.period_end - first).days // 28) == (State.ACTIVE, 2)

    def test_canceled_and_kept_again_it_goes_on(
        self, signed_in: Client, street: SandboxProcess, running: Subscription
    ) -> None:
        key = running.stripe_subscription_id
        for planned in (True, False):
            api().subscriptions.update(key, params={"cancel_at_period_end": planned})
            delivered(street)
            assert (now(running).ends_at is not None) == planned
        advance(street, **MONTH_AND_A_DAY)
        delivered(street)
        assert now(running).state == State.ACTIVE

    def test_ended_at_once_by_staff_the_next_design_costs_a_token(
        self, buyer: User, street: SandboxProcess, running: Subscription
    ) -> None:
        api().subscriptions.cancel(running.stripe_subscription_id)
        delivered(street)
        assert (now(running).state, design(buyer), balance(buyer)) == (State.CANCELED, "token", 4)

    def test_after_the_end_another_one_can_begin(
        self, signed_in: Client, street: SandboxProcess, running: Subscription
    ) -> None:
        api().subscriptions.cancel(running.stripe_subscription_id)
        delivered(street)
        again = click(signed_in)
        pay(street, again)
        delivered(street)
        assert (now(running).state, now(again).state) == (State.CANCELED, State.ACTIVE)


class TestARenewalThatFails:
    @pytest.fixture
    def failed(self, street: SandboxProcess, running: Subscription) -> Subscription:
        card_that_fails(running)
        advance(street, **MONTH_AND_A_DAY)
        delivered(street)
        assert now(running).state == State.PAST_DUE
        return running

    def test_the_page_says_so_and_designs_stay_included(
        self, signed_in: Client, buyer: User, failed: Subscription
    ) -> None:
        page = text(signed_in)
        assert ("Your renewal payment failed" in page, "Update your card" in page) == (True, True)
        assert design(buyer) == "subscription"
        assert failed.period_start is not None
        assert TokenAccount.objects.get().unlimited_until == failed.period_start + GRACE

    def test_paid_at_last_it_goes_on(self, street: SandboxProcess, failed: Subscription) -> None:
        customer = StripeCustomer.objects.get(user=failed.user).stripe_customer_id
        method = api().payment_methods.attach("pm_card_visa", params={"customer": customer})
        api().subscriptions.update(failed.stripe_subscription_id, params={"default_payment_method": method.id})
        advance(street, days=6)
        delivered(street)
        assert now(failed).state == State.ACTIVE

    def test_never_paid_it_ends_and_tokens_pay(self, buyer: User, street: SandboxProcess, failed: Subscription) -> None:
        advance(street, days=22)
        delivered(street)
        assert (now(failed).state, design(buyer), balance(buyer)) == (State.CANCELED, "token", 4)


class TestWebhooksMisbehave:
    @pytest.mark.parametrize("mode", ["twice", "reversed"])
    def test_the_end_is_the_same(self, signed_in: Client, buyer: User, street: SandboxProcess, mode: str) -> None:
        street.control("settings", {"mode": mode})
        subscription = click(signed_in)
        pay(street, subscription)
        delivered(street)
        assert (now(subscription).state, design(buyer)) == (State.ACTIVE, "subscription")
        card_that_fails(subscription)
        advance(street, **MONTH_AND_A_DAY)
        delivered(street)
        assert now(subscription).state == State.PAST_DUE

    def test_without_any_webhook_the_return_page_knows(
        self, signed_in: Client, buyer: User, street: SandboxProcess
    ) -> None:
        street.control("settings", {"mode": "hold"})
        subscription = click(signed_in)
        assert "Not paid yet" in text(signed_in)
        pay(street, subscription)
        page = text(signed_in, f"{PAGE}?session_id={subscription.stripe_session_id}")
        assert ("Renews" in page, design(buyer)) == (True, "subscription")
        api().subscriptions.update(now(subscription).stripe_subscription_id, params={"cancel_at_period_end": True})
        assert "Designs and messages stay included until then" in text(signed_in, f"{PAGE}?from=portal")

    def test_without_anything_the_sweep_learns_of_beginning_renewal_and_end(
        self, signed_in: Client, buyer: User, street: SandboxProcess, tokens: None
    ) -> None:
        street.control("settings", {"mode": "hold"})
        subscription = click(signed_in)
        pay(street, subscription)
        assert str(lapses.follow_all()) == "0 asked about, 0 moved, 0 failed."
        long_ago(subscription)
        assert str(lapses.follow_all()) == "1 asked about, 1 moved, 0 failed."
        assert (now(subscription).state, str(lapses.follow_all())) == ("active", "0 asked about, 0 moved, 0 failed.")
        first = subscription.period_end
        advance(street, **MONTH_AND_A_DAY)
        Subscription.objects.update(period_end=subscription.started_at)
        assert (lapses.follow_all().moved, now(subscription).period_end == first) == (1, False)
        api().subscriptions.cancel(subscription.stripe_subscription_id)
        long_ago(subscription)
        assert (lapses.follow_all().moved, now(subscription).state, design(buyer)) == (1, State.CANCELED, "token")

    def test_late_news_of_the_old_one_leaves_the_new_one_alone(
        self, signed_in: Client, street: SandboxProcess, running: Subscription
    ) -> None:
        api().subscriptions.cancel(running.stripe_subscription_id)
        delivered(street)
        again = click(signed_in)
        pay(street, again)
        delivered(street)
        about_the_old_one = StripeEvent.objects.filter(object_id=running.stripe_subscription_id).exclude(payload={})
        for number, event in enumerate(about_the_old_one):
            assert post_event({**event.payload, "id": f"evt_again_{number}"}).status_code == 200
        assert now(again).state == State.ACTIVE
        assert TokenAccount.objects.get().unlimited_until is not None


def long_ago(subscription: Subscription) -> None:
    """Let it be begun and last asked about two days ago."""
    Subscription.objects.filter(pk=subscription.pk).update(created_at="2020-01-01T00:00Z", asked_at="2020-01-01T00:00Z")


class TestTheClick:
    def test_the_consent_is_kept_word_for_word(self, signed_in: Client, buyer: User, street: SandboxProcess) -> None:
        shown = text(signed_in)
        subscription = click(signed_in)
        consent = Consent.objects.get()
        assert (subscription.consent, consent.user, consent.purpose) == (consent, buyer, "subscription")
        assert (consent.wording in shown, "$99.00 a month" in consent.wording) == (True, True)
        assert consent.ip_address == "127.0.0.1"

    def test_a_second_click_comes_to_the_same_page(self, signed_in: Client, street: SandboxProcess) -> None:
        assert click(signed_in).pk == click(signed_in).pk
        assert Subscription.objects.count() == 1

    def test_another_offer_closes_the_first_ones_page(self, signed_in: Client, street: SandboxProcess) -> None:
        first = click(signed_in)
        Plan.objects.filter(code="pro").update(price_cents=5900)
        second = click(signed_in)
        assert (now(first).state, second.state, second.price_cents) == (State.EXPIRED, State.OPEN, 5900)
        assert street.control(f"pay/{first.stripe_session_id}", {})["outcome"] == "closed"

    def test_paid_meanwhile_without_news_it_begins_no_second_one(
        self, signed_in: Client, street: SandboxProcess
    ) -> None:
        street.control("settings", {"mode": "hold"})
        first = click(signed_in)
        pay(street, first)
        Plan.objects.filter(code="pro").update(price_cents=5900)
        answer = signed_in.post(f"{PAGE}start/", {"plan": "pro", "shown": Plan.objects.get(code="pro").terms})
        assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
        assert (now(first).state, Subscription.objects.count()) == (State.ACTIVE, 1)

    def test_an_expired_page_is_followed_by_a_new_one(self, signed_in: Client, street: SandboxProcess) -> None:
        street.control("settings", {"mode": "hold"})
        first = click(signed_in)
        street.control(f"sessions/{first.stripe_session_id}/expire", {})
        second = click(signed_in)
        assert (now(first).state, second.state) == (State.EXPIRED, State.OPEN)

    def test_a_page_that_is_left_expires_here_too(self, signed_in: Client, street: SandboxProcess) -> None:
        subscription = click(signed_in)
        street.control(f"sessions/{subscription.stripe_session_id}/expire", {})
        delivered(street)
        assert now(subscription).state == State.EXPIRED


class TestStripeIsDown:
    def test_the_click_is_answered_politely_and_works_later(self, signed_in: Client, street: SandboxProcess) -> None:
        plan = Plan.objects.get(code="pro")
        street.control("faults", {"kind": "down", "calls": 50})
        answer = signed_in.post(f"{PAGE}start/", {"plan": "pro", "shown": plan.terms})
        assert (answer.status_code, "Nothing was charged" in answer.content.decode()) == (503, True)
        street.control("faults", {})
        click(signed_in)
        assert Subscription.objects.count() == 1

    def test_the_answer_lost_the_same_page_comes_with_the_next_click(
        self, signed_in: Client, street: SandboxProcess
    ) -> None:
        street.control("faults", {"kind": "cut", "calls": 3, "path": "/v1/checkout/sessions"})
        plan = Plan.objects.get(code="pro")
        assert signed_in.post(f"{PAGE}start/", {"plan": "pro", "shown": plan.terms}).status_code == 503
        street.control("faults", {})
        click(signed_in)
        assert len(api().checkout.sessions.list().data) == 1

    def test_the_page_and_the_portal_say_so(
        self, signed_in: Client, street: SandboxProcess, running: Subscription
    ) -> None:
        street.control("faults", {"kind": "down", "calls": 50})
        assert "Stripe does not answer at the moment" in text(signed_in, f"{PAGE}?from=portal")
        assert signed_in.post(f"{PAGE}portal/").status_code == 503

    def test_the_sweep_gives_up_after_three_without_an_answer(
        self, buyer: User, stranger: User, staff: User, street: SandboxProcess
    ) -> None:
        people = [buyer, stranger, staff, User.objects.create_user("fourth@example.com", "a-long-passphrase")]
        for person in people:
            subscription_of(person, asked_at=None)
        street.control("faults", {"kind": "down", "calls": 100})
        run = lapses.follow_all()
        assert (run.asked, run.failed, run.unanswered) == (0, 3, 3)


class TestStripeRefuses:
    def test_the_subscription_fails_and_the_next_click_begins_another(
        self, signed_in: Client, buyer: User, street: SandboxProcess, settings: Any
    ) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_wrong"
        plan = Plan.objects.get(code="pro")
        assert signed_in.post(f"{PAGE}start/", {"plan": "pro", "shown": plan.terms}).status_code == 503
        failed = Subscription.objects.get()
        assert (failed.state, failed.state_reason) == (State.FAILED, subscribing.REFUSED)
        settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
        assert click(signed_in).pk != failed.pk

    def test_a_customer_deleted_at_stripe_is_made_again_by_the_next_click(
        self, signed_in: Client, buyer: User, street: SandboxProcess
    ) -> None:
        first = click(signed_in)
        api().checkout.sessions.expire(first.stripe_session_id)
        delivered(street)
        api().customers.delete(StripeCustomer.objects.get(user=buyer).stripe_customer_id)
        plan = Plan.objects.get(code="pro")
        assert signed_in.post(f"{PAGE}start/", {"plan": "pro", "shown": plan.terms}).status_code == 503
        assert click(signed_in).state == State.OPEN
