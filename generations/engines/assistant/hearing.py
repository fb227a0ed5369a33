"""What a message says, as far as rules can tell: its words, what it asks for, and what it refuses."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from generations.engines.painting.wishes import singular

REFUSING = {
    "no",
    "not",
    "without",
    "avoid",
    "remove",
    "hate",
    "dislike",
    "dont",
    "never",
    "fewer",
    "less",
    "minus",
    "skip",
}
WANTING = {"but", "with", "want", "like", "love", "add", "please", "plus", "instead", "rather", "more"}
QUESTIONS = (
    "what",
    "how",
    "when",
    "why",
    "which",
    "where",
    "who",
    "is",
    "are",
    "do",
    "doe",
    "should",
    "can",
    "will",
    "tell",
    "explain",
)
# Words that phrases are compared without.
FILLERS = {
    "a",
    "an",
    "the",
    "my",
    "our",
    "your",
    "some",
    "to",
    "should",
    "i",
    "we",
    "do",
    "doe",
    "would",
    "can",
    "me",
    "please",
}
# Said of a refusal, but refusing nothing in a garden.
IDIOMS = ("no problem", "no idea", "not sure", "dont know", "dont mind", "no matter", "why not", "not bad", "not only")

_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u2018\u02bc\u0060"), "'")


@dataclass(frozen=True, slots=True)
class Heard:
    """One message. `spoken` is all of it, `wanted` and `refused` its parts: singular words between single spaces."""

    text: str
    spoken: str
    wanted: str
    refused: str

    @property
    def is_question(self) -> bool:
        """Whether it asks to be told something, rather than for a thing."""
        first = self.spoken.split(" ", 2)[1]
        return first in QUESTIONS or self.text.rstrip().endswith("?")

    def says(self, phrases: Iterable[str]) -> bool:
        """Whether one of the phrases is in it, as whole words; plurals count as their singular."""
        return any(_phrase(phrase) in self.spoken for phrase in phrases)

    def is_only(self, phrases: Iterable[str]) -> bool:
        """Whether one of the phrases is all of it."""
        return any(_phrase(phrase) == self.spoken for phrase in phrases)


def each(phrases: str) -> tuple[str, ...]:
    """Return the phrases of a list as tables write it: "slug, snail"."""
    return tuple(phrases.split(", "))


def plain_marks(text: str) -> str:
    """Return the text with simple apostrophes."""
    return text.translate(_APOSTROPHES)


def hear(text: str) -> Heard:
    """Read a message. Takes time in proportion to its length, whatever it holds."""
    tidy = plain_marks(unicodedata.normalize("NFKC", text)).casefold().replace("instead of", "avoid")
    tidy = tidy.replace("rather than", "avoid")
    wanted: list[str] = []
    refused: list[str] = []
    for sentence in re.split(r"[.!?;:\n]+", tidy):
        _part(sentence, wanted, refused)
    return Heard(text=text, spoken=_plain(tidy), wanted=_joined(wanted), refused=_joined(refused))


def _part(sentence: str, wanted: list[str], refused: list[str]) -> None:
    """Give each word of a sentence to one of the two sides.

    A refusal reaches to the next word of wanting, or to the comma; past it in a list ("no roses, tulips or lilies").
    """
    is_list = " or " in sentence or " nor " in sentence
    refusing = False
    for clause in sentence.split(","):
        refusing = refusing and is_list
        words = _words(clause)
        harmless = any(_phrase(idiom) in _joined(words) for idiom in IDIOMS)
        for before, word in zip(["", *words], words, strict=False):
            if word in REFUSING and not harmless:
                refusing = True
            elif word in WANTING and before not in REFUSING:
                refusing = False
            else:
                (refused if refusing else wanted).append(word)
        wanted.append("|")
        refused.append("|")


def _words(text: str) -> list[str]:
    return [singular(word) for word in re.findall(r"[a-z0-9]+", text.replace("'", ""))]


def _told(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in FILLERS]


def _joined(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "


def _plain(text: str) -> str:
    return _joined(_words(text))


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> str:
    """Return a phrase of a table, which never changes, as it would be spoken."""
    return _plain(phrase)


class Phrases:
    """Finds many phrases in one pass: each names one or several things, and the longest at a place wins."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._named: dict[tuple[str, ...], list[str]] = {}
        lengths: dict[str, set[int]] = {}
        for name, phrases in lists.items():
            for phrase in phrases:
                words = tuple(_told(_words(phrase)))
                self._named.setdefault(words, []).append(name)
                lengths.setdefault(words[0], set()).add(len(words))
        self._lengths = {first: sorted(longs, reverse=True) for first, longs in lengths.items()}

    def named_in(self, spoken: str) -> tuple[str, ...]:
        """Return the things named, each once, in the order in which they are first named."""
        words = _told(spoken.split())
        found: dict[str, None] = {}
        at = 0
        while at < len(words):
            long = self._longest(words, at)
            if long:
                found.update(dict.fromkeys(self._named[tuple(words[at : at + long])]))
            at += long or 1
        return tuple(found)

    def _longest(self, words: list[str], at: int) -> int:
        lengths = self._lengths.get(words[at], ())
        return next((long for long in lengths if tuple(words[at : at + long]) in self._named), 0)


def quoted(text: str, most: int = 160) -> str:
    """Return what somebody wrote as a quotation: on one line, cut, in marks that nothing in it can close."""
    line = " ".join(text.translate({ord("“"): '"', ord("”"): '"'}).split())
    return f"“{line[: most - 1].rstrip()}…”" if len(line) > most else f"“{line}”"
