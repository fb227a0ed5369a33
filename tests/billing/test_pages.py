"""What a buyer sees, from the packages to the receipt; and what a stranger does not."""

from typing import Any
from uuid import uuid4

import pytest
import stripe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing import checkout, gateway
from billing.models import Purchase, TokenPackage
from tests import stripe_events
from tests.billing.conftest import FakeStripe, Sell, post_event
from tokens import ledger
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db

State = Purchase.State
HTMX = {"HX-Request": "true"}


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, sell: Sell) -> list[dict[str, Any]]:
    """Opening a purchase succeeds without Stripe; the list tells with what it was asked for."""
    asked: list[dict[str, Any]] = []

    def open_purchase(**wanted: Any) -> Purchase:
        asked.append(wanted)
        return sell()

    monkeypatch.setattr(checkout, "open_purchase", open_purchase)
    return asked


def click(client: Client, **fields: str) -> Any:
    return client.post("/purchase/checkout/", {"package": "package_50", **fields})


class TestThePackages:
    def test_each_is_shown_with_its_price_and_price_per_token(self, signed_in: Client) -> None:
        page = words(signed_in.get("/purchase/"))
        for shown in ("$49.00", "$0.98 each", "$89.00", "$0.89 each", "$199.00", "$0.80 each", "$349.00", "$0.70 each"):
            assert shown in page
        assert page.count("Most Popular") == page.count("Best Value") == 1

    @pytest.mark.parametrize("catalog", ["landscape", "chat"])
    def test_the_refund_policy_stands_beside_the_button(self, signed_in: Client, settings: Any, catalog: str) -> None:
        settings.CATALOG = catalog
        assert (
            "Unused tokens are refunded on request within 14 days. What fails gives your token back. "
            "Tokens never expire." in words(signed_in.get("/purchase/"))
        )

    def test_keeping_the_card_is_never_ticked_for_the_buyer(self, signed_in: Client) -> None:
        page = words(signed_in.get("/purchase/"))
        assert '<input type="checkbox" name="save_card" value="on" autocomplete="off">' in page
        assert "checked" not in page

    def test_the_free_trial_is_said_to_be_used_first(self, signed_in: Client, buyer: User) -> None:
        ledger.credit(user_id=buyer.pk, amount=3, type=ledger.Type.TRIAL, key="trial:x", description="Free trial")
        assert "Your 3 free credits are used first." in words(signed_in.get("/purchase/"))

    def test_nothing_on_sale_is_said(self, signed_in: Client) -> None:
        TokenPackage.objects.update(on_sale=False)
        assert "Nothing is on sale at the moment." in words(signed_in.get("/purchase/"))

    def test_the_dialog_is_a_fragment_and_a_plain_page_without_htmx(self, signed_in: Client) -> None:
        fragment = words(signed_in.get("/purchase/?dialog=1", headers=HTMX))
        assert ("<html" in fragment, "$49.00" in fragment) == (False, True)
        assert "<html" in words(signed_in.get("/purchase/?dialog=1"))

    def test_purchases_are_listed_with_state_and_receipt(self, signed_in: Client, sell: Sell) -> None:
        paid, _open, _unopened = sell(), sell(), sell(state=State.CREATED, stripe_session_id=None)
        post_event(stripe_events.completed(paid))
        page = words(signed_in.get("/purchase/"))
        assert (page.count(f"/purchase/{paid.pk}/receipt/"), page.count("Check payment")) == (1, 1)
        assert ("Paid" in page, "Not paid yet" in page) == (True, True)

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_takes_the_same_few_queries_for_one_and_for_three(
        self, signed_in: Client, sell: Sell, count: int
    ) -> None:
        for _ in range(count):
            sell()
        with CaptureQueriesContext(connection) as queries:
            signed_in.get("/purchase/")
        assert len(queries) == 4  # session, user with balance, purchases, packages

    def test_somebody_elses_purchases_are_not_listed(self, client: Client, stranger: User, purchase: Purchase) -> None:
        client.force_login(stranger)
        assert "No purchases yet" in words(client.get("/purchase/"))

    def test_it_is_for_people_who_are_signed_in(self, client: Client) -> None:
        assert client.get("/purchase/").headers["Location"] == "/accounts/login/?next=/purchase/"
        assert click(client).status_code == 302

    def test_visitors_see_the_prices_and_a_way_in(self, client: Client) -> None:
        page = words(client.get("/"))
        assert page.count('href="/purchase/"') >= 4
        assert ("$0.98 each" in page, 'name="package"' in page, "save_card" in page) == (True, False, False)

    def test_private_pages_are_not_kept(self, signed_in: Client) -> None:
        assert "no-store" in signed_in.get("/purchase/").headers["Cache-Control"]


class TestAClickOnBuy:
    def test_it_goes_to_stripe(self, signed_in: Client, buyer: User, opened: list[dict[str, Any]]) -> None:
        answer = click(signed_in, **{"shown-package_50": "50-4900-usd", "shown-package_100": "100-8900-usd"})
        assert (answer.status_code, answer.headers["Location"]) == (303, Purchase.objects.get().checkout_url)
        assert opened == [
            {
                "user": buyer,
                "package_code": "package_50",
                "save_card": False,
                "shown_terms": "50-4900-usd",
                "ip_address": "127.0.0.1",
            }
        ]

    def test_consent_is_passed_on(self, signed_in: Client, opened: list[dict[str, Any]]) -> None:
        click(signed_in, save_card="on")
        assert opened[0]["save_card"] is True

    def test_htmx_is_told_to_leave_the_page(self, signed_in: Client, opened: list[dict[str, Any]]) -> None:
        answer = signed_in.post("/purchase/checkout/", {"package": "package_50"}, headers=HTMX)
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, Purchase.objects.get().checkout_url)

    @pytest.mark.parametrize("code", ["", "nothing", "premium", "package_50\x00", "x" * 60, "../50", "package 50"])
    def test_an_unknown_package_is_refused_and_the_offer_shown(self, signed_in: Client, code: str) -> None:
        answer = click(signed_in, package=code)
        assert (answer.status_code, "$49.00" in words(answer)) == (422, True)
        assert Purchase.objects.count() == 0

    def test_a_withdrawn_package_is_refused_with_the_reason(self, signed_in: Client) -> None:
        TokenPackage.objects.filter(code="package_50").update(on_sale=False)
        answer = click(signed_in)
        assert (answer.status_code, "That package is not on sale any more." in words(answer)) == (422, True)

    def test_a_changed_price_is_shown_before_it_is_charged(self, signed_in: Client) -> None:
        answer = click(signed_in, **{"shown-package_50": "50-100-usd"})
        assert (answer.status_code, "The offer has just changed." in words(answer)) == (422, True)
        assert Purchase.objects.count() == 0

    def test_price_and_tokens_from_the_client_are_not_believed(
        self, signed_in: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gateway, "create_customer", lambda customer: "cus_1")
        monkeypatch.setattr(gateway, "create_checkout_session", self.open_session)
        click(signed_in, tokens="9999", price_cents="1", user=str(uuid4()), currency="jpy")
        purchase = Purchase.objects.get()
        assert (purchase.tokens, purchase.price_cents, purchase.currency) == (50, 4900, "usd")

    def open_session(self, purchase: Purchase, customer: str) -> gateway.PaymentSnapshot:
        open_now = {"status": "open", "payment_status": "unpaid", "payment_intent": None, "url": "https://x/"}
        return gateway.of_session(stripe_events.session(purchase, **open_now))

    @pytest.mark.parametrize("trouble", [gateway.StripeUnavailable("x"), gateway.StripeRefused("secret_code", "req_1")])
    def test_stripe_in_trouble_is_a_polite_page(
        self, signed_in: Client, monkeypatch: pytest.MonkeyPatch, trouble: Exception
    ) -> None:
        def fail(**_: Any) -> None:
            raise trouble

        monkeypatch.setattr(checkout, "open_purchase", fail)
        answer = click(signed_in)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "Nothing was charged" in words(answer)
        assert "secret_code" not in words(answer)

    def test_it_needs_the_forms_secret(self, buyer: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(buyer)
        assert click(strict).status_code == 403

    def test_a_link_does_not_buy(self, signed_in: Client) -> None:
        assert signed_in.get("/purchase/checkout/?package=package_50").status_code == 405


class TestComingBack:
    def back(self, client: Client, purchase: Purchase, **kwargs: Any) -> Any:
        return client.get(purchase.get_absolute_url(), **kwargs)

    def test_a_payment_is_credited_and_the_new_balance_shown(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        page = words(self.back(signed_in, purchase))
        assert "50 tokens are yours" in page
        assert "You have <strong>50 tokens</strong> now" in page
        assert TokenTransaction.objects.count() == 1

    def test_visiting_again_asks_nothing_and_credits_nothing(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        for _ in range(3):
            assert "50 tokens are yours" in words(self.back(signed_in, purchase))
        assert (len(stripe_says.asked), TokenTransaction.objects.count()) == (1, 1)

    def test_the_address_alone_credits_nothing(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says_open(purchase)
        page = words(self.back(signed_in, purchase))
        assert "Not paid yet" in page
        assert '<noscript><meta http-equiv="refresh"' in page
        assert TokenTransaction.objects.count() == 0

    def test_a_slow_bank_is_explained(self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        stripe_says.says(purchase, payment_status="unpaid")
        page = words(self.back(signed_in, purchase))
        assert ("Your bank is still confirming" in page, "Do not pay again" in page) == (True, True)

    def test_a_refusal_is_explained(self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        stripe_says.says(purchase, payment_status="unpaid", payment_intent={"id": "pi_1", "status": "canceled"})
        page = words(self.back(signed_in, purchase))
        assert ("The payment failed" in page, gateway.BANK_REFUSED in page) == (True, True)

    def test_an_expired_page_is_explained(self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        stripe_says.says(purchase, status="expired", payment_status="unpaid", payment_intent=None)
        assert "The payment page has closed" in words(self.back(signed_in, purchase))

    def test_a_difference_is_being_looked_at(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase, amount_total=1)
        page = words(self.back(signed_in, purchase))
        assert "Our staff have been told" in page
        assert str(purchase.pk) in page
        assert TokenTransaction.objects.count() == 0

    def test_stripe_in_trouble_is_said_and_nothing_is_lost(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        answer = self.back(signed_in, purchase)
        assert (answer.status_code, "If you have paid, do not pay again" in words(answer)) == (200, True)
        stripe_says.says(purchase)
        assert "50 tokens are yours" in words(self.back(signed_in, purchase))

    @pytest.mark.parametrize(
        ("draft", "link"),
        [
            ({"area": "patio", "style": "japanese-zen", "next": "/generate/"}, "Back to your design"),
            ({"text": "What next?", "next": "/chat/"}, "Back to your conversation"),
            (None, "Make a design"),
        ],
    )
    def test_a_draft_is_offered_again(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe, draft: dict[str, str] | None, link: str
    ) -> None:
        session = signed_in.session
        session["draft"] = draft
        session.save()
        stripe_says.says(purchase)
        assert link in words(self.back(signed_in, purchase))

    def test_a_strangers_session_is_not_found(
        self, client: Client, stranger: User, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        client.force_login(stranger)
        stripe_says.says(purchase)
        assert self.back(client, purchase).status_code == 404
        assert (stripe_says.asked, TokenTransaction.objects.count()) == ([], 0)

    @pytest.mark.parametrize("key", ["", "cs_test_unknown", "cs_test_1'--", "x", "cs_" + "x" * 300])
    def test_an_address_that_makes_no_sense_is_not_found(self, signed_in: Client, purchase: Purchase, key: str) -> None:
        assert signed_in.get("/purchase/success/", {"session_id": key}).status_code == 404


class TestAPollingReturnPage:
    def poll(self, client: Client, purchase: Purchase, shown: str) -> Any:
        return client.get(f"{purchase.get_absolute_url()}?shown={shown}", headers=HTMX)

    def test_nothing_new_is_204(self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        stripe_says.says_open(purchase)
        answer = self.poll(signed_in, purchase, "open")
        assert (answer.status_code, answer.content) == (204, b"")

    def test_an_outage_is_204(self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        assert self.poll(signed_in, purchase, "open").status_code == 204

    def test_a_payment_ends_the_poll_and_refreshes_the_balance(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        answer = self.poll(signed_in, purchase, "open")
        assert (answer.status_code, answer.headers["HX-Trigger"]) == (286, '{"balance-changed": {}}')
        assert ("<html" in words(answer), "50 tokens are yours" in words(answer)) == (False, True)

    def test_a_slow_bank_goes_on_polling_our_own_row_only(
        self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase, payment_status="unpaid")
        answer = self.poll(signed_in, purchase, "open")
        assert (answer.status_code, "Your bank is still confirming" in words(answer)) == (200, True)
        assert self.poll(signed_in, purchase, "processing").status_code == 204
        assert len(stripe_says.asked) == 1
        post_event(stripe_events.async_succeeded(purchase))
        assert self.poll(signed_in, purchase, "processing").status_code == 286


class TestTurningBack:
    def test_nothing_was_charged(self, signed_in: Client, purchase: Purchase) -> None:
        page = words(signed_in.get(f"/purchase/cancel/?purchase={purchase.pk}"))
        assert "Nothing was charged" in page
        assert purchase.checkout_url in page

    def test_unless_it_was_paid_in_another_tab(self, signed_in: Client, purchase: Purchase) -> None:
        post_event(stripe_events.completed(purchase))
        answer = signed_in.get(f"/purchase/cancel/?purchase={purchase.pk}")
        assert (answer.status_code, answer.headers["Location"]) == (302, purchase.get_absolute_url())

    @pytest.mark.parametrize("key", ["", "x", "00000000-0000-0000-0000-000000000000"])
    def test_any_address_is_answered(self, signed_in: Client, key: str) -> None:
        assert "Nothing was charged" in words(signed_in.get("/purchase/cancel/", {"purchase": key}))

    def test_a_strangers_purchase_is_not_shown(self, client: Client, stranger: User, purchase: Purchase) -> None:
        client.force_login(stranger)
        assert purchase.checkout_url not in words(client.get(f"/purchase/cancel/?purchase={purchase.pk}"))


class TestTheReceipt:
    @pytest.fixture
    def paid(self, purchase: Purchase) -> Purchase:
        post_event(stripe_events.completed(purchase))
        return purchase

    @pytest.fixture
    def receipt_at(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        """`receipt_at(address)`: Stripe's charge has its receipt there."""

        def _receipt_at(address: str | None) -> None:
            charge = {"id": "ch_1", "object": "charge", "receipt_url": address}
            intent = stripe.PaymentIntent.construct_from(
                {"id": "pi_1", "object": "payment_intent", "latest_charge": charge}, "key"
            )
            monkeypatch.setattr(stripe.PaymentIntentService, "retrieve", lambda *_, **__: intent)

        return _receipt_at

    @pytest.mark.parametrize("address", ["https://pay.stripe.com/receipts/1", "http://127.0.0.1:8420/receipts/ch_1"])
    def test_it_is_stripes(
        self, signed_in: Client, paid: Purchase, receipt_at: Any, address: str, settings: Any
    ) -> None:
        settings.STRIPE_API_BASE = "http://127.0.0.1:8420"
        receipt_at(address)
        answer = signed_in.get(f"/purchase/{paid.pk}/receipt/")
        assert (answer.status_code, answer.headers["Location"]) == (302, address)

    @pytest.mark.parametrize(
        "address",
        [
            None,
            "",
            "https://evil.example/",
            "http://pay.stripe.com/",
            "https://pay.stripe.com.evil.example/",
            "https://evilstripe.com/",
            "https://stripe.com@evil.example/",
            "javascript:alert(1)//stripe.com",
            "//pay.stripe.com/",
        ],
    )
    def test_any_other_address_is_not_followed(
        self, signed_in: Client, paid: Purchase, receipt_at: Any, address: str | None
    ) -> None:
        receipt_at(address)
        assert signed_in.get(f"/purchase/{paid.pk}/receipt/").status_code == 404

    def test_an_outage_is_a_polite_page(
        self, signed_in: Client, paid: Purchase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: str) -> None:
            raise gateway.StripeUnavailable("receipt_url")

        monkeypatch.setattr(gateway, "receipt_url", fail)
        answer = signed_in.get(f"/purchase/{paid.pk}/receipt/")
        assert (answer.status_code, "The receipt is safe" in words(answer)) == (503, True)

    def test_there_is_none_before_the_payment(self, signed_in: Client, purchase: Purchase) -> None:
        assert signed_in.get(f"/purchase/{purchase.pk}/receipt/").status_code == 404

    def test_a_stranger_does_not_get_it(self, client: Client, stranger: User, paid: Purchase, receipt_at: Any) -> None:
        receipt_at("https://pay.stripe.com/receipts/1")
        client.force_login(stranger)
        assert client.get(f"/purchase/{paid.pk}/receipt/").status_code == 404
