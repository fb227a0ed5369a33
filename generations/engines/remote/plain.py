"""Text that a model wrote, made plain: bounded, and without characters that hide or turn what is read."""

import unicodedata
from typing import Final

MOST_CHARACTERS: Final = 8000
_UNSEEN: Final = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# Scripts such as Persian and Hindi, and many emoji, cannot be written without these two.
_JOINERS: Final = "\u200c\u200d"


def plain(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return `text` without control characters, with simple line ends, stripped, at most `most` characters long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = (sign for sign in lines.replace("\t", " ") if sign in "\n" + _JOINERS or _seen(sign))
    return "".join(kept).strip()[:most].rstrip()


def one_line(text: str, most: int) -> str:
    """Return `text` as one plain line of at most `most` characters, cut between words and then with "..."."""
    line = " ".join(plain(text).split())
    if len(line) <= most:
        return line
    return f"{line[: most - 4].rsplit(' ', 1)[0]} ..."


def _seen(sign: str) -> bool:
    return unicodedata.category(sign) not in _UNSEEN
