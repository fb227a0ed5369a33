"""Many clicks on Subscribe are one subscription; many designs at once stay within fair use."""

from collections.abc import Callable
from functools import partial
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from accounts.models import User
from billing import gateway, mails, subscribing, subscriptions
from billing.models import Consent, Plan, StripeCustomer, Subscription
from billing.ownership import NotOurs
from generations import studio
from generations.models import Generation
from generations.studio import FairUseReached, starting
from tests.billing.test_subscription_follow import says
from tests.subscribed import subscription_of
from tests.together import together
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)


class TestTenClicksOnSubscribe:
    @pytest.fixture
    def stripe_opens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stripe answers the same idempotency key with the same page."""

        def page(subscription: Subscription, customer: str = "") -> gateway.SubscriptionPage:
            return gateway.SubscriptionPage(f"cs_{subscription.pk.hex}", "open", f"https://x/{subscription.pk}", "")

        def found(session_id: str) -> gateway.SubscriptionPage:
            return page(Subscription.objects.get(stripe_session_id=session_id))

        monkeypatch.setattr(gateway, "create_customer", lambda customer: f"cus_{customer.pk.hex}")
        monkeypatch.setattr(gateway, "create_subscription_page", page)
        monkeypatch.setattr(gateway, "retrieve_subscription_page", found)

    @pytest.fixture
    def click(self, buyer: User) -> Callable[[], Subscription]:
        plan = Plan.objects.get(code="pro")
        arguments: Any = {"user": buyer, "plan_code": "pro", "shown_terms": plan.terms, "ip_address": "192.0.2.7"}
        return partial(subscribing.begin, **arguments)

    def test_they_are_one_subscription_and_one_consent(
        self, click: Callable[[], Subscription], stripe_opens: None
    ) -> None:
        begun = together(*[click] * 10)
        one = Subscription.objects.get()
        assert {each.checkout_url for each in begun} == {f"https://x/{one.pk}"}
        assert (StripeCustomer.objects.count(), Consent.objects.count()) == (1, 1)

    def test_without_the_customer_lock_only_the_constraint_keeps_them_one(
        self, buyer: User, click: Callable[[], Subscription], stripe_opens: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        StripeCustomer.objects.create(user=buyer, email=buyer.email)
        monkeypatch.setattr(StripeCustomer.objects, "select_for_update", lambda **_: StripeCustomer.objects.all())
        real = Subscription.objects.create

        def dawdle(**fields: Any) -> Subscription:
            sleep(0.1)
            return real(**fields)

        monkeypatch.setattr(Subscription.objects, "create", dawdle)
        begun = together(*[click] * 5)
        refused = [each for each in begun if isinstance(each, IntegrityError)]
        assert len(refused) > 0
        assert all("subscription_one_alive_per_person" in str(each) for each in refused)
        assert Subscription.objects.count() == 1


class TestTenDesignsAtOnce:
    def start(self, user: User) -> Generation:
        return studio.start_designs(user=user, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0]

    def outcome(self, buyer: User) -> tuple[int, int]:
        TokenAccount.objects.create(user=buyer)
        subscription_of(buyer, per_day=4)
        results = together(*[partial(self.start, buyer) for _ in range(10)])
        begun = sum(isinstance(result, Generation) for result in results)
        return begun, sum(isinstance(result, FairUseReached) for result in results)

    def test_only_as_many_as_are_fair_are_begun(self, buyer: User) -> None:
        assert self.outcome(buyer) == (4, 6)

    def test_without_the_account_lock_more_are_begun(
        self, buyer: User, no_lock: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = starting._queue

        def dawdle(generation: Any) -> int:
            sleep(0.1)
            return real(generation)

        monkeypatch.setattr(starting, "_queue", dawdle)
        begun, refused = self.outcome(buyer)
        assert begun > 4
        assert begun + refused == 10


class TestOneAnswerAppliedAtOnce:
    @pytest.fixture
    def written(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The letters that were written."""
        letters: list[str] = []
        monkeypatch.setattr(mails, "send_later", lambda letter, *_, **__: letters.append(letter))
        return letters

    def ten_times(self, buyer: User) -> None:
        subscription = subscription_of(buyer)
        canceled = gateway.SubscriptionSnapshot(
            stripe_subscription_id=subscription.stripe_subscription_id or "",
            stripe_customer_id="cus_1",
            subscription_id=subscription.pk,
            status="active",
            price_cents=9900,
            currency="usd",
            period_start=subscription.period_start,
            period_end=subscription.period_end,
            ends_at=subscription.period_end,
            ended_at=None,
            started_at=subscription.started_at,
        )
        together(*[partial(subscriptions.follow, canceled) for _ in range(10)])

    def test_it_is_told_by_one_mail(self, buyer: User, written: list[str]) -> None:
        self.ten_times(buyer)
        assert written == ["subscription_canceled"]

    def test_without_the_lock_on_the_subscription_it_is_told_by_several(
        self, buyer: User, written: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read(now: gateway.SubscriptionSnapshot) -> Subscription:
            found = Subscription.objects.get(stripe_subscription_id=now.stripe_subscription_id)
            sleep(0.1)
            return found

        monkeypatch.setattr(subscriptions, "_find", read)
        self.ten_times(buyer)
        assert len(written) > 1


class TestSeveralNewsOfANewOneAtOnce:
    """The return page, `created`, `updated` and `invoice.paid` come at once, and none knows Stripe's id yet."""

    def news(self, buyer: User) -> list[Any]:
        nothing = dict.fromkeys(("stripe_subscription_id", "period_start", "period_end", "started_at"))
        waiting = subscription_of(buyer, **nothing, state=Subscription.State.OPEN)
        return together(*[partial(subscriptions.follow, says(waiting)) for _ in range(6)])

    def test_each_of_them_is_ours(self, buyer: User) -> None:
        assert [str(followed) for followed in self.news(buyer)] == ["pro, active"] * 6

    def test_looked_for_by_an_id_that_is_not_written_down_yet_some_find_nothing(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def find(now: gateway.SubscriptionSnapshot) -> Subscription | None:
            rows = Subscription.objects.select_for_update(no_key=True, of=("self",)).select_related("plan")
            found = rows.filter(stripe_subscription_id=now.stripe_subscription_id).first()
            sleep(0.1)
            assert now.subscription_id
            return found or rows.filter(pk=now.subscription_id, stripe_subscription_id=None).first()

        monkeypatch.setattr(subscriptions, "_find", find)
        assert {type(answer) for answer in self.news(buyer)} == {Subscription, NotOurs}
