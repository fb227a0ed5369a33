"""Cards saved for later: with a setup intent, and on the hosted page in setup mode. Nothing is ever charged."""

from typing import Any

import pytest
import stripe

from tests.sandbox.browser import Browser
from tests.sandbox.listener import Listener
from tests.sandbox.things import card, off_session, pay_path
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def customer(api: stripe.StripeClient) -> str:
    return api.v1.customers.create(params={"email": "ann@example.com"}).id


def setup_session(api: stripe.StripeClient, customer: str, **more: Any) -> stripe.checkout.Session:
    params: Any = {
        "mode": "setup",
        "customer": customer,
        "currency": "usd",
        "success_url": "http://127.0.0.1:8000/saved?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:8000/account/billing/",
        "client_reference_id": "user-7",
        "metadata": {"user": "7"},
        "setup_intent_data": {"metadata": {"user": "7"}, "description": "Card for auto-reload"},
        **more,
    }
    return api.v1.checkout.sessions.create(params=params)


def cards(api: stripe.StripeClient, customer: str) -> list[str]:
    found = api.v1.payment_methods.list(params={"customer": customer, "type": "card"}).data
    return [method.card.last4 for method in found if method.card]


class TestASetupIntent:
    def test_saves_the_card_it_is_confirmed_with(self, api: stripe.StripeClient, customer: str, shop: Listener) -> None:
        params: Any = {"customer": customer, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
        setup = api.v1.setup_intents.create(params=params)
        assert (setup.status, setup.usage) == ("requires_payment_method", "off_session")
        saved = api.v1.setup_intents.confirm(setup.id, params={"payment_method": "pm_card_visa"})
        assert saved.status == "succeeded"
        shop.wait_for("setup_intent.succeeded")
        shop.wait_for("payment_method.attached")
        assert cards(api, customer) == ["4242"]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.setup_intents.cancel(setup.id)
        assert caught.value.code == "setup_intent_unexpected_state"
        assert [one.id for one in api.v1.setup_intents.list(params={"customer": customer}).data] == [setup.id]

    def test_refused_by_the_bank_saves_nothing(self, api: stripe.StripeClient, customer: str, shop: Listener) -> None:
        params: Any = {"customer": customer, "payment_method": "pm_card_chargeDeclined", "confirm": True}
        params["return_url"] = "http://127.0.0.1:8000/"
        with pytest.raises(stripe.CardError) as caught:
            api.v1.setup_intents.create(params=params)
        error = caught.value.error
        assert error is not None
        assert error.setup_intent is not None
        assert (error.decline_code, error.setup_intent.status) == ("generic_decline", "requires_payment_method")
        shop.wait_for("setup_intent.setup_failed")
        assert cards(api, customer) == []

    def test_cancelled_takes_no_card_any_more(self, api: stripe.StripeClient, customer: str, shop: Listener) -> None:
        setup = api.v1.setup_intents.create(params={"customer": customer})
        assert api.v1.setup_intents.cancel(setup.id).status == "canceled"
        shop.wait_for("setup_intent.canceled")
        with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
            api.v1.setup_intents.confirm(setup.id, params={"payment_method": "pm_card_visa"})

    def test_lets_the_bank_ask_by_redirect_and_lead_back(
        self, api: stripe.StripeClient, customer: str, browser: Browser
    ) -> None:
        setup = api.v1.setup_intents.create(params={"customer": customer})
        order: Any = {
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "http://127.0.0.1:8000/back?a=1",
        }
        asked = api.v1.setup_intents.confirm(setup.id, params=order)
        assert asked.next_action is not None
        assert asked.next_action.redirect_to_url is not None
        url = str(asked.next_action.redirect_to_url.url)
        assert "to save your" in browser.get(url).text
        answer = browser.post(url, {"complete": "yes"})
        assert answer.location.startswith(f"http://127.0.0.1:8000/back?a=1&setup_intent={setup.id}&")
        assert answer.location.endswith("&redirect_status=succeeded")
        assert cards(api, customer) == ["3184"]
        assert browser.get(url.replace("client_secret=seti", "client_secret=guess")).status == 404


class TestTheHostedPageInSetupMode:
    def test_saves_a_card_and_charges_nothing(
        self, api: stripe.StripeClient, customer: str, browser: Browser, shop: Listener
    ) -> None:
        session = setup_session(api, customer)
        assert (session.payment_status, session.amount_total, session.currency) == ("no_payment_required", None, "usd")
        assert "Nothing is charged now." in browser.get(pay_path(session)).text
        answer = browser.submit(pay_path(session), card("4242 4242 4242 4242"))
        assert (answer.status, answer.location) == (302, f"http://127.0.0.1:8000/saved?session={session.id}")
        told = shop.wait_for("checkout.session.completed")[0].event["data"]["object"]
        assert (told["mode"], told["setup_intent"]) == ("setup", session.setup_intent)
        saved = api.v1.setup_intents.retrieve(str(session.setup_intent))
        assert saved.metadata is not None
        assert (saved.status, saved.description, saved.metadata["user"]) == ("succeeded", "Card for auto-reload", "7")
        assert cards(api, customer) == ["4242"]
        assert api.v1.payment_intents.list().data == []
        assert "Card saved" in browser.get(pay_path(session)).text

    def test_refuses_a_bad_card_and_takes_the_next(
        self, api: stripe.StripeClient, customer: str, browser: Browser
    ) -> None:
        session = setup_session(api, customer)
        refused = browser.submit(pay_path(session), card("4000 0000 0000 0002"))
        assert refused.status == 402
        assert "The card was not saved" in refused.text
        assert browser.submit(pay_path(session), card("5555 5555 5555 4444")).status == 302
        assert cards(api, customer) == ["4444"]

    def test_asks_the_bank_once_so_that_later_charges_pass(
        self, api: stripe.StripeClient, customer: str, browser: Browser
    ) -> None:
        session = setup_session(api, customer)
        page = browser.submit(pay_path(session), card("4000 0025 0000 3155")).location
        assert browser.submit(page, {"complete": "yes"}).location.endswith(session.id)
        method = api.v1.payment_methods.list(params={"customer": customer}).data[0].id
        assert off_session(api, customer, method).status == "succeeded"

    def test_takes_the_card_that_fails_only_when_charged(
        self, api: stripe.StripeClient, customer: str, sandbox: SandboxProcess
    ) -> None:
        session = setup_session(api, customer)
        assert sandbox.control(f"pay/{session.id}", {"card": "4000000000000341"})["outcome"] == "paid"
        method = api.v1.payment_methods.list(params={"customer": customer}).data[0].id
        with pytest.raises(stripe.CardError):
            off_session(api, customer, method)

    def test_expires_with_its_setup_intent(self, api: stripe.StripeClient, customer: str) -> None:
        session = setup_session(api, customer)
        api.v1.checkout.sessions.expire(session.id)
        assert api.v1.setup_intents.retrieve(str(session.setup_intent)).status == "canceled"

    @pytest.mark.parametrize(
        ("wrong", "param"),
        [
            ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items"),
            ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
            ({"currency": "xxx"}, "currency"),
        ],
    )
    def test_sells_nothing(self, api: stripe.StripeClient, customer: str, wrong: dict[str, Any], param: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            setup_session(api, customer, **wrong)
        assert caught.value.param == param
