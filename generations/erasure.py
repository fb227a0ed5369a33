"""Deleting designs: their words, pictures and photos go, what was charged for them stays in the books."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONValue

from generations import photos
from generations.models import Generation

logger = structlog.get_logger(__name__)

REMOVE_TASK: Final = "generations.remove_files"


class StillBeingMade(Exception):
    """A design that waits or is being made cannot be deleted. Nothing was changed."""


def erase_design(user_id: UUID, generation_id: UUID) -> bool:
    """Erase one of somebody's designs; return False when it was erased before, or never was theirs.

    Prompt, picture, small version, alt text and note are gone with the commit, and its photo, unless another design
    was made from it; the row stays, with what was charged, and the files are removed by a job that commits with it.
    Locks the design, then its photo. Raises StillBeingMade when it has not ended.
    """
    return _erase(_designs(user_id).filter(pk=generation_id)) == 1


def erase_order(user_id: UUID, order_id: UUID) -> int:
    """Erase all designs of somebody's order, tries that failed included, or none; return how many there were.

    Locks them in the order they were made, then their photos. Raises StillBeingMade when one of them has not ended.
    """
    return _erase(_designs(user_id).filter(order_id=order_id))


def remove_files(names: Sequence[str]) -> None:
    """Remove stored files; calm about those that are gone. Raises OSError when the storage is away."""
    for name in names:
        default_storage.delete(name)


def _designs(user_id: UUID) -> QuerySet[Generation]:
    return Generation.objects.filter(user_id=user_id, kind=Generation.Kind.DESIGN, deleted_at=None)


def _erase(rows: QuerySet[Generation]) -> int:
    with transaction.atomic():
        # Who waited here for somebody else's deletion finds nothing any more: PostgreSQL looks at the row again.
        designs = list(rows.select_for_update(no_key=True).order_by("created_at", "id"))
        if not all(design.has_ended for design in designs):
            raise StillBeingMade
        Generation.objects.filter(pk__in=[design.pk for design in designs]).update(
            **{"prompt": "", "alt_text": "", "note": "", "image": "", "thumbnail": ""},
            **{"suggestions": [], "photo": None, "deleted_at": Now()},
        )
        files = [str(file) for design in designs for file in (design.image, design.thumbnail) if file]
        _have_removed([*files, *photos.release({design.photo_id for design in designs if design.photo_id})])
    for design in designs:
        logger.info("design_erased", generation_id=str(design.pk))
    return len(designs)


def _have_removed(names: list[JSONValue]) -> None:
    """Queue the files' removal on the connection that erases their names: both commit, or neither."""
    if not names:
        return
    try:
        app.configure_task(REMOVE_TASK).defer(names=names)
    except ConnectorException as error:
        raise OperationalError("The removal of files could not be queued.") from error
