"""Where finished pictures are kept. Names are random: knowing a generation's id does not find its file."""

import secrets
from pathlib import PurePosixPath
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generations.engines import Painting

# Pictures only: nothing a browser would run as a document of this site (no SVG, no HTML).
EXTENSIONS: Final = {"image/webp": ".webp", "image/png": ".png", "image/jpeg": ".jpg"}
CONTENT_TYPES: Final = {extension: content_type for content_type, extension in EXTENSIONS.items()}


class UnknownPictureType(Exception):
    """The engine made something that is not a picture this site shows. Nothing was stored."""


def store(painting: Painting) -> str:
    """Write the picture and return its name in the storage. Raises UnknownPictureType, or OSError when full."""
    extension = EXTENSIONS.get(painting.content_type)
    if extension is None or not painting.image:
        raise UnknownPictureType(painting.content_type)
    name = f"generations/{secrets.token_hex(20)}{extension}"
    return default_storage.save(name, ContentFile(painting.image))


def discard(name: str) -> None:
    """Remove a stored picture that no generation shows; calm when it is not there."""
    default_storage.delete(name)


def content_type(name: str) -> str:
    """Return the type to serve a stored picture with."""
    return CONTENT_TYPES[PurePosixPath(name).suffix]
