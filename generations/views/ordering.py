"""The form for designs, and what becomes of it when it is sent."""

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from generations import drafts, pricing, studio
from generations.forms import DesignForm
from generations.models import Generation
from generations.views.ownership import own_design
from tokens import balance
from tokens.ledger import InsufficientTokens

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
        generation = studio.start_designs(
            user=cast(User, request.user),
            form_key=form.form_key,
            areas=[wishes["area"]],
            style=wishes["style"],
            prompt=wishes["prompt"],
        )[0]
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
        earlier = own_design(request, UUID(request.GET["from"]))
    except ValueError:
        raise Http404 from None
    return {"area": earlier.area, "style": earlier.style, "prompt": earlier.prompt}
