"""The clock that is moved ahead: renewals, retries, ends and expiries happen on the way, in their order."""

import itertools
import time

import pytest
import stripe

from tests.sandbox.conftest import client
from tests.sandbox.listener import Listener
from tests.sandbox.shape_check import problems
from tests.sandbox.subscribers import Subscriber, happened, open_subscription_session, subscribe
from tests.sandbox.test_objects_have_the_shape_of_the_api_version import fetch
from tests.sandbox.things import open_session
from tests.sandbox_process import WEBHOOK_SECRET, SandboxProcess

DAY = 24 * 60 * 60


@pytest.fixture
def subscriber(sandbox: SandboxProcess) -> Subscriber:
    return subscribe(sandbox)


class TestTheClock:
    def test_stands_where_the_machine_s_does_until_it_is_moved(self, sandbox: SandboxProcess) -> None:
        clock = sandbox.control("clock")
        assert abs(clock["now"] - time.time()) < 3
        assert (clock["ahead_seconds"], clock["next"]) == (0, None)

    def test_is_moved_by_seconds_and_days_and_dates_new_objects(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        moved = sandbox.control("clock/advance", {"days": 2, "seconds": 60})
        assert abs(moved["ahead_seconds"] - (2 * DAY + 60)) < 1
        created = api.v1.customers.create().created
        assert abs(created - time.time() - 2 * DAY - 60) < 5

    @pytest.mark.parametrize("move", [{}, {"seconds": 0}, {"seconds": -1}, {"days": 4000}, {"days": "nan"}])
    def test_goes_neither_back_nor_nowhere_nor_too_far(self, sandbox: SandboxProcess, move: dict[str, float]) -> None:
        with pytest.raises(RuntimeError, match="400"):
            sandbox.control("clock/advance", move)
        assert sandbox.control("clock")["ahead_seconds"] == 0

    def test_keeps_its_place_over_a_restart_and_is_reset_with_the_rest(self, own_sandbox: SandboxProcess) -> None:
        own_sandbox.control("clock/advance", {"days": 3})
        own_sandbox.stop(kill=True)
        own_sandbox.start()
        assert abs(own_sandbox.control("clock")["ahead_seconds"] - 3 * DAY) < 1
        own_sandbox.control("reset", {})
        assert own_sandbox.control("clock")["ahead_seconds"] == 0

    def test_expires_sessions_on_the_way_and_signs_with_the_machine_s_time(
        self, sandbox: SandboxProcess, api: stripe.StripeClient, shop: Listener
    ) -> None:
        session = open_session(api)
        sandbox.control("clock/advance", {"days": 2})
        assert api.v1.checkout.sessions.retrieve(session.id).status == "expired"
        heard = shop.wait_for("checkout.session.expired")[0]
        event = stripe.Webhook.construct_event(heard.body, heard.signature, WEBHOOK_SECRET)
        assert event.created == session.expires_at

    def test_lets_a_caller_who_knows_only_the_machine_s_time_set_an_expiry(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        sandbox.control("clock/advance", {"days": 31})
        session = open_session(api, expires_at=int(time.time()) + 3600)
        assert abs(session.expires_at - session.created - 3600) <= 2
        sandbox.control("clock/advance", {"seconds": 3500})
        assert api.v1.checkout.sessions.retrieve(session.id).status == "open"
        sandbox.control("clock/advance", {"seconds": 200})
        assert api.v1.checkout.sessions.retrieve(session.id).status == "expired"


class TestARenewal:
    def test_is_paid_with_the_saved_card_and_begins_the_next_period(
        self, sandbox: SandboxProcess, subscriber: Subscriber
    ) -> None:
        start, end = subscriber.period()
        before = len(happened(sandbox))
        subscriber.advance_to_renewal()
        assert (subscriber.now().status, subscriber.period()[0]) == ("active", end)
        newest = subscriber.invoices()[0]
        assert (newest.status, newest.billing_reason, newest.created) == ("paid", "subscription_cycle", end)
        assert (newest.period_start, newest.period_end) == (start, end)
        line = newest.lines.data[0]
        assert (line.period.start, line.period.end) == subscriber.period()
        assert happened(sandbox)[before:] == [
            "customer.subscription.updated",
            "invoice.created",
            "payment_intent.created",
            "invoice.finalized",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice.paid",
            "invoice.payment_succeeded",
        ]

    def test_comes_every_month_of_a_year_passed_at_once(self, subscriber: Subscriber) -> None:
        subscriber.advance(days=366)
        invoices = subscriber.invoices()[::-1]
        assert [one.status for one in invoices] == ["paid"] * 13
        moments = [time.gmtime(one.created) for one in invoices]
        months = [moment.tm_year * 12 + moment.tm_mon for moment in moments]
        assert [later - earlier for earlier, later in itertools.pairwise(months)] == [1] * 12
        assert len({one.number for one in invoices}) == 13

    def test_declined_is_tried_three_times_more_and_then_ends_the_subscription(
        self, sandbox: SandboxProcess, subscriber: Subscriber, shop: Listener
    ) -> None:
        subscriber.save_card("pm_card_chargeCustomerFail")
        subscriber.advance_to_renewal()
        failed = subscriber.invoices()[0]
        assert (subscriber.now().status, failed.status, failed.attempt_count) == ("past_due", "open", 1)
        assert failed.next_payment_attempt is not None
        assert abs(failed.next_payment_attempt - failed.created - 5 * DAY) <= 2
        seen = []
        for days in (5, 7, 9):
            subscriber.advance(days=days)
            seen.append((subscriber.invoices()[0].attempt_count, subscriber.now().status))
        assert seen == [(2, "past_due"), (3, "past_due"), (4, "canceled")]
        ended = subscriber.now()
        assert ended.cancellation_details is not None
        assert ended.cancellation_details.reason == "payment_failed"
        last = subscriber.invoices()[0]
        assert (last.status, last.next_payment_attempt, last.auto_advance) == ("open", None, False)
        assert len(shop.wait_for("invoice.payment_failed", count=4)) == 4
        assert len(shop.wait_for("customer.subscription.deleted")) == 1
        subscriber.advance(days=400)
        assert len(subscriber.invoices()) == 2

    def test_that_failed_is_made_good_by_the_next_attempt_with_a_better_card(self, subscriber: Subscriber) -> None:
        good = subscriber.method()
        subscriber.save_card("pm_card_chargeCustomerFail")
        subscriber.advance_to_renewal()
        subscriber.api.v1.subscriptions.update(subscriber.key, params={"default_payment_method": good})
        subscriber.advance(days=6)
        assert (subscriber.now().status, subscriber.invoices()[0].status) == ("active", "paid")

    def test_that_failed_is_paid_on_demand_or_refused_again(self, subscriber: Subscriber) -> None:
        good = subscriber.method()
        subscriber.save_card("pm_card_chargeCustomerFail")
        subscriber.advance_to_renewal()
        invoice = subscriber.invoices()[0].id
        with pytest.raises(stripe.CardError) as caught:
            subscriber.api.v1.invoices.pay(invoice)
        assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
        subscriber.api.v1.subscriptions.update(subscriber.key, params={"default_payment_method": good})
        assert subscriber.api.v1.invoices.pay(invoice).status == "paid"
        assert subscriber.now().status == "active"
        with pytest.raises(stripe.InvalidRequestError):
            subscriber.api.v1.invoices.pay(invoice)

    @pytest.mark.parametrize(
        ("name", "refusal"),
        [
            ("pm_card_authenticationRequired", "authentication_required"),
            ("pm_card_chargeCustomerFail", "generic_decline"),
        ],
    )
    def test_is_refused_as_the_card_tells(self, subscriber: Subscriber, name: str, refusal: str) -> None:
        subscriber.save_card(name)
        subscriber.advance_to_renewal()
        error = subscriber.api.v1.payment_intents.list().data[0].last_payment_error
        assert error is not None
        assert (subscriber.now().status, error.decline_code) == ("past_due", refusal)

    def test_meets_an_expired_card(self, subscriber: Subscriber) -> None:
        subscriber.advance(days=9 * 366)
        error = subscriber.api.v1.payment_intents.list().data[0].last_payment_error
        assert error is not None
        assert (subscriber.now().status, error.decline_code) == ("canceled", "expired_card")

    def test_without_a_card_fails_without_a_charge(self, subscriber: Subscriber) -> None:
        subscriber.api.v1.payment_methods.detach(subscriber.method())
        subscriber.advance_to_renewal()
        assert (subscriber.now().status, subscriber.invoices()[0].status) == ("past_due", "open")
        assert len(subscriber.api.v1.charges.list().data) == 1

    def test_passes_for_a_card_that_was_authenticated_when_it_was_saved(self, sandbox: SandboxProcess) -> None:
        subscriber = subscribe(sandbox, card="4000002500003155")
        subscriber.advance_to_renewal()
        assert (subscriber.now().status, subscriber.invoices()[0].status) == ("active", "paid")


class TestAPlannedEnd:
    def test_comes_with_the_end_of_the_period_and_nothing_is_charged(
        self, sandbox: SandboxProcess, subscriber: Subscriber, shop: Listener
    ) -> None:
        subscriber.api.v1.subscriptions.update(subscriber.key, params={"cancel_at_period_end": True})
        end = subscriber.period()[1]
        asked = subscriber.now().canceled_at
        subscriber.advance(days=10)
        assert subscriber.now().status == "active"
        subscriber.advance(days=22)
        ended = subscriber.now()
        assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", end, asked)
        assert len(subscriber.invoices()) == 1
        assert len(shop.wait_for("customer.subscription.deleted")) == 1


class TestPeriods:
    @pytest.mark.parametrize(
        ("recurring", "days"),
        [({"interval": "day"}, 1), ({"interval": "week"}, 7), ({"interval": "week", "interval_count": 2}, 14)],
    )
    def test_of_days_and_weeks_have_their_length(
        self, sandbox: SandboxProcess, recurring: dict[str, object], days: int
    ) -> None:
        api = client(sandbox)
        price = {"currency": "usd", "unit_amount": 500, "recurring": recurring, "product_data": {"name": "Pass"}}
        session = open_subscription_session(api, line_items=[{"quantity": 1, "price_data": price}])
        paid = sandbox.control(f"pay/{session.id}", {})["session"]
        start, end = Subscriber(sandbox, api, "", paid["subscription"]).period()
        assert end - start == days * DAY


class TestEveryObject:
    def test_of_a_full_life_has_the_shape_of_the_version(self, sandbox: SandboxProcess, subscriber: Subscriber) -> None:
        subscriber.advance_to_renewal()
        subscriber.save_card("pm_card_authenticationRequired")
        subscriber.advance(days=60)
        lists = [
            "subscriptions?status=all&expand[]=data.latest_invoice.payments",
            "invoices?expand[]=data.payments",
            "invoice_payments",
            "checkout/sessions",
        ]
        bodies = [body for path in lists for body in fetch(sandbox, path)["data"]]
        bodies += [event["data"]["object"] for event in fetch(sandbox, "events?limit=100")["data"]]
        assert {body["object"] for body in bodies} >= {"subscription", "invoice", "invoice_payment"}
        assert sorted({problem for body in bodies for problem in problems(body)}) == []
