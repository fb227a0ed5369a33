"""With the last design that was made from it, a photo is erased: row and file, with the promise of that page."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from generations import erasure, studio, tasks
from generations.models import Generation, Photo
from generations.photos import CleanPhoto
from tests.generations.conftest import Finished, Give, Start, address, finish, held, signed_in, text
from tests.generations.engines import painting
from tests.together import dawdling, together

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


@pytest.fixture
def designs(buyer: User, photo: Photo, finished: Finished) -> list[Generation]:
    """Two finished designs from the same photo; a token is left."""
    return [finished(buyer, photo=photo) for _ in range(2)]


def erasing(design: Generation) -> Callable[[], bool]:
    return partial(erasure.erase_design, design.user_id, design.pk)


def remove_files() -> None:
    """Do what the removals' jobs do."""
    for job in ProcrastinateJob.objects.filter(task_name=erasure.REMOVE_TASK):
        tasks.remove_files(job.args["names"])


class TestThePhotoOfADesign:
    def test_it_goes_with_the_design_in_the_same_commit_and_its_file_with_the_same_job(
        self, buyer: User, photo: Photo, folder: Path, finished: Finished
    ) -> None:
        design = finished(buyer, photo=photo)
        erasure.erase_design(buyer.pk, design.pk)
        assert not Photo.objects.exists()
        (job,) = ProcrastinateJob.objects.filter(task_name=erasure.REMOVE_TASK)
        assert job.args["names"] == [str(design.image), str(design.thumbnail), str(photo.image)]
        remove_files()
        assert list(folder.iterdir()) == []

    def test_its_address_answers_no_more_not_even_a_browser_that_has_it(
        self, buyer: User, shop: Client, photo: Photo, finished: Finished
    ) -> None:
        design, place = finished(buyer, photo=photo), f"/photos/{photo.pk}/"
        etag = shop.get(place)["ETag"]
        erasure.erase_design(buyer.pk, design.pk)
        assert [shop.get(place, headers=headers).status_code for headers in ({}, {"If-None-Match": etag})] == [404] * 2

    def test_it_goes_with_the_last_of_several(self, buyer: User, photo: Photo, designs: list[Generation]) -> None:
        erasing(designs[0])()
        remove_files()
        assert list(Photo.objects.all()) == [photo]
        assert default_storage.exists(str(photo.image))
        erasing(designs[1])()
        remove_files()
        assert not Photo.objects.exists()
        assert not default_storage.exists(str(photo.image))

    def test_it_stays_for_the_try_that_followed(self, buyer: User, photo: Photo, give: Give, start: Start) -> None:
        give(buyer, 1)
        failed = start(buyer, photo=photo)
        studio.fail(failed.pk, reason="It broke.")
        failed.refresh_from_db()
        again = studio.retry(failed)
        erasing(failed)()
        again.refresh_from_db()
        assert again.photo == photo
        assert finish(again, painting()).state == "succeeded"

    def test_it_goes_with_a_whole_order(self, buyer: User, photo: Photo, give: Give) -> None:
        give(buyer, 2)
        order = studio.start_designs(
            user=buyer, form_key=photo.pk, areas=["patio", "walkway"], style="japanese-zen", prompt="", photo=photo
        )
        for design in order:
            studio.fail(design.pk, reason="It broke.")
        assert erasure.erase_order(buyer.pk, photo.pk) == 2
        assert not Photo.objects.exists()
        assert [job.args["names"] for job in ProcrastinateJob.objects.filter(task_name=erasure.REMOVE_TASK)] == [
            [str(photo.image)]
        ]

    def test_photos_of_other_designs_stay(
        self, buyer: User, stranger: User, photo: Photo, clean: CleanPhoto, finished: Finished
    ) -> None:
        theirs = Photo.objects.create(user=stranger, image="photos/theirs.jpg", width=640, height=480)
        finished(stranger, photo=theirs)
        erasing(finished(buyer, photo=photo))()
        assert list(Photo.objects.all()) == [theirs]

    def test_what_is_not_erased_keeps_it(self, buyer: User, photo: Photo, give: Give, start: Start) -> None:
        give(buyer, 1)
        with pytest.raises(erasure.StillBeingMade):
            erasing(start(buyer, photo=photo))()
        assert list(Photo.objects.all()) == [photo]

    def test_the_question_says_so(self, buyer: User, shop: Client, photo: Photo, finished: Finished) -> None:
        sentence = "erased for good, and so is your photo unless another design was made from it."
        assert sentence in text(shop.get(address("delete", finished(buyer, photo=photo))))
        assert "your photo" not in text(shop.get(address("delete", finished(buyer))))


@pytest.mark.django_db(transaction=True)
class TestErasingTheLastTwoAtOnce:
    def test_the_second_waits_for_the_first_and_the_photo_goes(
        self, designs: list[Generation], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each takes its time between its look at the photo and its commit."""
        monkeypatch.setattr(erasure, "_have_removed", dawdling(erasure._have_removed, 0.5))
        assert together(*map(erasing, designs)) == [True, True]
        assert not Photo.objects.exists()

    def test_without_the_lock_each_would_leave_it_to_the_other(
        self, designs: list[Generation], photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(Photo.objects.all()), "select_for_update", lambda rows, **options: rows.all())
        both_looked = Barrier(2)
        monkeypatch.setattr(erasure, "_have_removed", lambda names: both_looked.wait(timeout=30))
        assert together(*map(erasing, designs)) == [True, True]
        assert list(Photo.objects.all()) == [photo]


@pytest.mark.django_db(transaction=True)
class TestErasingWhileSomebodyOrders:
    """The order comes exactly between the question whether the photo is used and its removal."""

    @pytest.fixture
    def design(self, buyer: User, photo: Photo, finished: Finished, give: Give) -> Generation:
        """A finished design from the photo; a token is left."""
        give(buyer, 1)
        return finished(buyer, photo=photo)

    @pytest.fixture
    def at_the_worst_moment(
        self, buyer: User, start: Start, design: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> list[Any]:
        """Let the buyer order from the photo in that moment; what came of it is in the list."""
        outcomes: list[Any] = []
        delete = Photo.delete

        def order_then_delete(gone: Photo) -> Any:
            ordering = partial(start, buyer, photo=Photo(pk=gone.pk))
            self.ordered = Thread(target=lambda: outcomes.extend(together(ordering)))
            self.ordered.start()
            self.ordered.join(timeout=1)  # under the lock it cannot commit before the removal has
            return delete(gone)

        monkeypatch.setattr(Photo, "delete", order_then_delete)
        return outcomes

    def test_the_order_is_refused_and_costs_nothing(
        self, buyer: User, design: Generation, at_the_worst_moment: list[Any]
    ) -> None:
        assert erasing(design)() is True
        self.ordered.join()
        assert [type(outcome) for outcome in at_the_worst_moment] == [studio.PhotoGone]
        assert (Generation.objects.count(), Photo.objects.count(), held(buyer)) == (1, 0, (1, 0))

    def test_without_the_lock_a_paid_design_would_lose_its_photo(
        self, buyer: User, design: Generation, at_the_worst_moment: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(Photo.objects.all()), "select_for_update", lambda rows, **options: rows.all())
        assert erasing(design)() is True
        self.ordered.join()
        (ordered,) = at_the_worst_moment
        ordered.refresh_from_db()
        assert (ordered.photo, held(buyer)) == (None, (0, 0))
