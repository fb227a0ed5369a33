"""What Stripe told us, stored before anything is done about it."""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now


class StripeEvent(models.Model):
    """One event; the second delivery of it is the same row."""

    class State(models.TextChoices):
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "Not ours to act on"
        FAILED = "failed", "Failed"

    stripe_event_id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=255, blank=True, db_index=True)
    payload = models.JSONField()
    state = models.CharField(max_length=8, choices=State)
    reason = models.TextField(blank=True, help_text="Why it failed or was ignored.")
    attempts = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-received_at"]
        indexes = [models.Index(fields=["state", "-received_at"], name="stripe_event_by_state")]
        constraints = [
            CheckConstraint(
                condition=Q(state="applied", applied_at__isnull=False)
                | (~Q(state="applied") & Q(applied_at__isnull=True)),
                name="stripe_event_applied_has_a_time",
            ),
        ]
        permissions = [("replay_event", "Can replay events")]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_event_id}"
