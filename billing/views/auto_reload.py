"""Setting auto-reload up in two steps, switching it off in one, and confirming a payment the bank asks about."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billing import catalog, clock, gateway, outlook, reload_results, saved_cards, standing_order
from billing.models import AutoReload, Purchase, ReloadSkip
from billing.reload_form import AgreementForm, LowBalanceMailForm, ReloadForm, filled_in
from billing.standing_order import Terms
from billing.views.card_form import policy
from billing.views.request import BuyersRequest, client_ip, unavailable
from tokens import notices
from tokens.models import LOW_MARK

RECENT = 10
CHANGED = "What you agree to has just changed. Nothing was saved; please look again."
NO_CARD = "Your last saved card was removed just now. Nothing was saved; add a card first."
NOT_AGREED = "Tick the box if you agree. Nothing was saved."


@require_safe
@never_cache
def auto_reload(request: BuyersRequest) -> HttpResponse:
    """Show whether auto-reload is on, what it did and did not do, and its settings."""
    order = standing_order.of(request.user.pk)
    try:
        form = ReloadForm(initial=filled_in(order))
    except catalog.NotOnSale:
        form = ReloadForm()
    return _settings(request, form, order)


@require_POST
@never_cache
def preview(request: BuyersRequest) -> HttpResponse:
    """Say what the settings cost, what saving them does now, and what they would have done; save nothing."""
    form = ReloadForm(request.POST)
    terms = _terms(form)
    if terms is None:
        return _settings(request, form, standing_order.of(request.user.pk), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _preview(request, form, terms)


@require_POST
@never_cache
def save(request: BuyersRequest) -> HttpResponse:
    """Switch auto-reload on, on the terms that were shown and agreed to; otherwise show them again, saved nothing."""
    form = AgreementForm(request.POST)
    terms = _terms(form)
    if terms is None:
        return preview(request)
    seen = outlook.look(request.user.pk, terms)
    if form.cleaned_data["shown"] != seen.shown or seen.card is None or seen.card.expired:
        return _preview(request, form, terms, problem=CHANGED)
    if not form.cleaned_data["agreed"]:
        return _preview(request, form, terms, problem=NOT_AGREED)
    try:
        standing_order.switch_on(user=request.user, terms=terms, ip_address=client_ip(request))
    except standing_order.NoCard:
        return _preview(request, form, terms, problem=NO_CARD)
    soon = f"{terms.bargain} are bought within two minutes." if seen.charges_soon else "Nothing was charged."
    messages.success(request, f"Auto-reload is on. {soon}")
    return redirect("billing:auto-reload")


@require_POST
@never_cache
def switch_off(request: BuyersRequest) -> HttpResponse:
    """Switch auto-reload off, at once; the second click changes nothing."""
    standing_order.switch_off(request.user.pk)
    messages.success(request, "Auto-reload is off. It stays off until you switch it on again.")
    return redirect("billing:auto-reload")


@require_POST
@never_cache
def choose_low_balance_mail(request: BuyersRequest) -> HttpResponse:
    """Switch mails about a low balance on or off."""
    form = LowBalanceMailForm(request.POST)
    wanted = form.is_valid() and form.cleaned_data["mail"]
    notices.choose(user_id=request.user.pk, mail=wanted)
    messages.success(request, f"Mails about a low balance are {'on' if wanted else 'off'}.")
    return redirect("billing:auto-reload")


@require_safe
@never_cache
def confirm(request: BuyersRequest, purchase_id: UUID) -> HttpResponseBase:
    """Let the buyer confirm a reload that the bank asks them about; one that is decided shows its state instead."""
    reloads = Purchase.objects.filter(user=request.user, way=Purchase.Way.AUTO_RELOAD)
    purchase = get_object_or_404(reloads, pk=purchase_id)
    if purchase.state != Purchase.State.OPEN:
        return redirect("billing:purchase-state", purchase.pk)
    try:
        secret = gateway.client_secret(purchase.stripe_payment_intent_id or "")
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return unavailable(request, "billing/auto_reload_unavailable.html")
    context = {
        "purchase": purchase,
        "card": next(iter(saved_cards.kept(request.user.pk)), None),
        "client_secret": secret,
        "publishable_key": settings.STRIPE_PUBLISHABLE_KEY,
        "stripe_js_url": settings.STRIPE_JS_URL,
    }

    def page(request: HttpRequest) -> HttpResponse:
        return render(request, "billing/auto_reload_confirm.html", context)

    return csp_update(policy())(page)(request)


def _terms(form: ReloadForm) -> Terms | None:
    """Return the terms of a valid form at the price of now, else None with the reason on the form."""
    try:
        return form.terms if form.is_valid() else None
    except catalog.NotOnSale:
        form.add_error(None, "No tokens are on sale at the moment, so none can be reloaded.")
        return None


def _preview(request: BuyersRequest, form: ReloadForm, terms: Terms, *, problem: str = "") -> HttpResponse:
    context = {
        "form": form,
        "outlook": outlook.look(request.user.pk, terms),
        "on": AutoReload.objects.filter(pk=request.user.pk, enabled=True).exists(),
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "billing/auto_reload_preview.html", context, status=status)


def _settings(
    request: BuyersRequest, form: ReloadForm, order: AutoReload | None, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    user_id = request.user.pk
    reloads = Purchase.objects.filter(user=user_id, way=Purchase.Way.AUTO_RELOAD)
    to_confirm = reloads.filter(state=Purchase.State.OPEN).first()
    counted = reload_results.spent_this_month_cents(user_id, clock.now().date())
    context: dict[str, Any] = {
        "form": form,
        "order": order,
        "on": order is not None and order.enabled,
        "terms": order and standing_order.agreed(order),
        "spent_cents": counted - (to_confirm.price_cents if to_confirm else 0),
        "card": next(iter(saved_cards.kept(user_id)), None),
        "reloads": list(reloads[:RECENT]),
        "to_confirm": to_confirm,
        "skips": list(ReloadSkip.objects.filter(user=user_id)[:RECENT]),
        "low_mark": LOW_MARK,
        "mail_form": LowBalanceMailForm(initial={"mail": notices.opted_in(user_id)}),
    }
    return render(request, "billing/auto_reload.html", context, status=status)
