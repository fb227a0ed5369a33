"""Files that no row names are removed a day later, and no others."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from generations import photos, pictures, strays, tasks
from generations.models import Generation, Photo
from generations.photos import CleanPhoto
from tests.generations.conftest import Finished

pytestmark = pytest.mark.django_db

FOLDERS = [pictures.FOLDER, photos.FOLDER]
YESTERDAY = timedelta(hours=24, minutes=1)


@pytest.fixture
def media(settings: Any) -> Path:
    """Where all files are."""
    return Path(settings.STORAGES["default"]["OPTIONS"]["location"])


@pytest.fixture
def photo(buyer: User) -> Photo:
    """A photo of the buyer's yard."""
    return photos.keep(buyer, CleanPhoto(b"pixels", width=640, height=480))


def stray(folder: str) -> str:
    """A file as a crash between file and row leaves it."""
    return pictures.save(folder, ".webp", b"never got a row")


def later(span: timedelta = YESTERDAY) -> int:
    """Remove strays, as if it were some time later."""
    return strays.remove(timezone.now() + span)


class TestAStray:
    @pytest.mark.parametrize("folder", FOLDERS)
    def test_it_is_removed_once_it_is_a_day_old(self, folder: str) -> None:
        name = stray(folder)
        assert later(timedelta(hours=23, minutes=59)) == 0
        assert default_storage.exists(name)
        assert (later(), later()) == (1, 0)
        assert not default_storage.exists(name)

    def test_its_age_is_that_of_the_file(self, media: Path) -> None:
        old, young = stray(pictures.FOLDER), stray(pictures.FOLDER)
        then = (timezone.now() - YESTERDAY).timestamp()
        os.utime(media / old, (then, then))
        assert strays.remove() == 1
        assert (default_storage.exists(old), default_storage.exists(young)) == (False, True)

    def test_a_photo_forgotten_in_a_crash_between_row_and_file_becomes_one(
        self, photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Crash(Exception):
            pass

        def crash(name: str) -> None:
            raise Crash

        with monkeypatch.context() as patched:
            patched.setattr(default_storage, "delete", crash, raising=False)
            with pytest.raises(Crash):
                photos.forget_unused(timezone.now() + YESTERDAY)
        assert (Photo.objects.count(), default_storage.exists(str(photo.image))) == (0, True)
        assert later() == 1
        assert not default_storage.exists(str(photo.image))

    def test_without_any_folder_there_is_none(self, media: Path) -> None:
        assert not media.exists()
        assert later() == 0


class TestEverythingElse:
    def test_what_a_row_names_stays_for_ever(self, buyer: User, photo: Photo, finished: Finished) -> None:
        generation = finished(buyer, photo=photo)
        unused = photos.keep(buyer, CleanPhoto(b"pixels", width=640, height=480))
        names = [str(file) for file in (photo.image, unused.image, generation.image, generation.thumbnail)]
        stray(pictures.FOLDER)
        assert later(timedelta(days=4_000)) == 1
        assert all(map(default_storage.exists, names))

    def test_what_this_site_did_not_name_stays(self, media: Path) -> None:
        for name in ("readme.txt", "generations/.nfs0001", f"generations/{'0' * 40}.svg", "photos/yard.jpg"):
            (media / name).parent.mkdir(parents=True, exist_ok=True)
            (media / name).write_bytes(b"somebody put it there")
        (media / f"generations/{'1' * 40}").mkdir()
        assert later() == 0
        assert len([path for path in media.rglob("*") if path.is_file()]) == 4

    def test_a_file_that_vanishes_meanwhile_is_no_trouble(self, monkeypatch: pytest.MonkeyPatch) -> None:
        name = stray(pictures.FOLDER)
        known = strays._known

        def somebody_is_faster(folder: str, names: Any) -> set[str]:
            default_storage.delete(name)
            return known(folder, names)

        monkeypatch.setattr(strays, "_known", somebody_is_faster)
        assert later() == 1


class TestMany:
    def test_they_are_asked_for_in_batches(
        self, monkeypatch: pytest.MonkeyPatch, finished: Finished, buyer: User
    ) -> None:
        monkeypatch.setattr(strays, "BATCH", 2)
        generation = finished(buyer)
        lost = [stray(pictures.FOLDER) for _ in range(5)]
        assert later() == 5
        assert not any(map(default_storage.exists, lost))
        assert default_storage.exists(str(generation.image))

    def test_of_more_than_a_thousand_the_rest_waits_for_the_next_night(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As after a database was restored from an older copy: somebody has the time to notice."""
        monkeypatch.setattr(strays, "MOST_REMOVED", 3)
        for _ in range(5):
            stray(photos.FOLDER)
        assert [later() for _ in range(3)] == [3, 2, 0]

    def test_what_was_removed_is_said_without_names(self, caplog: pytest.LogCaptureFixture) -> None:
        name = stray(pictures.FOLDER)
        later()
        assert "strays_removed" in caplog.text
        assert Path(name).stem not in caplog.text


class TestTheNightlyTask:
    def test_it_removes_them(self, media: Path) -> None:
        name = stray(pictures.FOLDER)
        then = (timezone.now() - YESTERDAY).timestamp()
        os.utime(media / name, (then, then))
        tasks.remove_strays(0)
        assert not default_storage.exists(name)

    def test_it_runs_every_night(self) -> None:
        crons = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
        assert crons["generations.remove_strays"] == "41 3 * * *"

    def test_a_deleted_design_names_no_file(self, buyer: User, finished: Finished) -> None:
        """Should the job that removes the files of a deleted design ever be lost, the sweep does its work."""
        generation = finished(buyer)
        Generation.objects.filter(pk=generation.pk).update(
            deleted_at=timezone.now(), image="", thumbnail="", alt_text="", prompt=""
        )
        assert later() == 2
