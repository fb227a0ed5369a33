"""Messages of a conversation are paid, leased and ended by the same studio as designs."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from generations import commissions, conversations, studio
from generations.engines import ChatRequest, Reply, Suggestion, Turn
from generations.models import Conversation, Generation
from tests.generations.conftest import Give, held
from tokens.ledger import InsufficientTokens

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]


@pytest.fixture(autouse=True)
def _obedient_assistant(settings: Any) -> None:
    settings.CHAT_ENGINE = "tests.generations.engines.ObedientAssistant"


REPLY = Reply("Plant in autumn.", "By rules.", (Suggestion("patio", "english-garden", "roses"),))


def send(
    user: User, text: str = "When do I plant?", conversation: Conversation | None = None, form_key: UUID | None = None
) -> Generation:
    return studio.start_message(user=user, form_key=form_key or uuid4(), text=text, conversation=conversation)


def answered(message: Generation, reply: Reply = REPLY) -> Generation:
    lease = studio.take_lease(message.pk)
    assert lease is not None
    assert studio.finish(lease, reply, engine="rules") is True
    message.refresh_from_db()
    return message


class TestSending:
    def test_the_first_message_begins_a_conversation_named_after_it(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        message = send(buyer, "When do I plant?\nAnd what?")
        assert message.conversation is not None
        assert (message.kind, message.conversation.title, message.conversation.user) == (
            "message",
            "When do I plant? And what?",
            buyer,
        )
        assert held(buyer) == (0, 0)

    def test_a_long_first_message_gives_its_first_words(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        conversation = send(buyer, "garden " * 280).conversation
        assert conversation is not None
        assert conversation.title == "garden " * 8 + "..."

    def test_the_same_form_again_is_the_same_message_in_the_same_conversation(self, buyer: User, give: Give) -> None:
        give(buyer, 2)
        key = uuid4()
        assert send(buyer, form_key=key).pk == send(buyer, form_key=key).pk
        assert (held(buyer), Conversation.objects.count()) == ((1, 0), 1)

    def test_without_tokens_there_is_no_conversation_either(self, buyer: User) -> None:
        with pytest.raises(InsufficientTokens):
            send(buyer)
        assert (Conversation.objects.count(), Generation.objects.count()) == (0, 0)

    def test_a_second_message_waits_until_the_reply_is_there(self, buyer: User, give: Give) -> None:
        give(buyer, 3)
        first = send(buyer)
        with pytest.raises(studio.ReplyPending):
            send(buyer, "And then?", first.conversation)
        assert held(buyer) == (2, 0)
        answered(first)
        assert send(buyer, "And then?", first.conversation).state == "queued"
        assert held(buyer) == (1, 0)

    def test_a_deleted_conversation_takes_no_message(self, buyer: User, give: Give) -> None:
        give(buyer, 2)
        conversation = answered(send(buyer)).conversation
        assert conversation is not None
        assert conversations.delete(buyer.pk, conversation.pk) is True
        with pytest.raises(studio.ConversationGone):
            send(buyer, "Still there?", conversation)
        assert held(buyer) == (1, 0)

    def test_somebody_elses_conversation_takes_no_message(self, buyer: User, stranger: User, give: Give) -> None:
        give(buyer, 1)
        give(stranger, 1)
        conversation = answered(send(buyer)).conversation
        with pytest.raises(studio.ConversationGone):
            send(stranger, "Whose is this?", conversation)
        assert held(stranger) == (1, 0)


class TestTheReply:
    def test_it_is_kept_with_what_it_proposes(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        message = answered(send(buyer))
        assert (message.state, message.reply, message.note) == ("succeeded", "Plant in autumn.", "By rules.")
        assert message.suggestions == [{"area": "patio", "style": "english-garden", "prompt": "roses"}]

    def test_a_failure_gives_the_token_back(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        message = send(buyer)
        studio.take_lease(message.pk)
        assert studio.fail(message.pk, reason="The assistant did not answer.") is True
        assert held(buyer) == (1, 0)

    def test_a_failed_one_can_be_sent_again_in_its_conversation(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        message = send(buyer)
        studio.fail(message.pk, reason="The assistant did not answer.")
        message.refresh_from_db()
        again = studio.retry(message)
        assert (again.kind, again.conversation, again.prompt) == ("message", message.conversation, message.prompt)
        assert held(buyer) == (0, 0)

    def test_what_is_told_meanwhile_is_shown_and_gone_at_the_end(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        message = send(buyer)
        lease = studio.take_lease(message.pk)
        assert lease is not None
        assert studio.tell(lease, "Plant in") is True
        message.refresh_from_db()
        assert message.progress == "Plant in"
        studio.fail(message.pk, reason="The assistant did not answer.")
        message.refresh_from_db()
        assert message.progress == ""
        assert studio.tell(lease, "autumn") is False


class TestWhatTheAssistantIsReminded:
    def test_of_the_turns_that_had_a_reply_the_oldest_first(self, buyer: User, give: Give) -> None:
        give(buyer, 9)
        first = answered(send(buyer, "One"))
        failed = send(buyer, "Two", first.conversation)
        studio.fail(failed.pk, reason="The assistant did not answer.")
        answered(send(buyer, "Three", first.conversation), Reply("Reply three", ""))
        answered(send(buyer, "Elsewhere"))
        last = send(buyer, "Four", first.conversation)
        assert commissions.of(last).request == ChatRequest(
            message="Four",
            turns=(Turn("One", "Plant in autumn."), Turn("Three", "Reply three")),
            subject="landscape",
        )

    def test_of_as_much_as_fits(self, buyer: User, give: Give, monkeypatch: pytest.MonkeyPatch) -> None:
        give(buyer, 9)
        monkeypatch.setattr(commissions, "CHARACTERS_REMEMBERED", 45)
        conversation = None
        for number in range(4):
            conversation = answered(send(buyer, f"Question {number}", conversation)).conversation
        request = commissions.of(send(buyer, "Last", conversation)).request
        assert isinstance(request, ChatRequest)
        assert [turn.message for turn in request.turns] == ["Question 3"]
