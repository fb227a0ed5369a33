"""Several designs of one form, tried again or cancelled, by many hands at once."""

from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from generations import studio
from generations.models import Generation
from generations.studio import Lease, ending
from tests.races.test_studio_races import balance, give, rows
from tests.together import together
from tokens import audit
from tokens.ledger import InsufficientTokens, Type

pytestmark = [pytest.mark.django_db(transaction=True)]

ROUNDS = 12
YARD = ["front-yard", "walkway", "patio"]


def order(user: User, form_key: UUID) -> list[Generation]:
    return studio.start_designs(user=user, form_key=form_key, areas=YARD, style="japanese-zen", prompt="")


def one(user: User) -> Generation:
    return studio.start_designs(user=user, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0]


def ordered(results: list[Any]) -> list[list[Generation]]:
    return [result for result in results if isinstance(result, list)]


def counts() -> tuple[int, int, int]:
    """Designs, deductions, jobs."""
    return Generation.objects.count(), rows(Type.DEDUCTION), ProcrastinateJob.objects.count()


class TestTwoOrdersOfThreeForTheLastThreeTokens:
    def test_exactly_one_is_sold_and_whole(self, buyer: User) -> None:
        for number in range(ROUNDS):
            give(buyer, 3)
            results = together(*[partial(order, buyer, uuid4()) for _ in range(2)])
            assert len(ordered(results)) == 1
            (refused,) = [result for result in results if isinstance(result, InsufficientTokens)]
            assert (refused.needed, refused.available) == (3, 0)
            assert (counts(), balance(buyer)) == ((3 * (number + 1),) * 3, 0)

    def test_of_five_tokens_too_and_two_are_left(self, buyer: User) -> None:
        give(buyer, 5)
        results = together(*[partial(order, buyer, uuid4()) for _ in range(6)])
        assert (len(ordered(results)), counts(), balance(buyer)) == (1, (3, 3, 3), 2)

    @pytest.mark.breaks_the_books
    def test_without_lock_and_guards_both_are_sold(self, buyer: User, no_guards: None, no_lock: None) -> None:
        """The control: the same two forms, with what protects the tokens taken away."""
        give(buyer, 3)
        results = together(*[partial(order, buyer, uuid4()) for _ in range(2)])
        assert len(ordered(results)) == 2
        assert "token_account_matches_its_transactions" in {found.check for found in audit.discrepancies()}


class TestOneFormOfThreePlacesSentTenTimes:
    @pytest.mark.parametrize("tokens", [3, 30])
    def test_it_is_one_order(self, buyer: User, tokens: int) -> None:
        give(buyer, tokens)
        key = uuid4()
        results = together(*[partial(order, buyer, key) for _ in range(10)])
        assert len({tuple(design.pk for design in result) for result in results}) == 1
        assert (counts(), balance(buyer)) == ((3, 3, 3), tokens - 3)


class TestTenRetriesAtOnce:
    @pytest.mark.parametrize("tokens", [1, 10])
    def test_they_are_one_design_and_one_charge(self, buyer: User, tokens: int) -> None:
        give(buyer, tokens)
        failed = one(buyer)
        studio.fail(failed.pk, reason="Over.")
        failed.refresh_from_db()
        results = together(*[partial(studio.retry, failed) for _ in range(10)])
        assert len({result.pk for result in results}) == 1
        assert (counts(), balance(buyer)) == ((2, 2, 2), tokens - 1)

    def test_the_control_without_the_one_key_of_a_try_more_than_one_is_charged(self, buyer: User) -> None:
        """What `retry` would be with a key of its own for every click."""
        give(buyer, 10)
        results = together(*[partial(one, buyer) for _ in range(10)])
        assert len({result.pk for result in results}) == 10
        assert balance(buyer) == 0


class TestCancelAgainstTheWorker:
    def test_either_it_is_painted_or_its_token_is_back(self, buyer: User) -> None:
        seen = set()
        for _ in range(ROUNDS):
            give(buyer, 1)
            before, waiting = balance(buyer), one(buyer)
            cancelled, lease = together(partial(studio.cancel, waiting.pk), partial(studio.take_lease, waiting.pk))
            waiting.refresh_from_db()
            assert cancelled is (lease is None)
            assert (waiting.state, balance(buyer) - before) in {("cancelled", 0), ("running", -1)}
            assert waiting.state == ("cancelled" if cancelled else "running")
            seen.add(waiting.state)
            if isinstance(lease, Lease):
                studio.fail(waiting.pk, reason="Over.", attempt=lease.attempt)
        assert seen <= {"cancelled", "running"}

    def test_ten_clicks_give_back_one_token(self, buyer: User) -> None:
        give(buyer, 1)
        waiting = one(buyer)
        assert sum(together(*[partial(studio.cancel, waiting.pk) for _ in range(10)])) == 1
        assert (balance(buyer), rows(Type.REFUND)) == (1, 1)

    def test_the_control_cancelling_without_the_lock_refunds_what_is_being_painted(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Unlocked, a cancel that looked before the worker came ends a design that is being painted."""
        give(buyer, 1)
        waiting = one(buyer)
        seen_before = Generation.objects.select_related("charge").get(pk=waiting.pk)
        lease = studio.take_lease(waiting.pk)
        assert lease is not None
        monkeypatch.setattr(ending, "locked", lambda _: seen_before)
        assert studio.cancel(waiting.pk) is True
        waiting.refresh_from_db()
        assert (waiting.state, waiting.attempts, balance(buyer)) == ("cancelled", 1, 1)

    def test_the_control_cancelling_twice_without_the_lock_is_refused_by_postgresql(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(buyer, 1)
        waiting = one(buyer)
        seen_before = Generation.objects.select_related("charge").get(pk=waiting.pk)
        assert studio.fail(waiting.pk, reason="Over.") is True
        monkeypatch.setattr(ending, "locked", lambda _: seen_before)
        with pytest.raises(IntegrityError, match="generation_ends_once"):
            studio.cancel(waiting.pk)
        assert balance(buyer) == 1


class TestRetryAgainstCancel:
    def test_a_try_that_is_cancelled_at_once_and_tried_again_never_costs_two(self, buyer: User) -> None:
        for _ in range(ROUNDS):
            give(buyer, 1)
            before = balance(buyer)
            failed = one(buyer)
            studio.cancel(failed.pk)
            failed.refresh_from_db()
            again = studio.retry(failed)
            together(partial(studio.cancel, again.pk), partial(studio.retry, failed), partial(studio.cancel, again.pk))
            again.refresh_from_db()
            assert (again.state, balance(buyer)) == ("cancelled", before)
