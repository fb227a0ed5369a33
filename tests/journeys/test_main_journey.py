"""The main job, end to end: sign up, try, run out, buy, generate, get a token back."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.visitor import Visitor
from tests.whole_shop import WholeShop


@pytest.fixture
def visitor(page: Page, shop: WholeShop) -> Visitor:
    return Visitor(page, shop)


def somebody() -> str:
    return f"{uuid4().hex[:12]}@example.com"


def use_up_the_trial(visitor: Visitor) -> None:
    for left in ("2 free", "1 free", "0 tokens"):
        visitor.ask_for("a pond")
        visitor.sees_design()
        visitor.navbar_says(left)


def test_from_sign_up_to_a_design_that_a_token_paid(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_up(somebody())
    visitor.navbar_says("3 free credits")
    expect(page.locator("form.order button[type=submit]")).to_contain_text("1 free credit (3 left)")
    use_up_the_trial(visitor)

    visitor.ask_for("white roses and a bench")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Your free credits are used up")
    expect(page.get_by_role("textbox")).to_have_value("white roses and a bench")
    dialog.get_by_role("button", name=re.compile("100 tokens")).click()
    visitor.pay_with("4242 4242 4242 4242")
    expect(page.get_by_role("heading", name="100 tokens are yours")).to_be_visible(timeout=30_000)
    visitor.navbar_says("100 tokens")

    page.get_by_role("link", name="Back to your design").click()
    expect(page.get_by_role("textbox")).to_have_value("white roses and a bench")
    expect(page.locator("form.order button[type=submit]")).to_contain_text("1 token")
    visitor.press_generate()
    visitor.sees_design()
    visitor.navbar_says("99 tokens")
    expect(page.locator(".receipt")).to_contain_text("1 token")

    visitor.open("/tokens/")
    amounts = page.locator("table tbody .line-amount").all_inner_texts()
    assert amounts == ["-1", "+100", "-1 free credit", "-1 free credit", "-1 free credit", "+3 free credits"]


def test_a_failing_design_gives_the_token_back(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_up(somebody())
    use_up_the_trial(visitor)
    visitor.open("/purchase/")
    page.get_by_role("main").get_by_role("button", name=re.compile("100 tokens for")).click()
    visitor.pay_with("4242 4242 4242 4242")
    visitor.navbar_says("100 tokens")
    visitor.ask_for("slowly, something impossible")
    visitor.navbar_says("99 tokens")
    visitor.sees_failure()
    expect(page.locator(".design-failed")).to_contain_text("1 token returned")
    visitor.navbar_says("100 tokens")
    visitor.open("/tokens/")
    amounts = page.locator("table tbody .line-amount").all_inner_texts()
    assert amounts == ["+1", "-1", "+100", "-1 free credit", "-1 free credit", "-1 free credit", "+3 free credits"]


def test_the_balance_in_an_open_tab_follows(visitor: Visitor) -> None:
    """Another tab buys; this one shows it within its ten seconds, without a click."""
    visitor.sign_up(somebody())
    other = Visitor(visitor.page.context.new_page(), visitor.shop, visitor.email)
    other.open("/purchase/")
    other.page.get_by_role("button", name=re.compile("50 tokens for")).first.click()
    other.pay_with("4242 4242 4242 4242")
    expect(other.page.get_by_role("heading", name="50 tokens are yours")).to_be_visible(timeout=30_000)
    visitor.page.bring_to_front()
    visitor.navbar_says("50 tokens")


class TestAtCheckout:
    @pytest.fixture(autouse=True)
    def _at_the_packages(self, visitor: Visitor) -> None:
        visitor.sign_up(somebody())
        visitor.open("/purchase/")

    def buy(self, visitor: Visitor, name: str = "100 tokens") -> None:
        visitor.page.get_by_role("main").get_by_role("button", name=re.compile(f"{name} for")).click()

    def test_a_declined_card_can_be_followed_by_another(self, visitor: Visitor) -> None:
        self.buy(visitor)
        visitor.pay_with("4000 0000 0000 0002")
        expect(visitor.page.get_by_text(re.compile("declined", re.I)).first).to_be_visible()
        visitor.pay_with("4242 4242 4242 4242")
        expect(visitor.page.get_by_role("heading", name="100 tokens are yours")).to_be_visible(timeout=30_000)

    def test_cancelling_charges_nothing(self, visitor: Visitor) -> None:
        self.buy(visitor)
        visitor.page.get_by_role("link", name=re.compile("^.?.?Back to")).click()
        expect(visitor.page.get_by_role("main")).to_contain_text(re.compile("nothing was charged|not charged", re.I))
        visitor.navbar_says("3 free")

    def test_a_second_click_opens_the_same_page(self, visitor: Visitor) -> None:
        self.buy(visitor)
        first = visitor.page.url
        visitor.open("/purchase/")
        self.buy(visitor)
        assert visitor.page.url == first

    def test_a_bank_debit_is_credited_when_the_bank_says_yes(self, visitor: Visitor) -> None:
        self.buy(visitor, "250 tokens")
        visitor.page.get_by_text("Pay by bank debit (delayed)").click()
        visitor.page.get_by_label("Account holder").fill("A. Gardener")
        visitor.page.get_by_role("button", name=re.compile("by bank debit")).click()
        expect(visitor.page.get_by_role("heading", name="Your bank is still confirming")).to_be_visible(timeout=30_000)
        visitor.navbar_says("3 free")
        pending = [one for one in visitor.shop.control("truth")["payment_intents"] if one["status"] == "processing"]
        visitor.shop.control(f"debits/{pending[0]['id']}/settle", outcome="succeeded")
        visitor.navbar_says("250 tokens")


class TestWithoutJavaScript:
    @pytest.fixture
    def visitor(self, browser: object, shop: WholeShop) -> Visitor:
        context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
        return Visitor(context.new_page(), shop)

    def test_sign_up_design_and_buy(self, visitor: Visitor) -> None:
        visitor.sign_up(somebody())
        visitor.ask_for("a pond")
        expect(visitor.page.locator(".design-picture img")).to_be_visible(timeout=30_000)
        visitor.page.locator(".balance").click()
        visitor.page.get_by_role("button", name=re.compile("50 tokens for")).first.click()
        visitor.pay_with("4242 4242 4242 4242")
        expect(visitor.page.get_by_role("heading", name="50 tokens are yours")).to_be_visible(timeout=30_000)
