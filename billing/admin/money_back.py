"""Refunds and disputes, for staff: to be read, and a dispute's receipts to be sent to the bank."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse

from billing import evidence
from billing.admin.readonly import ReadOnly
from billing.models import Dispute, Purchase, Refund
from billing.templatetags.money import money

_TO_ANSWER = ["needs_response", "appeal_needs_response", "warning_needs_response"]


class MoneyBackAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists the buyer beside the payment, which may not be of ours."""

    list_filter = ["status"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Find each buyer in the same query."""
        purchases = Purchase.objects.filter(stripe_payment_intent_id=OuterRef("stripe_payment_intent_id"))
        rows: QuerySet[Any] = super().get_queryset(request)
        with_buyer: QuerySet[Any] = rows.annotate(buyer_email=Subquery(purchases.values("user__email")[:1]))
        return with_buyer

    @admin.display(description="Buyer")
    def buyer(self, row: Any) -> str:
        return row.buyer_email or "no purchase of ours"

    @admin.display(ordering="amount_cents")
    def amount(self, row: Refund | Dispute) -> str:
        return money(row.amount_cents, row.currency)


@admin.register(Refund)
class RefundAdmin(MoneyBackAdmin):
    list_display = ["created_at", "buyer", "amount", "status", "reason", "requested_by", "stripe_payment_intent_id"]
    list_select_related = ["requested_by"]
    search_fields = ["=stripe_refund_id", "=stripe_payment_intent_id"]
    search_help_text = "Stripe's whole re_ or pi_ id."


@admin.register(Dispute)
class DisputeAdmin(MoneyBackAdmin):
    list_display = ["created_at", "answer_due", "buyer", "amount", "status", "reason", "stripe_payment_intent_id"]
    search_fields = ["=stripe_dispute_id", "=stripe_payment_intent_id"]
    search_help_text = "Stripe's whole du_ or pi_ id."
    change_form_template = "billing/admin/dispute.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Put first what has to be answered first."""
        due = Case(When(status__in=_TO_ANSWER, then=F("answer_by")))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(due=due)
        return rows.order_by(F("due").asc(nulls_last=True), "-created_at")

    @admin.display(description="Answer by", ordering="due")
    def answer_due(self, dispute: Any) -> Any:
        return dispute.due

    def get_urls(self) -> list[URLPattern]:
        """Add the receipts, as a page to be printed and as a text to be sent."""
        page, text = self.admin_site.admin_view(self.evidence_page), self.admin_site.admin_view(self.evidence_text)
        return [
            path("<str:dispute_id>/evidence/", page, name="billing_dispute_evidence"),
            path("<str:dispute_id>/evidence.txt", text, name="billing_dispute_evidence_text"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the purchase that the dispute is about."""
        dispute = self.get_object(request, unquote(object_id))
        payment = dispute.stripe_payment_intent_id if dispute else ""
        purchase = Purchase.objects.filter(stripe_payment_intent_id=payment).first()
        return super().change_view(request, object_id, form_url, {"purchase": purchase, **(extra_context or {})})

    def evidence_page(self, request: HttpRequest, dispute_id: str) -> HttpResponse:
        """Show everything we can tell the bank."""
        dispute = self._visible(request, dispute_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Evidence",
            "opts": self.opts,
            "dispute": dispute,
            "dispute_url": reverse("admin:billing_dispute_change", args=[quote(dispute.pk)]),
            "text_url": reverse("admin:billing_dispute_evidence_text", args=[dispute.pk]),
            "evidence": evidence.collect(dispute),
        }
        return render(request, "billing/admin/evidence.html", context)

    def evidence_text(self, request: HttpRequest, dispute_id: str) -> HttpResponse:
        """Send the same as a file; 404 when there is nothing to tell."""
        collected = evidence.collect(self._visible(request, dispute_id))
        if collected is None:
            raise Http404
        name = f'attachment; filename="evidence-{collected.purchase.pk}.txt"'
        text = evidence.as_text(collected, settings.SITE_NAME)
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})

    def _visible(self, request: HttpRequest, dispute_id: str) -> Dispute:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Dispute, pk=dispute_id)
