"""Several designs of one form: all are charged or none is; each ends, and is tried again, by itself."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from generations import erasure, studio
from generations.models import Generation, Photo
from generations.studio import starting
from tests.generations.conftest import Give, Start, held
from tests.subscribed import subscription_of
from tokens.ledger import InsufficientTokens, Type
from tokens.models import TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

YARD = ["front-yard", "walkway", "patio"]


def order(user: User, *, form_key: UUID | None = None, areas: list[str] = YARD, **wishes: Any) -> list[Generation]:
    wanted = {"style": "japanese-zen", "prompt": "", **wishes}
    return studio.start_designs(user=user, form_key=form_key or uuid4(), areas=areas, **wanted)


def deductions() -> int:
    return TokenTransaction.objects.filter(type=Type.DEDUCTION).count()


class TestOrderingSeveral:
    def test_each_area_is_a_design_with_a_charge_and_a_job_of_its_own(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        form_key = uuid4()
        designs = order(buyer, form_key=form_key)
        assert [design.area for design in designs] == YARD
        assert {design.order_id for design in designs} == {form_key}
        assert len({design.charge_id for design in designs}) == len({design.job_id for design in designs}) == 3
        assert held(buyer) == (2, 0)

    def test_trial_credits_go_first_and_tokens_pay_the_rest(self, buyer: User, give: Give) -> None:
        give(buyer, 2, Type.TRIAL)
        give(buyer, 5)
        assert [design.source for design in order(buyer)] == ["trial", "trial", "token"]
        assert held(buyer) == (4, 0)

    def test_a_subscription_covers_them_all(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        subscription_of(buyer)
        assert {design.source for design in order(buyer)} == {"subscription"}
        assert held(buyer) == (5, 0)

    @pytest.mark.parametrize(("trial", "tokens"), [(0, 2), (2, 0), (1, 1), (0, 1)])
    def test_when_they_cannot_all_be_paid_none_is(self, buyer: User, give: Give, trial: int, tokens: int) -> None:
        if trial:
            give(buyer, trial, Type.TRIAL)
        if tokens:
            give(buyer, tokens)
        with pytest.raises(InsufficientTokens) as refusal:
            order(buyer)
        assert (refusal.value.needed, refusal.value.available, refusal.value.trial_available) == (3, tokens, trial)
        assert held(buyer) == (tokens, trial)
        assert (Generation.objects.count(), deductions()) == (0, 0)

    def test_fair_use_counts_all_of_them(self, buyer: User) -> None:
        subscription_of(buyer, per_day=4)
        order(buyer)
        with pytest.raises(studio.FairUseReached):
            order(buyer, areas=["front-yard", "patio"])
        assert Generation.objects.count() == 3
        order(buyer, areas=["patio"])
        assert Generation.objects.count() == 4

    def test_more_than_fair_use_at_once_is_refused_although_none_was_made(self, buyer: User) -> None:
        subscription_of(buyer, per_day=2)
        with pytest.raises(studio.FairUseReached):
            order(buyer)
        assert Generation.objects.count() == 0

    def test_the_same_form_again_is_the_same_designs(self, buyer: User, give: Give) -> None:
        give(buyer, 3)
        form_key = uuid4()
        first = order(buyer, form_key=form_key)
        assert [design.pk for design in order(buyer, form_key=form_key)] == [design.pk for design in first]
        assert (held(buyer), deductions()) == ((0, 0), 3)

    def test_when_the_photo_goes_at_that_very_moment_nothing_is_charged(self, buyer: User, give: Give) -> None:
        give(buyer, 3)
        photo = Photo.objects.create(user=buyer, image="photos/x.jpg", width=256, height=256)
        Photo.objects.filter(pk=photo.pk).delete()
        with pytest.raises(studio.PhotoGone):
            order(buyer, photo=photo)
        assert (held(buyer), deductions(), Generation.objects.count()) == ((3, 0), 0, 0)

    def test_each_failure_is_refunded_by_itself(self, buyer: User, give: Give) -> None:
        give(buyer, 3)
        first, second, _ = order(buyer)
        studio.fail(second.pk, reason="It cannot be drawn.")
        assert held(buyer) == (1, 0)
        first.refresh_from_db()
        assert first.state == "queued"


class TestTryingAgain:
    @pytest.fixture
    def failed(self, buyer: User, give: Give) -> Generation:
        give(buyer, 4)
        design = order(buyer, prompt="roses")[1]
        studio.fail(design.pk, reason="It cannot be drawn.")
        design.refresh_from_db()
        return design

    def test_it_is_a_new_design_of_the_same_order_with_a_new_charge(self, buyer: User, failed: Generation) -> None:
        again = studio.retry(failed)
        assert again.pk != failed.pk
        assert (again.order_id, again.area, again.prompt, again.retry_of) == (
            failed.order_id,
            failed.area,
            "roses",
            failed,
        )
        assert again.charge_id not in (None, failed.charge_id)
        assert held(buyer) == (1, 0)

    def test_twice_is_once(self, buyer: User, failed: Generation) -> None:
        assert studio.retry(failed).pk == studio.retry(failed).pk
        assert held(buyer) == (1, 0)

    def test_without_tokens_nothing_happens(self, buyer: User, give: Give, failed: Generation) -> None:
        give(buyer, -2)
        with pytest.raises(InsufficientTokens):
            studio.retry(failed)
        assert Generation.objects.count() == 3

    def test_what_has_not_failed_is_not_tried_again(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 2)
        waiting = start(buyer)
        with pytest.raises(studio.NothingToRetry):
            studio.retry(waiting)
        assert held(buyer) == (1, 0)

    def test_what_is_deleted_at_that_very_moment_is_not_tried_again(
        self, buyer: User, failed: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        erasure.erase_design(buyer.pk, failed.pk)
        with pytest.raises(studio.NothingToRetry):
            studio.retry(failed)
        assert (held(buyer), Generation.objects.count()) == ((2, 0), 3)
        monkeypatch.setattr(starting, "_hold", lambda _: None)
        assert studio.retry(failed).prompt == "roses"  # the control: without the look under the lock, it is

    def test_what_was_deleted_is_not_tried_again(self, buyer: User, failed: Generation) -> None:
        failed.deleted_at = failed.ended_at
        with pytest.raises(studio.NothingToRetry):
            studio.retry(failed)
        assert held(buyer) == (2, 0)


class TestCancelling:
    def test_what_waits_gives_its_token_back(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        waiting = start(buyer)
        assert studio.cancel(waiting.pk) is True
        waiting.refresh_from_db()
        assert (waiting.state, held(buyer)) == ("cancelled", (1, 0))

    def test_twice_is_once(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        waiting = start(buyer)
        assert [studio.cancel(waiting.pk) for _ in range(3)] == [True, False, False]
        assert held(buyer) == (1, 0)

    def test_what_has_begun_is_too_late(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        begun = start(buyer)
        assert studio.take_lease(begun.pk) is not None
        assert studio.cancel(begun.pk) is False
        assert held(buyer) == (0, 0)

    def test_its_job_finds_nothing_to_do(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        waiting = start(buyer)
        studio.cancel(waiting.pk)
        assert studio.take_lease(waiting.pk) is None
        assert held(buyer) == (1, 0)

    def test_it_does_not_count_as_fair_use(self, buyer: User, start: Start) -> None:
        subscription_of(buyer, per_day=1)
        studio.cancel(start(buyer).pk)
        assert start(buyer).source == "subscription"
