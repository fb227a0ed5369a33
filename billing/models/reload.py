"""Auto-reload: what somebody allowed us to charge by ourselves, and why we did not."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now

from billing.models.person import Consent


class AutoReload(models.Model):
    """One person's standing order. Off until they save it as on; each charge it makes is a Purchase."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="auto_reload"
    )
    enabled = models.BooleanField(default=False, db_default=False)
    threshold = models.PositiveIntegerField(help_text="Reload when the balance falls below so many tokens.")
    amount = models.PositiveIntegerField(help_text="Tokens to buy each time.")
    monthly_cap_cents = models.PositiveIntegerField(help_text="What a calendar month (UTC) may cost at most.")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    failure_count = models.PositiveIntegerField(default=0, db_default=0, help_text="Card declines in a row.")
    last_reload_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is charged before: the bank could not be reached."
    )
    off_because = models.CharField(max_length=200, blank=True, help_text="Why it is off, when it was once on.")
    cap_noticed_on = models.DateField(null=True, blank=True, help_text="First day of the month of the last cap mail.")
    cap_noticed_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(threshold__gte=1, threshold__lte=100), name="auto_reload_threshold_from_1_to_100"
            ),
            CheckConstraint(condition=Q(amount__gte=10, amount__lte=1_000_000), name="auto_reload_amount_at_least_10"),
            CheckConstraint(condition=Q(monthly_cap_cents__gte=1), name="auto_reload_has_a_cap"),
            CheckConstraint(condition=Q(enabled=False) | Q(consent__isnull=False), name="auto_reload_on_needs_consent"),
            CheckConstraint(
                condition=Q(enabled=False) | Q(failure_count__lt=3), name="auto_reload_off_after_three_declines"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} below {self.threshold}, {'on' if self.enabled else 'off'}"


class ReloadSkip(models.Model):
    """Why a reload that was due was not made. One row as long as the reason stays the same."""

    class Reason(models.TextChoices):
        THROTTLED = "throttled", "Less than a minute after the last one"
        DAILY_LIMIT = "daily_limit", "Enough reloads for one day"
        CAP = "cap", "It would pass the monthly cap"
        NO_CARD = "no_card", "No card is saved"
        CARD_EXPIRED = "card_expired", "The saved card has expired"
        IN_FLIGHT = "in_flight", "Another reload is not finished"
        STRIPE_AWAY = "stripe_away", "Stripe did not answer"
        BANK_AWAY = "bank_away", "The bank could not be reached; tried again after an hour"
        OUR_FAULT = "our_fault", "Stripe refused our question"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reload_skips")
    reason = models.CharField(max_length=12, choices=Reason)
    balance = models.PositiveIntegerField(help_text="Tokens at the last time.")
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-last_at"]
        indexes = [models.Index(fields=["user", "-last_at"], name="reload_skip_by_user")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.times})"
