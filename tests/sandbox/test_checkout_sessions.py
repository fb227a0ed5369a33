"""Sessions over the API: the rules of creation, expiry, lists and expansion."""

import contextlib
import sqlite3
import time
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import client
from tests.sandbox.listener import Listener
from tests.sandbox.things import open_session, session_params
from tests.sandbox_process import SandboxProcess

ITEM = session_params()["line_items"][0]


class TestANewSession:
    def test_shows_what_it_was_given_and_is_open_and_unpaid(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        session = open_session(api)
        assert session.id.startswith("cs_test_")
        assert (session.status, session.payment_status, session.ui_mode) == ("open", "unpaid", "hosted_page")
        assert (session.amount_total, session.currency, session.livemode) == (4900, "usd", False)
        assert session.client_reference_id == "purchase-1"
        assert session.metadata is not None
        assert session.metadata.to_dict() == {"purchase": "1"}
        assert session.url == f"{sandbox.url}/c/pay/{session.id}"
        assert session.payment_intent is None
        assert session.payment_method_types == ["card", "us_bank_account"]
        assert session.expires_at - session.created == 24 * 60 * 60

    def test_offers_only_the_allowed_methods(self, api: stripe.StripeClient) -> None:
        assert open_session(api, allowed_payment_method_types=["card"]).payment_method_types == ["card"]

    def test_sells_listed_prices_in_quantities(self, api: stripe.StripeClient) -> None:
        product = api.v1.products.create(params={"name": "Tokens"})
        price = api.v1.prices.create(params={"currency": "usd", "unit_amount": 98, "product": product.id})
        session = open_session(api, line_items=[{"price": price.id, "quantity": 50}])
        assert session.amount_total == 4900
        items = api.v1.checkout.sessions.line_items.list(session.id).data
        assert [(item.description, item.quantity, item.amount_total) for item in items] == [("Tokens", 50, 4900)]

    def test_of_nothing_needs_no_payment(self, api: stripe.StripeClient) -> None:
        assert open_session(api, 0).payment_status == "no_payment_required"

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"success_url": None}, "success_url"),
            ({"success_url": "nonsense"}, "success_url"),
            ({"success_url": "javascript:alert(1)"}, "success_url"),
            ({"cancel_url": "ftp://x"}, "cancel_url"),
            ({"mode": None}, "mode"),
            ({"mode": "setup"}, "currency"),
            ({"mode": "subscription"}, "line_items[0][price_data][recurring]"),
            ({"mode": "subscription", "payment_intent_data": {"metadata": {"a": "b"}}}, "payment_intent_data"),
            ({"subscription_data": {"metadata": {"a": "b"}}}, "subscription_data"),
            ({"line_items": None}, "line_items"),
            ({"line_items": [{"quantity": 1}]}, "line_items[0][price]"),
            ({"line_items": [{**ITEM, "price": "price_1"}]}, "line_items[0][price]"),
            ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
            ({"line_items": [{"price_data": ITEM["price_data"]}]}, "line_items[0][quantity]"),
            ({"line_items": [{**ITEM, "quantity": 0}]}, "line_items[0][quantity]"),
            ({"customer": "cus_nobody"}, "customer"),
            ({"customer": "cus_nobody", "customer_email": "ann@example.com"}, "customer"),
            ({"customer_email": "ann"}, "customer_email"),
            ({"client_reference_id": "x" * 201}, "client_reference_id"),
            ({"metadata": {f"key{number}": "x" for number in range(51)}}, "metadata"),
            ({"metadata": {"k" * 41: "x"}}, "metadata"),
            ({"metadata": {"k": "x" * 501}}, "metadata[k]"),
            ({"payment_intent_data": {"metadata": {"k" * 41: "x"}}}, "payment_intent_data[metadata]"),
            ({"expires_at": int(time.time()) + 60}, "expires_at"),
            ({"expires_at": int(time.time()) + 25 * 60 * 60}, "expires_at"),
        ],
    )
    def test_is_refused_when_it_breaks_a_rule(self, api: stripe.StripeClient, change: Any, param: str) -> None:
        params: Any = {name: value for name, value in {**session_params(), **change}.items() if value is not None}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.checkout.sessions.create(params=params)
        assert (caught.value.http_status, caught.value.param) == (400, param)
        assert api.v1.checkout.sessions.list().data == []
        assert api.v1.prices.list().data == []

    def test_below_half_a_dollar_is_too_small(self, api: stripe.StripeClient) -> None:
        assert open_session(api, 50).amount_total == 50
        with pytest.raises(stripe.InvalidRequestError) as caught:
            open_session(api, 49)
        assert caught.value.code == "amount_too_small"

    def test_in_two_currencies_is_refused(self, api: stripe.StripeClient) -> None:
        euro = {**ITEM, "price_data": {**ITEM["price_data"], "currency": "eur"}}
        with pytest.raises(stripe.InvalidRequestError, match="same currency"):
            open_session(api, line_items=[ITEM, euro])


class TestExpiry:
    def test_by_the_api_is_told_and_final(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        session = open_session(api)
        expired = api.v1.checkout.sessions.expire(session.id)
        assert (expired.status, expired.payment_status, expired.url) == ("expired", "unpaid", None)
        heard = shop.wait_for("checkout.session.expired")
        assert heard[0].event["data"]["object"]["id"] == session.id
        with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
            api.v1.checkout.sessions.expire(session.id)
        assert sandbox.control(f"pay/{session.id}", {})["outcome"] == "closed"

    def test_comes_by_itself_when_the_time_is_over(self, own_sandbox: SandboxProcess, shop: Listener) -> None:
        api = client(own_sandbox)
        session = open_session(api, expires_at=int(time.time()) + 31 * 60)
        file = own_sandbox.environment["SANDBOX_DATABASE"]
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            due = database.execute("SELECT due_at - ? FROM sandbox_timer", [time.time()]).fetchall()
            database.execute("UPDATE sandbox_timer SET due_at = 0")
        assert [30 * 60 < seconds <= 31 * 60 for (seconds,) in due] == [True]
        assert shop.wait_for("checkout.session.expired")[0].event["data"]["object"]["id"] == session.id
        assert api.v1.checkout.sessions.retrieve(session.id).status == "expired"

    def test_is_seen_by_the_payment_page_even_before_the_clock_strikes(
        self, own_sandbox: SandboxProcess, shop: Listener
    ) -> None:
        session = open_session(client(own_sandbox))
        file = own_sandbox.environment["SANDBOX_DATABASE"]
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute(
                "UPDATE sandbox_resource SET body = json_set(body, '$.expires_at', 1) WHERE key = ?", [session.id]
            )
        assert own_sandbox.control(f"pay/{session.id}", {})["outcome"] == "closed"
        assert shop.wait_for("checkout.session.expired")[0].event["data"]["object"]["status"] == "expired"

    def test_cancels_the_payment_that_was_tried(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        session = open_session(api)
        sandbox.control(f"pay/{session.id}", {"card": "4000000000000002"})
        api.v1.checkout.sessions.expire(session.id)
        assert [intent.status for intent in api.v1.payment_intents.list().data] == ["canceled"]

    def test_of_a_paid_session_is_refused(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        session = open_session(api)
        sandbox.control(f"pay/{session.id}", {})
        with pytest.raises(stripe.InvalidRequestError):
            api.v1.checkout.sessions.expire(session.id)


class TestLists:
    def test_page_from_the_newest_to_the_oldest(self, api: stripe.StripeClient) -> None:
        made = [open_session(api).id for _ in range(5)]
        first = api.v1.checkout.sessions.list(params={"limit": 2})
        assert ([one.id for one in first.data], first.has_more) == (made[:2:-1], True)
        everything = [one.id for one in first.auto_paging_iter()]
        assert everything == made[::-1]

    def test_page_back(self, api: stripe.StripeClient) -> None:
        made = [open_session(api).id for _ in range(5)]
        page = api.v1.checkout.sessions.list(params={"limit": 2, "ending_before": made[0]})
        assert ([one.id for one in page.data], page.has_more) == ([made[2], made[1]], True)

    @pytest.mark.parametrize("limit", [0, 101, -1])
    def test_refuse_limits_outside_1_to_100(self, api: stripe.StripeClient, limit: int) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.events.list(params={"limit": limit})
        assert caught.value.param == "limit"

    def test_refuse_a_cursor_that_does_not_exist(self, api: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.checkout.sessions.list(params={"starting_after": "cs_test_nowhere"})
        assert (caught.value.code, caught.value.param) == ("resource_missing", "starting_after")

    def test_filter_by_status_customer_payment_and_time(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        hers, other = open_session(api, customer=customer), open_session(api)
        sandbox.control(f"pay/{hers.id}", {})
        intent = api.v1.payment_intents.list(params={"customer": customer}).data[0].id

        def listed(**params: Any) -> list[str]:
            given: Any = params
            return [one.id for one in api.v1.checkout.sessions.list(params=given).data]

        assert listed(status="open") == [other.id]
        assert listed(customer=customer) == [hers.id]
        assert listed(payment_intent=intent) == [hers.id]
        assert listed(created={"gte": hers.created}) == [other.id, hers.id]
        assert listed(created={"lt": hers.created}) == []
        assert listed(customer_details={"email": "ann@example.com"}) == [hers.id]

    def test_of_events_filter_by_type_and_wildcard(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        sandbox.control(f"pay/{open_session(api).id}", {})

        def types(**params: Any) -> list[str]:
            given: Any = params
            return [one.type for one in api.v1.events.list(params=given).data]

        assert types(type="checkout.session.*") == ["checkout.session.completed"]
        assert types(types=["charge.succeeded"]) == ["charge.succeeded"]
        assert types(type="payment_intent.created") == ["payment_intent.created"]


class TestExpansion:
    def test_reaches_through_objects_and_lists(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        session = open_session(api)
        sandbox.control(f"pay/{session.id}", {})
        expanded = api.v1.checkout.sessions.retrieve(
            session.id, params={"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
        )
        intent: Any = expanded.payment_intent
        assert intent.latest_charge.payment_method_details.card.last4 == "4242"
        assert intent.latest_charge.balance_transaction.net == 4900 - 142 - 30
        assert expanded.line_items is not None
        assert expanded.line_items.data[0].amount_total == 4900
        listed: Any = api.v1.checkout.sessions.list(params={"expand": ["data.payment_intent"]}).data[0]
        assert listed.payment_intent.status == "succeeded"

    def test_leaves_null_as_it_is(self, api: stripe.StripeClient) -> None:
        session = open_session(api, expand=["payment_intent.latest_charge"])
        assert session.payment_intent is None

    @pytest.mark.parametrize("path", ["amount_total", "colour", "payment_intent.amount", "metadata.purchase"])
    def test_of_what_cannot_be_expanded_is_refused(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, path: str
    ) -> None:
        session = open_session(api)
        sandbox.control(f"pay/{session.id}", {})
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            api.v1.checkout.sessions.retrieve(session.id, params={"expand": [path]})

    def test_deeper_than_four_levels_is_refused(self, api: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
            api.v1.charges.list(params={"expand": ["data.payment_intent.customer.default_source.customer"]})
