"""In transaction mode a session belongs to nobody; whatever the shop needs of one has to hold all the same."""

import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from tests.scale.conftest import Site
from tests.scale.customers import open_account
from tests.scale.installation import Installation
from tests.scale.pooler import POOL_SIZE, direct_url, needs_pgbouncer

pytestmark = [needs_pgbouncer, pytest.mark.xdist_group("scale")]

PATIENCE_SECONDS = 60
BUYER = "buyer@example.com"
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE 'LISTEN%%'"
ORDER_ONE = (
    "from uuid import uuid4; from accounts.models import User; from generations import studio;"
    f"[g] = studio.start_designs(user=User.objects.get(email='{BUYER}'), form_key=uuid4(), areas=['patio'],"
    "style='japanese-zen', prompt='1')"
)


@pytest.fixture
def installation(site: Site) -> Iterator[Installation]:
    """An installation whose processes a test starts itself."""
    made = site.installation()
    with site.connect(made.database) as connection:
        open_account(connection, BUYER, 10)
    yield made
    made.close()


def test_a_lock_is_not_waited_for_for_ever(site: Site, installation: Installation) -> None:
    update = "UPDATE tokens_tokenaccount SET low_mark = 1"
    with site.connect(installation.database) as holder, site.pooler.connect(installation.database) as waiting:
        holder.execute("BEGIN")
        holder.execute(update)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiting.execute(update)


def test_the_check_misses_time_outs_that_the_role_does_not_carry(site: Site, installation: Installation) -> None:
    mine = f"ALTER ROLE shop IN DATABASE {installation.database}"
    with site.connect(installation.database) as connection:
        connection.execute(f"{mine} SET lock_timeout = 0")
        said = installation.manage("check", "--database", "default")
        assert "shop.E030" in said
        assert "ALTER ROLE <role> SET lock_timeout = '4s'" in said
        connection.execute(f"{mine} RESET lock_timeout")
        # Sessions that PgBouncer holds open keep what they began with.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop' AND datname = %s",
            [installation.database],
        )
    assert "no issues" in installation.manage("check", "--database", "default")


def test_an_address_of_pgbouncer_that_is_not_called_one_is_refused(installation: Installation) -> None:
    """Time-outs as start-up options would have to be ignored by PgBouncer; it does not, and so nobody is fooled."""
    installation.environment["PGBOUNCER"] = "false"
    assert "unsupported startup parameter: options" in installation.manage("audit_ledger")


def test_nothing_of_a_session_is_left_to_the_next_one(site: Site, installation: Installation) -> None:
    script = (
        "from django.db import connection, transaction\n"
        "cursor = connection.cursor()\n"
        "for _ in range(20):\n"
        "    with transaction.atomic(): cursor.execute('SELECT %s', [1])\n"
        "cursor.execute('SELECT count(*) FROM pg_prepared_statements'); print('prepared', cursor.fetchone())\n"
        "cursor.execute('SHOW timezone'); print('zone', cursor.fetchone())\n"
    )
    said = installation.manage("shell", "-v0", "-c", script)
    assert "prepared (0,)" in said
    assert "zone ('UTC',)" in said  # the role's own is another: PgBouncer carries this one along
    with site.pooler.connect(installation.database) as next_one:
        assert next_one.execute("SHOW timezone").fetchone() == ("Asia/Kolkata",)


@pytest.mark.parametrize("direct", [True, False])
def test_a_worker_hears_of_jobs_past_pgbouncer_and_finds_them_without(
    site: Site, installation: Installation, direct: bool
) -> None:
    """Without DATABASE_DIRECT_URL its LISTEN is lost in the pool; then it looks every five seconds."""
    if not direct:
        installation.environment["DATABASE_DIRECT_URL"] = ""
    installation.open(webs=0, workers=1)
    with site.connect(installation.database) as connection:
        if direct:
            until(connection, LISTENING, [installation.database], 1)
        else:
            until(connection, "SELECT count(*) FROM procrastinate_workers", [], 1)
        for ordered in (1, 2):
            installation.manage("shell", "-v0", "-c", ORDER_ONE)
            until(connection, "SELECT count(*) FROM generations_generation WHERE state = 'succeeded'", [], ordered)


def test_a_pool_of_few_connections_serves_many_processes(site: Site, installation: Installation) -> None:
    clients = [site.pooler.connect(installation.database) for _ in range(POOL_SIZE * 4)]
    try:
        for client in clients:
            with client.transaction():
                client.execute("SELECT pg_advisory_xact_lock(1), %s::text", [str(uuid4())])
        with site.connect(installation.database) as connection:
            (held,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop' AND datname = %s",
                [installation.database],
            ).fetchone() or (None,)
        assert held is not None
        assert 1 <= int(str(held)) <= POOL_SIZE
    finally:
        for client in clients:
            client.close()


def test_the_address_past_it_leads_to_the_same_role_and_database(site: Site, installation: Installation) -> None:
    with psycopg.connect(direct_url(site.cluster, installation.database)) as connection:
        assert connection.execute(
            "SELECT current_user, current_database(), current_setting('lock_timeout')"
        ).fetchone() == (
            "shop",
            installation.database,
            "4s",
        )


def until(connection: psycopg.Connection[tuple[object, ...]], sql: str, given: list[object], wanted: int) -> None:
    """Wait until the query's number is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := connection.execute(sql, given).fetchone()) != (wanted,):
        assert time.monotonic() < deadline, f"{sql}: {found}, not {wanted}"
        time.sleep(0.1)
