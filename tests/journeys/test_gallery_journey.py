"""A gallery in use: found again, kept, deleted; on a phone, and with JavaScript switched off."""

import re
import time
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop


def pictures_kept(shop: WholeShop) -> int:
    return len(list((shop.folder / "media" / "generations").glob("*")))


def kept_soon(shop: WholeShop, count: int) -> bool:
    """Whether so many files are kept, within the time a worker takes to remove the others."""
    deadline = time.monotonic() + SLOW / 1000
    while pictures_kept(shop) != count and time.monotonic() < deadline:
        time.sleep(0.2)
    return pictures_kept(shop) == count


@pytest.mark.parametrize(("width", "javascript"), [(1280, True), (360, False)])
def test_found_again_kept_and_deleted(
    browser: Browser, shop: WholeShop, tmp_path: Path, width: int, javascript: bool
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    visitor = Visitor(context.new_page(), shop)
    visitor.sign_up(somebody())
    before = pictures_kept(shop)
    visitor.wish("a secret garden", "Front yard", "Patio")
    visitor.press_generate()
    expect(visitor.page.get_by_text("2 ready")).to_be_visible(timeout=SLOW)
    visitor.ask_for("", area="Walkway", style="Japanese Zen")
    visitor.sees_design()
    cookies = context.storage_state()
    context.close()

    context = browser.new_context(
        viewport={"width": width, "height": 844}, storage_state=cookies, java_script_enabled=javascript
    )
    page = context.new_page()
    page.goto(f"{shop.url}/generations/")
    finds(page)
    page.get_by_role("link", name="Order of 2").first.click()
    keeps(page, tmp_path)
    page.goto(f"{shop.url}/generations/")
    deletes(page, shop)
    assert kept_soon(shop, before)
    page.goto(f"{shop.url}/tokens/")
    expect(page.locator("a.line-what")).to_have_count(0)
    expect(page.get_by_text("English Garden, patio")).to_be_visible()
    context.close()


def finds(page: Page) -> None:
    """Narrow the gallery down to one design, to none, and back to all."""
    cards = page.get_by_role("article")
    expect(cards).to_have_count(3)
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Style").select_option("Japanese Zen")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Show").click()
    expect(cards).to_have_count(1)
    expect(page.get_by_label("Style")).to_have_value("japanese-zen")
    page.get_by_label("Place").select_option("Patio")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Show all").last.click()
    expect(cards).to_have_count(3)


def keeps(page: Page, folder: Path) -> None:
    """Download both pictures of the order at once."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 2 pictures").click()
    download.value.save_as(folder / "designs.zip")
    assert re.fullmatch(r"designs-[0-9a-f]{8}\.zip", download.value.suggested_filename)
    with ZipFile(folder / "designs.zip") as archive:
        assert archive.testzip() is None
        names = [re.sub(r"-[0-9a-f]{8}\.png$", "", name) for name in archive.namelist()]
        assert names == ["english-garden-front-yard", "english-garden-patio"]
        assert all(archive.read(name).startswith(b"\x89PNG") for name in archive.namelist())


def deletes(page: Page, shop: WholeShop) -> None:
    """Delete one design, think twice about another, and then delete the whole order."""
    page.get_by_role("link", name="Delete Japanese Zen, walkway").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The design was deleted.")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(2)
    page.get_by_role("link", name="Delete English Garden, patio").click()
    picture = page.url.replace("/delete/", "/image/")
    page.get_by_role("link", name="Keep it").click()
    expect(page.locator(".design-picture img")).to_be_visible()
    answer = page.goto(picture)
    assert answer is not None
    assert answer.status == 200
    page.goto(picture.replace("/image/", "/delete/"))
    page.get_by_role("link", name="Delete the whole order instead").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="No designs yet")).to_be_visible()
    # The browser has seen the picture, and may not go on showing it.
    answer = page.goto(picture)
    assert answer is not None
    assert answer.status == 404
