"""Arithmetic, exactly: a small parser over fractions, bounded in length, depth and size. Nothing is ever executed."""

import re
from fractions import Fraction
from math import isqrt
from typing import Final

from generations.engines.assistant.hearing import each
from generations.engines.assistant.numbers import TooLarge, bounded, said

MOST_SENTENCES: Final = 10
MOST_TOKENS: Final = 120
DEEPEST: Final = 30
LARGEST_POWER: Final = 200

ASKED: Final = re.compile(
    r"^(?:\W*(?:please|hi|hello|hey|and|so|ok|now|can you|could you|tell me|calculate|compute|work out|solve"
    r"|what is|whats|what's|what are|how much is|how much are|the result of)\b)+[\s:,]*(?P<sum>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_WORDS: Final = (
    (r"multiplied by|times", "*"),
    (r"divided by|over", "/"),
    (r"to the power of", "^"),
    (r"squared", "^2"),
    (r"cubed", "^3"),
    (r"plus", "+"),
    (r"minus", "-"),
    (r"(?:percent|per cent|%)\s+(?:of|tip on|on)\b", "% *"),
    (r"percent|per cent", "%"),
    (r"half of", "1/2 *"),
    (r"a third of", "1/3 *"),
    (r"a quarter of", "1/4 *"),
)
TIMES: Final = "\u00d7"
_SIGNS: Final = {ord(TIMES): "*", 0x00F7: "/", 0x2212: "-", 0x00B7: "*"}
_ROOT: Final = re.compile(r"square root of (?P<number>\d[\d,]*(?:\.\d+)?)", re.IGNORECASE)
_SMALL: Final = each(
    "zero, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, "
    "sixteen, seventeen, eighteen, nineteen, twenty"
)
_TOKEN: Final = re.compile(r"\s*(\d[\d,]*(?:\.\d+)?|\.\d+|\*\*|[-+*/^()%])")
TOO_LARGE: Final = "That number is too large for me: I stop at about 300 digits."


class NotASum(Exception):
    """The text is not arithmetic."""


def reckon(text: str) -> str | None:
    """Return each sum in `text` with its result, one a line; None when nothing is to be calculated."""
    sentences = re.split(r"(?<=[.!?])\s+|\n+", text.strip(), maxsplit=MOST_SENTENCES)
    return "\n".join(filter(None, map(_reckoned, sentences))) or None


def _reckoned(text: str) -> str | None:
    if root := _ROOT.search(text[:400]):
        return _rooted(root["number"])
    sum_ = _sum_in(text)
    if sum_ is None:
        return None
    try:
        tokens = _tokens(sum_)
        result = _Sum(tokens).result()
    except NotASum:
        return None
    except ZeroDivisionError:
        return "Dividing by zero has no result."
    except TooLarge:
        return TOO_LARGE
    return f"{_written(tokens)} = {said(result)}"


def _rooted(number: str) -> str:
    """Return the square root, exactly where there is one; otherwise between which whole numbers it lies."""
    try:
        value = bounded(Fraction(number.replace(",", "")))
    except TooLarge:
        return TOO_LARGE
    root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    if root**2 == value:
        return f"The square root of {said(value)} is {said(root)}."
    below = isqrt(int(value))
    return f"The square root of {said(value)} lies between {below:,} and {below + 1:,}; I only calculate exactly."


def _sum_in(text: str) -> str | None:
    """Return what looks like a sum: all of a short message, or what follows "what is" and the like."""
    asked = ASKED.match(text.strip()[:400])
    return _in_signs((asked["sum"] if asked else text).strip()[:400].rstrip("?=.! \n"))


def _in_signs(words: str) -> str | None:
    text = words.casefold().translate(_SIGNS)
    for spoken, sign in _WORDS:
        text = re.sub(rf"(?<![a-z])(?:{spoken})(?![a-z])", f" {sign} ", text)
    for number, word in enumerate(_SMALL):
        text = re.sub(rf"\b{word}\b", str(number), text)
    text = re.sub(r"(?<=[\d)\s])x(?=[\d(\s])", "*", text)
    return text if re.search(r"\d", text) and re.search(r"[-+*/^%]", text) else None


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        token = _TOKEN.match(text, at)
        if not token or len(tokens) >= MOST_TOKENS:
            raise NotASum
        tokens.append("^" if token[1] == "**" else token[1])
        at = token.end()
    if len(tokens) < 2:
        raise NotASum
    return tokens


def _written(tokens: list[str]) -> str:
    """Return the sum with even spaces, so that everybody sees what was calculated."""
    text = " ".join(tokens).replace("( ", "(").replace(" )", ")").replace(" ^ ", "^").replace(" %", "%")
    return re.sub(r"(^|[(*/^+-] ?)- (?=\d|\()", r"\1-", text).replace("*", TIMES)


class _Sum:
    """Recursive descent: sums of products of signed powers, the usual way."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def result(self) -> Fraction:
        value = self._added()
        if self._at != len(self._tokens):
            raise NotASum
        return value

    def _next(self, *signs: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at] in signs:
            self._at += 1
            return self._tokens[self._at - 1]
        return ""

    def _added(self) -> Fraction:
        value = self._multiplied()
        while sign := self._next("+", "-"):
            other = self._multiplied()
            value = bounded(value + other if sign == "+" else value - other)
        return value

    def _multiplied(self) -> Fraction:
        value = self._signed()
        while sign := self._next("*", "/"):
            other = self._signed()
            value = bounded(value * other if sign == "*" else value / other)
        return value

    def _signed(self) -> Fraction:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotASum
        negative = self._next("+", "-") == "-"
        value = self._signed() if self._tokens[self._at : self._at + 1] in (["+"], ["-"]) else self._raised()
        self._depth -= 1
        return -value if negative else value

    def _raised(self) -> Fraction:
        value = self._percent()
        if not self._next("^"):
            return value
        power = self._signed()
        if power.denominator != 1 or abs(power) > LARGEST_POWER:
            raise TooLarge
        if max(value.numerator.bit_length(), value.denominator.bit_length()) * abs(power) > 4096:
            raise TooLarge
        return bounded(value ** int(power))

    def _percent(self) -> Fraction:
        value = self._number()
        while self._next("%"):
            value /= 100
        return value

    def _number(self) -> Fraction:
        if self._next("("):
            value = self._added()
            if not self._next(")"):
                raise NotASum
            return value
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if not token[:1].isdigit() and token[:1] != ".":
            raise NotASum
        self._at += 1
        return bounded(Fraction(token.replace(",", "")))
