"""What somebody types to set auto-reload up."""

from typing import Any, Final

from django import forms

from billing import catalog, standing_order
from billing.amounts import MOST_CENTS, WholeNumberField, cents, plain
from billing.models import AutoReload
from billing.standing_order import Terms
from billing.templatetags.money import money

MOST_TOKENS: Final = 10_000
WRITE_MONEY: Final = "Write an amount of money, such as 150 or 150.50."


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
        error_messages={"required": WRITE_MONEY, "max_length": WRITE_MONEY},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    terms: Terms | None = None

    def clean_monthly_cap(self) -> str:
        """Refuse what is no amount, whatever else is wrong, so that everything is said at once."""
        text = str(self.cleaned_data["monthly_cap"])
        try:
            cents(text, catalog.currency())
        except ValueError as error:
            raise forms.ValidationError(WRITE_MONEY) from error
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"threshold", "amount", "monthly_cap"} <= cleaned.keys():
            self.terms = self._terms(cleaned)
        return cleaned

    def _terms(self, cleaned: dict[str, Any]) -> Terms | None:
        price_cents, currency = catalog.price_of(cleaned["amount"])
        cap = cents(cleaned["monthly_cap"], currency)
        if not price_cents <= cap <= MOST_CENTS:
            least, most = money(price_cents, currency), money(MOST_CENTS, currency)
            self.add_error("monthly_cap", f"Write an amount from {least}, which one reload costs, to {most}.")
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
    cap = plain(order.monthly_cap_cents, currency)
    return {"threshold": str(order.threshold), "amount": str(order.amount), "monthly_cap": cap}


class LowBalanceMailForm(forms.Form):
    mail = forms.BooleanField(label="Mail me when my tokens run low", required=False)
