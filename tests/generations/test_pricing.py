"""What designs cost, in words, before the click."""

from datetime import timedelta

import pytest
from django.utils import timezone

from generations import pricing
from tokens.balance import Balance
from tokens.ledger import InsufficientTokens


def held(trial: int, tokens: int) -> Balance:
    return Balance(balance=tokens, trial_balance=trial)


UNLIMITED = Balance(balance=1, trial_balance=3, unlimited_until=timezone.now() + timedelta(days=1))


@pytest.mark.parametrize(
    ("holds", "count", "words", "can_be_paid"),
    [
        (held(0, 5), 1, "1 token", True),
        (held(0, 5), 3, "3 tokens", True),
        (held(0, 2), 3, "3 tokens", False),
        (held(2, 1), 1, "1 free credit (2 left)", True),
        (held(2, 1), 2, "2 free", True),
        (held(2, 1), 3, "2 free + 1 token", True),
        (held(2, 1), 5, "2 free + 3 tokens", False),
        (held(0, 0), 1, "1 token", False),
        (UNLIMITED, 1, "included", True),
        (UNLIMITED, 5, "included", True),
    ],
)
def test_the_price_of_several(holds: Balance, count: int, words: str, can_be_paid: bool) -> None:
    assert pricing.button_label(holds, count) == f"Generate - {words}"
    assert pricing.affordable(holds, count) is can_be_paid
    if count == 1:
        assert pricing.retry_label(holds) == f"Try again - {words}"


@pytest.mark.parametrize(
    ("holds", "notes"),
    [
        (held(0, 1), ["Each place is a design of its own and costs 1 token.", "1 design: 1 token."]),
        (held(3, 0), ["Each place is a design of its own and costs 1 token.", "1 design: 1 free."]),
        (
            UNLIMITED,
            ["Each place is a design of its own and is included in your subscription.", "1 design: included."],
        ),
    ],
)
def test_the_note_beside_the_button(holds: Balance, notes: list[str]) -> None:
    assert [pricing.note(holds, count) for count in (0, 1)] == notes


@pytest.mark.parametrize(
    ("needed", "tokens", "free", "sentence"),
    [
        (1, 0, 0, "1 design costs 1 token; you have none."),
        (3, 2, 0, "3 designs cost 3 tokens; you have 2 tokens."),
        (3, 1, 1, "3 designs cost 3 tokens; you have 1 token and 1 free."),
        (5, 0, 3, "5 designs cost 5 tokens; you have 3 free."),
    ],
)
def test_what_was_missing(needed: int, tokens: int, free: int, sentence: str) -> None:
    short = InsufficientTokens(needed=needed, available=tokens, trial_available=free)
    assert pricing.shortage(short) == sentence
