"""Where finished pictures are kept. Names are random: knowing a generation's id does not find its file."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final, Protocol, cast

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from PIL import Image

from generations.engines import Painting

RANDOM_BYTES: Final = 20  # of a name: nobody guesses it, and no two are alike
# Pictures only: nothing a browser would run as a document of this site (no SVG, no HTML).
EXTENSIONS: Final = {"image/webp": ".webp", "image/png": ".png", "image/jpeg": ".jpg"}
FOLDER: Final = "generations"
THUMBNAIL_SIZE: Final = (512, 512)
# Of 9: painted pictures hardly get smaller with more, only later.
PNG_EFFORT: Final = 4
CONTENT_TYPES: Final = {extension: content_type for content_type, extension in EXTENSIONS.items()}


class UnknownPictureType(Exception):
    """The engine made something that is not a picture this site shows. Nothing was stored."""


class _Listed(Protocol):
    """An object storage, which knows of each object when it was written without being asked about it."""

    def listed(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield the name of each object under a folder and when it was written, a page at a time."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """The names, in the storage, of a picture and of its small version."""

    image: str
    thumbnail: str


def store(painting: Painting) -> Stored:
    """Write the picture and a small version of it to the disk itself and return their names in the storage.

    Raises UnknownPictureType when it is not what it says, or OSError when the storage is full or away; then, and
    whatever else goes wrong, nothing stays behind, unless the storage refuses that, too: then `strays` removes it.
    """
    _require_picture(painting)
    small = _thumbnail(painting.image)
    image = save(FOLDER, EXTENSIONS[painting.content_type], painting.image)
    with _taken_back_on_failure(image):
        return Stored(image, save(FOLDER, ".webp", small))


def save(folder: str, extension: str, content: bytes) -> str:
    """Write a file under a random name, to the disk itself, and return the name.

    Raises OSError when the storage is full or away; the half of a file that it may have written is removed.
    """
    name = f"{folder}/{secrets.token_hex(RANDOM_BYTES)}{extension}"
    with _taken_back_on_failure(name):
        stored = default_storage.save(name, ContentFile(content))
        if isinstance(default_storage, FileSystemStorage):
            _sync(Path(default_storage.path(stored)))
    return stored


@contextmanager
def _taken_back_on_failure(name: str) -> Iterator[None]:
    """Remove the file, whatever the block raises; a storage that refuses that does not hide what was raised."""
    try:
        yield
    except BaseException:
        with suppress(Exception):
            default_storage.delete(name)
        raise


def read(name: str) -> bytes:
    """Return a stored file. Raises FileNotFoundError when it is not there, another OSError when the storage is away."""
    with default_storage.open(name, "rb") as file:
        return bytes(file.read())


def require_stored(name: str) -> None:
    """Raise FileNotFoundError when there is no such file; does not read it."""
    if not default_storage.exists(name):
        raise FileNotFoundError(name)


def stored_in(folder: str) -> Iterator[tuple[str, datetime]]:
    """Yield the name of each file in a folder, and when it was written; nothing when there is no folder yet.

    Reads the folder piece by piece, so that it may hold millions. Raises OSError when the storage is away.
    """
    if not isinstance(default_storage, FileSystemStorage):
        yield from cast(_Listed, default_storage).listed(folder)
        return
    with suppress(FileNotFoundError), os.scandir(default_storage.path(folder)) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # removed meanwhile
                written_at = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
                yield f"{folder}/{entry.name}", written_at


def as_png(image: bytes) -> bytes:
    """Return a stored picture as PNG, which every program opens. Raises OSError when it cannot be read as a picture."""
    with Image.open(BytesIO(image)) as picture:
        if picture.format == "PNG":
            return image
        sheet = BytesIO()
        picture.save(sheet, "PNG", compress_level=PNG_EFFORT)
    return sheet.getvalue()


def _thumbnail(image: bytes) -> bytes:
    with Image.open(BytesIO(image)) as picture:
        picture.thumbnail(THUMBNAIL_SIZE)
        sheet = BytesIO()
        picture.convert("RGB").save(sheet, "WEBP", quality=80, method=4)
    return sheet.getvalue()


def _require_picture(painting: Painting) -> None:
    """Look at the bytes, not at what the engine calls them."""
    try:
        with Image.open(BytesIO(painting.image)) as picture:
            found = Image.MIME.get(picture.format or "")
            picture.verify()
    except Exception as error:
        raise UnknownPictureType(painting.content_type) from error
    if found != painting.content_type or found not in EXTENSIONS:
        raise UnknownPictureType(painting.content_type)


def _sync(path: Path) -> None:
    """Have the file and its name on the disk before the row names it, so that a power cut cannot part them."""
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard(stored: Stored) -> None:
    """Remove a picture that no generation shows; calm when it is not there."""
    for name in (stored.image, stored.thumbnail):
        default_storage.delete(name)


def content_type(name: str) -> str:
    """Return the type to serve a stored picture with."""
    return CONTENT_TYPES[PurePosixPath(name).suffix]
