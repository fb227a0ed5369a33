"""Many hands on one conversation: sending, trying again, renaming and deleting at the same moment."""

from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError

from accounts.models import User
from generations import conversations, studio
from generations.engines import Reply
from generations.models import Conversation, Generation
from generations.studio import ConversationGone, ReplyPending, starting
from tests.together import dawdling, together
from tokens import audit, ledger
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


@pytest.fixture(autouse=True)
def _obedient_assistant(settings: object, buyer: User) -> None:
    settings.CHAT_ENGINE = "tests.generations.engines.ObedientAssistant"  # type: ignore[attr-defined]
    ledger.adjust(user_id=buyer.pk, amount=50, reason="Given", adjusted_by_id=buyer.pk, key="given")


def send(user: User, conversation: Conversation | None = None, form_key: UUID | None = None) -> Generation:
    return studio.start_message(
        user=user, form_key=form_key or uuid4(), text="A secret wish", conversation=conversation
    )


def talk(user: User) -> Conversation:
    """A conversation that waits for nothing."""
    message = send(user)
    lease = studio.take_lease(message.pk)
    assert lease is not None
    studio.finish(lease, Reply("So be it.", "By rules."), engine="rules")
    return Conversation.objects.get(messages=message)


def spent(user: User) -> int:
    return 50 - TokenAccount.objects.get(pk=user.pk).balance


def words_in_deleted_ones() -> int:
    return Generation.objects.filter(conversation__deleted_at__isnull=False).exclude(prompt="").count()


class TestTenMessagesAtOnce:
    def test_one_is_sent_and_charged(self, buyer: User) -> None:
        conversation = talk(buyer)
        results = together(*[partial(send, buyer, conversation) for _ in range(10)])
        assert sum(isinstance(result, Generation) for result in results) == 1
        assert sum(isinstance(result, ReplyPending) for result in results) == 9
        assert (conversation.messages.count(), spent(buyer)) == (2, 2)

    def test_one_form_is_one_message(self, buyer: User) -> None:
        conversation, key = talk(buyer), uuid4()
        results = together(*[partial(send, buyer, conversation, key) for _ in range(10)])
        assert len({result.pk for result in results}) == 1
        assert spent(buyer) == 2

    def test_one_form_begins_one_conversation(self, buyer: User) -> None:
        key = uuid4()
        results = together(*[partial(send, buyer, None, key) for _ in range(10)])
        assert len({result.conversation_id for result in results}) == 1
        assert (Conversation.objects.count(), spent(buyer)) == (1, 1)


class TestDeletingAgainstSending:
    def test_either_is_refused_and_no_word_is_left_behind(self, buyer: User) -> None:
        for _ in range(ROUNDS):
            conversation = talk(buyer)
            before = spent(buyer)
            erased, message = together(
                partial(conversations.delete, buyer.pk, conversation.pk), partial(send, buyer, conversation)
            )
            if erased is True:
                assert isinstance(message, ConversationGone)
                assert spent(buyer) == before
            else:
                assert isinstance(erased, ReplyPending)
                assert isinstance(message, Generation)
                assert spent(buyer) == before + 1
        assert words_in_deleted_ones() == 0

    def test_a_retry_that_comes_too_late_is_refused(self, buyer: User) -> None:
        for _ in range(ROUNDS):
            conversation = talk(buyer)
            lost = send(buyer, conversation)
            studio.fail(lost.pk, reason="Nobody knows.")
            lost.refresh_from_db()
            before = spent(buyer)
            erased, again = together(
                partial(conversations.delete, buyer.pk, conversation.pk), partial(studio.retry, lost)
            )
            assert (erased is True) == isinstance(again, ConversationGone)
            assert spent(buyer) == before + isinstance(again, Generation)
        assert words_in_deleted_ones() == 0

    @pytest.mark.breaks_the_books
    def test_the_control_without_the_lock_a_message_is_sent_into_a_deleted_conversation(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unlocked(user_id: UUID, conversation_id: UUID) -> Conversation:
            return Conversation.objects.get(pk=conversation_id, user_id=user_id)

        conversation = talk(buyer)
        with monkeypatch.context() as without:
            without.setattr(conversations, "locked", unlocked)
            without.setattr(starting, "_hold", lambda _: None)
            without.setattr(starting, "_queue", dawdling(starting._queue, 0.3))
            erased, message = together(
                partial(conversations.delete, buyer.pk, conversation.pk), partial(send, buyer, conversation)
            )
        assert erased is True
        assert isinstance(message, Generation)
        assert words_in_deleted_ones() == 1
        assert [found.check for found in audit.discrepancies()] == ["generation_deleted_has_no_words"]
        studio.cancel(message.pk)


class TestRenamingAgainstDeleting:
    def test_a_deleted_one_has_no_title_whoever_came_first(self, buyer: User) -> None:
        for _ in range(ROUNDS):
            conversation = talk(buyer)
            erased, renamed = together(
                partial(conversations.delete, buyer.pk, conversation.pk),
                partial(conversations.rename, conversation.pk, "A secret name"),
            )
            assert erased is True
            assert renamed in (True, False)
        assert set(Conversation.objects.values_list("title", flat=True)) == {""}

    def test_the_control_a_title_written_without_looking_is_refused_by_postgresql(self, buyer: User) -> None:
        conversation = talk(buyer)
        conversations.delete(buyer.pk, conversation.pk)
        conversation.title = "A secret name"
        with pytest.raises(IntegrityError, match="conversation_deleted_has_no_words"):
            conversation.save(update_fields=["title"])


class TestDeletingTenTimesAtOnce:
    def test_it_is_done_once(self, buyer: User) -> None:
        conversation = talk(buyer)
        results = together(*[partial(conversations.delete, buyer.pk, conversation.pk) for _ in range(10)])
        assert sorted(results) == [False] * 9 + [True]
