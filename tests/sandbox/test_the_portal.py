"""The billing portal, without JavaScript: look, cancel in two steps, take it back, change the card, pay."""

import pytest
import stripe

from tests.sandbox.browser import Browser, Page
from tests.sandbox.shape_check import problems
from tests.sandbox.subscribers import Subscriber, subscribe
from tests.sandbox.test_objects_have_the_shape_of_the_api_version import fetch
from tests.sandbox.things import CARD
from tests.sandbox_process import SandboxProcess

BACK = "http://127.0.0.1:8000/account/billing/"


@pytest.fixture
def subscriber(sandbox: SandboxProcess) -> Subscriber:
    return subscribe(sandbox)


@pytest.fixture
def portal(subscriber: Subscriber) -> str:
    """The path of the subscriber's portal page."""
    params: stripe.params.billing_portal.SessionCreateParams = {"customer": subscriber.customer, "return_url": BACK}
    url = subscriber.api.v1.billing_portal.sessions.create(params=params).url
    return url.removeprefix(subscriber.sandbox.url)


def save(browser: Browser, portal: str, number: str) -> Page:
    return browser.submit(f"{portal}/card", {**CARD, "number": number})


class TestAPortalSession:
    def test_is_made_for_a_customer_with_the_default_configuration(
        self, subscriber: Subscriber, sandbox: SandboxProcess
    ) -> None:
        session = subscriber.api.v1.billing_portal.sessions.create(
            params={"customer": subscriber.customer, "return_url": BACK}
        )
        assert (session.customer, session.return_url) == (subscriber.customer, BACK)
        configurations = fetch(sandbox, "billing_portal/configurations?is_default=true")["data"]
        assert [one["id"] for one in configurations] == [session.configuration]
        bodies = [session.to_dict(for_json=True), *configurations]
        assert [problem for body in bodies for problem in problems(body)] == []

    def test_is_refused_without_a_living_customer_or_with_a_wrong_address(self, subscriber: Subscriber) -> None:
        create = subscriber.api.v1.billing_portal.sessions.create
        for params, param in (({}, "customer"), ({"customer": "cus_x"}, "customer")):
            with pytest.raises(stripe.InvalidRequestError) as caught:
                create(params=params)  # type: ignore[arg-type]  # wrong on purpose
            assert caught.value.param == param
        with pytest.raises(stripe.InvalidRequestError) as caught:
            create(params={"customer": subscriber.customer, "return_url": "javascript:alert(1)"})
        assert caught.value.param == "return_url"

    def test_takes_a_configuration_of_its_own(self, subscriber: Subscriber) -> None:
        api = subscriber.api
        made = api.v1.billing_portal.configurations.create(
            params={"features": {"invoice_history": {"enabled": True}}, "default_return_url": BACK}
        )
        session = api.v1.billing_portal.sessions.create(
            params={"customer": subscriber.customer, "configuration": made.id}
        )
        assert (made.is_default, session.configuration, session.return_url) == (False, made.id, BACK)

    def test_is_gone_with_its_customer_and_unknown_addresses_are_a_page(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        subscriber.api.v1.customers.delete(subscriber.customer)
        assert [browser.get(path).status for path in (portal, f"{portal}/card", "/portal/bps_x", "/invoices/in_x")] == [
            404,
            404,
            404,
            404,
        ]


class TestThePortal:
    def test_shows_subscription_card_invoices_and_the_way_back(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        text = browser.get(portal).text
        for shown in ("$99.00 per month", "Renews on", "Visa ending in 4242, expires 12/2034", f'href="{BACK}"'):
            assert (shown, text.count(shown)) == (shown, 1)
        invoice = subscriber.invoices()[0]
        from_here = f"/invoices/{invoice.id}?portal={portal.removeprefix('/portal/')}"
        assert text.count(f'href="{from_here}"') == 1
        page = browser.get(from_here).text
        assert page.count(f"<h1>Invoice {invoice.number}</h1>") == 1
        assert page.count(f'href="{portal}"') == 1

    def test_is_led_back_to_from_its_own_invoices_alone(
        self, sandbox: SandboxProcess, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        invoice, others = subscriber.invoices()[0].id, subscribe(sandbox).invoices()[0].id
        key = portal.removeprefix("/portal/")
        for path in (f"/invoices/{invoice}", f"/invoices/{invoice}?portal=bps_x", f"/invoices/{others}?portal={key}"):
            page = browser.get(path)
            assert (path, page.status, page.text.count("Back to billing")) == (path, 200, 0)

    def test_of_a_customer_without_anything_says_so(self, api: stripe.StripeClient, browser: Browser) -> None:
        customer = api.v1.customers.create().id
        text = browser.get(api.v1.billing_portal.sessions.create(params={"customer": customer}).url).text
        for shown in ("You have no subscription with", "No card is saved.", "None yet."):
            assert (shown, text.count(shown)) == (shown, 1)

    def test_cancels_in_two_steps_by_cancel_at_alone_and_takes_it_back(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        step = f"{portal}/cancel/{subscriber.key}"
        assert browser.get(step).status == 200
        assert subscriber.now().cancel_at is None
        assert browser.submit(step, {}).location == portal
        planned = subscriber.now()
        assert (planned.cancel_at_period_end, planned.cancel_at) == (False, subscriber.period()[1])
        text = browser.get(portal).text
        assert [text.count(words) for words in ("Keep the subscription", "Ends on", "Active")] == [1, 1, 0]
        browser.submit(f"{portal}/keep/{subscriber.key}", {}, page=portal)
        assert (subscriber.now().cancel_at, subscriber.now().status) == (None, "active")

    def test_ends_a_cancelled_subscription_with_its_period(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        browser.submit(f"{portal}/cancel/{subscriber.key}", {})
        subscriber.advance(days=32)
        assert (subscriber.now().status, len(subscriber.invoices())) == ("canceled", 1)
        assert browser.get(portal).text.count("Ended on") == 1

    def test_leaves_other_people_s_subscriptions_alone(
        self, sandbox: SandboxProcess, portal: str, browser: Browser
    ) -> None:
        other = subscribe(sandbox)
        assert browser.get(f"{portal}/cancel/{other.key}").status == 404
        browser.submit(f"{portal}/keep/{other.key}", {}, page=portal)
        browser.submit(f"{portal}/pay/{other.invoices()[0].id}", {}, page=f"{portal}/card")
        assert browser.get(portal).text.count("There is nothing to pay on this invoice.") == 1
        assert (other.now().status, other.now().cancel_at) == ("active", None)

    def test_changes_the_card_that_the_next_renewal_is_charged_to(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        before = subscriber.method()
        assert save(browser, portal, "5555 5555 5555 4444").location == portal
        assert browser.get(portal).text.count("Mastercard ending in 4444") == 1
        customer = subscriber.api.v1.customers.retrieve(subscriber.customer)
        assert customer.invoice_settings is not None
        assert customer.invoice_settings.default_payment_method == subscriber.method() != before
        subscriber.advance_to_renewal()
        assert subscriber.api.v1.charges.list().data[0].payment_method == subscriber.method()

    def test_refuses_a_declined_card_and_keeps_the_old_one(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        before = subscriber.method()
        page = save(browser, portal, "4000000000000002")
        assert (page.status, page.text.count("Your card was declined.")) == (402, 2)
        assert save(browser, portal, "4242").status == 422
        assert subscriber.method() == before

    def test_asks_the_bank_before_it_saves_a_card_with_3d_secure(
        self, subscriber: Subscriber, portal: str, browser: Browser
    ) -> None:
        before = subscriber.method()
        for answer, changed in (("fail", False), ("complete", True)):
            assert save(browser, portal, "4000002500003155").location == f"{portal}/authenticate"
            assert browser.submit(f"{portal}/authenticate", {answer: "yes"}).location == portal
            assert (subscriber.method() != before) == changed
        assert browser.get(f"{portal}/authenticate").location == portal
        subscriber.advance_to_renewal()
        assert subscriber.now().status == "active"

    def test_pays_what_a_renewal_could_not(self, subscriber: Subscriber, portal: str, browser: Browser) -> None:
        save(browser, portal, "4000000000000341")
        subscriber.advance_to_renewal()
        assert browser.get(portal).text.count("Payment failed") == 1
        invoice = subscriber.invoices()[0].id
        browser.submit(f"{portal}/pay/{invoice}", {}, page=portal)
        assert browser.get(portal).text.count("Your card was declined.") == 1
        save(browser, portal, "4242424242424242")
        browser.submit(f"{portal}/pay/{invoice}", {}, page=portal)
        assert (subscriber.now().status, subscriber.invoices()[0].status) == ("active", "paid")
        subscriber.advance(days=22)
        assert (subscriber.now().status, len(subscriber.invoices())) == ("active", 2)
