"""Where photos are kept, whose they are, and when they are forgotten."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from generations import pictures
from generations.models import Generation, Photo
from generations.photos.reading import CleanPhoto

logger = structlog.get_logger(__name__)

FOLDER: Final = "photos"
# A photo without a design is kept this long: time to buy tokens and come back to the form.
UNUSED_SPAN: Final = timedelta(hours=24)
# In its last hour it is no longer handed out, so that no order begins with a photo that is just being forgotten.
OFFERED_SPAN: Final = UNUSED_SPAN - timedelta(hours=1)
BATCH: Final = 500


def keep(user: User, clean: CleanPhoto) -> Photo:
    """Write the photo to the disk itself under a random name, then its row; return the row.

    The same photo again is another row. A crash in between leaves a file nobody can name, which `forget_unused`
    finds a day later. Raises OSError when the storage is full; then there is no row.
    """
    name = pictures.save(FOLDER, ".jpg", clean.jpeg)
    return Photo.objects.create(user=user, image=name, width=clean.width, height=clean.height)


def own(user: User, photo_id: UUID) -> Photo | None:
    """Return somebody's own photo; None when it is somebody else's, is gone, or will be gone within the hour."""
    photo = Photo.objects.filter(pk=photo_id, user=user)
    return photo.exclude(pk__in=_unused(photo.filter(created_at__lte=timezone.now() - OFFERED_SPAN))).first()


def load(photo: Photo) -> bytes:
    """Return the JPEG. Raises OSError when its file is missing."""
    return pictures.read(str(photo.image))


def forget_unused(now: datetime | None = None) -> int:
    """Remove photos older than 24 hours that no undeleted design uses, row and file; return how many rows.

    The row goes first and is committed, then the file. The other way round, a crash in between would leave a row
    that promises a photo; this way it leaves a file without a row, which the next call removes.
    """
    before = (now or timezone.now()) - UNUSED_SPAN
    candidates = list(_unused(Photo.objects.filter(created_at__lte=before)).values_list("pk", flat=True)[:BATCH])
    forgotten = sum(_forget(photo_id) for photo_id in candidates)
    strays = _remove_strays(before)
    if forgotten or strays:
        logger.info("photos_forgotten", photos=forgotten, files_without_a_row=strays)
    return forgotten


def _unused(photos: QuerySet[Photo]) -> QuerySet[Photo]:
    used = Generation.objects.filter(photo=OuterRef("pk"), deleted_at__isnull=True)
    return photos.filter(~Exists(used))


def _forget(photo_id: UUID) -> bool:
    """Remove one photo unless somebody uses it after all.

    The question is asked again under the lock, in a statement of its own, which sees what was committed meanwhile.
    Whoever commits a design from it later finds it gone and is refused by the foreign key, with nothing charged.
    """
    with transaction.atomic():
        photo = Photo.objects.select_for_update(skip_locked=True).filter(pk=photo_id).first()
        if photo is None or not _unused(Photo.objects.filter(pk=photo_id)).exists():
            return False
        photo.delete()
    default_storage.delete(str(photo.image))
    return True


def _remove_strays(before: datetime) -> int:
    """Remove files that no row names: a crash left them between file and row, or between row and file."""
    names = _files()
    strays = [name for at in range(0, len(names), BATCH) for name in _strays(names[at : at + BATCH], before)]
    for name in strays:
        default_storage.delete(name)
    return len(strays)


def _strays(names: list[str], before: datetime) -> list[str]:
    known = set(Photo.objects.filter(image__in=names).values_list("image", flat=True))
    return [name for name in names if name not in known and default_storage.get_modified_time(name) <= before]


def _files() -> list[str]:
    """Return the names of all stored photos; none when there is no folder yet."""
    try:
        _, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    return [f"{FOLDER}/{name}" for name in names]
