"""A real browser against the whole shop, started as a newcomer starts it."""

from collections.abc import Iterator

import pytest

from tests.whole_shop import WholeShop, open_folder, start_whole_shop


@pytest.fixture(scope="session", autouse=True)
def _books_can_be_emptied_between_tests() -> None:
    """The journeys' shop has a database of its own: its tests run without the test database."""


@pytest.fixture(scope="session")
def shop() -> Iterator[WholeShop]:
    """The running shop. When the journeys are over, its books are audited and it is stopped."""
    with open_folder() as folder:
        running = start_whole_shop(folder / "local", LANDSCAPE_ENGINE="tests.journeys.engine.PainterThatCanFail")
        try:
            yield running
            assert running.manage("audit_ledger") == "The books are right.\n"
            assert "Traceback" not in running.log()
        finally:
            running.stop()
