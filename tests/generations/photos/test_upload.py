"""What is held of an upload while it arrives."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.test import RequestFactory

from generations.photos import LARGEST_BYTES, PhotoRefused, read, upload
from tests.generations.photos import samples

pytestmark = pytest.mark.django_db  # the audit of every test wants the database; alone, this file would not make one

MEGABYTE = 1024 * 1024


@pytest.fixture
def no_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **named: Any) -> None:
        raise AssertionError("A temporary file was made.")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)


def arrived(content: bytes, **fields: str) -> tuple[UploadedFile[bytes], dict[str, str]]:
    """Send a form with a photo; return the photo and the other fields as the view gets them."""
    request = RequestFactory().post("/generate/", {**fields, "photo": samples.upload(content)})
    photo = request.FILES["photo"]
    assert isinstance(photo, UploadedFile)
    return photo, request.POST.dict()


@pytest.mark.usefixtures("no_temporary_files")
class TestAnUpload:
    def test_a_photo_arrives_whole(self) -> None:
        content = samples.encoded("JPEG", samples.noise((3000, 2000)))
        assert len(content) > 3 * MEGABYTE  # more than Django by itself would hold in memory
        photo, fields = arrived(content, prompt="roses")
        assert photo.read() == content
        assert (photo.name, photo.size, photo.content_type) == ("yard.jpg", len(content), "image/jpeg")
        assert fields == {"prompt": "roses"}

    def test_exactly_ten_megabytes_arrive(self) -> None:
        photo, _ = arrived(b"x" * LARGEST_BYTES)
        assert len(photo.read()) == photo.size == LARGEST_BYTES

    def test_of_a_larger_one_only_its_size_arrives_and_the_form_with_it(self) -> None:
        photo, fields = arrived(b"x" * (50 * MEGABYTE), prompt="roses", key="1")
        assert photo.read() == b""
        assert fields == {"prompt": "roses", "key": "1"}
        with pytest.raises(PhotoRefused) as refused:
            read(photo)
        assert refused.value.sentence == "The photo is 50.0 MB; up to 10 MB can be uploaded."

    def test_a_request_without_end_is_not_read(self) -> None:
        request = RequestFactory().post("/generate/", {"photo": samples.upload(b"x")})
        request.META["CONTENT_LENGTH"] = str(upload.MOST_BYTES_READ + 1)
        with pytest.raises(RequestDataTooBig):
            request.FILES.get("photo")
        assert request._read_started is False  # type: ignore[attr-defined]

    def test_a_second_file_is_refused(self) -> None:
        request = RequestFactory().post("/", {"photo": [samples.upload(b"a"), samples.upload(b"b")]})
        with pytest.raises(TooManyFilesSent):
            request.FILES.get("photo")


class TestTheSettings:
    def test_nothing_else_takes_uploads(self, settings: Any) -> None:
        assert settings.FILE_UPLOAD_HANDLERS == ["generations.photos.upload.PhotoUploadHandler"]
        assert Path(upload.__file__).name == "upload.py"
