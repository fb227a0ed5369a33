"""The health check of a container: it speaks in the name of the site, and says why not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.whole_shop import ROOT, free_port


@contextmanager
def web_server(status: int) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Answer every request with `status`; yields the port, and what was asked: path and host."""
    asked: list[tuple[str, str]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


def probe(port: int) -> tuple[int, str]:
    environment = {**os.environ, "WEB_BIND": f"0.0.0.0:{port}", "SITE_URL": "https://shop.example.com"}
    done = subprocess.run(
        [sys.executable, "-m", "config.probe"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_a_ready_server_is_healthy() -> None:
    with web_server(200) as (port, asked):
        assert probe(port) == (0, "")
    assert asked == [("/readyz", "shop.example.com")]


@pytest.mark.parametrize("status", [301, 400, 503])
def test_any_other_answer_is_not(status: int) -> None:
    with web_server(status) as (port, _):
        assert probe(port) == (1, f"/readyz answered {status}.\n")


def test_silence_is_not() -> None:
    port = free_port()
    code, said = probe(port)
    assert (code, said.startswith(f"Port {port} did not answer: ")) == (1, True)
