"""The page of the subscription: what is offered or what runs, the way to Checkout, and the way to the portal."""

from http import HTTPStatus

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billing import catalog, gateway, orders, subscribing, tries
from billing.subscriptions import unlimited_until
from billing.views.request import BuyersRequest, client_ip, too_many, unavailable


class SubscribeForm(forms.Form):
    """A click on Subscribe: which plan, and on which terms the page showed it."""

    plan = forms.SlugField(max_length=50)
    shown = forms.CharField(max_length=100)


@require_safe
@never_cache
def subscription_page(request: BuyersRequest) -> HttpResponse:
    """Show the subscription as Stripe has it now, or the plans. Whoever comes back from Stripe sees the truth."""
    return _page(request, at_once=bool({"session_id", "from"} & set(request.GET)))


@require_POST
@never_cache
def subscribe(request: BuyersRequest) -> HttpResponse:
    """Send the person to Stripe to begin what the page showed. 422 when that is not on offer any more."""
    form = SubscribeForm(request.POST)
    if not form.is_valid():
        return _page(request, problem="Choose one of the plans below.")
    plan, shown, ip_address = form.cleaned_data["plan"], form.cleaned_data["shown"], client_ip(request)
    try:
        begun = subscribing.begin(user=request.user, plan_code=plan, shown_terms=shown, ip_address=ip_address)
    except catalog.NotOnSale:
        return _page(request, problem="That plan is not on sale any more. Nothing was charged.")
    except orders.OfferChanged:
        return _page(request, problem="The offer has just changed. Nothing was charged; look again first.")
    except subscribing.AlreadySubscribed:
        return redirect("billing:subscription")
    except tries.TooManyTries as limit:
        return too_many(request, limit)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return unavailable(request, "billing/subscription_unavailable.html")
    return HttpResponseRedirect(begun.checkout_url, status=HTTPStatus.SEE_OTHER)


@require_POST
@never_cache
def portal(request: BuyersRequest) -> HttpResponse:
    """Send the person to Stripe's own page for card, invoices and cancellation."""
    try:
        url = subscribing.portal_url(request.user)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return unavailable(request, "billing/subscription_unavailable.html")
    if url is None:
        return redirect("billing:subscription")
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)


def _page(request: BuyersRequest, *, at_once: bool = False, problem: str = "") -> HttpResponse:
    subscription, answered = subscribing.look(request.user, at_once=at_once)
    if subscription:
        request.user.refresh_from_db()  # what is held was read with the user, before Stripe was asked
    until = unlimited_until(subscription) if subscription else None
    context = {
        "subscription": subscription,
        "answered": answered,
        "included_until": until,
        "included": until is not None and timezone.now() < until,
        "offers": [(plan, subscribing.wording(plan)) for plan in catalog.plans_on_sale()],
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "billing/subscription.html", context, status=status)
