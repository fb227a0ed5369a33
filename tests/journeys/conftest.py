"""A real browser against the whole shop, started as a newcomer starts it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.whole_shop import WholeShop, open_folder, start_whole_shop

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all journeys: they share one running shop."""
    for item in items:
        if "/journeys/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the installed Chromium; Playwright's own only where none is installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and Path(MAC_BROWSER).exists():
        found = MAC_BROWSER
    quiet = [
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return {**browser_type_launch_args, "args": quiet} | ({"executable_path": found} if found else {})


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}}


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
