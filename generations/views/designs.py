"""The pages of designs. Somebody else's design does not exist here: 404."""

from typing import cast
from uuid import UUID

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from generations import gallery, pictures
from generations.forms import style_picture
from generations.models import Generation
from generations.receipts import receipt
from generations.views.ownership import own_design

logger = structlog.get_logger(__name__)

STOP_POLLING = 286  # htmx's own status: stop the poll that asked


@require_safe
@never_cache
def gallery_page(request: HttpRequest) -> HttpResponse:
    """Show one page of the caller's designs; `?before=` is the place to start below."""
    before = gallery.read_place(request.GET.get("before", ""))
    page = gallery.page(cast(User, request.user).pk, before=before)
    return render(request, "generations/gallery.html", {"page": page, "before": before})


@require_safe
@never_cache
def generation_page(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Show one design: how far it is, or the picture, or why it failed; and the receipt."""
    generation = own_design(request, generation_id)
    return render(request, "generations/generation.html", _shown(generation, gallery.progress(generation)))


@login_not_required
@require_safe
@never_cache
def generation_status(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Answer the page's poll: 204 while `shown` is still true, else the fragment. Writes nothing.

    When the design has ended, the fragment asks no more and the balance is told to refresh. Signed out: 286.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=STOP_POLLING)
    generation = own_design(request, generation_id)
    progress = gallery.progress(generation)
    if request.GET.get("shown") == progress.shown:
        return HttpResponse(status=204)
    response = render(request, "generations/_design.html", {**_shown(generation, progress), "polled": True})
    if generation.has_ended:
        response["HX-Trigger"] = "balance-changed"
    return response


@require_safe
def image(request: HttpRequest, generation_id: UUID) -> FileResponse:
    """Send the picture to its owner only; `?download=1` as a file to keep."""
    generation = own_design(request, generation_id)
    if not generation.image:
        raise Http404
    try:
        file = generation.image.open("rb")
    except FileNotFoundError:
        logger.error("picture_missing", generation_id=str(generation.pk))
        raise Http404 from None
    name = str(generation.image)
    response = FileResponse(
        file,
        as_attachment="download" in request.GET,
        filename=f"{generation.style}-{generation.area}-{str(generation.pk)[:8]}.{name.rpartition('.')[2]}",
        content_type=pictures.content_type(name),
    )
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _shown(generation: Generation, progress: gallery.Progress) -> dict[str, object]:
    return {
        "generation": generation,
        "progress": progress,
        "receipt": receipt(generation),
        "sketch": style_picture(generation.style),
    }
