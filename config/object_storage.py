"""Pictures in an S3-compatible object storage, shared by hosts that share no disk. Needs `requirements-s3.txt`.

Objects carry no ACL of their own, so they are as private as the bucket, which must not be public; and nobody is ever
given a link to one: the site reads them and sends them to their owner.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from mimetypes import guess_type
from time import monotonic
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage

CONNECT_SECONDS: Final = 2
READ_SECONDS: Final = 5
# A gallery asks for twelve pictures at once; waiting for a storage that is away, they would hold every thread of the
# web process, and nobody could buy. So after one reader has waited in vain, the others do not wait for this long.
PAUSE_SECONDS: Final = 15
# A bucket that is not there is an error of its own: then nothing can be said about the object.
_NOT_THERE: Final = {"NoSuchKey", "404"}


class StorageAway(OSError):
    """The storage did not answer, or refused. What was to be written may or may not be there."""


@contextmanager
def _as_a_disk_says_it() -> Iterator[None]:
    """Raise what a file system would: FileNotFoundError for what is not there, StorageAway for everything else."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _NOT_THERE:
            raise FileNotFoundError(error.operation_name) from error
        raise StorageAway(f"{error.operation_name}: {code}") from error
    except BotoCoreError as error:
        raise StorageAway(type(error).__name__) from error


class PrivateS3Storage(S3Storage):  # type: ignore[misc]
    """Reads an object whole before it returns, so that a storage that is away is noticed at once; has no URLs."""

    _away_until = 0.0

    def get_default_settings(self) -> dict[str, Any]:
        """Give up on an answer well within a request's time; ask once more. Many servers know only plain checksums."""
        return {
            **super().get_default_settings(),
            "client_config": Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": 2, "mode": "standard"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"} if settings.S3_ENDPOINT_URL else {},
            ),
        }

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        assert mode == "rb", "objects are written whole, by save()"
        if monotonic() < self._away_until:
            raise StorageAway("It was away a moment ago.")
        try:
            with _as_a_disk_says_it():
                stored = self.bucket.Object(self._normalize_name(name)).get()
                return File(BytesIO(stored["Body"].read()), name)
        except StorageAway:
            self._away_until = monotonic() + PAUSE_SECONDS
            raise

    def _save(self, name: str, content: Any) -> str:
        with _as_a_disk_says_it():
            self.bucket.Object(self._normalize_name(name)).put(
                Body=content.read(), ContentType=guess_type(name)[0] or "application/octet-stream"
            )
            return name

    def delete(self, name: str) -> None:
        with _as_a_disk_says_it():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _as_a_disk_says_it():
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _as_a_disk_says_it():
            return int(super().size(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _as_a_disk_says_it():
            folders, names = super().listdir(path)
            return list(folders), list(names)

    def listed(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield the name of each object under a folder and when it was written, a page of up to 1,000 at a time."""
        with _as_a_disk_says_it():
            for found in self.bucket.objects.filter(Prefix=f"{folder}/"):
                yield found.key, found.last_modified

    def get_modified_time(self, name: str) -> datetime:
        with _as_a_disk_says_it():
            moment: datetime = super().get_modified_time(name)
            return moment

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError("Pictures are private; the site sends them itself.")
