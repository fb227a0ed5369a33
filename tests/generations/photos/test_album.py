"""Where photos are kept, whose they are, and when they are forgotten."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
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

    def test_however_many_there_are_all_go_at_once(
        self,
        buyer: User,
        stranger: User,
        clean: CleanPhoto,
        give: Give,
        start: Start,
        monkeypatch: pytest.MonkeyPatch,
        folder: Path,
    ) -> None:
        monkeypatch.setattr(album, "BATCH", 2)
        give(buyer, 1)
        used = photos.keep(buyer, clean)
        start(buyer, photo=used)
        for user in (buyer, stranger, buyer, stranger, buyer, stranger, buyer):
            photos.keep(user, clean)
        assert later() == 7
        assert list(Photo.objects.all()) == [used]
        assert [file.name for file in folder.iterdir()] == [Path(str(used.image)).name]

    def test_one_that_cannot_be_removed_just_now_does_not_hold_up_the_others(
        self, buyer: User, clean: CleanPhoto, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each is looked at once: what stays, because somebody uses it after all, is not found again and again."""
        monkeypatch.setattr(album, "BATCH", 1)
        kept = [photos.keep(buyer, clean) for _ in range(3)]
        held_up = sorted(kept, key=lambda photo: photo.pk)[0]
        forget = album._forget
        monkeypatch.setattr(album, "_forget", lambda pk: pk != held_up.pk and forget(pk))
        assert later() == 2
        assert list(Photo.objects.all()) == [held_up]


class TestHowManyAreKept:
    """Photos cost nothing, so nobody may fill the disk with them."""

    def test_of_photos_without_a_design_the_newest_20_stay_with_their_files(
        self, buyer: User, clean: CleanPhoto, folder: Path
    ) -> None:
        kept = _kept(buyer, clean, 23)
        assert set(Photo.objects.all()) == set(kept[3:])
        assert {file.name for file in folder.iterdir()} == {Path(str(photo.image)).name for photo in kept[3:]}

    def test_those_of_a_design_do_not_count_and_stay(
        self, buyer: User, clean: CleanPhoto, give: Give, start: Start
    ) -> None:
        give(buyer, 2)
        used = _kept(buyer, clean, 2)
        for photo in used:
            start(buyer, photo=photo)
        unused = _kept(buyer, clean, 21)
        assert set(Photo.objects.all()) == {*used, *unused[1:]}

    def test_those_of_somebody_else_do_not_count_and_stay(self, buyer: User, stranger: User, clean: CleanPhoto) -> None:
        theirs = _kept(stranger, clean, 20)
        _kept(buyer, clean, 21)
        assert set(Photo.objects.filter(user=stranger)) == set(theirs)
        assert Photo.objects.filter(user=buyer).count() == 20

    def test_the_one_just_kept_stays_whatever_the_clocks_say(self, buyer: User, clean: CleanPhoto) -> None:
        _kept(buyer, clean, 20)
        Photo.objects.update(created_at=timezone.now() + timedelta(hours=1))
        newest = photos.keep(buyer, clean)
        assert photos.own(buyer, newest.pk) == newest
        assert Photo.objects.count() == 20

    def test_a_storage_that_refuses_to_forget_does_not_keep_anybody_from_the_new_one(
        self, buyer: User, clean: CleanPhoto, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _kept(buyer, clean, 20)

        def refuse(*_: Any) -> None:
            raise TimeoutError("The storage does not answer.")

        monkeypatch.setattr(default_storage._wrapped, "delete", refuse)  # type: ignore[attr-defined]
        assert photos.keep(buyer, clean) in Photo.objects.all()
        assert Photo.objects.count() == 20


def _kept(user: User, clean: CleanPhoto, count: int) -> list[Photo]:
    """So many photos, each kept a second after the one before."""
    kept = []
    for number in range(count, 0, -1):
        kept.append(photos.keep(user, clean))
        Photo.objects.filter(pk=kept[-1].pk).update(created_at=timezone.now() - timedelta(seconds=number))
    return kept


@pytest.mark.django_db(transaction=True)
class TestKeepingAtTheSameMoment:
    def test_twenty_are_left(self, buyer: User, clean: CleanPhoto, folder: Path) -> None:
        _kept(buyer, clean, 18)
        together(*[partial(photos.keep, buyer, clean)] * 6)
        assert Photo.objects.count() == 20
        assert {f"photos/{file.name}" for file in folder.iterdir()} == {
            str(photo.image) for photo in Photo.objects.all()
        }

    def test_looking_before_the_own_one_is_kept_would_leave_more(
        self, buyer: User, clean: CleanPhoto, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The negative control: room is made for the new photo first, as long as all of them look at once."""
        _kept(buyer, clean, 20)
        everybody_looked = Barrier(6)
        forget_the_oldest = album._forget_the_oldest

        def room_first(user: User) -> None:
            forget_the_oldest(Photo(user=user))
            everybody_looked.wait(timeout=30)
            Photo.objects.create(user=user, image="photos/x.jpg", width=640, height=480)

        together(*[partial(room_first, buyer)] * 6)
        assert Photo.objects.count() > 20


def _delete(design: Generation) -> None:
    Generation.objects.filter(pk=design.pk).update(deleted_at=timezone.now(), prompt="")


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
        assert [type(outcome) for outcome in at_the_worst_moment] == [studio.PhotoGone]
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
