"""Opening a purchase at Stripe: the real calls, against the stand-in in a process of its own."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing import catalog, checkout, gateway, orders, reconcile
from billing.catalog import NotOnSale
from billing.models import Purchase, StripeCustomer, TokenPackage
from tests.sandbox_process import SandboxProcess
from tokens.models import TokenAccount

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sandbox", "package")]

State = Purchase.State
OPENING = "/v1/checkout/sessions"
CUSTOMERS = "/v1/customers"


def buy(user: User, code: str = "package_50", *, save_card: bool = False, shown_terms: str = "") -> Purchase:
    return checkout.open_purchase(user=user, package_code=code, save_card=save_card, shown_terms=shown_terms)


def session_at_stripe(purchase: Purchase) -> Any:
    assert purchase.stripe_session_id
    return gateway.client.client().v1.checkout.sessions.retrieve(
        purchase.stripe_session_id, params={"expand": ["line_items", "payment_intent"]}
    )


class TestAClick:
    def test_it_opens_a_page_for_exactly_what_was_shown(self, buyer: User, sandbox: SandboxProcess) -> None:
        purchase = buy(buyer)
        assert (purchase.state, purchase.tokens, purchase.price_cents, purchase.currency) == (
            State.OPEN,
            50,
            4900,
            "usd",
        )
        assert purchase.checkout_url.startswith(f"{sandbox.url}/c/pay/cs_test_")
        session = session_at_stripe(purchase)
        assert (session.amount_total, session.currency, session.mode) == (4900, "usd", "payment")
        assert session.line_items.data[0].description == "50 tokens"
        assert session.client_reference_id == session.metadata["purchase_id"] == str(purchase.pk)
        assert session.adaptive_pricing.enabled is False
        assert session.expires_at == int(purchase.expires_at.timestamp())
        assert session.success_url.endswith("/purchase/success/?session_id={CHECKOUT_SESSION_ID}")
        assert session.cancel_url.endswith(f"/purchase/cancel/?purchase={purchase.pk}")

    def test_the_buyer_is_one_customer_for_good(self, buyer: User) -> None:
        first, second = buy(buyer), buy(buyer, "package_100")
        customer = StripeCustomer.objects.get(user=buyer)
        assert session_at_stripe(first).customer == session_at_stripe(second).customer == customer.stripe_customer_id

    def test_the_card_is_kept_only_with_consent(self, buyer: User, sandbox: SandboxProcess) -> None:
        for consent, kept in ((False, None), (True, "off_session")):
            purchase = buy(buyer, save_card=consent)
            sandbox.control(f"pay/{purchase.stripe_session_id}", {})
            assert session_at_stripe(purchase).payment_intent.setup_future_usage == kept

    def test_nothing_is_asked_inside_a_transaction(self, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[bool] = []
        real = gateway.create_checkout_session

        def create(*arguments: Any) -> gateway.PaymentSnapshot:
            seen.append(transaction.get_connection().in_atomic_block)
            return real(*arguments)

        monkeypatch.setattr(gateway, "create_checkout_session", create)
        buy(buyer)
        assert seen == [False]

    @pytest.mark.parametrize("code", ["", "nothing", "starter", "package_50 "])
    def test_what_is_not_on_sale_here_is_not_sold(self, buyer: User, code: str) -> None:
        with pytest.raises(NotOnSale):
            buy(buyer, code)
        assert Purchase.objects.count() == StripeCustomer.objects.count() == 0

    def test_a_withdrawn_package_is_not_sold(self, buyer: User) -> None:
        TokenPackage.objects.filter(code="package_50").update(on_sale=False)
        with pytest.raises(NotOnSale):
            buy(buyer)

    def test_nobody_buys_on_terms_they_did_not_see(self, buyer: User) -> None:
        assert buy(buyer, shown_terms="50-4900-usd").price_cents == 4900
        TokenPackage.objects.filter(code="package_50").update(price_cents=5900)
        with pytest.raises(orders.OfferChanged):
            buy(buyer, shown_terms="50-4900-usd")
        assert Purchase.objects.count() == 1


class TestASecondClick:
    def test_it_returns_to_the_open_page(self, buyer: User) -> None:
        assert buy(buyer).pk == buy(buyer).pk

    def test_another_package_price_or_consent_is_another_purchase(self, buyer: User) -> None:
        purchases = {buy(buyer).pk, buy(buyer, "package_100").pk, buy(buyer, save_card=True).pk}
        TokenPackage.objects.filter(code="package_50").update(price_cents=5900)
        assert len(purchases | {buy(buyer).pk}) == 4

    def test_somebody_else_has_their_own(self, buyer: User, stranger: User) -> None:
        assert buy(buyer).pk != buy(stranger).pk

    def test_a_page_about_to_close_is_not_reused(self, buyer: User) -> None:
        first = buy(buyer)
        Purchase.objects.filter(pk=first.pk).update(expires_at=timezone.now() + timedelta(seconds=59))
        assert buy(buyer).pk != first.pk

    def test_one_paid_meanwhile_is_credited_and_a_new_one_opened(self, buyer: User, sandbox: SandboxProcess) -> None:
        first = buy(buyer)
        sandbox.control(f"pay/{first.stripe_session_id}", {})
        second = buy(buyer)
        assert second.pk != first.pk
        first.refresh_from_db()
        assert (first.state, second.state) == (State.PAID, State.OPEN)

    def test_one_paid_and_refunded_meanwhile_leaves_no_tokens_to_spend(
        self, buyer: User, sandbox: SandboxProcess
    ) -> None:
        first = buy(buyer)
        sandbox.control(f"pay/{first.stripe_session_id}", {})
        payment = session_at_stripe(first).payment_intent.id
        gateway.client.client().v1.refunds.create(params={"payment_intent": payment})
        second = buy(buyer)
        first.refresh_from_db()
        assert (first.state, first.tokens_gone, second.pk != first.pk) == (State.PAID, 50, True)
        assert TokenAccount.objects.get(user=buyer).balance == 0

    def test_one_expired_meanwhile_is_closed_and_a_new_one_opened(self, buyer: User, sandbox: SandboxProcess) -> None:
        first = buy(buyer)
        sandbox.control(f"sessions/{first.stripe_session_id}/expire", {})
        assert buy(buyer).pk != first.pk
        first.refresh_from_db()
        assert first.state == State.EXPIRED


class TestStripeInTrouble:
    @pytest.mark.parametrize("kind", ["error_500", "error_429", "error_409", "down"])
    def test_an_outage_charges_nothing_and_the_next_click_makes_it_good(
        self, buyer: User, sandbox: SandboxProcess, kind: str
    ) -> None:
        sandbox.control("faults", {"kind": kind, "calls": 20, "path": OPENING})
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        waiting = Purchase.objects.get()
        assert waiting.state == State.CREATED
        sandbox.control("faults", {})
        assert (buy(buyer).pk, Purchase.objects.get().state) == (waiting.pk, State.OPEN)

    def test_a_session_made_but_never_heard_of_is_found_again(self, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "cut", "calls": 3, "method": "POST", "path": OPENING})
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        sandbox.control("faults", {})
        purchase = buy(buyer)
        sessions = gateway.client.client().v1.checkout.sessions.list().data
        assert [session.id for session in sessions] == [purchase.stripe_session_id]

    def test_an_error_that_stripe_replays_does_not_keep_the_buyer_from_buying(
        self, buyer: User, sandbox: SandboxProcess
    ) -> None:
        sandbox.control("faults", {"kind": "error_500_after", "calls": 1, "method": "POST", "path": OPENING})
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        stuck = Purchase.objects.get()
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        assert (buy(buyer).pk != stuck.pk, Purchase.objects.filter(state=State.OPEN).count()) == (True, 1)

    def test_a_customers_error_that_stripe_replays_does_not_either(self, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "error_500_after", "calls": 1, "method": "POST", "path": CUSTOMERS})
        with pytest.raises(gateway.StripeUnavailable) as outage:
            buy(buyer)
        assert (outage.value.status, StripeCustomer.objects.count()) == (500, 0)
        assert buy(buyer).state == State.OPEN

    def test_a_customer_made_but_never_heard_of_is_found_again(self, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "cut", "calls": 3, "method": "POST", "path": CUSTOMERS})
        with pytest.raises(gateway.StripeUnavailable) as outage:
            buy(buyer)
        waiting = StripeCustomer.objects.get()
        assert (outage.value.status, waiting.stripe_customer_id) == (0, None)
        sandbox.control("faults", {})
        buy(buyer)
        assert StripeCustomer.objects.get().pk == waiting.pk
        assert len(gateway.client.client().v1.customers.list().data) == 1

    @pytest.mark.parametrize("kind", ["error_429", "error_409", "down"])
    def test_other_trouble_with_a_customer_keeps_its_key(self, buyer: User, sandbox: SandboxProcess, kind: str) -> None:
        sandbox.control("faults", {"kind": kind, "calls": 20, "path": CUSTOMERS})
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        waiting = StripeCustomer.objects.get()
        sandbox.control("faults", {})
        buy(buyer)
        assert StripeCustomer.objects.get().pk == waiting.pk

    def test_no_answer_in_time_is_an_outage(self, buyer: User, sandbox: SandboxProcess, settings: Any) -> None:
        settings.STRIPE_TIMEOUT_SECONDS = 0.3
        sandbox.control("faults", {"kind": "timeout", "calls": 3, "path": OPENING, "seconds": 1})
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)

    def test_a_retry_within_the_call_is_not_noticed(self, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "error_500", "calls": 1, "path": OPENING})
        assert buy(buyer).state == State.OPEN

    def test_a_refusal_fails_the_purchase_and_is_logged_with_its_request(
        self, buyer: User, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_wrong"
        with pytest.raises(gateway.StripeRefused):
            buy(buyer)
        purchase = Purchase.objects.get()
        assert (purchase.state, purchase.state_reason) == (State.FAILED, orders.REFUSED)
        [record] = [record for record in caplog.records if "stripe_refused" in record.getMessage()]
        assert "req_" in record.getMessage()
        assert "sk_test_wrong" not in caplog.text

    def test_a_customer_deleted_at_stripe_is_made_anew(self, buyer: User) -> None:
        buy(buyer)
        gone = StripeCustomer.objects.get()
        gateway.client.client().v1.customers.delete(gone.stripe_customer_id or "")
        with pytest.raises(gateway.CustomerGone):
            buy(buyer, "package_100")
        assert buy(buyer, "package_100").state == State.OPEN
        assert StripeCustomer.objects.get().stripe_customer_id != gone.stripe_customer_id


class TestACustomerReplacedOnTheWay:
    """Another request met a 500 for the key both used, or found the customer deleted at Stripe."""

    def test_before_the_purchase_is_written(self, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        gone = StripeCustomer.objects.create(user=buyer, email=buyer.email)
        real = catalog.package_on_sale

        def replace_meanwhile(code: str) -> TokenPackage:
            StripeCustomer.objects.filter(pk=gone.pk).delete()
            return real(code)

        monkeypatch.setattr(catalog, "package_on_sale", replace_meanwhile)
        assert buy(buyer).state == State.OPEN
        assert StripeCustomer.objects.get().pk != gone.pk

    def test_while_stripe_is_asked(self, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        real, seen = gateway.create_customer, []

        def create(customer: StripeCustomer) -> str:
            seen.append(customer.pk)
            if len(seen) == 1:
                StripeCustomer.objects.filter(pk=customer.pk).delete()
            return real(customer)

        monkeypatch.setattr(gateway, "create_customer", create)
        purchase = buy(buyer)
        customer = StripeCustomer.objects.get()
        assert (seen[1:], customer.pk != seen[0]) == ([customer.pk], True)
        assert session_at_stripe(purchase).customer == customer.stripe_customer_id

    def test_one_that_got_its_id_is_not_replaced(self, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail_while_another_succeeds(customer: StripeCustomer) -> str:
            StripeCustomer.objects.filter(pk=customer.pk).update(stripe_customer_id="cus_other")
            raise gateway.StripeUnavailable("create_customer", status=500)

        monkeypatch.setattr(gateway, "create_customer", fail_while_another_succeeds)
        with pytest.raises(gateway.StripeUnavailable):
            buy(buyer)
        assert StripeCustomer.objects.get().stripe_customer_id == "cus_other"


class TestTwoHostsOneWithAnOldKey:
    def test_a_page_opened_by_one_is_asked_about_though_the_other_was_refused(
        self, buyer: User, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buy(buyer, "package_100")  # the customer is known
        real = gateway.create_checkout_session

        def refused(purchase: Purchase, customer: str) -> gateway.PaymentSnapshot:
            raise gateway.StripeRefused("api_key_expired", "req_1")

        def create(purchase: Purchase, customer: str) -> gateway.PaymentSnapshot:
            monkeypatch.setattr(gateway, "create_checkout_session", refused)
            with pytest.raises(gateway.StripeRefused):
                buy(buyer)
            assert Purchase.objects.get(pk=purchase.pk).state == State.FAILED
            return real(purchase, customer)

        monkeypatch.setattr(gateway, "create_checkout_session", create)
        purchase = buy(buyer)
        sandbox.control(f"pay/{purchase.stripe_session_id}", {})
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=5))
        reconcile.reconcile()
        purchase.refresh_from_db()
        assert purchase.state == State.PAID


class TestACrashOnTheWay:
    def test_before_stripe_was_asked_the_next_click_opens_the_same_purchase(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(gateway, "create_checkout_session", _die)
            with pytest.raises(KeyboardInterrupt):
                buy(buyer)
        assert Purchase.objects.get().state == State.CREATED
        assert buy(buyer) == Purchase.objects.get()

    def test_before_the_session_was_noted_the_next_click_finds_it(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(checkout, "settle", _die)
            with pytest.raises(KeyboardInterrupt):
                buy(buyer)
        purchase = buy(buyer)
        sessions = gateway.client.client().v1.checkout.sessions.list().data
        assert [session.id for session in sessions] == [purchase.stripe_session_id]

    def test_reconciliation_finds_it_as_well(self, buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(checkout, "settle", _die)
            with pytest.raises(KeyboardInterrupt):
                buy(buyer)
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        report = reconcile.reconcile()
        assert (report.compared, report.changed) == (1, 1)
        assert Purchase.objects.get().state == State.OPEN


def _die(*_: Any) -> Any:
    raise KeyboardInterrupt
