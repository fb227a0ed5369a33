import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.faults.cluster import Cluster
from tests.scale.installation import Installation
from tests.scale.pooler import Pooler, direct_url, make_role
from tests.whole_shop import ROOT, open_folder


@dataclass
class Site:
    """One PostgreSQL with one PgBouncer before it; each test has a database of its own in it."""

    folder: Path
    cluster: Cluster
    pooler: Pooler
    databases: int = 0

    def installation(self, **environment: str) -> Installation:
        """An installation on a fresh copy of the empty shop; not started yet."""
        self.databases += 1
        name = f"shop_{self.databases}"
        with self.cluster.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template_shop")
        return Installation(self.folder / name, self.cluster, self.pooler, name, **environment)

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection past PgBouncer, as the owner of everything."""
        return psycopg.connect(direct_url(self.cluster, database).replace("shop:@", "postgres:@"), autocommit=True)


def manage(cluster: Cluster, command: str) -> None:
    """Run a management command as the owner of the tables."""
    environment = {**os.environ, "DATABASE_URL": cluster.url}
    subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, env=environment, check=True)


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    with open_folder() as folder:
        cluster = Cluster(folder / "postgres")
        cluster.migrate()
        manage(cluster, "createcachetable")
        make_role(cluster)
        with psycopg.connect(cluster.url.replace("/shop?", "/postgres?"), autocommit=True) as connection:
            connection.execute("ALTER DATABASE shop RENAME TO template_shop")
            connection.execute("CREATE DATABASE shop")
        pooler = Pooler(cluster, folder / "pgbouncer")
        yield Site(folder, cluster, pooler)
        pooler.stop()
        cluster.let_go()
