"""Who may order once the pause after an outage is over, and what becomes of these orders."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from generations import availability, studio, tasks
from generations.availability import EngineUnavailable
from generations.models import Generation
from tests.fake_providers import FakeProviders
from tests.generations.conftest import Give, Start, held
from tests.generations.providers.outage import NAME, fail, later, let_through, person, state
from tests.together import dawdling
from tokens.ledger import InsufficientTokens

pytestmark = pytest.mark.django_db(transaction=True)


class TestOrdersThatWaitForTheTry:
    """After the pause a few people may order; nobody, by ordering, keeps the others from it."""

    @pytest.fixture(autouse=True)
    def _pause_is_over(self, three_failures: None, gemini: FakeProviders) -> None:
        fail()
        later(61)

    def test_a_few_people_may_order_and_the_next_is_refused_without_a_charge(
        self, buyer: User, stranger: User, staff: User, give: Give, start: Start
    ) -> None:
        late = person("late@example.com")
        for somebody in (buyer, stranger, staff, late):
            give(somebody, 1)
        for somebody in (buyer, stranger, staff):
            start(somebody)
        with pytest.raises(EngineUnavailable):
            start(late)
        assert [held(somebody) for somebody in (buyer, late)] == [(0, 0), (1, 0)]

    def test_who_orders_and_cancels_again_and_again_shuts_nobody_out(
        self, buyer: User, stranger: User, give: Give, start: Start
    ) -> None:
        give(buyer, 5)
        give(stranger, 1)
        for _ in range(5):
            assert studio.cancel(start(buyer).pk)
        assert state() == "open"
        start(stranger)
        assert (held(buyer), held(stranger)) == ((5, 0), (0, 0))

    def test_one_person_who_orders_everything_there_is_shuts_nobody_out(
        self, buyer: User, stranger: User, give: Give, start: Start
    ) -> None:
        give(buyer, 6)
        give(stranger, 1)
        for _ in range(6):
            start(buyer)
        start(stranger)
        assert held(stranger) == (0, 0)

    def test_a_cancelled_order_makes_room_at_once(
        self, buyer: User, stranger: User, staff: User, give: Give, start: Start
    ) -> None:
        late = person("late@example.com")
        for somebody in (buyer, stranger, staff, late):
            give(somebody, 1)
        waiting = [start(somebody) for somebody in (buyer, stranger, staff)]
        studio.cancel(waiting[1].pk)
        start(late)
        assert held(late) == (0, 0)

    def test_who_waits_in_a_queue_that_does_not_move_counts_for_a_minute(
        self, buyer: User, stranger: User, staff: User, give: Give, start: Start
    ) -> None:
        late = person("late@example.com")
        for somebody in (buyer, stranger, staff, late):
            give(somebody, 1)
        waiting = [start(somebody).pk for somebody in (buyer, stranger, staff)]
        orders = Generation.objects.filter(pk__in=waiting)
        orders.update(created_at=timezone.now() - timedelta(seconds=58))
        with pytest.raises(EngineUnavailable):
            start(late)
        orders.update(created_at=timezone.now() - timedelta(seconds=61))
        start(late)
        assert held(late) == (0, 0)

    def test_what_waits_for_rules_of_our_own_does_not_count(self, buyer: User, give: Give, start: Start) -> None:
        for number in range(3):
            somebody = person(f"writer-{number}@example.com")
            give(somebody, 1)
            studio.start_message(user=somebody, form_key=uuid4(), text="Lavender?")
        give(buyer, 1)
        start(buyer)
        assert held(buyer) == (0, 0)

    def test_somebody_who_cannot_pay_takes_nobodys_place(
        self, buyer: User, stranger: User, give: Give, start: Start
    ) -> None:
        with pytest.raises(InsufficientTokens):
            start(stranger)
        assert state() == "open"
        give(buyer, 1)
        start(buyer)
        assert held(buyer) == (0, 0)

    @pytest.mark.parametrize("counted_under_a_lock", [True, False])
    def test_people_who_order_at_once_count_each_other(
        self, give: Give, start: Start, monkeypatch: pytest.MonkeyPatch, counted_under_a_lock: bool
    ) -> None:
        """Without the lock on the provider's row, those who look at the same moment all see nobody waiting."""
        people = [person(f"person-{number}@example.com") for number in range(6)]
        for somebody in people:
            give(somebody, 1)
        if not counted_under_a_lock:
            read = availability._read
            monkeypatch.setattr(
                availability, "_read", lambda words, *name, **kept: read(words.split(" FOR ")[0], *name, **kept)
            )
        monkeypatch.setattr(availability, "_people_waiting", dawdling(availability._people_waiting, 0.2))

        def order(somebody: User) -> None:
            start(somebody)

        begun = let_through(*[partial(order, somebody) for somebody in people])
        assert (begun == 3) is counted_under_a_lock
        assert sum(held(somebody) == (0, 0) for somebody in people) == begun

    def test_what_else_was_ordered_with_the_try_is_refunded_with_a_true_sentence(
        self, gemini: FakeProviders, buyer: User, give: Give
    ) -> None:
        give(buyer, 2)
        areas = ["patio", "walkway"]
        trying, other = studio.start_designs(
            user=buyer, form_key=uuid4(), areas=areas, style="english-garden", prompt=""
        )
        with availability.watched(NAME):
            tasks.paint(str(other.pk))
        tasks.paint(str(trying.pk))
        other.refresh_from_db()
        trying.refresh_from_db()
        assert (other.state, other.failure) == ("failed", "The provider is not available just now.")
        assert (trying.state, held(buyer), len(gemini.requests)) == ("succeeded", (1, 0), 1)
