"""Who somebody is at Stripe, which cards they let us keep, and what they agreed to."""

import uuid
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now
from django.utils import timezone


class StripeCustomer(models.Model):
    """Who somebody is at Stripe. The row exists before Stripe is asked, and its id makes the idempotency key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stripe_customer")
    email = models.EmailField(max_length=254, help_text="As sent to Stripe when the customer was made.")
    stripe_customer_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.stripe_customer_id or "not yet at Stripe"


class Consent(models.Model):
    """What somebody agreed to, in the words they read. Never changed, never removed."""

    class Purpose(models.TextChoices):
        SAVE_CARD = "save_card", "Keep the card"
        AUTO_RELOAD = "auto_reload", "Auto-reload"
        SUBSCRIPTION = "subscription", "Subscription"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Purpose)
    wording = models.TextField(help_text="Exactly what was read.")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    agreed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-agreed_at"]
        constraints = [CheckConstraint(condition=~Q(wording=""), name="consent_has_words")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.agreed_at:%Y-%m-%d %H:%M}"


# What people call them; the others only need capitals. https://docs.stripe.com/api/payment_methods/object
_BRANDS = {"amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay", "eftpos_au": "eftpos"}


class SavedCard(models.Model):
    """A card kept at Stripe with its owner's consent; the one added last is the one that is charged."""

    stripe_payment_method_id = models.CharField(primary_key=True, max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_cards")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    brand = models.CharField(max_length=30)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    added_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)
    expiry_noticed_on = models.DateField(
        null=True, blank=True, help_text="First day of the month in which its owner was last told that it expires."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-added_at"]
        indexes = [models.Index(fields=["user", "-added_at"], name="saved_card_kept", condition=Q(removed_at=None))]
        constraints = [
            CheckConstraint(condition=Q(exp_month__gte=1, exp_month__lte=12), name="saved_card_month_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.brand_name} ending in {self.last4}"

    @property
    def brand_name(self) -> str:
        """The brand as people write it."""
        return _BRANDS.get(self.brand) or self.brand.replace("_", " ").title()

    @property
    def expired(self) -> bool:
        """Whether the bank will refuse it: a card is good until the end of its month."""
        return self.months_left < 0

    @property
    def expires_soon(self) -> bool:
        """Whether it should be replaced now: it ends this month or the next."""
        return 0 <= self.months_left <= 1

    @property
    def months_left(self) -> int:
        """How many whole months it is good for after this one; negative once it has expired."""
        today: date = timezone.localdate()
        return (self.exp_year - today.year) * 12 + self.exp_month - today.month
