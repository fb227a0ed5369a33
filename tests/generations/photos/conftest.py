from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from generations import photos
from generations.models import Photo
from tests.generations.photos.samples import encoded, upload


@pytest.fixture
def clean() -> photos.CleanPhoto:
    """A photo as this site encodes it."""
    return photos.read(upload(encoded("JPEG")))


@pytest.fixture
def photo(buyer: User, clean: photos.CleanPhoto) -> Photo:
    """A photo of the buyer's yard."""
    return photos.keep(buyer, clean)


@pytest.fixture
def folder(settings: Any) -> Path:
    """Where the files of photos are."""
    return Path(settings.STORAGES["default"]["OPTIONS"]["location"]) / "photos"
