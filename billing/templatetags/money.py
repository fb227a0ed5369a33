"""Money as people write it. Amounts come in the smallest unit of their currency, as Stripe counts them."""

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django import template

if TYPE_CHECKING:  # the models write themselves with this module
    from billing.models import TokenPackage

register = template.Library()

SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
# https://docs.stripe.com/currencies#zero-decimal and #three-decimal
# (ugx counts hundredths for Stripe, so it is not among them).
_NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
NO_DECIMALS = frozenset(_NO_DECIMALS.split())
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


@register.filter
def money(cents: int, currency: str) -> str:
    """Write `cents` of `currency`: 4900 usd is $49.00, 4900 jpy is ¥4,900, 4900 chf is 49.00 CHF."""
    return _written(Decimal(cents), currency)


@register.filter
def price_per_token(package: "TokenPackage") -> str:
    """Write what one token of `package` costs, rounded half up to the currency's smallest unit."""
    return _written(Decimal(package.price_cents) / package.tokens, package.currency)


def decimals(currency: str) -> int:
    """Return how many digits of the currency come after the point."""
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def _written(cents: Decimal, currency: str) -> str:
    places = decimals(currency)
    amount = f"{cents.quantize(Decimal(1), ROUND_HALF_UP).scaleb(-places):,.{places}f}"
    sign = SIGNS.get(currency)
    return f"{sign}{amount}" if sign else f"{amount} {currency.upper()}"
