"""Every page a visitor meets: no accessibility finding, no sideways scrolling, no broken policy; light and dark."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop

PUBLIC = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-page/"]
SIGNED_IN = [
    "/generate/",
    "/generations/",
    "/generations/?area=patio&since=never",
    "DESIGN",
    "DELETE",
    "ORDER",
    "/tokens/",
    "/purchase/",
    "/purchase/card/package_50/",
    "/purchase/missing/",
    "/account/billing/",
    "/account/billing/add/",
    "/account/auto-reload/",
    "/account/subscription/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
]


@pytest.fixture(scope="module")
def signed_in(browser: Browser, shop: WholeShop) -> Iterator[tuple[StorageState, dict[str, str]]]:
    """The cookies of somebody who has a design and an order of two, one of them failed; and where these are."""
    context = browser.new_context()
    visitor = Visitor(context.new_page(), shop)
    visitor.sign_up(somebody())
    visitor.ask_for("lavender and a bench at sunset")
    visitor.sees_design()
    places = {"DESIGN": visitor.page.url.removeprefix(shop.url)}
    places["DELETE"] = f"{places['DESIGN']}delete/"
    visitor.wish("impossible patio", "Front yard", "Patio")
    visitor.press_generate()
    expect(visitor.page.get_by_text("1 ready, 1 failed")).to_be_visible(timeout=SLOW)
    places["ORDER"] = visitor.page.url.removeprefix(shop.url)
    yield context.storage_state(), places
    context.close()


def findings(page: Page) -> list[str]:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    violations = Axe().run(page, options=options).response["violations"]
    return [f"{found['id']}: {[node['target'] for node in found['nodes']][:3]}" for found in violations]


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PUBLIC, *SIGNED_IN])
def test_is_accessible_and_fits(
    browser: Browser,
    shop: WholeShop,
    signed_in: tuple[StorageState, dict[str, str]],
    path: str,
    scheme: str,
    width: int,
) -> None:
    cookies, places = signed_in
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=scheme,  # type: ignore[arg-type]
        storage_state=cookies if path in SIGNED_IN else None,
        reduced_motion="reduce",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{shop.url}{places.get(path, path)}")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [text for text in complaints if "404" not in text] == []
    context.close()
