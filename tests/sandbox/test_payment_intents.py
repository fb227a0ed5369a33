"""Payments without Checkout: created, confirmed, refused, cancelled - with the buyer there, and without."""

import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import client
from tests.sandbox.listener import Listener
from tests.sandbox.things import (
    held_intent,
    intent_params,
    intent_statuses,
    off_session,
    open_session,
    save_card,
)
from tests.sandbox_process import SandboxProcess


def open_intent(api: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    params: Any = intent_params(**more)
    return api.v1.payment_intents.create(params=params)


def customer_of(api: stripe.StripeClient) -> str:
    return api.v1.customers.create(params={"email": "ann@example.com"}).id


class TestANewIntent:
    def test_waits_for_a_card_and_takes_what_the_dashboard_allows(
        self, api: stripe.StripeClient, shop: Listener
    ) -> None:
        customer = customer_of(api)
        intent = open_intent(api, customer=customer, setup_future_usage="off_session")
        automatic = intent.automatic_payment_methods
        assert automatic is not None
        assert (automatic.enabled, automatic.allow_redirects) == (True, "never")
        assert (intent.status, intent.amount, intent.currency) == ("requires_payment_method", 4900, "usd")
        assert (intent.customer, intent.setup_future_usage) == (customer, "off_session")
        assert str(intent.client_secret).startswith(f"{intent.id}_secret_")
        assert intent.metadata.to_dict() == {"purchase": "1"}
        shop.wait_for("payment_intent.created")

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported"),
            ({"amount": 49}, "amount_too_small"),
            ({"amount": 100_000_000}, "amount_too_large"),
            ({"off_session": True}, None),
            ({"customer": "cus_nobody"}, "resource_missing"),
            ({"payment_method": "pm_nothing"}, "resource_missing"),
            ({"colour": "red"}, "parameter_unknown"),
            ({"payment_method": "pm_card_visa", "confirm": True, "automatic_payment_methods": {"enabled": True}}, None),
        ],
    )
    def test_that_stripe_would_refuse_is_refused_and_leaves_nothing(
        self, api: stripe.StripeClient, wrong: dict[str, Any], code: str | None
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            open_intent(api, **wrong)
        assert caught.value.code == code
        assert api.v1.payment_intents.list().data == []

    def test_changes_until_it_is_paid_and_then_only_its_notes(self, api: stripe.StripeClient) -> None:
        intent = open_intent(api)
        changed: Any = {"amount": 8900, "metadata": {"purchase": "", "b": "2"}}
        after = api.v1.payment_intents.update(intent.id, params=changed)
        assert (after.amount, after.metadata.to_dict()) == (8900, {"b": "2"})
        api.v1.payment_intents.confirm(intent.id, params={"payment_method": "pm_card_visa"})
        assert api.v1.payment_intents.update(intent.id, params={"description": "Thanks"}).description == "Thanks"
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.payment_intents.update(intent.id, params={"amount": 100})
        assert caught.value.code == "payment_intent_unexpected_state"


class TestConfirming:
    def test_pays_once_and_a_second_time_is_refused(self, api: stripe.StripeClient, shop: Listener) -> None:
        intent = open_intent(api, payment_method="pm_card_visa")
        assert intent.status == "requires_confirmation"
        paid = api.v1.payment_intents.confirm(intent.id)
        assert (paid.status, paid.amount_received) == ("succeeded", 4900)
        shop.wait_for("payment_intent.succeeded")
        with pytest.raises(stripe.InvalidRequestError, match="already succeeded") as caught:
            api.v1.payment_intents.confirm(intent.id)
        assert held_intent(caught.value).id == intent.id
        assert [charge.status for charge in api.v1.charges.list().data] == ["succeeded"]

    def test_without_a_method_is_refused(self, api: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
            api.v1.payment_intents.confirm(open_intent(api).id)

    def test_that_is_declined_keeps_the_failed_charge_and_can_be_tried_again(
        self, api: stripe.StripeClient, shop: Listener
    ) -> None:
        intent = open_intent(api)
        with pytest.raises(stripe.CardError) as caught:
            api.v1.payment_intents.confirm(
                intent.id, params={"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}
            )
        error = caught.value.error
        assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
        assert error is not None
        assert error.decline_code == "insufficient_funds"
        held = held_intent(caught.value)
        assert (held.id, held.status) == (intent.id, "requires_payment_method")
        failed = shop.wait_for("payment_intent.payment_failed")[0].event["data"]["object"]
        assert failed["last_payment_error"]["decline_code"] == "insufficient_funds"
        shop.wait_for("charge.failed")
        again = api.v1.payment_intents.confirm(intent.id, params={"payment_method": "pm_card_visa"})
        assert (again.status, again.last_payment_error) == ("succeeded", None)
        assert [charge.status for charge in api.v1.charges.list().data] == ["succeeded", "failed"]

    def test_of_checkouts_own_intent_is_refused(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        sandbox.control(f"pay/{open_session(api).id}", {"card": "4000000000000002"})
        intent = api.v1.payment_intents.list().data[0].id
        for verb in (api.v1.payment_intents.confirm, api.v1.payment_intents.cancel):
            with pytest.raises(stripe.InvalidRequestError, match="created by a Checkout Session"):
                verb(intent)


class TestCancelling:
    def test_closes_an_unpaid_intent_for_good(self, api: stripe.StripeClient, shop: Listener) -> None:
        intent = open_intent(api)
        canceled = api.v1.payment_intents.cancel(intent.id, params={"cancellation_reason": "abandoned"})
        assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
        shop.wait_for("payment_intent.canceled")
        with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
            api.v1.payment_intents.confirm(intent.id, params={"payment_method": "pm_card_visa"})

    def test_a_paid_one_is_refused(self, api: stripe.StripeClient) -> None:
        intent = open_intent(api, payment_method="pm_card_visa", confirm=True)
        with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
            api.v1.payment_intents.cancel(intent.id)


class TestChargingASavedCardWithoutTheBuyer:
    def test_pays_at_once(self, api: stripe.StripeClient) -> None:
        customer = customer_of(api)
        method = save_card(api, customer, "pm_card_visa")
        paid = off_session(api, customer, method)
        assert (paid.status, paid.payment_method, paid.customer) == ("succeeded", method, customer)

    @pytest.mark.parametrize(
        ("name", "code", "decline_code"),
        [
            ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
            ("pm_card_authenticationRequiredOnSetup", "authentication_required", "authentication_required"),
            ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ],
    )
    def test_is_refused_with_402_and_keeps_the_intent(
        self, api: stripe.StripeClient, name: str, code: str, decline_code: str
    ) -> None:
        customer = customer_of(api)
        method = save_card(api, customer, name)
        with pytest.raises(stripe.CardError) as caught:
            off_session(api, customer, method)
        error = caught.value.error
        assert error is not None
        assert (caught.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
        kept = api.v1.payment_intents.retrieve(held_intent(caught.value).id)
        assert kept.last_payment_error is not None
        assert kept.last_payment_error.payment_method is not None
        assert (kept.status, kept.last_payment_error.payment_method.id) == ("requires_payment_method", method)

    def test_replays_the_refusal_for_its_key_and_declines_once(self, api: stripe.StripeClient) -> None:
        customer = customer_of(api)
        method = save_card(api, customer, "pm_card_chargeCustomerFail")
        found = []
        for _ in range(2):
            with pytest.raises(stripe.CardError) as caught:
                off_session(api, customer, method, key="attempt-1")
            found.append(held_intent(caught.value).id)
        assert found == [found[0]] * 2
        assert len(api.v1.charges.list().data) == 1

    def test_of_another_customer_is_refused(self, api: stripe.StripeClient) -> None:
        method = save_card(api, customer_of(api), "pm_card_visa")
        with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
            off_session(api, customer_of(api), method)

    def test_fails_once_the_card_has_expired(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        customer = customer_of(api)
        method = save_card(api, customer, "pm_card_visa")
        sandbox.control("cards/expire", {"payment_method": method})
        told = shop.wait_for("payment_method.updated")[0].event["data"]
        assert set(told["previous_attributes"]["card"]) == {"exp_month", "exp_year"}
        with pytest.raises(stripe.CardError) as caught:
            off_session(api, customer, method)
        assert caught.value.code == "expired_card"


class TestAFailureOfTheApi:
    @pytest.mark.parametrize("kind", ["error_500", "error_409", "timeout_after"])
    def test_survived_by_a_retry_under_one_key_charges_once(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, kind: str
    ) -> None:
        customer = customer_of(api)
        method = save_card(api, customer, "pm_card_visa")
        sandbox.control("faults", {"kind": kind, "calls": 1, "path": "/v1/payment_intents", "seconds": 0.1})
        paid = off_session(client(sandbox, retries=2), customer, method, key="attempt-1")
        assert paid.status == "succeeded"
        assert intent_statuses(api) == ["succeeded"]
        assert [charge.status for charge in api.v1.charges.list().data] == ["succeeded"]

    def test_replayed_for_its_key_hides_a_charge_that_was_made(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        customer = customer_of(api)
        method = save_card(api, customer, "pm_card_visa")
        sandbox.control("faults", {"kind": "error_500_after", "calls": 1, "path": "/v1/payment_intents"})
        for _ in range(2):
            with pytest.raises(stripe.APIError):
                off_session(api, customer, method, key="attempt-1")
        assert intent_statuses(api) == ["succeeded"]


class TestTheList:
    def test_is_narrowed_by_customer_and_time_and_shows_charges_when_asked(self, api: stripe.StripeClient) -> None:
        customer = customer_of(api)
        open_intent(api)
        mine = open_intent(api, customer=customer, payment_method="pm_card_visa", confirm=True)
        found: Any = api.v1.payment_intents.list(
            params={"customer": customer, "created": {"gte": mine.created}, "expand": ["data.latest_charge"]}
        ).data
        assert [(one.id, one.latest_charge.amount) for one in found] == [(mine.id, 4900)]
        assert api.v1.payment_intents.list(params={"created": {"gt": mine.created + 60}}).data == []


class TestAPublishableKey:
    def ask(self, sandbox: SandboxProcess, path: str, body: bytes | None = None) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{sandbox.url}/v1/{path}", data=body, timeout=10) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def test_with_the_client_secret_shows_what_the_buyer_may_know(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        intent = open_intent(api)
        status, text = self.ask(
            sandbox, f"payment_intents/{intent.id}?key=pk_test_sandbox&client_secret={intent.client_secret}"
        )
        assert status == 200
        assert '"amount": 4900' in text
        assert "metadata" not in text
        assert "customer" not in text

    @pytest.mark.parametrize(
        ("path", "query", "status"),
        [
            ("payment_intents/{id}", "key=pk_test_sandbox&client_secret={id}_secret_guessed", 400),
            ("payment_intents/{id}", "key=pk_test_sandbox", 400),
            ("payment_intents/{id}", "key=pk_test_other&client_secret={secret}", 401),
            ("payment_intents", "key=pk_test_sandbox", 404),
            ("customers", "key=pk_test_sandbox", 404),
            ("payment_intents/{id}", "client_secret={secret}", 401),
        ],
    )
    def test_opens_nothing_else(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, path: str, query: str, status: int
    ) -> None:
        intent = open_intent(api)
        address = f"{path}?{query}".format(id=intent.id, secret=intent.client_secret)
        assert self.ask(sandbox, address)[0] == status

    def test_confirms_with_a_typed_card_but_never_checks_less_than_the_api(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        intent = open_intent(api)
        fields = f"key=pk_test_sandbox&client_secret={intent.client_secret}&payment_method_data[type]=card"
        card = "&payment_method_data[card][number]={}&payment_method_data[card][exp_month]=12"
        rest = "&payment_method_data[card][exp_year]=2034&payment_method_data[card][cvc]=123"
        path = f"payment_intents/{intent.id}/confirm"
        wrong = self.ask(sandbox, path, (fields + card.format("4242424242424241") + rest).encode())
        assert wrong[0] == 402
        assert "incorrect_number" in wrong[1]
        assert self.ask(sandbox, path, (fields + card.format("4242424242424242") + rest).encode())[0] == 200
        assert api.v1.payment_intents.retrieve(intent.id).status == "succeeded"
