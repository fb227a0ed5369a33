"""What the assistant works out exactly: sums, measures, days, and texts."""

import ast
import operator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.engines.assistant.measures import UNITS
from generations.engines.assistant.numbers import said
from generations.engines.assistant.reckoning import TIMES, TOO_LARGE, reckon
from tests.generations.assistant.conftest import Talk

SUMS = {
    "what is 2+3*4": f"2 + 3 {TIMES} 4 = 14",
    "(2+3)*4": f"(2 + 3) {TIMES} 4 = 20",
    "What is 0.1 + 0.2?": "0.1 + 0.2 = 0.3",
    "1/3 + 1/6": "1 / 3 + 1 / 6 = 0.5",
    "what's 1/3": "1 / 3 = 1/3 (about 0.333333)",
    "calculate 12.5% of 480": f"12.5% {TIMES} 480 = 60",
    "10 minus 2 minus 3": "10 - 2 - 3 = 5",
    "seven times eight": f"7 {TIMES} 8 = 56",
    "100 divided by 8": "100 / 8 = 12.5",
    "2^3^2": "2^3^2 = 512",
    "-2^2": "-2^2 = -4",
    "2 to the power of -2": "2^-2 = 0.25",
    f"1,000 {TIMES} 1,000": f"1,000 {TIMES} 1,000 = 1,000,000",
    "half of 9": f"1 / 2 {TIMES} 9 = 4.5",
    "-3 - -5": "-3 - -5 = 2",
    "3 x 4": f"3 {TIMES} 4 = 12",
    "What is the square root of 16?": "The square root of 16 is 4.",
    "square root of 2.25": "The square root of 2.25 is 1.5.",
    "square root of 2": "The square root of 2 lies between 1 and 2; I only calculate exactly.",
    f"square root of {'9' * 350}": TOO_LARGE,
    "what is 15% tip on 80": f"15% {TIMES} 80 = 12",
    "5/0": "Dividing by zero has no result.",
    "5/(2-2)": "Dividing by zero has no result.",
    "9^999": TOO_LARGE,
    "9^9^9": TOO_LARGE,
    "2^0.5": TOO_LARGE,
    "0^-1": "Dividing by zero has no result.",
    f"{'9' * 350} + 1": TOO_LARGE,
}
NO_SUMS = [
    "2 palms and 3 olives",
    "12",
    "2026-12-24 is a date",
    "1 +",
    "(1",
    "1)",
    "import os",
    "1 + a",
    "",
    "+",
    "()",
    "1 2",
]
MEASURES = {
    "5 miles in km": "5 miles = 8.04672 km.",
    "convert 10 feet to m": "10 feet = 3.048 m.",
    "32 f to c": "32 °F = 0 °C.",
    "-40 °c in °f": "-40 °C = -40 °F.",
    "0 kelvin in celsius": "0 K = -273.15 °C.",
    "how many feet are in a mile": "1 miles = 5,280 feet.",
    "100 degrees fahrenheit to celsius": "100 °F = about 37.7778 °C.",
    "2 cups in ml": "2 US cups = 473.176473 ml.",
    "3 kg to km": "kg are for weight and km for length: one cannot become the other.",
    "1,200 square feet in square meters": "1,200 square feet = 111.483648 square meters.",
}
DAYS = {
    "How many days until 24 December?": "It is 34 days from today, 20 November 2026, until 24 December 2026.",
    "how many days till christmas eve": "It is 34 days from today, 20 November 2026, until 24 December 2026.",
    "How many weeks until December 25th?": (
        "It is 35 days (5 weeks and 0 days) from today, 20 November 2026, until 25 December 2026."
    ),
    "days until 1 march": "It is 101 days from today, 20 November 2026, until 1 March 2027.",
    "how many days until tomorrow": "It is 1 day from today, 20 November 2026, until 21 November 2026.",
    "How many days since 1 January 2026?": "1 January 2026 was 323 days ago; today is 20 November 2026.",
    "how many days until 20 November": "20 November 2026 is today.",
    "how many days between 2024-02-28 and 2024-03-01": "From 28 February 2024 to 1 March 2024 it is 2 days.",
    "What day of the week was 4 July 1776?": "4 July 1776 was a Thursday.",
    "which day is 31 December 2026": "31 December 2026 is a Thursday.",
    "what date is it in 30 days?": "30 days from today it is Sunday, 20 December 2026.",
    "what day was 3 weeks ago": "3 weeks ago it was Friday, 30 October 2026.",
    "What is today's date?": "Today is Friday, 20 November 2026 (UTC).",
    "is 1900 a leap year": "1900 is not a leap year: it has 365 days.",
    "is 2028 a leap year?": "2028 is a leap year: it has 366 days.",
}
NO_DAYS = ["how many days until 31 February", "how many days until 2026-13-40", "how many days until the party"]
TEXTS = {
    "count the words in: the quick, brown fox!": "Your text has 4 words, 21 characters with spaces, and 1 sentence.",
    "Sort: pears, Apples and figs": "Your items, sorted:\n1. Apples\n2. figs\n3. pears",
    "make a shopping list: milk, eggs and bread": "Your items as a list:\n1. milk\n2. eggs\n3. bread",
    "uppercase: hello there": "Your text, changed as you asked:\nHELLO THERE",
    "reverse: abc": "Your text, changed as you asked:\ncba",
    "summarize: One thing.": "Your text is already short: 2 words, 10 characters with spaces, and 1 sentence.",
}


NESTED_SUMS = st.recursive(
    st.integers(0, 999).map(str),
    lambda some: st.tuples(some, st.sampled_from("+-*/"), some).map(lambda parts: f"({''.join(parts)})"),
    max_leaves=12,
)


def alone(talk: Talk, message: str) -> str:
    return talk("Hello", message, subject="chat").text


class TestSums:
    @pytest.mark.parametrize("question", SUMS)
    def test_they_are_exact(self, talk: Talk, question: str) -> None:
        assert alone(talk, question) == SUMS[question]

    def test_one_among_other_sentences_is_found(self, talk: Talk) -> None:
        text = alone(talk, "My name is Ada. What is 12.5% of 480? And 60 + 1!")
        assert text == f"Nice to meet you, Ada.\n\n12.5% {TIMES} 480 = 60\n60 + 1 = 61"

    @pytest.mark.parametrize("text", NO_SUMS)
    def test_other_text_is_left_alone(self, text: str) -> None:
        assert reckon(text) is None

    @pytest.mark.parametrize("deep", ["(" * 40 + "1" + ")" * 40 + "+1", "-" * 100 + "1", "1+" * 100 + "1"])
    def test_depth_and_length_are_bounded(self, deep: str) -> None:
        assert reckon(deep) is None

    @given(NESTED_SUMS)
    def test_they_agree_with_fractions(self, text: str) -> None:
        expected = _by_fractions(ast.parse(text, mode="eval").body)
        answer = reckon(text)
        if expected is None:
            assert answer in (None, "Dividing by zero has no result.")
        elif answer is not None:
            assert answer.endswith(f" = {said(expected)}")


def _by_fractions(node: ast.expr) -> Fraction | None:
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    assert isinstance(node, ast.BinOp)
    left, right = _by_fractions(node.left), _by_fractions(node.right)
    signs = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
    if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
        return None
    return Fraction(signs[type(node.op)](left, right))


class TestMeasures:
    @pytest.mark.parametrize("question", MEASURES)
    def test_they_are_converted(self, talk: Talk, question: str) -> None:
        assert alone(talk, question) == MEASURES[question]

    def test_several_in_one_message_are_all_converted(self, talk: Talk) -> None:
        assert alone(talk, "5 miles in km and 32 f to c") == "5 miles = 8.04672 km. 32 °F = 0 °C."

    def test_every_unit_has_a_name_of_its_own(self) -> None:
        words = [word.casefold() for unit in UNITS for word in unit.words]
        assert len(words) == len(set(words))


class TestDays:
    @pytest.mark.parametrize("question", DAYS)
    def test_they_are_counted_from_the_clock(self, talk: Talk, question: str) -> None:
        assert alone(talk, question) == DAYS[question]

    @pytest.mark.parametrize("question", NO_DAYS)
    def test_a_day_that_is_in_no_calendar_is_not_guessed(self, talk: Talk, question: str) -> None:
        assert alone(talk, question).startswith("I do not know about that")


class TestTexts:
    @pytest.mark.parametrize("request_", TEXTS)
    def test_what_was_asked_is_done_to_them(self, talk: Talk, request_: str) -> None:
        assert alone(talk, request_) == TEXTS[request_]

    def test_a_summary_is_sentences_of_the_text_in_their_order(self, talk: Talk) -> None:
        text = "Gardens need water. I like tea. Water the gardens early. Cats sleep. Gardens love early water."
        assert alone(talk, f"Please summarize: {text}") == (
            "Of your 5 sentences, the 3 with the most frequent words (I count words, I do not understand them):\n"
            "1. Gardens need water.\n2. Water the gardens early.\n3. Gardens love early water."
        )

    def test_garden_words_in_a_text_that_was_given_bring_up_nothing(self, talk: Talk) -> None:
        reply = talk("Hello", "count the words in: my garden has slugs and roses", subject="chat")
        assert reply.text == "Your text has 6 words, 29 characters with spaces, and 1 sentence."
