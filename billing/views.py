"""Buying, coming back from Stripe, and where Stripe's events arrive."""

from http import HTTPStatus
from uuid import UUID

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from billing import catalog, checkout, envelope, gateway, inbox, reconcile
from billing.forms import CancelForm, CheckoutForm, ReturnForm
from billing.models import Purchase

logger = structlog.get_logger(__name__)

STOP_POLLING = 286  # htmx's own status: swap, then stop the poll that asked
RECENT = 10


class BuyersRequest(HttpRequest):
    """A request of somebody signed in, perhaps made by htmx."""

    user: User
    htmx: HtmxDetails


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
        purchase = checkout.open_purchase(user=request.user, **form.cleaned_data)
    except catalog.NotOnSale:
        problem = "That package is not on sale any more. Nothing was charged; choose another one."
        return _packages(request, problem=problem, status=422)
    except checkout.OfferChanged:
        problem = "The offer has just changed. Nothing was charged; look again before you buy."
        return _packages(request, problem=problem, status=422)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return _unavailable(request, "billing/checkout_unavailable.html")
    if request.htmx:
        return HttpResponseClientRedirect(purchase.checkout_url)
    return HttpResponseRedirect(purchase.checkout_url, status=HTTPStatus.SEE_OTHER)


@require_safe
@never_cache
def success(request: BuyersRequest) -> HttpResponse:
    """Say what became of the purchase that Stripe sends its buyer back from. The address proves nothing.

    Asks Stripe unless it is paid, and credits if Stripe has the money. A polling page gets 204 while nothing
    changed, and its last answer with 286.
    """
    form = ReturnForm(request.GET)
    if not form.is_valid():
        raise Http404
    purchase = get_object_or_404(Purchase, user=request.user, stripe_session_id=form.cleaned_data["session_id"])
    purchase, answered = _asked(request, purchase)
    context = {"purchase": purchase, "answered": answered, "waiting": not purchase.decided}
    if not request.htmx:
        return render(request, "billing/purchase_success.html", context)
    if form.cleaned_data["shown"] == purchase.state:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    status = HTTPStatus.OK if context["waiting"] else STOP_POLLING
    response = render(request, "billing/_purchase_state.html", context, status=status)
    return trigger_client_event(response, "balance-changed") if purchase.state == Purchase.State.PAID else response


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
        return _unavailable(request, "billing/receipt_unavailable.html")
    except gateway.StripeRefused as refusal:
        raise Http404 from refusal
    if url is None:
        raise Http404
    return HttpResponseRedirect(url)


@csrf_exempt
@login_not_required
@require_POST
@never_cache
def webhook(request: HttpRequest) -> HttpResponse:
    """Take one event from Stripe. 200 only when its effect is committed, or there is none to have.

    400 when it is not a genuine event for this shop, 500 when its effect failed; a lock or a database that
    cannot be had is a 503. Stripe delivers again after anything but 200.
    """
    try:
        outcome = inbox.receive(request.body, request.headers.get("Stripe-Signature", ""))
    except (gateway.BadSignature, envelope.BadPayload, gateway.WrongMode) as refusal:
        logger.warning("stripe_event_refused", reason=type(refusal).__name__)
        return HttpResponse("refused\n", status=400, content_type="text/plain")
    except inbox.EffectFailed:
        return HttpResponse("failed\n", status=500, content_type="text/plain")
    return HttpResponse(f"{outcome}\n", content_type="text/plain")


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
    purchases = Purchase.objects.filter(user=request.user).exclude(state=Purchase.State.CREATED)[:RECENT]
    return render(request, "billing/purchase.html", {"purchases": purchases, "problem": problem}, status=status)


def _unavailable(request: BuyersRequest, template: str) -> HttpResponse:
    response = render(request, template, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = "30"
    return response
