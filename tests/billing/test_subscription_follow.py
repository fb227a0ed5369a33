"""What Stripe says of a subscription, written down: the right it gives, the mails, and any order of the news."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from billing import gateway, matching, subscriptions
from billing.gateway import SubscriptionPage, SubscriptionSnapshot
from billing.models import Difference, Subscription
from billing.ownership import NotOurs
from tests.subscribed import subscription_of
from tokens import ledger
from tokens.ledger import InsufficientTokens, Source
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db

State = Subscription.State
START = datetime(2030, 1, 1, 12, tzinfo=UTC)
RENEWAL = START + timedelta(days=31)
DAY = timedelta(days=1)

Begun = Callable[..., Subscription]


@pytest.fixture(autouse=True)
def _on_the_first_day() -> Any:
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def begun(buyer: User) -> Begun:
    """A subscription whose page waits for its payment; keywords change its fields."""

    def _begun(**fields: Any) -> Subscription:
        nothing: dict[str, Any] = dict.fromkeys(("stripe_subscription_id", "period_start", "period_end", "started_at"))
        waiting = {**nothing, "state": State.OPEN, "asked_at": None, "expires_at": START + timedelta(hours=1)}
        return subscription_of(buyer, **{**waiting, **fields})

    return _begun


def says(subscription: Subscription, **changes: Any) -> SubscriptionSnapshot:
    """What Stripe answers about an active subscription in its first month, unless `changes` say otherwise."""
    answer: dict[str, Any] = {
        "stripe_subscription_id": "sub_1",
        "stripe_customer_id": "cus_1",
        "subscription_id": subscription.pk,
        "status": "active",
        "price_cents": 9900,
        "currency": "usd",
        "period_start": START,
        "period_end": RENEWAL,
        "ends_at": None,
        "ended_at": None,
        "started_at": START,
        **changes,
    }
    return SubscriptionSnapshot(**answer)


def renewal_failed(subscription: Subscription, **changes: Any) -> SubscriptionSnapshot:
    return says(
        subscription, **{"status": "past_due", "period_start": RENEWAL, "period_end": RENEWAL + 28 * DAY, **changes}
    )


def ended(subscription: Subscription, **changes: Any) -> SubscriptionSnapshot:
    return says(subscription, **{"status": "canceled", "ended_at": RENEWAL, **changes})


def unlimited(user: User) -> datetime | None:
    return TokenAccount.objects.get(pk=user.pk).unlimited_until


def letters() -> list[str]:
    """The mails that were written, in their order."""
    jobs = ProcrastinateJob.objects.filter(task_name="billing.send_mail").order_by("id")
    return [job.args["letter"] for job in jobs]


def included_until() -> list[str]:
    jobs = ProcrastinateJob.objects.filter(task_name="billing.send_mail").order_by("id")
    return [job.args["facts"]["included_until"] for job in jobs]


def pays(user: User, when: datetime) -> Source | None:
    """Which right pays for a design at that time; None when none does."""
    with time_machine.travel(when, tick=False):
        try:
            return ledger.charge(user_id=user.pk, cost=1, key=f"probe:{when}", description="A design").source
        except InsufficientTokens:
            return None


class TestItBegins:
    def test_designs_are_included_for_the_month_and_a_day_of_slack(self, buyer: User, begun: Begun) -> None:
        subscription = subscriptions.follow(says(begun()))
        assert (subscription.state, subscription.period_end, subscription.started_at) == (State.ACTIVE, RENEWAL, START)
        assert unlimited(buyer) == RENEWAL + DAY
        assert TokenAccount.objects.get(pk=buyer.pk).unlimited_per_day == 100
        assert letters() == ["subscription_active"]

    def test_the_second_time_changes_and_writes_nothing(self, buyer: User, begun: Begun) -> None:
        waiting = begun()
        for _ in range(3):
            subscriptions.follow(says(waiting))
        assert (letters(), unlimited(buyer)) == (["subscription_active"], RENEWAL + DAY)

    @pytest.mark.parametrize(
        ("status", "state"), [("incomplete", "incomplete"), ("incomplete_expired", "expired"), ("unpaid", "unpaid")]
    )
    def test_unpaid_it_gives_nothing_and_writes_nothing(
        self, buyer: User, begun: Begun, status: str, state: str
    ) -> None:
        assert subscriptions.follow(says(begun(), status=status)).state == state
        assert (unlimited(buyer), letters()) == (None, [])

    def test_somebody_elses_is_not_ours(self, begun: Begun) -> None:
        with pytest.raises(NotOurs):
            subscriptions.follow(says(begun(), subscription_id=None))

    def test_a_second_one_at_stripe_under_our_id_is_not_ours(self, begun: Begun) -> None:
        waiting = begun()
        subscriptions.follow(says(waiting))
        with pytest.raises(NotOurs):
            subscriptions.follow(says(waiting, stripe_subscription_id="sub_2", status="canceled"))
        waiting.refresh_from_db()
        assert waiting.state == State.ACTIVE

    def test_paid_after_its_page_counted_as_closed_it_runs(self, buyer: User, begun: Begun) -> None:
        assert subscriptions.follow(says(begun(state=State.EXPIRED))).state == State.ACTIVE
        assert unlimited(buyer) == RENEWAL + DAY

    def test_another_price_at_stripe_is_followed_and_reported(self, begun: Begun, caplog: Any) -> None:
        assert subscriptions.follow(says(begun(), price_cents=500)).state == State.ACTIVE
        assert "subscription_price_differs" in caplog.text


class TestAPageThatIsNotPaid:
    def page(self, subscription: Subscription, status: str) -> SubscriptionPage:
        return SubscriptionPage(subscription.stripe_session_id or "", status, "", "")

    def test_it_expires(self, begun: Begun) -> None:
        waiting = begun()
        assert subscriptions.follow_page(self.page(waiting, "open"), None).state == State.OPEN
        assert subscriptions.follow_page(self.page(waiting, "expired"), None).state == State.EXPIRED

    def test_an_old_word_of_its_expiry_does_not_end_what_runs(self, begun: Begun) -> None:
        waiting = begun()
        subscriptions.follow(says(waiting))
        assert subscriptions.follow_page(self.page(waiting, "expired"), None).state == State.ACTIVE


class TestItsRenewalFails:
    @pytest.fixture
    def failed(self, begun: Begun) -> Subscription:
        waiting = begun()
        subscriptions.follow(says(waiting))
        return subscriptions.follow(renewal_failed(waiting))

    def test_designs_stay_included_for_seven_days(self, buyer: User, failed: Subscription) -> None:
        assert (failed.state, unlimited(buyer)) == (State.PAST_DUE, RENEWAL + 7 * DAY)
        assert letters() == ["subscription_active", "subscription_renewal_failed"]
        assert included_until()[1] == "8 February 2030, 12:00 UTC"
        second = timedelta(seconds=1)
        assert pays(buyer, RENEWAL + 7 * DAY - second) == Source.SUBSCRIPTION
        assert pays(buyer, RENEWAL + 7 * DAY) is None

    def test_a_further_unpaid_month_brings_no_further_days(self, buyer: User, failed: Subscription) -> None:
        later = RENEWAL + 28 * DAY
        subscriptions.follow(renewal_failed(failed, period_start=later, period_end=later + 31 * DAY))
        assert unlimited(buyer) == RENEWAL + 7 * DAY

    @pytest.mark.parametrize("status", ["unpaid", "paused"])
    def test_given_up_and_tried_again_brings_no_further_days_either(
        self, buyer: User, failed: Subscription, status: str
    ) -> None:
        later = RENEWAL + 28 * DAY
        subscriptions.follow(renewal_failed(failed, status=status))
        subscriptions.follow(renewal_failed(failed, period_start=later, period_end=later + 31 * DAY))
        assert unlimited(buyer) == RENEWAL + 7 * DAY

    def test_once_paid_the_month_is_included(self, buyer: User, failed: Subscription) -> None:
        subscriptions.follow(renewal_failed(failed, status="active"))
        assert unlimited(buyer) == RENEWAL + 29 * DAY
        assert letters() == ["subscription_active", "subscription_renewal_failed"]

    def test_a_later_failure_has_days_of_its_own(self, buyer: User, failed: Subscription) -> None:
        subscriptions.follow(renewal_failed(failed, status="active"))
        later = RENEWAL + 28 * DAY
        subscriptions.follow(renewal_failed(failed, period_start=later, period_end=later + 31 * DAY))
        assert unlimited(buyer) == later + 7 * DAY
        assert letters()[2:] == ["subscription_renewal_failed"]

    @pytest.mark.parametrize("status", ["unpaid", "paused", "canceled"])
    def test_given_up_it_includes_nothing(self, buyer: User, failed: Subscription, status: str) -> None:
        assert subscriptions.follow(renewal_failed(failed, status=status)).state == status
        assert unlimited(buyer) is None

    def test_a_planned_end_comes_before_the_end_of_the_days(self, buyer: User, failed: Subscription) -> None:
        subscriptions.follow(renewal_failed(failed, ends_at=RENEWAL + 2 * DAY))
        assert unlimited(buyer) == RENEWAL + 2 * DAY


class TestAPaymentFailsWithinAMonthThatIsPaid:
    """A change of the plan in the middle of a month makes an invoice of its own."""

    @pytest.fixture
    def paid(self, begun: Begun) -> Subscription:
        return subscriptions.follow(says(begun(), paid_until=RENEWAL))

    def test_designs_stay_included_until_the_months_end(self, buyer: User, paid: Subscription) -> None:
        subscriptions.follow(says(paid, status="past_due"))
        assert unlimited(buyer) == RENEWAL
        assert included_until()[1] == "1 February 2030, 12:00 UTC"

    def test_a_new_month_counts_as_paid_only_once_its_invoice_is(self, buyer: User, paid: Subscription) -> None:
        """For an hour, until its invoice is charged, the new month is `active`."""
        subscriptions.follow(renewal_failed(paid, status="active"))
        subscriptions.follow(renewal_failed(paid))
        assert unlimited(buyer) == RENEWAL + 7 * DAY

    @pytest.mark.parametrize(("invoice", "until"), [("paid", RENEWAL), ("draft", None), ("open", None)])
    def test_the_invoice_says_whether_it_is_paid(self, invoice: str, until: datetime | None) -> None:
        item = {"current_period_end": int(RENEWAL.timestamp())}
        body = {"id": "sub_1", "status": "active", "items": {"data": [item]}, "latest_invoice": {"status": invoice}}
        assert gateway.of_subscription(body).paid_until == until
        assert gateway.of_subscription({**body, "latest_invoice": "in_1"}).paid_until is None


class TestItIsCanceled:
    @pytest.fixture
    def running(self, begun: Begun) -> Subscription:
        return subscriptions.follow(says(begun()))

    def test_designs_stay_included_until_its_end(self, buyer: User, running: Subscription) -> None:
        subscriptions.follow(says(running, ends_at=RENEWAL))
        assert unlimited(buyer) == RENEWAL
        assert letters() == ["subscription_active", "subscription_canceled"]
        assert included_until()[1] == "1 February 2030, 12:00 UTC"
        assert pays(buyer, RENEWAL) is None

    def test_an_end_months_away_includes_no_month_that_is_not_paid(self, buyer: User, running: Subscription) -> None:
        subscriptions.follow(says(running, ends_at=RENEWAL + 90 * DAY))
        assert unlimited(buyer) == RENEWAL + DAY

    def test_taken_back_it_goes_on(self, buyer: User, running: Subscription) -> None:
        subscriptions.follow(says(running, ends_at=RENEWAL))
        subscription = subscriptions.follow(says(running))
        assert (subscription.ends_at, unlimited(buyer)) == (None, RENEWAL + DAY)

    def test_canceled_again_it_is_said_again(self, running: Subscription) -> None:
        for ends_at in (RENEWAL, None, RENEWAL, RENEWAL):
            subscriptions.follow(says(running, ends_at=ends_at))
        assert letters() == ["subscription_active", "subscription_canceled", "subscription_canceled"]

    def test_ended_at_once_by_staff_it_includes_nothing_from_then_on(self, buyer: User, running: Subscription) -> None:
        subscription = subscriptions.follow(ended(running, ended_at=START + DAY))
        assert (subscription.state, subscription.ended_at, unlimited(buyer)) == (State.CANCELED, START + DAY, None)
        assert letters() == ["subscription_active", "subscription_ended"]

    def test_ended_it_stays_ended_whatever_is_said(self, buyer: User, running: Subscription) -> None:
        subscriptions.follow(ended(running))
        for word in (says(running), renewal_failed(running), ended(running)):
            assert subscriptions.follow(word).state == State.CANCELED
        assert (unlimited(buyer), letters()) == (None, ["subscription_active", "subscription_ended"])

    def test_an_old_one_does_not_end_what_its_successor_gives(
        self, buyer: User, running: Subscription, begun: Begun
    ) -> None:
        subscriptions.follow(ended(running))
        never_begun = begun(state=State.EXPIRED)
        subscriptions.follow(says(begun(), stripe_subscription_id="sub_2"))
        subscriptions.follow(ended(running))
        subscriptions.follow(says(never_begun, stripe_subscription_id="sub_3", status="canceled"))
        assert unlimited(buyer) == RENEWAL + DAY


class TestAnyOrder:
    def test_an_answer_that_was_overtaken_changes_nothing(self, buyer: User, begun: Begun) -> None:
        subscription = subscriptions.follow(says(begun(), ends_at=RENEWAL, asked_at=START + timedelta(seconds=9)))
        subscription = subscriptions.follow(says(subscription, asked_at=START + timedelta(seconds=8)))
        assert (subscription.ends_at, unlimited(buyer)) == (RENEWAL, RENEWAL)

    def test_news_of_its_end_is_never_too_late(self, buyer: User, begun: Begun) -> None:
        """The clocks of two hosts may differ; after its end, nothing comes at Stripe."""
        subscription = subscriptions.follow(says(begun(), asked_at=START + timedelta(seconds=9)))
        assert subscriptions.follow(ended(subscription, asked_at=START)).state == State.CANCELED
        assert unlimited(buyer) is None

    def test_a_list_that_was_overtaken_is_not_held_against_us(self, begun: Begun) -> None:
        later = START + timedelta(seconds=9)
        subscription = subscriptions.follow(says(begun(), asked_at=later))
        old = says(subscription, status="past_due", asked_at=START)
        assert matching.subscriptions.compare(old).verdict is None
        priced = matching.subscriptions.compare(replace(old, price_cents=500)).verdict
        assert priced is not None
        assert priced.detail == "It was sold for $99.00 a month; Stripe takes $5.00."

    def test_answers_are_ordered_by_the_clock_of_the_database(
        self, begun: Begun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """This host believes that it is 2030."""
        told = SimpleNamespace(to_dict=lambda **_: {"id": "sub_1", "status": "active"})
        page = SimpleNamespace(auto_paging_iter=lambda: [told])
        calls = SimpleNamespace(retrieve=lambda *_, **__: told, list=lambda *_, **__: page)
        api = SimpleNamespace(v1=SimpleNamespace(subscriptions=calls))
        monkeypatch.setattr(gateway.subscriptions, "client", lambda: api)
        monkeypatch.setattr(gateway.listing, "client", lambda: api)
        answers = [
            gateway.retrieve_subscription("sub_1"),
            *gateway.recent_subscriptions(since=0),
            *gateway.running_subscriptions(),
        ]
        assert [answer.asked_at is not None and answer.asked_at < START for answer in answers] == [True] * 3

    def test_every_order_of_the_answers_ends_the_same(self, buyer: User, begun: Begun) -> None:
        """Five answers, each asked for a minute after the one before; they arrive in every order, and twice."""
        ends = set()
        for order in permutations(range(5)):
            waiting = begun(stripe_session_id=f"cs_{order}")
            told = [
                says(waiting),
                says(waiting, ends_at=RENEWAL),
                says(waiting),
                renewal_failed(waiting),
                renewal_failed(waiting, status="active"),
            ]
            for number in order + order:
                key, asked_at = f"sub_{waiting.pk}", START + timedelta(minutes=number)
                subscriptions.follow(
                    says(waiting, **{**_fields(told[number]), "stripe_subscription_id": key, "asked_at": asked_at})
                )
            waiting.refresh_from_db()
            ends.add((waiting.state, waiting.period_end, waiting.ends_at, unlimited(buyer)))
            subscriptions.follow(ended(waiting, stripe_subscription_id=f"sub_{waiting.pk}"))
        assert ends == {(State.ACTIVE, RENEWAL + 28 * DAY, None, RENEWAL + 29 * DAY)}


def _fields(told: SubscriptionSnapshot) -> dict[str, Any]:
    return {name: getattr(told, name) for name in ("status", "period_start", "period_end", "ends_at")}


class TestASecondOneIsPaidAllTheSame:
    def test_it_is_listed_for_staff_once_and_the_first_one_goes_on(
        self, buyer: User, begun: Begun, caplog: Any
    ) -> None:
        closed = begun(state=State.EXPIRED)
        first = subscriptions.follow(says(begun(), stripe_subscription_id="sub_first"))
        for _ in range(2):
            assert subscriptions.follow(says(closed, stripe_subscription_id="sub_second")).state == State.EXPIRED
        listed = Difference.objects.get()
        assert (listed.kind, listed.subject, listed.user) == ("subscription_differs", "sub_second", buyer)
        first.refresh_from_db()
        assert (first.state, unlimited(buyer)) == (State.ACTIVE, RENEWAL + DAY)
        assert "subscription_second_alive" in caplog.text

    def test_it_runs_once_the_first_one_has_ended(self, buyer: User, begun: Begun) -> None:
        closed = begun(state=State.EXPIRED)
        first = subscriptions.follow(says(begun(), stripe_subscription_id="sub_first"))
        second = says(closed, stripe_subscription_id="sub_second")
        subscriptions.follow(second)
        subscriptions.follow(ended(first, stripe_subscription_id="sub_first"))
        assert subscriptions.follow(second).state == State.ACTIVE
        assert unlimited(buyer) == RENEWAL + DAY


class TestTokensAreNotTouched:
    def give(self, user: User) -> None:
        ledger.adjust(user_id=user.pk, amount=7, reason="Given", adjusted_by_id=user.pk, key="given")
        ledger.credit(user_id=user.pk, amount=3, type=ledger.Type.TRIAL, key="trial", description="Trial")

    def held(self, user: User) -> tuple[int, int, int]:
        account = TokenAccount.objects.get(pk=user.pk)
        return account.balance, account.trial_balance, account.last_number

    def test_neither_beginning_nor_renewal_nor_failure_nor_end_moves_any(self, buyer: User, begun: Begun) -> None:
        self.give(buyer)
        waiting = begun()
        renewed = renewal_failed(waiting, status="active")
        for word in (says(waiting), renewed, renewal_failed(waiting), renewed, ended(waiting)):
            subscriptions.follow(word)
            assert self.held(buyer) == (7, 3, 2)

    def test_none_is_spent_while_the_subscription_includes_designs(self, buyer: User, begun: Begun) -> None:
        self.give(buyer)
        subscriptions.follow(says(begun()))
        assert {pays(buyer, START + timedelta(hours=hour)) for hour in range(2, 9)} == {Source.SUBSCRIPTION}
        assert self.held(buyer) == (7, 3, 2)
