"""The whole shop as a newcomer starts it: `python -m config.local` with ports and a folder of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the embedded PostgreSQL can enter when the tests run as root; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="shop-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class WholeShop:
    """A running shop: web, worker, sandbox and PostgreSQL. `folder` holds all it keeps."""

    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    folder: Path
    url: str
    sandbox_url: str

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a management command against this shop and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def control(self, path: str, **body: Any) -> Any:
        """Tell the sandbox something, or ask it, when there is nothing to tell."""
        request = urllib.request.Request(
            f"{self.sandbox_url}/control/{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def mail_to(self, address: str, *, says: str = "") -> str:
        """Return the text of the newest mail to `address` that contains `says`, waiting for it a while."""
        wanted = urllib.parse.urlencode({"to": address, "says": says})
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{self.sandbox_url}/mail/latest.json?{wanted}", timeout=5) as answer:
                    return str(json.load(answer)["text"])
            except urllib.error.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"No mail to {address} came that says {says!r}.")

    def log(self) -> str:
        """Return everything its processes have printed."""
        return (self.folder / "log").read_text()

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.process.wait(timeout=60)


def start_whole_shop(folder: Path, **environment: str) -> WholeShop:
    """Start the shop with its data in `folder` and wait until it says where to go."""
    port, sandbox_port = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "TEST_DATABASE_NAME"}}
    whole = {
        **kept,
        "LOCAL_DIR": str(folder),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **environment,
    }
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.local"], cwd=ROOT, env=whole, stdout=log, stderr=subprocess.STDOUT
        )
    shop = WholeShop(process, whole, folder, f"http://localhost:{port}", f"http://127.0.0.1:{sandbox_port}")
    deadline = time.monotonic() + 90
    while "Ctrl-C stops everything" not in shop.log():
        if process.poll() is not None or time.monotonic() > deadline:
            shop.stop(signal.SIGTERM)
            raise AssertionError(f"The shop did not start:\n{shop.log()}")
        time.sleep(0.1)
    return shop
