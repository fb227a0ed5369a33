"""Talking to the assistant: message after message, as the studio would hand them over."""

from collections.abc import Callable
from datetime import date
from typing import Protocol

import pytest

from generations.engines import ChatRequest, Reply, Turn
from generations.engines.assistant import RulesAssistant

A_FRIDAY = date(2026, 11, 20)


class Talk(Protocol):
    """Say messages one after the other; the reply to the last."""

    def __call__(self, *messages: str, subject: str = "landscape") -> Reply: ...


def unheard(words: str) -> None:
    """Nobody listens while it writes."""


@pytest.fixture
def assistant() -> RulesAssistant:
    today: Callable[[], date] = lambda: A_FRIDAY  # noqa: E731
    return RulesAssistant(today)


@pytest.fixture
def talk(assistant: RulesAssistant) -> Talk:
    def say(*messages: str, subject: str = "landscape") -> Reply:
        turns: tuple[Turn, ...] = ()
        for message in messages:
            reply = assistant.reply(ChatRequest(message, turns, subject), timeout_seconds=5, report=unheard)
            turns += (Turn(message, reply.text),)
        return reply

    return say
