"""The books: one account per person, one row per movement, never edited and never deleted.

Balances change only in `tokens/ledger.py`. The rules below are held by PostgreSQL as well, under the same
names as in docs/ledger.md and in the tests; the triggers are in `migrations/0002_guards.py`.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

LOW_MARK = 5  # tokens


class TokenAccount(models.Model):
    """What one person holds. A cache of the last row of their ledger; the row lock on it protects both."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="token_account"
    )
    balance = models.IntegerField(default=0, db_default=0, help_text="Tokens.")
    trial_balance = models.IntegerField(default=0, db_default=0, help_text="Free trial credits.")
    debt = models.IntegerField(
        default=0, db_default=0, help_text="Tokens spent whose money went back; the next credit pays them first."
    )
    total_purchased = models.IntegerField(default=0, db_default=0, help_text="Tokens ever bought.")
    total_spent = models.IntegerField(default=0, db_default=0, help_text="Tokens ever spent, less refunds.")
    last_number = models.IntegerField(default=0, db_default=0, help_text="Number of the newest transaction.")
    unlimited_until = models.DateTimeField(null=True, blank=True, help_text="Generations cost nothing before this.")
    unlimited_per_day = models.IntegerField(
        default=0, db_default=0, help_text="Generations a day that are fair use while unlimited; 0 is no limit."
    )
    low_mark = models.IntegerField(
        default=LOW_MARK, db_default=LOW_MARK, help_text="Somebody is told when the balance falls below this."
    )
    low_balance_mail = models.BooleanField(default=True, db_default=True, help_text="Tell the person by mail, too.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(balance__gte=0), name="token_account_balance_not_negative"),
            CheckConstraint(condition=Q(trial_balance__gte=0), name="token_account_trial_balance_not_negative"),
            CheckConstraint(condition=Q(total_purchased__gte=0), name="token_account_total_purchased_not_negative"),
            CheckConstraint(condition=Q(total_spent__gte=0), name="token_account_total_spent_not_negative"),
            CheckConstraint(condition=Q(debt__gte=0), name="token_account_debt_not_negative"),
            CheckConstraint(condition=Q(balance=0) | Q(debt=0), name="token_account_debt_only_without_tokens"),
            CheckConstraint(condition=Q(low_mark__gte=0), name="token_account_low_mark_not_negative"),
        ]
        permissions = [("adjust_balance", "Can adjust balances")]

    def __str__(self) -> str:
        owed = f", {self.debt} owed" if self.debt else ""
        return f"{self.balance} tokens, {self.trial_balance} trial{owed}"


class TokenTransaction(models.Model):
    """One movement of one bucket. `number` counts 1, 2, 3 ... per account; both balances after it are on the row."""

    class Type(models.TextChoices):
        PURCHASE = "purchase", "Purchase"
        AUTO_RELOAD = "auto_reload", "Auto-reload"
        TRIAL = "trial", "Free trial"
        DEDUCTION = "deduction", "Generation"
        REFUND = "refund", "Token returned"
        ADJUSTMENT = "adjustment", "Adjustment"
        REVERSAL = "reversal", "Taken back"
        REINSTATED = "reinstated", "Given again"

    class Bucket(models.TextChoices):
        TOKEN = "token", "Tokens"
        TRIAL = "trial", "Trial credits"

    account = models.ForeignKey(TokenAccount, on_delete=models.PROTECT, related_name="transactions", db_index=False)
    number = models.IntegerField()
    bucket = models.CharField(max_length=5, choices=Bucket)
    type = models.CharField(max_length=11, choices=Type)
    amount = models.IntegerField(help_text="Tokens; negative when they leave the account.")
    balance_after = models.IntegerField(help_text="Tokens after this movement.")
    trial_balance_after = models.IntegerField(help_text="Trial credits after this movement.")
    debt_after = models.IntegerField(default=0, db_default=0, help_text="Tokens owed after this movement.")
    description = models.CharField(max_length=200)
    key = models.CharField(max_length=200, help_text="Idempotency key: one key is posted at most once.")
    refund_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="refunds", db_index=False
    )
    adjusted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    stripe_payment_intent_id = models.CharField(max_length=255, null=True, blank=True)
    price_paid_cents = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["account", "-number"]
        constraints = [
            UniqueConstraint(fields=["account", "number"], name="token_transaction_number_unique"),
            UniqueConstraint(fields=["key"], name="token_transaction_key_posted_once"),
            UniqueConstraint(fields=["refund_of"], name="token_transaction_refunded_at_most_once"),
            UniqueConstraint(fields=["stripe_payment_intent_id"], name="token_transaction_payment_credited_once"),
            CheckConstraint(condition=Q(number__gte=1), name="token_transaction_number_from_one"),
            CheckConstraint(condition=~Q(amount=0), name="token_transaction_amount_not_zero"),
            CheckConstraint(
                condition=Q(balance_after__gte=0, trial_balance_after__gte=0),
                name="token_transaction_balance_after_not_negative",
            ),
            CheckConstraint(
                condition=Q(type__in=["deduction", "reversal"], amount__lt=0)
                | Q(type__in=["purchase", "auto_reload", "trial", "refund", "reinstated"], amount__gt=0)
                | Q(type="adjustment"),
                name="token_transaction_sign_fits_type",
            ),
            CheckConstraint(
                condition=Q(
                    type__in=["purchase", "auto_reload", "adjustment", "reversal", "reinstated"], bucket="token"
                )
                | Q(type="trial", bucket="trial")
                | Q(type__in=["deduction", "refund"]),
                name="token_transaction_bucket_fits_type",
            ),
            CheckConstraint(
                condition=Q(type="refund", refund_of__isnull=False) | (~Q(type="refund") & Q(refund_of__isnull=True)),
                name="token_transaction_refund_names_its_deduction",
            ),
            CheckConstraint(
                condition=Q(type="adjustment", adjusted_by__isnull=False)
                | (~Q(type="adjustment") & Q(adjusted_by__isnull=True)),
                name="token_transaction_adjustment_names_its_staff",
            ),
            CheckConstraint(
                condition=Q(price_paid_cents__isnull=True, stripe_payment_intent_id__isnull=True)
                | Q(type__in=["purchase", "auto_reload"], price_paid_cents__gte=0),
                name="token_transaction_price_fits_type",
            ),
            CheckConstraint(condition=~Q(description=""), name="token_transaction_is_described"),
            CheckConstraint(condition=Q(debt_after__gte=0), name="token_transaction_debt_after_not_negative"),
            CheckConstraint(
                condition=Q(balance_after=0) | Q(debt_after=0), name="token_transaction_debt_only_without_tokens"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.type} {self.amount:+d}"
