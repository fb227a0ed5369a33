"""Pictures go to their owner, as they are or as PNG, and nowhere else."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.models import User
from generations import erasure, pictures
from generations.models import Generation
from generations.views.sending import ASK_EACH_TIME
from tests.generations.conftest import Finished, Give, Start, address, signed_in
from tests.generations.engines import PIXEL, painted

pytestmark = pytest.mark.django_db


def size_of(response: Any) -> tuple[str | None, tuple[int, int]]:
    with Image.open(BytesIO(response.content)) as picture:
        return picture.format, picture.size


@pytest.fixture
def broken_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A storage that does not answer."""

    def refuse(*_: Any, **__: Any) -> None:
        raise TimeoutError("The storage does not answer.")

    for verb in ("open", "save", "exists", "delete"):
        monkeypatch.setattr(type(default_storage._wrapped), verb, refuse)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _the_storage_is_known() -> None:
    default_storage.exists("x")


class TestThePicture:
    def test_its_owner_gets_it_and_nobody_may_guess_what_it_is(
        self, buyer: User, shop: Client, finished: Finished
    ) -> None:
        response = shop.get(address("image", finished(buyer)))
        assert (response.status_code, response.content) == (200, PIXEL)
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"] == "inline"

    def test_it_is_kept_by_its_owners_browser_only_which_asks_each_time(
        self, buyer: User, shop: Client, finished: Finished
    ) -> None:
        headers = shop.get(address("image", finished(buyer))).headers
        assert headers["Cache-Control"] == "private, max-age=0, must-revalidate"
        assert "Cookie" in headers["Vary"]

    def test_a_browser_that_has_it_is_told_so_without_reading_the_file(
        self, buyer: User, shop: Client, finished: Finished
    ) -> None:
        generation = finished(buyer)
        etag = shop.get(address("image", generation)).headers["ETag"]
        default_storage.delete(str(generation.image))
        again = shop.get(address("image", generation), headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (etag, ASK_EACH_TIME)

    def test_the_name_in_the_storage_is_not_told(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        for name in ("image", "thumbnail"):
            headers = str(shop.get(address(name, generation)).headers)
            assert str(getattr(generation, name)).partition("/")[2].partition(".")[0] not in headers

    @pytest.mark.parametrize("name", ["image", "thumbnail"])
    def test_before_the_end_there_is_none(self, buyer: User, shop: Client, give: Give, start: Start, name: str) -> None:
        give(buyer, 1)
        assert shop.get(address(name, start(buyer))).status_code == 404

    def test_it_takes_three_queries(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        with CaptureQueriesContext(connection) as queries:
            shop.get(address("image", generation))
        assert len(queries) == 3


class TestTheSmallVersion:
    def test_it_is_as_small_as_the_gallery_needs(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer, painted(1200, 900))
        assert size_of(shop.get(address("thumbnail", generation))) == ("WEBP", (512, 384))
        assert size_of(shop.get(address("image", generation))) == ("WEBP", (1200, 900))

    def test_a_design_without_one_shows_the_picture_itself(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        Generation.objects.filter(pk=generation.pk).update(thumbnail="")
        assert shop.get(address("thumbnail", generation)).content == PIXEL


class TestKeepingThePicture:
    @pytest.mark.parametrize("kind", ["WEBP", "PNG", "JPEG"])
    def test_it_comes_as_png_under_a_telling_name(
        self, buyer: User, shop: Client, finished: Finished, kind: str
    ) -> None:
        generation = finished(buyer, painted(40, 30, kind))
        response = shop.get(f"{address('image', generation)}?download=1")
        assert size_of(response) == ("PNG", (40, 30))
        assert response.headers["Content-Type"] == "image/png"
        name = f"english-garden-front-yard-{str(generation.pk)[:8]}.png"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_the_file_to_keep_is_not_taken_for_the_picture_shown(
        self, buyer: User, shop: Client, finished: Finished
    ) -> None:
        generation = finished(buyer)
        etag = shop.get(address("image", generation)).headers["ETag"]
        kept = shop.get(f"{address('image', generation)}?download=1", headers={"If-None-Match": etag})
        assert (kept.status_code, kept.headers["Content-Type"]) == (200, "image/png")
        assert kept.headers["ETag"] != etag


class TestSomebodyElse:
    @pytest.mark.parametrize("name", ["image", "thumbnail"])
    def test_a_stranger_is_told_that_there_is_none_even_with_the_right_etag(
        self, buyer: User, stranger: User, shop: Client, finished: Finished, name: str
    ) -> None:
        generation = finished(buyer)
        etag = shop.get(address(name, generation)).headers["ETag"]
        for place in (address(name, generation), f"{address(name, generation)}?download=1"):
            answer = signed_in(stranger).get(place, headers={"If-None-Match": etag})
            assert (answer.status_code, "ETag" in answer.headers) == (404, False)

    def test_staff_are_strangers_here_too(self, buyer: User, staff: User, finished: Finished) -> None:
        assert signed_in(staff).get(address("image", finished(buyer))).status_code == 404

    @pytest.mark.parametrize("name", ["image", "thumbnail"])
    def test_signed_out_one_signs_in_first(self, buyer: User, finished: Finished, name: str) -> None:
        place = address(name, finished(buyer))
        assert Client().get(place).headers["Location"] == f"/accounts/login/?next={place}"

    @pytest.mark.parametrize("name", ["image", "thumbnail"])
    def test_a_deleted_one_is_gone_even_for_a_browser_that_has_it(
        self, buyer: User, shop: Client, finished: Finished, name: str
    ) -> None:
        generation = finished(buyer)
        etag = shop.get(address(name, generation)).headers["ETag"]
        erasure.erase_design(buyer.pk, generation.pk)
        answer = shop.get(address(name, generation), headers={"If-None-Match": etag})
        assert (answer.status_code, "no-store" in answer.headers["Cache-Control"]) == (404, True)


class TestAStorageInTrouble:
    def test_a_file_that_was_lost_is_missed_in_the_log(
        self, buyer: User, shop: Client, finished: Finished, caplog: pytest.LogCaptureFixture
    ) -> None:
        generation = finished(buyer)
        default_storage.delete(str(generation.image))
        assert shop.get(address("image", generation)).status_code == 404
        assert "picture_missing" in caplog.text
        assert str(generation.image) not in caplog.text

    @pytest.mark.parametrize("question", ["", "?download=1"])
    def test_a_storage_that_is_away_is_a_sentence_and_a_time_to_come_back(
        self, buyer: User, shop: Client, finished: Finished, request: pytest.FixtureRequest, question: str
    ) -> None:
        generation = finished(buyer)
        request.getfixturevalue("broken_storage")
        response = shop.get(address("image", generation) + question)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
        assert response.headers["Cache-Control"] == "no-store"
        assert "does not answer just now" in response.content.decode()

    def test_half_a_picture_is_taken_back(
        self, buyer: User, give: Give, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = pictures.save
        saved: list[str] = []

        def save(folder: str, extension: str, content: bytes) -> str:
            if saved:
                raise OSError("The storage is full.")
            saved.append(real(folder, extension, content))
            return saved[0]

        monkeypatch.setattr(pictures, "save", save)
        with pytest.raises(OSError, match="full"):
            pictures.store(painted(4, 3))
        assert not default_storage.exists(saved[0])

    @pytest.mark.parametrize("error", [OSError("The disk is full."), ValueError("A bug."), KeyboardInterrupt()])
    @pytest.mark.parametrize("calls", [1, 2, 3, 4])
    def test_whatever_fails_when_a_file_is_on_its_way_to_the_disk_leaves_nothing(
        self, monkeypatch: pytest.MonkeyPatch, error: BaseException, calls: int
    ) -> None:
        """Both files, and the folder after each of them, are brought to the disk: any of the four may fail."""
        synced: list[int] = []

        def fsync(descriptor: int) -> None:
            synced.append(descriptor)
            if len(synced) == calls:
                raise error

        monkeypatch.setattr("os.fsync", fsync)
        with pytest.raises(type(error)):
            pictures.store(painted(4, 3))
        assert len(synced) == calls
        assert list(pictures.stored_in(pictures.FOLDER)) == []

    def test_half_a_file_is_taken_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Django leaves what it has written when the disk is full in the middle."""
        real = default_storage._wrapped.save  # type: ignore[attr-defined]

        def save(name: str, content: Any) -> str:
            real(name, content)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(default_storage._wrapped, "save", save)  # type: ignore[attr-defined]
        with pytest.raises(OSError, match="No space"):
            pictures.store(painted(4, 3))
        assert list(pictures.stored_in(pictures.FOLDER)) == []

    def test_a_storage_that_cannot_take_it_back_hides_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any) -> None:
            raise TimeoutError("The storage does not answer.")

        def full(*_: Any) -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(default_storage._wrapped, "delete", refuse)  # type: ignore[attr-defined]
        monkeypatch.setattr(default_storage._wrapped, "save", full)  # type: ignore[attr-defined]
        with pytest.raises(OSError, match="No space"):
            pictures.store(painted(4, 3))


class TestTheHandOffToTheProxy:
    @pytest.fixture(autouse=True)
    def _a_proxy_in_front(self, settings: Any) -> None:
        settings.ACCEL_REDIRECT_PREFIX = "/protected/"

    def test_the_proxy_is_told_which_file_to_send(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        response = shop.get(address("image", generation))
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["X-Accel-Redirect"] == f"/protected/{generation.image}"
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["Cache-Control"] == ASK_EACH_TIME

    def test_only_after_the_check_whose_it_is(self, buyer: User, stranger: User, finished: Finished) -> None:
        answer = signed_in(stranger).get(address("image", finished(buyer)))
        assert (answer.status_code, "X-Accel-Redirect" in answer.headers) == (404, False)

    def test_a_file_to_keep_is_still_made_here(self, buyer: User, shop: Client, finished: Finished) -> None:
        response = shop.get(f"{address('image', finished(buyer))}?download=1")
        assert size_of(response) == ("PNG", (1, 1))
        assert "X-Accel-Redirect" not in response.headers

    def test_what_is_lost_is_still_missed_here(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        default_storage.delete(str(generation.image))
        assert shop.get(address("image", generation)).status_code == 404


def test_without_the_setting_no_path_is_told(buyer: User, shop: Client, finished: Callable[..., Generation]) -> None:
    assert "X-Accel-Redirect" not in shop.get(address("image", finished(buyer))).headers
