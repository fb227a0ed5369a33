"""Where photos are kept, whose they are, and when they are forgotten."""

import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import User
from generations import photos, pictures, studio
from generations.models import Generation, Photo
from generations.photos import CleanPhoto, album
from tests.generations.conftest import Give, Start, held
from tests.together import together

pytestmark = pytest.mark.django_db

YESTERDAY = timedelta(hours=24, minutes=1)


def later(span: timedelta = YESTERDAY) -> int:
    """Forget what is unused, as if it were some time later."""
    return photos.forget_unused(timezone.now() + span)


class TestKeeping:
    def test_the_bytes_come_back(self, buyer: User, clean: CleanPhoto, photo: Photo) -> None:
        assert photos.load(photo) == clean.jpeg
        assert (photo.width, photo.height, photo.user) == (640, 480, buyer)

    def test_the_name_can_not_be_guessed(self, buyer: User, clean: CleanPhoto, photo: Photo) -> None:
        second = photos.keep(buyer, clean)
        assert photo.image != second.image
        assert len(str(photo.image)) == len("photos/") + 40 + len(".jpg")
        assert str(photo.pk) not in str(photo.image)

    def test_a_full_disk_leaves_no_row(self, buyer: User, clean: CleanPhoto, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*args: Any) -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pictures, "save", full)
        with pytest.raises(OSError, match="No space"):
            photos.keep(buyer, clean)
        assert not Photo.objects.exists()

    def test_a_missing_file_is_an_error(self, photo: Photo, folder: Path) -> None:
        (folder.parent / str(photo.image)).unlink()
        with pytest.raises(OSError):
            photos.load(photo)


class TestWhoseItIs:
    def test_its_owner_finds_it(self, buyer: User, photo: Photo) -> None:
        assert photos.own(buyer, photo.pk) == photo

    def test_nobody_else_does(self, stranger: User, staff: User, photo: Photo) -> None:
        assert photos.own(stranger, photo.pk) is None
        assert photos.own(staff, photo.pk) is None

    def test_what_does_not_exist_is_not_found(self, buyer: User) -> None:
        assert photos.own(buyer, uuid4()) is None

    def test_an_unused_one_is_not_handed_out_in_its_last_hour(self, buyer: User, photo: Photo) -> None:
        Photo.objects.update(created_at=timezone.now() - timedelta(hours=22, minutes=59))
        assert photos.own(buyer, photo.pk) == photo
        Photo.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=1))
        assert photos.own(buyer, photo.pk) is None

    def test_one_that_a_design_uses_is_handed_out_for_ever(
        self, buyer: User, photo: Photo, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        start(buyer, photo=photo)
        Photo.objects.update(created_at=timezone.now() - timedelta(days=400))
        assert photos.own(buyer, photo.pk) == photo


class TestForgetting:
    def test_an_unused_photo_is_gone_after_a_day_with_its_file(self, photo: Photo, folder: Path) -> None:
        assert later(timedelta(hours=23, minutes=59)) == 0
        assert (folder.parent / str(photo.image)).exists()
        assert later() == 1
        assert not Photo.objects.exists()
        assert list(folder.iterdir()) == []

    def test_the_second_time_nothing_is_left_to_do(self, photo: Photo) -> None:
        assert (later(), later()) == (1, 0)

    def test_a_photo_in_use_stays(self, buyer: User, photo: Photo, give: Give, start: Start) -> None:
        give(buyer, 1)
        design = start(buyer, photo=photo)
        assert later(timedelta(days=400)) == 0
        design.refresh_from_db()
        assert design.photo == photo
        assert len(photos.load(photo)) > 0

    def test_a_failed_design_keeps_it_for_the_next_try(
        self, buyer: User, photo: Photo, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        studio.fail(start(buyer, photo=photo).pk, reason="It broke.")
        assert later() == 0

    def test_once_its_last_design_is_deleted_it_goes_and_the_books_stay(
        self, buyer: User, photo: Photo, give: Give, start: Start
    ) -> None:
        give(buyer, 2)
        first, second = start(buyer, photo=photo), start(buyer, photo=photo)
        for design in (first, second):
            studio.fail(design.pk, reason="It broke.")
        _delete(first)
        assert later() == 0
        _delete(second)
        assert later() == 1
        assert Generation.objects.filter(photo=None).count() == 2

    def test_other_photos_stay(self, buyer: User, stranger: User, clean: CleanPhoto, give: Give, start: Start) -> None:
        give(buyer, 1)
        used, unused = photos.keep(buyer, clean), photos.keep(stranger, clean)
        start(buyer, photo=used)
        fresh = photos.keep(buyer, clean)
        Photo.objects.filter(pk__in=[used.pk, unused.pk]).update(created_at=timezone.now() - YESTERDAY)
        assert photos.forget_unused() == 1
        assert set(Photo.objects.all()) == {used, fresh}
        assert photos.load(used) == photos.load(fresh) == clean.jpeg

    def test_without_any_photo_nothing_happens(self) -> None:
        assert later() == 0


def _delete(design: Generation) -> None:
    Generation.objects.filter(pk=design.pk).update(deleted_at=timezone.now(), prompt="")


class TestAfterACrash:
    def test_between_file_and_row_the_file_is_removed_a_day_later(self, photo: Photo, folder: Path) -> None:
        stray = folder.parent / pictures.save("photos", ".jpg", b"never got a row")
        assert later(timedelta(hours=23)) == 0
        assert stray.exists()
        _age(stray)
        photos.forget_unused()
        assert not stray.exists()
        assert (folder.parent / str(photo.image)).exists()

    def test_between_row_and_file_the_next_call_removes_the_file(
        self, photo: Photo, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Crash(Exception):
            pass

        def crash(name: str) -> None:
            raise Crash

        _age(folder.parent / str(photo.image))
        with monkeypatch.context() as patched:
            patched.setattr(default_storage, "delete", crash, raising=False)
            with pytest.raises(Crash):
                later()
        assert not Photo.objects.exists()
        assert len(list(folder.iterdir())) == 1
        assert photos.forget_unused() == 0
        assert list(folder.iterdir()) == []


def _age(file: Path) -> None:
    then = (timezone.now() - YESTERDAY).timestamp()
    os.utime(file, (then, then))


@pytest.mark.django_db(transaction=True)
class TestForgettingWhileSomebodyOrders:
    """The order comes exactly between the question whether a photo is used and its removal."""

    @pytest.fixture
    def at_the_worst_moment(
        self, buyer: User, photo: Photo, give: Give, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> list[Any]:
        """Let the buyer order from the photo in that moment; what came of it is in the list."""
        give(buyer, 1)
        outcomes: list[Any] = []
        delete = Photo.delete

        def order_then_delete(gone: Photo) -> Any:
            ordering = partial(start, buyer, photo=Photo(pk=gone.pk))
            ordered = Thread(target=lambda: outcomes.extend(together(ordering)))
            ordered.start()
            ordered.join(timeout=1)  # under the lock it cannot commit before the removal has
            removed = delete(gone)
            self.ordered = ordered
            return removed

        monkeypatch.setattr(Photo, "delete", order_then_delete)
        return outcomes

    def test_the_order_is_refused_and_costs_nothing(self, buyer: User, at_the_worst_moment: list[Any]) -> None:
        assert later() == 1
        self.ordered.join()
        assert [type(outcome) for outcome in at_the_worst_moment] == [IntegrityError]
        assert not Generation.objects.exists()
        assert held(buyer) == (1, 0)

    def test_without_the_lock_a_paid_design_would_lose_its_photo(
        self, buyer: User, at_the_worst_moment: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            type(Photo.objects.all()), "select_for_update", lambda rows, **options: rows.all(), raising=True
        )
        assert album._forget(Photo.objects.get().pk) is True
        self.ordered.join()
        (design,) = at_the_worst_moment
        design.refresh_from_db()
        assert design.photo is None
        assert held(buyer) == (0, 0)

    def test_a_photo_that_somebody_just_uses_is_passed_over(
        self, buyer: User, photo: Photo, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        candidates = [photo.pk]
        start(buyer, photo=photo)
        assert [album._forget(pk) for pk in candidates] == [False]
        assert photos.own(buyer, photo.pk) == photo
