"""Numbers and amounts of money as people type them, read exactly: no floats, nothing guessed at."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from billing.templatetags.money import decimals

# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MOST_CENTS: Final = 99_999_999
_MONEY: Final = re.compile(r"\s*[$€£¥]?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.([0-9]{1,3}))?\s*", re.ASCII)


def cents(text: str, currency: str) -> int:
    """Read money as people write it, `1,250.50` or `$90`, in the currency's smallest unit. Raises ValueError."""
    found, places = _MONEY.fullmatch(text), decimals(currency)
    if found is None or len(found[2] or "") not in ({0} if places == 0 else {0, places}):
        raise ValueError(text)
    return int(found[1].replace(",", "") + (found[2] or "").ljust(places, "0"))


def plain(cents: int, currency: str) -> str:
    """Write money as a field for it takes it, without sign and commas: 125050 usd is 1250.50."""
    places = decimals(currency)
    whole, part = divmod(cents, 10**places)
    return f"{whole}.{part:0{places}d}" if places else str(whole)


class WholeNumberField(forms.IntegerField):
    """A whole number in ASCII digits: 1e3, 3.0 and digits of other scripts are refused, not guessed at.

    Whatever is wrong with it, one sentence says what is wanted.
    """

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)
        self._range = range(min_value, max_value + 1)
        wanted = f"Write a whole number from {min_value:,} to {max_value:,}."
        self.error_messages |= {"required": wanted, "invalid": wanted}

    def to_python(self, value: Any) -> int | None:
        text = str(value).strip() if value is not None else ""
        if not text:
            return None
        in_digits = re.fullmatch(r"[0-9]{1,9}", text, re.ASCII)
        if not in_digits or int(text) not in self._range:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(text)
