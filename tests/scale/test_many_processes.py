"""Web and worker processes on several hosts die at random behind PgBouncer; every order is there once and paid once."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.scale.conftest import Site
from tests.scale.customers import Customer, Order, open_account
from tests.scale.installation import Installation
from tests.scale.pooler import needs_pgbouncer
from tests.scale.recount import findings

pytestmark = [needs_pgbouncer, pytest.mark.xdist_group("scale")]

CUSTOMERS, DESIGNS, MESSAGES = 8, 200, 50  # 2,000 generations
POOR_TOKENS, POOR_WISHES = 60, 30  # wishes of three designs each: more than the tokens allow
SEED = 20_261_120
KILL_EVERY_SECONDS = 3.0
END_SECONDS = 120

LEFT = """
SELECT count(*) FROM generations_generation AS g
LEFT JOIN procrastinate_jobs AS job ON job.id = g.job_id
LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE g.state IN ('queued', 'running')
AND (job.status = 'todo' OR worker.last_heartbeat > now() - interval '20 seconds')
"""
A_MINUTE_LATER = (
    "from datetime import timedelta; from django.utils import timezone; from generations import studio;"
    "studio.expire_overdue(now=timezone.now() + studio.WORKER_SILENCE)"
)


@contextmanager
def opened(installation: Installation, *, webs: int, workers: int) -> Iterator[Installation]:
    """The installation, running until the end of the block."""
    try:
        installation.open(webs=webs, workers=workers)
        yield installation
    finally:
        installation.close()


def settle(site: Site, installation: Installation) -> None:
    """Wait until the living have done their work; then let a minute pass at once, in which the dead are missed."""
    deadline = time.monotonic() + END_SECONDS
    with site.connect(installation.database) as connection:
        while connection.execute(LEFT).fetchone() != (0,):
            assert time.monotonic() < deadline, connection.execute(LEFT).fetchone()
            time.sleep(0.2)
    said = installation.manage("shell", "-v0", "-c", A_MINUTE_LATER)
    assert "Traceback" not in said, said


def recounted(site: Site, installation: Installation, orders: list[Order], given: dict[str, int]) -> list[str]:
    with site.connect(installation.database) as connection:
        return findings(connection, orders, given, installation.folder / "media")


def everything(customer: Customer) -> list[Order]:
    """Order all that somebody wants, designs and messages in any order."""
    customer.sign_in()
    designs, messages = DESIGNS, MESSAGES
    while designs or messages:
        if messages and customer.dice.random() < messages / (designs / 3 + messages):
            customer.send_message()
            messages -= 1
        else:
            areas = min(customer.dice.randint(1, 5), designs)
            customer.order_designs(areas)
            designs -= areas
    return customer.orders


def beyond_their_means(customer: Customer) -> list[Order]:
    """Go on ordering when there is not enough for it."""
    customer.sign_in()
    for _ in range(POOR_WISHES):
        customer.order_designs(3)
    return customer.orders


def test_two_thousand_generations_while_processes_die(site: Site) -> None:
    given = {f"customer-{number}@example.com": DESIGNS + MESSAGES for number in range(CUSTOMERS)}
    given["poor@example.com"] = POOR_TOKENS
    with opened(site.installation(), webs=2, workers=3) as installation:
        with site.connect(installation.database) as connection:
            for email, tokens in given.items():
                open_account(connection, email, tokens)
        people = [Customer(email, installation.ports, SEED + number) for number, email in enumerate(given)]
        with installation.chaos(seconds=KILL_EVERY_SECONDS, seed=SEED), ThreadPoolExecutor(len(people)) as pool:
            rich = pool.map(everything, people[:-1])
            poor = pool.submit(beyond_their_means, people[-1])
            orders = [order for own in rich for order in own] + poor.result()
        settle(site, installation)
        deaths = [sum(host.deaths for host in hosts) for hosts in (installation.webs, installation.workers)]
        assert installation.manage("audit_ledger") == "The books are right.\n"
    accepted = [order for order in orders if order.email != "poor@example.com"]
    assert sum(order.generations for order in accepted if order.accepted) == CUSTOMERS * (DESIGNS + MESSAGES) == 2000
    assert {order.accepted for order in orders if order.email == "poor@example.com"} == {True, False}
    assert recounted(site, installation, orders, given) == []
    assert min(deaths) >= 2, "Both kinds of processes died, and more than once."


@pytest.mark.parametrize(
    ("bug", "finding"),
    [
        ("WorksForFree", "was charged None"),
        ("RefundsTwice", r"holds \d+ in \d+ rows, not"),
        ("LosesOrders", "0 there, 3 promised"),
    ],
)
def test_the_recount_finds_a_planted_bug(site: Site, bug: str, finding: str) -> None:
    given = {"customer@example.com": 60}
    installation = site.installation(LANDSCAPE_ENGINE=f"tests.scale.sabotage.{bug}")
    with opened(installation, webs=1, workers=1):
        with site.connect(installation.database) as connection:
            open_account(connection, "customer@example.com", 60)
        customer = Customer("customer@example.com", installation.ports, SEED)
        customer.sign_in()
        for _ in range(20):
            customer.order_designs(3)
        settle(site, installation)
    found = recounted(site, installation, customer.orders, given)
    assert any(re.search(finding, sentence) for sentence in found), found
