"""Where a design is looked at: on its own page, or among those that were ordered with it."""

from collections.abc import Sequence
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from generations import orders
from generations.models import Generation

DELETED: Final = "It was deleted. Sending its form again charged nothing."


def place_of(design: Generation, *, several: bool | None = None) -> str:
    """Return the address of a design's own page, or of its place in an order of several; `several` saves a query."""
    if orders.has_several(design) if several is None else several:
        return f"{reverse('generations:order', args=[design.order_id])}#{design.area}"
    return reverse("generations:generation", args=[design.pk])


def see(design: Generation, *, several: bool | None = None) -> HttpResponse:
    """Go to a design: 303, whatever was posted."""
    return _see_other(place_of(design, several=several))


def see_all(designs: Sequence[Generation]) -> HttpResponse | None:
    """Go to the designs of one order: 303; return None when all of them were deleted.

    Several are looked at from the top of their page.
    """
    kept = [design for design in designs if design.deleted_at is None]
    if not kept:
        return None
    if len(kept) == 1:
        return see(kept[0], several=False)
    return _see_other(reverse("generations:order", args=[kept[0].order_id]))


def see_the_rest(request: HttpRequest, name: str) -> HttpResponse:
    """Go where the caller's other things are: 303, with the news that what a form started before was deleted."""
    messages.info(request, DELETED)
    return _see_other(reverse(name))


def _see_other(place: str) -> HttpResponse:
    response = redirect(place)
    response.status_code = 303
    return response
