"""The stage of the sandbox's tests: the sandbox in a process of its own, and a shop that only listens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from tests.sandbox.browser import Browser
from tests.sandbox.listener import Listener
from tests.sandbox_process import API_KEY, SandboxProcess, start_sandbox


@pytest.fixture(scope="session", autouse=True)
def _books_can_be_emptied_between_tests() -> None:
    """The sandbox has no books: its tests run without PostgreSQL."""


@pytest.fixture(scope="session")
def _listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def shop(_listener: Listener) -> Listener:
    """The webhook endpoint the sandbox delivers to. It verifies nothing and remembers everything."""
    _listener.forget()
    return _listener


@pytest.fixture(scope="session")
def _running(_listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    running = start_sandbox(webhook_url=_listener.url, tmp_path=tmp_path_factory.mktemp("sandbox"))
    yield running
    running.stop()


@pytest.fixture
def sandbox(_running: SandboxProcess, shop: Listener) -> Iterator[SandboxProcess]:
    """A running sandbox that has forgotten everything. The test fails if any answer or event was not as described."""
    _running.control("wait", {"seconds": 0.5})
    _running.control("reset", {})
    shop.forget()
    yield _running
    assert _running.control("findings")["findings"] == []


@pytest.fixture
def own_sandbox(shop: Listener, tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox of the test's own, to be stopped, killed and started."""
    running = start_sandbox(webhook_url=shop.url, tmp_path=tmp_path)
    yield running
    running.stop()


@pytest.fixture
def api(sandbox: SandboxProcess) -> stripe.StripeClient:
    return client(sandbox)


@pytest.fixture
def browser(sandbox: SandboxProcess) -> Browser:
    return Browser(sandbox.url)


def client(sandbox: SandboxProcess, *, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(API_KEY, base_addresses={"api": sandbox.url}, max_network_retries=retries)
