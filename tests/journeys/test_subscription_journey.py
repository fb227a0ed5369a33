"""Subscribe, design without tokens, cancel in the portal, and pay with tokens again when the month is over."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import whole_shop_with_right_books
from tests.journeys.test_main_journey import somebody, use_up_the_trial
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop


@pytest.fixture
def shop_of_its_own() -> Iterator[WholeShop]:
    """The clock of its sandbox is moved, which would upset the others."""
    with whole_shop_with_right_books() as running:
        yield running


def test_from_the_offer_to_the_end_of_the_month(page: Page, shop_of_its_own: WholeShop) -> None:
    visitor = Visitor(page, shop_of_its_own)
    visitor.sign_up(somebody())
    use_up_the_trial(visitor)
    visitor.open("/purchase/")
    page.get_by_role("main").get_by_role("button", name=re.compile("50 tokens for")).first.click()
    visitor.pay_with("4242 4242 4242 4242")
    visitor.navbar_says("50 tokens")

    visitor.open("/account/subscription/")
    page.get_by_role("button", name=re.compile("Subscribe for")).click()
    visitor.pay_with("4242 4242 4242 4242", button="^Subscribe", heading="Subscribe")
    expect(page.get_by_role("main")).to_contain_text("Active", timeout=SLOW)
    visitor.shop.mail_to(visitor.email, says="subscription")
    for number in range(20):
        visitor.ask_for(f"bed number {number}")
    visitor.sees_design()
    expect(page.locator(".receipt")).to_contain_text(re.compile("subscription", re.I))
    visitor.open("/tokens/")
    assert page.locator("table tbody .line-amount").all_inner_texts()[0] == "+50"

    visitor.open("/account/subscription/")
    page.get_by_role("button", name=re.compile("^Manage")).click()
    page.get_by_role("link", name="Cancel the subscription").click()
    page.get_by_role("button", name="Cancel the subscription").click()
    page.get_by_role("link", name=re.compile("^Back to")).click()
    expect(page.get_by_role("main")).to_contain_text("Canceled", timeout=SLOW)
    visitor.ask_for("still included")
    visitor.sees_design()
    expect(page.locator(".receipt")).to_contain_text(re.compile("subscription", re.I))

    shop_of_its_own.control("clock/advance", days=32)
    visitor.shop.mail_to(visitor.email, says="Your tokens are still there: 50.")
    visitor.open("/generate/")
    expect(page.locator("form.order button[type=submit]")).to_contain_text("1 token")
    visitor.ask_for("paid with a token again")
    visitor.navbar_says("49 tokens")
    visitor.sees_design()
