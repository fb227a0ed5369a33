"""The balance, everywhere it is shown, and the statement behind it."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from tokens import balance, statement
from tokens.forms import StatementForm

STOP_POLLING = 286  # htmx's own status: stop the poll that asked


class HtmxRequest(HttpRequest):
    """A request that says whether htmx made it."""

    htmx: HtmxDetails


@require_safe
@never_cache
def statement_page(request: HttpRequest) -> HttpResponse:
    """Show the full balance and one page of movements; `?before=` is the number to start below."""
    form = StatementForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    user = cast(User, request.user)
    context = {
        "balance": balance.read(user),
        "page": statement.page(user.pk, before=before),
        "before": before,
    }
    return render(request, "tokens/statement.html", context)


@login_not_required
@require_safe
@never_cache
def balance_now(request: HtmxRequest) -> HttpResponse:
    """Tell the caller's balance: JSON, or for htmx the fragment; 204 when `shown` is still true.

    Signed out, JSON callers get 401 and htmx gets 286, which ends its poll: a redirect would put the login
    page into the navbar.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=STOP_POLLING) if request.htmx else JsonResponse({"error": "Sign in."}, status=401)
    held = balance.read(request.user)
    if not request.htmx:
        return JsonResponse(
            {
                "balance": held.balance,
                "trial_balance": held.trial_balance,
                "debt": held.debt,
                "total_purchased": held.total_purchased,
                "total_spent": held.total_spent,
                "unlimited_until": held.unlimited_until,
            }
        )
    if request.GET.get("shown") == held.shown:
        return HttpResponse(status=204)
    variant = "full" if request.GET.get("variant") == "full" else "compact"
    return render(request, f"tokens/_balance_{variant}.html", {"balance": held})
