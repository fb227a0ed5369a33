"""What Stripe told us, for staff: to be read, and to be applied again."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from billing import inbox
from billing.admin.readonly import ReadOnly
from billing.models import StripeEvent


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["received_at", "type", "state", "attempts", "object_id", "stripe_event_id"]
    list_filter = ["state", "type"]
    search_fields = ["=stripe_event_id", "=object_id"]
    search_help_text = "Stripe's evt_ id, or the cs_ or pi_ id it is about."
    show_full_result_count = False
    change_form_template = "billing/admin/event.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StripeEvent]:
        """Leave the payload out of lists: it is long."""
        found = super().get_queryset(request)
        listed = bool(request.resolver_match and request.resolver_match.url_name == "billing_stripeevent_changelist")
        return found.defer("payload") if listed else found

    def get_urls(self) -> list[URLPattern]:
        """Add the address behind "Replay"."""
        replay = self.admin_site.admin_view(self.replay)
        return [path("<str:event_id>/replay/", replay, name="billing_stripeevent_replay"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StripeEvent], search_term: str
    ) -> tuple[QuerySet[StripeEvent], bool]:
        """Look for a payment inside the payloads; for anything else, in the ids."""
        if search_term.startswith("pi_"):
            return queryset.filter(payload__data__object__payment_intent=search_term), False
        return super().get_search_results(request, queryset, search_term)

    @method_decorator(require_POST)
    def replay(self, request: HttpRequest, event_id: str) -> HttpResponse:
        """Apply one kept event again and say what came of it. Logged."""
        if not request.user.has_perm("billing.replay_event"):
            raise PermissionDenied
        event = get_object_or_404(StripeEvent, pk=event_id)
        try:
            outcome = str(inbox.replay(event.pk))
        except inbox.EffectFailed as failure:
            outcome = f"failed again ({type(failure.__cause__).__name__})"
        self.log_change(request, event, f"Replayed: {outcome}")
        self.message_user(request, f"Replayed: {outcome}.", messages.INFO)
        return redirect(reverse("admin:billing_stripeevent_change", args=[quote(event.pk)]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer the button only to who may press it."""
        context = {"may_replay": request.user.has_perm("billing.replay_event"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)
