"""What engines hand over is looked through before it is kept: they may be remote, new, or wrong."""

from dataclasses import replace
from typing import Final

from generations.engines import EngineError, Painting, Reply, Suggestion, Usage
from generations.models import Generation

REPLY_CHARACTERS: Final = 20_000
NOTE_CHARACTERS: Final = 300
PROMPT_CHARACTERS: Final = 500
MOST_SUGGESTIONS: Final = 5
MOST_COUNTED: Final = 2**31 - 1
NO_WORDS: Final = "The assistant gave no answer."
NO_REASON: Final = "Something went wrong while it was being made."


def accepted(made: Painting | Reply) -> Painting | Reply:
    """Return what an engine made, as it can be stored: plain words of bounded length, whole numbers, known designs.

    Raises EngineError for a reply without words, with the usage that is billed all the same, and TypeError for
    something that is neither a painting nor a reply.
    """
    if not isinstance(made, Painting | Reply):
        raise TypeError(f"An engine made a {type(made).__name__}.")
    usage = counted(made.usage)
    if isinstance(made, Painting):
        description = plain(made.description, NOTE_CHARACTERS)
        return replace(made, description=description, note=plain(made.note, NOTE_CHARACTERS), usage=usage)
    text = plain(made.text, REPLY_CHARACTERS).strip()
    if not text:
        raise EngineError(NO_WORDS, usage=usage)
    return replace(
        made,
        text=text,
        note=plain(made.note, NOTE_CHARACTERS),
        suggestions=tuple(_known(each) for each in made.suggestions if _is_known(each))[:MOST_SUGGESTIONS],
        usage=usage,
    )


def plain(words: object, most: int) -> str:
    """Return `words` without what PostgreSQL or UTF-8 cannot hold, cut at `most` characters; "" if it is no text."""
    if not isinstance(words, str):
        return ""
    return words[:most].replace("\0", "").encode("utf-8", "ignore").decode()


def counted(usage: Usage) -> Usage:
    """Return the usage in whole numbers that fit their columns; what is no number counts as nothing."""
    cost = usage.cost_microdollars
    return Usage(
        input_tokens=_whole(usage.input_tokens),
        output_tokens=_whole(usage.output_tokens),
        cost_microdollars=None if cost is None else _whole(cost),
    )


def _whole(number: object) -> int:
    return min(max(number, 0), MOST_COUNTED) if isinstance(number, int) else 0


def _is_known(suggestion: Suggestion) -> bool:
    areas, styles = Generation.Area.values, Generation.Style.values
    return suggestion.area in areas and suggestion.style in styles and isinstance(suggestion.prompt, str)


def _known(suggestion: Suggestion) -> Suggestion:
    return replace(suggestion, prompt=plain(suggestion.prompt, PROMPT_CHARACTERS))
