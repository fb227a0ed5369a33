"""Engines for many processes: almost no time, now and then a failure, now and then long enough to be killed over."""

import time
import zlib
from typing import Final

from generations.engines import ChatRequest, DesignRequest, EngineError, Painting, Reply, Report
from tests.generations.engines import painting

REFUSED_OF_A_HUNDRED: Final = 10
BROKEN_OF_A_HUNDRED: Final = 5
LONG_OF_A_HUNDRED: Final = 8
LONG_SECONDS: Final = 1.5


def _ponder(words: str, report: Report) -> None:
    """Decide by the words alone, so that a message that is sent again fares as the first time."""
    report("Thinking")
    lot = zlib.crc32(words.encode()) % 100
    if lot < REFUSED_OF_A_HUNDRED:
        raise EngineError("This cannot be made.")
    if lot < REFUSED_OF_A_HUNDRED + BROKEN_OF_A_HUNDRED:
        raise ValueError("The engine is broken.")
    time.sleep(LONG_SECONDS if lot >= 100 - LONG_OF_A_HUNDRED else 0.005)


class QuickPainter:
    """Paints one pixel."""

    name = "quick"
    provider = ""

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        _ponder(f"{request.area} {request.prompt}", report)
        return painting()


class QuickAssistant:
    """Says what it heard."""

    name = "quick"
    provider = ""

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply:
        _ponder(request.message, report)
        return Reply(text=f"I heard: {request.message}", note="Said for a test.")
