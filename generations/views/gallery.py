"""The gallery: one's own designs, filtered, a page at a time."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from generations import gallery
from generations.filter_form import FilterForm
from generations.places import read_place


@require_safe
@never_cache
def gallery_page(request: HttpRequest) -> HttpResponse:
    """Show one page of the caller's designs; `?before=` is the place to start below.

    A filter that makes no sense is answered with a sentence beside it and left out; the others hold.
    """
    form = FilterForm(request.GET)
    before = read_place(request.GET.get("before", ""))
    page = gallery.page(cast(User, request.user).pk, form.wanted, before=before)
    context = {"page": page, "before": before, "form": form, "kept": form.query, "filtered": bool(form.query)}
    return render(request, "generations/gallery.html", context)
