"""A message that is not sent, or got no reply: said why, what was written kept, nothing charged for nothing."""

import pytest
from django.test import Client

from accounts.models import User
from generations.availability import LEFT_ALONE, EngineUnavailable
from generations.models import Conversation, Generation
from tests.generations.chat.conftest import (
    HTMX,
    address,
    answered,
    failed,
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

pytestmark = pytest.mark.django_db


class TestWhileAReplyIsWaitedFor:
    def test_the_next_message_is_refused_kept_and_not_charged(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        path = address("conversation", the_conversation(sent(buyer)))
        response = shop.post(path, form("Lavender"))
        assert response.status_code == 409
        assert "The assistant is still answering your last message." in text(response)
        assert "Lavender</textarea>" in source(response)
        assert "Lavender</textarea>" in source(shop.get(path))
        assert (messages(), held(buyer)) == (1, (1, 0))

    def test_with_htmx_the_sentence_is_swapped_in_and_goes_when_the_reply_comes(
        self, buyer: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 2)
        response = shop.post(address("conversation", the_conversation(sent(buyer))), form(), headers=HTMX)
        assert (response.status_code, response.headers["HX-Retarget"]) == (409, "#send-problem")
        assert "data-until-answered" in source(response)


class TestNothingLeftToPayWith:
    @pytest.fixture
    def path(self, buyer: User, give: Give) -> str:
        """A conversation that has used up the last token."""
        give(buyer, 1)
        return address("conversation", the_conversation(answered(sent(buyer))))

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_packages_are_offered_in_a_dialog(self, shop: Client, path: str, headers: dict[str, str]) -> None:
        response = shop.post(path, form("Lavender"), headers=headers)
        assert response.status_code == 402
        assert "<dialog open data-modal" in source(response)
        assert "Your free credits are used up" in text(response)
        assert 'action="/purchase/checkout/"' in source(response)
        assert messages() == 1

    def test_the_packages_are_not_inside_of_the_message_form(self, shop: Client, path: str) -> None:
        """A form within a form is none: its buttons would send the message."""
        shown = source(shop.post(path, form("Lavender")))
        dialog, own = shown.index("<dialog open data-modal"), shown.index('id="send"')
        assert shown[:dialog].count("<form") == shown[:dialog].count("</form>")
        assert dialog < own

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_what_was_written_waits_in_the_conversation(
        self, buyer: User, shop: Client, give: Give, path: str, headers: dict[str, str]
    ) -> None:
        shop.post(path, form("Lavender"), headers=headers)
        assert shop.session["draft"] == {"next": path, "text": "Lavender"}
        assert "Lavender</textarea>" in source(shop.get(path))
        assert "Lavender" not in source(shop.get("/chat/"))
        give(buyer, 1)
        shop.post(path, form("Lavender"), headers=headers)
        assert "draft" not in shop.session
        assert "Lavender</textarea>" not in source(shop.get(path))

    def test_a_new_conversation_keeps_what_was_written_too(self, shop: Client, path: str) -> None:
        assert shop.post("/chat/", form("Moss")).status_code == 402
        assert "Moss</textarea>" in source(shop.get("/chat/"))
        assert "Moss" not in source(shop.get(path))
        assert Conversation.objects.count() == 1


class TestOtherRefusals:
    def test_fair_use_says_when_it_is_included_again(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        subscription_of(buyer, per_day=1)
        path = address("conversation", the_conversation(answered(sent(buyer))))
        for headers in ({}, HTMX):
            response = shop.post(path, form("Lavender"), headers=headers)
            assert response.status_code == 429
            assert "The next message is included again at" in text(response)
        assert (messages(), held(buyer)) == (1, (1, 0))
        assert "Lavender</textarea>" in source(shop.get(path))

    def test_an_assistant_that_is_away_is_said_and_not_charged(
        self, buyer: User, shop: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(provider: str) -> None:
            raise EngineUnavailable(LEFT_ALONE)

        monkeypatch.setattr("generations.availability.require", away)
        for path in ("/chat/", address("conversation", conversation)):
            response = shop.post(path, form("Lavender"))
            assert response.status_code == 503
            assert "Not available just now." in text(response)
            assert text(response).count("Nothing was charged") == 1
            assert "Lavender</textarea>" in source(response)
        assert (messages(), held(buyer)) == (1, (1, 0))


class TestTryingAgain:
    @pytest.fixture
    def lost(self, buyer: User, give: Give) -> Generation:
        """A failed message; its token is back."""
        give(buyer, 1)
        return failed(sent(buyer))

    def test_it_sends_the_same_words_with_a_new_charge(self, buyer: User, shop: Client, lost: Generation) -> None:
        shown = text(shop.get(address("conversation", the_conversation(lost))))
        assert "Nobody knows. 1 token returned. Try again - 1 token" in shown
        response = shop.post(address("message-retry", lost))
        again = Generation.objects.get(retry_of=lost)
        assert response.status_code == 303
        assert response.headers["Location"].endswith(f"#message-{again.pk}")
        assert (again.prompt, again.conversation_id, held(buyer)) == (lost.prompt, lost.conversation_id, (0, 0))

    def test_with_htmx_the_button_goes_and_the_new_message_comes(self, shop: Client, lost: Generation) -> None:
        shown = source(shop.post(address("message-retry", lost), headers=HTMX))
        again = Generation.objects.get(retry_of=lost)
        assert f'<li id="message-{again.pk}"' in shown
        assert f'<div id="reply-{lost.pk}" class="reply" hx-swap-oob="true"' in shown
        assert f'<a href="{address("message", again)}">Tried again</a>' in shown
        assert "Try again" not in shown

    def test_twice_is_once(self, buyer: User, shop: Client, give: Give, lost: Generation) -> None:
        give(buyer, 5)
        places = {shop.post(address("message-retry", lost)).headers["Location"] for _ in range(3)}
        assert (len(places), messages(), held(buyer)) == (1, 2, (5, 0))

    def test_what_has_its_reply_is_not_sent_again(self, buyer: User, shop: Client, conversation: Conversation) -> None:
        message = conversation.messages.get()
        response = shop.post(address("message-retry", message))
        assert response.headers["Location"].endswith(f"#message-{message.pk}")
        assert (messages(), held(buyer)) == (1, (1, 0))

    def test_without_tokens_packages_are_offered_and_the_box_is_kept(
        self, buyer: User, shop: Client, give: Give, lost: Generation
    ) -> None:
        answered(sent(buyer))
        response = shop.post(address("message-retry", lost), {"text": "half a sent"})
        assert response.status_code == 402
        assert "<dialog open data-modal" in source(response)
        path = address("conversation", the_conversation(lost))
        assert shop.session["draft"] == {"next": path, "text": "half a sent"}

    def test_while_another_reply_is_waited_for_it_waits_too(
        self, buyer: User, shop: Client, give: Give, lost: Generation
    ) -> None:
        give(buyer, 1)
        sent(buyer, "Something else", the_conversation(lost))
        assert shop.post(address("message-retry", lost)).status_code == 409
        assert (messages(), held(buyer)) == (2, (1, 0))

    def test_somebody_elses_is_not_found(self, stranger: User, give: Give, lost: Generation) -> None:
        give(stranger, 1)
        assert signed_in(stranger).post(address("message-retry", lost)).status_code == 404
        assert (messages(), held(stranger)) == (1, (1, 0))
