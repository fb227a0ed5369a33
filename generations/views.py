"""The pages of the studio. Somebody else's design does not exist here: 404."""

from typing import cast
from uuid import UUID

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from generations import drafts, gallery, pictures, pricing, studio
from generations.forms import DesignForm, style_picture
from generations.models import Generation
from generations.receipts import receipt
from tokens import balance
from tokens.ledger import InsufficientTokens

logger = structlog.get_logger(__name__)

STOP_POLLING = 286  # htmx's own status: stop the poll that asked
FIRST_CHOICE = {"area": Generation.Area.FRONT_YARD, "style": Generation.Style.ENGLISH_GARDEN}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def generate(request: HttpRequest) -> HttpResponse:
    """Show the form, or start a design and go to it: 303.

    422 for a bad form, 402 when nothing is left to pay, 429 when the subscription's fair use is reached.
    """
    if request.method == "POST":
        return _order(request)
    return _form_page(request, DesignForm(initial=FIRST_CHOICE | _wishes(request)))


def _order(request: HttpRequest) -> HttpResponse:
    form = DesignForm(request.POST)
    if not form.is_valid():
        form.renew_key()
        return _form_page(request, form, status=422)
    wishes = form.wishes()
    try:
        generation = studio.start(user=cast(User, request.user), form_key=form.form_key, **wishes)
    except InsufficientTokens:
        drafts.keep(request.session, wishes)
        return _form_page(request, form, status=402)
    except studio.FairUseReached as reached:
        drafts.keep(request.session, wishes)
        return _form_page(request, form, status=429, fair_use=reached)
    drafts.forget(request.session)
    response = redirect("generations:generation", generation.pk)
    response.status_code = 303
    return response


def _form_page(
    request: HttpRequest, form: DesignForm, *, status: int = 200, fair_use: studio.FairUseReached | None = None
) -> HttpResponse:
    held = balance.read(cast(User, request.user))
    context = {
        "form": form,
        "button_label": pricing.button_label(held),
        "affordable": pricing.affordable(held),
        "exhausted": status == 402,
        "fair_use": fair_use,
        "ever_bought": held.total_purchased > 0,
    }
    return render(request, "generations/generate.html", context, status=status)


def _wishes(request: HttpRequest) -> dict[str, str]:
    """What the form begins with: an own design's settings (`?from=`), else what was kept before buying."""
    if "from" not in request.GET:
        return drafts.recall(request.session)
    try:
        earlier = _own(request, UUID(request.GET["from"]))
    except ValueError:
        raise Http404 from None
    return {"area": earlier.area, "style": earlier.style, "prompt": earlier.prompt}


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
    generation = _own(request, generation_id)
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
    generation = _own(request, generation_id)
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
    generation = _own(request, generation_id)
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


def _own(request: HttpRequest, generation_id: UUID) -> Generation:
    """Return the caller's design, together with its charge and refund; 404 for anybody else's."""
    designs = Generation.objects.select_related("charge", "refund")
    return get_object_or_404(designs, pk=generation_id, user=cast(User, request.user))


def _shown(generation: Generation, progress: gallery.Progress) -> dict[str, object]:
    return {
        "generation": generation,
        "progress": progress,
        "receipt": receipt(generation),
        "sketch": style_picture(generation.style),
    }
