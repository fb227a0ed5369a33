"""The gallery: what is shown of how many designs, filtered and turned page by page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from generations import erasure, studio
from generations.models import Generation
from tests.generations.conftest import Finished, Give, Start, address, signed_in, text

pytestmark = pytest.mark.django_db

GALLERY = "/generations/"
QUERIES = 4  # session, person, designs, with whom they were ordered


def shown(client: Client, place: str = GALLERY, **wanted: str) -> list[Any]:
    return [card.generation.pk for card in client.get(place, wanted).context["page"].cards]


class TestWithoutDesigns:
    def test_it_shows_the_way_to_the_first(self, shop: Client) -> None:
        page = text(shop.get(GALLERY))
        assert "No designs yet" in page
        assert "Nothing matches" not in page
        assert "<summary>Filter</summary>" not in page

    def test_those_of_a_stranger_are_not_there(self, stranger: User, shop: Client, finished: Finished) -> None:
        finished(stranger, prompt="a secret garden")
        page = text(shop.get(GALLERY))
        assert "No designs yet" in page
        assert "a secret garden" not in page

    def test_deleted_ones_are_not_there(self, buyer: User, shop: Client, finished: Finished) -> None:
        erasure.erase_design(buyer.pk, finished(buyer).pk)
        assert "No designs yet" in text(shop.get(GALLERY))

    def test_messages_are_not_there(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        studio.start_message(user=buyer, form_key=uuid4(), text="Which roses like shade?")
        page = text(shop.get(GALLERY))
        assert "No designs yet" in page
        assert "roses" not in page


class TestACard:
    def test_it_shows_the_small_picture_and_leads_to_everything(
        self, buyer: User, shop: Client, finished: Finished
    ) -> None:
        generation = finished(buyer, prompt="Lavender")
        page = text(shop.get(GALLERY))
        assert f'src="{address("thumbnail", generation)}" alt="A garden of one pixel."' in page
        assert f'src="{address("image", generation)}"' not in page
        assert f'href="{address("generation", generation)}"' in page
        assert f'href="{address("delete", generation)}"' in page
        assert f'href="/generate/?from={generation.pk}"' in page
        assert "Lavender" in page

    def test_it_says_how_a_design_stands(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 3)
        start(buyer)
        studio.fail(start(buyer).pk, reason="It cannot be drawn.")
        studio.cancel(start(buyer).pk)
        page = text(shop.get(GALLERY))
        for words in ("Waiting</span>", "Failed</span>", "Cancelled</span>", "Returned: It cannot be drawn."):
            assert words in page

    def test_one_that_has_not_ended_cannot_be_deleted_from_it(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        assert address("delete", start(buyer)) not in text(shop.get(GALLERY))

    def test_wishes_are_shown_as_text(self, buyer: User, shop: Client, finished: Finished) -> None:
        finished(buyer, prompt="<script>alert(1)</script>")
        page = text(shop.get(GALLERY))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

    def test_designs_ordered_together_lead_to_their_order(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 3)
        designs = studio.start_designs(
            user=buyer, form_key=uuid4(), areas=["patio", "walkway"], style="english-garden", prompt=""
        )
        alone = studio.start_designs(user=buyer, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0]
        page = text(shop.get(GALLERY))
        assert page.count(f'href="/orders/{designs[0].order_id}/"') == 2
        assert page.count("Order of 2</a>") == 2
        assert f"/orders/{alone.order_id}/" not in page

    def test_a_second_try_is_not_an_order_of_two(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 1)
        failed = start(buyer)
        studio.fail(failed.pk, reason="It cannot be drawn.")
        failed.refresh_from_db()
        studio.retry(failed)
        page = shop.get(GALLERY)
        assert [card.together for card in page.context["page"].cards] == [1, 1]

    def test_a_strangers_order_of_the_same_id_is_not_counted(
        self, buyer: User, stranger: User, shop: Client, give: Give
    ) -> None:
        key = uuid4()
        give(buyer, 1)
        give(stranger, 2)
        studio.start_designs(user=stranger, form_key=key, areas=["patio", "walkway"], style="english-garden", prompt="")
        studio.start_designs(user=buyer, form_key=key, areas=["patio"], style="english-garden", prompt="")
        assert [card.together for card in shop.get(GALLERY).context["page"].cards] == [1]


class TestFilters:
    @pytest.fixture
    def designs(self, buyer: User, give: Give, finished: Finished, start: Start) -> Iterator[dict[str, Any]]:
        """Four designs of four days; every kind of state, two areas, two styles."""
        give(buyer, 3)
        failed, cancelled = (start(buyer, area="walkway", style="japanese-zen") for _ in range(2))
        studio.fail(failed.pk, reason="Over.")
        studio.cancel(cancelled.pk)
        made = {
            "done": finished(buyer, area="patio", style="english-garden"),
            "waiting": start(buyer, area="patio", style="japanese-zen"),
            "failed": failed,
            "cancelled": cancelled,
        }
        for day, design in enumerate(made.values(), start=1):
            Generation.objects.filter(pk=design.pk).update(created_at=datetime(2026, 5, day, 23, 59, 59, tzinfo=UTC))
        yield {name: design.pk for name, design in made.items()}
        Generation.objects.update(created_at=timezone.now())  # or the audit finds that one waited since May

    @pytest.mark.parametrize(
        ("wanted", "names"),
        [
            ({}, ["cancelled", "failed", "waiting", "done"]),
            ({"area": "patio"}, ["waiting", "done"]),
            ({"style": "japanese-zen"}, ["cancelled", "failed", "waiting"]),
            ({"area": "patio", "style": "japanese-zen"}, ["waiting"]),
            ({"state": "done"}, ["done"]),
            ({"state": "unfinished"}, ["waiting"]),
            ({"state": "without-result"}, ["cancelled", "failed"]),
            ({"since": "2026-05-02"}, ["cancelled", "failed", "waiting"]),
            ({"until": "2026-05-02"}, ["waiting", "done"]),
            ({"since": "2026-05-02", "until": "2026-05-03"}, ["failed", "waiting"]),
            ({"since": "2026-05-04", "until": "2026-05-04", "area": "walkway"}, ["cancelled"]),
            ({"area": "back-yard"}, []),
            ({"unknown": "patio"}, ["cancelled", "failed", "waiting", "done"]),
        ],
    )
    def test_only_what_is_wanted_is_shown(
        self, shop: Client, designs: dict[str, Any], wanted: dict[str, str], names: list[str]
    ) -> None:
        assert shown(shop, **wanted) == [designs[name] for name in names]

    @pytest.mark.parametrize(
        ("wanted", "sentence"),
        [
            ({"area": "roof"}, "Place: There is no such choice, so it was left out."),
            ({"style": "baroque"}, "Style: There is no such choice, so it was left out."),
            ({"state": "paid"}, "State: There is no such choice, so it was left out."),
            ({"since": "yesterday"}, "From: This is no day; write it like 2026-05-31."),
            ({"since": "2026-02-30"}, "From: This is no day; write it like 2026-05-31."),
            ({"until": "9999-12-31"}, "To: Choose a day before 3000."),
            ({"until": "0001-01-01"}, "To: Choose a day after 1999."),
            ({"until": "2026-05-01", "since": "2026-05-02", "area": "patio"}, "To: The last day is before the first."),
        ],
    )
    def test_what_makes_no_sense_is_said_and_left_out_and_the_rest_holds(
        self, shop: Client, designs: dict[str, Any], wanted: dict[str, str], sentence: str
    ) -> None:
        response = shop.get(GALLERY, {"style": "japanese-zen", **wanted})
        assert response.status_code == 200
        assert sentence in text(response)
        seen = {card.generation.pk for card in response.context["page"].cards}
        assert seen and seen <= set(designs.values())
        if "style" not in wanted:
            assert designs["done"] not in seen

    def test_markup_in_a_filter_is_shown_as_text(self, shop: Client, designs: dict[str, Any]) -> None:
        page = text(shop.get(GALLERY, {"since": '"><script>alert(1)</script>', "area": "<b>"}))
        assert "<script>alert" not in page
        assert "<b>" not in page

    def test_nothing_that_matches_shows_the_way_back_to_all(self, shop: Client, designs: dict[str, Any]) -> None:
        page = text(shop.get(GALLERY, {"area": "back-yard"}))
        assert "Nothing matches" in page
        assert f'<a class="button button-primary" href="{GALLERY}">Show all</a>' in page
        assert "No designs yet" not in page

    def test_a_stranger_may_filter_as_they_like(self, stranger: User, shop: Client, designs: dict[str, Any]) -> None:
        assert shown(signed_in(stranger), area="patio") == []


class TestPages:
    def test_they_follow_without_gap_or_repetition_even_within_one_moment(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 30)
        everything = [start(buyer).pk for _ in range(30)]
        Generation.objects.update(created_at=timezone.now())
        seen, place = [], GALLERY
        for _ in range(3):
            response = shop.get(place)
            seen += [card.generation.pk for card in response.context["page"].cards]
            place = next_page(response)
        assert place == ""
        assert len(seen) == 30
        assert set(seen) == set(everything)

    def test_filters_hold_on_every_page_and_on_the_way_back(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 27)
        walkways = [start(buyer, area="walkway").pk for _ in range(14)]
        for _ in range(13):
            start(buyer, area="patio")
        first = shop.get(GALLERY, {"area": "walkway", "since": "2026-01-01"})
        second = shop.get(next_page(first))
        seen = [card.generation.pk for page in (first, second) for card in page.context["page"].cards]
        assert sorted(seen) == sorted(walkways)
        assert next_page(second) == ""
        assert f'href="{GALLERY}?area=walkway&amp;since=2026-01-01">Newest</a>' in text(second)

    @pytest.mark.parametrize("before", ["nonsense", "2026-01-01_x", "_", "2026-01-01T00:00:00_" + "0" * 32])
    def test_a_place_that_is_none_is_the_first_page(
        self, buyer: User, shop: Client, finished: Finished, before: str
    ) -> None:
        finished(buyer)
        assert len(shown(shop, before=before)) == 1

    def test_beyond_the_last_one_there_is_a_way_back(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        page = text(shop.get(GALLERY, {"before": f"2000-01-01T00:00:00+00:00_{generation.pk}"}))
        assert "There is nothing older." in page

    @pytest.mark.parametrize("count", [1, 12])
    def test_a_page_takes_as_many_queries_for_one_as_for_twelve(
        self, buyer: User, shop: Client, give: Give, start: Start, count: int
    ) -> None:
        give(buyer, count)
        for _ in range(count):
            start(buyer)
        with CaptureQueriesContext(connection) as queries:
            response = shop.get(GALLERY, {"area": "front-yard"})
        assert len(response.context["page"].cards) == count
        assert len(queries) == QUERIES

    def test_a_design_made_while_one_reads_does_not_shift_the_pages(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 14)
        old = [start(buyer).pk for _ in range(13)]
        for age, pk in enumerate(reversed(old)):
            Generation.objects.filter(pk=pk).update(created_at=timezone.now() - timedelta(seconds=age + 1))
        first = shop.get(GALLERY)
        start(buyer)
        assert shown(shop, next_page(first)) == [old[0]]


def next_page(response: Any) -> str:
    """The address behind "Older designs", "" on the last page."""
    page = response.content.decode()
    if 'rel="next"' not in page:
        return ""
    return str(page.partition('rel="next" href="')[2].partition('"')[0]).replace("&amp;", "&")
