"""A real browser against the whole shop, started as a newcomer starts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.whole_shop import WholeShop, open_folder, start_whole_shop


@pytest.fixture(scope="session", autouse=True)
def _books_can_be_emptied_between_tests() -> None:
    """The journeys' shop has a database of its own: its tests run without the test database."""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """No smooth scrolling: a click that comes while the page still moves lands beside its button."""
    return {**browser_context_args, "reduced_motion": "reduce"}


@contextmanager
def whole_shop_with_right_books(**environment: str) -> Iterator[WholeShop]:
    """Start a shop; at the end its books are audited, nothing was out of place at Stripe, and it is stopped."""
    engine = {
        "LANDSCAPE_ENGINE": "tests.journeys.engine.PainterThatCanFail",
        "CHAT_ENGINE": "tests.journeys.chat_engine.AssistantThatCanFail",
    }
    with open_folder() as folder:
        running = start_whole_shop(folder / "local", **engine, **environment)
        try:
            yield running
            assert running.manage("audit_ledger") == "The books are right.\n"
            assert running.control("findings") == {"findings": [], "refused": []}
            assert "Traceback" not in running.log()
        finally:
            running.stop()


@pytest.fixture(scope="session")
def shop() -> Iterator[WholeShop]:
    """The running shop."""
    with whole_shop_with_right_books() as running:
        yield running
