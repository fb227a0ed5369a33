"""Saying exact numbers, and the limits that keep them small enough to say."""

from fractions import Fraction
from typing import Final

LARGEST_BITS: Final = 1024  # of numerator or denominator; about 300 digits
_PLACES: Final = 10


class TooLarge(Exception):
    """A number, or what would come of it, has too many digits."""


def bounded(number: Fraction) -> Fraction:
    """Return the number itself, or raise TooLarge."""
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > LARGEST_BITS:
        raise TooLarge
    return number


def said(number: Fraction) -> str:
    """Return "1,234", "0.125", or "1/3 (about 0.333333)": exactly, and a rounding only beside the exact fraction."""
    if number.denominator == 1:
        return f"{number.numerator:,}"
    scaled = number * 10**_PLACES
    if scaled.denominator == 1:
        return _decimal(scaled.numerator, _PLACES)
    return f"{number.numerator:,}/{number.denominator:,} (about {_rounded(number)})"


def measured(number: Fraction) -> str:
    """Return a measure: exact when it is short, otherwise "about" and six digits."""
    scaled = number * 10**6
    if scaled.denominator == 1:
        return _decimal(scaled.numerator, 6)
    return f"about {_rounded(number)}"


def _rounded(number: Fraction) -> str:
    """Return six significant digits, in plain notation where that is readable; never fails on large numbers."""
    places = 6
    while places < 300 and abs(number) * 10**places < 10**5 and number:
        places += 1
    while places > 0 and abs(number) * 10**places >= 10**6:
        places -= 1
    return _decimal(round(number * 10**places), places)


def _decimal(scaled: int, places: int) -> str:
    digits = f"{abs(scaled):0{places + 1}d}"
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    text = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return f"-{text}" if scaled < 0 else text
