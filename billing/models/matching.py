"""What reconciliation did and found: its runs, what does not match, and how Stripe's side is set up."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.db.models.functions import Now


class ReconcileRun(models.Model):
    """One walk through Stripe's recent payments, refunds, disputes and subscriptions."""

    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Empty when it did not come to its end.")
    since = models.DateTimeField(help_text="Everything younger at Stripe was compared.")
    compared = models.PositiveIntegerField(default=0)
    repaired = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "reconciliation"
        ordering: ClassVar[list[str]] = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.compared} compared, {self.repaired} repaired, {self.differing} differ, {self.failed} failed"


class Difference(models.Model):
    """Something that does not match and was not safe to repair alone. Open until staff or a later run settle it."""

    class Kind(models.TextChoices):
        PAYMENT_WITHOUT_PURCHASE = "payment_without_purchase", "A payment at Stripe without a purchase here"
        PAYMENT_NOT_CREDITED = "payment_not_credited", "A payment that was not credited"
        CREDIT_WITHOUT_PAYMENT = "credit_without_payment", "A credit without a payment at Stripe"
        AMOUNT_DIFFERS = "amount_differs", "Another amount at Stripe than here"
        PAID_TWICE = "paid_twice", "One purchase paid twice"
        MONEY_BACK_DIFFERS = "money_back_differs", "Money went back that the tokens do not show"
        SUBSCRIPTION_UNKNOWN = "subscription_unknown", "A subscription at Stripe without one here"
        SUBSCRIPTION_DIFFERS = "subscription_differs", "A subscription in another state at Stripe"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=24, choices=Kind)
    subject = models.CharField(max_length=255, help_text="Stripe's pi_, re_, du_ or sub_ id, or our own.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    purchase = models.ForeignKey(
        "billing.Purchase", on_delete=models.PROTECT, null=True, blank=True, related_name="differences"
    )
    amount_cents = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    detail = models.CharField(max_length=500)
    found_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    stays_settled = models.BooleanField(
        default=False, db_default=False, help_text="The very same is not listed again, though it is still found."
    )
    repair_begun_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Whoever began keeps others from it for a few minutes."
    )
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "payment that does not match"
        verbose_name_plural = "payments that do not match"
        ordering: ClassVar[list[str]] = ["-found_at"]
        constraints = [
            UniqueConstraint(
                fields=["kind", "subject"], condition=Q(settled_at__isnull=True), name="difference_listed_once"
            ),
        ]
        permissions = [("repair_difference", "Can repair payments that do not match")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class StripeCheck(models.Model):
    """One look at how Stripe's side is set up; the newest one is shown to staff and on /readyz."""

    checked_at = models.DateTimeField(db_default=Now())
    problems = models.JSONField(default=list, help_text="One sentence each; none is good.")
    clock_skew_seconds = models.FloatField(null=True, blank=True, help_text="Our clock less Stripe's.")

    class Meta:
        verbose_name = "look at Stripe"
        verbose_name_plural = "looks at Stripe (webhook health)"
        ordering: ClassVar[list[str]] = ["-checked_at"]

    def __str__(self) -> str:
        return f"{len(self.problems)} problems"
