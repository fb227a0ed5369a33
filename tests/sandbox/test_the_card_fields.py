"""The stand-in Stripe.js on a page of another origin with a strict content policy, in a real browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.sandbox.little_shop import LittleShop
from tests.sandbox.things import held_intent, intent_params, intent_statuses, off_session, save_card
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def chromium(launch_browser: Callable[[], Browser]) -> Iterator[Browser]:
    launched = launch_browser()
    yield launched
    launched.close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """Fails the test when the browser complains: about the content policy, or a script's mistake."""
    context = chromium.new_context(viewport={"width": 390, "height": 800}, color_scheme=request.param)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def little_shop(sandbox: SandboxProcess) -> Iterator[LittleShop]:
    opened = LittleShop(sandbox.url)
    yield opened
    opened.close()


@pytest.fixture
def intent(api: stripe.StripeClient) -> stripe.PaymentIntent:
    params: Any = intent_params()
    return api.v1.payment_intents.create(params=params)


def fields(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure payment input frame']")


def fill(page: Page, number: str) -> None:
    fields(page).get_by_label("Card number").fill(number)
    fields(page).get_by_label("Expiration date").fill("12 / 34")
    fields(page).get_by_label("Security code").fill("123")


def pay(page: Page, number: str) -> None:
    fill(page, number)
    page.get_by_role("button", name="Pay").click()


def flaws(page: Page) -> list[Any]:
    return [violation["id"] for violation in Axe().run(page).response["violations"]]


def bank(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")


class TestPaying:
    def test_by_keyboard_alone_charges_once(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, api: stripe.StripeClient
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        expect(page.get_by_role("button", name="Pay")).to_be_enabled()
        assert flaws(page) == []
        for entry in ("4242424242424242", "1234", "123"):
            page.keyboard.press("Tab")
            page.keyboard.type(entry)
        expect(fields(page).get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
        expect(page.locator("body")).to_have_attribute("data-complete", "true")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("succeeded")
        assert intent_statuses(api) == ["succeeded"]

    def test_after_a_decline_works_with_another_card(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, api: stripe.StripeClient
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0000 0000 9995")
        expect(page.get_by_role("status")).to_have_text("card_error card_declined insufficient_funds")
        assert intent_statuses(api) == ["requires_payment_method"]
        pay(page, "4242 4242 4242 4242")
        expect(page.get_by_role("status")).to_have_text("succeeded")
        assert [charge.status for charge in api.v1.charges.list().data] == ["succeeded", "failed"]

    def test_of_what_is_typed_wrong_is_said_at_the_field(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, api: stripe.StripeClient
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("status")).to_have_text("incomplete_number")
        expect(fields(page).get_by_label("Card number")).to_be_focused()
        expect(fields(page).get_by_text("Your card number is incomplete.")).to_be_visible()
        assert flaws(page) == []
        pay(page, "4242 4242 4242 4241")
        expect(page.get_by_role("status")).to_have_text("invalid_number")
        assert api.v1.charges.list().data == []

    def test_leads_to_the_return_url_when_it_always_shall(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent
    ) -> None:
        page.goto(f"{little_shop.url}/?redirect=always&secret={intent.client_secret}")
        pay(page, "4242 4242 4242 4242")
        page.wait_for_url(f"{little_shop.url}/bought?payment_intent={intent.id}&**redirect_status=succeeded")

    def test_another_amount_than_was_shown_is_refused(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, api: stripe.StripeClient
    ) -> None:
        page.goto(f"{little_shop.url}/?amount=100&secret={intent.client_secret}")
        pay(page, "4242 4242 4242 4242")
        expect(page.get_by_role("status")).to_have_text("invalid_request_error")
        page.goto(f"{little_shop.url}/?amount=4900&secret={intent.client_secret}")
        pay(page, "4242 4242 4242 4242")
        expect(page.get_by_role("status")).to_have_text("succeeded")
        assert len(api.v1.charges.list().data) == 1


def watch_the_height(page: Page) -> None:
    """Let the page remember every height its card fields have, from the moment they are there."""
    page.add_init_script(
        """if (self === top) new MutationObserver((_, seen) => {
            const frame = document.querySelector("iframe");
            if (!frame) return;
            seen.disconnect();
            window.heights = [];
            new ResizeObserver(() => window.heights.push(frame.offsetHeight)).observe(frame);
        }).observe(document, { childList: true, subtree: true });"""
    )


class TestTheLook:
    @pytest.mark.parametrize("width", [1280, 390, 320])
    def test_of_the_fields_is_level_of_one_height_and_in_line_with_the_shop(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, width: int
    ) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        watch_the_height(page)
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        expect(page.get_by_role("button", name="Pay")).to_be_enabled()
        names = ("Card number", "Expiration date", "Security code")
        number, expiry, code = (fields(page).get_by_label(name).bounding_box() for name in names)
        heading = page.get_by_role("heading", name="Little shop").bounding_box()
        assert number and expiry and code and heading
        assert expiry["y"] == code["y"]
        assert (number["x"], number["width"]) == (heading["x"], heading["width"])
        assert page.evaluate("new Promise((done) => setTimeout(() => done(window.heights), 100))") == [224]

    def test_of_the_fields_is_that_of_the_page_around_them(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        expect(page.get_by_role("button", name="Pay")).to_be_enabled()
        look = "one => [getComputedStyle(one).colorScheme, getComputedStyle(one).backgroundColor]"
        clear = "rgba(0, 0, 0, 0)"
        frame = page.locator("iframe").evaluate(look)
        around = [fields(page).locator(part).evaluate(look) for part in ("html", "body")]
        assert [frame, *around] == [["light dark", clear]] * 3

    @pytest.mark.parametrize("width", [1280, 390, 320])
    def test_of_the_banks_question_is_whole_and_in_the_middle(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, width: int
    ) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0027 6000 3184")
        expect(bank(page).get_by_text("Visa card ending in 3184")).to_be_visible()
        box = page.locator("dialog").bounding_box()
        assert box
        assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == (width / 2, 400)
        too_much = "page => page.scrollHeight - page.clientHeight"
        assert bank(page).locator("html").evaluate(too_much) == 0


class TestTheFrames:
    def test_have_no_flaws_by_themselves(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, sandbox: SandboxProcess
    ) -> None:
        page.goto(f"{sandbox.url}/js/frame")
        assert flaws(page) == []
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0027 6000 3184")
        bank(page).get_by_role("heading", name="Is it you?").wait_for()
        question = page.locator("dialog iframe").get_attribute("src")
        page.goto(str(question))
        assert flaws(page) == []
        page.get_by_role("button", name="Complete authentication").click()
        page.get_by_role("heading", name="The bank has answered").wait_for()
        assert flaws(page) == []


class TestTheBanksQuestion:
    def test_answered_well_pays(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, api: stripe.StripeClient
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0027 6000 3184")
        expect(bank(page).get_by_role("heading", name="Is it you?")).to_be_visible()
        assert flaws(page) == []
        assert intent_statuses(api) == ["requires_action"]
        bank(page).get_by_role("button", name="Complete authentication").click()
        expect(page.get_by_role("status")).to_have_text("succeeded")
        assert page.locator("dialog").count() == 0

    def test_answered_badly_charges_nothing_and_can_be_tried_again(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent, api: stripe.StripeClient
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0027 6000 3184")
        bank(page).get_by_role("button", name="Fail authentication").click()
        expect(page.get_by_role("status")).to_have_text("card_error payment_intent_authentication_failure")
        assert api.v1.charges.list().data == []
        pay(page, "4242 4242 4242 4242")
        expect(page.get_by_role("status")).to_have_text("succeeded")

    def test_left_with_escape_is_a_refusal(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0027 6000 3184")
        bank(page).get_by_role("heading", name="Is it you?").wait_for()
        page.locator("dialog").press("Escape")
        expect(page.get_by_role("status")).to_have_text("card_error payment_intent_authentication_failure")

    def test_can_be_taken_up_again_after_the_page_was_left(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        pay(page, "4000 0027 6000 3184")
        bank(page).get_by_role("heading", name="Is it you?").wait_for()
        page.goto(f"{little_shop.url}/?secret={intent.client_secret}")
        page.evaluate(
            """secret => { window.done = stripe.handleNextAction({ clientSecret: secret }); }""", intent.client_secret
        )
        bank(page).get_by_role("button", name="Complete authentication").click()
        assert page.evaluate("window.done.then(({ paymentIntent }) => paymentIntent.status)") == "succeeded"
        again = page.evaluate("secret => stripe.handleNextAction({ clientSecret: secret })", intent.client_secret)
        assert again["error"]["code"] == "payment_intent_unexpected_state"


class TestAPaymentTheBankHeldUpWhileTheBuyerWasAway:
    def test_is_finished_by_the_buyer_with_the_same_card(
        self, page: Page, little_shop: LittleShop, api: stripe.StripeClient
    ) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        method = save_card(api, customer, "pm_card_authenticationRequired")
        with pytest.raises(stripe.CardError) as caught:
            off_session(api, customer, method)
        held = held_intent(caught.value)
        page.goto(f"{little_shop.url}/?secret={held.client_secret}")
        page.evaluate(
            """([secret, method]) => {
                const confirmParams = { payment_method: method };
                window.done = stripe.confirmPayment({ clientSecret: secret, confirmParams, redirect: "if_required" });
            }""",
            [held.client_secret, method],
        )
        bank(page).get_by_role("button", name="Complete authentication").click()
        assert page.evaluate("window.done.then(({ paymentIntent }) => paymentIntent.status)") == "succeeded"
        assert api.v1.payment_intents.retrieve(held.id).payment_method == method


class TestASecretThatLeadsNowhere:
    def test_is_said_before_anything_is_typed(
        self, page: Page, little_shop: LittleShop, intent: stripe.PaymentIntent
    ) -> None:
        page.goto(f"{little_shop.url}/?secret={intent.id}_secret_guessed")
        expect(page.get_by_role("status")).to_contain_text("loaderror The client_secret provided does not match")


class TestSavingACard:
    def test_keeps_it_for_payments_without_the_buyer(
        self, page: Page, little_shop: LittleShop, api: stripe.StripeClient
    ) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        setup = api.v1.setup_intents.create(params={"customer": customer})
        page.goto(f"{little_shop.url}/?secret={setup.client_secret}")
        pay(page, "4000 0025 0000 3155")
        bank(page).get_by_role("button", name="Complete authentication").click()
        expect(page.get_by_role("status")).to_have_text("succeeded")
        saved = api.v1.payment_methods.list(params={"customer": customer}).data
        assert [method.id for method in saved] == [api.v1.setup_intents.retrieve(setup.id).payment_method]
        params: Any = intent_params(customer=customer, payment_method=saved[0].id, off_session=True, confirm=True)
        assert api.v1.payment_intents.create(params=params).status == "succeeded"
