"""What PostgreSQL itself refuses about designs and messages, whoever writes."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from generations import studio
from generations.models import Conversation, Generation
from tests.generations.conftest import Give, Start, held
from tests.generations.engines import painting

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(buyer: User, give: Give, start: Start) -> Generation:
    give(buyer, 5)
    return start(buyer, prompt="roses")


@pytest.fixture
def done(waiting: Generation) -> Generation:
    lease = studio.take_lease(waiting.pk)
    assert lease is not None
    assert studio.finish(lease, painting(), engine="obedient")
    waiting.refresh_from_db()
    return waiting


@pytest.fixture
def conversation(buyer: User) -> Conversation:
    return Conversation.objects.create(user=buyer, title="Roses")


def refused(rule: str, generation: Generation, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Generation.objects.filter(pk=generation.pk).update(**values)


class TestARowIsRefused:
    def test_a_design_in_a_conversation(self, waiting: Generation, conversation: Conversation) -> None:
        refused("generation_is_a_design_or_a_message", waiting, conversation=conversation)

    def test_a_design_of_nothing(self, waiting: Generation) -> None:
        refused("generation_is_a_design_or_a_message", waiting, area="")

    def test_a_cancelled_one_without_its_refund(self, waiting: Generation) -> None:
        refused(
            "generation_refunded_if_and_only_if_without_result", waiting, state="cancelled", ended_at=timezone.now()
        )

    def test_a_deleted_one_that_keeps_its_words(self, done: Generation) -> None:
        gone = {"deleted_at": timezone.now(), "image": "", "thumbnail": "", "alt_text": ""}
        refused("generation_deleted_has_no_words", done, **gone)

    def test_a_deleted_one_that_keeps_its_picture(self, done: Generation) -> None:
        gone = {"deleted_at": timezone.now(), "thumbnail": "", "alt_text": "", "prompt": ""}
        refused("generation_result_if_and_only_if_succeeded", done, **gone)

    def test_one_deleted_before_its_end(self, waiting: Generation) -> None:
        refused("generation_deleted_has_no_words", waiting, deleted_at=timezone.now(), prompt="")

    def test_a_deleted_conversation_that_keeps_its_title(self, conversation: Conversation) -> None:
        with pytest.raises(IntegrityError, match="conversation_deleted_has_no_words"), transaction.atomic():
            Conversation.objects.filter(pk=conversation.pk).update(deleted_at=timezone.now())


class TestAnEndedOneChangesNoMore:
    @pytest.mark.parametrize(
        "values",
        [{"image": "generations/another.webp"}, {"reply": "another"}, {"cost": 2}, {"source": "trial"}],
        ids=["picture", "reply", "cost", "right"],
    )
    def test_neither_what_it_gave_nor_what_it_cost(self, done: Generation, values: dict[str, Any]) -> None:
        refused("generation_ends_once", done, **values)

    def test_it_does_not_become_somebody_elses(self, done: Generation, stranger: User) -> None:
        refused("generation_ends_once", done, user=stranger)

    def test_a_deleted_one_does_not_come_back(self, done: Generation) -> None:
        gone = {"deleted_at": timezone.now(), "image": "", "thumbnail": "", "alt_text": "", "prompt": ""}
        Generation.objects.filter(pk=done.pk).update(**gone)
        refused("generation_ends_once", done, deleted_at=None, image="generations/another.webp")


class TestWhileANewReleaseIsRolledOut:
    def test_the_release_before_goes_on_writing(self, buyer: User, waiting: Generation) -> None:
        """It names only the columns it knows: the database itself fills in the others."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO generations_generation (id, user_id, form_key, area, style, prompt, state, source, cost,
                    job_id, engine, attempts, image, alt_text, note, failure)
                SELECT %s, user_id, %s, area, style, prompt, state, 'subscription', 0,
                    job_id, engine, attempts, image, alt_text, note, failure
                FROM generations_generation WHERE id = %s
                """,
                [uuid4(), uuid4(), waiting.pk],
            )
        written = Generation.objects.exclude(pk=waiting.pk).get()
        assert (written.kind, written.progress, written.reply, written.suggestions) == ("design", "", "", [])
        assert held(buyer) == (4, 0)

    def test_the_release_before_ends_what_this_one_has_begun(self, waiting: Generation) -> None:
        """It does not know what the engine reports; PostgreSQL drops that at the end, whoever ends it."""
        lease = studio.take_lease(waiting.pk)
        assert lease is not None
        assert studio.tell(lease, "Planting") is True
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE generations_generation SET state = 'succeeded', image = 'generations/x.webp', ended_at = now(),"
                " lease_expires_at = NULL WHERE id = %s",
                [waiting.pk],
            )
        waiting.refresh_from_db()
        assert (waiting.state, waiting.progress) == ("succeeded", "")
