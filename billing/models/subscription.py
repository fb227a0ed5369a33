"""A subscription: generations cost nothing while it runs. Stripe's present state, written down."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from billing.models.offer import Plan
from billing.models.person import Consent


class Subscription(models.Model):
    """One person's subscription, from the click on; at most one of theirs is alive."""

    class State(models.TextChoices):
        CREATED = "created", "Not yet at Stripe"
        OPEN = "open", "Waiting for payment"
        INCOMPLETE = "incomplete", "The first payment is not through"
        ACTIVE = "active", "Active"
        PAST_DUE = "past_due", "Payment failed, being tried again"
        UNPAID = "unpaid", "Unpaid"
        PAUSED = "paused", "Paused"
        CANCELED = "canceled", "Ended"
        EXPIRED = "expired", "Never begun"
        FAILED = "failed", "Could not be opened"

    LIVE = (State.CREATED, State.OPEN, State.INCOMPLETE, State.ACTIVE, State.PAST_DUE, State.UNPAID, State.PAUSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    price_cents = models.PositiveIntegerField(help_text="A month, as shown at the click.")
    currency = models.CharField(max_length=3)
    per_day = models.PositiveIntegerField(help_text="Fair use, as shown at the click.")
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    state_reason = models.CharField(max_length=300, blank=True)
    stripe_session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    stripe_subscription_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    checkout_url = models.TextField(blank=True)
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)
    paid_until = models.DateTimeField(
        null=True, blank=True, help_text="End of the last period whose invoice is paid, as far as Stripe has said."
    )
    ends_at = models.DateTimeField(null=True, blank=True, help_text="When it will end, once it is canceled.")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(help_text="When its Checkout page closes.")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When Stripe was last asked about it, by PostgreSQL's clock."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes = [models.Index(fields=["user", "-created_at"], name="subscription_by_user")]
        constraints = [
            UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=["created", "open", "incomplete", "active", "past_due", "unpaid", "paused"]),
                name="subscription_one_alive_per_person",
            ),
            CheckConstraint(
                condition=~Q(state__in=["active", "past_due"])
                | Q(stripe_subscription_id__isnull=False, period_end__isnull=False),
                name="subscription_running_has_a_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}, {self.state}"

    @property
    def alive(self) -> bool:
        """Whether it keeps its owner from beginning another one."""
        return self.state in self.LIVE
