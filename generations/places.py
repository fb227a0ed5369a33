"""Long lists a page at a time: a page ends at a place, and the next one begins below it.

No page counts and no offsets: both would read everything.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends; written into addresses as "<time>_<id>"."""

    at: datetime
    pk: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.pk}"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page, the newest row first. `older` is the place to pass as `before` for the next one, None at the end."""

    rows: list[Row]
    older: Place | None


def read_place(text: str) -> Place | None:
    """Return the place an address names, None when it names none."""
    at, _, pk = text.partition("_")
    try:
        place = Place(datetime.fromisoformat(at), UUID(pk))
    except ValueError:
        return None
    return place if place.at.tzinfo else None


def page(rows: QuerySet[Row, Any], *, by: str, before: Place | None, size: int) -> Page[Row]:
    """Return the newest `size` of `rows` by the time `by`, of those older than `before` (all, when None)."""
    rows = rows.order_by(f"-{by}", "-pk")
    if before is not None:
        # The first condition is what an index can seek to; the second decides within one moment.
        rows = rows.filter(**{f"{by}__lte": before.at}).filter(Q(**{f"{by}__lt": before.at}) | Q(pk__lt=before.pk))
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, Place(getattr(found[-1], by), found[-1].pk) if more else None)
