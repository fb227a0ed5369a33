"""The portal, the subscription's payment page and the clock in a real browser: by keyboard, and nothing for axe."""

import pytest
from playwright.sync_api import Page

from tests.sandbox.subscribers import Subscriber, open_subscription_session, subscribe
from tests.sandbox.test_pages_in_a_browser import chromium, flaws, page
from tests.sandbox_process import SandboxProcess

__all__ = ["chromium", "page"]


@pytest.fixture
def subscriber(sandbox: SandboxProcess) -> Subscriber:
    return subscribe(sandbox)


@pytest.fixture
def portal(subscriber: Subscriber) -> str:
    back = subscriber.sandbox.url.replace("127.0.0.1", "localhost")
    params = {"customer": subscriber.customer, "return_url": f"{back}/mail/"}
    return subscriber.api.v1.billing_portal.sessions.create(params=params).url  # type: ignore[arg-type]


class TestThePortal:
    def test_cancels_and_goes_on_by_keyboard(self, page: Page, portal: str, subscriber: Subscriber) -> None:
        page.goto(portal)
        assert flaws(page) == []
        page.get_by_role("link", name="Cancel the subscription").press("Enter")
        assert flaws(page) == []
        page.get_by_role("button", name="Cancel the subscription").press("Enter")
        page.get_by_text("Your subscription will end with the present period.").wait_for()
        assert flaws(page) == []
        assert subscriber.now().cancel_at == subscriber.period()[1]
        page.get_by_role("button", name="Keep the subscription").press("Enter")
        page.get_by_text("Your subscription goes on.").wait_for()
        assert subscriber.now().cancel_at is None
        page.get_by_role("link", name="Back to Test shop").press("Enter")
        page.wait_for_url("**/mail/")

    def test_changes_the_card_and_pays_a_failed_renewal(
        self, page: Page, portal: str, subscriber: Subscriber, sandbox: SandboxProcess
    ) -> None:
        for title in ("Can be saved, every charge fails", "Pays, Mastercard"):
            page.goto(portal)
            page.get_by_role("link", name="Change the card").click()
            assert flaws(page) == []
            page.get_by_role("button", name=title).click()
            page.get_by_role("button", name="Save the card").click()
            page.get_by_text("Your card is saved.").wait_for()
            subscriber.advance_to_renewal() if "fails" in title else None
        page.goto(portal)
        assert flaws(page) == []
        page.get_by_role("button", name="Pay now").click()
        page.get_by_text("The invoice is paid.").wait_for()
        assert (subscriber.now().status, len(subscriber.invoices())) == ("active", 2)
        page.get_by_role("link", name="View").first.click()
        page.get_by_role("heading", name="Invoice").wait_for()
        assert flaws(page) == []
        page.get_by_role("link", name="Back to billing").click()
        page.wait_for_url(portal)

    def test_says_what_is_wrong_with_a_card(self, page: Page, portal: str) -> None:
        page.goto(f"{portal}/card")
        page.get_by_role("button", name="Save the card").click()
        page.get_by_role("alert").wait_for()
        assert flaws(page) == []
        page.get_by_role("button", name="Declined").click()
        page.get_by_role("button", name="Save the card").click()
        page.get_by_role("alert").wait_for()
        assert page.get_by_role("alert").get_by_role("link").all_text_contents() == ["Your card was declined."]


class TestTheOtherPages:
    def test_subscribe(self, page: Page, subscriber: Subscriber, sandbox: SandboxProcess) -> None:
        back = f"{sandbox.url.replace('127.0.0.1', 'localhost')}/mail/"
        session = open_subscription_session(subscriber.api, success_url=back, cancel_url=back)
        page.goto(str(session.url))
        page.get_by_role("button", name="Pays 4242").or_(
            page.get_by_role("button", name="Pays", exact=False)
        ).first.click()
        assert flaws(page) == []
        page.get_by_role("button", name="Subscribe").click()
        page.wait_for_url("**/mail/")
        assert len(subscriber.api.v1.subscriptions.list().data) == 2

    def test_move_the_clock_and_end_a_subscription(
        self, page: Page, subscriber: Subscriber, sandbox: SandboxProcess
    ) -> None:
        page.goto(sandbox.url)
        page.get_by_role("button", name="Move by a month").click()
        page.get_by_text("The clock is a month ahead").wait_for()
        assert flaws(page) == []
        assert [one.status for one in subscriber.invoices()] == ["paid", "paid"]
        page.get_by_role("button", name="End now").click()
        page.get_by_text("The subscription has ended.").wait_for()
        assert subscriber.now().status == "canceled"
