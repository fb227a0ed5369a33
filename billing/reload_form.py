"""What somebody types to set auto-reload up, read exactly: whole tokens, and money without floats."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from billing import catalog, standing_order
from billing.models import AutoReload
from billing.standing_order import Terms
from billing.templatetags.money import decimals, money

MOST_TOKENS: Final = 10_000
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MOST_CENTS: Final = 99_999_999
_MONEY: Final = re.compile(r"\s*[$€£¥]?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.([0-9]{1,3}))?\s*", re.ASCII)


class WholeNumberField(forms.IntegerField):
    """A number of tokens in ASCII digits: 1e3, 3.0 and digits of other scripts are refused, not guessed at."""

    def to_python(self, value: Any) -> int | None:
        text = str(value).strip()
        if text and not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
            raise ValidationError("Write a whole number, such as 50.", code="invalid")
        return super().to_python(text)


def cents(text: str, currency: str) -> int:
    """Read money as people write it, `1,250.50` or `$90`, in the currency's smallest unit. Raises ValueError."""
    found, places = _MONEY.fullmatch(text), decimals(currency)
    if found is None or len(found[2] or "") not in ({0} if places == 0 else {0, places}):
        raise ValueError(text)
    return int(found[1].replace(",", "") + (found[2] or "").ljust(places, "0"))


class ReloadForm(forms.Form):
    """The settings of auto-reload. Once valid, `terms` are these at the price of now."""

    threshold = WholeNumberField(
        label="Reload below",
        help_text="Tokens, 1 to 100. When your balance falls below this, tokens are bought.",
        min_value=1,
        max_value=100,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    amount = WholeNumberField(
        label="Tokens to buy each time",
        help_text="At least 10. The next page shows the exact price.",
        min_value=10,
        max_value=MOST_TOKENS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    monthly_cap = forms.CharField(
        label="At most per month",
        help_text="In money, for example 150. Never more than this is charged by itself in a calendar month (UTC).",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    terms: Terms | None = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"threshold", "amount", "monthly_cap"} <= cleaned.keys():
            self.terms = self._terms(cleaned)
        return cleaned

    def _terms(self, cleaned: dict[str, Any]) -> Terms | None:
        price_cents, currency = catalog.price_of(cleaned["amount"])
        try:
            cap = cents(cleaned["monthly_cap"], currency)
        except ValueError:
            self.add_error("monthly_cap", "Write an amount of money, such as 150 or 150.00.")
            return None
        if not price_cents <= cap <= MOST_CENTS:
            least, most = money(price_cents, currency), money(MOST_CENTS, currency)
            self.add_error("monthly_cap", f"From {least}, which one reload costs, to {most}.")
            return None
        return standing_order.terms(threshold=cleaned["threshold"], amount=cleaned["amount"], monthly_cap_cents=cap)


class AgreementForm(ReloadForm):
    """The settings once more, with what the page said would happen, and the consent to it."""

    shown = forms.CharField(max_length=200, required=False)
    agreed = forms.BooleanField(required=False)


def filled_in(order: AutoReload | None) -> dict[str, str]:
    """Return what the form shows at first: what is agreed to, or a start that names no cap."""
    if order is None:
        return {"threshold": "5", "amount": "50"}
    _, currency = catalog.price_of(order.amount)
    places = decimals(currency)
    whole, part = divmod(order.monthly_cap_cents, 10**places)
    cap = f"{whole}.{part:0{places}d}" if part else str(whole)
    return {"threshold": str(order.threshold), "amount": str(order.amount), "monthly_cap": cap}


class LowBalanceMailForm(forms.Form):
    mail = forms.BooleanField(label="Mail me when my tokens run low", required=False)
