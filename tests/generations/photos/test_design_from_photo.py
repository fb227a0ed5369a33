"""A design made from a photo, from the charge to the picture or the refund."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from generations import photos, tasks
from generations.models import Photo
from tests.generations.conftest import Give, Start, held
from tests.generations.photos.samples import upload
from tests.generations.photos.yards import YARDS, photograph

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard(buyer: User) -> Photo:
    """A photo with a house in it."""
    return photos.keep(buyer, photos.read(upload(photograph(YARDS["brick under brown"]))))


class TestThePainter:
    def test_is_given_the_photo_and_says_what_it_took(self, buyer: User, yard: Photo, give: Give, start: Start) -> None:
        give(buyer, 1)
        design = start(buyer, photo=yard)
        tasks.paint(str(design.pk))
        design.refresh_from_db()
        assert design.state == "succeeded"
        assert "the colours of the house, the horizon and the tone of the sky were taken from your photo" in design.note
        assert held(buyer) == (0, 0)

    def test_whose_photo_is_missing_gives_the_token_back(
        self, buyer: User, yard: Photo, folder: Path, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        (folder.parent / str(yard.image)).unlink()
        design = start(buyer, photo=yard)
        tasks.paint(str(design.pk))
        design.refresh_from_db()
        assert design.state == "failed"
        assert held(buyer) == (1, 0)

    def test_whose_photo_is_damaged_gives_the_token_back_with_a_sentence(
        self, buyer: User, yard: Photo, folder: Path, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        (folder.parent / str(yard.image)).write_bytes(b"\xff\xd8\xff torn")
        design = start(buyer, photo=yard)
        tasks.paint(str(design.pk))
        design.refresh_from_db()
        assert (design.state, design.failure) == ("failed", "The photo could not be read.")
        assert held(buyer) == (1, 0)


class TestTheHourlyTask:
    def test_it_forgets_what_is_unused(self, yard: Photo, folder: Path) -> None:
        tasks.forget_photos(0)
        assert Photo.objects.count() == 1
        Photo.objects.update(created_at=timezone.now() - timedelta(hours=25))
        tasks.forget_photos(0)
        assert (Photo.objects.count(), list(folder.iterdir())) == (0, [])

    def test_it_runs_every_hour(self) -> None:
        crons = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
        assert crons["generations.forget_photos"] == "23 * * * *"
