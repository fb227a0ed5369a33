"""A conversation from the first click: replies that grow, one that fails, running out in between, an idea to paint."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.conftest import whole_shop_with_right_books
from tests.journeys.test_every_page import findings
from tests.journeys.test_main_journey import somebody
from tests.journeys.visitor import SLOW, Visitor
from tests.whole_shop import WholeShop

WIDTHS = pytest.mark.parametrize("width", [1280, 360])


@pytest.fixture
def visitor(browser: Browser, shop: WholeShop, width: int) -> Iterator[Visitor]:
    """Somebody who has just signed up."""
    context = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    visitor = Visitor(context.new_page(), shop)
    visitor.sign_up(somebody())
    yield visitor
    context.close()


def box(page: Page) -> Locator:
    return page.get_by_label("Your message")


def say(page: Page, words: str) -> None:
    """Write a message and press the button."""
    box(page).fill(words)
    page.get_by_role("button", name=re.compile("^Send")).click()


def sees_replies(page: Page, count: int) -> None:
    """Wait until so many messages have their reply."""
    expect(page.locator(".exchange .bubble-note")).to_have_count(count, timeout=SLOW)


@WIDTHS
def test_five_messages_of_which_one_fails_and_the_last_one_is_bought_for(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    expect(page.get_by_role("button", name="Send - 1 free credit (3 left)")).to_be_visible()
    say(page, "A small, shady back yard for two people and a dog")
    sees_replies(page, 1)
    visitor.navbar_says("2 free")
    here = page.url.partition("#")[0]

    say(page, "When should I prune roses?")
    sees_replies(page, 2)
    expect(box(page)).to_have_value("")
    expect(page.get_by_role("button", name="Send - 1 free credit (1 left)")).to_be_visible()

    say(page, "Slowly, something impossible")
    visitor.navbar_says("0 tokens")
    lost = page.locator(".bubble-failed")
    expect(lost).to_contain_text("The assistant could not answer that.", timeout=SLOW)
    expect(lost).to_contain_text("1 free credit returned.")
    expect(page.get_by_role("status").filter(has_text="No reply came.")).to_have_count(1)
    visitor.navbar_says("1 free")

    say(page, "What did I say first?")
    sees_replies(page, 3)
    visitor.navbar_says("0 tokens")

    say(page, "And something drier?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Your free credits are used up")
    dialog.get_by_role("button", name=re.compile("100 tokens")).click()
    visitor.pay_with("4242 4242 4242 4242")
    expect(page.get_by_role("heading", name="100 tokens are yours")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name=re.compile("^Back to your")).click()
    expect(page).to_have_url(here)
    expect(box(page)).to_have_value("And something drier?")
    page.get_by_role("button", name="Send - 1 token").click()
    sees_replies(page, 4)
    visitor.navbar_says("99 tokens")
    visitor.open("/tokens/")
    amounts = page.locator("table tbody .line-amount").all_inner_texts()
    assert amounts == [
        "-1",
        "+100",
        "-1 free credit",
        "+1 free credit",
        "-1 free credit",
        "-1 free credit",
        "-1 free credit",
        "+3 free credits",
    ]
    page.get_by_role("link", name="Message to the assistant").first.click()
    expect(page.locator(".exchange")).to_have_count(5)


@WIDTHS
def test_paint_this_leads_to_the_filled_form(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    page.get_by_role("button", name="A small, shady back yard for two people and a dog").click()
    page.get_by_role("button", name=re.compile("^Send")).click()
    sees_replies(page, 1)
    idea = page.locator(".proposal").first
    name, prompt = (idea.locator(f".proposal-{part}").inner_text() for part in ("name", "prompt"))
    idea.get_by_role("link", name=re.compile("Paint this")).click()
    expect(page.get_by_role("textbox", name="Your wishes")).to_have_value(prompt)
    style, area = name.split(", ")
    expect(page.get_by_role("radio", name=re.compile(style))).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile(area, re.I))).to_be_checked()
    visitor.navbar_says("2 free")


@WIDTHS
def test_a_reply_grows_and_is_announced_once(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    say(page, "Tell me word by word: when should I prune roses?")
    growing = page.locator(".bubble-pending .bubble-words")
    expect(growing).to_be_visible(timeout=SLOW)
    news = page.locator("#chat-news")
    expect(news).to_be_empty()
    first = growing.inner_text()
    expect(growing).not_to_have_text(first, timeout=SLOW)
    assert growing.inner_text().startswith(first)
    sees_replies(page, 1)
    expect(news).to_have_text("The assistant has answered.")
    said = page.locator(".bubble-theirs .bubble-words").inner_text()
    assert said.startswith(first)
    page.reload()
    expect(page.locator(".bubble-theirs .bubble-words")).to_have_text(said)
    expect(news).to_be_empty()


@WIDTHS
def test_a_second_message_has_to_wait_and_is_kept(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    say(page, "Slowly, please: what likes shade?")
    expect(page.locator(".exchange")).to_have_count(1)
    say(page, "And sun?")
    told = page.get_by_role("alert")
    expect(told).to_contain_text("The assistant is still answering your last message.")
    expect(box(page)).to_have_value("And sun?")
    sees_replies(page, 1)
    expect(told).to_have_count(0)
    visitor.navbar_says("2 free")
    page.get_by_role("button", name=re.compile("^Send")).click()
    sees_replies(page, 2)


@pytest.mark.parametrize("width", [360])
def test_what_still_waits_can_be_cancelled(visitor: Visitor) -> None:
    """Both of the worker's hands are full, so the third message waits."""
    tabs = [visitor.page, *[visitor.page.context.new_page() for _ in range(2)]]
    for tab in tabs:
        tab.goto(f"{visitor.shop.url}/chat/")
    for tab in tabs[:2]:
        say(tab, "Very slowly, please: what likes shade?")
        expect(tab.locator(".bubble-pending")).to_contain_text("Is answering.", timeout=SLOW)
    page = tabs[2]
    page.bring_to_front()
    say(page, "And sun?")
    expect(page.locator(".bubble-pending")).to_contain_text("Yours is the next.")
    page.get_by_role("button", name="Cancel").click()
    cancelled = page.locator(".bubble-failed")
    expect(cancelled).to_contain_text("You cancelled it before it was begun.")
    expect(cancelled).to_contain_text("1 free credit returned.")
    expect(page.get_by_role("status").filter(has_text="1 free credit returned.")).to_have_count(1)
    page.locator(".balance-now").get_by_text("1 free").wait_for()
    page.get_by_role("button", name="Try again - 1 free credit (1 left)").click()
    expect(page.get_by_role("link", name="Tried again")).to_be_visible()
    sees_replies(page, 1)
    expect(page.locator(".exchange")).to_have_count(2)


@pytest.mark.parametrize("width", [1280])
def test_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    for _ in range(30):
        if page.evaluate("document.activeElement.id") == "id_text":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("A small back yard with a pond")
    page.keyboard.press("Enter")
    page.keyboard.type("and a bench")
    page.keyboard.press("Control+Enter")
    sees_replies(page, 1)
    expect(page.locator(".bubble-yours .bubble-words")).to_have_text("A small back yard with a pond\nand a bench")
    box(page).focus()
    page.keyboard.type("When should I prune roses?")
    page.keyboard.press("Control+Enter")
    sees_replies(page, 2)
    expect(box(page)).to_be_focused()
    page.locator(".proposal a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Your wishes")).not_to_be_empty()


@pytest.mark.parametrize("width", [1280])
def test_a_lost_connection_says_that_sending_again_is_safe(visitor: Visitor) -> None:
    """The message arrives, the answer does not: pressed again, it is the same message."""
    page = visitor.page
    visitor.open("/chat/")
    say(page, "What likes shade?")
    sees_replies(page, 1)

    def deliver_but_lose_the_answer(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    here = re.compile(r"/chat/[0-9a-f-]+/$")
    page.route(here, deliver_but_lose_the_answer)
    say(page, "And sun?")
    expect(page.get_by_role("alert")).to_contain_text("the same message is never charged twice")
    expect(box(page)).to_have_value("And sun?")
    page.unroute(here)
    page.get_by_role("button", name=re.compile("^Send")).click()
    sees_replies(page, 2)
    visitor.navbar_says("1 free")


@WIDTHS
def test_renamed_kept_as_a_copy_and_deleted(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/chat/")
    say(page, "What likes shade?")
    sees_replies(page, 1)
    page.get_by_text("Rename, keep a copy, delete").click()
    page.get_by_label("Title").fill("Under the maple")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Under the maple")
    page.get_by_text("Rename, keep a copy, delete").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as text").click()
    assert download.value.suggested_filename.startswith("under-the-maple-")
    assert "    What likes shade?" in download.value.path().read_text()
    page.get_by_role("link", name="Delete ...").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("main")).to_contain_text("The conversation is deleted.")
    expect(page.get_by_role("main")).not_to_contain_text("Under the maple")


@pytest.mark.parametrize("width", [360])
def test_without_javascript(visitor: Visitor, browser: Browser) -> None:
    context = browser.new_context(
        java_script_enabled=False,
        viewport={"width": 360, "height": 800},
        storage_state=visitor.page.context.storage_state(),
    )
    page = context.new_page()
    page.goto(f"{visitor.shop.url}/chat/")
    say(page, "Slowly, please: what likes shade?")
    expect(page.locator(".bubble-pending")).to_be_visible()
    sees_replies(page, 1)
    say(page, "Slowly, something impossible")
    expect(page.locator(".bubble-failed")).to_contain_text("1 free credit returned.", timeout=SLOW)
    page.get_by_role("button", name="Try again - 1 free credit (2 left)").click()
    expect(page.locator(".bubble-failed")).to_have_count(2, timeout=SLOW)
    say(page, "When should I prune roses?")
    sees_replies(page, 2)
    say(page, "And what likes sun?")
    sees_replies(page, 3)
    say(page, "And moss?")
    expect(page.get_by_role("dialog")).to_contain_text("Your free credits are used up")
    expect(box(page)).to_have_value("And moss?")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_both_pages_are_accessible_and_fit(visitor: Visitor, scheme: str, width: int) -> None:
    page = visitor.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    visitor.open("/chat/")
    say(page, "A shady patio " + "x" * 200)
    sees_replies(page, 1)
    say(page, "Slowly, something impossible")
    expect(page.locator(".bubble-pending")).to_be_visible()
    assert findings(page) == []
    expect(page.locator(".bubble-failed")).to_be_visible(timeout=SLOW)
    for details in page.locator("details:not(.menu) > summary").all():
        details.click()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.open("/chat/")
    expect(page.locator(".conversation")).to_have_count(1)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


def test_in_the_chat_catalog_the_assistant_answers_anything(page: Page) -> None:
    with whole_shop_with_right_books(CATALOG="chat") as shop:
        visitor = Visitor(page, shop)
        visitor.sign_up(somebody())
        visitor.open("/chat/")
        page.get_by_role("button", name="What is 18 % of 249.50?").click()
        page.get_by_role("button", name="Send - 1 free credit (3 left)").click()
        sees_replies(page, 1)
        expect(page.locator(".bubble-theirs .bubble-words")).to_contain_text("44.91")
        say(page, "How many days are left until 24 December?")
        sees_replies(page, 2)
        visitor.navbar_says("1 free")
