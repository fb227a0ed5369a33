"""Payments that do not match, and how Stripe's side is set up, for staff: to be read, and repaired.

What moves money or tokens shows on a page of its own what it will do, before it is done.
"""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from billing import gateway, health, matching
from billing.admin.readonly import ReadOnly
from billing.matching import foresight, mending
from billing.models import Difference, ReconcileRun, StripeCheck
from billing.templatetags.money import money
from tokens.plain_text import require_plain_text

REPAIR: Final = "billing.repair_difference"
# What each repair needs besides: nobody refunds or gives tokens here who may not elsewhere.
ALSO_NEEDED: Final = {"refund": "billing.refund_purchase", "give": "tokens.adjust_balance"}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        min_length=5,
        max_length=300,
        validators=[require_plain_text],
        help_text="At least five characters. It is kept in the history of this difference.",
        widget=forms.TextInput(attrs={"size": 80}),
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        max_length=300,
        validators=[require_plain_text],
        error_messages={"required": "Say in a few words why it is settled."},
    )


# What is asked once more before it is done: its title, what it will do, and what has to be told with it.
ASKED: Final[dict[str, tuple[str, Callable[[Difference], foresight.Lines], type[forms.Form]]]] = {
    "refund": ("Refund this payment", foresight.of_refund, ReasonForm),
    "give": ("Give the tokens", foresight.of_giving, forms.Form),
}


def _compare(difference: Difference, **_: Any) -> str:
    return "It still differs." if mending.compare_again(difference) else "It does not differ any more."


ORDERS: Final[dict[str, Callable[..., str]]] = {
    "compare": _compare,
    "refund": mending.refund,
    "give": mending.give,
    "take_over": mending.take_over,
}


class SettledFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("settled", "Settled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Difference]) -> QuerySet[Difference]:
        wanted = self.value()
        return queryset.filter(settled_at__isnull=wanted == "open") if wanted else queryset


@admin.register(Difference)
class DifferenceAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["found_at", "kind", "amount", "detail", "user", "subject", "settled"]
    ordering = [F("settled_at").desc(nulls_first=True), "-found_at"]  # the open ones first
    list_filter = [SettledFilter, "kind"]
    list_select_related = ["user"]
    search_fields = ["=subject", "user__email__iexact"]
    search_help_text = "Stripe's pi_, re_, du_ or sub_ id, or the whole e-mail address."
    show_full_result_count = False
    change_form_template = "billing/admin/difference.html"

    @admin.display(ordering="amount_cents")
    def amount(self, difference: Difference) -> str:
        known = difference.amount_cents is not None and difference.currency
        return money(difference.amount_cents or 0, difference.currency) if known else "-"

    @admin.display(boolean=True, ordering="settled_at")
    def settled(self, difference: Difference) -> bool:
        return difference.settled_at is not None

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
        """Do one repair of a difference, asked once more if it moves anything, and say what came of it. Logged."""
        order = request.POST.get("order", "")
        if order not in self._offered(request):
            raise PermissionDenied
        difference = get_object_or_404(Difference, pk=difference_id)
        try:
            answered = self._answered(request, order)
            if answered is None or not answered.is_valid():
                return self._ask(request, difference, order, answered)
            outcome = ORDERS[order](difference, by=request.user)
        except mending.NotPossible as obstacle:
            self.message_user(request, str(obstacle), messages.WARNING)
        except gateway.StripeUnavailable:
            self.message_user(request, "Stripe does not answer. Try again: nothing is done twice.", messages.WARNING)
        except gateway.StripeRefused as refusal:
            self.message_user(request, f"Stripe refused: {refusal}. Nothing changed.", messages.ERROR)
        else:
            reason = answered.cleaned_data.get("reason", "")
            self.log_change(request, difference, f"{order}: {outcome} {reason}".strip())
            self.message_user(request, outcome, messages.INFO)
        return redirect(reverse("admin:billing_difference_change", args=[difference.pk]))

    def _answered(self, request: HttpRequest, order: str) -> forms.Form | None:
        """Return what was told with an order; None for one that has to be asked about first."""
        if order not in ASKED:
            return forms.Form(request.POST)
        return ASKED[order][2](request.POST) if "confirm" in request.POST else None

    def _ask(
        self, request: HttpRequest, difference: Difference, order: str, answered: forms.Form | None
    ) -> HttpResponse:
        title, foresee, form_class = ASKED[order]
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "difference": difference,
            "order": order,
            "lines": foresee(difference),
            "form": answered or form_class(),
        }
        return render(request, "billing/admin/repair.html", context, status=422 if answered else 200)

    @method_decorator(require_POST)
    def settle(self, request: HttpRequest, difference_id: Any) -> HttpResponse:
        """Mark a difference as settled, with a note that says why. Logged."""
        if not request.user.has_perm(REPAIR):
            raise PermissionDenied
        difference = get_object_or_404(Difference, pk=difference_id)
        form = NoteForm(request.POST)
        if not form.is_valid():
            self.message_user(request, str(form.errors["note"][0]), messages.WARNING)
        elif matching.settle(difference, outcome=form.cleaned_data["note"], by=request.user):  # type: ignore[arg-type]
            self.log_change(request, difference, f"Settled: {form.cleaned_data['note']}")
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
