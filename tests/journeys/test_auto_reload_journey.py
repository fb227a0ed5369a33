"""A card is kept, auto-reload is switched on, a design takes the balance below the mark, a mail's link stops it."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_main_journey import somebody, use_up_the_trial
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop


def sees_the_card_kept(visitor: Visitor, last4: str = "4242") -> None:
    """A worker writes the card down a moment after the payment."""
    for _ in range(30):
        visitor.open("/account/billing/")
        if last4 in visitor.page.get_by_role("main").inner_text():
            return
        visitor.page.wait_for_timeout(500)
    raise AssertionError("The card was not kept.")


def fill_in_the_settings(visitor: Visitor, *, below: int, amount: int, cap: str) -> None:
    visitor.open("/account/auto-reload/")
    visitor.page.get_by_label("Reload below").fill(str(below))
    visitor.page.get_by_label("Tokens to buy each time").fill(str(amount))
    visitor.page.get_by_label("At most per month").fill(cap)
    visitor.page.get_by_role("button", name="See what this does").click()


def test_from_a_saved_card_to_the_link_in_the_mail(page: Page, browser: Browser, shop: WholeShop) -> None:
    visitor = Visitor(page, shop)
    visitor.sign_up(somebody())
    use_up_the_trial(visitor)

    visitor.open_card_form("package_50")
    box = page.get_by_role("checkbox", name=re.compile("Keep this card")).first
    expect(box).not_to_be_checked()
    box.check()
    visitor.pay_in_the_form("4242 4242 4242 4242")
    visitor.navbar_says("50 tokens")
    sees_the_card_kept(visitor)

    fill_in_the_settings(visitor, below=50, amount=50, cap="100")
    expect(page.get_by_role("main")).to_contain_text("saving charges nothing now")
    agreed = page.get_by_role("checkbox")
    expect(agreed).not_to_be_checked()
    agreed.check()
    page.get_by_role("button", name="Turn auto-reload on").click()
    expect(page.get_by_role("heading", name="Auto-reload is on")).to_be_visible()

    visitor.ask_for("a quiet corner")
    visitor.navbar_says("99 tokens")
    mail = visitor.shop.mail_to(visitor.email, says="auto-reload bought 50 tokens for $49.00")
    visitor.open("/tokens/")
    amounts = page.locator("table tbody .line-amount").all_inner_texts()
    assert amounts[:3] == ["+50", "-1", "+50"]

    link = re.search(r"http\S+/stop/auto-reload/\S+", mail)
    assert link
    elsewhere = browser.new_context().new_page()
    elsewhere.goto(link[0])
    elsewhere.get_by_role("button", name="Turn auto-reload off").click()
    expect(elsewhere.get_by_role("heading", name="Auto-reload is off")).to_be_visible()
    elsewhere.context.close()
    visitor.open("/account/auto-reload/")
    expect(page.get_by_role("heading", name="Auto-reload is on")).to_have_count(0)


def test_a_bank_that_asks_is_answered_on_a_page_of_ours(page: Page, shop: WholeShop) -> None:
    visitor = Visitor(page, shop)
    visitor.sign_up(somebody())
    use_up_the_trial(visitor)
    visitor.open_card_form("package_50")
    page.get_by_role("checkbox", name=re.compile("Keep this card")).first.check()
    visitor.pay_in_the_form("4000 0027 6000 3184")
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete authentication").click(timeout=SLOW)
    visitor.navbar_says("50 tokens")
    sees_the_card_kept(visitor, "3184")
    fill_in_the_settings(visitor, below=50, amount=10, cap="100")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Turn auto-reload on").click()
    expect(page.get_by_role("heading", name="Auto-reload is on")).to_be_visible()
    visitor.ask_for("a gravel path")

    mail = visitor.shop.mail_to(visitor.email, says="/confirm/")
    link = re.search(r"http\S+/confirm/", mail)
    assert link
    page.goto(link[0])
    expect(page.get_by_role("heading", name="Your bank wants you to confirm")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^Pay \$9.80")).press("Enter")
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete authentication").click(timeout=SLOW)
    visitor.navbar_says("59 tokens")


def test_saving_below_the_mark_says_what_it_charges_and_charges_it(page: Page, shop: WholeShop) -> None:
    visitor = Visitor(page, shop)
    visitor.sign_up(somebody())
    visitor.open_card_form("package_50")
    page.get_by_role("checkbox", name=re.compile("Keep this card")).first.check()
    visitor.pay_in_the_form("4242 4242 4242 4242")
    visitor.navbar_says("50 tokens")
    sees_the_card_kept(visitor)
    fill_in_the_settings(visitor, below=60, amount=100, cap="89.00")
    expect(page.get_by_role("main")).to_contain_text("saving charges $89.00 to your")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Turn on and pay $89.00 within two minutes").click()
    visitor.navbar_says("150 tokens")
    visitor.shop.mail_to(visitor.email, says="You allowed at most $89.00.")
