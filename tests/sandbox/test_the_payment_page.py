"""The hosted page as a browser without JavaScript meets it, and what each way of paying leaves behind."""

import re
import threading
from typing import Any

import pytest
import stripe

from tests.sandbox.browser import Browser
from tests.sandbox.listener import Listener
from tests.sandbox.things import CARD, card, open_session, pay_path, statuses
from tests.sandbox_process import SandboxProcess


class TestAnOpenSession:
    def test_shows_the_order_and_warns_that_no_money_moves(self, api: stripe.StripeClient, browser: Browser) -> None:
        page = browser.get(pay_path(open_session(api)))
        assert page.status == 200
        assert "50 tokens" in page.text
        assert "$49.00" in page.text
        assert "No money moves here" in page.text
        assert 'href="http://127.0.0.1:8000/tokens/"' in page.text
        assert "you allow" not in page.text

    def test_says_that_the_card_is_kept_when_it_is(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api, payment_intent_data={"setup_future_usage": "off_session"})
        assert "you allow Test shop to charge your card" in browser.get(pay_path(session)).text

    def test_fixes_the_email_of_a_known_customer(
        self, api: stripe.StripeClient, browser: Browser, sandbox: SandboxProcess
    ) -> None:
        session = open_session(api, customer_email="ann@example.com")
        browser.submit(pay_path(session), {**card("4242424242424242"), "email": "other@example.com"})
        details = api.v1.checkout.sessions.retrieve(session.id).customer_details
        assert details is not None
        assert details.email == "ann@example.com"

    def test_fills_in_a_test_card_without_paying(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        page = browser.submit(pay_path(session), {"fill": "4000000000000002", "email": "ann@example.com"})
        assert 'value="4000 0000 0000 0002"' in page.text
        assert 'value="ann@example.com"' in page.text
        assert statuses(api) == ([], [])

    def test_of_a_hostile_product_is_shown_as_text(self, api: stripe.StripeClient, browser: Browser) -> None:
        name = "<script>alert(1)</script>"
        price: Any = {"currency": "usd", "unit_amount": 100, "product_data": {"name": name}}
        page = browser.get(pay_path(open_session(api, line_items=[{"quantity": 1, "price_data": price}])))
        assert name not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


class TestAGoodCard:
    def test_pays_and_sends_the_browser_back(self, api: stripe.StripeClient, browser: Browser, shop: Listener) -> None:
        session = open_session(api, payment_intent_data={"metadata": {"purchase": "1"}})
        answer = browser.submit(pay_path(session), card("4242 4242 4242 4242"))
        assert (answer.status, answer.location) == (302, f"http://127.0.0.1:8000/bought?session={session.id}")
        paid = api.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent.latest_charge"]})
        intent: Any = paid.payment_intent
        assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
        assert (intent.status, intent.amount_received, intent.metadata["purchase"]) == ("succeeded", 4900, "1")
        assert (intent.latest_charge.paid, intent.latest_charge.payment_method_details.card.brand) == (True, "visa")
        shop.wait_for("checkout.session.completed")
        events = [event.type for event in api.v1.events.list().data]
        assert events == [
            "checkout.session.completed",
            "payment_intent.succeeded",
            "charge.succeeded",
            "payment_intent.created",
        ]

    def test_has_a_receipt(self, api: stripe.StripeClient, browser: Browser) -> None:
        browser.submit(pay_path(open_session(api)), card("4242424242424242"))
        url = api.v1.charges.list().data[0].receipt_url
        assert url is not None
        page = browser.get(url)
        assert page.status == 200
        assert "Receipt for $49.00" in page.text
        assert "Visa ending in 4242" in page.text

    def test_submitted_twenty_times_at_once_pays_once(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(pay_path(session)).text)
        assert token is not None
        fields = {**card("4242424242424242"), "csrfmiddlewaretoken": token.group(1)}
        locations: list[str] = []
        threads = [
            threading.Thread(target=lambda: locations.append(browser.post(pay_path(session), fields).location))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert locations == [f"http://127.0.0.1:8000/bought?session={session.id}"] * 20
        assert statuses(api) == (["succeeded"], ["succeeded"])

    def test_once_paid_shows_it_and_cannot_pay_again(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        browser.submit(pay_path(session), card("4242424242424242"))
        page = browser.get(pay_path(session))
        assert "Payment complete" in page.text
        assert f"http://127.0.0.1:8000/bought?session={session.id}" in page.text
        assert 'name="number"' not in page.text


class TestWrongEntries:
    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("number", "", "Your card number is incomplete."),
            ("number", "4242 4242", "Your card number is incomplete."),
            ("number", "4242 4242 4242 4241", "Your card number is invalid."),
            ("number", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "Your card number is invalid."),
            ("number", "four", "Your card number is invalid."),
            ("expiry", "", "Your card&#x27;s expiration date is incomplete."),
            ("expiry", "12", "Your card&#x27;s expiration date is incomplete."),
            ("expiry", "13 / 34", "Your card&#x27;s expiration date is invalid."),
            ("expiry", "12 / 20", "Your card&#x27;s expiration year is in the past."),
            ("cvc", "12", "Your card&#x27;s security code is incomplete."),
            ("cvc", "12a", "Your card&#x27;s security code is incomplete."),
            ("cvc", "1234", "Your card&#x27;s security code is incomplete."),
            ("name", "", "Enter the name."),
            ("email", "", "Enter your email."),
            ("email", "ann", "Your email is incomplete."),
        ],
    )
    def test_are_named_in_the_summary_and_at_the_field(
        self, api: stripe.StripeClient, browser: Browser, field: str, value: str, message: str
    ) -> None:
        page = browser.submit(pay_path(open_session(api)), {**CARD, field: value})
        assert page.status == 422
        assert page.text.count(message) == 2
        assert f'id="id_{field}_error"' in page.text
        assert statuses(api) == ([], [])


class TestADeclinedCard:
    @pytest.mark.parametrize(
        ("number", "decline_code", "message"),
        [
            ("4000000000000002", "generic_decline", "Your card was declined."),
            ("4000000000009995", "insufficient_funds", "Your card has insufficient funds."),
            ("4000000000000069", "expired_card", "Your card has expired."),
            ("4000000000000127", "incorrect_cvc", "Your card's security code is incorrect."),
            ("4000000000000119", "processing_error", "An error occurred while processing your card."),
            ("4111111111111111", "test_mode_live_card", "used a non test card"),
        ],
    )
    def test_is_told_to_the_buyer_and_to_the_shop(
        self,
        api: stripe.StripeClient,
        browser: Browser,
        shop: Listener,
        number: str,
        decline_code: str,
        message: str,
    ) -> None:
        page = browser.submit(pay_path(open_session(api)), card(number))
        assert page.status == 402
        assert message.replace("'", "&#x27;") in page.text
        failed = shop.wait_for("payment_intent.payment_failed")[0].event["data"]["object"]
        assert failed["status"] == "requires_payment_method"
        assert failed["last_payment_error"]["decline_code"] == decline_code
        assert failed["last_payment_error"]["type"] == "card_error"
        charge = api.v1.charges.list().data[0]
        assert (charge.status, charge.paid, charge.id) == ("failed", False, failed["latest_charge"])

    def test_can_be_followed_by_a_good_one_on_the_same_payment(
        self, api: stripe.StripeClient, browser: Browser
    ) -> None:
        session = open_session(api)
        browser.submit(pay_path(session), card("4000000000000002"))
        assert api.v1.checkout.sessions.retrieve(session.id).status == "open"
        assert browser.submit(pay_path(session), card("4242424242424242")).status == 302
        assert statuses(api) == (["succeeded"], ["succeeded", "failed"])


class TestThreeDSecure:
    def test_asks_first_and_pays_when_recognised(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        answer = browser.submit(pay_path(session), card("4000 0027 6000 3184"))
        assert (answer.status, answer.location) == (302, f"{pay_path(session)}/authenticate")
        assert statuses(api) == (["requires_action"], [])
        assert "ending in\n" in browser.get(answer.location).text
        done = browser.submit(answer.location, {"complete": "yes"})
        assert done.location == f"http://127.0.0.1:8000/bought?session={session.id}"
        assert statuses(api) == (["succeeded"], ["succeeded"])
        details: Any = api.v1.charges.list().data[0].payment_method_details
        assert details.card.three_d_secure.result == "authenticated"

    def test_charges_nothing_when_not_recognised_and_lets_try_again(
        self, api: stripe.StripeClient, browser: Browser
    ) -> None:
        session = open_session(api)
        step = browser.submit(pay_path(session), card("4000002500003155")).location
        back = browser.submit(step, {"fail": "yes"})
        assert back.location == pay_path(session)
        assert "unable to authenticate your payment method" in browser.get(back.location).text
        assert statuses(api) == (["requires_payment_method"], [])
        assert browser.submit(pay_path(session), card("4242424242424242")).status == 302

    def test_answered_twice_pays_once(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        step = browser.submit(pay_path(session), card("4000002760003184")).location
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(step).text)
        assert token is not None
        fields = {"csrfmiddlewaretoken": token.group(1), "complete": "yes"}
        assert browser.post(step, fields).location == browser.post(step, fields).location
        assert statuses(api) == (["succeeded"], ["succeeded"])

    def test_cannot_be_answered_without_being_asked(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        browser.submit(f"{pay_path(session)}/authenticate", {"complete": "yes"}, page=pay_path(session))
        assert statuses(api) == ([], [])
        assert api.v1.checkout.sessions.retrieve(session.id).status == "open"
