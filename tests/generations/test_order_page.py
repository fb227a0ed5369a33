"""The page of designs that were ordered together: all or nothing at the start, each for itself afterwards."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from generations import photos, studio
from generations.models import Generation
from tests.generations.conftest import Give, address, finish, held, signed_in, text
from tests.generations.engines import painting
from tests.generations.wishing import YARD, designs_of, form, kinds, order, order_address
from tests.subscribed import subscription_of
from tokens.ledger import Type

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


@pytest.fixture
def yard(buyer: User, give: Give) -> list[Generation]:
    """Front yard, walkway and patio, paid with three of five tokens, waiting."""
    give(buyer, 5)
    return studio.start_designs(user=buyer, form_key=uuid4(), areas=YARD, style="japanese-zen", prompt="moss")


def page(client: Client, designs: list[Generation]) -> Any:
    return client.get(order_address(designs[0].order_id))


def poll(client: Client, designs: list[Generation], shown: str) -> Any:
    place = order_address(designs[0].order_id, "order-status")
    return client.get(f"{place}?shown={shown}", headers={"HX-Request": "true"})


def changed(response: Any) -> list[str]:
    """The places whose cards the answer replaces."""
    return [card.design.area for card in response.context["changed"]]


class TestOrderingSeveral:
    def test_they_are_charged_together_and_lead_to_one_page(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2, Type.TRIAL)
        give(buyer, 2)
        response = order(shop, area=["patio", "front-yard", "walkway"], prompt="moss")
        designs = Generation.objects.order_by("job_id")
        assert (response.status_code, response.headers["Location"]) == (303, order_address(designs[0].order_id))
        assert [(each.area, each.source) for each in designs] == [
            ("front-yard", "trial"),
            ("walkway", "trial"),
            ("patio", "token"),
        ]
        assert held(buyer) == (1, 0)
        assert page(shop, list(designs)).status_code == 200

    def test_two_tokens_for_three_places_buy_nothing_and_keep_the_wishes(
        self, buyer: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 2)
        response = order(shop, area=YARD, prompt="moss")
        shown = text(response)
        assert response.status_code == 402
        assert "That takes more than you have" in shown
        assert "3 designs cost 3 tokens; you have 2 tokens. Nothing was started and nothing charged." in shown
        assert (held(buyer), Generation.objects.count(), ProcrastinateJob.objects.count()) == ((2, 0), 0, 0)
        assert shop.session["draft"] == {
            "next": "/generate/",
            "area": YARD,
            "style": "japanese-zen",
            "prompt": "moss",
        }
        assert [box.box.data["selected"] for box in shop.get("/generate/").context["form"].areas] == [
            True,
            False,
            True,
            False,
            True,
        ]

    def test_the_same_form_twice_in_whatever_order_is_one_order(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 6)
        sent = form(area=YARD)
        places = {
            shop.post("/generate/", {**sent, "area": areas}).headers["Location"] for areas in (YARD, YARD[::-1], YARD)
        }
        assert (len(places), held(buyer), Generation.objects.count()) == (1, (3, 0), 3)

    def test_other_places_of_the_same_form_are_another_order(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 5)
        sent = form(area=YARD)
        places = {shop.post("/generate/", {**sent, "area": areas}).headers["Location"] for areas in (YARD, YARD[:2])}
        assert (len(places), held(buyer), Generation.objects.count()) == (2, (0, 0), 5)


class TestThePageOfAnOrder:
    def test_each_place_has_its_own_progress_result_and_receipt(
        self, buyer: User, shop: Client, yard: list[Generation]
    ) -> None:
        front, walkway, _ = yard
        finish(front, painting())
        lease = studio.take_lease(walkway.pk)
        assert lease is not None
        studio.tell(lease, "Raking <the> gravel")
        shown = text(page(shop, yard))
        assert "3 designs: 1 ready, 1 being painted, 1 waiting" in shown
        assert 'alt="A garden of one pixel."' in shown
        assert "Raking &lt;the&gt; gravel" in shown
        assert "Yours is the next." in shown
        for design in yard:
            assert f'href="{address("generation", design)}#receipt"' in shown
        assert [f'action="{address("cancel", each)}"' in shown for each in yard] == [False, False, True]
        assert f'href="{order_address(front.order_id, "order-zip")}"' in shown
        assert "moss" in shown

    def test_one_that_failed_says_why_what_came_back_and_offers_another_try(
        self, buyer: User, shop: Client, yard: list[Generation]
    ) -> None:
        studio.fail(yard[1].pk, reason="It cannot be drawn.")
        shown = text(page(shop, yard))
        assert "It cannot be drawn. <strong>1 token returned.</strong>" in shown
        assert "Try again - 1 token" in shown
        assert f'action="{address("retry", yard[1])}"' in shown
        assert held(buyer) == (3, 0)

    def test_while_something_waits_it_asks_again_with_and_without_javascript(
        self, shop: Client, yard: list[Generation]
    ) -> None:
        shown = text(page(shop, yard))
        assert f'hx-get="{order_address(yard[0].order_id, "order-status")}?shown=queued-' in shown
        # With an address: one that ends in "#patio" would only be scrolled to, not loaded again.
        place = order_address(yard[0].order_id)
        assert f'<noscript><meta http-equiv="refresh" content="3; url={place}"></noscript>' in shown
        for design in yard:
            finish(design, painting())
        shown = text(page(shop, yard))
        assert "order-status" not in shown
        assert 'hx-trigger="every 2s"' not in shown
        assert "http-equiv" not in shown

    def test_what_was_deleted_is_left_out_and_at_last_the_page_goes(self, shop: Client, yard: list[Generation]) -> None:
        for design in yard:
            studio.fail(design.pk, reason="Over.")
        Generation.objects.filter(pk=yard[0].pk).update(deleted_at=yard[0].created_at, prompt="")
        assert [card.design.area for card in page(shop, yard).context["order"].cards] == ["walkway", "patio"]
        Generation.objects.update(deleted_at=yard[0].created_at, prompt="")
        assert page(shop, yard).status_code == 404

    def test_the_photo_is_shown_to_its_owner(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        photo = photos.keep(buyer, photos.CleanPhoto(b"pixels", width=640, height=480))
        order(shop, area=YARD[:2], photo_id=str(photo.pk))
        shown = text(page(shop, list(Generation.objects.all())))
        assert f'src="/photos/{photo.pk}/"' in shown

    @pytest.mark.parametrize("name", ["order", "order-status"])
    def test_it_is_nobody_elses(self, stranger: User, yard: list[Generation], name: str) -> None:
        assert signed_in(stranger).get(order_address(yard[0].order_id, name)).status_code == 404
        assert signed_in(stranger).get(order_address(uuid4(), name)).status_code == 404

    def test_a_form_sent_by_two_people_is_an_order_of_each(
        self, buyer: User, stranger: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 3)
        give(stranger, 2)
        sent = form(area=YARD[:2])
        places = {signed_in(each).post("/generate/", sent).headers["Location"] for each in (buyer, stranger)}
        (place,) = places
        mine = [card.design.user_id for card in shop.get(place).context["order"].cards]
        assert mine == [buyer.pk, buyer.pk]

    @pytest.mark.parametrize("count", [1, 5])
    @pytest.mark.parametrize("stage", ["waiting", "failed", "tried again"])
    def test_it_takes_as_many_queries_for_one_place_as_for_five(
        self, buyer: User, shop: Client, give: Give, count: int, stage: str
    ) -> None:
        give(buyer, 20)
        areas = list(Generation.Area.values)[:count]
        designs = studio.start_designs(user=buyer, form_key=uuid4(), areas=areas, style="japanese-zen", prompt="")
        for design in designs if stage != "waiting" else []:
            studio.fail(design.pk, reason="Over.")
            design.refresh_from_db()
            if stage == "tried again":
                studio.retry(design)
        with CaptureQueriesContext(connection) as queries:
            assert len(page(shop, designs).context["order"].cards) == count
        with CaptureQueriesContext(connection) as poll_queries:
            assert poll(shop, designs, "").status_code == 200
        expected = 3 if stage == "failed" else 4  # session, person, designs, and the queue when something waits
        assert (len(queries), len(poll_queries)) == (expected, expected)


class TestThePollOfAnOrder:
    def test_while_nothing_changes_it_answers_with_nothing_and_writes_nothing(
        self, shop: Client, yard: list[Generation]
    ) -> None:
        shown = page(shop, yard).context["order"].shown
        with CaptureQueriesContext(connection) as queries:
            assert poll(shop, yard, shown).status_code == 204
        assert set(kinds(queries)) == {"SELECT"}

    def test_only_what_changed_is_sent(self, shop: Client, yard: list[Generation]) -> None:
        before = page(shop, yard).context["order"].shown
        lease = studio.take_lease(yard[0].pk)
        assert lease is not None
        begun = poll(shop, yard, before)
        assert changed(begun) == YARD  # one has begun, and the others have moved up in the queue
        studio.tell(lease, "Raking the gravel")
        step = poll(shop, yard, begun.context["order"].shown)
        assert changed(step) == ["front-yard"]
        assert "HX-Trigger" not in step.headers
        assert 'id="order-news"' not in text(step)

    def test_each_end_is_told_once_and_refreshes_the_balance(
        self, buyer: User, shop: Client, yard: list[Generation]
    ) -> None:
        shown = page(shop, yard).context["order"].shown
        finish(yard[0], painting())
        studio.fail(yard[1].pk, reason="It cannot be drawn.")
        ended = poll(shop, yard, shown)
        assert ended.headers["HX-Trigger"] == "balance-changed"
        assert "Front yard: ready. Walkway: failed. 1 token returned." in text(ended)
        assert 'hx-trigger="every 2s"' in text(ended)
        assert poll(shop, yard, ended.context["order"].shown).status_code == 204

    def test_at_the_end_it_stops(self, shop: Client, yard: list[Generation]) -> None:
        shown = page(shop, yard).context["order"].shown
        for design in yard:
            finish(design, painting())
        over = poll(shop, yard, shown)
        assert over.headers["HX-Trigger"] == "balance-changed"
        assert "hx-get" not in text(over)
        assert "Download 3 pictures" in text(over)

    def test_a_retry_in_another_tab_is_seen_here(self, shop: Client, yard: list[Generation]) -> None:
        studio.fail(yard[0].pk, reason="Over.")
        shown = page(shop, yard).context["order"].shown
        yard[0].refresh_from_db()
        studio.retry(yard[0])
        assert "front-yard" in changed(poll(shop, yard, shown))

    @pytest.mark.parametrize("shown", ["", "nonsense", "~~~", "queued-1~queued-2~queued-3~queued-4"])
    def test_whatever_a_page_says_it_shows_everything_is_sent(
        self, shop: Client, yard: list[Generation], shown: str
    ) -> None:
        assert changed(poll(shop, yard, shown)) == YARD

    def test_signed_out_it_is_told_to_stop(self, client: Client, yard: list[Generation]) -> None:
        response = poll(client, yard, "")
        assert response.status_code == 286
        assert "You are signed out." in text(response)


class TestADesignOfAnOrder:
    def test_its_page_leads_to_the_others(self, shop: Client, yard: list[Generation]) -> None:
        link = f'href="{order_address(yard[0].order_id)}#walkway"'
        assert link in text(shop.get(address("generation", yard[1])))

    def test_one_ordered_alone_has_no_others_even_tried_again(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        order(shop)
        alone = Generation.objects.get()
        studio.fail(alone.pk, reason="Over.")
        alone.refresh_from_db()
        again = studio.retry(alone)
        assert len(designs_of(alone.order_id)) == 2
        assert "All designs of this order" not in text(shop.get(address("generation", again)))

    def test_a_receipt_says_that_the_token_was_returned(self, shop: Client, yard: list[Generation]) -> None:
        assert text(page(shop, yard)).count("</a>: 1 token </p>") == 3
        studio.cancel(yard[0].pk)
        shown = text(page(shop, yard))
        assert (shown.count("</a>: 1 token, returned </p>"), shown.count("</a>: 1 token </p>")) == (1, 2)

    def test_to_delete_one_says_what_the_others_keep(self, shop: Client, yard: list[Generation]) -> None:
        for design in yard:
            studio.cancel(design.pk)
        assert "The others of its order keep the same words." in text(shop.get(address("delete", yard[0])))
        shop.post(address("delete", yard[0]))
        assert "The other design of its order keeps the same words." in text(shop.get(address("delete", yard[1])))
        shop.post(address("delete", yard[1]))
        assert "of its order" not in text(shop.get(address("delete", yard[2])))

    def test_a_subscription_covers_all_and_says_so(self, buyer: User, shop: Client) -> None:
        subscription_of(buyer)
        assert order(shop, area=YARD).status_code == 303
        assert text(page(shop, list(Generation.objects.all()))).count("</a>: included") == 3
