"""A PgBouncer in transaction mode, as `docs/architecture.md` tells to set one up, in front of a test's PostgreSQL."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.faults.cluster import Cluster
from tests.whole_shop import free_port

BINARY: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
ROLE: Final = "shop"
# Far fewer connections to PostgreSQL than the processes ask for: they have to take turns, mid-request.
POOL_SIZE: Final = 12

needs_pgbouncer = pytest.mark.skipif(BINARY is None, reason="PgBouncer is not installed: apt-get install pgbouncer")

ROLE_SQL: Final = """
CREATE ROLE shop LOGIN;
ALTER ROLE shop SET lock_timeout = '4s';
ALTER ROLE shop SET statement_timeout = '20s';
ALTER ROLE shop SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE shop SET timezone = 'Asia/Kolkata';
"""
GRANT_SQL: Final = """
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop;
"""

INI: Final = """
[databases]
* = host={socket_folder} port=5432

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 300
query_wait_timeout = 30
auth_type = trust
auth_file = {folder}/users.txt
logfile = {folder}/log
"""


class Pooler:
    """A running PgBouncer. `url(database)` leads through it, as a role that owns no table."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        folder.mkdir()
        (folder / "users.txt").write_text(f'"{ROLE}" ""\n')
        settings = INI.format(socket_folder=cluster.folder, port=self.port, pool_size=POOL_SIZE, folder=folder)
        (folder / "pgbouncer.ini").write_text(settings)
        # It refuses to be root, and only the owner of the cluster's folder can enter it.
        owner = cluster.folder.stat().st_uid
        shutil.chown(folder, owner)
        assert BINARY is not None, "needs_pgbouncer"
        self.process = subprocess.Popen(
            [BINARY, "-q", str(folder / "pgbouncer.ini")], user=owner if os.getuid() == 0 else None
        )
        self._wait()

    def url(self, database: str) -> str:
        """The address through PgBouncer."""
        return f"postgres://{ROLE}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the test's own through PgBouncer."""
        return psycopg.connect(self.url(database), autocommit=True, prepare_threshold=None)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"PgBouncer did not start:\n{(self.folder / 'log').read_text()}")


def make_role(cluster: Cluster) -> None:
    """Make the role that the shop's processes use: it owns nothing, and the time-outs are its own."""
    with cluster.connect() as connection:
        connection.execute(ROLE_SQL)
        connection.execute(GRANT_SQL)


def direct_url(cluster: Cluster, database: str) -> str:
    """The address past PgBouncer, for the same role."""
    return cluster.url.replace("postgres:@", f"{ROLE}:@", 1).replace("/shop?", f"/{database}?", 1)
