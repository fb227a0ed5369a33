"""A photo in the form: kept when the form is good, forgotten by nobody, seen by its owner only."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from generations import photos, studio
from generations.forms import PHOTO_GONE
from generations.models import Generation, Photo
from tests.generations.conftest import Give, held, signed_in, text
from tests.generations.wishing import YARD, form, kinds, order, photo_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


def kept_by(user: User) -> Photo:
    return photos.keep(user, photos.CleanPhoto(b"pixels", width=640, height=480))


def photo_of(response: Any) -> Photo | None:
    shown: Photo | None = response.context["form"].photo_shown
    return shown


class TestAPhotoThatComesWithTheForm:
    def test_it_is_given_to_every_design_of_the_order(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 3)
        assert order(shop, area=YARD, photo=photo_file()).status_code == 303
        photo = Photo.objects.get()
        assert (photo.user, photo.width, photo.height) == (buyer, 640, 480)
        assert [design.photo for design in Generation.objects.all()] == [photo] * 3

    def test_the_same_form_twice_is_one_order_and_one_photo(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 6)
        sent = form(area=YARD)
        places = {shop.post("/generate/", {**sent, "photo": photo_file()}).headers["Location"] for _ in range(3)}
        assert (len(places), Generation.objects.count(), Photo.objects.count()) == (1, 3, 1)
        assert held(buyer) == (3, 0)

    def test_another_photo_is_another_order(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        sent = form()
        files = [photo_file("#a05030"), photo_file("#3050a0")]
        places = {shop.post("/generate/", {**sent, "photo": file}).headers["Location"] for file in files}
        assert (len(places), Photo.objects.count(), held(buyer)) == (2, 2, (0, 0))

    def test_it_survives_the_way_to_the_packages_and_back(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        refused = order(shop, area=YARD, prompt="Lavender", photo=photo_file())
        photo = Photo.objects.get()
        assert (refused.status_code, photo_of(refused), held(buyer)) == (402, photo, (2, 0))
        assert f'src="/photos/{photo.pk}/"' in text(refused)
        back = shop.get("/generate/")
        assert photo_of(back) == photo
        give(buyer, 1)
        again = form(area=YARD, prompt="Lavender", photo_id=back.context["form"]["photo_id"].value())
        assert shop.post("/generate/", again).status_code == 303
        assert ({design.photo for design in Generation.objects.all()}, Photo.objects.count()) == ({photo}, 1)

    def test_with_another_mistake_in_the_form_it_is_not_stored_and_that_is_said(self, shop: Client) -> None:
        response = order(shop, style="baroque", photo=photo_file())
        assert response.status_code == 422
        assert "Please choose the photo again" in text(response)
        assert (Photo.objects.count(), default_storage.exists("photos")) == (0, False)

    @pytest.mark.parametrize("content", [b"", b"<html>no photo</html>"])
    def test_what_is_no_photo_is_refused_and_costs_nothing(
        self, buyer: User, shop: Client, give: Give, content: bytes
    ) -> None:
        give(buyer, 1)
        response = order(shop, photo=SimpleUploadedFile("yard.jpg", content, content_type="image/jpeg"))
        assert response.status_code == 422
        assert 'href="#id_photo"' in text(response)
        assert (held(buyer), Generation.objects.count(), Photo.objects.count()) == ((1, 0), 0, 0)

    def test_when_it_cannot_be_stored_nothing_is_charged(
        self, buyer: User, shop: Client, give: Give, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(photos, "keep", full)
        give(buyer, 1)
        response = order(shop, prompt="Lavender", photo=photo_file())
        assert response.status_code == 503
        assert "The photo could not be kept just now." in text(response)
        assert "Lavender</textarea>" in text(response)
        assert (held(buyer), Generation.objects.count()) == ((1, 0), 0)


class TestAPhotoFromBefore:
    def test_it_is_looked_for_once(self, buyer: User, shop: Client) -> None:
        order(shop, photo_id=str(kept_by(buyer).pk))
        with CaptureQueriesContext(connection) as queries:
            shop.get("/generate/")
        assert kinds(queries) == ["SELECT"] * 3  # session, person, photo

    def test_it_is_used_again_unless_that_is_refused(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 2)
        photo = kept_by(buyer)
        order(shop, photo_id=str(photo.pk))
        order(shop, photo_id=str(photo.pk), without_photo="on", prompt="without")
        assert {design.prompt: design.photo for design in Generation.objects.all()} == {"": photo, "without": None}

    def test_a_new_one_replaces_it(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        before = kept_by(buyer)
        order(shop, photo_id=str(before.pk), without_photo="on", photo=photo_file())
        after = Photo.objects.exclude(pk=before.pk).get()
        assert Generation.objects.get().photo == after

    def test_somebody_elses_is_not_there(self, buyer: User, stranger: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        response = order(shop, photo_id=str(kept_by(stranger).pk))
        assert response.status_code == 422
        assert "The photo you gave earlier is not here any more." in text(response)
        assert "/photos/" not in text(response)
        assert (held(buyer), Generation.objects.count()) == ((1, 0), 0)

    def test_one_that_is_gone_is_said_once_and_then_left_out(self, buyer: User, shop: Client, give: Give) -> None:
        give(buyer, 1)
        sent = form(photo_id=str(uuid4()))
        response = shop.post("/generate/", sent)
        assert response.context["form"]["photo_id"].value() == ""
        assert shop.post("/generate/", {**sent, "photo_id": ""}).status_code == 303

    @pytest.mark.django_db(transaction=True)
    def test_one_that_goes_at_the_very_moment_of_ordering_costs_nothing_and_the_form_stays(
        self, buyer: User, shop: Client, give: Give, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(buyer, 2)
        photo = kept_by(buyer)
        real = studio.start_designs

        def too_late(**wishes: Any) -> Any:
            Photo.objects.filter(pk=photo.pk).delete()
            return real(**wishes)

        monkeypatch.setattr(studio, "start_designs", too_late)
        response = order(shop, photo_id=str(photo.pk), area=YARD[:2], prompt="roses")
        assert (response.status_code, held(buyer), Generation.objects.count()) == (422, (2, 0), 0)
        assert PHOTO_GONE in text(response)
        assert response.context["form"]["photo_id"].value() == ""
        assert "roses</textarea>" in text(response)
