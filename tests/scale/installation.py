"""The shop as several hosts run it: web and worker processes that share PostgreSQL, PgBouncer and the pictures."""

import os
import random
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from tests.faults.cluster import Cluster
from tests.scale.pooler import Pooler, direct_url
from tests.whole_shop import ROOT, free_port

START_SECONDS = 60


class Host:
    """One process group that can be killed without a word and started again."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.process = self._start()
        self.deaths = 0

    def kill(self) -> None:
        """SIGKILL everything on this host at once, and start it again."""
        self.end(signal.SIGKILL)
        self.deaths += 1
        self.process = self._start()

    def end(self, number: signal.Signals) -> None:
        """Send a signal to everything on this host and wait until it has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


class Installation:
    """Some web and some worker processes, as in the Procfile, all of them behind PgBouncer."""

    def __init__(self, folder: Path, cluster: Cluster, pooler: Pooler, database: str, **environment: str) -> None:
        self.folder, self.cluster, self.pooler, self.database = folder, cluster, pooler, database
        folder.mkdir()
        self.ports: list[int] = []
        self.webs: list[Host] = []
        self.workers: list[Host] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "TEST_DATABASE_NAME"},
            "DATABASE_URL": pooler.url(database),
            "DATABASE_DIRECT_URL": direct_url(cluster, database),
            "PGBOUNCER": "true",
            "LOCAL_DIR": str(folder),
            "MEDIA_ROOT": str(folder / "media"),
            "WEB_CONCURRENCY": "1",
            "LOG_LEVEL": "WARNING",
            "LANDSCAPE_ENGINE": "tests.scale.engines.QuickPainter",
            "CHAT_ENGINE": "tests.scale.engines.QuickAssistant",
            **environment,
        }

    def open(self, *, webs: int, workers: int) -> None:
        """Start so many of each and wait until every web process answers."""
        self.manage("collectstatic", "--no-input", "-v0")
        self.ports = [free_port() for _ in range(webs)]
        for port in self.ports:
            command = ["-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
            self.webs.append(Host(command, {**self.environment, "PORT": str(port)}, self.folder / f"web-{port}.log"))
        for number in range(workers):
            command = ["manage.py", "procrastinate", "worker", "--concurrency", "4"]
            self.workers.append(Host(command, self.environment, self.folder / f"worker-{number}.log"))
        for port in self.ports:
            self._wait(port)

    def close(self) -> None:
        """End every process; a worker finishes what it is doing."""
        for host in self.hosts:
            host.end(signal.SIGTERM)

    @property
    def hosts(self) -> list[Host]:
        """Everything that may be killed."""
        return [*self.webs, *self.workers]

    @contextmanager
    def chaos(self, *, seconds: float, seed: int) -> Iterator[None]:
        """Kill a random process every so many seconds until the block ends."""
        over, dice = threading.Event(), random.Random(seed)

        def wreck() -> None:
            while not over.wait(seconds):
                dice.choice(self.hosts).kill()

        wrecker = threading.Thread(target=wreck)
        wrecker.start()
        try:
            yield
        finally:
            over.set()
            wrecker.join()

    def manage(self, *arguments: str) -> str:
        """Run a management command on a host of its own and return what it printed, whatever its exit code."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.stdout + done.stderr

    def _wait(self, port: int) -> None:
        deadline = monotonic() + START_SECONDS
        while monotonic() < deadline:
            with suppress(OSError):
                urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=2).close()
                return
            sleep(0.1)
        logs = "\n".join(host.log.read_text()[-3000:] for host in self.webs)
        raise AssertionError(f"Nobody answers at port {port}:\n{logs}")
