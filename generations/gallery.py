"""Somebody's designs, newest first, a page at a time by key, and how far one of them has come.

No page counts and no offsets: both would read everything.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zlib import crc32

from django.db.models import Q

from generations.models import Generation

PAGE_SIZE: Final = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends; written into addresses as "<time>_<id>"."""

    created_at: datetime
    generation_id: UUID

    def __str__(self) -> str:
        return f"{self.created_at.isoformat()}_{self.generation_id}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of designs. `older` is the place to pass as `before` for the next one, None at the end."""

    generations: list[Generation]
    older: Place | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one design has come. `ahead` counts the designs, of anybody, that will be begun before it."""

    generation: Generation
    ahead: int

    @property
    def shown(self) -> str:
        """A short text that changes if and only if something shown changes; the fragment polls with it."""
        return f"{self.generation.state}.{self.ahead}.{crc32(self.generation.progress.encode())}"


def read_place(text: str) -> Place | None:
    """Return the place an address names, None when it names none."""
    created_at, _, generation_id = text.partition("_")
    try:
        place = Place(datetime.fromisoformat(created_at), UUID(generation_id))
    except ValueError:
        return None
    return place if place.created_at.tzinfo else None


def page(user_id: UUID, *, before: Place | None = None, size: int = PAGE_SIZE) -> Page:
    """Return the newest `size` designs of somebody that are older than `before` (all, when None)."""
    designs = Generation.objects.filter(user_id=user_id, kind=Generation.Kind.DESIGN, deleted_at=None)
    designs = designs.order_by("-created_at", "-id")
    if before is not None:
        # The first condition is what the index can seek to; the second decides within one moment.
        designs = designs.filter(created_at__lte=before.created_at).filter(
            Q(created_at__lt=before.created_at) | Q(id__lt=before.generation_id)
        )
    rows = list(designs[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, Place(rows[-1].created_at, rows[-1].pk) if more else None)


def progress(generation: Generation) -> Progress:
    """Return how far `generation` has come; counts the queue before it only while it waits itself."""
    if generation.state != Generation.State.QUEUED:
        return Progress(generation, 0)
    waiting = Generation.objects.filter(state=Generation.State.QUEUED, kind=generation.kind)
    ahead = waiting.filter(job_id__lt=generation.job_id).count()
    return Progress(generation, ahead)
