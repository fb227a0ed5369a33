"""Subscriptions begun through Checkout or the API, changed, and ended."""

from typing import Any

import pytest
import stripe

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import client
from tests.sandbox.listener import Listener
from tests.sandbox.subscribers import PRO, Subscriber, happened, open_subscription_session, subscribe
from tests.sandbox.things import card, session_params
from tests.sandbox_process import SandboxProcess

ONCE = {"currency": "usd", "unit_amount": 4900, "product_data": {"name": "50 tokens"}}


@pytest.fixture
def subscriber(sandbox: SandboxProcess) -> Subscriber:
    return subscribe(sandbox)


class TestASessionInSubscriptionMode:
    def test_is_open_and_names_no_payment_intent(self, api: stripe.StripeClient) -> None:
        session = open_subscription_session(api)
        assert (session.mode, session.status, session.payment_status) == ("subscription", "open", "unpaid")
        assert (session.payment_intent, session.subscription, session.invoice) == (None, None, None)
        assert (session.amount_total, session.payment_method_types) == (9900, ["card"])
        assert (session.customer_creation, session.payment_method_collection) == ("always", "always")

    def test_is_paid_into_an_active_subscription_with_a_paid_invoice(self, subscriber: Subscriber) -> None:
        session = subscriber.api.v1.checkout.sessions.list().data[0]
        assert (session.status, session.payment_status, session.payment_intent) == ("complete", "paid", None)
        subscription = subscriber.now()
        assert (session.subscription, session.invoice) == (subscription.id, subscription.latest_invoice)
        assert (subscription.status, subscription.customer) == ("active", subscriber.customer)
        assert (subscription.metadata.to_dict(), subscription.description) == ({"user": "7"}, "Pro plan")
        invoice = subscriber.api.v1.invoices.retrieve(str(session.invoice))
        assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ("paid", 9900, "subscription_create")

    def test_ties_the_payment_to_the_invoice_and_saves_the_card(self, subscriber: Subscriber) -> None:
        api = subscriber.api
        invoice = api.v1.invoices.list(params={"expand": ["data.payments"]}).data[0]
        assert invoice.parent is not None
        assert invoice.parent.subscription_details is not None
        assert invoice.parent.subscription_details.subscription == subscriber.key
        assert invoice.parent.subscription_details.metadata is not None
        assert invoice.parent.subscription_details.metadata.to_dict() == {"user": "7"}
        assert invoice.payments is not None
        intent = api.v1.payment_intents.retrieve(str(invoice.payments.data[0].payment.payment_intent))
        assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == ("succeeded", 9900, {})
        methods = api.v1.customers.payment_methods.list(subscriber.customer).data
        assert [method.id for method in methods] == [subscriber.method()]

    def test_tells_the_story_in_events(self, sandbox: SandboxProcess, subscriber: Subscriber, shop: Listener) -> None:
        assert happened(sandbox) == [
            "customer.created",
            "payment_intent.created",
            "payment_method.attached",
            "customer.subscription.created",
            "invoice.created",
            "invoice.finalized",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice.paid",
            "invoice.payment_succeeded",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]
        created = shop.wait_for("customer.subscription.created")[0].event["data"]
        updated = shop.wait_for("customer.subscription.updated")[0].event["data"]
        assert created["object"]["status"] == "incomplete"
        assert (updated["object"]["status"], updated["previous_attributes"]) == ("active", {"status": "incomplete"})

    def test_declined_makes_no_subscription_and_can_be_paid_with_another_card(self, sandbox: SandboxProcess) -> None:
        api = client(sandbox)
        session = open_subscription_session(api)
        assert sandbox.control(f"pay/{session.id}", {"card": "4000000000000002"})["outcome"] == "declined"
        assert api.v1.subscriptions.list(params={"status": "all"}).data == []
        assert sandbox.control(f"pay/{session.id}", {})["outcome"] == "paid"
        assert [one.status for one in api.v1.subscriptions.list().data] == ["active"]
        assert [one.amount for one in api.v1.payment_intents.list().data] == [9900]

    def test_asks_the_bank_first_for_a_card_with_3d_secure(self, sandbox: SandboxProcess) -> None:
        api = client(sandbox)
        first, second = open_subscription_session(api), open_subscription_session(api)
        refused = sandbox.control(f"pay/{first.id}", {"card": "4000002760003184", "authentication": "fail"})
        passed = sandbox.control(f"pay/{second.id}", {"card": "4000002760003184"})
        assert (refused["outcome"], passed["outcome"]) == ("declined", "paid")
        assert [one.id for one in api.v1.subscriptions.list().data] == [passed["session"]["subscription"]]

    def test_makes_a_guest_a_customer(self, sandbox: SandboxProcess, api: stripe.StripeClient) -> None:
        session = open_subscription_session(api)
        paid = sandbox.control(f"pay/{session.id}", {"email": "guest@example.com"})["session"]
        assert api.v1.customers.retrieve(paid["customer"]).email == "guest@example.com"

    def test_expired_cancels_the_payment_tried(self, sandbox: SandboxProcess, api: stripe.StripeClient) -> None:
        session = open_subscription_session(api)
        sandbox.control(f"pay/{session.id}", {"card": "4000000000000002"})
        sandbox.control(f"sessions/{session.id}/expire", {})
        assert [one.status for one in api.v1.payment_intents.list().data] == ["canceled"]

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"line_items": [{"quantity": 1, "price_data": ONCE}]}, "line_items[0][price_data][recurring]"),
            ({"customer_creation": "always"}, "customer_creation"),
            ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
            ({"subscription_data": {"trial_period_days": 7}}, "subscription_data[trial_period_days]"),
            ({"subscription_data": {"metadata": {"k" * 41: "x"}}}, "subscription_data[metadata]"),
            ({"line_items": [{"quantity": 1, "price_data": {**PRO, "unit_amount": 0}}]}, "line_items"),
            (
                {
                    "line_items": [
                        {"quantity": 1, "price_data": PRO},
                        {"quantity": 1, "price_data": {**PRO, "recurring": {"interval": "year"}}},
                    ]
                },
                "line_items",
            ),
        ],
    )
    def test_is_refused_when_it_breaks_a_rule(self, api: stripe.StripeClient, change: Any, param: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            open_subscription_session(api, **change)
        assert (caught.value.http_status, caught.value.param) == (400, param)

    def test_in_payment_mode_takes_no_recurring_price(self, api: stripe.StripeClient) -> None:
        params: Any = {**session_params(), "line_items": [{"quantity": 1, "price_data": PRO}]}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.checkout.sessions.create(params=params)
        assert caught.value.param == "line_items[0][price_data][recurring]"

    def test_says_on_its_page_what_is_charged_when(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_subscription_session(api)
        page = browser.get(f"/c/pay/{session.id}").text
        assert page.count("charge your card $99.00 now and every month until you cancel") == 1
        paid = browser.submit(f"/c/pay/{session.id}", card("4242424242424242"))
        assert (paid.status, paid.location) == (302, f"http://127.0.0.1:8000/bought?session={session.id}")
        assert browser.get(f"/c/pay/{session.id}").text.count(">Receipt</a>") == 1


class TestASubscription:
    def test_is_listed_by_customer_and_status(self, sandbox: SandboxProcess, subscriber: Subscriber) -> None:
        other = subscribe(sandbox)
        other.api.v1.subscriptions.cancel(other.key)
        listed = other.api.v1.subscriptions.list
        assert [one.id for one in listed(params={"customer": subscriber.customer}).data] == [subscriber.key]
        assert [one.id for one in listed().data] == [subscriber.key]
        assert [one.id for one in listed(params={"status": "all"}).data] == [other.key, subscriber.key]
        assert [one.id for one in listed(params={"status": "ended"}).data] == [other.key]
        assert [one.id for one in listed(params={"status": "canceled"}).data] == [other.key]
        assert listed(params={"customer": other.customer}).data == []
        assert listed(params={"created": {"gt": subscriber.now().created + 3600}}).data == []

    def test_expands_items_invoice_and_customer(self, subscriber: Subscriber) -> None:
        paths = [
            "items.data.price.product",
            "latest_invoice.payments",
            "default_payment_method",
            "customer.subscriptions",
        ]
        body = subscriber.api.v1.subscriptions.retrieve(subscriber.key, params={"expand": paths}).to_dict()
        assert body["items"]["data"][0]["price"]["product"]["name"] == "Pro"
        assert body["latest_invoice"]["payments"]["data"][0]["status"] == "paid"
        assert body["default_payment_method"]["card"]["last4"] == "4242"
        assert [one["id"] for one in body["customer"]["subscriptions"]["data"]] == [subscriber.key]

    def test_is_planned_to_end_and_taken_back(self, subscriber: Subscriber, shop: Listener) -> None:
        update = subscriber.api.v1.subscriptions.update
        planned = update(subscriber.key, params={"cancel_at_period_end": True})
        assert (planned.status, planned.cancel_at_period_end, planned.cancel_at) == (
            "active",
            True,
            subscriber.period()[1],
        )
        taken_back = update(subscriber.key, params={"cancel_at_period_end": False})
        assert (taken_back.cancel_at_period_end, taken_back.cancel_at, taken_back.canceled_at) == (False, None, None)
        assert len(shop.wait_for("customer.subscription.updated", count=3)) == 3

    def test_takes_metadata_key_by_key(self, subscriber: Subscriber) -> None:
        changed = subscriber.api.v1.subscriptions.update(
            subscriber.key, params={"metadata": {"user": "", "plan": "pro"}}
        )
        assert changed.metadata.to_dict() == {"plan": "pro"}

    def test_is_ended_at_once_by_cancel_and_only_once(self, subscriber: Subscriber, shop: Listener) -> None:
        cancel = subscriber.api.v1.subscriptions.cancel
        ended = cancel(subscriber.key, params={"cancellation_details": {"comment": "too dear"}})
        assert ended.status == "canceled"
        assert ended.ended_at == ended.canceled_at
        assert ended.cancellation_details is not None
        assert (ended.cancellation_details.reason, ended.cancellation_details.comment) == (
            "cancellation_requested",
            "too dear",
        )
        with pytest.raises(stripe.InvalidRequestError) as caught:
            cancel(subscriber.key)
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
        assert len(shop.wait_for("customer.subscription.deleted")) == 1

    def test_ended_takes_no_changes_but_notes(self, subscriber: Subscriber) -> None:
        subscriber.api.v1.subscriptions.cancel(subscriber.key)
        with pytest.raises(stripe.InvalidRequestError):
            subscriber.api.v1.subscriptions.update(subscriber.key, params={"cancel_at_period_end": True})
        noted = subscriber.api.v1.subscriptions.update(subscriber.key, params={"metadata": {"a": "b"}})
        assert (noted.status, noted.metadata.to_dict()) == ("canceled", {"user": "7", "a": "b"})

    def test_ends_with_its_customer(self, subscriber: Subscriber) -> None:
        subscriber.api.v1.customers.delete(subscriber.customer)
        assert subscriber.now().status == "canceled"

    def test_is_part_of_the_truth(self, sandbox: SandboxProcess, subscriber: Subscriber) -> None:
        truth = sandbox.control("truth")
        assert [(one["id"], one["status"], one["metadata"]) for one in truth["subscriptions"]] == [
            (subscriber.key, "active", {"user": "7"})
        ]
        assert [one["invoice"] for one in truth["payment_intents"]] == [subscriber.now().latest_invoice]
        assert truth["free_sessions"] == []


class TestASubscriptionMadeByTheApi:
    def test_is_paid_at_once_with_the_saved_card(self, subscriber: Subscriber) -> None:
        price = subscriber.now()["items"].data[0].price.id
        made = subscriber.api.v1.subscriptions.create(
            params={
                "customer": subscriber.customer,
                "items": [{"price": price, "quantity": 2}],
                "default_payment_method": subscriber.method(),
            }
        )
        assert made.status == "active"
        assert subscriber.api.v1.invoices.retrieve(str(made.latest_invoice)).amount_paid == 19800

    def test_without_a_card_or_with_a_declined_one_is_not_made(self, subscriber: Subscriber) -> None:
        api, price = subscriber.api, subscriber.now()["items"].data[0].price.id
        other = api.v1.customers.create().id
        with pytest.raises(stripe.InvalidRequestError):
            api.v1.subscriptions.create(params={"customer": other, "items": [{"price": price}]})
        method = api.v1.payment_methods.attach("pm_card_chargeCustomerFail", params={"customer": other}).id
        with pytest.raises(stripe.CardError) as caught:
            api.v1.subscriptions.create(
                params={"customer": other, "items": [{"price": price}], "default_payment_method": method}
            )
        assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
        assert api.v1.subscriptions.list(params={"customer": other, "status": "all"}).data == []
