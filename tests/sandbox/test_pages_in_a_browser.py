"""The pages in a real browser: paid by keyboard, back at the shop, and nothing for axe to find."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.sandbox.listener import Listener
from tests.sandbox.things import off_session, open_session, save_card
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def chromium(launch_browser: Callable[[], Browser]) -> Iterator[Browser]:
    """The real browser; `browser` is the sandbox tests' own, without JavaScript."""
    launched = launch_browser()
    yield launched
    launched.close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 320, "height": 800}, color_scheme=request.param)
    yield context.new_page()
    context.close()


@pytest.fixture
def session(api: stripe.StripeClient, sandbox: SandboxProcess) -> stripe.checkout.Session:
    """One that leads back to a page which exists, on another origin than the sandbox's."""
    back = sandbox.url.replace("127.0.0.1", "localhost")
    return open_session(api, success_url=f"{back}/mail/?to={{CHECKOUT_SESSION_ID}}", cancel_url=f"{back}/mail/")


def flaws(page: Page) -> list[Any]:
    found: list[Any] = [violation["id"] for violation in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than 320 px")
    if page.evaluate("[...document.querySelectorAll('.scroll')].some((one) => one.scrollWidth > one.clientWidth)"):
        found.append("a table is cut at the side")
    return found


class TestThePaymentPage:
    def test_is_paid_by_keyboard_and_leads_back(
        self, page: Page, session: stripe.checkout.Session, api: stripe.StripeClient
    ) -> None:
        assert session.url is not None
        page.goto(session.url)
        page.get_by_role("textbox", name="Email").focus()
        for entry in ("ann@example.com", "4242424242424242", "1234", "123", "Ann"):
            page.keyboard.type(entry)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/mail/?to={session.id}")
        assert api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"

    def test_enter_in_a_field_pays_and_does_not_fill_in_a_test_card(
        self, page: Page, session: stripe.checkout.Session, api: stripe.StripeClient
    ) -> None:
        assert session.url is not None
        page.goto(session.url)
        page.get_by_role("textbox", name="Email").press("Enter")
        page.get_by_role("alert").wait_for()
        assert page.get_by_role("alert").get_by_role("link").count() == 5
        assert flaws(page) == []

    def test_passes_through_the_bank(self, page: Page, session: stripe.checkout.Session) -> None:
        assert session.url is not None
        page.goto(session.url)
        assert flaws(page) == []
        page.get_by_role("button", name="3-D Secure, every time").click()
        page.get_by_role("button", name="Pay $49.00", exact=True).click()
        assert flaws(page) == []
        page.get_by_role("button", name="Fail authentication").click()
        assert flaws(page) == []
        page.get_by_role("button", name="Declined").click()
        page.get_by_role("button", name="Pay $49.00", exact=True).click()
        assert flaws(page) == []


class TestTheOtherPages:
    def test_have_no_flaws(
        self,
        page: Page,
        session: stripe.checkout.Session,
        api: stripe.StripeClient,
        sandbox: SandboxProcess,
        shop: Listener,
    ) -> None:
        sandbox.control(f"pay/{session.id}", {})
        sandbox.control(f"pay/{open_session(api).id}", {"bank": ""})
        sandbox.control(f"pay/{open_session(api).id}", {"card": "4000000000000002"})
        sandbox.control("wait", {"seconds": 5})
        charge = next(one for one in api.v1.charges.list().data if one.status == "succeeded")
        event = api.v1.events.list().data[0].id
        for path in ("/", f"/events/{event}", "/mail/", f"/receipts/{charge.id}", f"/c/pay/{session.id}", "/c/pay/x"):
            page.goto(f"{sandbox.url}{path}")
            assert (path, flaws(page)) == (path, [])

    def test_change_how_webhooks_behave(self, page: Page, sandbox: SandboxProcess) -> None:
        page.goto(sandbox.url)
        page.get_by_label("Webhooks", exact=True).select_option("hold")
        page.get_by_role("button", name="Apply").click()
        page.get_by_text("Webhooks now behave as set.").wait_for()
        assert sandbox.control("state")["settings"]["mode"] == "hold"
        page.get_by_label("The API will").select_option("error_429")
        page.get_by_role("button", name="Break").click()
        page.get_by_text("The API will fail as set.").wait_for()
        assert [one["kind"] for one in sandbox.control("state")["faults"]] == ["error_429"]
        page.get_by_role("button", name="Mend").click()
        page.get_by_text("The API works again.").wait_for()
        assert sandbox.control("state")["faults"] == []

    def test_dispute_a_payment_and_let_a_card_expire(
        self, page: Page, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        method = save_card(api, customer, "pm_card_visa")
        off_session(api, customer, method)
        page.goto(sandbox.url)
        page.get_by_role("button", name="Inquire").click()
        page.get_by_text("The cardholder went to the bank.").wait_for()
        assert flaws(page) == []
        page.get_by_role("button", name="Escalate").click()
        page.get_by_role("button", name="Shop wins").click()
        page.get_by_text("The bank has decided.").wait_for()
        assert [one.status for one in api.v1.disputes.list().data] == ["won"]
        page.get_by_role("button", name="Let it expire").click()
        page.get_by_text("The card has expired.").wait_for()
        with pytest.raises(stripe.CardError):
            off_session(api, customer, method)

    def test_refund_settle_and_expire(self, page: Page, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        waiting, paid, debit = (open_session(api).id for _ in range(3))
        sandbox.control(f"pay/{paid}", {})
        sandbox.control(f"pay/{debit}", {"bank": ""})
        page.goto(sandbox.url)
        page.get_by_role("button", name="Expire").click()
        page.get_by_text("The session is expired.").wait_for()
        assert api.v1.checkout.sessions.retrieve(waiting).status == "expired"
        page.get_by_label("Cents to refund").fill("100")
        page.get_by_role("button", name="Refund").click()
        page.get_by_text("Refunded.").wait_for()
        assert [one.amount for one in api.v1.refunds.list().data] == [100]
        page.get_by_role("button", name="Bank says yes").click()
        page.get_by_text("The bank debit succeeded.").wait_for()
        assert api.v1.checkout.sessions.retrieve(debit).payment_status == "paid"
