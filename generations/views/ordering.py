"""The form for designs, and what becomes of it when it is sent."""

from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import signed_out
from accounts.models import User
from generations import drafts, pricing, studio
from generations.forms import PHOTO_GONE, DesignForm, posted_signed_out, prefilled
from generations.models import Generation
from generations.orders import MOST_AREAS
from generations.views import refusals
from generations.views.ownership import own_design
from generations.views.seeing import see_all, see_the_rest
from tokens import balance

FIRST_CHOICE = {"style": Generation.Style.ENGLISH_GARDEN}
PHOTO_NOT_KEPT = "The photo could not be kept just now. Try again in a minute, or go on without a photo."


def _keep_wishes(request: HttpRequest, page: str) -> str:
    photo_came = "photo" in request.FILES
    wishes = posted_signed_out(request.POST, photo_came=photo_came)
    drafts.keep(request.session, page, wishes, signed_out=True)
    return f"what you entered is kept{', but not the photo' if photo_came else ''}."


@signed_out.keeping(_keep_wishes)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def generate(request: HttpRequest) -> HttpResponse:
    """Show the form, or start a design for each place and go to them, or to the gallery if they were deleted: 303.

    422 for a bad form, 402 when not all can be paid, 429 when the subscription's fair use is reached, 503 when nobody
    can paint just now; nothing is charged then, and the form keeps everything. GET starts nothing, whatever it names.
    """
    if request.method == "POST":
        return _order(request)
    form = DesignForm(user=cast(User, request.user), initial=FIRST_CHOICE | _wishes(request))
    return _form_page(request, form)


def _order(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = DesignForm(request.POST, request.FILES, user=user)
    if not form.is_valid():
        form.renew()
        return _form_page(request, form, status=422)
    try:
        photo = form.keep_photo()  # before the charge, so that it survives a refusal
    except OSError:
        return _refused(request, form, studio.EngineUnavailable(PHOTO_NOT_KEPT))
    areas, style, prompt = (form.cleaned_data[name] for name in ("area", "style", "prompt"))
    try:
        designs = studio.start_designs(
            user=user, form_key=form.form_key, areas=areas, style=style, prompt=prompt, photo=photo
        )
    except studio.PhotoGone:
        form.add_error("photo_id", PHOTO_GONE)
        form.renew()
        return _form_page(request, form, status=422)
    except refusals.REFUSED as refusal:
        return _refused(request, form, refusal)
    drafts.forget(request.session, request.path)
    return see_all(designs) or see_the_rest(request, "generations:gallery")


def _refused(request: HttpRequest, form: DesignForm, refusal: Exception) -> HttpResponse:
    drafts.keep(request.session, request.path, form.wishes())
    page = _form_page(request, form, refusals.explained(request, refusal), status=refusals.STATUS[type(refusal)])
    return refusals.with_retry_after(page)


def _form_page(
    request: HttpRequest, form: DesignForm, refusal: dict[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    offers = pricing.offers(balance.read(cast(User, request.user)), MOST_AREAS)
    context = {"form": form, "offers": offers, "offer": offers[form.count], **(refusal or {})}
    return render(request, "generations/generate.html", context, status=status)


def _wishes(request: HttpRequest) -> dict[str, Any]:
    """What the form begins with: what the address says, else an own design (`?from=`), else a draft.

    `?from=` together with `area` is that design's style, wishes and photo for these places.
    """
    said = prefilled(request.GET)
    if "from" in request.GET:
        return _earlier(request) | said
    return said or drafts.recall(request.session, reverse("generations:generate"))


def _earlier(request: HttpRequest) -> dict[str, Any]:
    try:
        earlier = own_design(request, UUID(request.GET["from"]))
    except ValueError:
        raise Http404 from None
    return {
        "area": [earlier.area],
        "style": earlier.style,
        "prompt": earlier.prompt,
        "photo_id": earlier.photo_id,
    }
