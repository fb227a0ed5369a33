"""The page of one design, what it asks while one waits, and that it is nobody else's."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from generations import photos, studio
from generations.models import Generation
from tests.generations.conftest import Finished, Give, Start, address, signed_in, text
from tests.generations.engines import painting
from tests.generations.wishing import kinds
from tests.subscribed import subscription_of
from tokens.ledger import Type

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


class TestOnesOwnDesign:
    def test_while_it_waits_the_page_asks_again_with_and_without_javascript(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        generation = start(buyer, prompt="Lavender")
        shown = text(shop.get(address("generation", generation)))
        assert f'hx-get="{address("status", generation)}?shown=queued.0.0"' in shown
        assert 'hx-trigger="every 2s"' in shown
        place = address("generation", generation)
        assert f'<noscript><meta http-equiv="refresh" content="3; url={place}"></noscript>' in shown
        assert "You can leave this page" in shown
        assert f'action="{address("cancel", generation)}"' in shown
        assert "Lavender" in shown

    def test_when_it_is_done_nothing_asks_any_more(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        shown = text(shop.get(address("generation", generation)))
        assert 'hx-trigger="every 2s"' not in shown
        assert "http-equiv" not in shown
        assert 'alt="A garden of one pixel."' in shown
        assert f'href="{address("image", generation)}?download=1"' in shown
        assert f'href="/generate/?from={generation.pk}"' in shown

    def test_the_receipt_says_which_right_paid_and_why(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        give(buyer, 1, Type.TRIAL)
        trial, token = start(buyer), start(buyer)
        subscription_of(buyer)
        covered = start(buyer)
        receipts = [shop.get(address("generation", each)).context["receipt"] for each in (trial, token, covered)]
        assert [(receipt.price, receipt.why) for receipt in receipts] == [
            ("1 free credit", "Paid with a free credit; free credits are used before tokens."),
            ("1 token", "Paid with tokens, because no subscription was active and no free credit was left."),
            ("Included", "Covered by your subscription, which comes before free credits and tokens."),
        ]

    def test_a_failure_says_why_and_what_came_back(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = start(buyer)
        studio.fail(generation.pk, reason="It cannot be drawn.")
        response = shop.get(address("generation", generation))
        shown = text(response)
        assert "It cannot be drawn." in shown
        assert "1 token returned." in shown
        assert response.context["receipt"].numbers == [2, 3]
        for number in (2, 3):
            link = f"/tokens/?before={number + 1}#line-{number}"
            assert f'<a href="{link}">Line {number}</a>' in shown
            assert f'<tr id="line-{number}">' in text(shop.get(link))
        assert response.context["receipt"].returned_at is not None

    def test_same_settings_again_fills_in_the_form(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer, area="walkway", style="desert-landscape", prompt="Agave")
        form = shop.get(f"/generate/?from={generation.pk}").context["form"]
        assert [form[name].value() for name in ("area", "style", "prompt")] == [
            ["walkway"],
            "desert-landscape",
            "Agave",
        ]

    def test_a_photo_it_was_made_from_is_shown(self, buyer: User, shop: Client, finished: Finished) -> None:
        photo = photos.keep(buyer, photos.CleanPhoto(b"pixels", width=640, height=480))
        generation = finished(buyer, photo=photo)
        assert f'src="/photos/{photo.pk}/"' in text(shop.get(address("generation", generation)))
        assert shop.get(f"/generate/?from={generation.pk}").context["form"].photo_shown == photo

    def test_it_takes_few_queries(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        with CaptureQueriesContext(connection) as queries:
            shop.get(address("generation", generation))
        assert kinds(queries) == ["SELECT"] * 4


class TestThePoll:
    def poll(self, client: Client, generation: Generation, shown: str) -> Any:
        return client.get(f"{address('status', generation)}?shown={shown}", headers={"HX-Request": "true"})

    def test_while_nothing_changes_it_answers_with_nothing(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        generation = start(buyer)
        assert self.poll(shop, generation, "queued.0.0").status_code == 204
        studio.take_lease(generation.pk)
        assert self.poll(shop, generation, "queued.0.0").status_code == 200
        assert self.poll(shop, generation, "running.0.0").status_code == 204

    def test_it_tells_how_many_are_before(
        self, buyer: User, stranger: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(stranger, 2)
        give(buyer, 2)
        first, second = start(stranger), start(stranger)
        start(buyer)
        generation = start(buyer)
        assert "3 designs will be painted before yours." in text(self.poll(shop, generation, ""))
        studio.take_lease(first.pk)
        studio.take_lease(second.pk)
        assert "1 design will be painted before yours." in text(self.poll(shop, generation, "queued.3.0"))
        studio.take_lease(Generation.objects.get(user=buyer, turn=0).pk)
        assert "Yours is the next." in text(self.poll(shop, generation, "queued.1"))

    @pytest.mark.parametrize("succeeds", [True, False])
    def test_at_the_end_it_stops_and_refreshes_the_balance(
        self, buyer: User, shop: Client, give: Give, start: Start, succeeds: bool
    ) -> None:
        give(buyer, 1)
        generation = start(buyer)
        lease = studio.take_lease(generation.pk)
        assert lease is not None
        assert "HX-Trigger" not in self.poll(shop, generation, "").headers
        if succeeds:
            studio.finish(lease, painting(), engine="obedient")
        else:
            studio.fail(generation.pk, reason="Over.")
        response = self.poll(shop, generation, "running.0.0")
        assert response.headers["HX-Trigger"] == "balance-changed"
        assert "hx-trigger" not in text(response)
        assert ("Your design is ready." in text(response)) is succeeds

    def test_what_the_engine_does_is_shown_and_not_read_out(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        generation = start(buyer)
        lease = studio.take_lease(generation.pk)
        assert lease is not None
        assert "Your design is being painted." in text(self.poll(shop, generation, "queued.0.0"))
        studio.tell(lease, "Painting <the> sky")
        stepped = self.poll(shop, generation, "running.0.0")
        assert "Painting &lt;the&gt; sky" in text(stepped)
        assert "hx-swap-oob" not in text(stepped)
        assert self.poll(shop, generation, stepped.context["progress"].shown).status_code == 204

    def test_it_writes_nothing(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = start(buyer)
        with CaptureQueriesContext(connection) as queries:
            self.poll(shop, generation, "")
        assert kinds(queries) == ["SELECT"] * 4

    def test_signed_out_it_is_told_to_stop(self, buyer: User, client: Client, finished: Finished) -> None:
        response = self.poll(client, finished(buyer), "running.0")
        assert response.status_code == 286
        assert "You are signed out." in text(response)


class TestSomebodyElsesDesign:
    @pytest.mark.parametrize("name", ["generation", "status", "image"])
    def test_it_does_not_exist(self, buyer: User, stranger: User, finished: Finished, name: str) -> None:
        assert signed_in(stranger).get(address(name, finished(buyer, prompt="secret"))).status_code == 404

    def test_its_settings_cannot_be_had(self, buyer: User, stranger: User, finished: Finished) -> None:
        generation = finished(buyer, prompt="secret")
        assert signed_in(stranger).get(f"/generate/?from={generation.pk}").status_code == 404

    def test_nonsense_is_not_found_either(self, shop: Client) -> None:
        assert shop.get("/generate/?from=nonsense").status_code == 404

    def test_it_is_not_among_ones_own(self, buyer: User, stranger: User, finished: Finished) -> None:
        finished(buyer)
        assert list(signed_in(stranger).get("/generations/").context["page"].cards) == []

    @pytest.mark.parametrize("name", ["generation", "image"])
    def test_signed_out_one_signs_in_first(self, buyer: User, client: Client, finished: Finished, name: str) -> None:
        place = address(name, finished(buyer))
        assert client.get(place).headers["Location"] == f"/accounts/login/?next={place}"
