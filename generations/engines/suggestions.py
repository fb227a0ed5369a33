"""The designs a model proposes at the end of its reply, in lines of one strict form; what is not, is dropped."""

import json
from typing import Final

from generations.engines import Suggestion
from generations.engines.remote.plain import one_line
from generations.models import Generation

MARK: Final = "DESIGN:"
MOST: Final = 3
PROMPT_CHARACTERS: Final = 500

FORM: Final = f"""\
When the person could have a design painted, end your reply with one to three lines, each of exactly this form:
{MARK} {{"area": "...", "style": "...", "prompt": "..."}}
area is one of: {", ".join(Generation.Area.values)}.
style is one of: {", ".join(Generation.Style.values)}.
prompt says in at most 400 characters what to paint. Nothing follows these lines, and nothing else mentions them."""


def parted(text: str) -> tuple[str, tuple[Suggestion, ...]]:
    """Return the reply without its design lines, and the designs of those that are valid, at most three.

    A line that begins with the mark is never shown, valid or not. Works on unfinished text too: a last line that may
    become such a line is held back until it is known.
    """
    shown: list[str] = []
    found: list[Suggestion] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        begun = line.strip()
        if begun.startswith(MARK):
            suggestion = _read(begun.removeprefix(MARK))
            if suggestion and suggestion not in found:
                found.append(suggestion)
        elif not (begun and number == len(lines) - 1 and MARK.startswith(begun)):
            shown.append(line)
    return "\n".join(shown).strip(), tuple(found[:MOST])


def _read(written: str) -> Suggestion | None:
    try:
        wish = json.loads(written)
    except (ValueError, RecursionError):
        return None
    if not isinstance(wish, dict) or set(wish) != {"area", "style", "prompt"}:
        return None
    area, style, prompt = wish["area"], wish["style"], wish["prompt"]
    if area not in Generation.Area.values or style not in Generation.Style.values or not isinstance(prompt, str):
        return None
    return Suggestion(area, style, one_line(prompt, PROMPT_CHARACTERS))
