"""Selling: what is on offer, what somebody bought, and what Stripe told us.

`Purchase` points down at its TokenTransaction; the books know nothing of either.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now
from django.urls import reverse

from tokens.models import TokenTransaction


class TokenPackage(models.Model):
    """Something on offer. Staff may edit it at any time: a buyer pays what the Purchase remembers."""

    code = models.SlugField(primary_key=True, max_length=50)
    catalog = models.CharField(max_length=20, help_text="Shown while CATALOG has this value.")
    name = models.CharField(max_length=80)
    tokens = models.PositiveIntegerField(help_text="1 to 1,000,000.")
    price_cents = models.PositiveIntegerField(help_text="In the smallest unit of the currency: 50 to 99,999,999.")
    currency = models.CharField(max_length=3, default="usd", help_text="Three small letters, as Stripe writes it.")
    badge = models.CharField(max_length=40, blank=True, help_text="For example: Most Popular.")
    position = models.PositiveSmallIntegerField(default=0)
    on_sale = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["catalog", "position", "code"]
        constraints = [
            CheckConstraint(
                condition=Q(tokens__gte=1),
                name="token_package_tokens_positive",
                violation_error_message="A package has at least 1 token.",
            ),
            CheckConstraint(
                condition=Q(tokens__lte=1_000_000),
                name="token_package_tokens_at_most_a_million",
                violation_error_message="A package has at most 1,000,000 tokens.",
            ),
            # Stripe's limits: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
            CheckConstraint(
                condition=Q(price_cents__gte=50),
                name="token_package_price_at_least_50_cents",
                violation_error_message="A price is at least 50 cents.",
            ),
            CheckConstraint(
                condition=Q(price_cents__lte=99_999_999),
                name="token_package_price_at_most_eight_digits",
                violation_error_message="A price is at most 99,999,999 cents: Stripe takes no more digits.",
            ),
            CheckConstraint(
                condition=Q(currency__regex=r"^[a-z]{3}$"),
                name="token_package_currency_is_a_code",
                violation_error_message="A currency is three small letters, for example usd.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> str:
        """What a buyer is shown, in one word; a click sends it back, so that nobody buys what they did not see."""
        return f"{self.tokens}-{self.price_cents}-{self.currency}"


class StripeCustomer(models.Model):
    """Who somebody is at Stripe. The row exists before Stripe is asked, and its id makes the idempotency key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stripe_customer")
    email = models.EmailField(max_length=254, help_text="As sent to Stripe when the customer was made.")
    stripe_customer_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.stripe_customer_id or "not yet at Stripe"


class Purchase(models.Model):
    """One sale: what was shown at the click, and what became of it."""

    class State(models.TextChoices):
        CREATED = "created", "Not yet at Stripe"
        OPEN = "open", "Waiting for payment"
        PROCESSING = "processing", "The bank is confirming"
        PAID = "paid", "Paid"
        FAILED = "failed", "Payment failed"
        EXPIRED = "expired", "Expired"
        MISMATCHED = "mismatched", "Needs a look"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchases")
    package = models.ForeignKey(TokenPackage, on_delete=models.PROTECT, related_name="purchases")
    tokens = models.PositiveIntegerField(help_text="As shown at the click.")
    price_cents = models.PositiveIntegerField(help_text="As shown at the click.")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    state_reason = models.CharField(max_length=300, blank=True, help_text="Why it needs a look, or why it failed.")
    save_card = models.BooleanField(default=False, help_text="The buyer agreed to have the card kept.")
    stripe_session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    stripe_payment_intent_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    refunded_cents = models.PositiveIntegerField(
        default=0, help_text="What Stripe gave back of the payment before it was credited; then it is not credited."
    )
    checkout_url = models.TextField(blank=True)
    transaction = models.OneToOneField(
        TokenTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="purchase"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(help_text="When its Checkout page closes.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When reconciliation last asked Stripe about it.")
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="purchase_by_user"),
            models.Index(
                fields=["created_at"],
                name="purchase_undecided",
                condition=Q(state__in=["created", "open", "processing"]),
            ),
        ]
        constraints = [
            CheckConstraint(
                condition=Q(state="paid", transaction__isnull=False, paid_at__isnull=False)
                | (~Q(state="paid") & Q(transaction__isnull=True, paid_at__isnull=True)),
                name="purchase_paid_if_and_only_if_credited",
            ),
            CheckConstraint(
                condition=~Q(state__in=["open", "processing"]) | Q(stripe_session_id__isnull=False),
                name="purchase_open_has_a_session",
            ),
            CheckConstraint(condition=~Q(state="paid") | Q(refunded_cents=0), name="purchase_refunded_is_not_credited"),
        ]
        permissions = [("ask_stripe", "Can ask Stripe about purchases again")]

    def __str__(self) -> str:
        return f"{self.tokens} tokens for {self.price_cents} {self.currency}, {self.state}"

    def get_absolute_url(self) -> str:
        """Return the page that asks Stripe and says what became of it; "" while it is not at Stripe."""
        if not self.stripe_session_id:
            return ""
        return f"{reverse('billing:purchase-success')}?session_id={self.stripe_session_id}"

    @property
    def decided(self) -> bool:
        """Whether its payment has come to an end, good or bad; only a late payment can still change it."""
        return self.state not in {self.State.CREATED, self.State.OPEN, self.State.PROCESSING}


class StripeEvent(models.Model):
    """The inbox: what Stripe told us, stored before anything is done about it."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "Not ours to act on"
        FAILED = "failed", "Failed"

    stripe_event_id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=255, blank=True, db_index=True)
    payload = models.JSONField()
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
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
