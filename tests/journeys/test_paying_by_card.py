"""The card form on the shop's own page: paid at once, after a decline, with 3-D Secure, after leaving."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop

PAYS, DECLINED, POOR, ASKS_THE_BANK = (
    "4242 4242 4242 4242",
    "4000 0000 0000 0002",
    "4000 0000 0000 9995",
    "4000 0027 6000 3184",
)


@pytest.fixture
def visitor(page: Page, shop: WholeShop) -> Visitor:
    person = Visitor(page, shop)
    person.sign_up(somebody())
    return person


def sees_tokens(visitor: Visitor, tokens: int) -> None:
    expect(visitor.page.get_by_role("heading", name=f"{tokens} tokens are yours")).to_be_visible(timeout=SLOW)
    visitor.navbar_says(f"{tokens} tokens")


def payments_of(visitor: Visitor) -> list[str]:
    """Return the status of each payment this visitor has at Stripe, by the e-mail's customer."""
    answer = visitor.shop.manage(
        "shell",
        "-c",
        "from billing.models import Purchase\n"
        f"for purchase in Purchase.objects.filter(user__email='{visitor.email}'):\n"
        "    print(purchase.stripe_payment_intent_id)",
    )
    ours = set(answer.split())
    truth = visitor.shop.control("truth")["payment_intents"]
    return [payment["status"] for payment in truth if payment["id"] in ours]


def test_a_card_that_pays(visitor: Visitor) -> None:
    visitor.open("/purchase/")
    visitor.page.get_by_role("link", name=re.compile("Pay by card here for 100 tokens")).click()
    expect(visitor.card_fields.get_by_label("Card number")).to_be_visible(timeout=SLOW)
    visitor.pay_in_the_form(PAYS)
    sees_tokens(visitor, 100)
    visitor.open("/account/billing/")
    expect(visitor.page.get_by_role("main")).not_to_contain_text("4242")  # the box was not ticked


def test_a_decline_then_another_card(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open_card_form("package_50")
    visitor.pay_in_the_form(DECLINED)
    expect(page.get_by_role("alert")).to_contain_text("declined", timeout=SLOW)
    visitor.pay_in_the_form(POOR)
    expect(page.get_by_role("alert")).to_contain_text("insufficient funds", timeout=SLOW)
    visitor.navbar_says("3 free")
    visitor.pay_in_the_form(PAYS)
    sees_tokens(visitor, 50)
    assert payments_of(visitor) == ["succeeded"]


class TestThreeDSecure:
    def test_confirmed(self, visitor: Visitor) -> None:
        visitor.open_card_form("package_50")
        visitor.pay_in_the_form(ASKS_THE_BANK)
        bank = visitor.page.frame_locator("dialog iframe")
        bank.get_by_role("button", name="Complete authentication").click(timeout=SLOW)
        sees_tokens(visitor, 50)

    def test_refused_and_tried_again(self, visitor: Visitor) -> None:
        visitor.open_card_form("package_50")
        visitor.pay_in_the_form(ASKS_THE_BANK)
        bank = visitor.page.frame_locator("dialog iframe")
        bank.get_by_role("button", name="Fail authentication").click(timeout=SLOW)
        expect(visitor.page.get_by_role("alert")).to_contain_text(re.compile("authenticat", re.I), timeout=SLOW)
        visitor.pay_in_the_form(PAYS)
        sees_tokens(visitor, 50)
        assert payments_of(visitor) == ["succeeded"]


def test_leaving_after_a_decline_and_coming_back_is_one_purchase(visitor: Visitor) -> None:
    visitor.open_card_form("package_50")
    visitor.pay_in_the_form(DECLINED)
    expect(visitor.page.get_by_role("alert")).to_contain_text("declined", timeout=SLOW)
    visitor.open("/generate/")
    visitor.open_card_form("package_50")
    visitor.pay_in_the_form(PAYS)
    sees_tokens(visitor, 50)
    assert payments_of(visitor) == ["succeeded"]


def test_a_double_click_pays_once(visitor: Visitor) -> None:
    visitor.open_card_form("package_50")
    visitor.card_fields.get_by_label("Card number").fill(PAYS)
    visitor.card_fields.get_by_label("Expiration date").fill("12 / 34")
    visitor.card_fields.get_by_label("Security code").fill("123")
    visitor.page.get_by_role("button", name=re.compile(r"^Pay \$")).dblclick()
    sees_tokens(visitor, 50)
    assert payments_of(visitor) == ["succeeded"]
