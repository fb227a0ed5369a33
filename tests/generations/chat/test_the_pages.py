"""What a conversation shows: its messages, how far the reply is, what came back; text as text, to its owner only."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from generations import conversations, studio
from generations.engines import Reply, Suggestion
from generations.models import Conversation, Generation
from tests.generations.chat.conftest import (
    address,
    answered,
    begun,
    failed,
    page,
    poll,
    sent,
    signed_in,
    source,
    text,
    the_conversation,
)
from tests.generations.conftest import Give, held

pytestmark = pytest.mark.django_db


def bubbles(response: Any) -> list[str]:
    """What the owner said, from top to bottom."""
    return re.findall(r"Message \d+\.(?=</p>)", source(response))


def many(user: User, give: Give, count: int) -> Conversation:
    """A conversation of so many answered messages, "Message 1" the oldest."""
    give(user, count)
    conversation = None
    for number in range(1, count + 1):
        conversation = answered(sent(user, f"Message {number}.", conversation)).conversation
    assert conversation is not None
    return conversation


class TestTheList:
    def test_without_conversations_it_says_how_the_first_begins(self, shop: Client) -> None:
        assert "None yet. What you write above begins the first" in text(shop.get("/chat/"))

    def test_the_one_written_in_last_comes_first(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 3)
        first = answered(sent(buyer, "Roses"))
        answered(sent(buyer, "Moss"))
        answered(sent(buyer, "And pots?", first.conversation))
        shown = text(shop.get("/chat/"))
        assert shown.index("Roses") < shown.index("Moss")

    def test_long_ones_have_pages(self, buyer: User, shop: Client) -> None:
        now = timezone.now()
        for number in range(conversations.CONVERSATIONS_ON_A_PAGE + 1):
            Conversation.objects.create(user=buyer, title=f"Talk {number:02}", updated_at=now - timedelta(hours=number))
        first = shop.get("/chat/")
        assert "Talk 19" in text(first)
        assert "Talk 20" not in text(first)
        second = shop.get("/chat/", {"before": str(first.context["page"].older)})
        assert ("Talk 20" in text(second), "Talk 19" in text(second)) == (True, False)
        assert "There is nothing earlier." in text(
            shop.get("/chat/", {"before": str(now.replace(year=2020).isoformat()) + f"_{buyer.pk}"})
        )

    def test_others_and_deleted_ones_are_not_in_it(
        self, buyer: User, stranger: User, shop: Client, message: Generation
    ) -> None:
        assert "When do I plant?" not in text(signed_in(stranger).get("/chat/"))
        answered(message)
        conversations.delete(buyer.pk, the_conversation(message).pk)
        assert "When do I plant?" not in text(shop.get("/chat/"))

    def test_it_takes_the_same_queries_for_none_and_for_many(self, buyer: User, shop: Client) -> None:
        with CaptureQueriesContext(connection) as none:
            shop.get("/chat/")
        for number in range(10):
            Conversation.objects.create(user=buyer, title=f"Talk {number}")
        with CaptureQueriesContext(connection) as ten:
            shop.get("/chat/")
        assert (len(none), len(ten)) == (3, 3)


class TestAConversation:
    def test_it_shows_both_sides_and_how_the_reply_was_made(self, shop: Client, message: Generation) -> None:
        answered(message)
        shown = text(page(shop, message))
        assert "When do I plant?" in shown
        assert "Plant in autumn. By rules." in shown

    def test_what_the_reply_proposes_leads_to_the_form(self, shop: Client, message: Generation) -> None:
        answered(message)
        link = "/generate/?area=patio&amp;style=english-garden&amp;prompt=roses+%26+lavender"
        assert f'href="{link}"' in source(page(shop, message))
        form = shop.get(link.replace("&amp;", "&")).context["form"]
        assert [form[name].value() for name in ("area", "style", "prompt")] == [
            ["patio"],
            "english-garden",
            "roses & lavender",
        ]

    def test_a_proposal_this_shop_cannot_paint_is_left_out(self, shop: Client, message: Generation) -> None:
        unknown = Suggestion("roof", "english-garden", "A meadow up there")
        answered(message, Reply("A roof.", "By rules.", (unknown,)))
        assert "Paint this" not in text(page(shop, message))

    def test_the_receipt_says_which_right_paid(self, shop: Client, message: Generation) -> None:
        answered(message)
        shown = text(page(shop, message))
        assert "1 token Paid with tokens, because no subscription was active and no free credit was left." in shown
        assert "Line 2" in shown

    def test_a_failure_says_why_and_what_came_back(self, buyer: User, shop: Client, message: Generation) -> None:
        failed(message, "It was asked for too much.")
        shown = text(page(shop, message))
        assert "It was asked for too much. 1 token returned." in shown
        assert "1 token, returned" in shown
        assert "Line 2 and Line 3" in shown
        assert held(buyer) == (1, 0)

    def test_a_long_one_has_pages(self, buyer: User, shop: Client, give: Give) -> None:
        conversation = many(buyer, give, conversations.MESSAGES_ON_A_PAGE + 1)
        path = address("conversation", conversation)
        newest = shop.get(path)
        assert bubbles(newest) == [f"Message {number}." for number in range(2, 52)]
        earlier = shop.get(path, {"before": str(newest.context["older"])})
        assert bubbles(earlier) == ["Message 1."]
        assert 'id="send"' not in source(earlier)

    def test_a_message_is_found_on_whatever_page_it_is(self, buyer: User, shop: Client, give: Give) -> None:
        conversation = many(buyer, give, conversations.MESSAGES_ON_A_PAGE + 1)
        oldest, second = conversation.messages.order_by("created_at")[:2]
        for message in (oldest, second):
            place = shop.get(address("message", message)).headers["Location"]
            assert f'id="message-{message.pk}"' in source(shop.get(place.partition("#")[0]))
        assert "before" in shop.get(address("message", oldest)).headers["Location"]
        assert "before" not in shop.get(address("message", second)).headers["Location"]

    def test_it_takes_the_same_queries_for_one_and_for_fifty(self, buyer: User, shop: Client, give: Give) -> None:
        one, fifty = many(buyer, give, 1), many(buyer, give, 50)
        counts = []
        for conversation in (one, fifty):
            with CaptureQueriesContext(connection) as queries:
                shop.get(address("conversation", conversation))
            counts.append(len(queries))
        assert counts == [4, 4]

    def test_a_place_that_is_none_shows_the_newest(self, shop: Client, message: Generation) -> None:
        path = address("conversation", the_conversation(message))
        for nonsense in ("x", "2026-01-01_1", "2026-01-01T00:00:00_00000000-0000-0000-0000-000000000000"):
            assert "When do I plant?" in text(shop.get(path, {"before": nonsense}))


class TestTextIsText:
    EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> **bold** https://example.com/ {{ 7 }} javascript:x"

    def test_in_message_reply_note_proposal_title_and_failure(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        message = sent(buyer, self.EVIL)
        answered(message, Reply(self.EVIL, self.EVIL, (Suggestion("patio", "english-garden", self.EVIL),)))
        conversation = the_conversation(message)
        conversations.rename(conversation.pk, self.EVIL[:80])
        failed(sent(buyer, "And?", conversation), self.EVIL)
        names = ["conversation", "conversation-rename", "conversation-delete"]
        for path in ["/chat/", *[address(name, conversation) for name in names]]:
            shown = source(shop.get(path))
            assert "<script>alert" not in shown
            assert "<img src=x" not in shown
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        shown = source(shop.get(address("conversation", conversation)))
        assert shown.count("&lt;script&gt;") >= 6
        assert 'href="https://example.com' not in shown
        assert "**bold**" in shown

    def test_while_it_is_being_said(self, shop: Client, message: Generation) -> None:
        studio.tell(begun(message), self.EVIL)
        for response in (page(shop, message), poll(shop, message, "")):
            assert "<script>alert" not in source(response)
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source(response)

    def test_its_direction_is_its_own(self, shop: Client, message: Generation) -> None:
        answered(message, Reply("\u202e\u05d0\u05d1", "By rules."))
        assert '<p class="bubble-words" dir="auto">\u202e\u05d0\u05d1</p>' in source(page(shop, message))


class TestSomebodyElse:
    NAMES = ["conversation", "conversation-rename", "conversation-export", "conversation-delete"]

    def test_finds_nothing_at_any_address(self, stranger: User, message: Generation) -> None:
        conversation = the_conversation(message)
        client = signed_in(stranger)
        looked_at = [address(name, conversation) for name in self.NAMES]
        looked_at += [address(name, message) for name in ("message", "message-status")]
        assert {client.get(path).status_code for path in looked_at} == {404}
        pressed = [address(name, conversation) for name in self.NAMES if name != "conversation-export"]
        pressed += [address(name, message) for name in ("message-cancel", "message-retry")]
        sent_along = {"title": "Mine", "text": "Mine", "key": "c5f1b1c0-0000-4000-8000-000000000000"}
        assert {client.post(path, sent_along).status_code for path in pressed} == {404}
        conversation.refresh_from_db()
        assert (conversation.title, conversation.deleted_at) == ("When do I plant?", None)

    def test_staff_have_no_other_way_in_either(self, staff: User, message: Generation) -> None:
        assert page(signed_in(staff), message).status_code == 404
