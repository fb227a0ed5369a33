"""Fair use: how many designs a subscription covers in 24 hours, and what is said when that is reached."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from generations import studio
from generations.models import Generation
from generations.studio import FairUseReached
from tests.generations.conftest import Give, Start, held
from tests.generations.engines import painting
from tests.subscribed import subscription_of
from tokens import ledger

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def made(generation: Generation, *, ago: timedelta) -> Generation:
    """The same design, begun so long ago and finished since."""
    Generation.objects.filter(pk=generation.pk).update(created_at=timezone.now() - ago)
    lease = studio.take_lease(generation.pk)
    assert lease is not None
    assert studio.finish(lease, painting(), engine="obedient") is True
    generation.refresh_from_db()
    return generation


def lapse(user: User) -> None:
    """End the right to included designs, as the end of the subscription does."""
    user.subscriptions.update(state="canceled")
    ledger.cover(user_id=user.pk, until=None)


class TestUpToTheLimit:
    def test_every_design_is_included_and_no_token_moves(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 2)
        subscription_of(buyer, per_day=3)
        assert [start(buyer).source for _ in range(3)] == ["subscription"] * 3
        assert held(buyer) == (2, 0)

    def test_one_more_is_refused_and_nothing_is_left_behind(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 2)
        subscription_of(buyer, per_day=3)
        first = made(start(buyer), ago=5 * HOUR)
        start(buyer)
        start(buyer)
        with pytest.raises(FairUseReached) as refused:
            start(buyer)
        assert (refused.value.per_day, refused.value.free_again_at) == (3, first.created_at + 24 * HOUR)
        jobs = ProcrastinateJob.objects.filter(task_name=studio.PAINT_TASK).count()
        assert (Generation.objects.count(), jobs, held(buyer)) == (3, 3, (2, 0))

    def test_what_is_older_than_a_day_does_not_count(self, buyer: User, start: Start) -> None:
        subscription_of(buyer, per_day=2)
        made(start(buyer), ago=24 * HOUR)
        made(start(buyer), ago=23 * HOUR)
        assert start(buyer).source == "subscription"
        with pytest.raises(FairUseReached):
            start(buyer)

    def test_a_design_that_failed_does_not_count(self, buyer: User, start: Start) -> None:
        subscription_of(buyer, per_day=1)
        studio.fail(start(buyer).pk, reason="Over.")
        assert start(buyer).source == "subscription"

    def test_designs_paid_before_do_not_count(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 2)
        assert [start(buyer).source for _ in range(2)] == ["token", "token"]
        subscription_of(buyer, per_day=1)
        assert start(buyer).source == "subscription"

    def test_the_same_form_again_is_the_first_design(self, buyer: User, start: Start) -> None:
        subscription_of(buyer, per_day=1)
        key = uuid4()
        assert start(buyer, form_key=key).pk == start(buyer, form_key=key).pk

    def test_somebody_elses_designs_do_not_count(self, buyer: User, stranger: User, start: Start) -> None:
        subscription_of(buyer, per_day=1)
        subscription_of(stranger, per_day=1)
        assert [start(stranger).source, start(buyer).source] == ["subscription", "subscription"]

    def test_zero_is_no_limit(self, buyer: User, start: Start) -> None:
        subscription_of(buyer, per_day=0)
        assert {start(buyer).source for _ in range(5)} == {"subscription"}

    def test_once_the_subscription_is_over_tokens_pay_again(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        subscription_of(buyer, per_day=1)
        start(buyer)
        lapse(buyer)
        assert (start(buyer).source, held(buyer)) == ("token", (0, 0))


class TestADesignUnderWayWhenTheSubscriptionEnds:
    def test_it_is_finished_and_costs_nothing(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        subscription_of(buyer)
        generation = start(buyer)
        lease = studio.take_lease(generation.pk)
        lapse(buyer)
        assert lease is not None
        assert studio.finish(lease, painting(), engine="obedient") is True
        generation.refresh_from_db()
        assert (generation.state, generation.source, generation.cost) == ("succeeded", "subscription", 0)
        assert held(buyer) == (1, 0)

    def test_failing_it_gives_nothing_back(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        subscription_of(buyer)
        generation = start(buyer)
        lapse(buyer)
        assert studio.fail(generation.pk, reason="Over.") is True
        assert held(buyer) == (1, 0)


class TestThePage:
    def test_it_says_how_many_when_again_and_keeps_the_wishes(self, buyer: User, client: Client, start: Start) -> None:
        subscription_of(buyer, per_day=1)
        made(start(buyer), ago=21 * HOUR)
        client.force_login(buyer)
        order = {"area": "patio", "style": "japanese-zen", "prompt": "A red maple", "key": str(uuid4())}
        answer = client.post("/generate/", order)
        text = " ".join(answer.content.decode().split())
        assert answer.status_code == 429
        assert "Your subscription includes 1 design in 24 hours, and that many were made." in text
        assert "included again in 2 hours, 59 minutes" in text
        assert "A red maple</textarea>" in text
        assert "A red maple</textarea>" in client.get("/generate/").content.decode()
        assert Generation.objects.count() == 1

    def test_more_places_than_a_day_includes_are_too_many_at_once(self, buyer: User, client: Client) -> None:
        subscription_of(buyer, per_day=2)
        client.force_login(buyer)
        areas = ["patio", "walkway", "front-yard"]
        answer = client.post("/generate/", {"area": areas, "style": "japanese-zen", "key": str(uuid4())})
        text = " ".join(answer.content.decode().split())
        assert answer.status_code == 429
        assert "Your subscription includes 2 designs in 24 hours, and these would be more." in text
        assert "Choose fewer places." in text
        assert Generation.objects.count() == 0
