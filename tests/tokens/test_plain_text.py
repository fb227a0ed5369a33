"""What staff type as a reason reads for everybody as it was typed."""

import pytest
from django.core.exceptions import ValidationError

from tokens.plain_text import require_plain_text


@pytest.mark.parametrize(
    "text",
    [
        "Ordered twice.",
        "Doppelt bestellt, 10 \u20ac zur\u00fcck",
        "\u0645\u06cc\u200c\u062e",
        "\u05e9",
        "\U0001f469\u200d\U0001f33e",
        "",
    ],
)
def test_words_of_every_script_are_plain(text: str) -> None:
    require_plain_text(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Refund \u202e00.01$", "U+202E"),
        ("a\u2066b", "U+2066"),
        ("a\u200fb", "U+200F"),
        ("a\u200bb", "U+200B"),
        ("a\ufeffb", "U+FEFF"),
        ("two\nlines", "U+000A"),
        ("a\x1b[31mb", "U+001B"),
        ("a\x85b", "U+0085"),
        ("a\u2028b", "U+2028"),
        ("a\ue000b", "U+E000"),
    ],
)
def test_what_turns_or_hides_what_is_read_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        require_plain_text(text)
    assert refused.value.messages == [
        f"This contains an invisible character ({named}) that would change how it reads. Type it anew as plain text."
    ]
