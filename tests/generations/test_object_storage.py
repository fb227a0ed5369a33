"""Pictures in an S3-compatible storage: a server that speaks its protocol, over HTTP, on this machine."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from threading import Thread
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from moto.server import ThreadedMotoServer

from accounts.models import User
from config import object_storage
from config.object_storage import StorageAway
from generations import erasure, photos, pictures, strays, tasks
from generations.models import Generation
from tests.generations.conftest import Finished, Give, Start, address, held, signed_in
from tests.generations.engines import PIXEL
from tests.generations.photos.samples import encoded, upload

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("object_storage")]

BUCKET = "verdant-pictures"
KEYS = {"aws_access_key_id": "verdant", "aws_secret_access_key": "secret"}


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadedMotoServer]:
    """The storage's server, for all tests of this file."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(server: ThreadedMotoServer) -> Iterator[Any]:
    """A bucket of its own, seen from outside of the site."""
    host, port = server.get_host_and_port()
    s3 = boto3.resource("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **KEYS)
    bucket = s3.create_bucket(Bucket=BUCKET)
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()
    s3.meta.client.close()


@pytest.fixture(autouse=True)
def _pictures_are_kept_there(_media_of_its_own: None, bucket: Any, settings: Any) -> None:
    keep_at(settings, bucket.meta.client.meta.endpoint_url)


def keep_at(settings: Any, url: str, name: str = BUCKET) -> None:
    settings.S3_BUCKET, settings.S3_ENDPOINT_URL = name, url
    options = {"bucket_name": name, "endpoint_url": url, "region_name": "us-east-1"}
    keys = {"access_key": "verdant", "secret_key": "secret"}
    backend = {"BACKEND": "config.object_storage.PrivateS3Storage", "OPTIONS": {**options, **keys}}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


@pytest.fixture
def quick_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth of a second for a storage that does not answer, instead of five."""
    monkeypatch.setattr("config.object_storage.CONNECT_SECONDS", 0.1)
    monkeypatch.setattr("config.object_storage.READ_SECONDS", 0.1)


@pytest.fixture
def away(settings: Any, quick_to_give_up: None, request: pytest.FixtureRequest) -> Any:
    """Call it, and the storage is away: nobody listens at its address any more."""

    def _away() -> None:
        keep_at(settings, "http://127.0.0.1:9")

    return _away


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[Any]]]:
    """A server that ends each connection at once; yields its address and the list of who came."""
    calls: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, who = server.accept()
                    calls.append(who)
                    connection.close()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def names(bucket: Any) -> set[str]:
    return {item.key for item in bucket.objects.all()}


class TestAPicture:
    def test_it_is_kept_in_the_bucket_and_sent_by_the_site(
        self, buyer: User, shop: Client, bucket: Any, finished: Finished
    ) -> None:
        generation = finished(buyer)
        assert names(bucket) == {str(generation.image), str(generation.thumbnail)}
        response = shop.get(address("image", generation))
        assert (response.status_code, response.content) == (200, PIXEL)
        assert response.headers["Content-Type"] == "image/webp"
        assert shop.get(address("thumbnail", generation)).status_code == 200
        assert shop.get(f"{address('image', generation)}?download=1").content.startswith(b"\x89PNG")

    def test_nobody_else_gets_it_neither_here_nor_there(
        self, buyer: User, stranger: User, bucket: Any, finished: Finished
    ) -> None:
        generation = finished(buyer)
        assert signed_in(stranger).get(address("image", generation)).status_code == 404
        granted = bucket.Object(str(generation.image)).Acl().grants
        assert [grant["Grantee"]["Type"] for grant in granted] == ["CanonicalUser"]  # its owner, nobody else
        with pytest.raises(NotImplementedError):
            default_storage.url(str(generation.image))

    def test_it_keeps_its_type(self, buyer: User, bucket: Any, finished: Finished) -> None:
        assert bucket.Object(str(finished(buyer).image)).content_type == "image/webp"

    def test_an_order_is_downloaded_from_it(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        response: Any = shop.get(reverse("generations:order-zip", args=[generation.order_id]))
        with ZipFile(BytesIO(b"".join(response.streaming_content))) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == 1

    def test_it_is_removed_when_its_design_is_deleted(self, buyer: User, bucket: Any, finished: Finished) -> None:
        generation = finished(buyer)
        files = [str(generation.image), str(generation.thumbnail)]
        erasure.erase_design(buyer.pk, generation.pk)
        tasks.remove_files(files)
        assert names(bucket) == set()
        tasks.remove_files(files)

    def test_one_that_is_not_there_is_missing_as_on_a_disk(
        self, buyer: User, shop: Client, finished: Finished, caplog: pytest.LogCaptureFixture
    ) -> None:
        generation = finished(buyer)
        default_storage.delete(str(generation.image))
        assert shop.get(address("image", generation)).status_code == 404
        assert "picture_missing" in caplog.text
        with pytest.raises(FileNotFoundError):
            pictures.read("generations/never.webp")
        assert not default_storage.exists("generations/never.webp")


class TestAPhoto:
    def test_it_is_kept_and_forgotten_there(self, buyer: User, bucket: Any) -> None:
        photo = photos.keep(buyer, photos.read(upload(encoded("JPEG"))))
        assert photos.load(photo).startswith(b"\xff\xd8")
        assert names(bucket) == {photo.image.name}
        assert photos.forget_unused() == 0
        assert names(bucket) == {photo.image.name}
        assert photos.forget_unused(timezone.now() + timedelta(hours=25)) == 1
        assert names(bucket) == set()


class TestStrays:
    def test_a_file_that_no_row_names_is_removed_after_a_day_and_no_other(
        self, buyer: User, bucket: Any, finished: Finished
    ) -> None:
        photo = photos.keep(buyer, photos.read(upload(encoded("JPEG"))))
        generation = finished(buyer, photo=photo)
        kept = {str(photo.image), str(generation.image), str(generation.thumbnail)}
        lost = {pictures.save(folder, ".jpg", b"never got a row") for folder in (pictures.FOLDER, photos.FOLDER)}
        bucket.put_object(Key=f"generations-of-old/{'0' * 40}.jpg", Body=b"not ours")
        others = {item for item in names(bucket) if item.startswith("generations-of-old")}
        assert strays.remove() == 0
        assert names(bucket) == kept | lost | others
        assert strays.remove(timezone.now() + timedelta(hours=25)) == 2
        assert names(bucket) == kept | others

    def test_more_than_the_storage_lists_at_once_are_found(self, bucket: Any) -> None:
        for number in range(1_001):
            bucket.put_object(Key=f"generations/{number:040x}.webp", Body=b"x")
        assert len(list(pictures.stored_in(pictures.FOLDER))) == 1_001

    def test_while_the_storage_is_away_nothing_is_taken_for_a_stray(self, finished: Finished, away: Any) -> None:
        away()
        with pytest.raises(StorageAway):
            strays.remove(timezone.now() + timedelta(hours=25))


def test_staff_read_about_a_design_and_are_not_sent_its_picture(buyer: User, staff: User, finished: Finished) -> None:
    generation = finished(buyer)
    page = signed_in(staff).get(reverse("admin:generations_generation_change", args=[generation.pk]))
    assert page.status_code == 200
    assert str(generation.image) in page.content.decode()
    assert "<img" not in page.content.decode()


class TestAStorageThatIsAway:
    @pytest.mark.parametrize("question", ["", "?download=1"])
    def test_who_wants_a_picture_reads_a_sentence(
        self, buyer: User, shop: Client, finished: Finished, away: Any, question: str
    ) -> None:
        generation = finished(buyer)
        away()
        response = shop.get(address("image", generation) + question)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
        assert "does not answer just now" in response.content.decode()

    def test_after_one_has_waited_in_vain_the_others_do_not_wait(
        self, settings: Any, quick_to_give_up: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server that hangs up on everybody counts who comes."""
        with hanging_up() as (url, calls):
            keep_at(settings, url)
            with pytest.raises(StorageAway):
                pictures.read("generations/some.webp")
            asked = len(calls)
            assert asked >= 1
            for _ in range(12):
                with pytest.raises(StorageAway):
                    pictures.read("generations/some.webp")
            assert len(calls) == asked
            later = time.monotonic() + object_storage.PAUSE_SECONDS
            monkeypatch.setattr(object_storage, "monotonic", lambda: later)
            with pytest.raises(StorageAway):
                pictures.read("generations/some.webp")
            assert len(calls) > asked

    def test_a_lost_picture_keeps_nobody_from_the_others(self, buyer: User, finished: Finished) -> None:
        generation = finished(buyer)
        with pytest.raises(FileNotFoundError):
            pictures.read("generations/lost.webp")
        assert pictures.read(str(generation.image)) == PIXEL

    def test_a_bucket_that_is_not_there_is_away_not_a_lost_picture(
        self, buyer: User, shop: Client, finished: Finished, settings: Any
    ) -> None:
        generation = finished(buyer)
        keep_at(settings, settings.S3_ENDPOINT_URL, "another-bucket")
        assert shop.get(address("image", generation)).status_code == 503
        with pytest.raises(StorageAway):
            pictures.save("generations", ".webp", PIXEL)

    def test_a_design_that_cannot_be_kept_has_failed_and_costs_nothing(
        self, buyer: User, give: Give, start: Start, obedient_painter: None, away: Any
    ) -> None:
        give(buyer, 1)
        generation = start(buyer)
        away()
        tasks.paint(str(generation.pk))
        generation.refresh_from_db()
        assert (generation.state, generation.failure) == ("failed", tasks.SOMETHING_BROKE)
        assert (str(generation.image), str(generation.thumbnail)) == ("", "")
        assert held(buyer) == (1, 0)

    def test_the_removal_of_a_deleted_one_is_tried_until_it_is_back(
        self, buyer: User, bucket: Any, finished: Finished, settings: Any, away: Any
    ) -> None:
        generation = finished(buyer)
        files = [str(generation.image), str(generation.thumbnail)]
        there = settings.S3_ENDPOINT_URL
        away()
        assert erasure.erase_design(buyer.pk, generation.pk) is True
        with pytest.raises(StorageAway):
            tasks.remove_files(files)
        assert Generation.objects.get().image.name == ""
        keep_at(settings, there)
        tasks.remove_files(files)
        assert names(bucket) == set()
