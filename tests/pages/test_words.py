"""What a site calls the things its tokens buy: designs or messages, the same on every page and in every mail."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import catalog, mails, subscribing
from billing.models import Plan
from config.words import CHAT_WORDS, LANDSCAPE, Work, words_of, work_to_go_on_with
from tests.pages.test_balance import give
from tokens import ledger
from tokens.balance import Balance

pytestmark = pytest.mark.django_db

DESIGNS = re.compile(r"\bdesigns?\b", re.IGNORECASE)
# Where a site that sells messages may still speak of designs: the links to them.
BESIDE = re.compile(r"My designs|Designs and messages|one design or one message")


@pytest.fixture
def chat(settings: Any) -> None:
    settings.CATALOG = "chat"
    settings.WORDS = CHAT_WORDS


def words(answer: Any) -> str:
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


class TestTheCatalogs:
    def test_each_has_its_words_and_a_wrong_one_those_of_designs(self) -> None:
        assert (words_of("landscape"), words_of("chat"), words_of("nonsense")) == (LANDSCAPE, CHAT_WORDS, LANDSCAPE)

    @pytest.mark.parametrize("of_catalog", [LANDSCAPE, CHAT_WORDS], ids=lambda some: some.catalog)
    def test_begin_at_a_page_that_exists(self, of_catalog: Any, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        assert client.get(of_catalog.start_url).status_code == 200

    @pytest.mark.parametrize("catalog", catalog.CATALOGS)
    def test_plurals_are_made_with_an_s(self, catalog: str) -> None:
        assert f"{words_of(catalog).one}s" == words_of(catalog).many


@pytest.mark.usefixtures("chat")
class TestASiteThatSellsMessages:
    @pytest.mark.parametrize(
        "address",
        [
            "/accounts/login/",
            "/accounts/signup/",
            "/tokens/",
            "/purchase/",
            "/purchase/cancel/",
            "/account/subscription/",
            "/nowhere/",
        ],
    )
    def test_speaks_of_messages_alone(self, address: str, client: Client, buyer: User) -> None:
        give(buyer, 3, ledger.Type.TRIAL)
        for signed_in in (False, True):
            if signed_in:
                client.force_login(buyer)
            text = words(client.get(address))
            assert DESIGNS.findall(BESIDE.sub("", text)) == []

    def test_its_front_page_invites_to_ask_and_names_designs_as_something_beside(self, client: Client) -> None:
        text = words(client.get("/"))
        assert "An assistant you pay by the message" in text
        assert "Start with 3 free credits" in text
        assert "One token, one message." in text
        assert text.index("It paints gardens, too") > text.index("Prices One token")

    def test_its_balance_counts_messages(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        give(buyer, 3, ledger.Type.TRIAL)
        assert "3 free credits" in words(client.get("/tokens/balance/", headers={"HX-Request": "true"}))
        page = words(client.get("/tokens/"))
        assert "3 free credits used first; each pays for one design or one message" in page
        assert "About 3 messages left, at 1 token each." in page

    def test_a_subscription_covers_messages_and_designs(self) -> None:
        held = Balance(unlimited_until=timezone.now() + timedelta(days=3))
        text = render_to_string("tokens/_balance_full.html", {"balance": held, "words": CHAT_WORDS})
        assert "Unlimited</span> Designs and messages cost no tokens until" in text

    def test_its_menu_begins_with_the_assistant(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        assert menu(client) == ["/chat/", "/generate/", "/generations/", "/tokens/"]

    def test_its_mails_speak_of_messages(self, buyer: User) -> None:
        give(buyer, 3, ledger.Type.TRIAL)
        mails.send("low_balance", buyer.pk, {"balance": 4, "stop_url": "https://shop/stop"})
        assert "4 are left, and 3 free credits." in mail.outbox[0].body

    @pytest.mark.parametrize("of_catalog", [LANDSCAPE, CHAT_WORDS], ids=lambda some: some.catalog)
    def test_its_subscribers_agree_to_designs_and_messages_together(self, of_catalog: Any, settings: Any) -> None:
        settings.WORDS = of_catalog
        plan = Plan(name="Pro", price_cents=2900, currency="usd", per_day=50)
        assert subscribing.wording(plan).split(". ")[1:3] == [
            "Designs and messages cost no tokens, up to 50 together in any 24 hours (fair use)",
            "I can cancel at any time; both stay included until the end of the month I have paid for",
        ]


class TestASiteThatSellsDesigns:
    def test_offers_the_assistant_beside_them(self, client: Client, buyer: User) -> None:
        assert "Ask the assistant" in words(client.get("/"))
        client.force_login(buyer)
        assert menu(client) == ["/generate/", "/generations/", "/chat/", "/tokens/"]

    def test_begins_with_free_credits(self, client: Client) -> None:
        assert "Three free credits are on us" in words(client.get("/accounts/signup/"))
        assert "Start with 3 free credits" in words(client.get("/"))


def menu(client: Client) -> list[str]:
    nav = re.search(r'<nav class="site-nav".*?</nav>', client.get("/tokens/").content.decode(), re.DOTALL)
    assert nav
    return re.findall(r'href="([^"]+)"', nav[0])


class TestTheWayBackToWork:
    @pytest.mark.parametrize(
        ("draft", "work"),
        [
            ({"text": "Hi", "next": "/chat/abc/"}, Work("/chat/abc/", "Back to your conversation", "message")),
            ({"area": "patio", "next": "/generate/"}, Work("/generate/", "Back to your design", "design")),
        ],
    )
    def test_leads_to_what_was_left(self, draft: Any, work: Work) -> None:
        assert work_to_go_on_with(draft, LANDSCAPE) == work_to_go_on_with(draft, CHAT_WORDS) == work

    @pytest.mark.parametrize(
        "draft",
        [
            None,
            {},
            "draft",
            {"area": "patio"},
            {"next": ""},
            {"next": None},
            {"next": "https://evil.example/"},
            {"next": "//evil.example/"},
            {"next": "/\\evil.example/"},
            {"next": "javascript:alert(1)"},
        ],
    )
    def test_never_leaves_the_site_and_begins_anew_without_a_draft(self, draft: Any) -> None:
        assert work_to_go_on_with(draft, LANDSCAPE) == Work("/generate/", "Make a design")
        assert work_to_go_on_with(draft, CHAT_WORDS) == Work("/chat/", "Ask the assistant")

    def test_is_shown_after_leaving_the_payment_page(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        session = client.session
        session["draft"] = {"text": "Hi", "next": "/chat/"}
        session.save()
        assert "Your message is still waiting as you left it." in words(client.get("/purchase/cancel/"))
