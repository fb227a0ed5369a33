"""Designs for a whole yard: one fails and is tried again, one is cancelled, a photo is kept on the way to buying."""

import re
from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.journeys.test_every_page import findings
from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop

YARD = ["Front yard", "Walkway", "Patio"]


@pytest.fixture(params=[1280, 360], ids=["desktop", "phone"])
def visitor(browser: Browser, shop: WholeShop, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Somebody with three free designs, at a desk or with a phone."""
    context = browser.new_context(viewport={"width": request.param, "height": 800}, reduced_motion="reduce")
    person = Visitor(context.new_page(), shop)
    person.sign_up(somebody())
    yield person
    context.close()


def card(page: Page, place: str) -> Locator:
    return page.locator(f"#{place}")


def sees(visitor: Visitor, place: str, state: str) -> None:
    expect(card(visitor.page, place).locator(".badge")).to_have_text(state, timeout=SLOW)


def sees_picture(visitor: Visitor, place: str) -> None:
    sees(visitor, place, "Done")
    picture = card(visitor.page, place).get_by_role("img")
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0


def button(visitor: Visitor) -> Locator:
    return visitor.page.locator("form.order button[type=submit]")


def yard_photo() -> FilePayload:
    sheet = BytesIO()
    Image.new("RGB", (800, 600), "#a05030").save(sheet, "JPEG")
    return {"name": "yard.jpg", "mimeType": "image/jpeg", "buffer": sheet.getvalue()}


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


class TestThreePlacesOfWhichOneFails:
    def test_its_credit_comes_back_and_pays_for_another_try(self, visitor: Visitor) -> None:
        page = visitor.page
        visitor.wish(f"impossible patio once, {uuid4()}", *YARD)
        expect(button(visitor)).to_have_text("Generate - 3 free")
        visitor.press_generate()
        expect(page).to_have_url(re.compile("/orders/"))
        address = page.url
        sees_picture(visitor, "front-yard")
        sees_picture(visitor, "walkway")
        sees(visitor, "patio", "Failed")
        expect(card(page, "patio")).to_contain_text("The garden could not be painted. 1 free credit returned.")
        visitor.navbar_says("1 free")
        assert findings(page) == []
        assert fits(page)

        card(page, "patio").get_by_role("button", name="Try again - 1 free credit (1 left)").click()
        expect(page).to_have_url(f"{address}#patio")
        sees_picture(visitor, "patio")
        visitor.navbar_says("0 tokens")
        expect(page.get_by_text("3 designs: 3 ready")).to_be_visible()
        card(page, "patio").get_by_role("link", name="Earlier try").click()
        visitor.sees_failure()
        page.get_by_role("link", name="It was tried again").click()
        visitor.sees_design()
        visitor.open("/tokens/")
        amounts = page.locator("table tbody .line-amount").all_inner_texts()
        assert amounts == [
            "-1 free credit",
            "+1 free credit",
            "-1 free credit",
            "-1 free credit",
            "-1 free credit",
            "+3 free credits",
        ]


class TestLeavingInTheMiddle:
    def test_reloading_or_leaving_loses_nothing(self, visitor: Visitor) -> None:
        page = visitor.page
        visitor.wish("slowly, a bench", *YARD[:2])
        visitor.press_generate()
        expect(page.get_by_text("You can leave this page")).to_be_visible()
        address = page.url
        page.reload()
        visitor.open("/generations/")
        page.goto(address)
        for place in ("front-yard", "walkway"):
            sees_picture(visitor, place)
        expect(page.get_by_text("You can leave this page")).to_be_hidden()
        visitor.navbar_says("1 free")


class TestCancelling:
    def test_what_waits_behind_others_gives_its_credit_back(self, visitor: Visitor, somebody_elses_yard: None) -> None:
        page = visitor.page
        visitor.wish("a pond", *YARD)
        visitor.press_generate()
        waiting = card(page, "patio")
        expect(waiting).to_contain_text(re.compile("will be painted before yours|Yours is the next"))
        waiting.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("status").filter(has_text="Cancelled. 1 free credit returned.")).to_be_visible()
        sees(visitor, "patio", "Cancelled")
        visitor.navbar_says("1 free")
        expect(waiting.get_by_role("button", name="Try again - 1 free credit (1 left)")).to_be_visible()
        for place in ("front-yard", "walkway"):
            sees_picture(visitor, place)

    @pytest.fixture
    def somebody_elses_yard(self, browser: Browser, visitor: Visitor) -> Iterator[None]:
        """Three designs that keep the painters busy for some seconds."""
        context = browser.new_context()
        other = Visitor(context.new_page(), visitor.shop)
        other.sign_up(somebody())
        other.wish("slowly, beds", *YARD)
        other.press_generate()
        expect(other.page).to_have_url(re.compile("/orders/"))
        yield
        context.close()


class TestThePriceBeforeTheClick:
    def test_the_button_follows_what_is_ticked(self, visitor: Visitor) -> None:
        page = visitor.page
        visitor.open("/generate/")
        expect(button(visitor)).to_have_text("Generate - 1 free credit (3 left)")
        note = page.locator("[data-count-note]")
        expect(note).to_have_text("Each place is a design of its own and costs 1 token.")
        labels = ["1 free credit (3 left)", "2 free", "3 free", "3 free + 1 token", "3 free + 2 tokens"]
        for number, label in enumerate(labels, start=1):
            page.locator(".choices").first.get_by_role("checkbox").nth(number - 1).press("Space")
            expect(button(visitor)).to_have_text(f"Generate - {label}")
            expect(page.get_by_text("That is more than you have.")).to_be_visible(visible=number > 3)
        expect(note).to_have_text("5 designs: 3 free + 2 tokens.")
        assert findings(page) == []


class TestOutOfTokens:
    def test_places_wishes_and_photo_are_there_after_buying(self, visitor: Visitor) -> None:
        page = visitor.page
        visitor.wish("white roses", *YARD, "Back yard")
        page.get_by_label("A photo of your own yard").set_input_files(yard_photo())
        visitor.press_generate()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("4 designs cost 4 tokens; you have 3 free.")
        dialog.get_by_role("button", name=re.compile("Buy 50 tokens for")).click()
        visitor.pay_with("4242 4242 4242 4242")
        expect(page.get_by_role("heading", name="50 tokens are yours")).to_be_visible(timeout=SLOW)
        page.get_by_role("link", name="Back to your design").click()
        expect(page.get_by_role("textbox")).to_have_value("white roses")
        expect(page.get_by_role("img", name="The photo of your yard")).to_be_visible()
        expect(button(visitor)).to_have_text("Generate - 3 free + 1 token")
        assert findings(page) == []
        visitor.press_generate()
        for place in ("front-yard", "back-yard", "walkway", "patio"):
            sees_picture(visitor, place)
        visitor.navbar_says("49 tokens")
        assert fits(page)


class TestWithoutJavaScript:
    def test_several_places_are_ordered_watched_and_tried_again(self, browser: Browser, shop: WholeShop) -> None:
        context = browser.new_context(java_script_enabled=False)
        visitor = Visitor(context.new_page(), shop)
        visitor.sign_up(somebody())
        visitor.wish(f"impossible walkway once, {uuid4()}", *YARD[:2])
        prices = visitor.page.locator(".order-prices li")
        expect(prices.nth(1)).to_be_visible()
        expect(prices.nth(1)).to_have_text("2 designs: 2 free.")
        visitor.press_generate()
        sees(visitor, "front-yard", "Done")
        sees(visitor, "walkway", "Failed")
        card(visitor.page, "walkway").get_by_role("button", name="Try again").click()
        sees(visitor, "walkway", "Done")
        context.close()
