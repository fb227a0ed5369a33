"""The address of a photo."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations import photos, pictures
from generations.models import Photo
from generations.photos import CleanPhoto
from generations.views.sending import ASK_EACH_TIME

pytestmark = pytest.mark.django_db


def address(photo: Photo) -> str:
    return reverse("generations:photo", args=[photo.pk])


class TestTheOwner:
    def test_is_sent_the_bytes_as_a_picture_that_no_cache_shares(
        self, client: Client, buyer: User, photo: Photo, clean: CleanPhoto
    ) -> None:
        client.force_login(buyer)
        response = client.get(address(photo))
        assert response.content == clean.jpeg
        assert response["Content-Type"] == "image/jpeg"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "private, max-age=0, must-revalidate"
        assert "Cookie" in response["Vary"]
        assert str(photo.image) not in str(response.headers)

    def test_whose_browser_has_it_is_told_so_each_time_it_asks(self, client: Client, buyer: User, photo: Photo) -> None:
        client.force_login(buyer)
        etag = client.get(address(photo))["ETag"]
        again = client.get(address(photo), headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", ASK_EACH_TIME)

    def test_after_it_was_deleted_gets_404_even_with_a_browser_that_has_it(
        self, client: Client, buyer: User, photo: Photo
    ) -> None:
        client.force_login(buyer)
        place = address(photo)
        etag = client.get(place)["ETag"]
        photo.delete()
        assert client.get(place, headers={"If-None-Match": etag}).status_code == 404

    def test_after_signing_out_signs_in_first_even_with_a_browser_that_has_it(
        self, client: Client, buyer: User, photo: Photo
    ) -> None:
        client.force_login(buyer)
        etag = client.get(address(photo))["ETag"]
        client.logout()
        answer = client.get(address(photo), headers={"If-None-Match": etag})
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address(photo)}")

    def test_behind_a_proxy_is_sent_the_file_by_it(
        self, client: Client, buyer: User, photo: Photo, settings: Any
    ) -> None:
        settings.ACCEL_REDIRECT_PREFIX = "/protected/"
        client.force_login(buyer)
        response = client.get(address(photo))
        assert (response.content, response["X-Accel-Redirect"]) == (b"", f"/protected/{photo.image}")
        assert (response["Content-Type"], response["Cache-Control"]) == ("image/jpeg", ASK_EACH_TIME)

    def test_of_a_photo_whose_file_is_missing_gets_404(
        self, client: Client, buyer: User, photo: Photo, folder: Path
    ) -> None:
        (folder.parent / str(photo.image)).unlink()
        client.force_login(buyer)
        assert client.get(address(photo)).status_code == 404

    def test_while_the_storage_is_away_reads_a_sentence(
        self, client: Client, buyer: User, photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(name: str) -> bytes:
            raise TimeoutError

        monkeypatch.setattr(pictures, "read", away)
        client.force_login(buyer)
        response = client.get(address(photo))
        assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "30", "no-store")
        assert "does not answer just now" in response.content.decode()


class TestAnybodyElse:
    def test_is_told_that_it_does_not_exist(
        self, client: Client, stranger: User, staff: User, photo: Photo, clean: CleanPhoto
    ) -> None:
        photos.keep(stranger, clean)  # one of their own does not help
        client.force_login(photo.user)
        etag = client.get(address(photo))["ETag"]
        for person in (stranger, staff):
            client.force_login(person)
            assert client.get(address(photo)).status_code == 404
            assert client.get(address(photo), headers={"If-None-Match": etag}).status_code == 404

    def test_does_not_find_the_file_by_its_name(self, client: Client, buyer: User, photo: Photo) -> None:
        client.force_login(buyer)
        for path in (f"/media/{photo.image.name}", f"/{photo.image.name}", f"/static/{photo.image.name}"):
            assert client.get(path).status_code == 404
