"""A message is sent from the page, once, or refused with what was written kept."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from generations import conversations
from generations.models import Conversation, Generation
from tests.generations.chat.conftest import (
    HTMX,
    address,
    answered,
    form,
    messages,
    sent,
    signed_in,
    source,
    text,
    the_conversation,
)
from tests.generations.conftest import Give, held
from tests.subscribed import subscription_of
from tokens.ledger import Type

pytestmark = pytest.mark.django_db


class TestTheButton:
    def test_it_tells_the_price_before_the_click(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 5)
        assert "Send - 1 token" in text(shop.get("/chat/"))
        give(buyer, 2, Type.TRIAL)
        assert "Send - 1 free credit (2 left)" in text(shop.get("/chat/"))
        subscription_of(buyer)
        assert "Send - included" in text(shop.get("/chat/"))

    def test_looking_starts_nothing(self, buyer: User, shop: Client, conversation: Conversation) -> None:
        shop.get("/chat/", form())
        shop.get(address("conversation", conversation), form())
        assert (messages(), held(buyer)) == (1, (1, 0))


class TestANewConversation:
    def test_it_begins_and_is_gone_to(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        response = shop.post("/chat/", form("  When do\r\nI plant?  "))
        message = Generation.objects.get()
        place = f"{address('conversation', the_conversation(message))}#message-{message.pk}"
        assert (response.status_code, response.headers["Location"]) == (303, place)
        assert (message.kind, message.prompt) == ("message", "When do\nI plant?")
        assert held(buyer) == (0, 0)

    def test_the_same_form_twice_is_one_conversation(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 3)
        once = form()
        assert len({shop.post("/chat/", once).headers["Location"] for _ in range(3)}) == 1
        assert (Conversation.objects.count(), messages(), held(buyer)) == (1, 1, (2, 0))

    def test_the_same_form_after_it_was_deleted_leads_to_the_list_which_says_so(
        self, buyer: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 2)
        once = form()
        shop.post("/chat/", once)
        message = answered(Generation.objects.get())
        conversations.delete(buyer.pk, the_conversation(message).pk)
        response = shop.post("/chat/", once)
        assert (response.status_code, response.headers["Location"]) == (303, "/chat/")
        assert "It was deleted. Sending its form again charged nothing." in text(shop.get("/chat/"))
        assert (messages(), held(buyer)) == (1, (1, 0))

    def test_going_back_and_writing_something_else_is_a_second_one(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        key = str(uuid4())
        assert len({shop.post("/chat/", form(words, key=key)).headers["Location"] for words in ("roses", "moss")}) == 2
        assert (Conversation.objects.count(), held(buyer)) == (2, (0, 0))

    def test_a_form_from_another_site_is_refused(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        client = Client(enforce_csrf_checks=True)
        client.force_login(buyer)
        assert client.post("/chat/", form()).status_code == 403
        assert (messages(), held(buyer)) == (0, (1, 0))


class TestTheNextMessage:
    def test_without_htmx_it_leads_back_to_the_conversation(
        self, buyer: User, shop: Client, conversation: Conversation
    ) -> None:
        response = shop.post(address("conversation", conversation), form())
        message = Generation.objects.latest("created_at")
        place = f"{address('conversation', conversation)}#message-{message.pk}"
        assert (response.status_code, response.headers["Location"]) == (303, place)
        assert (message.conversation, held(buyer)) == (conversation, (0, 0))

    def test_with_htmx_the_bubble_comes_alone_with_a_new_key_and_price(
        self, shop: Client, conversation: Conversation
    ) -> None:
        once = form("And roses?")
        response = shop.post(address("conversation", conversation), once, headers=HTMX)
        message = Generation.objects.latest("created_at")
        shown = source(response)
        assert response.status_code == 200
        assert response.headers["HX-Trigger"] == "balance-changed"
        assert shown.startswith(f'<li id="message-{message.pk}"')
        assert f'hx-get="{address("message-status", message)}?shown=queued.0.0"' in shown
        assert "And roses?" in shown
        (key,) = re.findall('name="key" value="([^"]+)"', shown)
        assert key != once["key"]

    def test_the_price_that_comes_with_it_is_the_next_ones(
        self, buyer: User, shop: Client, give: Give, conversation: Conversation
    ) -> None:
        give(buyer, 2, Type.TRIAL)
        shown = source(shop.post(address("conversation", conversation), form(), headers=HTMX))
        assert '<span id="send-price" hx-swap-oob="true">1 free credit (1 left)</span>' in shown
        message = Generation.objects.latest("created_at")
        cancelled = shop.post(address("message-cancel", message), headers=HTMX)
        assert "Try again - 1 free credit (2 left)" in text(cancelled)
        again = shop.post(address("message-retry", message), headers=HTMX)
        assert '<span id="send-price" hx-swap-oob="true">1 free credit (1 left)</span>' in source(again)

    def test_the_same_form_twice_is_one_message(self, buyer: User, shop: Client, conversation: Conversation) -> None:
        once = form()
        shop.post(address("conversation", conversation), once)
        answered(Generation.objects.latest("created_at"))
        again = shop.post(address("conversation", conversation), once)
        assert (again.status_code, messages(), held(buyer)) == (303, 2, (0, 0))

    def test_the_same_words_from_a_new_form_are_a_second_message(
        self, buyer: User, shop: Client, give: Give, conversation: Conversation
    ) -> None:
        give(buyer, 1)
        for _ in range(2):
            shop.post(address("conversation", conversation), form("yes"))
            answered(Generation.objects.latest("created_at"))
        assert (messages(), held(buyer)) == (3, (0, 0))

    def test_a_form_sent_to_another_conversation_is_another_message(
        self, buyer: User, shop: Client, give: Give, conversation: Conversation
    ) -> None:
        give(buyer, 2)
        other = the_conversation(answered(sent(buyer, "Moss?")))
        once = form()
        for each in (conversation, other):
            shop.post(address("conversation", each), once)
        assert {each.messages.count() for each in (conversation, other)} == {2}
        assert held(buyer) == (0, 0)

    def test_a_strangers_key_means_nothing(
        self, buyer: User, stranger: User, shop: Client, give: Give, conversation: Conversation
    ) -> None:
        give(stranger, 1)
        once = form()
        signed_in(stranger).post("/chat/", once)
        shop.post(address("conversation", conversation), once)
        assert (held(buyer), held(stranger)) == ((0, 0), (0, 0))
        assert Generation.objects.filter(user=stranger).get().conversation != conversation


class TestABadMessage:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"text": ""}, "Write a message first."),
            ({"text": " \r\n\t "}, "Write a message first."),
            ({"text": "\u200b\u2060\u200f"}, "Write something that can be read."),
            ({"text": "x" * 2001}, "Ensure this value has at most 2000 characters (it has 2001)."),
            ({"text": "roses\0"}, "Null characters are not allowed."),
            ({"text": "roses\x1b[31m"}, "Remove the characters that cannot be shown."),
            ({"key": "42"}, "This form could not be read."),
            ({"key": ""}, "This form could not be read."),
        ],
    )
    @pytest.mark.parametrize("headers", [{}, HTMX])
    @pytest.mark.parametrize("place", ["/chat/", "conversation"])
    def test_it_comes_back_with_a_sentence_and_costs_nothing(
        self,
        buyer: User,
        shop: Client,
        conversation: Conversation,
        changes: dict[str, str],
        sentence: str,
        headers: dict[str, str],
        place: str,
    ) -> None:
        path = address("conversation", conversation) if place == "conversation" else place
        response = shop.post(path, form(**{"text": "Lavender", **changes}), headers=headers)
        assert response.status_code == 422
        assert sentence in text(response)
        assert 'role="alert"' in source(response)
        assert (messages(), held(buyer)) == (1, (1, 0))

    def test_what_was_written_stays_in_the_box(self, shop: Client, conversation: Conversation) -> None:
        assert "Lavender</textarea>" in source(shop.post("/chat/", form("Lavender", key="42")))

    def test_with_htmx_only_the_problem_is_swapped(self, shop: Client, conversation: Conversation) -> None:
        response = shop.post(address("conversation", conversation), form(""), headers=HTMX)
        assert (response.headers["HX-Retarget"], response.headers["HX-Reswap"]) == ("#send-problem", "innerHTML")
        assert "<li" not in source(response)

    def test_a_bad_key_is_replaced_so_that_the_next_click_works(self, shop: Client, conversation: Conversation) -> None:
        key = shop.post("/chat/", form(key="42")).context["form"]["key"].value()
        assert shop.post("/chat/", form(key=key)).status_code == 303

    def test_line_ends_count_once_as_in_the_browser(self, shop: Client, conversation: Conversation) -> None:
        assert shop.post("/chat/", form("x\r\n" * 999 + "xx")).status_code == 303


class TestSomebodyElsesConversation:
    def test_it_takes_no_message(self, buyer: User, stranger: User, give: Give, conversation: Conversation) -> None:
        give(stranger, 1)
        response = signed_in(stranger).post(address("conversation", conversation), form())
        assert (response.status_code, messages(), held(stranger)) == (404, 1, (1, 0))

    def test_its_id_in_a_form_for_a_new_one_means_nothing(
        self, stranger: User, give: Give, conversation: Conversation
    ) -> None:
        give(stranger, 1)
        smuggled = {"conversation": str(conversation.pk), "conversation_id": str(conversation.pk)}
        assert signed_in(stranger).post("/chat/", form(**smuggled)).status_code == 303
        assert conversation.messages.count() == 1
