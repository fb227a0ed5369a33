"""Deleting a design, or all designs of one order, after a question. Somebody else's does not exist here: 404."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from generations import erasure, gallery
from generations.models import Generation


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete_design(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Ask, or erase and go to the gallery: 303, also the second time. 409 while it is not ended."""
    user_id = cast(User, request.user).pk
    designs = list(gallery.own_designs(user_id).filter(pk=generation_id))
    if request.method != "POST":
        return _question(request, designs)
    _require_once_own(request, pk=generation_id)
    try:
        erasure.erase_design(user_id, generation_id)
    except erasure.StillBeingMade:
        return _question(request, designs, status=409)
    return _gone(request, "The design was deleted.")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Ask, or erase every design of the order and go to the gallery, with the answers of `delete_design`."""
    user_id = cast(User, request.user).pk
    designs = list(gallery.own_designs(user_id).filter(order_id=order_id).order_by("job_id"))
    if request.method != "POST":
        return _question(request, designs)
    _require_once_own(request, order_id=order_id)
    try:
        erasure.erase_order(user_id, order_id)
    except erasure.StillBeingMade:
        return _question(request, designs, status=409)
    return _gone(request, "All designs of this order were deleted.")


def _require_once_own(request: HttpRequest, **which: UUID) -> None:
    """Raise 404 unless such a design is or was the caller's: the second click on "delete" is answered calmly."""
    rows = Generation.objects.filter(user=cast(User, request.user), kind=Generation.Kind.DESIGN, **which)
    if not rows.exists():
        raise Http404


def _question(request: HttpRequest, designs: Sequence[Generation], *, status: int = 200) -> HttpResponse:
    if not designs:
        raise Http404
    order_id = designs[0].order_id if len(designs) == 1 else None
    others = gallery.own_designs(designs[0].user_id).filter(order_id=order_id).count() - 1 if order_id else 0
    context = {
        "designs": designs,
        "unfinished": [design for design in designs if not design.has_ended],
        "others": others,
    }
    return render(request, "generations/delete.html", context, status=status)


def _gone(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    response = redirect("generations:gallery")
    response.status_code = 303
    return response
