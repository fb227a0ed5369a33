"""The session ends in another tab, or "back" is pressed: nothing typed is lost, and no page waits for ever."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import PASSWORD, SLOW, Visitor
from tests.whole_shop import WholeShop


@pytest.fixture
def visitor(browser: Browser, shop: WholeShop) -> Iterator[Visitor]:
    """Somebody who has just signed up."""
    context = browser.new_context(reduced_motion="reduce")
    visitor = Visitor(context.new_page(), shop)
    visitor.sign_up(somebody())
    yield visitor
    context.close()


def sign_out_elsewhere(visitor: Visitor) -> None:
    """Sign out in another tab."""
    tab = visitor.page.context.new_page()
    tab.goto(f"{visitor.shop.url}/accounts/logout/")
    tab.get_by_role("main").get_by_role("button", name=re.compile("sign out", re.I)).click()
    expect(tab.get_by_role("link", name="Sign in").first).to_be_visible()
    tab.close()


def sign_in_again(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_label("Email").fill(visitor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def box(page: Page) -> str:
    return page.get_by_label("Your message").input_value()


def test_a_message_outlives_the_session_it_was_written_in(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    page.get_by_label("Your message").fill("When should I prune roses?")
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".exchange .bubble-note")).to_have_count(1, timeout=SLOW)
    conversation = page.url.partition("#")[0]
    page.get_by_label("Your message").fill("And what about lavender?")
    sign_out_elsewhere(visitor)

    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("status").filter(has_text="what you wrote is kept")).to_be_visible()
    sign_in_again(visitor)
    expect(page).to_have_url(conversation)
    assert box(page) == "And what about lavender?"
    expect(page.locator(".exchange")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".exchange .bubble-note")).to_have_count(2, timeout=SLOW)


def test_a_page_that_waits_says_that_its_session_has_ended(visitor: Visitor) -> None:
    page = visitor.page
    visitor.wish("slowly, a pond", "Front yard", "Patio")
    visitor.press_generate()
    expect(page.locator(".order-card")).to_have_count(2)
    order = page.url
    sign_out_elsewhere(visitor)
    expect(page.get_by_role("alert")).to_contain_text("You are signed out.", timeout=SLOW)
    page.get_by_role("alert").get_by_role("link", name="Sign in").click()
    sign_in_again(visitor)
    expect(page).to_have_url(order)
    expect(page.locator(".order-card-picture img")).to_have_count(2, timeout=SLOW)


def test_back_after_ordering_makes_what_the_form_shows(visitor: Visitor) -> None:
    page = visitor.page
    visitor.ask_for("white roses and a bench", area="Patio", style="Japanese Zen")
    visitor.sees_design()
    first = page.url
    page.go_back()
    expect(page.get_by_role("checkbox", name=re.compile("Patio"))).to_be_checked()
    expect(page.get_by_role("textbox")).to_have_value("white roses and a bench")
    visitor.press_generate()
    visitor.sees_design()
    assert page.url != first
    expect(page.locator(".design-prompt")).to_have_text("white roses and a bench")
