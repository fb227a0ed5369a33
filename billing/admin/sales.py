"""Selling, for staff: packages can be edited; what was bought can only be read."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from billing import gateway, reconcile
from billing.admin.offer_form import OfferAdmin
from billing.admin.readonly import ReadOnly
from billing.admin.refund_form import refund_page
from billing.models import Purchase, StripeCustomer, TokenPackage
from billing.templatetags.money import money


@admin.register(TokenPackage)
class TokenPackageAdmin(OfferAdmin):
    list_display = ["name", "code", "catalog", "tokens", "price", "badge", "position", "on_sale"]


@admin.register(StripeCustomer)
class StripeCustomerAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "stripe_customer_id", "created_at"]
    list_select_related = ["user"]
    search_fields = ["=user__email", "=stripe_customer_id"]
    search_help_text = "The whole e-mail address, or Stripe's customer id."
    show_full_result_count = False


@admin.register(Purchase)
class PurchaseAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["created_at", "user", "tokens", "price", "state", "went_back", "stripe_payment_intent_id"]
    list_filter = ["state"]
    list_select_related = ["user"]
    search_fields = ["user__email__iexact", "=id", "=stripe_session_id", "=stripe_payment_intent_id"]
    search_help_text = "The whole e-mail address, our purchase id, or Stripe's cs_ or pi_ id."
    show_full_result_count = False
    view_on_site = False  # its page is the buyer's own
    change_form_template = "billing/admin/purchase.html"

    @admin.display(ordering="price_cents")
    def price(self, purchase: Purchase) -> str:
        return money(purchase.price_cents, purchase.currency)

    @admin.display(description="Went back", ordering="money_back_cents")
    def went_back(self, purchase: Purchase) -> str:
        return money(purchase.money_back_cents, purchase.currency) if purchase.money_back_cents else "-"

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses behind "Ask Stripe again" and "Refund"."""
        ask = self.admin_site.admin_view(self.ask_stripe)
        refund = self.admin_site.admin_view(partial(refund_page, self.admin_site))
        return [
            path("<uuid:purchase_id>/ask/", ask, name="billing_purchase_ask"),
            path("<uuid:purchase_id>/refund/", refund, name="billing_purchase_refund"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def ask_stripe(self, request: HttpRequest, purchase_id: Any) -> HttpResponse:
        """Settle one purchase with what Stripe says now, and say what came of it. Logged."""
        if not request.user.has_perm("billing.ask_stripe"):
            raise PermissionDenied
        purchase = get_object_or_404(Purchase, pk=purchase_id)
        before = purchase.get_state_display()
        try:
            after = reconcile.ask_stripe(purchase).get_state_display()
        except gateway.StripeUnavailable:
            self.message_user(request, "Stripe does not answer. Nothing changed; try again.", messages.WARNING)
        except gateway.StripeRefused as refusal:
            self.message_user(request, f"Stripe refused the question: {refusal}. Nothing changed.", messages.ERROR)
        else:
            self.log_change(request, purchase, f"Asked Stripe again: {before} -> {after}")
            self.message_user(request, f"Stripe answered. Before: {before}. Now: {after}.", messages.INFO)
        return redirect(reverse("admin:billing_purchase_change", args=[purchase.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer each button only to who may press it."""
        context = {
            "may_ask_stripe": request.user.has_perm("billing.ask_stripe"),
            "may_refund": request.user.has_perm("billing.refund_purchase"),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)
