"""One sale of tokens. It points down at its TokenTransaction; the books know nothing of it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Now
from django.urls import reverse

from billing.models.offer import TokenPackage
from billing.models.person import Consent
from billing.templatetags.money import money
from tokens.models import TokenTransaction


class Purchase(models.Model):
    """One sale of tokens: what was shown or agreed to, what became of it, and what went back."""

    class Way(models.TextChoices):
        CHECKOUT = "checkout", "Checkout"
        CARD = "card", "Card form"
        AUTO_RELOAD = "auto_reload", "Auto-reload"

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
    way = models.CharField(max_length=11, choices=Way, default=Way.CHECKOUT, db_default=Way.CHECKOUT)
    package = models.ForeignKey(
        TokenPackage,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="purchases",
        help_text="None for an auto-reload, which is of any size.",
    )
    tokens = models.PositiveIntegerField(help_text="As shown at the click.")
    price_cents = models.PositiveIntegerField(help_text="As shown at the click.")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    state_reason = models.CharField(max_length=300, blank=True, help_text="Why it needs a look, or why it failed.")
    save_card = models.BooleanField(default=False, help_text="The buyer agreed to have the card kept.")
    stripe_session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    stripe_payment_intent_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    consent = models.ForeignKey(
        Consent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="purchases",
        help_text="What was agreed to.",
    )
    monthly_cap_cents = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of an auto-reload: what a month may cost, as agreed when it was begun."
    )
    money_back_cents = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Refunded, or disputed and not won. At most the price."
    )
    tokens_reversed = models.PositiveIntegerField(default=0, db_default=0, help_text="Taken back, in all.")
    tokens_reinstated = models.PositiveIntegerField(default=0, db_default=0, help_text="Given again, in all.")
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
                condition=~Q(state__in=["open", "processing"])
                | Q(stripe_session_id__isnull=False)
                | Q(stripe_payment_intent_id__isnull=False),
                name="purchase_open_is_at_stripe",
            ),
            CheckConstraint(
                condition=Q(way="auto_reload", consent__isnull=False, monthly_cap_cents__isnull=False)
                | (~Q(way="auto_reload") & Q(package__isnull=False, monthly_cap_cents__isnull=True)),
                name="purchase_auto_reload_has_consent_and_cap",
            ),
            UniqueConstraint(
                fields=["user"],
                condition=Q(way="auto_reload", state__in=["created", "open", "processing"]),
                name="purchase_one_reload_in_flight",
            ),
            CheckConstraint(
                condition=Q(tokens_reversed__gte=F("tokens_reinstated"))
                & Q(tokens_reversed__lte=F("tokens") + F("tokens_reinstated")),
                name="purchase_reversed_within_what_was_granted",
            ),
            CheckConstraint(condition=Q(state="paid") | Q(tokens_reversed=0), name="purchase_reversed_only_if_paid"),
            CheckConstraint(
                condition=Q(money_back_cents__lte=F("price_cents")), name="purchase_money_back_at_most_the_price"
            ),
        ]
        permissions = [("ask_stripe", "Can ask Stripe about purchases again")]

    def __str__(self) -> str:
        price = money(self.price_cents, self.currency)
        return f"{self.tokens:,} tokens for {price}, {self.get_state_display().lower()}"

    def get_absolute_url(self) -> str:
        """Return the page that asks Stripe and says what became of it."""
        return reverse("billing:purchase-state", args=[self.pk])

    @property
    def tokens_gone(self) -> int:
        """How many of its tokens are taken back, as things are now."""
        return self.tokens_reversed - self.tokens_reinstated

    @property
    def decided(self) -> bool:
        """Whether its payment has come to an end, good or bad; only a late payment can still change it."""
        return self.state not in {self.State.CREATED, self.State.OPEN, self.State.PROCESSING}
