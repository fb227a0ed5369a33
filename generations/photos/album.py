"""Where photos are kept, whose they are, and when they are forgotten."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
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
# Photos cost nothing to keep, so this many without a design are enough for anybody.
MOST_UNUSED: Final = 20
BATCH: Final = 500


def keep(user: User, clean: CleanPhoto) -> Photo:
    """Write the photo to the disk itself under a random name, then its row; return the row.

    The same photo again is another row. Of somebody's photos without a design the newest 20 stay, this one among
    them; older ones are forgotten here. A crash between file and row leaves a file nobody can name, which `strays`
    finds. Raises OSError when the storage is full; then there is no row, and nothing was forgotten.
    """
    name = pictures.save(FOLDER, ".jpg", clean.jpeg)
    photo = Photo.objects.create(user=user, image=name, width=clean.width, height=clean.height)
    _forget_the_oldest(photo)
    return photo


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
    that promises a photo; this way it leaves a file without a row, which `strays` removes. Looks at each photo once,
    500 at a time, however many there are. Raises OSError when the storage is away; the next call does the rest.
    """
    before = (now or timezone.now()) - UNUSED_SPAN
    forgotten = sum(_forget(photo_id) for photo_id in _unused_since(before))
    if forgotten:
        logger.info("photos_forgotten", photos=forgotten)
    return forgotten


def release(photo_ids: Iterable[UUID]) -> list[str]:
    """Remove the rows of those photos that no undeleted design uses any more; return the names of their files.

    Belongs into the transaction that deletes designs, after they are marked as deleted: of two that delete the last
    two designs of a photo at once, the second waits here for the first, and then sees that the photo is unused.
    Locks the photos. A design that is just being ordered from one of them is refused by the foreign key, with
    nothing charged. The files are the caller's to remove, once that is committed.
    """
    held = Photo.objects.select_for_update().filter(pk__in=list(photo_ids)).order_by("pk")
    unused = list(_unused(Photo.objects.filter(pk__in=[photo.pk for photo in held])))
    for photo in unused:
        photo.delete()
    return [str(photo.image) for photo in unused]


def _forget_the_oldest(kept: Photo) -> None:
    """Forget what `kept` is one too many for; a storage that is away leaves the file to `strays`.

    Whoever keeps one at the same moment does the same; the last of them sees the photos of all, so 20 are left.
    """
    others = _unused(Photo.objects.filter(user=kept.user_id)).exclude(pk=kept.pk).order_by("-created_at", "-pk")
    for photo_id in list(others.values_list("pk", flat=True)[MOST_UNUSED - 1 :]):
        with suppress(OSError):
            _forget(photo_id)


def _unused_since(before: datetime) -> Iterator[UUID]:
    """Yield the unused photos from before a moment, read a batch at a time; none twice, so that it ends."""
    last = UUID(int=0)
    while True:
        rows = _unused(Photo.objects.filter(created_at__lte=before, pk__gt=last)).order_by("pk")
        batch = list(rows.values_list("pk", flat=True)[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1]


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
