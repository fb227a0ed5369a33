"""Each rule about designs is broken on purpose, behind the back of what holds it, and the audit names it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from generations import studio
from generations.models import Conversation, Generation, Photo
from tests.generations.conftest import Give, Start
from tokens import audit, ledger
from tokens.ledger import Type

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

UNGUARDED = [
    "ALTER TABLE generations_generation DISABLE TRIGGER generation_ends_once",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_charged_or_covered",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_refunded_if_and_only_if_without_result",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_result_if_and_only_if_succeeded",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_is_a_design_or_a_message",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_ended_has_a_time",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_lease_if_and_only_if_running",
    "ALTER TABLE generations_generation DROP CONSTRAINT generation_deleted_has_no_words",
    "ALTER TABLE generations_conversation DROP CONSTRAINT conversation_deleted_has_no_words",
    "DROP INDEX generation_one_reply_at_a_time",
]

MESSAGE = {"kind": "message", "area": "", "style": ""}


@pytest.fixture
def unguarded(db: None) -> Iterator[None]:
    """Take PostgreSQL's own rules about designs away; the rollback at the end of the test brings them back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in UNGUARDED:
            cursor.execute(statement)
    yield


@pytest.fixture
def design(unguarded: None, buyer: User, give: Give, start: Start) -> Generation:
    give(buyer, 3)
    generation = start(buyer)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return generation


def change(generation: Generation, **values: Any) -> None:
    Generation.objects.filter(pk=generation.pk).update(**values)


def found() -> set[str]:
    return {discrepancy.check for discrepancy in audit.discrepancies()}


class TestTheAudit:
    def test_finds_nothing_wrong_in_what_the_studio_did(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1, Type.TRIAL)
        give(buyer, 3)
        start(buyer)
        studio.fail(start(buyer).pk, reason="Over.")
        studio.take_lease(start(buyer).pk)
        assert found() == set()

    def test_a_design_that_says_it_cost_something_else(self, design: Generation) -> None:
        change(design, cost=2)
        assert found() == {"generation_charged_or_covered"}

    def test_a_design_paid_by_another_right_than_it_says(self, design: Generation) -> None:
        change(design, source="trial")
        assert found() == {"generation_charged_or_covered"}

    def test_a_design_paid_by_somebody_else(self, design: Generation, stranger: User) -> None:
        change(design, user=stranger)
        assert found() == {"generation_charged_or_covered"}

    def test_a_covered_design_that_was_charged(self, design: Generation) -> None:
        change(design, source="subscription", cost=0)
        assert found() == {"generation_charged_or_covered"}

    def test_a_design_nobody_paid(self, design: Generation) -> None:
        change(design, charge=None)
        assert found() == {"generation_charged_or_covered", "deduction_has_its_generation"}

    def test_a_deduction_without_a_design(self, unguarded: None, buyer: User, give: Give) -> None:
        give(buyer, 1)
        ledger.charge(user_id=buyer.pk, cost=1, key="generation:1:charge", description="x")
        assert found() == {"deduction_has_its_generation"}

    def test_a_failure_that_was_not_refunded(self, design: Generation) -> None:
        change(design, state="failed", ended_at=timezone.now())
        assert found() == {"generation_refunded_if_and_only_if_without_result"}

    def test_a_refund_of_a_design_that_did_not_fail(self, design: Generation) -> None:
        assert design.charge is not None
        ledger.refund(design.charge, description="x")
        assert found() == {"generation_refunded_if_and_only_if_without_result"}

    def test_a_failure_that_names_another_refund(self, design: Generation, buyer: User, start: Start) -> None:
        other = start(buyer)
        for each in (design, other):
            studio.fail(each.pk, reason="Over.")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        change(other, refund=None)
        assert found() == {"generation_refunded_if_and_only_if_without_result"}

    def test_a_result_nobody_may_have(self, design: Generation) -> None:
        change(design, image="generations/x.webp")
        assert found() == {"generation_result_if_and_only_if_succeeded"}

    def test_a_success_without_a_result(self, design: Generation) -> None:
        change(design, state="succeeded", ended_at=timezone.now())
        assert found() == {"generation_result_if_and_only_if_succeeded"}

    def test_two_replies_at_a_time(self, design: Generation, buyer: User, start: Start) -> None:
        conversation = Conversation.objects.create(user=buyer)
        for each in (design, start(buyer)):
            change(each, conversation=conversation, **MESSAGE)
        assert found() == {"generation_one_reply_at_a_time"}

    def test_a_message_in_somebody_elses_conversation(self, design: Generation, stranger: User) -> None:
        change(design, conversation=Conversation.objects.create(user=stranger), **MESSAGE)
        assert found() == {"generation_belongs_to_its_conversations_owner"}

    @pytest.mark.parametrize("values", [{"area": ""}, {"kind": "message"}, {"kind": "video"}])
    def test_what_is_neither_a_design_nor_a_message(self, design: Generation, values: dict[str, Any]) -> None:
        change(design, **values)
        assert found() == {"generation_is_a_design_or_a_message"}

    @pytest.mark.parametrize("values", [{"state": "running"}, {"ended_at": timezone.now()}, {"progress": "Planting"}])
    def test_a_state_that_its_times_do_not_fit(self, design: Generation, values: dict[str, Any]) -> None:
        change(design, **values)
        assert found() == {"generation_ended_has_a_time"}

    @pytest.mark.parametrize("kept", [{"prompt": "roses"}, {"alt_text": "A garden."}, {"thumbnail": "generations/x"}])
    def test_a_deleted_design_that_keeps_something(self, design: Generation, kept: dict[str, Any]) -> None:
        studio.fail(design.pk, reason="Over.")
        change(design, deleted_at=timezone.now(), **kept)
        assert found() == {"generation_deleted_has_no_words"}

    def test_a_deleted_conversation_that_keeps_a_message(self, design: Generation, buyer: User) -> None:
        deleted = Conversation.objects.create(user=buyer, deleted_at=timezone.now())
        assert found() == set()
        studio.fail(design.pk, reason="Over.")
        change(design, conversation=deleted, **MESSAGE)
        assert found() == {"generation_deleted_has_no_words"}

    def test_a_photo_of_somebody_elses(self, design: Generation, stranger: User) -> None:
        change(design, photo=Photo.objects.create(user=stranger, image="photos/x.jpg", width=256, height=256))
        assert found() == {"generation_is_made_of_its_owners_things"}

    def test_a_second_try_of_what_has_not_failed(self, design: Generation, buyer: User, start: Start) -> None:
        change(start(buyer), retry_of=design)
        assert found() == {"generation_is_made_of_its_owners_things"}

    def test_a_lease_that_nobody_ended(self, design: Generation) -> None:
        lease = studio.take_lease(design.pk)
        assert lease is not None
        change(design, lease_expires_at=timezone.now() - timedelta(seconds=59))
        assert found() == set()
        change(design, lease_expires_at=timezone.now() - timedelta(seconds=61))
        assert found() == {"generation_lease_not_older_than_its_limit"}

    def test_a_wait_that_nobody_ended(self, design: Generation) -> None:
        change(design, created_at=timezone.now() - timedelta(minutes=11, seconds=1))
        assert found() == {"generation_does_not_wait_longer_than_its_limit"}
