"""Processes and the database die at any moment; what was acknowledged is there, and nothing is there twice."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.cluster import Cluster
from tests.whole_shop import ROOT, open_folder

pytestmark = pytest.mark.xdist_group("faults")
TOKENS = 10_000_000
PROCESSES, THREADS = 2, 4


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with open_folder() as folder:
        own = Cluster(folder / "postgres")
        own.migrate()
        yield own
        own.let_go()


@pytest.fixture
def rich_user(cluster: Cluster) -> str:
    """Somebody with ten million tokens, written by hand."""
    user = str(uuid4())
    with cluster.connect() as connection:
        connection.execute(
            "INSERT INTO accounts_user (id, email, password, is_active, is_staff, is_superuser, joined_at) "
            "VALUES (%s, 'rich@example.com', '!', true, false, false, now())",
            [user],
        )
        connection.execute("INSERT INTO tokens_tokenaccount (user_id) VALUES (%s)", [user])
        connection.execute(
            """
            WITH entry AS (
                INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
                    trial_balance_after, description, key, adjusted_by_id)
                VALUES (%(user)s, 1, 'token', 'adjustment', %(tokens)s, %(tokens)s, 0, 'Start', 'start', %(user)s)
                RETURNING account_id
            )
            UPDATE tokens_tokenaccount SET balance = %(tokens)s, last_number = 1 FROM entry
            """,
            {"user": user, "tokens": TOKENS},
        )
    return user


class Load:
    """Charging processes that are replaced when they are killed."""

    def __init__(self, cluster: Cluster, user: str, log: Path) -> None:
        self.command = [sys.executable, "-m", "tests.faults.charger", user, str(log), str(THREADS)]
        self.environment = {
            **os.environ,
            "DATABASE_URL": cluster.url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "CRITICAL",
        }
        self.log = log
        self.processes = [self._start() for _ in range(PROCESSES)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL)

    def kill_one(self) -> None:
        index = random.randrange(PROCESSES)
        self.processes[index].kill()
        self.processes[index].wait()
        self.processes[index] = self._start()

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def acknowledged(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def wait_for_more(self, charges: int) -> None:
        """Wait until this many more charges were acknowledged: the load is really running."""
        target, deadline = len(self.acknowledged()) + charges, time.monotonic() + 60
        while len(self.acknowledged()) < target:
            assert time.monotonic() < deadline, "The load did not recover."
            time.sleep(0.02)


def test_no_charge_is_lost_or_doubled(cluster: Cluster, rich_user: str, tmp_path: Path) -> None:
    load = Load(cluster, rich_user, tmp_path / "log")
    try:
        for _ in range(3):
            load.wait_for_more(100)
            for _ in range(3):
                load.kill_one()
                load.wait_for_more(20)
            cluster.kill()
            cluster.start()
        load.wait_for_more(100)
    finally:
        load.stop()
    acknowledged = load.acknowledged()
    assert len(acknowledged) >= 500
    with cluster.connect() as connection:
        posted = connection.execute(
            "SELECT key, number, balance_after FROM tokens_tokentransaction WHERE key <> 'start' ORDER BY number"
        ).fetchall()
        balance = connection.execute("SELECT balance, last_number FROM tokens_tokenaccount").fetchone()
    keys = {str(key) for key, _, _ in posted}
    assert len(keys) == len(posted)
    assert set(acknowledged) <= keys
    # A killed process may have died between the commit and its line; it had at most one charge a thread.
    assert len(keys) - len(set(acknowledged)) <= PROCESSES * THREADS * (1 + 9)
    assert [(number, left) for _, number, left in posted] == [
        (number, TOKENS - number + 1) for number in range(2, len(posted) + 2)
    ]
    assert balance == (TOKENS - len(posted), len(posted) + 1)
