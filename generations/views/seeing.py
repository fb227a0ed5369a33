"""Where a design is looked at: on its own page, or among those that were ordered with it."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from generations import orders
from generations.models import Generation


def place_of(design: Generation, *, several: bool | None = None) -> str:
    """Return the address of a design's own page, or of its place in an order of several; `several` saves a query."""
    if orders.has_several(design) if several is None else several:
        return f"{reverse('generations:order', args=[design.order_id])}#{design.area}"
    return reverse("generations:generation", args=[design.pk])


def see(design: Generation, *, several: bool | None = None) -> HttpResponse:
    """Go to a design: 303, whatever was posted."""
    return _see_other(place_of(design, several=several))


def see_all(designs: Sequence[Generation]) -> HttpResponse:
    """Go to the designs of one order: 303. Several are looked at from the top of their page."""
    if len(designs) == 1:
        return see(designs[0], several=False)
    return _see_other(reverse("generations:order", args=[designs[0].order_id]))


def _see_other(place: str) -> HttpResponse:
    response = redirect(place)
    response.status_code = 303
    return response
