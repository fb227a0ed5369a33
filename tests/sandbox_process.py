"""Start the sandbox as the process it is in life, for tests that speak HTTP to it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
API_KEY = "sk_test_sandbox"
WEBHOOK_SECRET = "whsec_sandbox"
START_SECONDS = 30


@dataclass
class SandboxProcess:
    """A running `python -m sandbox`. `stop` ends it; `start` starts it again on the same port and file."""

    port: int
    environment: dict[str, str]
    output: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(kill=True)
                raise RuntimeError(f"The sandbox did not start:\n{self.output.read_text()[:4000]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self, *, kill: bool = False) -> int:
        """End the process and return its exit code. With `kill`, server and worker die at once, by SIGKILL."""
        if self.process is None:
            return 0
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.terminate()
        code = self.process.wait(timeout=20)
        self.process = None
        return code

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET /control/<path>, or POST when there is a body. Raises RuntimeError with the answer when refused."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/control/{path}", data=data, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                result: dict[str, Any] = json.load(answer)
                return result
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{error.code}: {error.read().decode()}") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_sandbox(*, webhook_url: str, tmp_path: Path, **env: str) -> SandboxProcess:
    """Start a sandbox of its own: a free port, an empty file and mailbox under `tmp_path`. `env` are further
    SANDBOX_... variables. The caller stops it."""
    port = free_port()
    environment = {
        **os.environ,
        "SANDBOX_PORT": str(port),
        "SANDBOX_DATABASE": str(tmp_path / "sandbox.sqlite3"),
        "SANDBOX_MAIL_DIR": str(tmp_path / "mail"),
        "SANDBOX_SECRET_KEY": API_KEY,
        "SANDBOX_WEBHOOK_URL": webhook_url,
        "SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SANDBOX_RETRY_SECONDS": "0.2,0.4,1",
        **env,
    }
    sandbox = SandboxProcess(port, environment, tmp_path / "sandbox.log")
    sandbox.start()
    return sandbox
