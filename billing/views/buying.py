"""Choosing a package, paying for it on Stripe's page, and coming back."""

from http import HTTPStatus
from uuid import UUID

import structlog
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from billing import catalog, checkout, gateway, orders, reconcile, reversals, tries
from billing.forms import CancelForm, CheckoutForm, ReturnForm
from billing.models import Purchase
from billing.views.request import BuyersRequest, client_ip, too_many, unavailable

logger = structlog.get_logger(__name__)

STOP_POLLING = 286  # htmx's own status: swap, then stop the poll that asked
RECENT = 10


@require_safe
@never_cache
def purchase_page(request: BuyersRequest) -> HttpResponse:
    """Show the packages and the buyer's recent purchases; only the packages, for a dialog, on `?dialog=1`."""
    if request.htmx and "dialog" in request.GET:
        return render(request, "billing/_purchase_dialog.html")
    return _packages(request)


@require_POST
@never_cache
def start_checkout(request: BuyersRequest) -> HttpResponse:
    """Send the buyer to Stripe with a purchase of what the page showed. 422 when that is not on offer any more."""
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return _packages(request, problem="Choose one of the packages below.", status=422)
    try:
        purchase = checkout.open_purchase(user=request.user, ip_address=client_ip(request), **form.cleaned_data)
    except catalog.NotOnSale:
        problem = "That package is not on sale any more. Nothing was charged; choose another one."
        return _packages(request, problem=problem, status=422)
    except orders.OfferChanged:
        problem = "The offer has just changed. Nothing was charged; look again before you buy."
        return _packages(request, problem=problem, status=422)
    except tries.TooManyTries as limit:
        return too_many(request, limit)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return unavailable(request, "billing/checkout_unavailable.html")
    if request.htmx:
        return HttpResponseClientRedirect(purchase.checkout_url)
    return HttpResponseRedirect(purchase.checkout_url, status=HTTPStatus.SEE_OTHER)


@require_safe
@never_cache
def success(request: BuyersRequest) -> HttpResponse:
    """Say what became of the purchase that Stripe sends its buyer back from. The address proves nothing."""
    form = ReturnForm(request.GET)
    if not form.is_valid():
        raise Http404
    purchase = get_object_or_404(Purchase, user=request.user, stripe_session_id=form.cleaned_data["session_id"])
    return _state(request, purchase)


@require_safe
@never_cache
def purchase_state(request: BuyersRequest, purchase_id: UUID) -> HttpResponse:
    """Say what became of one of the buyer's purchases, whichever way it is paid."""
    return _state(request, get_object_or_404(Purchase, pk=purchase_id, user=request.user))


@require_safe
@never_cache
def cancel(request: BuyersRequest) -> HttpResponse:
    """Say that nothing was charged; or, when it was after all, what became of it."""
    form = CancelForm(request.GET)
    purchase = (
        Purchase.objects.filter(pk=form.cleaned_data["purchase"], user=request.user).first()
        if form.is_valid()
        else None
    )
    if purchase and purchase.state in {Purchase.State.PAID, Purchase.State.PROCESSING}:
        return redirect(purchase)
    return render(request, "billing/purchase_cancel.html", {"purchase": purchase})


@require_safe
@never_cache
def receipt(request: BuyersRequest, purchase_id: UUID) -> HttpResponse:
    """Send the buyer to Stripe's receipt of a paid purchase; 404 when there is none."""
    purchase = get_object_or_404(Purchase, pk=purchase_id, user=request.user, state=Purchase.State.PAID)
    try:
        url = gateway.receipt_url(purchase.stripe_payment_intent_id or "")
    except gateway.StripeUnavailable:
        return unavailable(request, "billing/receipt_unavailable.html")
    except gateway.StripeRefused as refusal:
        raise Http404 from refusal
    if url is None:
        raise Http404
    return HttpResponseRedirect(url)


def _state(request: BuyersRequest, purchase: Purchase) -> HttpResponse:
    """Ask Stripe unless it is paid, credit if Stripe has the money, and show the state.

    A polling page gets 204 while nothing changed, and its last answer with 286.
    """
    purchase, answered = _asked(request, purchase)
    context = {"purchase": purchase, "answered": answered, "waiting": not purchase.decided}
    if purchase.money_back_cents:
        context |= {
            "back": reversals.money_back(purchase),
            "refunds": reversals.refunds_of(purchase),
            "under_dispute": reversals.under_dispute(purchase),
        }
    if not request.htmx:
        return render(request, "billing/purchase_success.html", context)
    if request.GET.get("shown") == purchase.state:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    status = HTTPStatus.OK if context["waiting"] else STOP_POLLING
    response = render(request, "billing/_purchase_state.html", context, status=status)
    return trigger_client_event(response, "balance-changed") if purchase.state == Purchase.State.PAID else response


def _asked(request: BuyersRequest, purchase: Purchase) -> tuple[Purchase, bool]:
    """Return the purchase after asking Stripe about it, and whether Stripe answered.

    A poll does not ask about a bank that may take days: the webhook will tell.
    """
    if request.htmx and purchase.state == Purchase.State.PROCESSING:
        return purchase, True
    before = purchase.state
    try:
        purchase = reconcile.ask_stripe(purchase)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return purchase, False
    if purchase.state != before:
        request.user.refresh_from_db()  # the balance was read with the user, before the credit
    return purchase, True


def _packages(request: BuyersRequest, *, problem: str = "", status: int = HTTPStatus.OK) -> HttpResponse:
    bought = Purchase.objects.filter(user=request.user).exclude(state=Purchase.State.CREATED)
    purchases = reversals.marked(bought)[:RECENT]
    return render(request, "billing/purchase.html", {"purchases": purchases, "problem": problem}, status=status)
