"""What a person does in the browser, in their words."""

import re
from dataclasses import dataclass

from playwright.sync_api import FrameLocator, Page, expect

from tests.whole_shop import WholeShop

PASSWORD = "a-long-passphrase-for-roses"
SLOW = 30_000  # milliseconds, for a busy machine


@dataclass
class Visitor:
    """Somebody at a browser in front of the shop."""

    page: Page
    shop: WholeShop
    email: str = ""

    def open(self, path: str) -> None:
        self.page.goto(f"{self.shop.url}{path}")

    def sign_up(self, email: str) -> None:
        """Sign up and confirm the address with the code from the mailbox."""
        self.email = email
        self.open("/accounts/signup/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name=re.compile("sign up|start|create", re.I)).click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("code")
        code = _code(self.shop.mail_to(email))
        self.page.get_by_label("Code").fill(code)
        self.page.get_by_role("button", name="Confirm").click()
        expect(self.page).to_have_url(re.compile(f"^{re.escape(self.shop.url)}/(generate|chat)/$"))

    def ask_for(self, prompt: str, *, area: str = "Front yard", style: str = "English Garden") -> None:
        """Fill in the design form and send it."""
        self.wish(prompt, area, style=style)
        self.press_generate()

    def wish(self, prompt: str, *areas: str, style: str = "English Garden") -> None:
        """Fill in the design form for exactly these places."""
        self.open("/generate/")
        for box in self.page.get_by_role("checkbox", checked=True).all():
            box.uncheck(force=True)
        for area in areas:
            self.page.get_by_role("checkbox", name=re.compile(area)).check(force=True)
        self.page.get_by_role("radio", name=re.compile(style)).check(force=True)
        self.page.get_by_role("textbox").fill(prompt)

    def press_generate(self) -> None:
        self.page.locator("form.order button[type=submit]").click()

    def sees_design(self) -> None:
        """Wait for the picture, and see that it is one."""
        picture = self.page.locator(".design-picture img")
        expect(picture).to_be_visible(timeout=SLOW)
        width = picture.evaluate("async image => { await image.decode(); return image.naturalWidth }")
        assert width == 1024

    def sees_failure(self) -> None:
        expect(self.page.get_by_role("heading", name="This design failed")).to_be_visible(timeout=SLOW)

    def navbar_says(self, text: str) -> None:
        expect(self.page.locator(".balance-now")).to_contain_text(text, timeout=SLOW)

    def pay_with(self, card: str, *, button: str = r"^Pay \$", heading: str = "Pay") -> None:
        """Fill in the Checkout form and pay."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        self.page.get_by_label(re.compile("card number", re.I)).fill(card)
        self.page.get_by_label(re.compile("expir", re.I)).fill("12 / 34")
        self.page.get_by_label(re.compile("cvc|security", re.I)).fill("123")
        self.page.get_by_label(re.compile("name", re.I)).fill("A. Gardener")
        self.page.get_by_role("button", name=re.compile(button)).click()

    def open_card_form(self, package: str) -> None:
        """Open the card form of a package and wait for the fields, which come from Stripe's side."""
        self.open(f"/purchase/card/{package}/")
        expect(self.card_fields.get_by_label("Card number")).to_be_visible(timeout=SLOW)

    def pay_in_the_form(self, card: str) -> None:
        """Fill in the card form on the shop's own page and pay, by keyboard.

        Headless Chromium loses a click that comes in the same instant as the bank's dialog goes.
        """
        self.card_fields.get_by_label("Card number").fill(card)
        self.card_fields.get_by_label("Expiration date").fill("12 / 34")
        self.card_fields.get_by_label("Security code").fill("123")
        self.page.get_by_role("button", name=re.compile(r"^Pay \$")).press("Enter")

    @property
    def card_fields(self) -> FrameLocator:
        return self.page.frame_locator("iframe[title='Secure payment input frame']")


def _code(mail: str) -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", mail, re.M)
    assert found, mail
    return found[1]
