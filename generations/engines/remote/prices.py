"""What a provider bills, worked out from what it counted and the prices in the settings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from generations.engines import Usage

# Fits the column: a single generation that cost more than this would be an error of theirs.
MOST = 2_000_000_000


class UnreadablePrices(ValueError):
    """The prices in the settings cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens read and written, and per picture. None of them known: no cost is known."""

    input: Decimal = Decimal(0)
    output: Decimal = Decimal(0)
    image: Decimal = Decimal(0)
    known: bool = False

    @classmethod
    def read(cls, written: Mapping[str, str]) -> "Prices":
        """Return the prices written as {"input": "0.30", "output": "2.50", "image": "0.04"}; any may be left out.

        Raises UnreadablePrices for another name, or a value that is not a sum of money.
        """
        if unknown := set(written) - {"input", "output", "image"}:
            raise UnreadablePrices(f"{', '.join(sorted(unknown))} is none of input, output, image")
        return cls(**{name: _dollars(name, value) for name, value in written.items()}, known=bool(written))

    def usage(self, *, input_tokens: int | None = 0, output_tokens: int | None = 0, images: int = 0) -> Usage:
        """Return what was counted and its cost, rounded up to whole microdollars.

        A dollar per million tokens is a microdollar per token.
        """
        read, written = _counted(input_tokens), _counted(output_tokens)
        if not self.known:
            return Usage(read, written)
        cost = read * self.input + written * self.output + images * self.image * 1_000_000
        return Usage(read, written, min(math.ceil(cost), MOST))


def _counted(tokens: int | None) -> int:
    """Return a whole number that fits its column; raises ValueError or the like for what is no number at all."""
    return min(max(int(tokens or 0), 0), MOST)


def _dollars(name: str, value: str) -> Decimal:
    try:
        price = Decimal(value)
    except InvalidOperation:
        raise UnreadablePrices(f"{name} is {value!r}, not a number") from None
    if not price.is_finite() or not 0 <= price <= 10_000:
        raise UnreadablePrices(f"{name} is {value!r}, not a price in US dollars")
    return price
