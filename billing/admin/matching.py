"""Payments that do not match, and how Stripe's side is set up, for staff: to be read, and repaired with one click."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from billing import gateway, health, matching
from billing.admin.readonly import ReadOnly
from billing.matching import mending
from billing.models import Difference, ReconcileRun, StripeCheck
from billing.templatetags.money import money

REPAIR: Final = "billing.repair_difference"
# What each repair needs besides: nobody refunds or gives tokens here who may not elsewhere.
ALSO_NEEDED: Final = {"refund": "billing.refund_purchase", "give": "tokens.adjust_balance"}


def _compare(difference: Difference, **_: Any) -> str:
    return "It still differs." if mending.compare_again(difference) else "It does not differ any more."


ORDERS: Final[dict[str, Callable[..., str]]] = {
    "compare": _compare,
    "refund": mending.refund,
    "give": mending.give,
    "take_over": mending.take_over,
}


@admin.register(Difference)
class DifferenceAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["found_at", "kind", "amount", "detail", "user", "subject", "settled_at"]
    ordering = [F("settled_at").desc(nulls_first=True), "-found_at"]  # the open ones first
    list_filter = [("settled_at", admin.EmptyFieldListFilter), "kind"]
    list_select_related = ["user"]
    search_fields = ["=subject", "user__email__iexact"]
    search_help_text = "Stripe's pi_, re_, du_ or sub_ id, or the whole e-mail address."
    show_full_result_count = False
    change_form_template = "billing/admin/difference.html"

    @admin.display(ordering="amount_cents")
    def amount(self, difference: Difference) -> str:
        known = difference.amount_cents is not None and difference.currency
        return money(difference.amount_cents or 0, difference.currency) if known else "-"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Payments that do not match", **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses behind the buttons."""
        repair, settle = self.admin_site.admin_view(self.repair), self.admin_site.admin_view(self.settle)
        return [
            path("<uuid:difference_id>/repair/", repair, name="billing_difference_repair"),
            path("<uuid:difference_id>/settle/", settle, name="billing_difference_settle"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def repair(self, request: HttpRequest, difference_id: Any) -> HttpResponse:
        """Do one repair of a difference and say what came of it. Logged."""
        order = request.POST.get("order", "")
        if order not in self._offered(request):
            raise PermissionDenied
        difference = get_object_or_404(Difference, pk=difference_id)
        try:
            outcome = ORDERS[order](difference, by=request.user)
        except mending.NotPossible as obstacle:
            self.message_user(request, str(obstacle), messages.WARNING)
        except gateway.StripeUnavailable:
            self.message_user(request, "Stripe does not answer. Try again: nothing is done twice.", messages.WARNING)
        except gateway.StripeRefused as refusal:
            self.message_user(request, f"Stripe refused: {refusal}. Nothing changed.", messages.ERROR)
        else:
            self.log_change(request, difference, f"{order}: {outcome}")
            self.message_user(request, outcome, messages.INFO)
        return redirect(reverse("admin:billing_difference_change", args=[difference.pk]))

    @method_decorator(require_POST)
    def settle(self, request: HttpRequest, difference_id: Any) -> HttpResponse:
        """Mark a difference as settled, with a note that says why. Logged."""
        if not request.user.has_perm(REPAIR):
            raise PermissionDenied
        difference = get_object_or_404(Difference, pk=difference_id)
        note = request.POST.get("note", "").strip()
        if not note:
            self.message_user(request, "Say in a few words why it is settled.", messages.WARNING)
        elif matching.settle(difference, outcome=note, by=request.user):  # type: ignore[arg-type]
            self.log_change(request, difference, f"Settled: {note}")
            self.message_user(request, "Settled. It stays so while the very same is found again.", messages.INFO)
        return redirect(reverse("admin:billing_difference_change", args=[difference.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer what fits, and only to who may do it."""
        difference = self.get_object(request, object_id)
        offered = self._offered(request)
        orders = [order for order in mending.possible(difference) if order in offered] if difference else []
        may_settle = bool(difference and difference.settled_at is None and request.user.has_perm(REPAIR))
        context = {"orders": orders, "may_settle": may_settle, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def _offered(self, request: HttpRequest) -> list[str]:
        if not request.user.has_perm(REPAIR):
            return []
        return [order for order in ORDERS if request.user.has_perm(ALSO_NEEDED.get(order, REPAIR))]


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["started_at", "ended_at", "since", "compared", "repaired", "differing", "failed"]
    show_full_result_count = False


@admin.register(StripeCheck)
class StripeCheckAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["checked_at", "found", "clock_skew_seconds"]
    show_full_result_count = False
    change_list_template = "billing/admin/health.html"

    @admin.display(description="Problems")
    def found(self, check: StripeCheck) -> str:
        return " ".join(check.problems) or "None"

    def get_urls(self) -> list[URLPattern]:
        """Add the address behind "Look now"."""
        return [
            path("look/", self.admin_site.admin_view(self.look), name="billing_stripecheck_look"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what is known now above the looks that were made."""
        context = {"title": "Stripe's health", "facts": health.facts(), "may_look": request.user.has_perm(REPAIR)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @method_decorator(require_POST)
    def look(self, request: HttpRequest) -> HttpResponse:
        """Ask Stripe now how its side is set up."""
        if not request.user.has_perm(REPAIR):
            raise PermissionDenied
        problems = health.look().problems
        self.message_user(request, f"Looked. Problems: {len(problems)}.", messages.INFO)
        return redirect(reverse("admin:billing_stripecheck_changelist"))
