"""Deleting a design while somebody else ends it, tries it again or deletes it, too."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from generations import erasure, studio, tasks
from generations.models import Generation
from generations.studio import Lease, leases
from tests.generations.engines import painting
from tests.together import dawdling, together
from tokens import ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


@pytest.fixture
def start(buyer: User) -> Callable[[], Generation]:
    """Start a design that costs the buyer a token."""
    ledger.adjust(user_id=buyer.pk, amount=50, reason="Given", adjusted_by_id=buyer.pk, key="given")

    def _start() -> Generation:
        return studio.start_designs(
            user=buyer, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="a secret garden"
        )[0]

    return _start


def begun(generation: Generation) -> Lease:
    lease = leases.take_lease(generation.pk)
    assert lease is not None
    return lease


def stored() -> set[str]:
    return {f"generations/{name}" for name in default_storage.listdir("generations")[1]}


def removals() -> list[list[str]]:
    return [job.args["names"] for job in ProcrastinateJob.objects.filter(task_name=erasure.REMOVE_TASK)]


def test_ten_clicks_on_delete_are_one_deletion(buyer: User, start: Callable[[], Generation]) -> None:
    generation = start()
    studio.finish(begun(generation), painting(), engine="obedient")
    results = together(*[partial(erasure.erase_design, buyer.pk, generation.pk) for _ in range(10)])
    assert sorted(results) == [False] * 9 + [True]
    assert len(removals()) == 1


def test_the_control_without_the_lock_each_click_deletes(
    buyer: User, start: Callable[[], Generation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unlocked, all of them see the design before any has written, and each queues a removal of its own."""
    generation = start()
    studio.finish(begun(generation), painting(), engine="obedient")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
    monkeypatch.setattr(erasure, "_have_removed", dawdling(erasure._have_removed, 0.2))
    results = together(*[partial(erasure.erase_design, buyer.pk, generation.pk) for _ in range(3)])
    assert sum(result is True for result in results) > 1
    assert len(removals()) > 1


def test_a_picture_that_comes_just_then_is_kept_whole_or_goes_whole(
    buyer: User, start: Callable[[], Generation]
) -> None:
    for _ in range(ROUNDS):
        generation = start()
        lease = begun(generation)
        finished, erased = together(
            partial(studio.finish, lease, painting(), engine="obedient"),
            partial(erasure.erase_design, buyer.pk, generation.pk),
        )
        generation.refresh_from_db()
        assert finished is True
        assert erased is True or isinstance(erased, erasure.StillBeingMade)
        assert (generation.state, generation.deleted_at is not None) == ("succeeded", erased is True)
    for names in removals():
        tasks.remove_files(names)
    kept = Generation.objects.filter(deleted_at=None).values_list("image", "thumbnail")
    assert stored() == {name for names in kept for name in names}


def test_a_refund_that_comes_just_then_comes(buyer: User, start: Callable[[], Generation]) -> None:
    for _ in range(ROUNDS):
        generation = start()
        lease = begun(generation)
        failed, erased = together(
            partial(studio.fail, generation.pk, reason="Over.", attempt=lease.attempt),
            partial(erasure.erase_design, buyer.pk, generation.pk),
        )
        generation.refresh_from_db()
        assert failed is True
        assert erased is True or isinstance(erased, erasure.StillBeingMade)
        assert (generation.state, bool(generation.prompt)) == ("failed", erased is not True)
    assert TokenAccount.objects.get(pk=buyer.pk).balance == 50


def test_another_try_is_charged_and_made_or_refused_and_free(buyer: User, start: Callable[[], Generation]) -> None:
    """Either came first; the design that was deleted is without words in both cases."""
    tries = 0
    for _ in range(ROUNDS):
        failed = start()
        studio.fail(failed.pk, reason="Over.")
        failed.refresh_from_db()
        again, erased = together(
            partial(lambda pk: studio.retry(Generation.objects.get(pk=pk)), failed.pk),
            partial(erasure.erase_design, buyer.pk, failed.pk),
        )
        assert erased is True
        assert Generation.objects.get(pk=failed.pk).prompt == ""
        assert isinstance(again, Generation | studio.NothingToRetry)
        tries += isinstance(again, Generation)
    assert Generation.objects.filter(retry_of__isnull=False, deleted_at=None).count() == tries
    assert TokenAccount.objects.get(pk=buyer.pk).balance == 50 - tries
    assert TokenTransaction.objects.filter(type="deduction").count() == ROUNDS + tries


def test_a_whole_order_and_one_of_its_designs_do_not_stand_in_each_others_way(buyer: User) -> None:
    ledger.adjust(user_id=buyer.pk, amount=50, reason="Given", adjusted_by_id=buyer.pk, key="given")
    for _ in range(ROUNDS):
        key = uuid4()
        designs = studio.start_designs(
            user=buyer, form_key=key, areas=["patio", "walkway", "back-yard"], style="japanese-zen", prompt="roses"
        )
        for design in designs:
            studio.finish(begun(design), painting(), engine="obedient")
        results: list[Any] = together(
            partial(erasure.erase_order, buyer.pk, key),
            partial(erasure.erase_design, buyer.pk, designs[2].pk),
            partial(erasure.erase_order, buyer.pk, key),
        )
        assert sum(map(int, results)) == 3
    for names in removals():
        tasks.remove_files(names)
    assert stored() == set()
