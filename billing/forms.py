from typing import Any

from django import forms
from django.core.validators import RegexValidator

from billing import consents


class CheckoutForm(forms.Form):
    """A click on Buy: which package, on which terms the page showed it, and whether the card may be kept."""

    package_code = forms.SlugField(max_length=50)
    save_card = forms.BooleanField(required=False)

    def add_prefix(self, field_name: str) -> str:
        """Read `package_code` from the button's own name."""
        return {"package_code": "package"}.get(field_name, field_name)

    def clean(self) -> dict[str, Any]:
        """Add `shown_terms`: what the page showed for the chosen package, "" when it did not say."""
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["shown_terms"] = self.data.get(f"shown-{cleaned.get('package_code')}", "")
        return cleaned


class ReturnForm(forms.Form):
    """The address Stripe sends the buyer back to."""

    session_id = forms.CharField(max_length=255, validators=[RegexValidator(r"\Acs_[A-Za-z0-9_]+\Z")])


class CardPaymentForm(forms.Form):
    """An order for the card form: which package, on which terms it was shown, and whether the card may be kept."""

    package = forms.SlugField(max_length=50)
    shown = forms.CharField(max_length=80, required=False)
    save_card = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Return it under the names the shop uses."""
        cleaned: dict[str, Any] = super().clean() or {}
        return {
            "package_code": cleaned.get("package", ""),
            "shown_terms": cleaned.get("shown", ""),
            "save_card": cleaned.get("save_card", False),
        }


class ConfirmForm(forms.Form):
    """Which payment the browser has just tried to make."""

    payment_intent = forms.CharField(max_length=255, validators=[RegexValidator(r"\Api_[A-Za-z0-9_]+\Z")])


class AddCardForm(forms.Form):
    """Consent to keep a card, never ticked beforehand."""

    consent = forms.BooleanField(
        label=consents.KEEP_CARD, error_messages={"required": "Tick the box if you agree: without it no card is kept."}
    )


class CancelForm(forms.Form):
    purchase = forms.UUIDField()
