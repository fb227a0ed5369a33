"""What the buyer types on the payment page, and what is wrong with it in Stripe's words."""

import datetime
import re
from typing import Any

from django import forms

from sandbox.cards import card, digits, expired, passes_luhn
from sandbox.checkout import Payer, PrintedCard
from sandbox.records import now

SAMPLE_EMAIL = "buyer@example.com"
SAMPLE_NAME = "Test Buyer"

# Which field a decline is about; every other decline is about the card number.
FIELD_OF_DECLINE = {"incorrect_cvc": "cvc", "expired_card": "expiry"}


class PayerForm(forms.Form):
    """E-mail and name. The e-mail of a known customer is fixed, as on the real page."""

    template_name = "sandbox/_fields.html"
    email = forms.EmailField(
        label="Email",
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={"required": "Enter your email.", "invalid": "Your email is incomplete."},
    )
    name = forms.CharField(
        label="Name on card",
        max_length=100,
        widget=forms.TextInput({"autocomplete": "cc-name"}),
        error_messages={"required": "Enter the name."},
    )

    def __init__(self, *args: Any, fixed_email: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "number" not in self.fields:
            self.fields["name"].label = "Name"
        self.use_required_attribute = False  # our own messages, in one summary, also without a browser's help
        if fixed_email:
            self.fields["email"].disabled = True
            self.initial["email"] = fixed_email

    def payer(self) -> Payer:
        return Payer(email=self.cleaned_data["email"], name=self.cleaned_data["name"])


class BankForm(PayerForm):
    """A bank debit, and what the bank will say in the end."""

    decision = forms.ChoiceField(
        label="The bank's decision",
        choices=[
            ("", "Later, on the control panel"),
            ("succeeded:5", "Succeeds after 5 seconds"),
            ("failed:5", "Fails after 5 seconds"),
            ("succeeded:60", "Succeeds after 1 minute"),
            ("failed:60", "Fails after 1 minute"),
        ],
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Account holder"
        self.fields["name"].widget.attrs["autocomplete"] = "name"

    def decided(self) -> tuple[str, float]:
        settles, _, seconds = self.cleaned_data["decision"].partition(":")
        return settles, float(seconds or 0)


class CardForm(PayerForm):
    number = forms.CharField(
        label="Card number",
        max_length=40,
        widget=forms.TextInput(
            {"autocomplete": "cc-number", "inputmode": "numeric", "placeholder": "1234 1234 1234 1234"}
        ),
        error_messages={"required": "Your card number is incomplete."},
    )
    expiry = forms.CharField(
        label="Expiry",
        max_length=9,
        widget=forms.TextInput({"autocomplete": "cc-exp", "inputmode": "numeric", "placeholder": "MM / YY"}),
        error_messages={"required": "Your card's expiration date is incomplete."},
    )
    cvc = forms.CharField(
        label="CVC",
        max_length=4,
        widget=forms.TextInput({"autocomplete": "cc-csc", "inputmode": "numeric", "placeholder": "CVC"}),
        error_messages={"required": "Your card's security code is incomplete."},
    )
    field_order = ["email", "number", "expiry", "cvc", "name"]

    def clean_number(self) -> str:
        number = digits(self.cleaned_data["number"])
        if not re.fullmatch(r"[0-9]+", number) or len(number) > 19:
            raise forms.ValidationError("Your card number is invalid.")
        if len(number) < 13:
            raise forms.ValidationError("Your card number is incomplete.")
        if not passes_luhn(number):
            raise forms.ValidationError("Your card number is invalid.")
        return number

    def clean_expiry(self) -> tuple[int, int]:
        match = re.fullmatch(r"\s*([0-9]{1,2})\s*/?\s*((?:20)?[0-9]{2})\s*", self.cleaned_data["expiry"])
        if match is None:
            raise forms.ValidationError("Your card's expiration date is incomplete.")
        month, year = int(match.group(1)), int(match.group(2)) % 100 + 2000
        today = datetime.datetime.fromtimestamp(now(), tz=datetime.UTC).date()
        if not 1 <= month <= 12 or year > today.year + 50:
            raise forms.ValidationError("Your card's expiration date is invalid.")
        if expired(month, year, today):
            past = "year" if year < today.year else "date"
            raise forms.ValidationError(f"Your card's expiration {past} is in the past.")
        return month, year

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        number, cvc = cleaned.get("number"), cleaned.get("cvc")
        if cvc is not None and number is not None:
            length = 4 if card(number).brand == "amex" else 3
            if not re.fullmatch(f"[0-9]{{{length}}}", cvc):
                self.add_error("cvc", "Your card's security code is incomplete.")
        return cleaned

    def printed(self) -> PrintedCard:
        month, year = self.cleaned_data["expiry"]
        return PrintedCard(card(self.cleaned_data["number"]), exp_month=month, exp_year=year)

    def declined(self, code: str, message: str) -> None:
        """Show the bank's refusal at the field it is about."""
        self.add_error(FIELD_OF_DECLINE.get(code, "number"), message)


def sample(number: str, typed: dict[str, str]) -> dict[str, str]:
    """The form filled in with a test card; what the buyer typed about himself stays."""
    known = card(number)
    year = datetime.datetime.fromtimestamp(now(), tz=datetime.UTC).year + 4
    return {
        "email": typed.get("email") or SAMPLE_EMAIL,
        "name": typed.get("name") or SAMPLE_NAME,
        "number": known.spaced,
        "expiry": f"12 / {year % 100:02}",
        "cvc": "1234" if known.brand == "amex" else "123",
    }
