"""Stripe away, events that come late, twice, badly signed or never: what the buyer sees, and what the books say."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop


@pytest.fixture
def visitor(page: Page, shop: WholeShop) -> Visitor:
    person = Visitor(page, shop)
    person.sign_up(somebody())
    return person


@pytest.fixture
def deliver(shop: WholeShop) -> Iterator[object]:
    """Change how the sandbox delivers events; back to normal afterwards."""

    def _deliver(mode: str) -> None:
        shop.control("settings", mode=mode)

    yield _deliver
    shop.control("settings", mode="auto")
    shop.control("faults", kind="")


def buy(visitor: Visitor) -> None:
    visitor.open("/purchase/")
    visitor.page.get_by_role("main").get_by_role("button", name=re.compile("50 tokens for")).first.click()


class TestStripeIsAway:
    def test_the_buyer_reads_that_nothing_was_charged_and_can_buy_later(
        self, visitor: Visitor, deliver: object
    ) -> None:
        visitor.shop.control("faults", kind="down", calls=20)
        buy(visitor)
        expect(visitor.page.get_by_role("main")).to_contain_text(re.compile("nothing was charged", re.I), timeout=SLOW)
        visitor.navbar_says("3 free")
        visitor.shop.control("faults", kind="")
        buy(visitor)
        visitor.pay_with("4242 4242 4242 4242")
        expect(visitor.page.get_by_role("heading", name="50 tokens are yours")).to_be_visible(timeout=SLOW)

    def test_designs_go_on(self, visitor: Visitor, deliver: object) -> None:
        visitor.shop.control("faults", kind="down", calls=20)
        visitor.ask_for("a pond")
        visitor.sees_design()


class TestEventsAreOdd:
    @pytest.mark.parametrize("mode", ["hold", "twice", "bad_signature", "old_signature", "reversed", "late"])
    def test_the_tokens_come_exactly_once(self, visitor: Visitor, deliver: object, mode: str) -> None:
        deliver(mode)  # type: ignore[operator]
        buy(visitor)
        visitor.pay_with("4242 4242 4242 4242")
        expect(visitor.page.get_by_role("heading", name="50 tokens are yours")).to_be_visible(timeout=SLOW)
        visitor.navbar_says("50 tokens")
        deliver("auto")  # type: ignore[operator]
        visitor.open("/tokens/")
        assert visitor.page.locator("table tbody .line-amount").all_inner_texts() == ["+50", "+3 free credits"]


class TestAWorkerThatStops:
    def test_leaving_and_coming_back_shows_the_design(self, visitor: Visitor) -> None:
        visitor.ask_for("slowly, a bench")
        expect(visitor.page.get_by_text("You can leave this page")).to_be_visible()
        address = visitor.page.url
        visitor.open("/generations/")
        visitor.page.goto(address)
        visitor.sees_design()


class TestAStranger:
    def test_does_not_see_the_design_nor_its_picture(self, visitor: Visitor, page: Page, shop: WholeShop) -> None:
        visitor.ask_for("a secret garden")
        visitor.sees_design()
        address = page.url
        picture = page.locator(".design-picture img").get_attribute("src")
        browser = page.context.browser
        assert browser is not None
        stranger = Visitor(browser.new_context().new_page(), shop)
        for path in (address.removeprefix(shop.url), picture or ""):
            stranger.open(path)
            expect(stranger.page).to_have_url(re.compile("/accounts/login/"))
        stranger.sign_up(somebody())
        for url in (address, f"{shop.url}{picture}"):
            answer = stranger.page.goto(url)
            assert answer is not None
            assert answer.status == 404
