"""The other catalog: Starter, Standard and Premium, bought with the card form."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import whole_shop_with_right_books
from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop


@pytest.fixture(scope="module")
def chat_shop() -> Iterator[WholeShop]:
    with whole_shop_with_right_books(CATALOG="chat") as running:
        yield running


@pytest.mark.parametrize(
    ("name", "tokens", "price"), [("Starter", 100, "$5.00"), ("Standard", 500, "$20.00"), ("Premium", 1500, "$50.00")]
)
def test_each_tier_is_sold_by_the_card_form(
    page: Page, chat_shop: WholeShop, name: str, tokens: int, price: str
) -> None:
    visitor = Visitor(page, chat_shop)
    visitor.sign_up(somebody())
    visitor.open("/purchase/")
    page.get_by_role("main").get_by_role(
        "link", name=re.compile(f"Buy {re.escape(name)} for {re.escape(price)}")
    ).click()
    expect(visitor.card_fields.get_by_label("Card number")).to_be_visible(timeout=SLOW)
    visitor.pay_in_the_form("4242 4242 4242 4242")
    expect(page.get_by_role("heading", name=f"{tokens:,} tokens are yours")).to_be_visible(timeout=SLOW)
    visitor.navbar_says(f"{tokens:,} tokens")


def test_the_site_speaks_of_messages_from_the_front_page_to_the_balance(page: Page, chat_shop: WholeShop) -> None:
    visitor = Visitor(page, chat_shop)
    visitor.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("An assistant you pay by the message")
    expect(page.get_by_role("main").get_by_role("link", name="Start with 3 free credits")).to_be_visible()
    visitor.sign_up(somebody())
    expect(page).to_have_url(f"{chat_shop.url}/chat/")
    visitor.navbar_says("3 free credits")
    menu = page.get_by_role("navigation", name="Main").get_by_role("link")
    expect(menu).to_have_text(["Assistant", "Generate", "My designs", "Tokens"])
    expect(menu.first).to_have_attribute("aria-current", "page")
    visitor.open("/tokens/")
    expect(page.get_by_role("main")).to_contain_text("About 3 messages left, at 1 token each.")
