"""Cancelling a design that waits, and trying again one that came to nothing."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import User
from generations import availability, studio
from generations.models import Generation
from tests.generations.conftest import Finished, Give, Start, address, finish, held, signed_in, text
from tests.generations.engines import painting
from tests.generations.wishing import YARD, order_address
from tests.subscribed import subscription_of
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


@pytest.fixture
def waiting(buyer: User, give: Give, start: Start) -> Generation:
    """A design that took the only token and waits."""
    give(buyer, 1)
    return start(buyer, prompt="Lavender")


@pytest.fixture
def failed(waiting: Generation) -> Generation:
    """The same, failed; its token is back."""
    studio.fail(waiting.pk, reason="It cannot be drawn.")
    waiting.refresh_from_db()
    return waiting


@pytest.fixture
def yard(buyer: User, give: Give) -> list[Generation]:
    """Three places of one order, paid with the only three tokens, waiting."""
    give(buyer, 3)
    return studio.start_designs(user=buyer, form_key=uuid4(), areas=YARD, style="japanese-zen", prompt="moss")


def press(client: Client, button: str, design: Generation) -> Any:
    return client.post(address(button, design))


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def newest() -> Generation:
    return Generation.objects.latest("job_id")


class TestCancelling:
    def test_it_gives_the_token_back_and_says_so(self, buyer: User, shop: Client, waiting: Generation) -> None:
        response = press(shop, "cancel", waiting)
        assert (response.status_code, response.headers["Location"]) == (303, address("generation", waiting))
        assert said(response) == ["Cancelled. 1 token returned."]
        assert held(buyer) == (1, 0)
        shown = text(shop.get(address("generation", waiting)))
        assert "This design was cancelled" in shown
        assert "You cancelled it before it was begun." in shown
        assert "Try again - 1 token" in shown

    def test_twice_is_once(self, buyer: User, shop: Client, waiting: Generation) -> None:
        answers = [press(shop, "cancel", waiting) for _ in range(3)]
        assert [said(each)[-1:] for each in answers] == [["Cancelled. 1 token returned."]] * 3
        assert (len(said(answers[-1])), held(buyer)) == (1, (1, 0))

    def test_too_late_is_said_and_changes_nothing(self, buyer: User, shop: Client, waiting: Generation) -> None:
        assert studio.take_lease(waiting.pk) is not None
        response = press(shop, "cancel", waiting)
        assert response.status_code == 303
        assert said(response) == [
            "It has been begun and cannot be cancelled any more. If it fails, what it cost comes back by itself."
        ]
        waiting.refresh_from_db()
        assert (waiting.state, held(buyer)) == ("running", (0, 0))

    def test_what_is_finished_stays(self, buyer: User, shop: Client, waiting: Generation) -> None:
        finish(waiting, painting())
        assert said(press(shop, "cancel", waiting)) == ["It was finished before it could be cancelled."]
        assert held(buyer) == (0, 0)

    def test_what_a_subscription_covers_gives_nothing_back(self, buyer: User, shop: Client, start: Start) -> None:
        subscription_of(buyer)
        assert said(press(shop, "cancel", start(buyer))) == ["Cancelled. It was included, so nothing was charged."]
        assert not TokenTransaction.objects.exists()

    def test_one_place_of_an_order_leads_back_to_its_card(
        self, buyer: User, shop: Client, yard: list[Generation]
    ) -> None:
        response = press(shop, "cancel", yard[1])
        assert response.headers["Location"] == f"{order_address(yard[1].order_id)}#walkway"
        assert [each.state for each in Generation.objects.order_by("job_id")] == ["queued", "cancelled", "queued"]
        assert held(buyer) == (1, 0)

    def test_it_is_not_for_strangers(self, buyer: User, stranger: User, waiting: Generation) -> None:
        assert press(signed_in(stranger), "cancel", waiting).status_code == 404
        assert held(buyer) == (0, 0)

    def test_looking_cancels_nothing(self, buyer: User, shop: Client, waiting: Generation) -> None:
        assert shop.get(address("cancel", waiting)).status_code == 405
        assert held(buyer) == (0, 0)

    def test_a_button_on_another_site_is_refused(self, buyer: User, waiting: Generation) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(buyer)
        assert press(client, "cancel", waiting).status_code == 403
        assert held(buyer) == (0, 0)


class TestTryingAgain:
    def test_it_is_a_new_design_with_a_new_charge(self, buyer: User, shop: Client, failed: Generation) -> None:
        assert held(buyer) == (1, 0)
        response = press(shop, "retry", failed)
        again = newest()
        assert (response.status_code, response.headers["Location"]) == (303, address("generation", again))
        assert (again.retry_of, again.prompt, again.state) == (failed, "Lavender", "queued")
        assert held(buyer) == (0, 0)

    def test_twice_is_once_also_with_the_last_token(self, buyer: User, shop: Client, failed: Generation) -> None:
        places = {press(shop, "retry", failed).headers["Location"] for _ in range(3)}
        assert (len(places), Generation.objects.count(), held(buyer)) == (1, 2, (0, 0))

    def test_the_failed_one_then_leads_to_it_and_has_no_button(self, shop: Client, failed: Generation) -> None:
        press(shop, "retry", failed)
        shown = text(shop.get(address("generation", failed)))
        assert f'href="{address("generation", newest())}">It was tried again' in shown
        assert address("retry", failed) not in shown

    def test_a_cancelled_one_can_be_tried_again_too(self, buyer: User, shop: Client, waiting: Generation) -> None:
        press(shop, "cancel", waiting)
        assert press(shop, "retry", waiting).status_code == 303
        assert (newest().state, held(buyer)) == ("queued", (0, 0))

    def test_without_a_token_packages_are_offered_and_the_way_back_is_kept(
        self, buyer: User, shop: Client, give: Give, failed: Generation
    ) -> None:
        give(buyer, -1)
        response = press(shop, "retry", failed)
        shown = text(response)
        assert response.status_code == 402
        assert "<dialog open" in shown
        assert "It cannot be drawn." in shown
        assert f'action="{address("retry", failed)}"' in shown
        assert shop.session["draft"] == {"next": address("generation", failed)}
        assert (held(buyer), Generation.objects.count()) == ((0, 0), 1)
        give(buyer, 1)
        assert press(shop, "retry", failed).status_code == 303
        assert "draft" not in shop.session

    def test_what_has_not_failed_is_not_tried_again(
        self, buyer: User, shop: Client, give: Give, waiting: Generation
    ) -> None:
        give(buyer, 1)
        response = press(shop, "retry", waiting)
        assert (response.status_code, said(response)) == (
            303,
            ["There is nothing to try again here. Nothing was charged."],
        )
        assert (held(buyer), Generation.objects.count()) == ((1, 0), 1)

    def test_a_picture_is_not_tried_again(self, buyer: User, shop: Client, give: Give, finished: Finished) -> None:
        done = finished(buyer)
        give(buyer, 1)
        assert press(shop, "retry", done).status_code == 303
        assert (held(buyer), Generation.objects.count()) == ((1, 0), 1)

    def test_one_whose_next_try_was_deleted_charges_nothing(
        self, buyer: User, shop: Client, failed: Generation
    ) -> None:
        press(shop, "retry", failed)
        studio.fail(newest().pk, reason="Over.")
        Generation.objects.filter(pk=newest().pk).update(deleted_at=failed.ended_at, prompt="")
        assert address("retry", failed) not in text(shop.get(address("generation", failed)))
        response = press(shop, "retry", failed)
        assert response.headers["Location"] == address("generation", failed)
        assert "you deleted that design" in said(response)[-1]
        assert (held(buyer), Generation.objects.count()) == ((1, 0), 2)

    def test_fair_use_is_said_on_the_page(self, buyer: User, shop: Client, start: Start) -> None:
        subscription_of(buyer, per_day=1)
        failed = start(buyer)
        studio.fail(failed.pk, reason="Over.")
        start(buyer)
        response = press(shop, "retry", failed)
        assert response.status_code == 429
        assert "Your subscription includes 1 design in 24 hours, and that many were made." in text(response)

    def test_when_nobody_can_paint_nothing_is_taken(
        self, buyer: User, shop: Client, failed: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def left_alone(provider: str) -> None:
            raise studio.EngineUnavailable("Designs are not available just now.")

        monkeypatch.setattr(availability, "require", left_alone)
        response = press(shop, "retry", failed)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
        assert "Designs are not available just now." in text(response)
        assert held(buyer) == (1, 0)

    def test_it_is_not_for_strangers(self, buyer: User, stranger: User, give: Give, failed: Generation) -> None:
        give(stranger, 5)
        assert press(signed_in(stranger), "retry", failed).status_code == 404
        assert (held(buyer), held(stranger), Generation.objects.count()) == ((1, 0), (5, 0), 1)


class TestAPlaceOfAnOrderTriedAgain:
    @pytest.fixture
    def retried(self, shop: Client, yard: list[Generation]) -> Generation:
        """The walkway's second try."""
        studio.fail(yard[1].pk, reason="It cannot be drawn.")
        assert press(shop, "retry", yard[1]).headers["Location"] == f"{order_address(yard[1].order_id)}#walkway"
        return newest()

    def test_the_card_shows_the_newest_try_and_leads_to_the_earlier_one(
        self, buyer: User, shop: Client, yard: list[Generation], retried: Generation
    ) -> None:
        response = shop.get(order_address(yard[0].order_id))
        walkway = response.context["order"].cards[1]
        assert (walkway.design, walkway.earlier, walkway.retry_label) == (retried, (yard[1],), "")
        assert f'href="{address("generation", yard[1])}">Earlier try' in text(response)
        assert held(buyer) == (0, 0)

    def test_it_can_fail_and_be_tried_once_more(
        self, buyer: User, shop: Client, yard: list[Generation], retried: Generation
    ) -> None:
        studio.fail(retried.pk, reason="Not this time either.")
        press(shop, "retry", retried)
        walkway = shop.get(order_address(yard[0].order_id)).context["order"].cards[1]
        assert (walkway.design, walkway.earlier) == (newest(), (retried, yard[1]))
        assert held(buyer) == (0, 0)

    def test_without_a_token_the_whole_order_stays_on_the_page(
        self, buyer: User, shop: Client, give: Give, yard: list[Generation], retried: Generation
    ) -> None:
        studio.fail(retried.pk, reason="Over.")
        give(buyer, -1)
        response = press(shop, "retry", retried)
        assert response.status_code == 402
        assert "<dialog open" in text(response)
        assert len(response.context["order"].cards) == 3
        assert shop.session["draft"] == {"next": f"{order_address(yard[0].order_id)}#walkway"}

    def test_when_the_second_try_is_deleted_the_first_is_shown_without_a_button(
        self, shop: Client, yard: list[Generation], retried: Generation
    ) -> None:
        studio.fail(retried.pk, reason="Over.")
        Generation.objects.filter(pk=retried.pk).update(deleted_at=retried.created_at, prompt="")
        walkway = shop.get(order_address(yard[0].order_id)).context["order"].cards[1]
        assert (walkway.design, walkway.earlier, walkway.retry_label) == (yard[1], (), "")
