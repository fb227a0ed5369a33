"""All pictures of an order as one ZIP: whole, private, and never more than one picture in memory."""

import tracemalloc
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from accounts.models import User
from generations import archives, erasure, pictures, studio
from generations.models import Generation
from tests.generations.conftest import Give, finish, signed_in
from tests.generations.engines import painted

pytestmark = pytest.mark.django_db

AREAS = ["front-yard", "patio", "walkway"]


@pytest.fixture
def ordered(buyer: User, give: Give) -> list[Generation]:
    """Three designs ordered together and waiting, in the order of AREAS."""
    give(buyer, 3)
    return studio.start_designs(user=buyer, form_key=uuid4(), areas=AREAS, style="english-garden", prompt="roses")


@pytest.fixture
def made(ordered: list[Generation]) -> list[Generation]:
    """The same three, finished."""
    return [finish(design, painted(40, 30)) for design in ordered]


def place(order_id: UUID | None) -> str:
    return reverse("generations:order-zip", args=[order_id])


def files(response: Any) -> dict[str, bytes]:
    """What is in the archive, every checksum compared."""
    with ZipFile(BytesIO(b"".join(response.streaming_content))) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def name_of(design: Generation) -> str:
    return f"english-garden-{design.area}-{str(design.pk)[:8]}.png"


class TestAnOrder:
    def test_every_picture_of_it_is_in_as_png(self, shop: Client, made: list[Generation]) -> None:
        response = shop.get(place(made[0].order_id))
        assert response.headers["Content-Type"] == "application/zip"
        short = str(made[0].order_id)[:8]
        assert response.headers["Content-Disposition"] == f'attachment; filename="designs-{short}.zip"'
        assert "no-store" in response.headers["Cache-Control"]
        kept = files(response)
        assert list(kept) == [name_of(design) for design in made]
        for content in kept.values():
            with Image.open(BytesIO(content)) as picture:
                assert (picture.format, picture.size) == ("PNG", (40, 30))

    def test_it_has_the_same_names_and_pictures_each_time(self, shop: Client, made: list[Generation]) -> None:
        assert files(shop.get(place(made[0].order_id))) == files(shop.get(place(made[0].order_id)))

    def test_only_what_is_finished_is_in(self, shop: Client, ordered: list[Generation]) -> None:
        first, second, _ = ordered
        finish(first, painted(40, 30))
        studio.fail(second.pk, reason="It cannot be drawn.")
        assert list(files(shop.get(place(first.order_id)))) == [name_of(first)]

    def test_what_was_deleted_is_not_in(self, buyer: User, shop: Client, made: list[Generation]) -> None:
        erasure.erase_design(buyer.pk, made[1].pk)
        assert list(files(shop.get(place(made[0].order_id)))) == [name_of(made[0]), name_of(made[2])]

    def test_with_nothing_finished_there_is_no_archive(self, shop: Client, ordered: list[Generation]) -> None:
        assert shop.get(place(ordered[0].order_id)).status_code == 404

    def test_with_everything_deleted_there_is_none_either(
        self, buyer: User, shop: Client, made: list[Generation]
    ) -> None:
        erasure.erase_order(buyer.pk, made[0].order_id or uuid4())
        assert shop.get(place(made[0].order_id)).status_code == 404

    def test_it_takes_three_queries(self, shop: Client, made: list[Generation]) -> None:
        with CaptureQueriesContext(connection) as queries:
            files(shop.get(place(made[0].order_id)))
        assert len(queries) == 3


class TestSomebodyElse:
    def test_it_does_not_exist_for_a_stranger(self, stranger: User, made: list[Generation]) -> None:
        assert signed_in(stranger).get(place(made[0].order_id)).status_code == 404

    def test_an_order_of_the_same_id_is_another_order(
        self, stranger: User, shop: Client, give: Give, made: list[Generation]
    ) -> None:
        """The id of an order is made of a form's key, which its sender can choose."""
        give(stranger, 1)
        order_id = made[0].order_id
        assert order_id is not None
        own = studio.start_designs(
            user=stranger, form_key=order_id, areas=["patio"], style="english-garden", prompt=""
        )[0]
        finish(own, painted(8, 6))
        assert list(files(signed_in(stranger).get(place(order_id)))) == [name_of(own)]
        assert list(files(shop.get(place(order_id)))) == [name_of(design) for design in made]


class TestAStorageInTrouble:
    def test_a_lost_picture_is_left_out_and_named(self, shop: Client, made: list[Generation]) -> None:
        default_storage.delete(str(made[1].image))
        kept = files(shop.get(place(made[0].order_id)))
        assert list(kept) == [name_of(made[0]), name_of(made[2]), "not-included.txt"]
        assert f"{name_of(made[1])}: the picture is not there any more" in kept["not-included.txt"].decode()

    def test_with_every_picture_lost_the_text_remains(self, shop: Client, made: list[Generation]) -> None:
        for design in made:
            default_storage.delete(str(design.image))
        assert list(files(shop.get(place(made[0].order_id)))) == ["not-included.txt"]

    def test_a_storage_that_goes_away_in_the_middle_does_not_break_the_archive(
        self, shop: Client, made: list[Generation], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = pictures.read

        def read(name: str) -> bytes:
            if name != str(made[0].image):
                raise TimeoutError("The storage does not answer.")
            return real(name)

        monkeypatch.setattr(pictures, "read", read)
        kept = files(shop.get(place(made[0].order_id)))
        assert list(kept) == [name_of(made[0]), "not-included.txt"]
        assert kept["not-included.txt"].decode().count("could not be read just now") == 2

    def test_one_that_is_away_from_the_beginning_is_a_sentence(
        self, shop: Client, made: list[Generation], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read(name: str) -> bytes:
            raise TimeoutError("The storage does not answer.")

        monkeypatch.setattr(pictures, "read", read)
        response = shop.get(place(made[0].order_id))
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
        assert "does not answer just now" in response.content.decode()


class TestMemory:
    """Every picture is one megabyte; the reader takes the archive as it comes and keeps nothing."""

    PICTURE = 1_000_000

    @pytest.fixture(autouse=True)
    def _large_pictures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[str] = []

        def read(name: str) -> bytes:
            self.read.append(name)
            return bytes(self.PICTURE)

        monkeypatch.setattr(pictures, "read", read)
        monkeypatch.setattr(pictures, "as_png", lambda image: image)

    def designs(self, count: int) -> list[Generation]:
        return [Generation(id=uuid4(), area="patio", style="english-garden", image=f"{n}.webp") for n in range(count)]

    def peak(self, count: int) -> int:
        designs = self.designs(count)
        tracemalloc.start()
        try:
            sent = sum(len(chunk) for chunk in archives.zipped(designs))
            assert sent > count * self.PICTURE
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def test_twenty_pictures_need_no_more_than_two(self) -> None:
        assert self.peak(20) < self.peak(2) + self.PICTURE

    def test_a_picture_is_read_when_its_turn_comes(self) -> None:
        chunks = archives.zipped(self.designs(3))
        seen = []
        for chunk in chunks:
            if len(chunk) == self.PICTURE:
                seen.append(len(self.read))
        assert seen == [1, 2, 3]
