"""Somebody's designs, newest first, narrowed to what they look for, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, QuerySet

from generations import places
from generations.models import Generation
from generations.places import Place

PAGE_SIZE: Final = 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the gallery is to be shown. `since` is the first moment shown, `until` the first one not shown."""

    area: str = ""
    style: str = ""
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> dict[str, object]:
        """Return what a query has to ask for; nothing when everything is wanted."""
        asked: dict[str, object] = {"area": self.area, "style": self.style, "state__in": self.states}
        asked |= {"created_at__gte": self.since, "created_at__lt": self.until}
        return {name: value for name, value in asked.items() if value}


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Card:
    """One design as the gallery shows it. `together` counts the areas ordered with it, itself included."""

    generation: Generation
    together: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of designs. `older` is the place to pass as `before` for the next one, None at the end."""

    cards: list[Card]
    older: Place | None


def page(user_id: UUID, wanted: Wanted = EVERYTHING, *, before: Place | None = None, size: int = PAGE_SIZE) -> Page:
    """Return the newest `size` designs of somebody that are wanted and older than `before` (all, when None).

    Two queries, whatever the history: the page, and with whom its designs were ordered.
    """
    designs = own_designs(user_id).filter(**wanted.conditions())
    found = places.page(designs, by="created_at", before=before, size=size)
    together = _areas_of_orders(user_id, {design.order_id for design in found.rows if design.order_id})
    return Page([Card(design, together.get(design.order_id, 1)) for design in found.rows], found.older)


def own_designs(user_id: UUID) -> QuerySet[Generation]:
    """Return somebody's designs, without the deleted ones."""
    return Generation.objects.filter(user_id=user_id, kind=Generation.Kind.DESIGN, deleted_at=None)


def finished_of_order(user_id: UUID, order_id: UUID) -> list[Generation]:
    """Return the designs of somebody's order that have a picture, by area."""
    finished = own_designs(user_id).filter(order_id=order_id, state=Generation.State.SUCCEEDED)
    return list(finished.order_by("area", "created_at", "id"))


def _areas_of_orders(user_id: UUID, order_ids: set[UUID]) -> dict[UUID | None, int]:
    """Count the areas of each order; a second try of the same area is not another one. No orders: no question."""
    if not order_ids:
        return {}
    orders = own_designs(user_id).filter(order_id__in=order_ids).order_by().values("order_id")
    return dict(orders.annotate(areas=Count("area", distinct=True)).values_list("order_id", "areas"))
