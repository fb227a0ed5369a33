"""The form for designs: what it says before the click, what it refuses, what it keeps."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from generations import availability, studio
from generations.models import Generation
from tests.generations.conftest import Give, Start, address, held, signed_in, text
from tests.generations.wishing import YARD, form, order
from tests.subscribed import subscription_of
from tokens.ledger import Type

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


def button(response: Any) -> str:
    found = re.search(r"<span data-count-label>(.*?)</span></button>", text(response))
    assert found
    return found[1]


def wished(response: Any) -> list[Any]:
    """What the form that was answered with holds."""
    return [response.context["form"][name].value() for name in ("area", "style", "prompt")]


class TestTheForm:
    def test_the_button_tells_the_price_before_the_click(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 5)
        assert button(shop.get("/generate/")) == "Generate - 1 token"
        give(buyer, 2, Type.TRIAL)
        assert button(shop.get("/generate/")) == "Generate - 1 free credit (2 left)"
        subscription_of(buyer)
        assert button(shop.get("/generate/")) == "Generate - included"

    def test_every_form_has_a_key_of_its_own(self, shop: Client) -> None:
        keys = {shop.get("/generate/").context["form"]["key"].value() for _ in range(3)}
        assert len(keys) == 3

    def test_no_place_is_ticked_before_somebody_ticks_it(self, shop: Client) -> None:
        assert wished(shop.get("/generate/")) == [None, "english-garden", None]

    def test_the_price_of_every_number_of_places_is_on_the_page(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        give(buyer, 2, Type.TRIAL)
        offers = shop.get("/generate/").context["offers"]
        assert [(offer.label, offer.note, offer.affordable) for offer in offers] == [
            ("Generate - 1 free credit (2 left)", "Each place is a design of its own and costs 1 token.", True),
            ("Generate - 1 free credit (2 left)", "1 design: 1 free.", True),
            ("Generate - 2 free", "2 designs: 2 free.", True),
            ("Generate - 2 free + 1 token", "3 designs: 2 free + 1 token.", True),
            ("Generate - 2 free + 2 tokens", "4 designs: 2 free + 2 tokens.", True),
            ("Generate - 2 free + 3 tokens", "5 designs: 2 free + 3 tokens.", False),
        ]
        shown = text(shop.get("/generate/"))
        assert 'data-label-3="Generate - 2 free + 1 token"' in shown
        assert "data-short-5" in shown
        assert "data-short-4" not in shown
        assert "<li>3 designs: 2 free + 1 token.</li>" in shown

    def test_without_javascript_the_button_is_right_for_what_is_ticked(
        self, buyer: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 3)
        response = order(shop, area=YARD, style="baroque")
        assert button(response) == "Generate - 3 tokens"
        assert response.context["offer"].affordable

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
            ({"area": ["roof"]}, "Select a valid choice. roof is not one of the available choices."),
            ({"area": ["patio", "roof"]}, "Select a valid choice. roof is not one of the available choices."),
            ({"area": ["patio", "patio"]}, "Choose each place once."),
            ({"area": [*YARD, "back-yard", "side-yard", "patio"]}, "Choose up to 5 places."),
            ({"area": []}, "Choose a place."),
            ({"photo_id": "42"}, "The photo you gave earlier is not here any more."),
            ({"photo_id": str(uuid4())}, "The photo you gave earlier is not here any more."),
            ({"style": "baroque"}, "Select a valid choice. baroque is not one of the available choices."),
            ({"prompt": "x" * 501}, "Ensure this value has at most 500 characters (it has 501)."),
            ({"prompt": "roses\0"}, "Null characters are not allowed."),
            ({"prompt": "roses\x1b[31m"}, "Remove the characters that cannot be shown."),
            ({"key": "42"}, "This form could not be read."),
            ({"key": ""}, "This form could not be read."),
        ],
    )
    def test_it_comes_back_with_what_was_typed_and_costs_nothing(
        self, buyer: User, shop: Client, give: Give, changes: dict[str, Any], sentence: str
    ) -> None:
        give(buyer, 9)
        response = order(shop, **{"prompt": "Lavender", **changes})
        shown = text(response)
        assert response.status_code == 422
        assert sentence in shown
        assert 'role="alert"' in shown
        if "prompt" not in changes:
            assert "Lavender</textarea>" in shown
        assert response.context["form"]["style"].value() == changes.get("style", "japanese-zen")
        assert held(buyer) == (9, 0)
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
        assert "Your free credits are used up" in shown
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
        assert wished(shop.get("/generate/")) == [["patio"], "japanese-zen", "Lavender"]
        assert shop.session["draft"]["next"] == "/generate/"
        give(buyer, 1)
        assert order(shop, prompt="Lavender").status_code == 303
        assert shop.get("/generate/").context["form"]["prompt"].value() is None

    def test_a_draft_of_another_page_is_left_alone(self, buyer: User, shop: Client, give: Give) -> None:
        session = shop.session
        session["draft"] = {"next": "/chat/", "text": "secret"}
        session.save()
        assert wished(shop.get("/generate/")) == [None, "english-garden", None]
        give(buyer, 1)
        assert order(shop).status_code == 303
        assert shop.session["draft"] == {"next": "/chat/", "text": "secret"}


class TestNobodyCanPaintJustNow:
    def test_it_is_said_before_anything_is_taken_and_the_wishes_are_kept(
        self, buyer: User, shop: Client, give: Give, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def left_alone(provider: str) -> None:
            raise studio.EngineUnavailable(availability.LEFT_ALONE)

        monkeypatch.setattr(availability, "require", left_alone)
        give(buyer, 2)
        response = order(shop, area=["front-yard", "patio"], prompt="Lavender")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
        assert "Not available just now." in text(response)
        assert text(response).lower().count("nothing was charged") == 1
        assert wished(response) == [["front-yard", "patio"], "japanese-zen", "Lavender"]
        assert wished(shop.get("/generate/")) == wished(response)
        assert (held(buyer), Generation.objects.count()) == ((2, 0), 0)


class TestAnAddressThatWishes:
    """The assistant's links fill the form in; they start nothing."""

    @pytest.mark.parametrize(
        ("query", "form_holds"),
        [
            ("area=patio&style=japanese-zen&prompt=A+pond", [["patio"], "japanese-zen", "A pond"]),
            ("area=patio&area=front-yard", [["front-yard", "patio"], "english-garden", None]),
            ("area=roof&area=patio&style=baroque", [["patio"], "english-garden", None]),
            ("area=roof&prompt=" + "x" * 501, [None, "english-garden", None]),
            ("prompt=%1b%5b31m", [None, "english-garden", None]),
            ("prompt=%3Cscript%3Ealert(1)%3C/script%3E", [None, "english-garden", "<script>alert(1)</script>"]),
        ],
    )
    def test_what_is_valid_is_filled_in(
        self, buyer: User, shop: Client, give: Give, query: str, form_holds: list[Any]
    ) -> None:
        give(buyer, 5)
        response = shop.get(f"/generate/?{query}")
        assert response.status_code == 200
        assert wished(response) == form_holds
        assert "<script>alert" not in text(response)
        assert (held(buyer), Generation.objects.count()) == ((5, 0), 0)

    def test_it_goes_before_a_draft(self, shop: Client) -> None:
        order(shop, prompt="Lavender")
        assert wished(shop.get("/generate/?area=walkway&prompt=Agave")) == [["walkway"], "english-garden", "Agave"]

    def test_an_earlier_design_can_be_ordered_for_other_places(
        self, buyer: User, shop: Client, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        earlier = start(buyer, prompt="Agave")
        again = shop.get(f"/generate/?from={earlier.pk}&area=patio&area=walkway")
        assert wished(again) == [["walkway", "patio"], "english-garden", "Agave"]
