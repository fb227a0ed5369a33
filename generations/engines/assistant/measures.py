"""Converting units, by exact factors."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from generations.engines.assistant.numbers import TooLarge, bounded, measured


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` times the base unit of its kind, shifted by `offset` (temperatures)."""

    name: str
    kind: str
    factor: Fraction
    words: tuple[str, ...]
    offset: Fraction = Fraction(0)


def _unit(name: str, kind: str, factor: str, *words: str, offset: str = "0") -> Unit:
    return Unit(name, kind, Fraction(factor), (name, *words), Fraction(offset))


UNITS: Final = (
    _unit("mm", "length", "0.001", "millimeter", "millimetre"),
    _unit("cm", "length", "0.01", "centimeter", "centimetre"),
    _unit("m", "length", "1", "meter", "metre"),
    _unit("km", "length", "1000", "kilometer", "kilometre"),
    _unit("inches", "length", "0.0254", "in", "inch"),
    _unit("feet", "length", "0.3048", "ft", "foot"),
    _unit("yards", "length", "0.9144", "yard", "yd"),
    _unit("miles", "length", "1609.344", "mile", "mi"),
    _unit("g", "weight", "0.001", "gram", "gramme"),
    _unit("kg", "weight", "1", "kilogram", "kilo"),
    _unit("tonnes", "weight", "1000", "tonne", "t"),
    _unit("ounces", "weight", "0.028349523125", "oz", "ounce"),
    _unit("pounds", "weight", "0.45359237", "lb", "lbs", "pound"),
    _unit("stone", "weight", "6.35029318", "stones"),
    _unit("ml", "volume", "0.001", "milliliter", "millilitre"),
    _unit("liters", "volume", "1", "l", "liter", "litre"),
    _unit("US gallons", "volume", "3.785411784", "gallon", "gal"),
    _unit("US cups", "volume", "0.2365882365", "cup"),
    _unit("US pints", "volume", "0.473176473", "pint"),
    _unit("cubic meters", "volume", "1000", "cubic meter", "cubic metre", "m3"),
    _unit("cubic feet", "volume", "28.316846592", "cubic foot"),
    _unit("cubic yards", "volume", "764.554857984", "cubic yard"),
    _unit("square meters", "area", "1", "square meter", "square metre", "m2", "sqm"),
    _unit("square feet", "area", "0.09290304", "square foot", "sq ft", "sqft"),
    _unit("acres", "area", "4046.8564224", "acre"),
    _unit("hectares", "area", "10000", "hectare", "ha"),
    _unit("seconds", "time", "1", "second", "sec"),
    _unit("minutes", "time", "60", "minute", "min"),
    _unit("hours", "time", "3600", "hour"),
    _unit("days", "time", "86400", "day"),
    _unit("weeks", "time", "604800", "week"),
    _unit("km/h", "speed", "5/18", "kmh", "kph", "kilometers per hour"),
    _unit("mph", "speed", "0.44704", "miles per hour"),
    _unit("m/s", "speed", "1", "meters per second"),
    _unit("°C", "temperature", "1", "c", "celsius", "degree celsius", "degrees c", "degree c"),
    _unit("°F", "temperature", "5/9", "f", "fahrenheit", "degree fahrenheit", "degrees f", "degree f", offset="-32"),
    _unit("K", "temperature", "1", "kelvin", offset="-273.15"),
)
_NAMED: Final = {
    form: unit for unit in UNITS for word in unit.words for form in (word.casefold(), f"{word.casefold()}s")
}
_NAMES: Final = "|".join(sorted((re.escape(name) for name in _NAMED), key=len, reverse=True))
_FROM: Final = re.compile(
    rf"(?<![\w.])(?P<number>-?\d[\d,]*(?:\.\d+)?)\s*(?P<unit>{_NAMES})\s+(?:in|into|to|as|=)\s+(?P<other>{_NAMES})(?!\w)"
)
_HOW_MANY: Final = re.compile(
    rf"how (?:many|much) (?P<other>{_NAMES}) (?:are|is|in|are in|are there in|make)\s+"
    rf"(?P<number>-?\d[\d,]*(?:\.\d+)?|an?|one)\s*(?P<unit>{_NAMES})(?!\w)"
)
MOST: Final = 3


def convert(text: str) -> str | None:
    """Return each conversion asked for, in a sentence; None when none is."""
    plain = " ".join(text[:600].casefold().replace(" degrees ", " ").split())
    found = [*_FROM.finditer(plain), *_HOW_MANY.finditer(plain)][:MOST]
    sentences = [_converted(match) for match in found]
    return " ".join(sentences) or None


def _converted(match: re.Match[str]) -> str:
    unit, other = _NAMED[match["unit"]], _NAMED[match["other"]]
    if unit.kind != other.kind:
        return f"{unit.name} are for {unit.kind} and {other.name} for {other.kind}: one cannot become the other."
    said = match["number"]
    try:
        number = bounded(Fraction(1 if said in ("a", "an", "one") else said.replace(",", "")))
        base = (number + unit.offset) * unit.factor
        result = bounded(base / other.factor - other.offset)
    except TooLarge:
        return "That number is too large for me to convert."
    return f"{measured(number)} {unit.name} = {measured(result)} {other.name}."
