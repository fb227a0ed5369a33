"""Subscriptions, for staff: plans can be edited; what runs can only be read, and asked about at Stripe."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from billing import gateway, subscribing
from billing.admin.offer_form import OfferAdmin
from billing.admin.readonly import ReadOnly
from billing.models import Plan, Subscription
from billing.templatetags.money import money


@admin.register(Plan)
class PlanAdmin(OfferAdmin):
    list_display = ["name", "code", "catalog", "price", "per_day", "position", "on_sale"]


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["created_at", "user", "plan", "price", "state", "period_end", "ends_at", "stripe_subscription_id"]
    list_filter = ["state", "plan"]
    list_select_related = ["user", "plan"]
    search_fields = ["user__email__iexact", "=id", "=stripe_subscription_id", "=stripe_session_id"]
    search_help_text = "The whole e-mail address, our own id, or Stripe's sub_ or cs_ id."
    show_full_result_count = False
    change_form_template = "billing/admin/subscription.html"

    @admin.display(ordering="price_cents")
    def price(self, subscription: Subscription) -> str:
        return money(subscription.price_cents, subscription.currency)

    def get_urls(self) -> list[URLPattern]:
        """Add the address behind "Ask Stripe again"."""
        ask = self.admin_site.admin_view(self.ask_stripe)
        return [path("<uuid:subscription_id>/ask/", ask, name="billing_subscription_ask"), *super().get_urls()]

    @method_decorator(require_POST)
    def ask_stripe(self, request: HttpRequest, subscription_id: Any) -> HttpResponse:
        """Write down what Stripe says one subscription is now, and say what came of it. Logged."""
        if not request.user.has_perm("billing.ask_stripe"):
            raise PermissionDenied
        subscription = get_object_or_404(Subscription.objects.select_related("user"), pk=subscription_id)
        before = subscription.get_state_display()
        try:
            after = subscribing.ask_stripe(subscription).get_state_display()
        except gateway.StripeUnavailable:
            self.message_user(request, "Stripe does not answer. Nothing changed; try again.", messages.WARNING)
        except gateway.StripeRefused as refusal:
            self.message_user(request, f"Stripe refused the question: {refusal}. Nothing changed.", messages.ERROR)
        else:
            self.log_change(request, subscription, f"Asked Stripe again: {before} -> {after}")
            self.message_user(request, f"Stripe answered. Before: {before}. Now: {after}.", messages.INFO)
        return redirect(reverse("admin:billing_subscription_change", args=[subscription.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer the button only to who may press it."""
        context = {"may_ask_stripe": request.user.has_perm("billing.ask_stripe"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)
