"""The page with the card form, and what a page needs that loads Stripe.js: no other may load anything of theirs."""

from typing import Any, Final, cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing import catalog, tries
from billing.views.request import BuyersRequest, too_many

# https://docs.stripe.com/security/guide#content-security-policy
_STRIPES_POLICY: Final = {
    "script-src": ["https://js.stripe.com", "https://*.js.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
    "connect-src": ["https://api.stripe.com"],
}


@require_safe
@never_cache
def card_form(request: BuyersRequest, code: str) -> HttpResponse:
    """Show the form that pays for a package by card; 404 when that is not on sale.

    After too many declines say when it may be used again, instead of letting somebody fill it in for nothing.
    """
    try:
        package = catalog.package_on_sale(code)
    except catalog.NotOnSale as absent:
        raise Http404 from absent
    try:
        tries.check_declines(request.user.pk)
    except tries.TooManyTries as limit:
        return too_many(request, limit)
    return with_stripe_js(request, "billing/card.html", {"package": package})


def with_stripe_js(request: BuyersRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page that may load Stripe.js; it is told `stripe_js_url` and `publishable_key` as well."""

    @csp_update(policy())
    def page(request: HttpRequest) -> HttpResponseBase:
        keys = {"publishable_key": settings.STRIPE_PUBLISHABLE_KEY, "stripe_js_url": settings.STRIPE_JS_URL}
        return render(request, template, {**context, **keys})

    return cast(HttpResponse, page(request))


def policy() -> dict[str, list[str]]:
    """Return what a page with Stripe.js may load besides our own: from Stripe, or from where its stand-in is served."""
    script = urlsplit(settings.STRIPE_JS_URL)
    if script.hostname == "js.stripe.com":
        return _STRIPES_POLICY
    stand_in = f"{script.scheme}://{script.netloc}"
    return {"script-src": [stand_in], "frame-src": [stand_in], "connect-src": [stand_in]}
