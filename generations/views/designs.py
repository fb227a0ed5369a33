"""The page of one design. Somebody else's design does not exist here: 404."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import signed_out
from accounts.models import User
from generations import orders, pricing, progress
from generations.forms import style_picture
from generations.models import Generation
from generations.progress import Progress
from generations.receipts import receipt
from generations.views.ownership import own_design
from tokens import balance

IN_ITS_PLACE = {"HX-Retarget": "#design > .design-main", "HX-Reswap": "innerHTML"}


@require_safe
@never_cache
def generation_page(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Show one design: how far it is, or the picture, or why it failed; and the receipt."""
    return show(request, own_design(request, generation_id))


@login_not_required
@require_safe
@never_cache
def generation_status(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Answer the page's poll: 204 while `shown` is still true, else the fragment. Writes nothing.

    When the design has ended, the fragment asks no more and the balance is told to refresh. Signed out: 286, with
    a sentence.
    """
    if not request.user.is_authenticated:
        return signed_out.end_of_poll(request, IN_ITS_PLACE)
    generation = own_design(request, generation_id)
    (far,) = progress.of([generation])
    if request.GET.get("shown") == far.shown:
        return HttpResponse(status=204)
    before = request.GET.get("shown", "").partition(".")[0]
    context = {**_shown(request, far), "polled": True, "is_news": before != generation.state}
    response = render(request, "generations/_design.html", context)
    if generation.has_ended:
        response["HX-Trigger"] = "balance-changed"
    return response


def show(
    request: HttpRequest, generation: Generation, refusal: dict[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a design's page, with what a refused retry has to say."""
    (far,) = progress.of([generation])
    context = {
        **_shown(request, far),
        "in_an_order": orders.has_several(generation),
        **(refusal or {}),
    }
    return render(request, "generations/generation.html", context, status=status)


def _shown(request: HttpRequest, far: Progress) -> dict[str, object]:
    generation = far.generation
    later = orders.tried_again(generation)
    may_retry = orders.came_to_nothing(generation) and later is None
    return {
        "generation": generation,
        "progress": far,
        "receipt": receipt(generation),
        "sketch": style_picture(generation.style),
        "retry_label": pricing.retry_label(balance.read(cast(User, request.user))) if may_retry else "",
        "tried_again": later if later and later.deleted_at is None else None,
    }
