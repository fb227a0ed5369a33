"""Work on a text that somebody gives: counting, listing, sorting, and choosing its weightiest sentences."""

import re
from collections import Counter
from typing import Final

from generations.engines.assistant.hearing import each


def _asking(verb: str) -> re.Pattern[str]:
    """Return the pattern of "please <verb> ...: <text>"; what lies between verb and colon is at most 40 characters."""
    polite = r"^\W*(?:please\s+|can you\s+|could you\s+)?"
    return re.compile(rf"{polite}{verb}\b[^:\n]{{0,40}}:\s*(?P<text>.+)", re.IGNORECASE | re.DOTALL)


_COUNT: Final = _asking(r"(?:count|how many)\b[^:\n]{0,40}\b(?:words|characters|letters|sentences)")
_SUMMARY: Final = _asking(r"(?:summari[sz]e|shorten|sum up|give me a summary of)")
_LIST: Final = _asking(
    r"(?:(?:make|write|give me)\s+)?(?:an?\s+)?(?:(?:numbered|bullet|check|shopping|to-?do)\s+)?list"
)
_SORT: Final = _asking(r"(?:sort|alphabeti[sz]e)")
_CASE: Final = _asking(r"(?:write\s+)?(?:in\s+)?(?P<case>upper\s?case|lower\s?case|capitals|reverse)")
MOST_ITEMS: Final = 40
MOST_SENTENCES: Final = 3
MOST_CHARACTERS: Final = 1200
_USUAL: Final = frozenset(
    each(
        "the, a, an, and, or, but, of, to, in, on, at, by, for, with, from, as, is, are, was, were, be, been, it, its, "
        "this, that, these, those, i, you, he, she, we, they, not, no, so, if, then, than, there, their, our, your, "
        "my, his, her, has, have, had, do, does, did, will, would, can"
    )
)


def work_on(text: str) -> str | None:
    """Return what was asked about a text given after a colon; None when nothing was."""
    if match := _COUNT.match(text):
        return counted(match["text"])
    if match := _SUMMARY.match(text):
        return summary(match["text"])
    if match := _SORT.match(text):
        return _lines("Your items, sorted:", sorted(_items(match["text"]), key=str.casefold))
    if match := _LIST.match(text):
        return _lines("Your items as a list:", _items(match["text"]))
    if match := _CASE.match(text):
        return f"Your text, changed as you asked:\n{_changed(match['case'].casefold(), match['text'].strip())}"
    return None


def counted(text: str) -> str:
    """Return how many words, characters and sentences a text has."""
    text = text.strip()
    words, sentences = len(re.findall(r"\S+", text)), len(_sentences(text))
    return (
        f"Your text has {_many(words, 'word')}, {_many(len(text), 'character')} with spaces, "
        f"and {_many(sentences, 'sentence')}."
    )


def summary(text: str) -> str:
    """Return the weightiest sentences of a text, in its own words and order; not an understanding of it."""
    sentences = _sentences(text)
    if len(sentences) <= MOST_SENTENCES:
        return f"Your text is already short: {counted(text)[len('Your text has ') :]}"
    weights = Counter(word for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _USUAL)
    by_weight = sorted(range(1, len(sentences)), key=lambda number: (-_weight(sentences[number], weights), number))
    chosen = sorted([0, *by_weight[: MOST_SENTENCES - 1]])
    lines = [_short(sentences[number]) for number in chosen]
    return _lines(
        f"Of your {len(sentences)} sentences, the {len(lines)} with the most frequent words (I count words, I do not "
        "understand them):",
        lines,
    )


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _weight(sentence: str, weights: Counter[str]) -> float:
    words = re.findall(r"[^\W\d_]{3,}", sentence.casefold())
    return sum(weights[word] for word in words) / (len(words) + 4)


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+|\n+", text.strip()) if part.strip()]


def _items(text: str) -> list[str]:
    text = text.strip().rstrip(".")
    separators = {"\n": r"\n+", ";": r";", ",": r",\s*(?:and\s+)?|\s+and\s+"}
    separator = next((pattern for mark, pattern in separators.items() if mark in text), r"\s+and\s+")
    items = [item.strip(" -•*\t") for item in re.split(separator, text)]
    return [_short(item) for item in items if item][:MOST_ITEMS]


def _short(text: str) -> str:
    return f"{text[:299]}…" if len(text) > 300 else text


def _changed(case: str, text: str) -> str:
    text = text[:MOST_CHARACTERS]
    if case == "reverse":
        return text[::-1]
    return text.lower() if case.startswith("lower") else text.upper()


def _lines(title: str, items: list[str]) -> str:
    return "\n".join([title, *(f"{number}. {item}" for number, item in enumerate(items, start=1))])
