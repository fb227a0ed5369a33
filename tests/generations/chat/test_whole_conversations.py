"""Renamed, kept as a copy, deleted: by its owner, and for good."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from generations import commissions, conversations
from generations.engines import ChatRequest, Reply, Suggestion, Turn
from generations.models import Conversation, Generation
from tests.generations.chat.conftest import (
    address,
    answered,
    begun,
    failed,
    form,
    sent,
    source,
    text,
    the_conversation,
)
from tests.generations.conftest import Give, held
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(buyer: User, give: Give) -> Conversation:
    """A conversation of an answered and a failed message; its token is left."""
    give(buyer, 2)
    first = answered(sent(buyer))
    return the_conversation(failed(sent(buyer, "And roses?\nYou, 2026-01-01", first.conversation)))


class TestRenaming:
    def rename(self, client: Client, conversation: Conversation, title: str) -> Any:
        return client.post(address("conversation-rename", conversation), {"title": title})

    def test_it_has_the_new_title_everywhere(self, shop: Client, conversation: Conversation) -> None:
        response = self.rename(shop, conversation, "  My\nroses ")
        path = address("conversation", conversation)
        assert (response.status_code, response.headers["Location"]) == (303, path)
        assert "My roses" in text(shop.get(path))
        assert "My roses" in text(shop.get("/chat/"))

    @pytest.mark.parametrize(
        ("title", "sentence"),
        [
            ("", "Write a title."),
            ("   ", "Write a title."),
            ("\u200b", "Write something that can be read."),
            ("x" * 81, "Ensure this value has at most 80 characters (it has 81)."),
            ("a\x1bb", "Remove the characters that cannot be shown."),
        ],
    )
    def test_a_bad_one_is_refused_with_a_sentence(
        self, shop: Client, conversation: Conversation, title: str, sentence: str
    ) -> None:
        response = self.rename(shop, conversation, title)
        assert response.status_code == 422
        assert sentence in text(response)
        assert the_conversation(conversation.messages.all()[0]).title == "When do I plant?"

    def test_it_does_not_move_in_the_list(self, shop: Client, conversation: Conversation) -> None:
        self.rename(shop, conversation, "Roses")
        written_at = conversation.updated_at
        conversation.refresh_from_db()
        assert conversation.updated_at == written_at


class TestTheCopy:
    def copy(self, client: Client, conversation: Conversation) -> tuple[str, str]:
        response: Any = client.get(address("conversation-export", conversation))
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        return b"".join(response.streaming_content).decode(), response.headers["Content-Disposition"]

    def test_it_says_who_said_what_and_what_failed(self, shop: Client, conversation: Conversation) -> None:
        first, second = conversation.messages.order_by("created_at")
        times = {"begun": conversation.created_at, "first": first.created_at, "reply": first.ended_at}
        times |= {"second": second.created_at, "failed": second.ended_at}
        at = {name: f"{moment:%Y-%m-%d %H:%M:%S} UTC" for name, moment in times.items()}
        copied, _ = self.copy(shop, conversation)
        assert copied == (
            f"When do I plant?\nBegun on {at['begun']}\n"
            f"\nYou, {at['first']}\n    When do I plant?\n"
            f"\nAssistant, {at['reply']}\n    Plant in autumn.\n"
            "Proposed design: English Garden, patio: roses & lavender\n"
            f"\nYou, {at['second']}\n    And roses?\n    You, 2026-01-01\n"
            f"\nNo reply (failed), {at['failed']}: Nobody knows.\n"
        )

    def test_what_a_proposal_asks_for_stays_on_its_line(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        forged = Suggestion("walkway", "japanese-zen", "moss\nYou, now\u2028Assistant, now")
        elsewhere = Suggestion("roof", "japanese-zen", "not of this shop")
        message = answered(sent(buyer, "Hello"), Reply("Like this:", "By rules.", (forged, elsewhere)))
        copied, _ = self.copy(shop, the_conversation(message))
        assert copied.endswith(
            "\n    Like this:\nProposed design: Japanese Zen, walkway: moss You, now Assistant, now\n"
        )

    def test_no_line_of_a_message_can_pass_for_a_heading(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        forged = "x\nYou, now\u2028Assistant, now\x0bAssistant, then"
        message = answered(sent(buyer, "Hello"), Reply(forged, "By rules."))
        copied, _ = self.copy(shop, the_conversation(message))
        headings = [line for line in copied.splitlines() if line.startswith(("You", "Assistant"))]
        assert [heading.partition(",")[0] for heading in headings] == ["You", "Assistant"]

    def test_one_that_is_waited_for_is_marked(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        message = sent(buyer)
        assert self.copy(shop, the_conversation(message))[0].endswith("\n(waiting for a reply)\n")
        begun(message)
        assert self.copy(shop, the_conversation(message))[0].endswith("\n(being answered)\n")

    @pytest.mark.parametrize(
        ("title", "name"),
        [
            ("My roses & moss", "my-roses-moss"),
            ('"; filename=evil.html\r\nX: y', "filenameevilhtml-x-y"),
            ("../../etc/passwd", "etcpasswd"),
            ("\u05d0\u05d1", "conversation"),
        ],
    )
    def test_its_name_is_safe(self, shop: Client, conversation: Conversation, title: str, name: str) -> None:
        conversations.rename(conversation.pk, title)
        _, disposition = self.copy(shop, conversation)
        assert disposition == f'attachment; filename="{name}-{str(conversation.pk)[:8]}.txt"'


class TestDeleting:
    def delete(self, client: Client, conversation: Conversation) -> Any:
        return client.post(address("conversation-delete", conversation))

    def test_it_is_asked_for_once_more(self, shop: Client, conversation: Conversation) -> None:
        assert "Delete this conversation?" in text(shop.get(address("conversation-delete", conversation)))
        conversation.refresh_from_db()
        assert conversation.deleted_at is None

    def test_no_word_is_left_in_the_database_and_the_books_stay(
        self, buyer: User, shop: Client, conversation: Conversation
    ) -> None:
        booked = list(TokenTransaction.objects.values_list("pk", "amount", "balance_after").order_by("pk"))
        response = self.delete(shop, conversation)
        assert (response.status_code, response.headers["Location"]) == (303, "/chat/")
        assert "The conversation is deleted." in text(shop.get("/chat/"))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(row::text, ' ') FROM (SELECT generations_generation.*, title "
                "FROM generations_generation JOIN generations_conversation ON conversation_id = "
                "generations_conversation.id) AS row"
            )
            (kept,) = cursor.fetchone()
        assert [word for word in ("plant", "autumn", "roses", "lavender", "rules.") if word in kept] == []
        assert list(TokenTransaction.objects.values_list("pk", "amount", "balance_after").order_by("pk")) == booked
        assert (Generation.objects.count(), held(buyer)) == (2, (1, 0))

    def test_twice_is_calm(self, shop: Client, conversation: Conversation) -> None:
        assert [self.delete(shop, conversation).status_code for _ in range(3)] == [303, 303, 303]

    def test_afterwards_it_is_not_found_at_any_address(
        self, buyer: User, shop: Client, conversation: Conversation
    ) -> None:
        first, second = conversation.messages.order_by("created_at")
        self.delete(shop, conversation)
        names = ["conversation", "conversation-rename", "conversation-export", "conversation-delete"]
        looked_at = [address(name, conversation) for name in names]
        looked_at += [address(name, each) for each in (first, second) for name in ("message", "message-status")]
        assert {shop.get(path).status_code for path in looked_at} == {404}
        pressed = [address(name, conversation) for name in ("conversation", "conversation-rename")]
        pressed += [address(name, second) for name in ("message-retry", "message-cancel")]
        assert {shop.post(path, form(title="Back")).status_code for path in pressed} == {404}
        assert (Generation.objects.count(), held(buyer)) == (2, (1, 0))

    def test_while_a_reply_is_waited_for_nothing_is_deleted(
        self, buyer: User, shop: Client, conversation: Conversation
    ) -> None:
        sent(buyer, "And moss?", conversation)
        response = self.delete(shop, conversation)
        assert response.status_code == 409
        assert "It still waits for a reply, so nothing was deleted." in text(response)
        assert "When do I plant?" in source(shop.get(address("conversation", conversation)))

    def test_what_was_kept_in_its_box_is_forgotten_too(self, shop: Client, buyer: User, give: Give) -> None:
        give(buyer, 1)
        conversation = the_conversation(answered(sent(buyer)))
        shop.post(address("conversation", conversation), form("a secret"))
        assert shop.session["draft"]["text"] == "a secret"
        self.delete(shop, conversation)
        assert "draft" not in shop.session

    def test_the_others_stay_as_they_are(self, buyer: User, shop: Client, conversation: Conversation) -> None:
        other = the_conversation(answered(sent(buyer, "Moss?")))
        self.delete(shop, conversation)
        assert "Plant in autumn." in text(shop.get(address("conversation", other)))

    def test_postgresql_keeps_no_title_of_a_deleted_one(self, buyer: User, conversation: Conversation) -> None:
        conversations.delete(buyer.pk, conversation.pk)
        with pytest.raises(IntegrityError, match="conversation_deleted_has_no_words"), transaction.atomic():
            Conversation.objects.filter(pk=conversation.pk).update(title="Back")


class TestWhatTheAssistantIsTold:
    def test_only_what_had_a_reply_in_this_very_conversation(
        self, buyer: User, stranger: User, give: Give, conversation: Conversation
    ) -> None:
        give(buyer, 2)
        give(stranger, 1)
        answered(sent(buyer, "In another conversation"))
        answered(sent(stranger, "Somebody else's"))
        message = sent(buyer, "And now?", conversation)
        request = commissions.of(message).request
        assert isinstance(request, ChatRequest)
        assert request.message == "And now?"
        assert request.turns == (Turn("When do I plant?", "Plant in autumn."),)
