"""Bank debits, free orders, expired sessions, who comes first - and what guards every page."""

import time

import pytest
import stripe

from tests.sandbox.browser import Browser
from tests.sandbox.listener import Listener
from tests.sandbox.things import card, open_session, pay_path, statuses
from tests.sandbox_process import SandboxProcess


class TestABankDebit:
    def pay(self, api: stripe.StripeClient, browser: Browser, decision: str) -> stripe.checkout.Session:
        session = open_session(api)
        fields = {"bank-email": "ann@example.com", "bank-name": "Ann", "bank-decision": decision, "bank": "debit"}
        assert browser.submit(pay_path(session), fields).status == 302
        return api.v1.checkout.sessions.retrieve(session.id)

    def test_completes_unpaid_and_waits_for_the_bank(
        self, api: stripe.StripeClient, browser: Browser, shop: Listener
    ) -> None:
        session = self.pay(api, browser, "")
        assert (session.status, session.payment_status) == ("complete", "unpaid")
        assert statuses(api) == (["processing"], ["pending"])
        completed = shop.wait_for("checkout.session.completed")[0].event["data"]["object"]
        assert completed["payment_status"] == "unpaid"
        assert "has not confirmed the debit" in browser.get(pay_path(session)).text

    def test_succeeds_when_the_panel_says_so_and_only_once(
        self, api: stripe.StripeClient, browser: Browser, shop: Listener, sandbox: SandboxProcess
    ) -> None:
        session = self.pay(api, browser, "")
        assert (
            browser.submit(f"/debits/{session.payment_intent}/settle", {"outcome": "succeeded"}, page="/").status == 302
        )
        told = shop.wait_for("checkout.session.async_payment_succeeded")[0].event["data"]["object"]
        assert (told["id"], told["payment_status"]) == (session.id, "paid")
        assert statuses(api) == (["succeeded"], ["succeeded"])
        again = sandbox.control(f"debits/{session.payment_intent}/settle", {"outcome": "failed"})
        assert again == {"settled": False}

    def test_fails_by_itself_when_chosen_on_the_page(
        self, api: stripe.StripeClient, shop: Listener, sandbox: SandboxProcess
    ) -> None:
        session = open_session(api)
        sandbox.control(f"pay/{session.id}", {"bank": "failed", "seconds": 0.3})
        assert statuses(api) == (["processing"], ["pending"])
        told = shop.wait_for("checkout.session.async_payment_failed")[0].event["data"]["object"]
        assert (told["id"], told["payment_status"], told["status"]) == (session.id, "unpaid", "complete")
        assert statuses(api) == (["requires_payment_method"], ["failed"])

    def test_is_not_offered_when_only_cards_are_allowed(
        self, api: stripe.StripeClient, browser: Browser, sandbox: SandboxProcess
    ) -> None:
        session = open_session(api, allowed_payment_method_types=["card"])
        assert "bank debit" not in browser.get(pay_path(session)).text
        fields = {"bank-email": "ann@example.com", "bank-name": "Ann", "bank-decision": "", "bank": "debit"}
        assert browser.submit(pay_path(session), fields).status == 422
        with pytest.raises(RuntimeError, match="does not take bank debits"):
            sandbox.control(f"pay/{session.id}", {"bank": ""})


class TestAFreeOrder:
    def test_completes_without_a_payment(self, api: stripe.StripeClient, browser: Browser, shop: Listener) -> None:
        session = open_session(api, 0)
        assert "Nothing to pay" in browser.get(pay_path(session)).text
        answer = browser.submit(pay_path(session), {"email": "ann@example.com", "name": "Ann", "free": "order"})
        assert answer.status == 302
        told = shop.wait_for("checkout.session.completed")[0].event["data"]["object"]
        assert (told["payment_status"], told["payment_intent"]) == ("no_payment_required", None)

    def test_cannot_be_had_for_a_session_that_costs_something(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        browser.submit(pay_path(session), {"email": "ann@example.com", "name": "Ann", "free": "order"})
        assert api.v1.checkout.sessions.retrieve(session.id).status == "open"


class TestAnExpiredSession:
    def test_says_so_and_takes_no_card(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        token_page = pay_path(open_session(api))
        api.v1.checkout.sessions.expire(session.id)
        assert "This checkout session has expired" in browser.get(pay_path(session)).text
        answer = browser.submit(pay_path(session), card("4242424242424242"), page=token_page)
        assert answer.location == pay_path(session)
        assert statuses(api) == ([], [])


class TestTheGuard:
    def test_refuses_a_form_without_its_token(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        assert browser.post(pay_path(session), card("4242424242424242")).status == 403
        assert browser.post("/reset", {}).status == 403
        assert statuses(api) == ([], [])

    @pytest.mark.parametrize("path", ["/", "/v1/balance", "/control/truth", "/mail/", "/healthz"])
    def test_refuses_other_host_names(self, browser: Browser, path: str) -> None:
        assert browser.get(path, {"Host": "evil.example"}).status == 400
        assert browser.get(path, {"Host": "localhost"}).status in (200, 401)

    def test_refuses_control_orders_a_foreign_page_could_send(self, browser: Browser) -> None:
        assert browser.post("/control/reset", {}, {"Content-Type": "text/plain"}).status == 415
        assert browser.get("/control/reset").status == 405

    def test_lets_nothing_in_from_elsewhere(self, api: stripe.StripeClient, browser: Browser) -> None:
        session = open_session(api)
        for path, form_action in (("/", "'self'"), (pay_path(session), "'self' http://127.0.0.1:8000")):
            page = browser.get(path)
            policy = page.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none';")
            assert policy.endswith(f"form-action {form_action}")
            assert "<script" not in page.text
            assert page.headers["Cache-Control"] == "no-store"

    def test_says_404_for_what_does_not_exist(self, browser: Browser) -> None:
        for path in (
            "/c/pay/cs_test_x",
            "/c/pay/cs_test_x/authenticate",
            "/receipts/ch_x",
            "/events/evt_x",
            "/mail/x.log/0/",
        ):
            assert browser.get(path).status == 404


class TestTheOrderOfWebhookAndReturn:
    def test_the_webhook_can_come_first(
        self, api: stripe.StripeClient, browser: Browser, shop: Listener, sandbox: SandboxProcess
    ) -> None:
        sandbox.control("settings", {"return_order": "webhook_first"})
        browser.submit(pay_path(open_session(api)), card("4242424242424242"))
        assert "checkout.session.completed" in shop.types()

    def test_the_browser_can_come_first(
        self, api: stripe.StripeClient, browser: Browser, shop: Listener, sandbox: SandboxProcess
    ) -> None:
        sandbox.control("settings", {"return_order": "browser_first", "browser_first_seconds": 1})
        browser.submit(pay_path(open_session(api)), card("4242424242424242"))
        returned_at = time.time()
        assert shop.heard == []
        heard = shop.wait_for("checkout.session.completed")[0]
        assert 0.5 < heard.at - returned_at < 3
