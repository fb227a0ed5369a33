"""The JSON addresses: who may ask, what is refused and how, and that nothing from the browser is believed."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Purchase, TokenPackage
from tests import stripe_events
from tests.billing.conftest import Sell
from tests.billing.paying import CONFIRM, CREATE, confirm, order, post, type_in
from tests.sandbox_process import SandboxProcess
from tokens.models import TokenAccount

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("package")]

GETS = ["/api/user/tokens/", "/api/payment/packages/"]
POSTS = [CREATE, CONFIRM]


class TestWhoMayAsk:
    @pytest.mark.parametrize("address", GETS)
    def test_signed_out_is_401_in_json(self, client: Client, address: str) -> None:
        answer = client.get(address)
        assert (answer.status_code, answer.json()) == (401, {"error": "Sign in."})

    @pytest.mark.parametrize("address", POSTS)
    def test_signed_out_is_401_in_json_for_orders_too(self, client: Client, address: str) -> None:
        answer = post(client, address, {"package": "package_50", "payment_intent": "pi_1"})
        assert (answer.status_code, answer.json()) == (401, {"error": "Sign in."})

    @pytest.mark.parametrize("address", POSTS)
    def test_a_page_of_another_site_may_not(self, buyer: User, address: str) -> None:
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(buyer)
        assert post(careful, address, {"package": "package_50", "payment_intent": "pi_1"}).status_code == 403
        assert Purchase.objects.count() == 0

    @pytest.mark.parametrize("address", POSTS)
    def test_looking_is_not_ordering(self, signed_in: Client, address: str) -> None:
        assert signed_in.get(address).status_code == 405

    @pytest.mark.parametrize("address", GETS)
    def test_there_is_nothing_to_send(self, signed_in: Client, address: str) -> None:
        assert signed_in.post(address).status_code == 405

    @pytest.mark.parametrize("address", GETS)
    def test_no_cache_keeps_it(self, signed_in: Client, address: str) -> None:
        assert "no-store" in signed_in.get(address).headers["Cache-Control"]


class TestWhatIsTooMuch:
    @pytest.mark.parametrize("address", POSTS)
    def test_three_megabytes_are_refused_in_json(self, signed_in: Client, address: str) -> None:
        answer = post(signed_in, address, {"package": "x" * 3_000_000})
        assert (answer.status_code, answer.json()) == (413, {"error": "Send less: an order is a few words."})


class TestWhatIsTold:
    def test_the_balance_is_the_one_of_the_other_address(self, signed_in: Client) -> None:
        assert signed_in.get("/api/user/tokens/").json() == signed_in.get("/tokens/balance/").json()

    def test_the_packages_are_those_of_the_catalog(self, signed_in: Client) -> None:
        packages = signed_in.get("/api/payment/packages/").json()["packages"]
        assert [package["code"] for package in packages] == ["package_50", "package_100", "package_250", "package_500"]
        assert packages[1] == {
            "code": "package_100",
            "name": "100 tokens",
            "tokens": 100,
            "price_cents": 8900,
            "currency": "usd",
            "price": "$89.00",
            "price_per_token": "$0.89",
            "badge": "Most Popular",
            "terms": "100-8900-usd",
        }

    def test_the_webhook_has_a_second_name(self, client: Client, sell: Sell, buyer: User) -> None:
        raw = stripe_events.body(stripe_events.completed(sell()))
        headers = {"Stripe-Signature": stripe_events.signature(raw)}
        answer = client.generic("POST", "/api/payment/webhook/", raw, content_type="application/json", headers=headers)
        assert (answer.status_code, TokenAccount.objects.get(user=buyer).balance) == (200, 50)
        assert client.post("/api/payment/webhook/", b"{}", content_type="application/json").status_code == 400


class TestWhatIsNotUnderstood:
    @pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'"package_50"', b"[" * 100_000])
    def test_it_is_refused_with_a_sentence(self, signed_in: Client, body: bytes) -> None:
        answer = signed_in.post(CREATE, body, content_type="application/json")
        assert (answer.status_code, answer.json()) == (422, {"error": "Send a JSON object."})

    @pytest.mark.parametrize(
        "package", ["", "nothing", "starter", "package_50\x00", "../50", "x" * 60, None, 7, ["package_50"], {"a": 1}]
    )
    def test_what_is_not_on_sale_is_not_sold(self, signed_in: Client, package: Any) -> None:
        answer = post(signed_in, CREATE, {"package": package})
        assert (answer.status_code, list(answer.json())) == (422, ["error"])
        assert Purchase.objects.count() == 0

    def test_a_changed_price_is_shown_before_it_is_charged(self, signed_in: Client) -> None:
        TokenPackage.objects.filter(code="package_50").update(price_cents=5900)
        answer = post(signed_in, CREATE, {"package": "package_50", "shown": "50-4900-usd"})
        assert (answer.status_code, answer.json()["error"]) == (
            422,
            "The offer has just changed. Nothing was charged; look again before you buy.",
        )
        assert Purchase.objects.count() == 0

    @pytest.mark.parametrize("payment", ["", "pi_1/../x", "cs_test_1", None, 7, "pi_" + "x" * 300])
    def test_what_is_no_payment_is_not_asked_about(self, signed_in: Client, payment: Any) -> None:
        assert post(signed_in, CONFIRM, {"payment_intent": payment}).status_code == 422


class TestNothingFromTheBrowserIsBelieved:
    def test_price_tokens_and_owner_are_ours(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        lies: dict[str, Any] = {
            "tokens": 9999,
            "price_cents": 1,
            "amount": 1,
            "currency": "jpy",
            "user": "x",
            "state": "paid",
        }
        ordered = order(signed_in, **lies)
        purchase = Purchase.objects.get()
        assert (ordered["amount"], ordered["currency"], purchase.tokens, purchase.user) == (4900, "usd", 50, buyer)

    def test_an_unpaid_payment_is_not_credited(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        ordered = order(signed_in)
        said = confirm(signed_in, ordered["payment_intent"])
        assert (said["state"], said["balance"], said["message"]) == ("open", 0, "Not paid yet.")

    def test_somebody_elses_payment_is_not_found(
        self, client: Client, signed_in: Client, stranger: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        type_in(sandbox, ordered)
        thief = Client()
        thief.force_login(stranger)
        answer = post(thief, CONFIRM, {"payment_intent": ordered["payment_intent"]})
        assert (answer.status_code, answer.json()) == (404, {"error": "You have no such payment."})
        assert (TokenAccount.objects.filter(balance__gt=0).count(), Purchase.objects.get().state) == (0, "open")


class TestStripeIsAway:
    def test_an_order_is_put_off_politely(self, signed_in: Client, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 20})
        answer = post(signed_in, CREATE, {"package": "package_50"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "You were not charged" in answer.json()["error"]

    def test_a_confirmation_says_not_to_pay_again(self, signed_in: Client, sandbox: SandboxProcess) -> None:
        ordered = order(signed_in)
        sandbox.control("faults", {"kind": "down", "calls": 20})
        answer = post(signed_in, CONFIRM, {"payment_intent": ordered["payment_intent"]})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "do not pay again" in answer.json()["error"]
