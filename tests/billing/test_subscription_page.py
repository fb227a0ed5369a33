"""The subscription's page in each of its states, its letters, and what staff see of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import gateway, mails
from billing.models import Consent, Plan, StripeCustomer, Subscription
from tests.subscribed import subscription_of
from tokens import ledger

pytestmark = pytest.mark.django_db

State = Subscription.State
PAGE = "/account/subscription/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def stripe_says(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stripe answers with the row itself, changed as the test says; without a word it is an outage."""
    word: dict[str, Any] = {}

    def answer(stripe_subscription_id: str) -> gateway.SubscriptionSnapshot:
        if word.pop("away", False):
            raise gateway.StripeUnavailable("retrieve_subscription")
        return snapshot(Subscription.objects.get(stripe_subscription_id=stripe_subscription_id), **word)

    monkeypatch.setattr(gateway, "retrieve_subscription", answer)
    return word


def snapshot(subscription: Subscription, **changes: Any) -> gateway.SubscriptionSnapshot:
    same = {name: getattr(subscription, name) for name in ("period_start", "period_end", "ends_at", "started_at")}
    answer: dict[str, Any] = {
        "stripe_subscription_id": subscription.stripe_subscription_id,
        "stripe_customer_id": "cus_1",
        "subscription_id": subscription.pk,
        "status": str(subscription.state),
        "price_cents": subscription.price_cents,
        "currency": subscription.currency,
        "ended_at": None,
        **same,
        **changes,
    }
    return gateway.SubscriptionSnapshot(**answer)


def text(browser: Client, address: str = PAGE) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def subscribe(browser: Client, **fields: str) -> Any:
    plan = Plan.objects.get(code="pro")
    return browser.post(f"{PAGE}start/", {"plan": "pro", "shown": plan.terms, **fields})


class TestSomebodyWithoutASubscription:
    def test_is_shown_the_price_the_fair_use_and_that_tokens_are_kept(self, signed_in: Client) -> None:
        page = text(signed_in)
        assert "$99.00 <small>a month</small>" in page
        assert "Designs and messages cost no tokens, up to 100 together in 24 hours (fair use)." in page
        assert "Your tokens and free credits are kept for later" in page
        assert "By subscribing you agree: I subscribe to Pro for $99.00 a month, charged today and again" in page

    def test_is_told_when_nothing_is_on_offer(self, signed_in: Client) -> None:
        Plan.objects.update(on_sale=False)
        assert "No subscription is on offer" in text(signed_in)

    def test_must_sign_in_first(self, client: Client) -> None:
        assert client.get(PAGE).headers["Location"] == f"/accounts/login/?next={PAGE}"

    def test_has_no_portal(self, signed_in: Client) -> None:
        assert signed_in.post(f"{PAGE}portal/").headers["Location"] == PAGE

    @pytest.mark.parametrize("address", ["start/", "portal/"])
    def test_begins_nothing_by_a_link(self, signed_in: Client, address: str) -> None:
        assert signed_in.get(f"{PAGE}{address}").status_code == 405


class TestTheClick:
    @pytest.mark.parametrize(
        ("fields", "problem"),
        [
            ({"shown": "100-100-usd"}, "The offer has just changed. Nothing was charged"),
            ({"plan": "chat-pro"}, "That plan is not on sale any more. Nothing was charged."),
            ({"plan": "nonsense"}, "That plan is not on sale any more. Nothing was charged."),
            ({"plan": "a\0b"}, "Choose one of the plans below."),
            ({"shown": ""}, "Choose one of the plans below."),
        ],
    )
    def test_on_what_is_not_offered_so_is_refused(
        self, signed_in: Client, fields: dict[str, str], problem: str
    ) -> None:
        answer = subscribe(signed_in, **fields)
        assert (answer.status_code, problem in answer.content.decode()) == (422, True)
        assert (Subscription.objects.count(), Consent.objects.count()) == (0, 0)

    @pytest.mark.parametrize("state", [State.ACTIVE, State.PAST_DUE, State.UNPAID, State.PAUSED, State.INCOMPLETE])
    def test_of_somebody_subscribed_begins_no_second_one(self, signed_in: Client, buyer: User, state: str) -> None:
        subscription_of(buyer, state=state)
        assert subscribe(signed_in).headers["Location"] == PAGE
        assert Subscription.objects.count() == 1

    def test_of_somebody_whose_subscription_ended_unheard_learns_of_that_first(
        self, signed_in: Client, buyer: User, stripe_says: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = subscription_of(buyer)
        stripe_says["status"] = "canceled"
        page = gateway.SubscriptionPage("cs_new", "open", "https://checkout.stripe.com/c/pay/cs_new", "")
        monkeypatch.setattr(gateway, "create_customer", lambda customer: "cus_1")
        monkeypatch.setattr(gateway, "create_subscription_page", lambda *_: page)
        answer = subscribe(signed_in)
        assert (answer.status_code, answer.headers["Location"]) == (303, page.url)
        old.refresh_from_db()
        assert old.state == State.CANCELED


class TestSomebodySubscribed:
    def test_sees_when_it_renews(self, signed_in: Client, buyer: User) -> None:
        subscription = subscription_of(buyer)
        page = text(signed_in)
        assert f'<dt>Renews</dt><dd><time datetime="{subscription.period_end:%Y-%m-%d}' in page
        assert ("Manage: card, invoices, cancel" in page, "Subscribe<" in page) == (True, False)

    def test_sees_when_it_ends_and_how_to_keep_it(self, signed_in: Client, buyer: User) -> None:
        subscription_of(buyer, ends_at=timezone.now() + 9 * DAY)
        page = text(signed_in)
        assert ("<dt>Ends</dt>" in page, "<dt>Renews</dt>" in page) == (True, False)
        assert "Manage: card, invoices, keep it" in page

    def test_past_due_sees_until_when_designs_are_included(self, signed_in: Client, buyer: User) -> None:
        subscription = subscription_of(buyer, state=State.PAST_DUE)
        assert subscription.period_start is not None
        until = subscription.period_start + 7 * DAY
        page = text(signed_in)
        assert f"Designs and messages stay included until <strong>{until.day} {until:%B %Y, %H:%M} UTC</strong>" in page
        assert 'action="/account/subscription/portal/"' in page

    def test_past_due_for_longer_sees_that_designs_cost_tokens(self, signed_in: Client, buyer: User) -> None:
        subscription_of(buyer, state=State.PAST_DUE, period_start=timezone.now() - 8 * DAY)
        assert "Designs and messages are not included any more until it is paid; they cost tokens." in text(signed_in)

    @pytest.mark.parametrize(
        ("state", "title"),
        [
            (State.UNPAID, "Your subscription is not paid"),
            (State.PAUSED, "Your subscription is paused"),
            (State.INCOMPLETE, "The first payment is not through"),
        ],
    )
    def test_not_paid_sees_that(self, signed_in: Client, buyer: User, state: str, title: str) -> None:
        subscription_of(buyer, state=state)
        page = text(signed_in)
        assert (title in page, "<dd>Cost tokens</dd>" in page) == (True, True)

    def test_afterwards_sees_the_tokens_and_the_offer(self, signed_in: Client, buyer: User) -> None:
        ledger.adjust(user_id=buyer.pk, amount=1, reason="Given", adjusted_by_id=buyer.pk, key="given")
        subscription_of(buyer, state=State.CANCELED, ended_at=timezone.now())
        page = text(signed_in)
        assert "Your 1 token is still there." in page
        assert 'action="/account/subscription/start/"' in page

    def test_with_an_open_page_sees_the_way_back(
        self, signed_in: Client, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = "https://checkout.stripe.com/c/pay/cs_1"
        page = gateway.SubscriptionPage("cs_1", "open", url, "")
        monkeypatch.setattr(gateway, "retrieve_subscription_page", lambda _: page)
        gone: dict[str, Any] = {"stripe_subscription_id": None, "started_at": None, "period_end": None}
        subscription_of(buyer, state=State.OPEN, stripe_session_id="cs_1", checkout_url=url, **gone)
        assert f'href="{url}">Back to the payment page' in text(signed_in)

    def test_does_not_see_anybody_elses(self, signed_in: Client, stranger: User) -> None:
        subscription_of(stranger)
        assert "<dt>Renews</dt>" not in text(signed_in)

    def test_is_sent_to_the_portal(self, signed_in: Client, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        StripeCustomer.objects.create(user=buyer, email=buyer.email, stripe_customer_id="cus_1")
        monkeypatch.setattr(gateway, "portal_url", lambda customer: f"https://billing.stripe.com/p/{customer}")
        answer = signed_in.post(f"{PAGE}portal/")
        assert (answer.status_code, answer.headers["Location"]) == (303, "https://billing.stripe.com/p/cus_1")

    def test_a_form_may_lead_to_checkout_and_to_the_portal(self, signed_in: Client, settings: Any) -> None:
        policy = signed_in.get(PAGE).headers["Content-Security-Policy"]
        allowed = next(part for part in policy.split("; ") if part.startswith("form-action "))
        assert set(allowed.split()[1:]) == {
            "'self'",
            settings.STRIPE_CHECKOUT_ORIGIN,
            settings.STRIPE_PORTAL_ORIGIN,
        }


class TestWhenStripeIsAsked:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        real, asked = gateway.retrieve_subscription, []

        def note(stripe_subscription_id: str) -> gateway.SubscriptionSnapshot:
            asked.append(stripe_subscription_id)
            return real(stripe_subscription_id)

        monkeypatch.setattr(gateway, "retrieve_subscription", note)
        return asked

    @pytest.mark.parametrize(
        ("query", "state", "age", "questions"),
        [
            ("", State.ACTIVE, timedelta(seconds=30), 0),
            ("", State.ACTIVE, timedelta(minutes=2), 1),
            ("?from=portal", State.ACTIVE, timedelta(0), 1),
            ("?session_id=cs_1", State.ACTIVE, timedelta(0), 1),
            ("", State.PAST_DUE, timedelta(0), 1),
            ("?from=portal", State.CANCELED, timedelta(days=9), 0),
        ],
    )
    def test_it_is_when_the_answer_may_have_changed(
        self, signed_in: Client, buyer: User, asked: list[str], query: str, state: str, age: timedelta, questions: int
    ) -> None:
        subscription_of(buyer, state=state, asked_at=timezone.now() - age)
        text(signed_in, f"{PAGE}{query}")
        assert len(asked) == questions

    def test_what_it_says_is_shown_at_once(self, signed_in: Client, buyer: User, stripe_says: dict[str, Any]) -> None:
        subscription_of(buyer)
        stripe_says["status"] = "canceled"
        assert "Your subscription to Pro ended" in text(signed_in, f"{PAGE}?from=portal")

    def test_without_an_answer_the_last_known_is_shown_and_said_to_be(
        self, signed_in: Client, buyer: User, stripe_says: dict[str, Any]
    ) -> None:
        subscription_of(buyer)
        stripe_says["away"] = True
        page = text(signed_in, f"{PAGE}?from=portal")
        assert ("Stripe does not answer at the moment" in page, "<dt>Renews</dt>" in page) == (True, True)


class TestTheLetters:
    @pytest.fixture
    def letter(self, buyer: User) -> Callable[..., tuple[str, str]]:
        """Send one and return its subject and its text."""
        ledger.adjust(user_id=buyer.pk, amount=7, reason="Given", adjusted_by_id=buyer.pk, key="given")
        subscription = subscription_of(buyer, period_end=datetime(2030, 2, 1, 12, tzinfo=UTC))

        def _letter(name: str) -> tuple[str, str]:
            until = "8 February 2030, 12:00 UTC"
            mails.send(name, buyer.pk, {"subscription_id": str(subscription.pk), "included_until": until})
            [sent] = mail.outbox
            assert sent.to == [buyer.email]
            return str(sent.subject), " ".join(str(sent.body).split())

        return _letter

    @pytest.mark.parametrize(
        ("name", "subject", "sentences"),
        [
            (
                "subscription_active",
                "Your Pro subscription is active",
                [
                    "Price: $99.00 a month",
                    "Renews: 1 February 2030",
                    "up to 100 together in any 24 hours",
                    "Your tokens: 7",
                ],
            ),
            (
                "subscription_renewal_failed",
                "Your Pro subscription could not be renewed",
                ["the payment of $99.00", "included until 8 February 2030, 12:00 UTC", "Your tokens: 7"],
            ),
            (
                "subscription_canceled",
                "Your Pro subscription is canceled",
                ["included until 8 February 2030, 12:00 UTC", "Your tokens: 7, kept."],
            ),
            (
                "subscription_ended",
                "Your Pro subscription has ended",
                ["Your tokens are still there: 7.", "a design costs 1 token"],
            ),
        ],
    )
    def test_they_say_what_changed_and_where_to_go(
        self, letter: Callable[..., tuple[str, str]], name: str, subject: str, sentences: list[str]
    ) -> None:
        said, body = letter(name)
        assert said == subject
        assert [sentence for sentence in sentences if sentence not in body] == []
        assert body.endswith(f"http://localhost:8000{PAGE}") or f"http://localhost:8000{PAGE} " in body


class TestStaff:
    def test_edit_what_a_plan_costs_but_not_what_was_sold(self, desk: Client, buyer: User) -> None:
        subscription = subscription_of(buyer)
        fields = {"catalog": "landscape", "name": "Pro", "price_cents": 5900, "currency": "usd", "per_day": 50}
        answer = desk.post("/admin/billing/plan/pro/change/", {**fields, "position": 0, "on_sale": "on"})
        assert answer.status_code == 302
        assert Plan.objects.get(code="pro").price_cents == 5900
        subscription.refresh_from_db()
        assert (subscription.price_cents, subscription.per_day) == (9900, 100)

    def test_delete_no_plan(self, desk: Client) -> None:
        assert desk.post("/admin/billing/plan/pro/delete/", {"post": "yes"}).status_code == 403
        assert Plan.objects.filter(code="pro").count() == 1

    def test_find_a_subscription_by_its_owner_and_change_nothing(self, desk: Client, buyer: User) -> None:
        subscription = subscription_of(buyer)
        listed = desk.get("/admin/billing/subscription/", {"q": "BUYER@example.com"}).content.decode()
        assert f"/admin/billing/subscription/{subscription.pk}/change/" in listed
        address = f"/admin/billing/subscription/{subscription.pk}/change/"
        assert desk.post(address, {"state": "canceled"}).status_code == 403
        assert "Ask Stripe again" in desk.get(address).content.decode()

    def test_ask_stripe_again_and_it_is_logged(self, desk: Client, buyer: User, stripe_says: dict[str, Any]) -> None:
        subscription = subscription_of(buyer)
        stripe_says["status"] = "canceled"
        answer = desk.post(f"/admin/billing/subscription/{subscription.pk}/ask/", follow=True)
        assert "Stripe answered. Before: Active. Now: Ended." in answer.content.decode()
        assert LogEntry.objects.get().change_message == "Asked Stripe again: Active -> Ended"

    def test_are_told_when_stripe_does_not_answer(self, desk: Client, buyer: User, stripe_says: dict[str, Any]) -> None:
        subscription = subscription_of(buyer)
        stripe_says["away"] = True
        answer = desk.post(f"/admin/billing/subscription/{subscription.pk}/ask/", follow=True)
        assert "Stripe does not answer. Nothing changed; try again." in answer.content.decode()

    def test_who_may_only_look_may_not_ask(self, client: Client, buyer: User) -> None:
        onlooker = User.objects.create_user("onlooker@example.com", "a-long-passphrase", is_staff=True)
        onlooker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client.force_login(onlooker)
        subscription = subscription_of(buyer)
        assert client.post(f"/admin/billing/subscription/{subscription.pk}/ask/").status_code == 403
        page = client.get(f"/admin/billing/subscription/{subscription.pk}/change/").content.decode()
        assert "Ask Stripe again" not in page
