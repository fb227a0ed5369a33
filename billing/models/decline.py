"""Declined attempts to pay, counted to stop people who try stolen cards."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from billing.models.purchase import Purchase


class DeclinedAttempt(models.Model):
    """One charge the bank refused while its buyer was there; however often Stripe tells of it, it is one row."""

    stripe_charge_id = models.CharField(primary_key=True, max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="declined_attempts")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="declined_attempts")
    declined_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-declined_at"]
        indexes = [models.Index(fields=["user", "-declined_at"], name="declined_attempt_by_user")]

    def __str__(self) -> str:
        return self.stripe_charge_id
