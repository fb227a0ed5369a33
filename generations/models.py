"""Spending: one request for a design, from the click to the picture or the refund.

How a generation ended and how it was paid are held together by the constraints below, so that a picture
without a charge, or a failure without a refund, cannot be written.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from tokens.ledger import Source
from tokens.models import TokenTransaction


class Generation(models.Model):
    """One design. Ends exactly once: succeeded with a picture, or failed with its charge refunded."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being made"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"

    class Area(models.TextChoices):
        FRONT_YARD = "front-yard", "Front yard"
        BACK_YARD = "back-yard", "Back yard"
        WALKWAY = "walkway", "Walkway"
        SIDE_YARD = "side-yard", "Side yard"
        PATIO = "patio", "Patio"

    class Style(models.TextChoices):
        MODERN_MINIMALIST = "modern-minimalist", "Modern Minimalist"
        CALIFORNIA_NATIVE = "california-native", "California Native"
        JAPANESE_ZEN = "japanese-zen", "Japanese Zen"
        ENGLISH_GARDEN = "english-garden", "English Garden"
        DESERT_LANDSCAPE = "desert-landscape", "Desert Landscape"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    form_key = models.UUIDField(help_text="One-time key of the form: the same form sent twice is one generation.")
    area = models.CharField(max_length=20, choices=Area)
    style = models.CharField(max_length=20, choices=Style)
    prompt = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)

    source = models.CharField(max_length=12, choices=Source, help_text="Which right paid.")
    cost = models.PositiveSmallIntegerField(help_text="Tokens or trial credits; 0 when a subscription covers it.")
    charge = models.OneToOneField(
        TokenTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="generation"
    )
    refund = models.OneToOneField(
        TokenTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="refunded_generation"
    )

    job_id = models.BigIntegerField(help_text="The queue's job that makes it.")
    engine = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Leases taken; the last one's fencing token.")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    image = models.FileField(upload_to="generations/", blank=True, max_length=200)
    alt_text = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="How it was made, said honestly.")
    failure = models.CharField(max_length=300, blank=True, help_text="What the user is told.")

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="generation_by_user"),
            models.Index(
                fields=["created_at"], name="generation_unfinished", condition=Q(state__in=["queued", "running"])
            ),
        ]
        constraints = [
            UniqueConstraint(fields=["user", "form_key"], name="generation_form_sent_once"),
            CheckConstraint(
                condition=Q(source="subscription", charge__isnull=True, cost=0)
                | Q(source__in=["trial", "token"], charge__isnull=False, cost__gte=1),
                name="generation_charged_or_covered",
            ),
            CheckConstraint(
                condition=(Q(state="failed") & (Q(charge__isnull=True) | Q(refund__isnull=False)))
                | (~Q(state="failed") & Q(refund__isnull=True)),
                name="generation_refunded_if_and_only_if_failed",
            ),
            CheckConstraint(
                condition=(Q(state="succeeded") & ~Q(image="")) | (~Q(state="succeeded") & Q(image="")),
                name="generation_picture_if_and_only_if_succeeded",
            ),
            CheckConstraint(
                condition=Q(state="running", lease_expires_at__isnull=False)
                | (~Q(state="running") & Q(lease_expires_at__isnull=True)),
                name="generation_lease_if_and_only_if_running",
            ),
            CheckConstraint(
                condition=Q(state__in=["succeeded", "failed"], ended_at__isnull=False)
                | Q(state__in=["queued", "running"], ended_at__isnull=True),
                name="generation_ended_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.state}"

    @property
    def title(self) -> str:
        """What it is, without the prompt: "English Garden, front yard"."""
        return f"{self.get_style_display()}, {self.get_area_display().lower()}"

    @property
    def has_ended(self) -> bool:
        """Whether it has succeeded or failed; it changes no more then."""
        return self.state in (self.State.SUCCEEDED, self.State.FAILED)
