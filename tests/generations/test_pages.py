from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from generations import studio
from generations.models import Generation
from tests.generations.conftest import Give, Start, held
from tests.generations.engines import PIXEL, painting
from tests.subscribed import subscription_of
from tokens.ledger import Type

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


@pytest.fixture
def finished(buyer: User, give: Give, start: Start) -> Callable[..., Generation]:
    """Make a finished design: `finished(prompt="roses")`."""

    def _finished(**wishes: Any) -> Generation:
        give(buyer, 1)
        generation = start(buyer, **wishes)
        lease = studio.take_lease(generation.pk)
        assert lease is not None
        assert studio.finish(lease, painting(), engine="obedient")
        generation.refresh_from_db()
        return generation

    return _finished


def form(**changes: str) -> dict[str, str]:
    return {"area": "patio", "style": "japanese-zen", "prompt": "", "key": str(uuid4()), **changes}


def order(client: Client, **changes: str) -> Any:
    return client.post("/generate/", form(**changes))


def address(name: str, generation: Generation) -> str:
    return reverse(f"generations:{name}", args=[generation.pk])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


class TestTheForm:
    def test_the_button_tells_the_price_before_the_click(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 5)
        assert "Generate - 1 token</button>" in text(shop.get("/generate/"))
        give(buyer, 2, Type.TRIAL)
        assert "Generate - free trial: 2 left</button>" in text(shop.get("/generate/"))
        subscription_of(buyer)
        assert "Generate - included</button>" in text(shop.get("/generate/"))

    def test_every_form_has_a_key_of_its_own(self, shop: Client) -> None:
        keys = {shop.get("/generate/").context["form"]["key"].value() for _ in range(3)}
        assert len(keys) == 3

    def test_it_takes_few_queries(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 5)
        with CaptureQueriesContext(connection) as queries:
            shop.get("/generate/")
        assert len(queries) == 2

    def test_nothing_is_started_by_looking(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        shop.get("/generate/", form())
        assert held(buyer) == (1, 0)

    def test_strangers_to_the_site_sign_in_first(self, client: Client) -> None:
        response = client.get("/generate/")
        assert (response.status_code, response.headers["Location"]) == (302, "/accounts/login/?next=/generate/")

    def test_it_is_not_kept_by_caches(self, shop: Client) -> None:
        assert "no-store" in shop.get("/generate/").headers["Cache-Control"]


class TestPressingTheButton:
    def test_it_starts_a_design_and_goes_to_it(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        response = order(shop, prompt="  A pond\r\nwith koi  ")
        generation = Generation.objects.get()
        assert (response.status_code, response.headers["Location"]) == (303, address("generation", generation))
        assert (generation.area, generation.style, generation.prompt) == ("patio", "japanese-zen", "A pond\nwith koi")
        assert held(buyer) == (0, 0)

    def test_the_same_form_twice_goes_to_the_same_design(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        sent = form()
        places = {shop.post("/generate/", sent).headers["Location"] for _ in range(3)}
        assert len(places) == 1
        assert held(buyer) == (0, 0)

    def test_going_back_and_wishing_for_something_else_is_a_second_design(
        self, buyer: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 2)
        key = str(uuid4())
        places = {order(shop, key=key, prompt=prompt).headers["Location"] for prompt in ("roses", "tulips")}
        assert len(places) == 2
        assert held(buyer) == (0, 0)

    def test_the_key_of_somebody_elses_form_leads_to_ones_own_design(
        self, buyer: User, stranger: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 1)
        give(stranger, 1)
        sent = form()
        assert (
            shop.post("/generate/", sent).headers["Location"]
            != (signed_in(stranger).post("/generate/", sent).headers["Location"])
        )
        assert (held(buyer), held(stranger)) == ((0, 0), (0, 0))

    def test_a_form_from_another_site_is_refused(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        client = Client(enforce_csrf_checks=True)
        client.force_login(buyer)
        assert order(client).status_code == 403
        assert held(buyer) == (1, 0)


class TestABadForm:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"area": "roof"}, "Select a valid choice. roof is not one of the available choices."),
            ({"area": ""}, "Choose a place."),
            ({"style": "baroque"}, "Select a valid choice. baroque is not one of the available choices."),
            ({"prompt": "x" * 501}, "Ensure this value has at most 500 characters (it has 501)."),
            ({"prompt": "roses\0"}, "Null characters are not allowed."),
            ({"prompt": "roses\x1b[31m"}, "Remove the characters that cannot be shown."),
            ({"key": "42"}, "This form could not be read."),
            ({"key": ""}, "This form could not be read."),
        ],
    )
    def test_it_comes_back_with_what_was_typed_and_costs_nothing(
        self, buyer: User, shop: Client, give: Give, changes: dict[str, str], sentence: str
    ) -> None:
        give(buyer, 1)
        response = order(shop, **{"prompt": "Lavender", **changes})
        shown = text(response)
        assert response.status_code == 422
        assert sentence in shown
        assert 'role="alert"' in shown
        if "prompt" not in changes:
            assert "Lavender</textarea>" in shown
        assert response.context["form"]["style"].value() == changes.get("style", "japanese-zen")
        assert held(buyer) == (1, 0)
        assert not Generation.objects.exists()

    def test_a_bad_key_is_replaced_so_that_the_next_click_works(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        key = order(shop, key="42").context["form"]["key"].value()
        assert order(shop, key=key).status_code == 303

    def test_line_ends_count_once_as_in_the_browser(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        assert order(shop, prompt="x\r\n" * 249 + "xx").status_code == 303

    def test_markup_is_shown_as_text(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        place = order(shop, prompt="<script>alert(1)</script>").headers["Location"]
        for address_ in (place, "/generations/", f"/generate/?from={place.split('/')[2]}"):
            shown = text(shop.get(address_))
            assert "<script>alert" not in shown
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


class TestNothingLeftToPayWith:
    def test_packages_are_offered_in_a_dialog(self, shop: Client) -> None:
        response = order(shop, prompt="Lavender")
        shown = text(response)
        assert response.status_code == 402
        assert "<dialog open" in shown
        assert "Your free trial is used up" in shown
        assert 'action="/purchase/checkout/"' in shown
        assert "Lavender</textarea>" in shown
        assert not Generation.objects.exists()

    @pytest.mark.books_alone
    def test_a_former_buyer_reads_about_tokens(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1, Type.PURCHASE)
        assert order(shop).status_code == 303
        assert "Your tokens are used up" in text(order(shop))

    def test_the_wishes_are_there_when_they_come_back(self, buyer: User, shop: Client, give: Give) -> None:
        order(shop, prompt="Lavender")
        back = shop.get("/generate/").context["form"]
        assert [back[name].value() for name in ("area", "style", "prompt")] == ["patio", "japanese-zen", "Lavender"]
        give(buyer, 1)
        assert order(shop, prompt="Lavender").status_code == 303
        assert shop.get("/generate/").context["form"]["prompt"].value() is None


class TestOnesOwnDesign:
    def test_while_it_waits_the_page_asks_again_with_and_without_javascript(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        generation = start(buyer, prompt="Lavender")
        shown = text(shop.get(address("generation", generation)))
        assert f'hx-get="{address("status", generation)}?shown=queued.0.0"' in shown
        assert 'hx-trigger="every 2s"' in shown
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in shown
        assert "You can leave this page" in shown
        assert "Lavender" in shown

    def test_when_it_is_done_nothing_asks_any_more(self, shop: Client, finished: Callable[..., Generation]) -> None:
        generation = finished()
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
            ("1 trial credit", "Paid from your free trial, which is used before tokens."),
            ("1 token", "Paid with tokens, because no subscription was active and no free trial was left."),
            ("Included", "Covered by your subscription, which comes before trial credits and tokens."),
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
        assert response.context["receipt"].returned_at is not None

    def test_same_settings_again_fills_in_the_form(self, shop: Client, finished: Callable[..., Generation]) -> None:
        generation = finished(area="walkway", style="desert-landscape", prompt="Agave")
        form = shop.get(f"/generate/?from={generation.pk}").context["form"]
        assert [form[name].value() for name in ("area", "style", "prompt")] == ["walkway", "desert-landscape", "Agave"]

    def test_it_takes_few_queries(self, shop: Client, finished: Callable[..., Generation]) -> None:
        generation = finished()
        with CaptureQueriesContext(connection) as queries:
            shop.get(address("generation", generation))
        assert len(queries) == 3


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
        give(buyer, 1)
        first, second = start(stranger), start(stranger)
        generation = start(buyer)
        assert "2 designs will be painted before yours." in text(self.poll(shop, generation, ""))
        studio.take_lease(first.pk)
        assert "1 design will be painted before yours." in text(self.poll(shop, generation, "queued.2.0"))
        studio.take_lease(second.pk)
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

    def test_it_writes_nothing(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = start(buyer)
        with CaptureQueriesContext(connection) as queries:
            self.poll(shop, generation, "")
        assert [query["sql"].split()[0] for query in queries.captured_queries] == ["SELECT"] * 4

    def test_signed_out_it_is_told_to_stop(self, client: Client, finished: Callable[..., Generation]) -> None:
        response = self.poll(client, finished(), "running.0")
        assert (response.status_code, response.content) == (286, b"")


class TestThePicture:
    def test_its_owner_gets_it(self, shop: Client, finished: Callable[..., Generation]) -> None:
        response: Any = shop.get(address("image", finished()))
        assert response.status_code == 200
        assert b"".join(response.streaming_content) == PIXEL
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["Cache-Control"] == "private, max-age=3600"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].startswith("inline")

    def test_it_can_be_kept_under_a_telling_name(self, shop: Client, finished: Callable[..., Generation]) -> None:
        generation = finished()
        response: Any = shop.get(f"{address('image', generation)}?download=1")
        name = f"english-garden-front-yard-{str(generation.pk)[:8]}.webp"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert b"".join(response.streaming_content) == PIXEL

    def test_before_the_end_there_is_none(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 1)
        assert shop.get(address("image", start(buyer))).status_code == 404

    def test_a_file_that_was_lost_is_missed_in_the_log(
        self, shop: Client, finished: Callable[..., Generation], caplog: pytest.LogCaptureFixture
    ) -> None:
        generation = finished()
        generation.image.storage.delete(str(generation.image))
        assert shop.get(address("image", generation)).status_code == 404
        assert "picture_missing" in caplog.text


class TestSomebodyElsesDesign:
    @pytest.mark.parametrize("name", ["generation", "status", "image"])
    def test_it_does_not_exist(self, stranger: User, finished: Callable[..., Generation], name: str) -> None:
        assert signed_in(stranger).get(address(name, finished(prompt="secret"))).status_code == 404

    def test_its_settings_cannot_be_had(self, stranger: User, finished: Callable[..., Generation]) -> None:
        generation = finished(prompt="secret")
        assert signed_in(stranger).get(f"/generate/?from={generation.pk}").status_code == 404

    def test_nonsense_is_not_found_either(self, shop: Client) -> None:
        assert shop.get("/generate/?from=nonsense").status_code == 404

    def test_it_is_not_among_ones_own(self, stranger: User, finished: Callable[..., Generation]) -> None:
        finished()
        assert list(signed_in(stranger).get("/generations/").context["page"].generations) == []

    @pytest.mark.parametrize("name", ["generation", "image"])
    def test_signed_out_one_signs_in_first(
        self, client: Client, finished: Callable[..., Generation], name: str
    ) -> None:
        place = address(name, finished())
        assert client.get(place).headers["Location"] == f"/accounts/login/?next={place}"


class TestTheGallery:
    def test_without_designs_it_shows_the_way_to_the_first(self, shop: Client) -> None:
        assert "No designs yet" in text(shop.get("/generations/"))

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_takes_as_many_queries_for_one_as_for_three(
        self, shop: Client, finished: Callable[..., Generation], count: int
    ) -> None:
        for _ in range(count):
            finished()
        with CaptureQueriesContext(connection) as queries:
            response = shop.get("/generations/")
        assert len(response.context["page"].generations) == count
        assert len(queries) == 3

    def test_it_shows_how_each_one_stands(
        self, buyer: User, shop: Client, give: Give, start: Start, finished: Callable[..., Generation]
    ) -> None:
        finished()
        give(buyer, 2)
        start(buyer)
        studio.fail(start(buyer).pk, reason="It cannot be drawn.")
        shown = text(shop.get("/generations/"))
        assert 'alt="A garden of one pixel."' in shown
        assert "Waiting</span>" in shown
        assert "Failed</span>" in shown
        assert "It cannot be drawn." in shown

    def test_pages_follow_without_gap_or_repetition_even_within_one_moment(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 30)
        everything = [start(buyer).pk for _ in range(30)]
        Generation.objects.update(created_at=timezone.now())
        seen, place = [], "/generations/"
        for _ in range(3):
            shown = shop.get(place).context["page"]
            seen += [generation.pk for generation in shown.generations]
            place = f"/generations/?before={str(shown.older).replace('+', '%2B')}"
        assert shown.older is None
        assert len(seen) == 30
        assert set(seen) == set(everything)

    @pytest.mark.parametrize("before", ["nonsense", "2026-01-01_x", "_", "2026-01-01T00:00:00_" + "0" * 32])
    def test_a_place_that_is_none_is_the_first_page(
        self, shop: Client, finished: Callable[..., Generation], before: str
    ) -> None:
        finished()
        assert len(shop.get(f"/generations/?before={before}").context["page"].generations) == 1

    def test_beyond_the_last_one_there_is_a_way_back(self, shop: Client, finished: Callable[..., Generation]) -> None:
        generation = finished()
        shown = text(shop.get(f"/generations/?before=2000-01-01T00:00:00%2B00:00_{generation.pk}"))
        assert "There is nothing older." in shown
