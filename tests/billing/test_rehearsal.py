"""What settings would have charged over the last 30 days: the worker's rules, played on what really happened."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from billing import rehearsal, standing_order
from billing.rehearsal import Movement, Rehearsal, rehearse
from billing.standing_order import Terms
from tests.billing.reloading import give

TERMS = Terms(threshold=10, amount=100, monthly_cap_cents=1_000_00, price_cents=89_00, currency="usd")
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=20)


def movements(*amounts: int, every: timedelta = timedelta(hours=1)) -> list[Movement]:
    return [Movement(NOON + number * every, amount) for number, amount in enumerate(amounts)]


def played(balance: int, moved: list[Movement], terms: Terms = TERMS, until: datetime = LATER) -> tuple[int, int]:
    result = rehearse(balance, moved, terms, until=until)
    return result.times, result.cents


class TestRehearse:
    def test_nothing_happened(self) -> None:
        assert rehearse(3, [], TERMS, until=LATER) == Rehearsal(times=0, cents=0, movements=0)

    def test_each_crossing_is_one_reload(self) -> None:
        assert played(12, movements(-3, -95, -5, -90, -5)) == (2, 178_00)

    def test_falling_to_the_threshold_is_not_below_it(self) -> None:
        assert (played(12, movements(-2)), played(12, movements(-3))) == ((0, 0), (1, 89_00))

    def test_what_was_bought_meanwhile_counts(self) -> None:
        assert played(12, movements(100, -95)) == (0, 0)

    def test_a_refund_of_a_token_counts(self) -> None:
        assert played(10, movements(-1, 1, -1)) == (1, 89_00)

    def test_a_deep_fall_is_filled_in_steps_a_minute_apart(self) -> None:
        small = Terms(threshold=10, amount=10, monthly_cap_cents=1_000_00, price_cents=9_80, currency="usd")
        fall = [Movement(NOON, -35)]
        assert played(12, fall, small, until=NOON + timedelta(days=1)) == (4, 39_20)
        assert played(12, fall, small, until=NOON + timedelta(seconds=61)) == (2, 19_60)

    def test_ten_a_day_are_enough(self) -> None:
        moved = movements(*[-100] * 15, every=timedelta(minutes=30))
        rich = Terms(threshold=10, amount=100, monthly_cap_cents=90_000_00, price_cents=89_00, currency="usd")
        assert played(50, moved, rich, until=NOON + timedelta(hours=8)) == (10, 890_00)

    def test_the_monthly_cap_is_kept_and_the_next_month_goes_on(self) -> None:
        tight = Terms(threshold=10, amount=100, monthly_cap_cents=100_00, price_cents=89_00, currency="usd")
        moved = movements(-100, -100, every=timedelta(hours=2))
        assert played(50, moved, tight, until=datetime(2026, 5, 31, 23, 59, tzinfo=UTC)) == (1, 89_00)
        assert played(50, moved, tight, until=datetime(2026, 6, 1, 0, 1, tzinfo=UTC)) == (2, 178_00)


@pytest.mark.django_db
class TestOfOnesOwnLedger:
    def test_it_plays_the_movements_of_the_person(self, buyer: User, stranger: User, staff: User) -> None:
        give(buyer, 60, staff)
        give(buyer, -55, staff)
        give(stranger, 60, staff)
        terms = standing_order.terms(threshold=10, amount=50, monthly_cap_cents=500_00)
        assert rehearsal.of_last_days(buyer.pk, terms) == Rehearsal(times=1, cents=49_00, movements=2)
        assert rehearsal.of_last_days(stranger.pk, terms) == Rehearsal(times=0, cents=0, movements=1)

    def test_what_is_older_only_sets_the_start(self, buyer: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
        give(buyer, 12, staff)
        in_a_month = timezone.now() + timedelta(days=31)
        monkeypatch.setattr(timezone, "now", lambda: in_a_month)
        terms = standing_order.terms(threshold=10, amount=50, monthly_cap_cents=500_00)
        assert rehearsal.of_last_days(buyer.pk, terms) == Rehearsal(times=0, cents=0, movements=0)
