"""The engine that answers by rules on this computer: no model, no network, the same reply every time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from generations.engines import ChatRequest, Reply, Report, Suggestion
from generations.engines.assistant import ideas, small_talk
from generations.engines.assistant.dates import day_sum
from generations.engines.assistant.designing import GARDENS, Designing, about
from generations.engines.assistant.hearing import Heard, hear
from generations.engines.assistant.lore import Topic, brought_up
from generations.engines.assistant.measures import convert
from generations.engines.assistant.memory import Memory
from generations.engines.assistant.reckoning import reckon
from generations.engines.assistant.texts import work_on

NOTE: Final = "Written by rules on this computer, not by an AI model."
MOST_CHARACTERS: Final = 4000
MOST_TOPICS: Final = 6


def today_in_utc() -> date:
    """Return today's date, of the day as counted in UTC."""
    return datetime.now(UTC).date()


class RulesAssistant:
    """Answers within milliseconds. `today` tells the date, for sums with days."""

    name = small_talk.NAME
    provider = ""

    def __init__(self, today: Callable[[], date] = today_in_utc) -> None:
        self.today = today

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply:
        """Answer everything in the message that is known, and say plainly when nothing is. Never raises."""
        memory, worked = Memory(request.turns), work_on(request.message)
        heard = hear("" if worked else request.message)  # a text to work on says nothing to the assistant
        subject = request.subject if request.subject in small_talk.I_CAN else "chat"
        garden = about(memory.heard, subject).after(heard, subject)
        answers = [worked] if worked else self._answers(memory, heard, garden)
        message = _Message(memory, heard, subject, garden, tuple(answer for answer in answers if answer))
        text = _cut("\n\n".join(message.parts()))
        for so_far in _sentence_by_sentence(text):
            report(so_far)
        return Reply(text=text, note=NOTE, suggestions=message.designs)

    def _answers(self, memory: Memory, heard: Heard, garden: Designing) -> list[str | None]:
        """Return what is exactly known: from the conversation, or by calculating."""
        recalled = memory.recall(heard, garden.brief.taken)
        if recalled:
            return [recalled]
        exact = [day_sum(heard.text, self.today()), convert(heard.text)]
        return exact if any(exact) else [reckon(heard.text)]


@dataclass(frozen=True, slots=True)
class _Message:
    """A message with all that was found out about it."""

    memory: Memory
    heard: Heard
    subject: str
    garden: Designing
    answers: tuple[str, ...]

    @property
    def designs(self) -> tuple[Suggestion, ...]:
        """Three designs, or none when none are asked for."""
        return ideas.three_designs(self.garden.brief) if self.garden.asks else ()

    def parts(self) -> Iterator[str]:
        """Yield the parts of the reply; every one of them is said."""
        courtesies = [said for phrases, said in small_talk.COURTESIES if self.heard.says(phrases)]
        courtesies += [small_talk.GO_ON] if self.heard.is_only(small_talk.AGREEMENTS) else []
        given = self.memory.new(self.heard.text)
        greeted = bool(courtesies) or (given is not None and "?" not in self.heard.text)
        limits = [said for phrases, said in small_talk.LIMITS if self.heard.says(phrases)]
        topics = () if self.answers else _topics(self.heard, self.subject)
        known = bool(self.answers or topics or self.garden.asks)
        if opening := " ".join([*courtesies, *filter(None, [given]), *self._introduction()]):
            yield opening
        yield from limits
        yield from self.answers
        yield from _told(topics)
        if self.garden.asks:
            yield _introduced(self.designs, self.garden)
        if not (known or greeted or limits or self.heard.says(small_talk.WHAT_CAN_YOU_DO)):
            yield small_talk.I_DO_NOT_KNOW[self.subject]
        if not known and (courtesies or not greeted):
            yield small_talk.I_CAN[self.subject]

    def _introduction(self) -> list[str]:
        """Return what it says of itself in its first reply, unless it was asked and says it anyway."""
        asked = self.heard.says(small_talk.WHO_ARE_YOU)
        return [] if asked or self.memory.messages else [small_talk.FIRST_WORDS]


def _topics(heard: Heard, subject: str) -> tuple[Topic, ...]:
    return brought_up(heard.spoken, gardens=subject != "chat" or heard.says(GARDENS))


def _told(topics: tuple[Topic, ...]) -> Iterator[str]:
    for topic in topics[:MOST_TOPICS]:
        yield topic.answer
    if topics[MOST_TOPICS:]:
        names = ", ".join(topic.name for topic in topics[MOST_TOPICS:][:8])
        yield f"You also touched {names}; ask me about those in a message of their own."


def _introduced(designs: tuple[Suggestion, ...], garden: Designing) -> str:
    return (
        f"{_understood(garden)} Here are three designs to have painted:\n{ideas.in_words(designs, garden.brief)}\n"
        "Each link fills in the form for you; a design costs 1 token, taken only when you press the form's button."
    )


def _understood(garden: Designing) -> str:
    """Return what was said and, apart from it, what was not said but added."""
    taken, brought = garden.brief.taken, garden.brief.brought
    heard = [f"From your words I took: {taken}."] if taken else []
    added = [f"To suit them I added: {brought}." if taken else f"To suit your words I added: {brought}."]
    return " ".join([*heard, *(added if brought else [])]) or "You named no place or style I know, so I chose freely."


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1].rstrip()}…"


def _sentence_by_sentence(text: str) -> Iterator[str]:
    """Yield the text so far, growing by a sentence or a line each time; at last all of it."""
    for end in re.finditer(r"(?<=[.!?…”])\s+|\n+", text):
        yield text[: end.start()]
    yield text
