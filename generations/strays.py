"""Files that no row names: a crash left them between file and row, or between row and file. Nobody could delete them.

Designs and photos are kept in folders of their own, and both are swept here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from generations import photos, pictures
from generations.models import Generation, Photo

logger = structlog.get_logger(__name__)

# A row follows its file within seconds. A file that has had none for this long never gets one.
SPAN: Final = timedelta(hours=24)
# Names that are asked for in one question. PostgreSQL reads the table once for each.
BATCH: Final = 20_000
# In one folder and run. After a database was restored from an older copy, thousands of pictures seem to be strays:
# somebody has the time to read the warning before all of them are gone.
MOST_REMOVED: Final = 1_000
# What this site itself calls a file; nothing else in the folders is touched.
_OWN_NAME: Final = re.compile(rf"[a-z]+/[0-9a-f]{{{2 * pictures.RANDOM_BYTES}}}\.(webp|png|jpg)")


def remove(now: datetime | None = None) -> int:
    """Remove files that are older than a day and that no design and no photo names; return how many.

    At most 1,000 of each folder; the next call goes on. Raises OSError when the storage is away.
    """
    before = (now or timezone.now()) - SPAN
    removed = sum(_remove_from(folder, before) for folder in (pictures.FOLDER, photos.FOLDER))
    if removed:
        logger.warning("strays_removed", files=removed)
    return removed


def _remove_from(folder: str, before: datetime) -> int:
    removed = 0
    for name in islice(_strays(folder, before), MOST_REMOVED):
        default_storage.delete(name)
        removed += 1
    return removed


def _strays(folder: str, before: datetime) -> Iterator[str]:
    """Yield the strays of a folder, never holding more than a batch of its names."""
    old = (name for name, at in pictures.stored_in(folder) if at <= before and _OWN_NAME.fullmatch(name))
    while names := list(islice(old, BATCH)):
        known = _known(folder, names)
        yield from (name for name in names if name not in known)


def _known(folder: str, names: Iterable[str]) -> set[str]:
    """Return those of the names that a row names; a deleted design's row names none."""
    if folder == photos.FOLDER:
        return set(Photo.objects.filter(image__in=names).values_list("image", flat=True))
    named = Generation.objects.filter(Q(image__in=names) | Q(thumbnail__in=names))
    return {name for files in named.values_list("image", "thumbnail") for name in files}
