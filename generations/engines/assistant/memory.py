"""What was said earlier in the conversation, as far as the assistant was reminded of it."""

import re
from typing import Final

from generations.engines import Turn
from generations.engines.assistant.hearing import Heard, each, hear, quoted
from generations.engines.assistant.texts import work_on

_NAME: Final = re.compile(
    r"\b(?:my name is|my name's|you can call me|please call me)\s+([^\W\d_][\w'-]{0,29})", re.IGNORECASE
)
_NOTE: Final = re.compile(
    r"\b(?<!you )(?<!to )(?:remember|note|keep in mind)(?:\s+that|\s*:)\s+([^\n]{1,300}?)(?:[.!?](?:\s|$)|\n|$)",
    re.IGNORECASE,
)
_FIRST: Final = each(
    "say first, said first, ask first, asked first, first message, first question, first thing i, how did we start, "
    "how did i start"
)
_LAST: Final = each(
    "just say, just said, say before, said before, last message, last question, say last, just ask, just asked"
)
_NAME_ASKED: Final = each(
    "what is my name, whats my name, who am i, do you know my name, remember my name, what my name"
)
_EVERYTHING: Final = each(
    "what did i say, what have i said, what did i tell, what have i told, what do you remember, "
    "what did you suggest, what did you say, do you remember, "
    "what do you know about me, ask you to remember, asked you to remember, my note, summarize our conversation, "
    "summarise our conversation, summarize this conversation, summarise this conversation"
)
_NOT_NAMES: Final = {"when", "if", "later", "at", "on", "back", "a", "an", "the", "not", "unknown"}
MOST_TOLD: Final = 6


class Memory:
    """The user's own messages, the oldest first. What the replies said is never taken for the user's word."""

    def __init__(self, turns: tuple[Turn, ...]) -> None:
        self.messages = tuple(turn.message for turn in turns)
        self.heard = tuple(hear("" if work_on(message) else message) for message in self.messages)

    def name(self, message: str = "") -> str:
        """Return the name they gave last, "" when they gave none."""
        for said in (message, *reversed(self.messages)):
            names = [name for name in _NAME.findall(said) if name.casefold() not in _NOT_NAMES]
            if names:
                return str(names[-1][:1].upper() + names[-1][1:])
        return ""

    def notes(self, message: str = "") -> tuple[str, ...]:
        """Return what they asked to remember, the oldest first."""
        found = [note for said in (*self.messages, message) for note in _NOTE.findall(said)]
        return tuple(found[-MOST_TOLD:])

    def recall(self, heard: Heard, brief: str) -> str | None:
        """Answer a question about earlier messages; None when it is none. `brief` says what is known of the garden."""
        if heard.says(_NAME_ASKED):
            name = self.name(heard.text)
            return f"You told me that your name is {quoted(name, 40)}." if name else "You have not told me your name."
        if heard.says((*_FIRST, *_LAST, *_EVERYTHING)) and not self.messages:
            return "This is the first message of our conversation that I have."
        if heard.says(_FIRST):
            return f"The first message I can look back to was yours: {quoted(self.messages[0])}"
        if heard.says(_LAST):
            return f"Your message before this one was: {quoted(self.messages[-1])}"
        return self._everything(brief) if heard.says(_EVERYTHING) else None

    def _everything(self, brief: str) -> str:
        lines = [f"I look back to {len(self.messages)} message{'' if len(self.messages) == 1 else 's'} of yours:"]
        lines += [f"- {quoted(message, 100)}" for message in self.messages[-MOST_TOLD:]]
        lines += [f"You told me that your name is {quoted(self.name(), 40)}."] if self.name() else []
        lines += [f"To remember, you gave me: {quoted(note)}" for note in self.notes()]
        lines += [f"For your garden I noted: {brief}."] if brief else []
        return "\n".join(lines)

    def new(self, message: str) -> str | None:
        """Return the words for a name or a note that this message gives; None when it gives none."""
        parts = []
        if _NAME.search(message) and self.name(message):
            parts.append(f"Nice to meet you, {self.name(message)}.")
        if _NOTE.search(message):
            parts.append("I keep that in mind for this conversation.")
        return " ".join(parts) or None
