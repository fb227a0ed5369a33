"""Money that goes back: refunds and disputes as Stripe tells of them, by the payment they are about.

They may be known before their purchase is credited, so they name the payment and not the purchase.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from billing.templatetags.money import money


class Refund(models.Model):
    """A refund, in whole or in part. Its status only ever moves on; see `billing/reversals.py`."""

    class Status(models.TextChoices):
        PENDING = "pending", "On its way"
        REQUIRES_ACTION = "requires_action", "Waits for the buyer"
        SUCCEEDED = "succeeded", "Refunded"
        CANCELED = "canceled", "Canceled"
        FAILED = "failed", "Failed, the money is ours again"

    stripe_refund_id = models.CharField(primary_key=True, max_length=255)
    stripe_payment_intent_id = models.CharField(max_length=255, db_index=True)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=15, choices=Status)
    reason = models.CharField(max_length=300, blank=True, help_text="Ours, or Stripe's.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty when it was made at Stripe.",
    )
    form_key = models.UUIDField(
        null=True, blank=True, editable=False, help_text="One form makes one refund, however often sent."
    )
    created_at = models.DateTimeField(help_text="At Stripe.")
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = [
            CheckConstraint(condition=Q(amount_cents__gte=1), name="refund_amount_positive"),
            UniqueConstraint(fields=["form_key"], name="refund_form_sent_once"),
        ]
        permissions = [("refund_purchase", "Can give money back")]

    def __str__(self) -> str:
        return f"{money(self.amount_cents, self.currency)}, {self.get_status_display().lower()}"

    @property
    def told(self) -> str:
        """What the buyer is told about why; "" when it was made at Stripe, whose words are codes."""
        return self.reason if self.requested_by_id else ""


class Dispute(models.Model):
    """A buyer's bank asks for the money, or (a warning) only asks. Its status only ever moves on."""

    class Status(models.TextChoices):
        WARNING_NEEDS_RESPONSE = "warning_needs_response", "Inquiry: answer it"
        WARNING_UNDER_REVIEW = "warning_under_review", "Inquiry: the bank reads the answer"
        WARNING_CLOSED = "warning_closed", "Inquiry: closed"
        PREVENTED = "prevented", "Prevented"
        NEEDS_RESPONSE = "needs_response", "Opened: answer it"
        UNDER_REVIEW = "under_review", "The bank reads the answer"
        LOST = "lost", "Lost"
        APPEAL_NEEDS_RESPONSE = "appeal_needs_response", "Appeal: answer it"
        APPEAL_UNDER_REVIEW = "appeal_under_review", "Appeal: the bank reads the answer"
        WON = "won", "Won"

    stripe_dispute_id = models.CharField(primary_key=True, max_length=255)
    stripe_payment_intent_id = models.CharField(max_length=255, db_index=True)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=22, choices=Status)
    reason = models.CharField(max_length=100, blank=True, help_text="As the bank gives it.")
    answer_by = models.DateTimeField(null=True, blank=True, help_text="When evidence must be at Stripe.")
    created_at = models.DateTimeField(help_text="At Stripe.")
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{money(self.amount_cents, self.currency)}, {self.get_status_display().lower()}"
