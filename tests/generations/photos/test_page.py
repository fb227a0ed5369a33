"""The address of a photo."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations import photos, pictures
from generations.models import Photo
from generations.photos import CleanPhoto

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
        assert response["Cache-Control"] == "private, max-age=3600"
        assert str(photo.image) not in str(response.headers)

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
        for person in (stranger, staff):
            client.force_login(person)
            assert client.get(address(photo)).status_code == 404

    def test_does_not_find_the_file_by_its_name(self, client: Client, buyer: User, photo: Photo) -> None:
        client.force_login(buyer)
        for path in (f"/media/{photo.image.name}", f"/{photo.image.name}", f"/static/{photo.image.name}"):
            assert client.get(path).status_code == 404
