"""`python -m sandbox` as a program: how it starts, stops and refuses, and what it may import."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox_process import ROOT, SandboxProcess, free_port, start_sandbox

SHOP = {"accounts", "tokens", "billing", "generations", "config"}


def environment(tmp_path: Path, port: int) -> dict[str, str]:
    return {**os.environ, "SANDBOX_PORT": str(port), "SANDBOX_DATABASE": str(tmp_path / "sandbox.sqlite3")}


class TestStarting:
    def test_on_a_taken_port_is_one_clear_line(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            ended = subprocess.run(
                [sys.executable, "-m", "sandbox"],
                cwd=ROOT,
                env=environment(tmp_path, port),
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        assert ended.returncode == 1
        assert ended.stderr == (
            f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use. Set SANDBOX_PORT to a free port.\n"
        )

    def test_listens_on_this_machine_only(self, own_sandbox: SandboxProcess) -> None:
        with socket.socket() as probe:
            probe.settimeout(1)
            with pytest.raises(OSError):
                probe.connect((socket.gethostbyname("localhost").replace("127.0.0.1", "127.0.0.2"), own_sandbox.port))

    def test_obeys_its_environment(self, tmp_path: Path) -> None:
        sandbox = start_sandbox(
            webhook_url="http://127.0.0.1:9/",
            tmp_path=tmp_path,
            SANDBOX_WEBHOOK_DELIVERY="hold",
            SANDBOX_MERCHANT="Acme",
        )
        try:
            state = sandbox.control("state")
        finally:
            sandbox.stop()
        assert (state["settings"]["mode"], state["merchant"]) == ("hold", "Acme")
        assert state["settings"]["webhook_url"] == "http://127.0.0.1:9/"

    def test_does_not_mind_the_shops_django_settings(self, tmp_path: Path) -> None:
        sandbox = start_sandbox(
            webhook_url="http://127.0.0.1:9/", tmp_path=tmp_path, DJANGO_SETTINGS_MODULE="config.settings"
        )
        assert sandbox.stop() == 0


class TestStopping:
    def test_is_quick_and_clean(self, tmp_path: Path) -> None:
        sandbox = start_sandbox(webhook_url="http://127.0.0.1:9/", tmp_path=tmp_path)
        started = time.monotonic()
        assert sandbox.stop() == 0
        assert time.monotonic() - started < 5
        assert "Traceback" not in sandbox.output.read_text()
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", sandbox.port))


class TestStandingApart:
    def test_it_imports_nothing_of_the_shop_and_not_even_stripe(self, tmp_path: Path) -> None:
        program = (
            "import os, sys, django\n"
            "os.environ['DJANGO_SETTINGS_MODULE'] = 'sandbox.settings'\n"
            "django.setup()\n"
            "import sandbox.urls, sandbox.courier, sandbox.__main__\n"
            "print(*{name.partition('.')[0] for name in sys.modules})\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment(tmp_path, free_port()),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        imported = set(ended.stdout.split())
        assert "sandbox" in imported
        assert imported & (SHOP | {"stripe"}) == set()

    def test_its_migrations_are_complete(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run", "sandbox"]
        env = {**environment(tmp_path, free_port()), "DJANGO_SETTINGS_MODULE": "sandbox.settings"}
        ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stdout) == (0, "No changes detected in app 'sandbox'\n")
