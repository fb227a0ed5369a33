"""The page of designs that were ordered together. Somebody else's order does not exist here: 404."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import signed_out
from accounts.models import User
from generations import orders
from generations.forms import style_picture
from generations.orders import Order
from tokens import balance

AT_THE_TOP = {"HX-Retarget": "#order-summary", "HX-Reswap": "outerHTML"}


@require_safe
@never_cache
def order_page(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show each place of an order: how far it is, or the picture, or why it failed and what came back."""
    return show(request, order_id)


@login_not_required
@require_safe
@never_cache
def order_status(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Answer the page's poll: 204 while `shown` is still true, else the cards that changed. Writes nothing.

    When a design has ended since, the balance is told to refresh; when all have, the fragment asks no more. Signed
    out: 286, with a sentence at the top.
    """
    if not request.user.is_authenticated:
        return signed_out.end_of_poll(request, AT_THE_TOP)
    order, shown = _own(request, order_id), request.GET.get("shown", "")
    changed = order.changed_since(shown)
    if not changed:
        return HttpResponse(status=204)
    ended = order.ended_since(shown)
    context = {**_shown(order), "changed": changed, "ended": ended}
    response = render(request, "generations/_order_changes.html", context)
    if ended:
        response["HX-Trigger"] = "balance-changed"
    return response


def show(
    request: HttpRequest, order_id: UUID, refusal: dict[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render the order's page, with what a refused retry has to say."""
    order = _own(request, order_id)
    return render(request, "generations/order.html", {**_shown(order), **(refusal or {})}, status=status)


def _own(request: HttpRequest, order_id: UUID) -> Order:
    user = cast(User, request.user)
    order = orders.order(user.pk, order_id, balance.read(user))
    if order is None:
        raise Http404
    return order


def _shown(order: Order) -> dict[str, object]:
    return {"order": order, "sketch": style_picture(order.first.style)}
