"""The form for designs, sent again by a browser's "back" after what it had started was deleted."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from generations import erasure
from generations.models import Generation, Photo
from tests.generations.conftest import Give, address, finish, held, signed_in, text
from tests.generations.engines import painting
from tests.generations.wishing import YARD, form, order_address, photo_file

pytestmark = pytest.mark.django_db

DELETED = "It was deleted. Sending its form again charged nothing."


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


def place_of(response: Any) -> str:
    assert response.status_code == 303
    return str(response.headers["Location"])


def all_finished() -> list[Generation]:
    return [finish(design, painting()) for design in Generation.objects.order_by("job_id")]


class TestTheSameFormAgain:
    @pytest.mark.parametrize("areas", [["patio"], YARD])
    def test_after_everything_was_deleted_it_leads_to_the_gallery_which_says_so(
        self, buyer: User, shop: Client, give: Give, areas: list[str]
    ) -> None:
        give(buyer, 6)
        sent = form(area=areas)
        shop.post("/generate/", sent)
        design = all_finished()[0]
        assert design.order_id is not None
        erasure.erase_order(buyer.pk, design.order_id)
        assert place_of(shop.post("/generate/", sent)) == "/generations/"
        assert DELETED in text(shop.get("/generations/"))
        assert (Generation.objects.count(), held(buyer)) == (len(areas), (6 - len(areas), 0))

    def test_after_one_of_three_was_deleted_it_leads_to_the_others(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 3)
        sent = form(area=YARD)
        shop.post("/generate/", sent)
        first, second, third = all_finished()
        erasure.erase_design(buyer.pk, first.pk)
        assert place_of(shop.post("/generate/", sent)) == order_address(first.order_id)
        erasure.erase_design(buyer.pk, second.pk)
        place = place_of(shop.post("/generate/", sent))
        assert (place, shop.get(place).status_code) == (address("generation", third), 200)
        assert DELETED not in text(shop.get("/generations/"))

    def test_its_photo_is_not_kept_again(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        sent = form()
        shop.post("/generate/", {**sent, "photo": photo_file()})
        erasure.erase_design(buyer.pk, all_finished()[0].pk)
        assert place_of(shop.post("/generate/", {**sent, "photo": photo_file()})) == "/generations/"
        assert (Photo.objects.count(), Generation.objects.count(), held(buyer)) == (0, 1, (1, 0))

    def test_a_strangers_form_with_the_same_key_is_an_order_of_their_own(
        self, buyer: User, stranger: User, shop: Client, give: Give
    ) -> None:
        give(buyer, 1)
        give(stranger, 1)
        sent = form()
        shop.post("/generate/", sent)
        erasure.erase_design(buyer.pk, all_finished()[0].pk)
        place_of(signed_in(stranger).post("/generate/", sent))
        assert Generation.objects.get(deleted_at=None).user == stranger
        assert held(stranger) == (0, 0)
