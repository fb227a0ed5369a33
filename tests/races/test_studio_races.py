"""Many hands on one design, or on the token that pays for it."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from generations import studio
from generations.models import Generation
from generations.studio import Lease, ending
from tests.generations.engines import painting
from tests.together import together
from tokens import audit, ledger
from tokens.ledger import InsufficientTokens, Type
from tokens.models import TokenAccount, TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

ROUNDS = 12


@pytest.fixture
def empty_queue(transactional_db: None) -> Iterator[None]:
    """The queue's tables are not the site's, so the test runner does not empty them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def give(user: User, amount: int) -> None:
    TokenAccount.objects.get_or_create(user=user)
    ledger.adjust(user_id=user.pk, amount=amount, reason="Given", adjusted_by_id=user.pk, key=f"given:{uuid4()}")


def start(user: User, form_key: UUID) -> Generation:
    return studio.start_designs(user=user, form_key=form_key, areas=["patio"], style="japanese-zen", prompt="")[0]


def begun(user: User) -> Lease:
    """A design that is being painted."""
    lease = studio.take_lease(start(user, uuid4()).pk)
    assert lease is not None
    return lease


def balance(user: User) -> int:
    return TokenAccount.objects.get(pk=user.pk).balance


def queued_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return int(cursor.fetchone()[0])


def rows(type: Type) -> int:
    return TokenTransaction.objects.filter(type=type).count()


class TestTenClicksOnTheLastToken:
    def test_one_design_is_sold(self, buyer: User) -> None:
        give(buyer, 1)
        results = together(*[partial(start, buyer, uuid4()) for _ in range(10)])
        assert sum(isinstance(result, Generation) for result in results) == 1
        assert sum(isinstance(result, InsufficientTokens) for result in results) == 9
        assert (Generation.objects.count(), rows(Type.DEDUCTION), queued_jobs()) == (1, 1, 1)
        assert balance(buyer) == 0

    @pytest.mark.breaks_the_books
    def test_without_lock_and_guards_more_than_one_is_sold(self, buyer: User, no_guards: None, no_lock: None) -> None:
        """The control: the same clicks, with what protects them taken away."""
        give(buyer, 1)
        results = together(*[partial(start, buyer, uuid4()) for _ in range(10)])
        assert sum(isinstance(result, Generation) for result in results) > 1
        assert balance(buyer) == 0
        assert "token_account_matches_its_transactions" in {found.check for found in audit.discrepancies()}


class TestOneFormSentTenTimes:
    @pytest.mark.parametrize("tokens", [1, 10])
    def test_it_is_one_design(self, buyer: User, tokens: int) -> None:
        give(buyer, tokens)
        key = uuid4()
        results = together(*[partial(start, buyer, key) for _ in range(10)])
        assert len({result.pk for result in results}) == 1
        assert (Generation.objects.count(), rows(Type.DEDUCTION), queued_jobs()) == (1, 1, 1)
        assert balance(buyer) == tokens - 1


class TestOneJobRunTenTimes:
    def test_one_run_gets_the_lease(self, buyer: User) -> None:
        give(buyer, 1)
        generation = start(buyer, uuid4())
        leases = together(*[partial(studio.take_lease, generation.pk) for _ in range(10)])
        assert sum(isinstance(lease, Lease) for lease in leases) == 1
        generation.refresh_from_db()
        assert generation.attempts == 1


class TestTheEndIsRacedFor:
    """Whoever comes first ends it; the other changes nothing. The audit after each test looks at every one."""

    def outcomes(self, buyer: User, *calls: Any) -> set[tuple[str, int]]:
        seen = set()
        for _ in range(ROUNDS):
            give(buyer, 1)
            lease = begun(buyer)
            before = balance(buyer)
            results = together(*[partial(call, lease) for call in calls])
            assert sorted(map(bool, results)) == [False] * (len(calls) - 1) + [True]
            generation = Generation.objects.get(pk=lease.generation_id)
            seen.add((generation.state, balance(buyer) - before))
            assert bool(generation.image) == (generation.state == "succeeded")
        kept = default_storage.listdir("generations")[1] if default_storage.exists("generations") else []
        # A picture and its small version.
        assert len(kept) == 2 * Generation.objects.filter(state="succeeded").count()
        return seen

    def finish(self, lease: Lease) -> bool:
        return studio.finish(lease, painting(), engine="obedient")

    def fail(self, lease: Lease) -> bool:
        return studio.fail(lease.generation_id, reason="Over.")

    def expire(self, lease: Lease) -> bool:
        return studio.expire_overdue(lease.expires_at) == 1

    def test_picture_against_refund(self, buyer: User) -> None:
        assert self.outcomes(buyer, self.finish, self.fail) <= {("succeeded", 0), ("failed", 1)}

    def test_refund_against_picture(self, buyer: User) -> None:
        assert self.outcomes(buyer, self.fail, self.finish) <= {("succeeded", 0), ("failed", 1)}

    def test_sweep_against_picture(self, buyer: User) -> None:
        assert self.outcomes(buyer, self.expire, self.finish) <= {("succeeded", 0), ("failed", 1)}

    def test_sweep_against_sweep_against_failure(self, buyer: User) -> None:
        assert self.outcomes(buyer, self.expire, self.expire, self.fail) == {("failed", 1)}

    def test_ten_refunds_are_one(self, buyer: User) -> None:
        give(buyer, 1)
        lease = begun(buyer)
        assert sum(together(*[partial(self.fail, lease) for _ in range(10)])) == 1
        assert (balance(buyer), rows(Type.REFUND)) == (1, 1)

    def test_the_sweep_leaves_alone_what_is_just_being_ended(self, buyer: User) -> None:
        give(buyer, 1)
        lease = begun(buyer)
        with transaction.atomic():
            studio.fail(lease.generation_id, reason="Over.")
            assert together(lambda: studio.expire_overdue(timezone.now() + studio.QUEUE_PATIENCE)) == [0]
        assert balance(buyer) == 1

    def test_the_control_ending_without_the_lock_refunds_a_finished_design(
        self, buyer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Unlocked, a failure that looked before the picture came tries to refund it; only PostgreSQL refuses."""
        give(buyer, 1)
        lease = begun(buyer)
        seen_before = Generation.objects.select_related("charge").get(pk=lease.generation_id)
        assert self.finish(lease) is True
        monkeypatch.setattr(ending, "locked", lambda _: seen_before)
        with pytest.raises(IntegrityError, match="generation_ends_once"):
            self.fail(lease)
        assert balance(buyer) == 0
