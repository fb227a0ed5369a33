"""Saved cards: what is kept, adding or replacing one on a page of Stripe's, and removing one."""

from http import HTTPStatus

import structlog
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from billing import gateway, saved_cards, tries
from billing.forms import AddCardForm, ReturnForm
from billing.models import AutoReload, SavedCard
from billing.ownership import NotOurs
from billing.views.request import BuyersRequest, client_ip, too_many, unavailable

logger = structlog.get_logger(__name__)

UNAVAILABLE = "billing/cards_unavailable.html"
REPLACED = "card_replaced"  # in the session: the card that the one being added stands in for


@require_safe
@never_cache
def cards(request: BuyersRequest) -> HttpResponse:
    """Show the caller's cards. Coming back from Stripe's page, see to it first that the new one is among them."""
    back = ReturnForm(request.GET)
    if back.is_valid():
        _remember(request, back.cleaned_data["session_id"], replaced_id=request.session.pop(REPLACED, ""))
        return redirect("billing:cards")
    context = {"cards": saved_cards.kept(request.user.pk), "reloads": _reloads(request)}
    return render(request, "billing/cards.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def add(request: BuyersRequest) -> HttpResponse:
    """Ask for consent, then send the caller to Stripe's page; `?replace=` names the card the new one stands in for."""
    form = AddCardForm(request.POST if request.method == "POST" else None)
    replaced = saved_cards.own(request.user.pk, request.GET.get("replace", ""))
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "billing/card_add.html", {"form": form, "replaced": replaced}, status=status)
    try:
        url = saved_cards.open_page(user=request.user, replaced=replaced, ip_address=client_ip(request))
    except tries.TooManyTries as limit:
        return too_many(request, limit)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return unavailable(request, UNAVAILABLE)
    request.session[REPLACED] = replaced.pk if replaced else ""
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def remove(request: BuyersRequest, card_id: str) -> HttpResponse:
    """Ask once more, then have Stripe and us forget the card; 404 when it is not the caller's, or gone."""
    card = get_object_or_404(SavedCard, pk=card_id, user=request.user, removed_at=None)
    if request.method != "POST":
        last = len(saved_cards.kept(request.user.pk)) == 1
        return render(request, "billing/card_remove.html", {"card": card, "stops": last and _reloads(request)})
    try:
        reloads_stopped = saved_cards.remove(card)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return unavailable(request, UNAVAILABLE)
    messages.success(request, f"Your {card} was removed.")
    if reloads_stopped:
        messages.warning(request, "It was your only card, so auto-reload is off now. Nothing is charged by itself.")
    return redirect("billing:cards")


def _reloads(request: BuyersRequest) -> bool:
    return AutoReload.objects.filter(pk=request.user.pk, enabled=True).exists()


def _remember(request: BuyersRequest, session_id: str, *, replaced_id: str) -> None:
    """Keep what was saved on Stripe's page, and say so. When Stripe does not answer, its event brings the card."""
    try:
        card = saved_cards.remember_page_of(request.user.pk, session_id)
    except gateway.StripeUnavailable:
        messages.info(request, "Stripe does not answer at the moment. Your card appears here in a few minutes.")
    except (gateway.StripeRefused, NotOurs):
        logger.warning("card_page_is_not_the_callers", user_id=str(request.user.pk))
    else:
        if card:
            replaced = saved_cards.own(request.user.pk, replaced_id)
            removed = f" Your {replaced} is being removed, which takes a moment." if replaced else ""
            messages.success(request, f"Your {card} is kept.{removed}")
