"""The card form against the stand-in: declines, 3-D Secure, leaving and coming back, and what a lost answer leaves."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import card_form, gateway, orders, reconcile
from billing.models import Consent, Purchase, StripeCustomer, TokenPackage
from tests.billing.paying import ASKS, DECLINED, POOR, answer_bank, confirm, order, type_in
from tests.sandbox_process import SandboxProcess
from tests.together import together
from tokens.models import TokenAccount, TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("package")]

State = Purchase.State
PAYMENTS = "/v1/payment_intents"


def balance(user: User) -> int:
    return sum(TokenAccount.objects.filter(user=user).values_list("balance", flat=True))


def buy(user: User, code: str = "package_50", *, save_card: bool = False) -> card_form.Payable:
    return card_form.open_purchase(user=user, package_code=code, save_card=save_card)


def payments(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.control("truth")["payment_intents"]
    return found


class TestThePage:
    def test_it_says_what_is_sold_and_ticks_nothing(self, signed_in: Client) -> None:
        page = signed_in.get("/purchase/card/package_50/").content.decode()
        assert ("50 tokens" in page, page.count("$49.00"), "checked" in page) == (True, 2, False)
        assert 'data-shown="50-4900-usd"' in page

    def test_only_it_loads_stripe_and_only_it_may(self, signed_in: Client, settings: Any) -> None:
        settings.STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js"
        answer = signed_in.get("/purchase/card/package_50/")
        assert '<script src="https://js.stripe.com/endive/stripe.js" defer>' in answer.content.decode()
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert {name: policy[name] for name in ("script-src", "frame-src", "connect-src")} == {
            "script-src": "'self' https://js.stripe.com https://*.js.stripe.com",
            "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
            "connect-src": "'self' https://api.stripe.com",
        }
        elsewhere = signed_in.get("/purchase/")
        assert "js.stripe.com" not in elsewhere.content.decode() + elsewhere.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("code", ["nothing", "starter", "package_500x"])
    def test_what_is_not_on_sale_here_has_none(self, signed_in: Client, code: str) -> None:
        assert signed_in.get(f"/purchase/card/{code}/").status_code == 404

    def test_the_packages_lead_to_it(self, signed_in: Client, settings: Any) -> None:
        page = signed_in.get("/purchase/").content.decode()
        assert (page.count("/purchase/card/package_"), page.count('name="package"')) == (4, 4)
        settings.CATALOG = "chat"
        page = signed_in.get("/purchase/").content.decode()
        assert page.count('class="button" href="/purchase/card/starter/"') == 1
        assert (page.count("/purchase/card/"), page.count('name="package"')) == (3, 3)


@pytest.mark.usefixtures("sandbox")
class TestAPayment:
    def test_it_is_for_exactly_what_was_shown(self, buyer: User, sandbox: SandboxProcess) -> None:
        payable = buy(buyer)
        purchase = payable.purchase
        assert (purchase.way, purchase.state, purchase.save_card, purchase.consent) == ("card", State.OPEN, False, None)
        [payment] = payments(sandbox)
        assert (payment["id"], payment["amount"]) == (purchase.stripe_payment_intent_id, 4900)
        assert payment["metadata"]["purchase_id"] == str(purchase.pk)
        assert payable.client_secret.startswith(f"{payment['id']}_secret_")

    def test_it_is_credited_once_however_often_it_is_confirmed(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        type_in(sandbox, ordered)
        for _ in range(2):
            said = confirm(signed_in, ordered["payment_intent"])
            assert (said["state"], said["balance"], said["message"]) == ("paid", 50, "Paid: 50 tokens are yours.")
        assert (balance(buyer), TokenTransaction.objects.count()) == (50, 1)

    def test_a_declined_card_is_followed_by_another_on_the_same_payment(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        first = order(signed_in)
        for number, reason in ((DECLINED, "Your card was declined."), (POOR, "Your card has insufficient funds.")):
            assert type_in(sandbox, first, number)["error"]["message"] == reason
            said = confirm(signed_in, first["payment_intent"])
            assert (said["state"], said["message"], said["balance"]) == ("open", reason, 0)
        again = order(signed_in)
        assert {name: again[name] for name in ("payment_intent", "client_secret", "purchase")} == {
            name: first[name] for name in ("payment_intent", "client_secret", "purchase")
        }
        type_in(sandbox, again)
        assert confirm(signed_in, again["payment_intent"])["state"] == "paid"
        assert (len(payments(sandbox)), balance(buyer)) == (1, 50)

    def test_the_bank_may_ask_and_be_refused_and_ask_again(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        answer_bank(type_in(sandbox, ordered, ASKS), "fail")
        said = confirm(signed_in, ordered["payment_intent"])
        assert (said["state"], said["message"].startswith("We are unable to authenticate")) == ("open", True)
        answer_bank(type_in(sandbox, ordered, ASKS), "complete")
        assert confirm(signed_in, ordered["payment_intent"])["state"] == "paid"
        assert balance(buyer) == 50

    def test_nobody_pays_twice_when_the_answer_was_lost(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        type_in(sandbox, ordered)
        again = order(signed_in)
        assert (again["purchase"], again["state"], again["client_secret"]) == (ordered["purchase"], "paid", "")
        assert (len(payments(sandbox)), balance(buyer)) == (1, 50)

    def test_leaving_and_coming_back_finds_the_same_payment(self, signed_in: Client, sandbox: SandboxProcess) -> None:
        ordered = order(signed_in)
        type_in(sandbox, ordered, DECLINED)
        page = signed_in.get(ordered["url"]).content.decode()
        assert ("Your card was declined." in page, "/purchase/card/package_50/" in page) == (True, True)
        assert order(signed_in)["payment_intent"] == ordered["payment_intent"]

    def test_another_package_price_consent_or_way_is_another_purchase(self, buyer: User) -> None:
        opened = {buy(buyer).purchase.pk, buy(buyer, "package_100").purchase.pk, buy(buyer, save_card=True).purchase.pk}
        TokenPackage.objects.filter(code="package_50").update(price_cents=5900)
        assert len(opened | {buy(buyer).purchase.pk}) == 4

    def test_nothing_is_asked_inside_a_transaction(self, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        real, seen = gateway.create_payment, []

        def create(*arguments: Any) -> Any:
            seen.append(transaction.get_connection().in_atomic_block)
            return real(*arguments)

        monkeypatch.setattr(gateway, "create_payment", create)
        buy(buyer)
        assert seen == [False]


@pytest.mark.usefixtures("sandbox")
class TestConsent:
    def test_a_ticked_box_is_written_down_word_for_word_with_the_address(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in, save_card=True)
        consent = Consent.objects.get()
        assert (consent.user, consent.purpose, consent.ip_address) == (buyer, "save_card", "127.0.0.1")
        page = signed_in.get("/purchase/card/package_50/").content.decode()
        assert consent.wording in page
        purchase = Purchase.objects.get(pk=ordered["purchase"])
        assert (purchase.consent, purchase.save_card) == (consent, True)
        payment = gateway.client.client().v1.payment_intents.retrieve(ordered["payment_intent"])
        assert payment.setup_future_usage == "off_session"

    def test_the_same_purchase_again_is_the_same_consent(self, signed_in: Client) -> None:
        assert order(signed_in, save_card=True)["purchase"] == order(signed_in, save_card=True)["purchase"]
        assert Consent.objects.count() == 1

    def test_without_the_tick_nothing_is_kept_or_written(self, signed_in: Client) -> None:
        ordered = order(signed_in, save_card=False)
        payment = gateway.client.client().v1.payment_intents.retrieve(ordered["payment_intent"])
        assert (payment.setup_future_usage, Consent.objects.count()) == (None, 0)


@pytest.mark.usefixtures("sandbox")
class TestStripeInTrouble:
    @pytest.mark.parametrize("kind", ["error_500", "error_429", "down", "timeout_after"])
    def test_the_next_click_makes_it_good_with_one_payment(
        self, buyer: User, sandbox: SandboxProcess, settings: Any, kind: str
    ) -> None:
        settings.STRIPE_TIMEOUT_SECONDS = 1
        sandbox.control("faults", {"kind": kind, "calls": 3, "method": "POST", "path": PAYMENTS, "seconds": 1.5})
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        assert Purchase.objects.get().state == State.CREATED
        sandbox.control("faults", {})
        assert buy(buyer).purchase.state == State.OPEN
        assert (Purchase.objects.count(), len(payments(sandbox))) == (1, 1)

    def test_a_payment_whose_maker_died_is_found_by_reconciliation(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        Purchase.objects.update(stripe_payment_intent_id=None, state=State.CREATED)
        type_in(sandbox, ordered)
        assert reconcile.ask_stripe(Purchase.objects.get()).state == State.PAID
        assert balance(buyer) == 50

    def test_a_refusal_fails_the_purchase(self, buyer: User, settings: Any) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_wrong"
        with pytest.raises(gateway.StripeRefused):
            buy(buyer)
        purchase = Purchase.objects.get()
        assert (purchase.state, purchase.state_reason) == (State.FAILED, orders.REFUSED)

    def test_a_customer_deleted_at_stripe_is_made_anew(self, buyer: User) -> None:
        buy(buyer)
        gateway.client.client().v1.customers.delete(StripeCustomer.objects.get().stripe_customer_id or "")
        with pytest.raises(gateway.CustomerGone):
            buy(buyer, "package_100")
        assert buy(buyer, "package_100").purchase.state == State.OPEN


@pytest.mark.usefixtures("sandbox")
class TestAPaymentWhoseTimeIsOver:
    def later(self) -> None:
        Purchase.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def test_it_is_closed_at_stripe_and_here(self, buyer: User, sandbox: SandboxProcess) -> None:
        buy(buyer)
        assert card_form.close_overdue() == 0
        self.later()
        assert card_form.close_overdue() == 1
        assert (payments(sandbox)[0]["status"], Purchase.objects.get().state) == ("canceled", State.EXPIRED)
        assert card_form.close_overdue() == 0

    def test_an_outage_is_left_to_the_next_run(self, buyer: User, sandbox: SandboxProcess) -> None:
        buy(buyer)
        self.later()
        sandbox.control("faults", {"kind": "down", "calls": 20})
        assert (card_form.close_overdue(), Purchase.objects.get().state) == (0, State.OPEN)
        sandbox.control("faults", {})
        assert (card_form.close_overdue(), Purchase.objects.get().state) == (1, State.EXPIRED)

    def test_one_that_stripe_does_not_know_does_not_stop_the_others(self, buyer: User) -> None:
        lost, other = buy(buyer).purchase, buy(buyer, "package_100").purchase
        Purchase.objects.filter(pk=lost.pk).update(stripe_payment_intent_id="pi_lost")
        self.later()
        assert card_form.close_overdue() == 1
        other.refresh_from_db()
        assert other.state == State.EXPIRED

    def test_one_paid_at_the_last_moment_is_credited(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        type_in(sandbox, order(signed_in))
        self.later()
        assert card_form.close_overdue() == 1
        assert (Purchase.objects.get().state, balance(buyer)) == (State.PAID, 50)

    def test_the_next_click_opens_a_new_one(self, buyer: User) -> None:
        first = buy(buyer).purchase
        self.later()
        assert buy(buyer).purchase.pk != first.pk

    def test_one_closed_at_stripe_is_followed_by_a_new_one(self, buyer: User) -> None:
        first = buy(buyer).purchase
        gateway.cancel_payment(first.stripe_payment_intent_id or "")
        second = buy(buyer)
        assert (second.purchase.pk != first.pk, second.client_secret != "") == (True, True)


class TestTwoClicksAtOnce:
    def test_eight_are_one_purchase_and_one_payment(self, buyer: User, sandbox: SandboxProcess) -> None:
        clicks = together(*[partial(buy, buyer) for _ in range(8)])
        opened = [click for click in clicks if isinstance(click, card_form.Payable)]
        assert {click.purchase.pk for click in opened} == {Purchase.objects.get().pk}
        assert len({click.client_secret for click in opened}) == len(payments(sandbox)) == 1
