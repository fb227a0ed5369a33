"""The queue takes turns: who orders a lot waits for it longer, not everybody else."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from generations import progress, studio
from generations.models import Generation
from tests.generations.conftest import Give

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]


@pytest.fixture(autouse=True)
def _obedient_assistant(settings: Any) -> None:
    settings.CHAT_ENGINE = "tests.generations.engines.ObedientAssistant"


def design(user: User) -> Generation:
    return studio.start_designs(user=user, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0]


def fetched() -> list[int]:
    """The jobs in the order in which a worker gets them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
        worker = cursor.fetchone()[0]
        jobs: list[int] = []
        while True:
            cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [worker])
            found = cursor.fetchone()[0]
            if found is None:
                return jobs
            jobs.append(found)


def test_everybodys_first_goes_before_anybodys_second(buyer: User, stranger: User, give: Give) -> None:
    give(buyer, 3)
    give(stranger, 2)
    many = [design(buyer) for _ in range(3)]
    few = [design(stranger) for _ in range(2)]
    turns = [many[0], few[0], many[1], few[1], many[2]]
    assert [each.ahead for each in progress.of(turns)] == [0, 1, 2, 3, 4]
    assert fetched() == [each.job_id for each in turns]


def test_the_areas_of_one_form_are_turns_too(buyer: User, stranger: User, give: Give) -> None:
    give(buyer, 3)
    give(stranger, 1)
    yard = studio.start_designs(
        user=buyer, form_key=uuid4(), areas=["patio", "walkway", "side-yard"], style="japanese-zen", prompt=""
    )
    one = design(stranger)
    assert fetched() == [each.job_id for each in (yard[0], one, yard[1], yard[2])]


def test_what_has_ended_takes_no_turn(buyer: User, give: Give) -> None:
    give(buyer, 2)
    studio.cancel(design(buyer).pk)
    assert design(buyer).turn == 0


def test_a_message_does_not_wait_behind_ones_own_designs(buyer: User, stranger: User, give: Give) -> None:
    give(buyer, 20)
    give(stranger, 1)
    designs = [design(buyer) for _ in range(12)]
    other = design(stranger)
    message = studio.start_message(user=buyer, form_key=uuid4(), text="When do I plant?")
    assert fetched()[:3] == [message.job_id, designs[0].job_id, other.job_id]
