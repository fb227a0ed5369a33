"""What is on offer. Staff may edit it at any time: a buyer pays what the sale remembers."""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q


class TokenPackage(models.Model):
    """Some tokens for a price."""

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


class Plan(models.Model):
    """A subscription on offer: generations cost nothing while it runs, at a fair rate."""

    code = models.SlugField(primary_key=True, max_length=50)
    catalog = models.CharField(max_length=20, help_text="Shown while CATALOG has this value.")
    name = models.CharField(max_length=80)
    price_cents = models.PositiveIntegerField(help_text="A month, in the smallest unit of the currency.")
    currency = models.CharField(max_length=3, default="usd", help_text="Three small letters, as Stripe writes it.")
    per_day = models.PositiveIntegerField(default=100, help_text="Generations a day that are fair use; 0 is no limit.")
    position = models.PositiveSmallIntegerField(default=0)
    on_sale = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["catalog", "position", "code"]
        constraints = [
            CheckConstraint(
                condition=Q(price_cents__gte=50, price_cents__lte=99_999_999),
                name="plan_price_within_stripes_limits",
                violation_error_message="A price is 50 to 99,999,999 cents.",
            ),
            CheckConstraint(
                condition=Q(currency__regex=r"^[a-z]{3}$"),
                name="plan_currency_is_a_code",
                violation_error_message="A currency is three small letters, for example usd.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> str:
        """What a subscriber is shown, in one word; a click sends it back, so that nobody buys what they did not see."""
        return f"{self.per_day}-{self.price_cents}-{self.currency}"
