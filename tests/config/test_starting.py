"""`make run` says in a sentence why it cannot start."""

import os
import socket
import subprocess
import sys

import pytest

from tests.whole_shop import ROOT


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.local"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("port", ["abc", "99999", "0", "-1", ""])
def test_a_port_that_is_none(port: str) -> None:
    done = run(PORT=port)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "must be a number from 1 to 65535" in done.stderr


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_port_that_is_taken(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(**{"PORT": "1025", "SANDBOX_PORT": "1026", name: str(port)})
    assert done.returncode == 1
    assert done.stderr == (f"Port {port} is taken. Stop what uses it, or choose another: make run {name}={port + 1}\n")
