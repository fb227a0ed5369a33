"""Which spellings are one mailbox."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.mailbox import mailbox


class TestOneMailbox:
    @pytest.mark.parametrize(
        ("spelling", "same"),
        [
            ("Ann@Example.com", "ann@example.com"),
            ("ann+garden@example.com", "ann@example.com"),
            ("a.n.n@gmail.com", "ann@gmail.com"),
            ("a.n.n+x@googlemail.com", "ann@gmail.com"),
            ("ann@example.com.", "ann@example.com"),
            ('"ann"@example.com', "ann@example.com"),
            ('"a\\nn"@example.com', "ann@example.com"),
            ('"\\a\\n\\n+x"@example.com', "ann@example.com"),
            ("a.n.n@gmail.com\u3002", "ann@gmail.com"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ],
    )
    def test_has_one_spelling(self, spelling: str, same: str) -> None:
        assert mailbox(spelling) == same

    @pytest.mark.parametrize(("one", "other"), [("a.nn@example.com", "ann@example.com"), ("ann@a.com", "ann@b.com")])
    def test_is_not_another_one(self, one: str, other: str) -> None:
        assert mailbox(one) != mailbox(other)

    @given(st.emails())
    def test_stays_what_it_is(self, email: str) -> None:
        assert mailbox(mailbox(email)) == mailbox(email) == mailbox(email.upper()) or not email.isascii()
